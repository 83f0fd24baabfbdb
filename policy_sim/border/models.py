"""Models: plain data as checked objects.

In: plain data as read from a file, a pydantic model. Out: the model, or the first fault as one line that names its
place. Left to others: what the models are.
"""

from __future__ import annotations

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
        raise InputError(_first_fault(error, where)) from None


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
    return f"found {written}: {message[0].lower()}{message[1:]}"


def _first_fault(error: ValidationError, where: str) -> str:
    fault = error.errors(include_url=False)[0]
    place = ""
    for part in fault["loc"]:
        place += f"[{part}]" if isinstance(part, int) else f".{part}" if place else str(part)
    place = f"{where}, {place}" if place else where
    what, separator, mend = fault_words(fault).partition("; ")
    if fault["type"] in ("missing", "extra_forbidden"):
        return f"{what} ({place}){separator}{mend}"
    return f"{what}{separator}{mend} ({place})"
