"""Resolutions: what was given in each case, as one of the resolutions that the scenario has for its failure.

In: what words say was given, what was paid back, credited and sent back. Out: `Given`, with how it was found.
Left to others: reading words (`vocabulary`), finding the refund of a case (`matching`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from policy_sim.assumptions import Scenario, central
from policy_sim.evidence.vocabulary import Meaning
from policy_sim.orders.sorting import begins_run
from policy_sim.service.remedies import Menu, compile_menu
from policy_sim.words import CASE_COLUMNS, COLUMNS, EVERYTHING, GOODWILL, LIMIT_KINDS, LIMITS

__all__ = ["AMOUNTS", "FOUND", "Evidence", "Given", "find_given"]

Floats = NDArray[np.float64]
Codes = NDArray[np.integer[Any]]
Rows = NDArray[np.int64]

#: Limits that something is given on: a case log has a column of amounts for each.
AMOUNTS = tuple(name for name in LIMITS if name not in (EVERYTHING, GOODWILL))
_MONEY = next(name for name, kind in LIMIT_KINDS.items() if kind.is_owed)
_CREDIT = next(name for name in AMOUNTS if not LIMIT_KINDS[name].counts_item_price)
#: How a resolution was found: not at all; said as the scenario has it; said, and completed or replaced by the nearest
#: one that the scenario has; inferred from what was paid back.
FOUND = ("unknown", "said", "said, nearest taken", "inferred")

# In the score of a resolution, the lower the better: what was said and it does not hold weighs more than any amount,
# money and credit more than the way of the item, and that more than what nobody mentioned.
_UNSAID, _MISSING = 0.01, 100.0
_OF_AMOUNT, _OF_KIND, _OF_RETURN, _IF_NOBODY_KNOWS = 10.0, 5.0, 1.0, 0.1
_FAR = 0.1  # of the price
_ROWS_AT_ONCE = 20_000


@dataclass(frozen=True, eq=False)
class Evidence:
    """What is known of each case: (n,) each, NaN where it is not known.

    Attributes
    ----------
    failure
        Place among the scenario's failures.
    said
        Place in `meanings`; -1 where nothing is said.
    price
        Of the item, money.
    paid, credited
        Money paid back, and given in credit.
    returned
        1 where the item came back, 0 where it did not.
    """

    failure: Codes
    said: Codes
    meanings: Sequence[Meaning]
    price: Floats
    paid: Floats
    credited: Floats
    returned: Floats


@dataclass(frozen=True, eq=False)
class Given:
    """What was given in each case.

    Attributes
    ----------
    resolution
        (n,) place in the menu of the case's failure; -1 where unknown.
    names
        For each failure the names of its resolutions.
    found
        (n,) place in `FOUND`.
    is_far
        (n,) whether it was inferred from money that is more than a tenth of the price off that of the resolution.
    is_return_guessed
        (n,) whether nothing says that the item came back or not, and the resolution says one of both.
    amounts
        By limit of `AMOUNTS` (n,) what was given, money; NaN where unknown.
    """

    resolution: Codes
    names: tuple[tuple[str, ...], ...]
    found: Codes
    is_far: NDArray[np.bool_]
    is_return_guessed: NDArray[np.bool_]
    amounts: dict[str, Floats]


def find_given(scenario: Scenario, evidence: Evidence, has_refunds: bool) -> Given:
    """Find what was given in each case.

    Where words say it, that counts: the resolution that holds just what they say; else the one that lacks least of it
    and adds least to it, told apart by money, credit and the way of the item. Where nothing is said, but something was
    paid back or credited, it is the resolution whose money and credit (with every assumption at its central value) are
    nearest to that, as shares of the price, and that adds least.

    Parameters
    ----------
    scenario
        Its menus are what can be found.
    evidence
        What is known of each case; the failure is known everywhere.
    has_refunds
        Whether there is a record of refunds: then money that is said to have been paid, but is not in it, is not known.
    """
    menu = compile_menu(scenario, central(scenario))
    finder = _Finder(scenario, menu)
    count = len(evidence.failure)
    resolution, found = np.full(count, -1, dtype=np.int16), np.zeros(count, dtype=np.int8)
    is_far = np.zeros(count, dtype=np.bool_)
    can_infer = (evidence.paid > 0) | (evidence.credited > 0)
    wanted = np.flatnonzero((evidence.said >= 0) | can_infer)
    for failure, said, rows in _groups(evidence, wanted):
        base = finder.base(failure, evidence.meanings[said] if said >= 0 else ())
        if said >= 0 and (base == 0).sum() == 1:
            resolution[rows], found[rows] = int(base.argmin()), FOUND.index("said")
            rows = rows[finder.has_more(failure, int(base.argmin()), evidence, rows)]
        if said >= 0 and finder.is_open(failure, base, evidence.meanings[said]):
            # "refund", and nobody says how much
            rows = rows[~(np.isnan(evidence.paid[rows]) & np.isnan(evidence.credited[rows]))]
        for first in range(0, len(rows), _ROWS_AT_ONCE):
            some = rows[first : first + _ROWS_AT_ONCE]
            best, far = finder.nearest(failure, base, evidence, some, is_said=said >= 0)
            resolution[some], is_far[some] = best, far & (said < 0)
            how = np.where(base[best] == 0, FOUND.index("said"), FOUND.index("said, nearest taken"))
            found[some] = how if said >= 0 else FOUND.index("inferred")
    amounts = finder.amounts(evidence, resolution, has_refunds)
    moves = finder.moves_item[evidence.failure, np.maximum(resolution, 0)] & (resolution >= 0)
    is_return_guessed = moves & np.isnan(evidence.returned) & (found >= FOUND.index("said, nearest taken"))
    return Given(resolution, menu.names, found, is_far, is_return_guessed, amounts)


def _groups(evidence: Evidence, rows: Rows) -> Iterator[tuple[int, int, Rows]]:
    """Yield failure, what was said, and the rows that have both."""
    if not rows.size:
        return
    width = len(evidence.meanings) + 1
    key = evidence.failure[rows].astype(np.int32) * width + evidence.said[rows] + 1
    ranked = np.argsort(key, kind="stable")
    key, rows = key[ranked], rows[ranked]
    starts = np.flatnonzero(begins_run(key))
    for one, part in zip(key[starts].tolist(), np.split(rows, starts[1:]), strict=True):
        yield one // width, one % width - 1, part


class _Finder:
    """Knows what each resolution comes to: amounts are intercept + slope x price."""

    def __init__(self, scenario: Scenario, menu: Menu) -> None:
        self.counts = menu.counts
        self.bundles = [
            [frozenset(bundle) for bundle in scenario.resolutions(failure)] for failure in scenario.failures
        ]
        fixed, of_price = _columns_by_price(scenario)
        self.fixed = {name: menu.uses[:, :, LIMITS.index(name), :, 0] @ fixed for name in AMOUNTS}
        self.slope = {name: menu.uses[:, :, LIMITS.index(name), :, 0] @ of_price for name in AMOUNTS}
        waiving = [k for k, name in enumerate(LIMITS) if LIMIT_KINDS[name].waives_return]
        self.keeps: NDArray[np.bool_] = np.asarray(menu.touches[:, :, waiving].any(axis=2), dtype=np.bool_)
        self.brings_back = menu.brings_item_back
        self.moves_item = self.keeps | self.brings_back

    def base(self, failure: int, meaning: Meaning) -> Floats:
        """Return (A,) how far each resolution of a failure is from what was said: 0 where it is just that."""
        scores = []
        for bundle in self.bundles[failure]:
            missing = sum(not (variants & bundle) for variants in meaning)
            said = frozenset().union(*meaning) if meaning else frozenset()
            # of two variants that were said as one thing, one is enough: another is as unsaid as any
            extra = len(bundle) - sum(bool(variants & bundle) for variants in meaning) if said else len(bundle)
            scores.append(_MISSING * missing + _UNSAID * max(extra, 0))
        return np.array(scores)

    def has_more(self, failure: int, resolution: int, evidence: Evidence, rows: Codes) -> NDArray[np.bool_]:
        """Tell in which rows money or credit is on record of which a resolution holds none."""
        more = np.zeros(len(rows), dtype=np.bool_)
        for name, given in ((_MONEY, evidence.paid[rows]), (_CREDIT, evidence.credited[rows])):
            holds = self.fixed[name][failure, resolution] + self.slope[name][failure, resolution] > 0
            more |= (np.nan_to_num(given) > 0) & ~holds
        return more

    def is_open(self, failure: int, base: Floats, meaning: Meaning) -> bool:
        """Tell whether the resolutions that fit best what was said differ in a thing that was said."""
        fitting = [self.bundles[failure][k] for k in np.flatnonzero(base == base.min()).tolist()]
        return any(len({bundle & variants for bundle in fitting}) > 1 for variants in meaning)

    def nearest(
        self, failure: int, base: Floats, evidence: Evidence, rows: Codes, is_said: bool
    ) -> tuple[Codes, NDArray[np.bool_]]:
        """Return the best resolution of some rows, and whether its money is far from what was paid."""
        size = int(self.counts[failure])
        price = np.nan_to_num(evidence.price[rows])[:, None]
        score = np.broadcast_to(base, (len(rows), size)).copy()
        money_off: Floats = np.zeros((len(rows), size))
        for name, given in ((_MONEY, evidence.paid[rows]), (_CREDIT, evidence.credited[rows])):
            use = self.fixed[name][failure, :size] + self.slope[name][failure, :size] * price
            amount = np.nan_to_num(given)[:, None]
            scale = (
                np.maximum(np.maximum(price, amount), 0.01)
                if name == _MONEY
                else (np.maximum(np.maximum(amount, use), 1.0))
            )
            off: Floats = np.asarray(np.abs(amount - use) / scale, dtype=np.float64)
            term = _OF_AMOUNT * off + _OF_KIND * ((amount > 0) != (use > 0))
            # what was said counts where no money is on record
            score += np.where(np.isnan(given)[:, None] & is_said, 0.0, term)
            money_off = off if name == _MONEY else money_off
        returned = evidence.returned[rows][:, None]
        keeps, back = self.keeps[failure, :size], self.brings_back[failure, :size]
        score += np.where(returned == 1, _OF_RETURN * keeps + 0.5 * _OF_RETURN * ~back, 0.0)
        score += np.where(returned == 0, _OF_RETURN * back, 0.0)
        score += np.where(np.isnan(returned), _IF_NOBODY_KNOWS * keeps, 0.0)
        best = score.argmin(axis=1)
        return best, np.asarray(np.take_along_axis(money_off, best[:, None], axis=1)[:, 0] > _FAR)

    def amounts(self, evidence: Evidence, resolution: Codes, has_refunds: bool) -> dict[str, Floats]:
        """Return what was given on each limit: what is on record; else what the resolution comes to."""
        known = resolution >= 0
        place = (evidence.failure, np.maximum(resolution, 0))
        amounts = {}
        for name in AMOUNTS:
            comes_to = np.where(known, self.fixed[name][place] + self.slope[name][place] * evidence.price, np.nan)
            recorded = {_MONEY: evidence.paid, _CREDIT: evidence.credited}.get(name)
            if recorded is None:
                amounts[name] = comes_to
                continue
            if name == _MONEY and has_refunds:
                comes_to = np.where(comes_to > 0, np.nan, comes_to)
            amounts[name] = np.where(np.isnan(recorded), comes_to, recorded)
        return amounts


def _columns_by_price(scenario: Scenario) -> tuple[Floats, Floats]:
    """Return what each of `COLUMNS` is where only the price is known: a number, and a multiple of the price."""
    fixed, of_price = {"constant": 1.0}, {"constant": 0.0}
    for name in ("item_price", *(name for name in COLUMNS if name not in ("constant", "item_price"))):
        column = CASE_COLUMNS[name]
        if column.filled_from is None:
            fixed[name], of_price[name] = 0.0, 1.0
            continue
        base, names = column.filled_from
        factor = float(np.prod([scenario.value(assumption) for assumption in names]))
        fixed[name], of_price[name] = fixed[base] * factor, of_price[base] * factor
    return np.array([fixed[name] for name in COLUMNS]), np.array([of_price[name] for name in COLUMNS])
