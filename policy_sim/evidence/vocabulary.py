"""Vocabulary: what the words of a company stand for.

In: a scenario, a mapping, words. Out: for each distinct word what it stands for; words that are not understood.
Left to others: in which column words stand (`export_shapes`), what they come to for a case (`resolutions`).
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from policy_sim.assumptions import Scenario
from policy_sim.border import read_yaml, shipped
from policy_sim.evidence.export_shapes import PRIORITIES
from policy_sim.evidence.log_mapping import TO_FILL_IN, CaseLogMapping
from policy_sim.words import ASKS

__all__ = ["Meaning", "Vocabulary", "WordsRead", "plain_word", "read_words"]

Value = TypeVar("Value")
#: What was given together: for each thing the variants that it may be.
Meaning = tuple[frozenset[str], ...]

_NOTHING = "nothing"
_NONE = "none"
_BLANK = frozenset(("", "-", "n/a", "na", "nan", "<na>", "null", "not set", "unset"))


def plain_word(word: str) -> str:
    """Return a word in small letters and digits, one blank for all else: "lost in transit" for "Lost_in-Transit"."""
    return " ".join(re.findall(r"[^\W_]+", word.lower().replace("'", "").replace("’", "")))


@dataclass(frozen=True)
class WordsRead(Generic[Value]):
    """The words of a column, read.

    Attributes
    ----------
    meanings
        (n_words,) what each distinct word stands for; None where it stands for nothing, or is not understood.
    codes
        (n,) which of them each row has; -1 for blank cells.
    words
        (n_words,) as they are written.
    is_known
        (n_words,) whether each is understood.
    """

    meanings: Sequence[Value | None]
    codes: NDArray[np.int64]
    words: Sequence[str]
    is_known: NDArray[np.bool_]

    def each(self, blank: Any, dtype: Any) -> NDArray[Any]:
        """Return (n,) the value of each row; `blank` where there is none."""
        filled = [blank if value is None else value for value in self.meanings]
        return np.array([*filled, blank], dtype=dtype)[self.codes]

    def unknown(self, where: NDArray[np.bool_] | None = None) -> dict[str, int]:
        """Return the words that are not understood, with the number of their rows (of some rows, if told)."""
        codes = self.codes if where is None else self.codes[where]
        counts = np.bincount(codes[codes >= 0], minlength=len(self.words))
        return {self.words[k]: int(counts[k]) for k in np.flatnonzero(~self.is_known).tolist() if counts[k]}


def read_words(column: pd.Series, read: Callable[[str], tuple[bool, Value | None]]) -> WordsRead[Value]:
    """Read each distinct word of a column once.

    Parameters
    ----------
    column
        Text, or anything that can be written.
    read
        Returns whether a word is understood, and what it stands for.
    """
    codes, distinct = pd.factorize(column)
    written = [str(word).strip() for word in distinct]
    is_blank = np.array([word.lower() in _BLANK for word in written] + [True], dtype=bool)
    pairs = [read(word) if not blank else (True, None) for word, blank in zip(written, is_blank, strict=False)]
    codes = np.where(is_blank[codes], -1, codes)
    known = np.array([pair[0] for pair in pairs], dtype=np.bool_)
    return WordsRead([pair[1] for pair in pairs], np.asarray(codes, dtype=np.int64), written, known)


@dataclass(frozen=True)
class Vocabulary:
    """What words stand for, by `plain_word`: failures (None: nothing went wrong), what was given, tiers and so on."""

    failures: Mapping[str, str | None]
    remedies: Mapping[str, Meaning]
    tiers: Mapping[str, str]
    asks: Mapping[str, str]
    priorities: Mapping[str, float]
    channels: Mapping[str, bool]
    statuses: Mapping[str, bool]

    @classmethod
    def of(cls, scenario: Scenario, mapping: CaseLogMapping) -> Vocabulary:
        """Put together what is usual, what a scenario calls things, and what a person said, which comes first."""
        usual = _usual_words()
        return cls(
            failures=_failures(scenario, usual) | _said(mapping.failures, lambda word: None if word == _NONE else word),
            remedies=_remedies(scenario, usual) | _said(mapping.remedies, lambda text: meaning_of(scenario, text)),
            tiers=_tiers(scenario, usual) | _said(mapping.tiers, lambda word: word),
            asks=_turned({name: words for name, words in usual["asks"].items() if name in ASKS})
            | {plain_word(name): name for name in ASKS}
            | _said(mapping.asks, lambda word: word),
            priorities={plain_word(word): share for word, share in PRIORITIES.items()}
            | _said(mapping.priorities, float),
            channels=_turned(usual["channels"]) | _said(mapping.channels, bool),
            statuses=_turned(usual["statuses"]) | _said(mapping.statuses, bool),
        )

    def failure(self, word: str) -> tuple[bool, str | None]:
        """Return whether a word for a failure is understood, and which it is; None where nothing went wrong."""
        plain = plain_word(word)
        return plain in self.failures, self.failures.get(plain)

    def given(self, word: str) -> tuple[bool, Meaning | None]:
        """Return whether what was done is understood, and what was given; None where nobody can tell.

        Several things in one cell stand apart by "+", ";", ",", "|" or "/"; it takes all of them to tell.
        """
        plain = plain_word(word)
        if plain in self.remedies:
            return True, self.remedies[plain]
        pieces = [piece for piece in re.split(r"\s*[+;,|/&]\s*|\s+and\s+", word) if piece.strip()]
        known = [self.remedies[plain_word(piece)] for piece in pieces if plain_word(piece) in self.remedies]
        given = tuple(dict.fromkeys(variants for meaning in known for variants in meaning))
        return (True, given) if len(known) == len(pieces) else (False, None)

    def look_up(self, kind: str, word: str) -> tuple[bool, Any]:
        """Return whether a word of a kind ("tiers", "asks" ...) is understood, and what it stands for."""
        known = getattr(self, kind)
        plain = plain_word(word)
        return plain in known, known.get(plain)

    def tagged(self, tags: str, apart: str) -> tuple[str | None, Meaning, bool, bool]:
        """Return what labels say: a failure, what was given, whether it was passed up, whether it was an exception."""
        words = {plain_word(tag) for tag in tags.split(apart)}
        failure = next((self.failures[word] for word in sorted(words) if self.failures.get(word) is not None), None)
        given = tuple(dict.fromkeys(part for word in sorted(words) for part in self.remedies.get(word, ())))
        return failure, given, bool(words & _PASSED_UP), bool(words & _BEYOND)


_PASSED_UP = frozenset(("escalated", "escalation", "is escalated"))
_BEYOND = frozenset(("exception", "policy exception", "exception granted"))


def meaning_of(scenario: Scenario, text: str) -> Meaning:
    """Return what "full_refund + send_back | keep_item" stands for: for each thing the variants that it may be."""
    if text.strip() == _NOTHING:
        return ()
    return tuple(
        frozenset(variant for name in part.split("|") for variant in _variants(scenario, name.strip()))
        for part in text.split("+")
    )


def _variants(scenario: Scenario, name: str) -> tuple[str, ...]:
    if name in scenario.remedies:
        return scenario.variants(name)
    return (name,) if name in scenario.remedy_of_variant else ()


@functools.cache
def _usual_words() -> Mapping[str, Any]:
    content: Mapping[str, Any] = read_yaml(shipped("data/case_logs") / "usual_words.yaml")
    return content


def _failures(scenario: Scenario, usual: Mapping[str, Any]) -> dict[str, str | None]:
    known: dict[str, str | None] = {}
    for name, words in usual["failures"].items():
        if name in scenario.failures or name == _NONE:
            known |= {plain_word(word): None if name == _NONE else name for word in words}
    for name, failure in scenario.failures.items():
        known |= {plain_word(failure.title): name, plain_word(name): name}
    return known


def _remedies(scenario: Scenario, usual: Mapping[str, Any]) -> dict[str, Meaning]:
    known: dict[str, Meaning] = {}
    for text, words in usual["remedies"].items():
        meaning = meaning_of(scenario, text)
        if all(meaning):
            known |= {plain_word(word): meaning for word in words}
    for name, remedy in scenario.remedies.items():
        for word in (remedy.title, name):
            known[plain_word(word)] = (frozenset(scenario.variants(name)),)
    for variant in scenario.remedy_of_variant:
        known[plain_word(variant)] = (frozenset((variant,)),)
    return known


def _tiers(scenario: Scenario, usual: Mapping[str, Any]) -> dict[str, str]:
    known: dict[str, str] = {}
    for name, words in zip(scenario.tiers, usual["tiers"], strict=False):
        known |= {plain_word(word): name for word in words}
    return known | {plain_word(name): name for name in scenario.tiers}


def _turned(words: Mapping[Any, Sequence[str]]) -> dict[str, Any]:
    return {plain_word(word): meaning for meaning, listed in words.items() for word in listed}


def _said(words: Mapping[str, Any], meaning: Callable[[Any], Any]) -> dict[str, Any]:
    """Return what a person said of words, without those that nobody has filled in."""
    return {
        plain_word(word): None if value is None else meaning(value)
        for word, value in words.items()
        if value != TO_FILL_IN
    }
