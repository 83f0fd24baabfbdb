"""Tickets: what the help desk knows of each case, read from its exports.

In: exports of tickets, a vocabulary. Out: `Tickets`, one row each, with the reason where one cannot be a case.
Left to others: the order behind a ticket and what was paid back (`matching`), what was given (`resolutions`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from policy_sim.assumptions import Scenario
from policy_sim.evidence.cells_of_exports import (
    Reasons,
    below,
    flags_of,
    folded,
    moments_of,
    money_of,
    text_of,
    words_of,
)
from policy_sim.evidence.exports import ExportTable
from policy_sim.evidence.log_mapping import CaseLogMapping
from policy_sim.evidence.vocabulary import Meaning, Vocabulary, read_words
from policy_sim.words import ASKS

__all__ = ["Tickets", "read_tickets"]

Floats = NDArray[np.float64]
SmallFloats = NDArray[np.float32]
Codes = NDArray[np.integer[Any]]
Times = NDArray[np.datetime64]

_TEXTS = ("case", "order", "customer", "email")
_WORDS = ("agent", "channel", "currency")


@dataclass(frozen=True, eq=False)
class Tickets:
    """Tickets of all exports, one row each, in the order of the files.

    Attributes
    ----------
    case, order, customer, email
        (n,) text as it was written, "" where nothing stands there; e-mails in small letters.
    agent, channel, currency
        (n,) the same as categories.
    file, row
        (n,) which of `files` each stands in, and in which row of it, as people count them.
    opened, resolved, noticed, satisfied
        (n,) datetime64[s], UTC.
    failure, tier, ask
        (n,) places among the scenario's failures and tiers and among `words.ASKS`; -1 where unknown.
    given
        (n,) place in `meanings`, what the words say was given; -1 where they say nothing.
    live, severity, escalated, exception, price, suspicion, paid_back, credited
        (n,) numbers; NaN where unknown.
    reasons
        Why rows cannot be cases.
    meanings
        What words say was given.
    unknown
        By list of a mapping the words that are not understood, with the number of their rows.
    notes
        What had to be decided, in words.
    """

    case: pd.Series
    order: pd.Series
    customer: pd.Series
    email: pd.Series
    agent: pd.Series
    channel: pd.Series
    currency: pd.Series
    file: Codes
    row: Codes
    opened: Times
    resolved: Times
    noticed: Times
    satisfied: Times
    failure: Codes
    tier: Codes
    ask: Codes
    given: Codes
    live: SmallFloats
    severity: Floats
    escalated: SmallFloats
    exception: SmallFloats
    price: Floats
    suspicion: Floats
    paid_back: Floats
    credited: Floats
    reasons: Reasons
    files: tuple[str, ...] = ()
    meanings: tuple[Meaning, ...] = ()
    unknown: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    columns: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.file)


class _Reader:
    """Reads the tickets of one export after the other; words and meanings are counted together."""

    def __init__(self, scenario: Scenario, vocabulary: Vocabulary, mapping: CaseLogMapping) -> None:
        self.scenario, self.vocabulary, self.mapping = scenario, vocabulary, mapping
        self.meanings: dict[Meaning, int] = {}
        self.unknown: dict[str, Counter[str]] = {}
        self.notes: list[str] = []

    def read(self, table: ExportTable) -> dict[str, Any]:
        """Return the arrays of `Tickets` for one export."""
        reasons = Reasons.none(len(table))
        zone, day_first, currency = self.mapping.time_zone, self.mapping.day_first, self.scenario.currency
        columns: dict[str, Any] = {name: text_of(table, name) for name in _TEXTS}
        columns["email"] = folded(columns["email"])
        names = ("opened", "resolved", "noticed", "satisfied")
        times = moments_of(table, names, reasons, zone, day_first, self.notes)
        table.forget(*_TEXTS, *names)
        columns |= {name: words_of(table, name) for name in _WORDS}
        numbers = {name: money_of(table, name, reasons, currency) for name in ("price", "paid_back", "credited")}
        numbers["suspicion"] = self._suspicion(table, reasons)
        reasons.add((columns["case"] == "").to_numpy(dtype=bool), "it has no number of its own")
        reasons.add(np.isnat(times["opened"]), "it does not say when it was opened")
        self._statuses(table, reasons)
        tagged_failure, tagged_given, tagged_up, tagged_beyond = self._tags(table)
        failure = self._failures(table, tagged_failure, reasons)
        given = self._given(table, tagged_given, reasons.stays)
        table.forget("status", "tags", "reason", "remedy")
        escalated, exception = flags_of(table, "escalated"), flags_of(table, "exception")
        return columns | times | numbers | {
            "row": table.rows.astype(np.int32),
            "failure": failure.astype(np.int16),
            "given": given.astype(np.int32),
            "tier": self._coded(table, "group", "tiers", self.scenario.tiers, reasons.stays),
            "ask": self._coded(table, "asked", "asks", tuple(ASKS), reasons.stays),
            "severity": self._severity(table, reasons.stays),
            "live": self._live(table, reasons.stays),
            "escalated": np.where(tagged_up, np.float32(1), escalated),
            "exception": np.where(tagged_beyond, np.float32(1), exception),
            "reasons": reasons,
        }  # fmt: skip

    def _count(self, kind: str, words: Mapping[str, int]) -> None:
        self.unknown.setdefault(kind, Counter()).update(words)

    def _statuses(self, table: ExportTable, reasons: Reasons) -> None:
        words = read_words(text_of(table, "status"), lambda word: self.vocabulary.look_up("statuses", word))
        self._count("statuses", words.unknown(reasons.stays))
        out = words.each(True, object) == False  # noqa: E712
        reasons.add_each(out, [f"its status '{word}' is none of a case" for word in words.words], words.codes)

    def _tags(self, table: ExportTable) -> tuple[Codes, Codes, NDArray[np.bool_], NDArray[np.bool_]]:
        apart = table.export.tags_apart
        words = read_words(text_of(table, "tags"), lambda text: (True, self.vocabulary.tagged(text, apart)))
        names = list(self.scenario.failures)
        said = [value if value is not None else (None, (), False, False) for value in words.meanings]
        failure = [names.index(one[0]) if one[0] is not None else -1 for one in said]
        given = [self._place(one[1]) if one[1] else -1 for one in said]
        up, beyond = [one[2] for one in said], [one[3] for one in said]
        return (
            np.array([*failure, -1], dtype=np.int64)[words.codes],
            np.array([*given, -1], dtype=np.int64)[words.codes],
            np.array([*up, False], dtype=np.bool_)[words.codes],
            np.array([*beyond, False], dtype=np.bool_)[words.codes],
        )

    def _failures(self, table: ExportTable, tagged: Codes, reasons: Reasons) -> Codes:
        """Return the failure of each ticket: by its own field, else by a label; set aside who has none."""
        names = list(self.scenario.failures)
        words = read_words(text_of(table, "reason"), self.vocabulary.failure)
        places = [names.index(value) if value is not None else -1 for value in words.meanings]
        own = np.array([*places, -1], dtype=np.int64)[words.codes]
        failure = np.where(own >= 0, own, tagged)
        missing = failure < 0
        unknown = np.array([*~words.is_known, False], dtype=np.bool_)[words.codes] & missing
        self._count("failures", words.unknown(unknown & reasons.stays))
        reasons.add_each(unknown, [f"'{word}' is not in the mapping, under failures" for word in words.words],
                         words.codes)  # fmt: skip
        nothing = missing & (words.codes >= 0)
        reasons.add_each(nothing, [f"'{word}' is no failure" for word in words.words], words.codes)
        reasons.add(missing, "it does not say what went wrong")
        return failure

    def _given(self, table: ExportTable, tagged: Codes, where: NDArray[np.bool_]) -> Codes:
        words = read_words(text_of(table, "remedy"), self.vocabulary.given)
        self._count("remedies", words.unknown(where))
        places = [self._place(value) if value is not None else -1 for value in words.meanings]
        own = np.array([*places, -1], dtype=np.int64)[words.codes]
        return np.where(own >= 0, own, tagged)

    def _place(self, meaning: Meaning) -> int:
        return self.meanings.setdefault(meaning, len(self.meanings))

    def _coded(self, table: ExportTable, name: str, kind: str, known: Sequence[str], where: NDArray[np.bool_]) -> Codes:
        words = read_words(text_of(table, name), lambda word: self.vocabulary.look_up(kind, word))
        self._count(kind, words.unknown(where))
        places = [known.index(value) if value is not None else -1 for value in words.meanings]
        return np.array([*places, -1], dtype=np.int16)[words.codes]

    def _severity(self, table: ExportTable, where: NDArray[np.bool_]) -> Floats:
        def read(word: str) -> tuple[bool, float | None]:
            is_known, share = self.vocabulary.look_up("priorities", word)
            if is_known:
                return True, share
            try:
                number = float(word)
            except ValueError:
                return False, None
            return (True, number) if 0 <= number <= 1 else (False, None)

        words = read_words(text_of(table, "priority"), read)
        self._count("priorities", words.unknown(where))
        return np.asarray(words.each(np.nan, np.float64))

    def _live(self, table: ExportTable, where: NDArray[np.bool_]) -> SmallFloats:
        words = read_words(text_of(table, "channel"), lambda word: self.vocabulary.look_up("channels", word))
        self._count("channels", words.unknown(where))
        return np.asarray(words.each(np.nan, np.float32))

    def _suspicion(self, table: ExportTable, reasons: Reasons) -> Floats:
        """Return the risk score of each ticket, 0-1; scores up to 100 are taken for percent."""
        score = money_of(table, "suspicion", reasons, self.scenario.currency, is_count=True)
        high = np.nanmax(score, initial=0.0)
        if 1 < high <= 100:
            self.notes.append(f"risk scores of {table.where} go up to {high:g} and were read as percent")
            score = score / 100
        is_odd = ~np.isnan(score) & ((score < 0) | (score > 1))
        reasons.add(is_odd, "its risk score is no share from 0 to 1, nor a percentage")
        return score


def read_tickets(
    tables: Iterable[ExportTable], scenario: Scenario, vocabulary: Vocabulary, mapping: CaseLogMapping
) -> Tickets:
    """Read the tickets of several exports, at least one; each table is taken apart before the next one is asked for.

    Raises
    ------
    InputError
        If a column is written in two ways that contradict each other.
    """
    reader = _Reader(scenario, vocabulary, mapping)
    parts: list[dict[str, Any]] = []
    files: list[str] = []
    columns: dict[str, Mapping[str, str]] = {}
    for table in tables:
        parts.append(reader.read(table))
        files.append(table.where)
        columns[table.where] = dict(table.names)
    counts = [len(part["row"]) for part in parts]
    joined = {entry.name: below([part.pop(entry.name) for part in parts])
              for entry in fields(Tickets) if entry.name in parts[0]}  # fmt: skip
    return Tickets(
        **joined,
        file=np.repeat(np.arange(len(counts), dtype=np.int32), counts),
        files=tuple(files),
        meanings=tuple(reader.meanings),
        unknown={kind: dict(words) for kind, words in reader.unknown.items() if words},
        notes=tuple(dict.fromkeys(reader.notes)),
        columns=columns,
    )
