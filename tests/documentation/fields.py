"""Fields: the reference of every file that a person writes, made of its pydantic model and of an example of it.

In: a model, an example that has every field of it, the function that reads such a file. Out: a page with type, range,
default, meaning and example of each field, and with what the program says of a wrong value: it is asked.
Left to others: which files there are (`files`), writing the pages (`write`).
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import yaml
from pydantic import BaseModel

from policy_sim.border import InputError

EXAMPLES = Path(__file__).with_name("examples")
_NAME_PATTERN = r"^[a-z][a-z0-9_]*$"
#: Signs of an example, names of a list.
_LONGEST, _MOST_NAMES = 60, 6

Schema = dict[str, Any]
Path_ = tuple[str | int, ...]


class Kind(NamedTuple):
    """A kind of file that people write.

    Attributes
    ----------
    name, title
        Of its page.
    about
        What stands above the fields: what it is for, and which command takes it.
    model
        What it is read as.
    examples
        Files in `examples`, each with what is done with it: a block in sh or python, or nothing.
    read
        Reads such a file, and raises InputError.
    wrong
        By "Model.field", a value that says more about the field than one of the wrong type.
    further
        Rows of the first table for what is no field of the model: name, takes, meaning, example.
    """

    name: str
    title: str
    about: str
    model: type[BaseModel]
    examples: Mapping[str, str]
    read: Callable[[Path], object]
    wrong: Mapping[str, object] = {}
    further: tuple[tuple[str, str, str, str], ...] = ()


class Place(NamedTuple):
    """Where an example has a field of a model."""

    example: str
    path: Path_
    value: object


def page_of(kind: Kind) -> str:
    """Return the page of a kind of file."""
    models = models_of(kind)
    places = places_of(kind)
    parts = [f"# {kind.title}\n\n{kind.about}\n"]
    for example, done in kind.examples.items():
        text = (EXAMPLES / example).read_text(encoding="utf-8")
        parts.append(f"\n<!-- write {example} -->\n```yaml\n{text}```\n{done}")
    for number, (name, schema) in enumerate(models.items()):
        head = "The file" if number == 0 else title_of(name)
        parts.append(
            f"\n## {head}\n\n{_first_line(schema)}\n\n| field | takes | meaning | example |\n|---|---|---|---|\n"
        )
        needed = schema.get("required", ())
        if number == 0:
            parts += [
                f"| `{field}` | {takes} | {meaning} | {example} |\n" for field, takes, meaning, example in kind.further
            ]
        for field, node in schema.get("properties", {}).items():
            place = places[name, field]
            cells = [f"`{field}`", takes(node, models, field in needed), node["description"], _code(field, place.value)]
            parts.append(_row(cells))
        told = [_row([_code(field, wrong), message]) for field, wrong, message in told_of(kind, name, places)]
        parts += ["\n| a wrong value | is told |\n|---|---|\n", *told]
    return "".join(parts)


def models_of(kind: Kind) -> dict[str, Schema]:
    """Return the schema of the file, and those of its parts in the order in which they are mentioned, by name."""
    schema = kind.model.model_json_schema()
    inner = schema.pop("$defs", {})
    found = {kind.model.__name__: schema}

    def add(node: object) -> None:
        if isinstance(node, Mapping):
            if "$ref" in node:
                name = node["$ref"].rpartition("/")[2]
                if name not in found:
                    found[name] = inner[name]
                    add(inner[name])
            for part in node.values():
                add(part)
        elif isinstance(node, list):
            for part in node:
                add(part)

    add(schema)
    return found


def places_of(kind: Kind) -> dict[tuple[str, str], Place]:
    """Return where the examples have each field of each model; one that none has is a fault of the examples."""
    models, found = models_of(kind), {}

    def walk(node: Schema, value: object, example: str, path: Path_) -> None:
        for name in _models_in(node, value, models):
            for field, inner in models[name].get("properties", {}).items():
                if isinstance(value, Mapping) and field in value:
                    found.setdefault((name, field), Place(example, (*path, field), value[field]))
                    walk(inner, value[field], example, (*path, field))
        if isinstance(value, list):
            for number, part in enumerate(value):
                walk(node.get("items", {}), part, example, (*path, number))
        elif isinstance(value, Mapping):
            for key, part in value.items():
                walk(_by_name(node) or {}, part, example, (*path, key))
        for other in node.get("anyOf", []):
            walk(other, value, example, path)

    for example in kind.examples:
        content = yaml.safe_load((EXAMPLES / example).read_text(encoding="utf-8"))
        walk({"$ref": kind.model.__name__}, content, example, ())
    missing = [(name, field) for name, schema in models.items() for field in schema.get("properties", {})]
    missing = [f"{name}.{field}" for name, field in missing if (name, field) not in found]
    if missing:
        raise AssertionError(f"no example in {EXAMPLES} has the fields {', '.join(missing)}")
    return found


def _by_name(node: Schema) -> Schema | None:
    """Return what stands behind each name of a mapping; none where its names are fixed."""
    of = next(iter(node.get("patternProperties", {}).values()), node.get("additionalProperties"))
    return of if isinstance(of, dict) else None


def _models_in(node: Schema, value: object, models: Mapping[str, Schema]) -> Iterator[str]:
    """Yield the models that a value is of, of those that a schema names."""
    if "$ref" in node:
        yield node["$ref"].rpartition("/")[2]
    for other in node.get("oneOf", []):
        name = other["$ref"].rpartition("/")[2]
        methods = models[name]["properties"]["method"]
        if isinstance(value, Mapping) and value.get("method") == methods.get("const"):
            yield name


def told_of(kind: Kind, model: str, places: Mapping[tuple[str, str], Place]) -> Iterator[tuple[str, object, str]]:
    """Yield each field of a model with a wrong value and what the program says of it."""
    schema = models_of(kind)[model]
    for field, node in schema.get("properties", {}).items():
        place = places[model, field]
        wrong = kind.wrong.get(f"{model}.{field}", wrong_value(node))
        content = yaml.safe_load((EXAMPLES / place.example).read_text(encoding="utf-8"))
        yield field, wrong, message_of(kind, place.example, _with(content, place.path, wrong))


def message_of(kind: Kind, example: str, content: object) -> str:
    """Return what the program says of a file that it cannot use."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / example
        path.write_text(yaml.safe_dump(content, sort_keys=False, allow_unicode=True), encoding="utf-8")
        try:
            kind.read(path)
        except InputError as error:
            return _shortened(str(error).replace(f"{folder}/", ""))
    raise AssertionError(f"{kind.name}: nothing is said of {content}")


