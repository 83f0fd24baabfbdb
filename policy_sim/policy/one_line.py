"""One line: short texts of policy files that neither files nor screens choke on, and what their models share.

In: text from a file. Out: types for pydantic models. Left to others: what the texts are.
"""

from __future__ import annotations

import unicodedata
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict

__all__ = ["Frozen", "OneLine"]


class Frozen(BaseModel):
    """A part of a policy file: nothing may change in it, nothing unknown may stand in it."""

    # built when first used: half of the time that importing would take
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


def _one_line(text: str) -> str:
    for sign in text:
        # neither files nor screens can carry these safely
        if unicodedata.category(sign) in ("Cc", "Cs") or sign in "\ufffe\uffff":
            raise ValueError(f"text holds the control character {sign!r}; it must be one line of plain text, remove it")
    return text


OneLine = Annotated[str, AfterValidator(_one_line)]
