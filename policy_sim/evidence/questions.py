"""Questions: which of them a log of cases can answer, and which not, in words.

In: the columns of a log, who came back. Out: a `Question` for each that people ask, with the answer and the reason.
Left to others: what is wrong with the log (`checking`), answering them (`calibration`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from policy_sim.assumptions import Scenario
from policy_sim.evidence.follow_up import Returns
from policy_sim.evidence.log_columns import LogColumns
from policy_sim.evidence.matching import numbered
from policy_sim.evidence.resolutions import AMOUNTS

__all__ = ["FEWEST_OF_AGENT", "WINDOWS", "Question", "answered"]

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

#: Days within which a customer may come back.
WINDOWS = (90, 180)
#: Cases of an agent below which habits cannot be told from chance.
FEWEST_OF_AGENT = 30
#: Cases below which an effect of a tenth drowns in chance: with 200 on both sides together the standard error of a
#: difference of shares near a half is 0.07. And cases of a kind, at the least.
_FEWEST, _FEWEST_OF_KIND = 200, 50
_MOST_MISSING = 0.5


@dataclass(frozen=True)
class Question:
    """A question that people ask of a log.

    Attributes
    ----------
    asks
        The question, in words.
    answer
        Whether the log can answer it.
    because
        Why, in words with numbers.
    """

    asks: str
    answer: Literal["yes", "in part", "no"]
    because: str

    def to_dict(self) -> dict[str, object]:
        """Return the attributes by name, as plain data."""
        return dict(vars(self))


def answered(log: LogColumns, scenario: Scenario, returns: Returns | None) -> Iterator[Question]:
    """Yield the questions that people ask of a log of cases, with what this one can say."""
    yield from _coming_back(log, returns)
    yield _generosity(log)
    yield _waiting(log)
    yield _about(log, "severity", "whether the harm drives customers away")
    yield _repeats(log)
    yield _about(log, "prior_purchases", "whether customers who know you forgive more")
    yield _claiming(log)
    yield _habits(log)
    yield _about(log, "ask", "what customers ask for")
    yield _failures(log, scenario)


def _coming_back(log: LogColumns, returns: Returns | None) -> Iterator[Question]:
    for days in WINDOWS:
        asks = f"whether customers come back within {days} days"
        if returns is None:
            yield Question(asks, "no", "no orders were given beside the log (--orders)")
            continue
        watched = returns.is_known & (returns.days_watched >= days)
        back = watched & (returns.days_until_next <= days)
        because = f"{watched.sum():,} of {len(log):,} cases were watched so long; {back.sum():,} customers came back"
        yield Question(asks, _enough(int(min(back.sum(), (watched & ~back).sum()))), because)


def _enough(count: int) -> Literal["yes", "in part", "no"]:
    return "yes" if count >= _FEWEST else "in part" if count >= _FEWEST_OF_KIND else "no"


def _generosity(log: LogColumns) -> Question:
    asks = "what an agent's generosity buys"
    has_amount = np.logical_or.reduce([log.known(name) for name in AMOUNTS])
    known = has_amount | log.known("resolution")
    count = int(known.sum())
    if not count:
        return Question(asks, "no", "neither what was given nor any amount is known")
    ways = _ways(log, known)
    because = f"{count:,} of {len(log):,} cases say what was given, in {ways} ways with {_FEWEST_OF_KIND} cases or more"
    if ways < 2:
        return Question(asks, "no", f"{because}; it takes two, which were given in like cases")
    return Question(asks, _enough(count), because)


def _ways(log: LogColumns, known: NDArray[np.bool_]) -> int:
    """Return how many different things were given often: resolutions, or tenths of the price where none is known."""
    if log.known("resolution").any():
        counts = log.text["resolution"][known].value_counts()
        return int((counts >= _FEWEST_OF_KIND).sum())
    given = np.zeros(len(log))
    for name in AMOUNTS:
        if name in log.numbers:
            given += np.nan_to_num(log.numbers[name])
    price = log.numbers.get("item_price", np.ones(len(log)))
    with np.errstate(divide="ignore", invalid="ignore"):
        tenths = np.nan_to_num(np.round(10 * given[known] / price[known]), posinf=0.0)
    return int((np.unique(tenths, return_counts=True)[1] >= _FEWEST_OF_KIND).sum())


def _waiting(log: LogColumns) -> Question:
    asks = "whether waiting drives customers away"
    missing = 1 - float(log.known("resolved").mean())
    if missing > _MOST_MISSING:
        return Question(asks, "no", f"resolved is missing in {missing:.0%}")
    hours = (log.moments["resolved"] - log.moments["opened"]) / np.timedelta64(1, "h")
    hours = hours[hours >= 0]
    if hours.size < _FEWEST_OF_KIND:
        return Question(asks, "no", f"only {hours.size:,} cases say when they were opened and closed")
    short, long = np.quantile(hours, (0.1, 0.9))
    because = f"{hours.size:,} cases, closed after {short:,.3g} to {long:,.3g} hours (eight of ten)"
    if long - short < 1:
        return Question(asks, "no", f"{because}: all wait alike")
    return Question(asks, _enough(int(hours.size)), because)


def _about(log: LogColumns, name: str, asks: str) -> Question:
    """Answer a question for which a column has to be known and to vary."""
    known = log.known(name)
    count, missing = int(known.sum()), 1 - float(known.mean())
    if missing > _MOST_MISSING:
        return Question(asks, "no", f"{name} is missing in {missing:.0%}")
    values = log.text[name][known] if name in log.text else pd.Series(log.numbers[name][known])
    distinct = int(values.nunique())
    if distinct < 2:
        return Question(asks, "no", f"{name} is the same in all of {count:,} cases")
    most = int(values.value_counts().iloc[0])
    because = f"{name} is known in {count:,} cases, with {distinct:,} different values"
    return Question(asks, _enough(min(count, 2 * (count - most))), because)


def _repeats(log: LogColumns) -> Question:
    asks = "whether a second failure weighs more than the first"
    if "prior_failures" not in log.numbers:
        return Question(asks, "no", "nobody knows what failed before")
    repeated = int((log.numbers["prior_failures"] > 0).sum())
    because = f"{repeated:,} of {int(log.known('prior_failures').sum()):,} cases are not their customer's first"
    return Question(asks, _enough(repeated), because)


def _claiming(log: LogColumns) -> Question:
    asks = "whether what is given teaches customers to claim"
    if "customer" not in log.text or not log.known("customer").any():
        return Question(asks, "no", "the log does not say whose cases they are")
    (codes,) = numbered(log.text["customer"])
    counts = np.bincount(codes[codes >= 0])
    again = int((counts > 1).sum())
    because = (
        f"{again:,} of {int((counts > 0).sum()):,} customers have several cases; whether they come again more often "
        "the more they were given is counted (calibrate), but no log says which claims have no cause, nor who heard of "
        "a policy: the scenario's assumptions about claiming stay"
    )
    return Question(asks, "no" if _enough(again) == "no" else "in part", because)


def _habits(log: LogColumns) -> Question:
    asks = "what agents of each tier choose"
    both = log.known("tier") & log.known("resolution")
    count, missing = int(both.sum()), 1 - float(both.mean())
    if missing > _MOST_MISSING:
        return Question(asks, "no", f"tier or resolution is missing in {missing:.0%}")
    because = f"{count:,} cases say who decided and what was given"
    if log.known("agent").any():
        (codes,) = numbered(log.text["agent"])
        counts = np.bincount(codes[both & (codes >= 0)])
        enough = int((counts >= FEWEST_OF_AGENT).sum())
        because += f"; {enough:,} of {int((counts > 0).sum()):,} agents have {FEWEST_OF_AGENT} or more"
    return Question(asks, _enough(count), because)


def _failures(log: LogColumns, scenario: Scenario) -> Question:
    asks = "how failures differ"
    counts = log.text["failure"].value_counts()
    enough = [name for name in scenario.failures if counts.get(name, 0) >= _FEWEST]
    few = [f"{name} ({int(counts.get(name, 0)):,})" for name in scenario.failures if name not in enough]
    if len(enough) < 2:
        return Question(asks, "no", f"fewer than {_FEWEST:,} cases of each of {', '.join(few)}")
    because = f"{len(enough)} of {len(scenario.failures)} failures have {_FEWEST:,} cases or more"
    return Question(asks, "in part" if few else "yes", f"{because}; too few of {', '.join(few)}" if few else because)