def _shortened(message: str) -> str:
    """Return a message with long lists of valid names cut: which they are stands elsewhere on the page."""

    def first_few(match: re.Match[str]) -> str:
        names = match[2].split(", ")
        return match[1] + ", ".join([*names[:_MOST_NAMES], "..."] if len(names) > _MOST_NAMES + 1 else names)

    return re.sub(r"(expected one of: )([^()]*)(?= \(|$)", first_few, message)


def wrong_value(node: Schema) -> object:
    """Return a value that a field cannot have, by its type and range."""
    node = next((part for part in node.get("anyOf", []) if part.get("type") != "null"), node)
    if "enum" in node or "const" in node:
        return "sometimes"
    kind = node.get("type")
    if kind in ("number", "integer"):
        if "minimum" in node:
            return node["minimum"] - 1
        return node.get("exclusiveMinimum", "many")
    if kind == "string":
        return "Not A Name" if node.get("pattern") == _NAME_PATTERN else "dollars" if "pattern" in node else []
    return {"boolean": "perhaps", "array": "one"}.get(str(kind), "one")


def _with(content: Any, path: Path_, value: object) -> Any:
    changed = copy.deepcopy(content)
    at = changed
    for part in path[:-1]:
        at = at[part]
    at[path[-1]] = value
    return changed


