"""The border: what people hand to the program, and what it hands back to them.

In: names and files. Out: checked Python objects, files written whole or not at all, `InputError`,
reports of progress. Left to others: what a scenario, a policy or a log means.
"""

from __future__ import annotations

import difflib
import json
import math
import os
import tempfile
import warnings
from collections.abc import Callable, Hashable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "InputError",
    "Progress",
    "Steps",
    "check_at_least",
    "find_file",
    "nearest",
    "not_installed",
    "parse_model",
    "plain_rows",
    "read_columns",
    "read_yaml",
    "shipped",
    "unknown",
    "write_whole",
]

Model = TypeVar("Model", bound=BaseModel)

#: How work that takes long reports: called with what is being done, in a few words, how much is done, and of how much.
Progress = Callable[[str, int, int], None]


class InputError(ValueError):
    """Input cannot be used; the message is one line: what, where, what was found, what was expected, how to mend it."""


def nearest(name: object, valid: Iterable[str]) -> str:
    """Return " (did you mean 'x'?)" for the closest valid name, or an empty text where none is close."""
    valid = list(valid)
    begun = [candidate for candidate in valid if str(name) and candidate.startswith(str(name))]
    close = begun or difflib.get_close_matches(str(name), valid, n=1, cutoff=0.5)
    return f" (did you mean '{close[0]}'?)" if close else ""


def unknown(kind: str, name: object, valid: Sequence[str], where: str = "") -> InputError:
    """Build the error for a name that is not among the valid ones, with the nearest one suggested."""
    place = f" ({where})" if where else ""
    return InputError(f"unknown {kind} '{name}'{nearest(name, valid)}; expected one of: {', '.join(valid)}{place}")


def not_installed(what: str, extra: str, otherwise: str = "") -> InputError:
    """Build the error for a part that is an extra and is not there; `otherwise` is another way out, if there is one."""
    return InputError(
        f"{what} is not installed; install it, in a clone of the project, with: pip install '.[{extra}]'{otherwise}"
    )


def check_at_least(least: int, words: str, value: int, option: str) -> None:
    """Raise `InputError` where a number is too small; `option` names the one of the command line that sets it."""
    if value < least:
        raise InputError(f"{words} is {value}; it must be {least} or more ({option})")


class Steps:
    """Reports the progress of work that is made of a known number of steps.

    Parameters
    ----------
    on_progress
        Called as each step begins, with its words and the number of steps done before, and once at the end.
    count
        Number of steps.
    """

    def __init__(self, on_progress: Progress | None, count: int) -> None:
        self._on_progress, self._count = on_progress, count
        self._words, self._begun = "", 0

    def begin(self, words: str) -> None:
        """Report that the next step begins."""
        self._words = words
        self._report()
        self._begun += 1

    def finish(self) -> None:
        """Report that all steps are done."""
        self._begun = self._count
        self._report()

    def _report(self) -> None:
        if self._on_progress is not None:
            self._on_progress(self._words, self._begun, self._count)


def shipped(kind: str) -> Path:
    """Return the folder of files that travel with the package: "data/scenarios", "data/policies", "notebooks" ...

    In a checkout these folders lie beside `policy_sim`, in an installed wheel inside it.
    """
    package = Path(__file__).resolve().parent
    inside = package / kind
    return inside if inside.is_dir() else package.parent / kind


def find_file(kind: str, file: str | Path, folder: str, suffix: str) -> Path:
    """Return the file that a person means: a path, or the name of one that is shipped in `folder`.

    Raises
    ------
    InputError
        If there is neither such a file nor a shipped one of that name.
    """
    path = Path(file)
    if path.is_file():
        return path
    names = sorted(entry.stem for entry in shipped(folder).glob(f"*{suffix}"))
    if str(file) in names:
        return shipped(folder) / f"{file}{suffix}"
    if path.suffix or len(path.parts) > 1:
        raise InputError(f"{kind} file '{file}' does not exist; give the path of a file or one of: {', '.join(names)}")
    raise unknown(kind, file, names)


class _DistinctKeys(yaml.constructor.SafeConstructor):
    """Builds plain data only, and refuses a key that stands twice (plain YAML keeps the last one silently)."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[Hashable] = set()
        for key_node, _ in node.value:
            if key_node.tag == "tag:yaml.org,2002:merge":
                continue
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key '{key}' stands twice", key_node.start_mark
                )
            seen.add(key)
        return super().construct_mapping(node, deep)


class _StrictLoader(_DistinctKeys, getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Safe YAML with distinct keys; parsed in C where PyYAML has it, which is ten times as fast."""


