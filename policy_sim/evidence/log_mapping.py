"""CaseLogMapping: what the files and words of a company mean, for people to correct.

In: a file that a person corrected, or what was not understood. Out: `CaseLogMapping`, or the file.
Left to others: what is understood without it (`export_shapes`, `vocabulary`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Literal

import pydantic
import yaml
from pydantic import Field

from policy_sim.assumptions import Scenario
from policy_sim.border import InputError, parse_model, read_yaml, unknown, write_whole
from policy_sim.evidence.export_shapes import REFUND_FIELDS, SHAPES, TICKET_FIELDS
from policy_sim.words import ASKS

__all__ = ["KINDS_OF_WORDS", "TO_FILL_IN", "CaseLogMapping", "FileMapping", "read_case_mapping", "write_case_mapping"]

#: What stands for something that nobody has filled in yet.
TO_FILL_IN = "?"

#: Lists of words in a mapping, and what each word in it stands for.
KINDS_OF_WORDS: Mapping[str, str] = {
    "failures": "what went wrong: a failure of the scenario, or none where nothing did",
    "remedies": "what was done: variants or remedies joined by +, alternatives by |, or nothing",
    "tiers": "who decided: a tier of the scenario",
    "asks": f"what was asked for: {', '.join(ASKS)}",
    "priorities": "how bad it was, from 0 to 1",
    "channels": "whether the customer was on the line: true or false",
    "statuses": "whether it counts as a case: true or false",
}

_MOST_WORDS = 500
_HEAD = """\
# What the files and words of your company mean, for `policy-sim log build --mapping`. Put something for every "?"; what
# is left as "?" stays unknown, and what it is about is set aside or left empty. Counts are of rows.
"""


def _by_word(kind: str) -> str:
    return f"By a word of yours, {KINDS_OF_WORDS[kind]}."


class _Frozen(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class FileMapping(_Frozen):
    """What a person says of a file: what it holds, which export it is, and the column of each field."""

    kind: Literal["tickets", "refunds", "orders", "none"] | None = Field(
        None, description="What it holds; none sets it aside. Found by its columns where left out."
    )
    shape: str | None = Field(None, description=f"Which export it is: {', '.join(SHAPES)}.")
    columns: dict[str, str | None] = Field(
        {},
        description=f"By field the name of the column. Of tickets: {', '.join(TICKET_FIELDS)}; of refunds: "
        f"{', '.join(REFUND_FIELDS)}.",
    )
    cents: bool | None = Field(None, description="Whether its amounts are in cents.")

    @pydantic.field_validator("shape")
    @classmethod
    def _known_shape(cls, shape: str | None) -> str | None:
        if shape is not None and shape not in SHAPES:
            raise ValueError(str(unknown("shape of an export", shape, tuple(SHAPES))))
        return shape


class CaseLogMapping(_Frozen):
    """What files and words mean."""

    files: dict[str, FileMapping] = Field({}, description="By the name of a file, what it is.")
    failures: dict[str, str | None] = Field({}, description=_by_word("failures"))
    remedies: dict[str, str | None] = Field({}, description=_by_word("remedies"))
    tiers: dict[str, str | None] = Field({}, description=_by_word("tiers"))
    asks: dict[str, str | None] = Field({}, description=_by_word("asks"))
    priorities: dict[str, float | Literal["?"] | None] = Field({}, description=_by_word("priorities"))
    channels: dict[str, bool | Literal["?"] | None] = Field({}, description=_by_word("channels"))
    statuses: dict[str, bool | Literal["?"] | None] = Field({}, description=_by_word("statuses"))
    time_zone: str = Field("UTC", description="Of times that name none: a name of the IANA database.")
    day_first: bool | None = Field(None, description="Whether 03/04/2026 is the 3rd of April.")
    window_days: Annotated[int, Field(ge=1, le=3_650)] = Field(
        120,
        description="Days: how long before a case the order may lie that is taken for the one that failed, where the "
        "case has no number of an order.",
    )
    refund_days: Annotated[int, Field(ge=0, le=365)] = Field(
        30, description="Days: how long after a case was closed a refund may come that is taken for its own."
    )

    def check(self, scenario: Scenario, where: str) -> None:
        """See that what words stand for is known to a scenario.

        Raises
        ------
        InputError
            If not; the message names the word.
        """
        kept = {*scenario.failures, "none", TO_FILL_IN}
        _check(self.failures, "failure", kept, tuple(scenario.failures), f"{where}, failures")
        _check(self.tiers, "tier", {*scenario.tiers, TO_FILL_IN}, tuple(scenario.tiers), f"{where}, tiers")
        _check(self.asks, "ask", {*ASKS, TO_FILL_IN}, tuple(ASKS), f"{where}, asks")
        for word, share in self.priorities.items():
            if isinstance(share, float | int) and not 0 <= share <= 1:
                raise InputError(f"{where}, priorities.{word} is {share:g}; it must be a number from 0 to 1")
        names = {*scenario.remedies, *scenario.remedy_of_variant}
        for word, meaning in self.remedies.items():
            for name in parts_of(meaning):
                if name not in names:
                    known = sorted(names | {"nothing"})
                    raise unknown("remedy", name, known, f"{where}, remedies.{word}")


def parts_of(meaning: str | None) -> list[str]:
    """Return the names of remedies in "full_refund + send_back | keep_item"; none where it says nothing."""
    if meaning is None or meaning.strip() in ("nothing", "", TO_FILL_IN):
        return []
    return [name.strip() for part in meaning.split("+") for name in part.split("|")]


def _check(words: Mapping[str, str | None], kind: str, valid: set[str], listed: Sequence[str], where: str) -> None:
    for word, meaning in words.items():
        if meaning is not None and meaning not in valid:
            raise unknown(kind, meaning, listed, f"{where}.{word}")


def read_case_mapping(path: str | Path) -> CaseLogMapping:
    """Read a mapping file.

    Raises
    ------
    InputError
        If it is missing, or says something that a mapping does not know.
    """
    return parse_model(CaseLogMapping, read_yaml(Path(path)), f"mapping '{path}'")


def write_case_mapping(
    path: str | Path,
    mapping: CaseLogMapping,
    unknown_words: Mapping[str, Mapping[str, int]],
    headers: Mapping[str, Sequence[str]],
) -> Path:
    """Write a mapping for a person to fill in: what is known already, and every word and file that is not understood.

    Parameters
    ----------
    path
        Where to.
    mapping
        What was said before; it is kept.
    unknown_words
        By list of `KINDS_OF_WORDS` every word that is not understood, with the number of its rows.
    headers
        By file that is not understood the names of its columns.

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    parts = [_HEAD]
    said = mapping.model_dump(exclude_defaults=True)
    parts += [
        _line(name, said[name]) for name in ("time_zone", "day_first", "window_days", "refund_days") if name in said
    ]
    files = dict(said.get("files", {}))
    if files or headers:
        parts.append(f"\nfiles: # kind: tickets, refunds, orders or none; shape: {', '.join(SHAPES)}\n")
        parts += [_nested(name, content) for name, content in files.items()]
    for name, header in headers.items():
        parts.append(f"  {_key(name)}: # has the columns {', '.join(map(_plain, header))}\n    kind: none\n")
        parts.append(
            f"    columns: {{}} # of tickets: {', '.join(TICKET_FIELDS)}; of refunds: {', '.join(REFUND_FIELDS)}\n"
        )
    for kind, words in KINDS_OF_WORDS.items():
        known, new = said.get(kind, {}), unknown_words.get(kind, {})
        if known or new:
            parts.append(f"\n{kind}: # {words}\n")
            parts += [f"  {_line(word, meaning)}" for word, meaning in known.items() if word not in new]
            ordered = sorted(new.items(), key=lambda pair: (-pair[1], pair[0]))
            if len(ordered) > _MOST_WORDS:
                parts.append(
                    f"  # the {_MOST_WORDS:,} most frequent of {len(ordered):,} words that are not understood\n"
                )
            parts += [f"  {_line(word, TO_FILL_IN).rstrip()} # {count:,}\n" for word, count in ordered[:_MOST_WORDS]]
    write_whole(Path(path), "".join(parts))
    return Path(path)


def _line(key: str, value: object) -> str:
    return yaml.safe_dump({key: value}, allow_unicode=False, width=10_000, default_flow_style=False)


def _nested(key: str, value: object) -> str:
    text = yaml.safe_dump({key: value}, allow_unicode=False, width=10_000, sort_keys=False)
    return "".join(f"  {line}\n" for line in text.splitlines())


def _key(name: str) -> str:
    return _line(name, 0).rsplit(":", 1)[0]


def _plain(name: str) -> str:
    """Return a name as it may stand in a comment."""
    return "".join(sign if sign.isprintable() else " " for sign in name)
