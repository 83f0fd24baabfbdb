"""Models: plain data as checked objects.

In: plain data as read from a file, a pydantic model. Out: the model, or the first fault as one line that names its
place. Left to others: what the models are.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from policy_sim.border.errors import InputError

__all__ = ["Described", "fault_words", "parse_model"]

Model = TypeVar("Model", bound=BaseModel)


class Described(BaseModel):
    """What a part of a scenario or a story says: it never changes, holds nothing unknown and only finite numbers."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


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
        raise InputError(_first_fault(error, content, where)) from None


#: What was expected, in words that say what to write, by the kind of fault as pydantic names it.
_EXPECTED: Mapping[str, str] = {
    "bool_parsing": "true or false",
    "bool_type": "true or false",
    "date_parsing": "a day, such as 2026-12-01",
    "dict_type": "entries, each a name and what it stands for",
    "float_parsing": "a number",
    "float_type": "a number",
    "finite_number": "a number that is not infinite",
    "greater_than": "more than {gt:g}",
    "greater_than_equal": "{ge:g} or more",
    "int_from_float": "a whole number",
    "int_parsing": "a whole number",
    "int_type": "a whole number",
    "less_than": "less than {lt:g}",
    "less_than_equal": "{le:g} or less",
    "literal_error": "{expected}",
    "mapping_type": "entries, each a name and what it stands for",
    "model_type": "entries, each a name and what it stands for",
    "multiple_of": "a multiple of {multiple_of:g}",
    "string_too_long": "at most {max_length} characters",
    "string_too_short": "some text",
    "string_type": "text",
    "too_long": "at most {max_length} entries",
    "too_short": "{min_length} or more entries",
    "tuple_type": "a list",
}
_LENGTHS = ("too_long", "too_short")
#: The same for texts of a form.
_FORMS: Mapping[str, str] = {
    r"^[a-z][a-z0-9_]*$": "a name of small letters, digits and _, a letter first",
    r"^[A-Z]{3}$": "three capital letters, such as USD",
}


def fault_words(fault: ErrorDetails) -> str:
    """Return what is wrong at one place, as pydantic found it, and how to mend it, without the place."""
    message = fault["msg"].removeprefix("Value error, ").replace("\n", " ")
    if fault["type"] == "missing":
        return f"'{fault['loc'][-1]}' is missing; add it"
    if fault["type"] == "extra_forbidden":
        return f"unexpected entry '{fault['loc'][-1]}'; remove it or correct its name"
    if fault["type"] == "value_error":
        return message
    written = repr(fault["input"])
    written = written if len(written) <= 60 else written[:57] + "..."
    context = fault.get("ctx", {})
    # a text whose signs were looked at first is counted as a list would be
    kind = f"string_{fault['type']}" if isinstance(fault["input"], str) and fault["type"] in _LENGTHS else fault["type"]
    expected = _FORMS.get(context.get("pattern", "")) or _EXPECTED.get(kind, "").format(**context)
    return f"found {written}: expected {expected or message[0].lower() + message[1:]}"


def _first_fault(error: ValidationError, content: object, where: str) -> str:
    fault = error.errors(include_url=False)[0]
    place = _place(fault["loc"], content)
    if fault["type"] == "missing":  # which is no part of the file yet
        place += f".{fault['loc'][-1]}" if place else str(fault["loc"][-1])
    place = f"{where}, {place}" if place else where
    what, separator, mend = fault_words(fault).partition("; ")
    if fault["type"] in ("missing", "extra_forbidden"):
        return f"{what} ({place}){separator}{mend}"
    return f"{what}{separator}{mend} ({place})"


def _place(parts: tuple[int | str, ...], content: object) -> str:
    """Return where in a file a fault is, as far as the file goes: pydantic also names the type that it tried."""
    place, at = "", content
    for part in parts:
        if isinstance(at, Mapping) and part in at:
            place += f".{part}" if place else str(part)
            at = at[part]
        elif isinstance(at, list | tuple) and isinstance(part, int) and part < len(at):
            place += f"[{part}]"
            at = at[part]
    return place