class _PlainLoader(_DistinctKeys, yaml.SafeLoader):
    """Strict YAML that refuses aliases too: a few lines of them stand for more than a machine can hold."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            event = self.peek_event()  # type: ignore[no-untyped-call]
            problem = f"the alias '*{event.anchor}' stands for another part; write that part out"
            raise yaml.composer.ComposerError(None, None, problem, event.start_mark)
        return super().compose_node(parent, index)


def read_yaml(path: Path, may_alias: bool = True) -> Any:
    """Read a YAML or JSON (.json) file that may only hold plain data.

    Parameters
    ----------
    path
        The file.
    may_alias
        Whether YAML may repeat a part by an alias.

    Raises
    ------
    InputError
        If the file is missing, is not UTF-8 text, is not YAML or JSON, or tries to construct objects.
    """
    try:
        with path.open(encoding="utf-8") as stream:
            if path.suffix == ".json":
                return json.load(stream, object_pairs_hook=_distinct, parse_constant=_no_number)
            # both are SafeLoaders: they build plain data only
            return yaml.load(stream, Loader=_StrictLoader if may_alias else _PlainLoader)
    except FileNotFoundError:
        raise InputError(f"file '{path}' does not exist") from None
    except UnicodeDecodeError as error:
        raise InputError(f"file '{path}' is not UTF-8 text (byte {error.start}); save it as UTF-8") from None
    except OSError as error:
        raise InputError(f"file '{path}' cannot be read: {error.strerror}") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        problem = str(getattr(error, "problem", None) or error).replace("\n", " ")
        if "could not determine a constructor" in problem:
            problem = (
                f"the tag {problem.split()[-1]} would construct an object; only plain values are accepted, remove it"
            )
        raise InputError(f"file '{path}'{line}: {problem}") from None
    except RecursionError:
        raise InputError(f"file '{path}' is nested too deeply; expected a few levels") from None
    except (ValueError, TypeError) as error:  # json, and values that YAML's tags promise but do not hold
        problem = str(error).replace("\n", " ")
        raise InputError(f"file '{path}' holds a value that cannot be read: {problem}") from None


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    keys = [key for key, _ in pairs]
    doubled = next((key for key in keys if keys.count(key) > 1), None)
    if doubled is not None:
        raise ValueError(f"the key '{doubled}' stands twice")
    return dict(pairs)


def _no_number(text: str) -> float:
    raise ValueError(f"{text} is not a number that JSON knows")


def read_columns(kind: str, path: str | Path, columns: Sequence[str]) -> pd.DataFrame:
    """Read columns of a CSV file as text; the index holds the lines of the file, as an editor counts them.

    Parameters
    ----------
    kind
        What the file is, for messages: "file of recoveries".
    path
        Where it is.
    columns
        Names of the columns that it must have, in small letters; others are left out.

    Raises
    ------
    InputError
        If the file is missing or no table in UTF-8, lacks a column, or holds no rows.
    """
    import pandas as pd

    expected = ",".join(columns)
    if not Path(path).is_file():
        raise InputError(f"{kind} '{path}' does not exist; give the path of a CSV file with the columns {expected}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)  # of lines with more fields than names
            table = pd.read_csv(
                path, dtype=str, na_filter=False, index_col=False, skip_blank_lines=False, encoding="utf-8-sig"
            )
    except (ValueError, OSError, pd.errors.ParserWarning) as error:
        problem = str(error).strip().splitlines()[0]
        raise InputError(f"{kind} '{path}' cannot be read: {problem}; expected a CSV file in UTF-8") from None
    table = table.rename(columns=lambda name: str(name).strip().lower())
    for name in columns:
        if name not in table.columns:
            raise InputError(
                f"{kind} '{path}' has no column '{name}'; found: {', '.join(table.columns)}; expected {expected}; "
                "rename or add it"
            )
        if list(table.columns).count(name) > 1:
            raise InputError(f"{kind} '{path}' has two columns '{name}'; expected one; rename the other")
    wanted = pd.DataFrame({name: table[name].str.strip() for name in columns})
    wanted.index = pd.RangeIndex(2, len(wanted) + 2)
    wanted = wanted[(wanted != "").any(axis=1)]
    if wanted.empty:
        raise InputError(f"{kind} '{path}' holds no rows; expected at least one below the column names")
    return wanted


def parse_model(model: type[Model], content: object, where: str) -> Model:
    """Turn plain data into a checked model; the first fault becomes one line that names the place in the file.

    Parameters
    ----------
    model
        The pydantic model to build.
    content
        Plain data as read from YAML or JSON.
    where
        Name of the file, for the message.

    Raises
    ------
    InputError
        If the data do not fit the model.
    """
    try:
        return model.model_validate(content)
    except ValidationError as error:
        raise InputError(_first_fault(error, where)) from None


def _first_fault(error: ValidationError, where: str) -> str:
    fault = error.errors(include_url=False)[0]
    place = ""
    for part in fault["loc"]:
        place += f"[{part}]" if isinstance(part, int) else f".{part}" if place else str(part)
    place = f"{where}, {place}" if place else where
    message = fault["msg"].removeprefix("Value error, ").replace("\n", " ")
    if fault["type"] == "missing":
        return f"'{fault['loc'][-1]}' is missing ({place}); add it"
    if fault["type"] == "extra_forbidden":
        return f"unexpected entry '{fault['loc'][-1]}' ({place}); remove it or correct its name"
    if fault["type"] == "value_error":
        return f"{message} ({place})"
    written = repr(fault["input"])
    written = written if len(written) <= 60 else written[:57] + "..."
    return f"found {written}: {message[0].lower()}{message[1:]} ({place})"


def write_whole(path: Path, content: str | bytes) -> None:
    """Write a file beside its place and rename it, so that a reader never meets half a file.

    Raises
    ------
    InputError
        If the folder cannot be written to.
    """
    data = content.encode() if isinstance(content, str) else content
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, beside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(data)
            mask = os.umask(0)
            os.umask(mask)
            os.chmod(beside, 0o666 & ~mask)
            os.replace(beside, path)
        except BaseException:
            os.unlink(beside)
            raise
    except OSError as error:
        raise InputError(f"cannot write '{path}': {error.strerror}; choose another place with --out") from None


def plain_rows(table: pd.DataFrame, write: Callable[[float], object] | None = None) -> list[dict[str, object]]:
    """Return the rows of a table as plain data, by the names of their columns.

    Parameters
    ----------
    table
        Any columns; what is missing becomes None.
    write
        What stands for a number that is there; as it is, and None where it is infinite, if not given.
    """
    return [{str(name): _plain_value(value, write) for name, value in row.items()} for row in table.to_dict("records")]


def _plain_value(value: object, write: Callable[[float], object] | None) -> object:
    if not isinstance(value, float):
        return value
    if math.isnan(value):
        return None
    if write is not None:
        return write(value)
    return value if math.isfinite(value) else None