def takes(node: Schema, models: Mapping[str, Schema], is_needed: bool) -> str:
    """Return what a field takes, in words: type, range, default."""
    words = type_words(node, models)
    if is_needed:
        return f"{words}; needed"
    default = node.get("default")
    return (
        words
        if default in (None, "", [], {}, ()) or isinstance(default, Mapping)
        else f"{words}; else {_plain(default)}"
    )


def type_words(node: Schema, models: Mapping[str, Schema]) -> str:
    """Return what a value is, in words."""
    options = [part for part in node.get("anyOf", []) if part.get("type") != "null"]
    if options:
        return " or ".join(dict.fromkeys(type_words(part, models) for part in options))
    if "oneOf" in node:
        return "one of " + ", ".join(type_words(part, models) for part in node["oneOf"])
    if "$ref" in node:
        name = node["$ref"].rpartition("/")[2]
        return f"[{title_of(name)}](#{anchor_of(title_of(name))})"
    if "const" in node or "enum" in node:
        return " or ".join(f"`{word}`" for word in node.get("enum", [node.get("const")]))
    kind = node.get("type")
    if kind == "array":
        if "prefixItems" in node:
            return {2: "two numbers"}[len(node["prefixItems"])]
        least = (
            f", {node['minItems']} or more"
            if node.get("minItems", 0) > 1
            else ", one or more"
            if node.get("minItems")
            else ""
        )
        return f"list of {_several(node['items'], models)}{least}"
    if kind == "object":
        of = _by_name(node)
        return "by name: money, ask, no_limit" if of is None else f"by name: {type_words(of, models)}"
    if kind in ("number", "integer"):
        return f"{'number' if kind == 'number' else 'whole number'}{_range_words(node)}"
    if kind == "string":
        return _text_words(node)
    return {"boolean": "true or false", "null": "nothing"}.get(str(kind), "anything")


def _several(node: Schema, models: Mapping[str, Schema]) -> str:
    words = type_words(node, models)
    return {"name": "names", "text": "texts"}.get(
        words, words.replace("number", "numbers", 1) if words.startswith("number") else words
    )


def _range_words(node: Schema) -> str:
    low, high = node.get("minimum"), node.get("maximum")
    above = node.get("exclusiveMinimum")
    start = f"{low:,}" if low is not None else f"above {above:,}" if above is not None else ""
    even = f", multiple of {node['multipleOf']}" if "multipleOf" in node else ""
    if start and high is not None:
        return f", {start} to {high:,}{even}"
    return (f", {start} or more" if low is not None else f" {start}" if start else "") + even


def _text_words(node: Schema) -> str:
    if node.get("pattern") == _NAME_PATTERN:
        return "name"
    known = {"date": "day, such as 2026-12-01", "coefficient": "`1`, `-1` or the name of an assumption"}
    if node.get("format") in known:
        return known[node["format"]]
    if "pattern" in node:
        return "three capital letters"
    return f"text, at most {node['maxLength']:,} characters" if "maxLength" in node else "text"


def title_of(model: str) -> str:
    """Return what people call a part of a file: "Limit exception"."""
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", model.strip("_")).lower()
    return words[:1].upper() + words[1:]


def anchor_of(title: str) -> str:
    """Return where a heading is found, on the site and on a code host alike."""
    return title.lower().replace(" ", "-")


def _first_line(schema: Schema) -> str:
    return " ".join(schema.get("description", "").split())


def _row(cells: list[str]) -> str:
    return "| " + " | ".join(cell.replace("|", r"\|").replace("\n", " ") for cell in cells) + " |\n"


def _code(field: str, value: object) -> str:
    text = f"{field}: {_plain(value)}"
    return f"`{text if len(text) <= _LONGEST else text[: _LONGEST - 4] + ' ...'}`"


def _plain(value: object) -> str:
    """Return a value as it may stand in YAML on one line."""
    if isinstance(value, str) and re.fullmatch(r"[\w.][\w., -]*", value):
        return value
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: ""}[value]
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {_plain(part)}" for key, part in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_plain(part) for part in value) + "]"
    return json.dumps(value, default=str, ensure_ascii=False)
