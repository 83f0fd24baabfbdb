"""Uncertain numbers: one number that is taken on trust, with all that is known about it, and how people read it.

In: parts of a scenario file. Out: `Assumption`, `Said` and `Wording`. Left to others: which numbers a scenario needs,
drawing all of them together (`assumptions`), what a title and a sentence become with a number in them
(`show.assumption_words`), what a weight does to customers (`service.pictures`).
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from typing import Annotated, Literal, Self, get_args

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from policy_sim.border import Described
from policy_sim.words import Name, Text

__all__ = ["GROUPS", "MEASURED_AT", "PICTURED", "PLACEHOLDERS", "Assumption", "Said", "Wording", "spelled_out"]

#: No number of a service is further from 0 than this.
_HUGE = 1e12
#: Shares of the draws of a measured assumption that lie below its quantiles.
MEASURED_AT = (0.0, 0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 1.0)

#: What a sentence may hold in place of its number, and how the number is then written.
PLACEHOLDERS: Mapping[str, str] = {
    "value": "with its readable unit: 35%, $6, 4 days, 1.2 times",
    "percent": "a number from 0 to 1 in percent: 20%",
    "per_100": "a hundred times the number: 10",
    "of_100": "the same, of 100: 8 of 100",
    "factor": "what e to the power of the number multiplies by: 2.2 times",
    "customers": "how many of 100 typical customers it loses or keeps, worked out from the model: 6 of 100 customers",
}

#: Facts of a typical case that a picture may move.
Pictured = Literal[
    "compensation",
    "insult",
    "gesture",
    "proactive",
    "suspected",
    "severity",
    "hours",
    "effort",
    "prior_failures",
    "days_since_failure",
    "prior_purchases",
]
PICTURED: tuple[str, ...] = get_args(Pictured)
#: What groups of assumptions are about; those of a failure have its title, those of a tier its name.
GROUPS: Mapping[str, str] = {
    "shop": "The business",
    "cases": "What cases look like",
    "response": "How customers answer",
    "claiming": "Extra claims",
    "queue": "Supervisors",
    "playbook": "Rules",
    "remedy": "What is given",
}
#: Where a sentence has its number.
_PLACE = re.compile(r"\{(\w*)\}")
#: No fact of a picture is further from 0 than this.
_TOP_FACT = 1e5


class Said(Described):
    """How an assumption is said to people who have never seen its name."""

    title: Annotated[str, Field(min_length=1, max_length=80)] | None = Field(
        None, description='What it is, in a few words: "How much customers mind waiting".'
    )
    sentence: Annotated[str, Field(min_length=1, max_length=200)] | None = Field(
        None,
        description="What its number means, as a clause without a capital or a full stop; one of "
        f"{', '.join(f'{{{name}}}' for name in PLACEHOLDERS)} stands for the number.",
    )
    picture: Annotated[Mapping[Pictured, tuple[float, float]], Field(min_length=1)] | None = Field(
        None,
        description="With {customers}: which facts of a typical case are moved, each from one value to another. Hours, "
        "days and counts are as in cases; severity, effort, gesture, proactive, suspected and insult go from 0 to 1; "
        "compensation is a multiple of the loss.",
    )

    @model_validator(mode="after")
    def _sentence_has_one_place_for_the_number(self) -> Self:
        if self.sentence is None:
            if self.picture is not None:
                raise ValueError("picture goes with a sentence that holds {customers}; add the sentence")
            return self
        places = _PLACE.findall(self.sentence)
        if len(places) != 1 or places[0] not in PLACEHOLDERS:
            known = ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)
            raise ValueError(
                f"sentence '{self.sentence}' must hold exactly one of {known}, in place of its number; correct it"
            )
        if (places[0] == "customers") != (self.picture is not None):
            raise ValueError("{customers} in a sentence and picture, which says what is moved, go together; give both")
        for fact, ends in (self.picture or {}).items():
            if min(ends) < 0 or max(ends) > _TOP_FACT:
                raise ValueError(
                    f"picture moves {fact} from {ends[0]:g} to {ends[1]:g}; both must be 0 to {_TOP_FACT:g}"
                )
        return self

    @property
    def placeholder(self) -> str:
        """Which of `PLACEHOLDERS` the sentence holds; "value" without a sentence."""
        return next(iter(_PLACE.findall(self.sentence or "")), "value")

    def with_number(self, words: str) -> str:
        """Return the sentence with a number in its place; nothing without a sentence."""
        return _PLACE.sub(lambda _: words, self.sentence or "")


def spelled_out(name: str) -> str:
    """Return the full name of an assumption as words: "Claiming: spread"; for those that have no title."""
    words = name.replace("_", " ").replace(".", ": ", 1)
    return f"{words[:1].upper()}{words[1:]}"


class Wording(Described):
    """How assumptions are said that every failure has, and those that every tier has: by their own names."""

    failures: Mapping[Name, Said] = Field(
        {}, description="By the name of an assumption that every failure has: how it is said."
    )
    tiers: Mapping[Name, Said] = Field(
        {}, description="By the name of an assumption that every tier has: how it is said."
    )


class Assumption(Said):
    """One uncertain number with what is known about it; how it is said to people may stand beside it."""

    value: float = Field(description="The best guess today, 0 or more and within the range; agents go by it.")
    unit: Text = Field(description='What the number counts; one that begins with "share" lies within 0 and 1.')
    range: tuple[float, float] = Field(description="The plausible range, lower end first; draws never leave it.")
    source: Text = Field(description="Where the number comes from: a study, your books, or that it is judgement.")
    trust: Literal["own", "measured", "calibrated", "assumed"] = Field(
        "assumed",
        description="How far it can be relied on: measured on your own cases (own) or elsewhere (measured), set so "
        "that the model meets a published aggregate (calibrated), or judgement (assumed).",
    )
    distribution: Literal["triangular", "uniform", "measured", "chosen"] = Field(
        "triangular",
        description="How draws fill the range: with their mode at the value (triangular), evenly (uniform), through "
        "the quantiles (measured), or not at all: a decision or a known fact, the same in every draw (chosen).",
    )
    quantiles: tuple[float, ...] = Field(
        (),
        description="With measured: eleven rising values, below which "
        f"{', '.join(f'{100 * share:g}' for share in MEASURED_AT)} % of the draws lie.",
    )

    @model_validator(mode="after")
    def _value_lies_in_range(self) -> Self:
        low, high = self.range
        if not low < high:
            raise ValueError(f"range is [{low:g}, {high:g}]; the first number must be below the second")
        if not low <= self.value <= high:
            raise ValueError(f"value {self.value:g} lies outside its range [{low:g}, {high:g}]; widen the range")
        if low < 0:
            raise ValueError(
                f"range [{low:g}, {high:g}] goes below 0; give it as a positive number, signs are in the forms"
            )
        if high > _HUGE:
            raise ValueError(f"range [{low:g}, {high:g}] goes above {_HUGE:g}; check the number and its unit")
        if self.unit.startswith("share") and high > 1:
            raise ValueError(f"range [{low:g}, {high:g}] of a share must lie within 0 and 1; write 7 % as 0.07")
        return self

    @model_validator(mode="after")
    def _quantiles_fit_the_distribution(self) -> Self:
        if (self.distribution == "measured") != bool(self.quantiles):
            raise ValueError("distribution 'measured' and quantiles belong together; give both, or neither")
        if self.quantiles and not (
            len(self.quantiles) == len(MEASURED_AT)
            and all(low < high for low, high in itertools.pairwise(self.quantiles))
            and (self.quantiles[0], self.quantiles[-1]) == self.range
        ):
            raise ValueError(
                f"quantiles are {list(self.quantiles)}; expected {len(MEASURED_AT)} rising numbers, the first and the "
                f"last as in range [{self.range[0]:g}, {self.range[1]:g}]"
            )
        return self

    @property
    def highest(self) -> float:
        """The highest value that a draw may have."""
        return self.value if self.distribution == "chosen" else self.range[1]

    def quantile(self, probability: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the values below which the given probabilities (0-1) of the draws lie."""
        low, high = self.range
        if self.distribution == "chosen":
            return np.full_like(probability, self.value)
        if self.distribution == "uniform":
            return low + (high - low) * probability
        if self.distribution == "measured":
            return np.interp(probability, MEASURED_AT, self.quantiles)
        from scipy import stats  # takes most of a second to load, and policies need none of it

        mode = (self.value - low) / (high - low)
        return np.asarray(stats.triang.ppf(probability, mode, loc=low, scale=high - low), dtype=np.float64)
