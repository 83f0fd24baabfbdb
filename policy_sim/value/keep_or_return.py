"""Keep or return: up to which price the customer should keep the item, by a formula and by simulation.

In: payoffs, a failure in which money is given back. Out: `KeepOrReturn`, with what a return costs and brings.
Left to others: limits on everything else (`best_limits`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from policy_sim.assumptions import central
from policy_sim.border import InputError, plain_rows
from policy_sim.policy import NO_LIMIT, limit_content
from policy_sim.service import Cases
from policy_sim.value.payoffs import Payoffs, expect, spread, value_cases
from policy_sim.value.response_kernels import LANES, Assignments, score_assignments
from policy_sim.words import COLUMNS, MEASURES

__all__ = ["KeepOrReturn", "comparable_failures", "keep_or_return"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_CASES = 400  # of a failure, that the formula takes its means over
_PRICES = 25  # at which the part that depends on the price is worked out
_LOWEST, _HIGHEST = 1.0, 5_000.0  # money, between which the formula is solved


@dataclass(frozen=True)
class KeepOrReturn:
    """Up to which price keeping beats a return, for one failure.

    Attributes
    ----------
    failure
        Its name.
    price
        Price (money) at which `components` are given: the middle one of the cases.
    components
        What keeping saves (above 0) or gives away (below 0) for an item of that price: money, by the names of
        `words.RETURN_PARTS`.
    keep_below
        By the formula, at the central assumptions: keeping is better below this price; `NO_LIMIT` where it always is.
    simulated
        The limit on keeping that is best over the cases and the mean of the draws: from this price ...
    simulated_until
        ... up to below this one nothing changes, for want of cases between them.
    """

    failure: str
    price: float
    components: Mapping[str, float]
    keep_below: float
    simulated: float
    simulated_until: float

    def to_frame(self) -> pd.DataFrame:
        """Return one row: failure, the limits by formula and by simulation, the price, the components at that price."""
        row = {
            "failure": self.failure,
            "keep_below": self.keep_below,
            "simulated": self.simulated,
            "simulated_until": self.simulated_until,
            "price": self.price,
        }
        return pd.DataFrame([row | dict(self.components)])

    def to_dict(self) -> dict[str, object]:
        """Return the same as plain data; limits as they stand in files."""
        return plain_rows(self.to_frame(), limit_content)[0]


def keep_or_return(payoffs: Payoffs, failure: str, refund: str = "full_refund") -> KeepOrReturn:
    """Compare a refund that lets the customer keep the item with one that asks for it back.

    Parameters
    ----------
    payoffs
        The valued cases.
    failure
        One whose resolutions hold the refund both with `keep_item` and with `send_back`.
    refund
        The remedy that gives the money back.

    Raises
    ------
    InputError
        If the failure is unknown, has no cases, or lacks one of the two resolutions.

    Notes
    -----
    Keep if the price P is below

        P* = (label + inspection + C(P)) / (salvage_share unit_cost_share - restocking_share + L(P))

    where C is the value that asking for the item loses, mean over customers, and L P what keeping teaches people to
    claim; always keep if the denominator is 0 or less. C and L depend on the price, so this is a fixed point.
    """
    scenario, cases = payoffs.scenario, payoffs.cases
    scenario.check_cell(failure, None)
    f = list(scenario.failures).index(failure)
    names = payoffs.menu.names[f]
    pair = [f"{refund} + keep_item", f"{refund} + send_back"]
    for name in pair:
        if name not in names:
            raise InputError(
                f"failure '{failure}' of scenario '{scenario.name}' has no resolution "
                f"'{name.replace(' + ', ' with ')}'; keeping and returning are compared where both are there, add it"
            )
    rows = np.flatnonzero(cases.failure == f)
    if not rows.size:
        raise InputError(f"there is no case of '{failure}'; draw more cases (--cases), or choose another failure")
    keep, back = (names.index(name) for name in pair)

    middle = float(np.median(cases.item_price[rows]))
    prices = np.unique(np.append(np.geomspace(_LOWEST, _HIGHEST, _PRICES), middle))
    parts = _components(cases.take(rows[spread(len(rows), _CASES)]), prices, payoffs, keep, back)
    first, until = _simulate(payoffs, rows, keep, back)
    at_middle = int(np.searchsorted(prices, middle))
    return KeepOrReturn(
        failure,
        middle,
        {name: float(values[at_middle]) for name, values in parts.items()},
        _first_zero(prices, np.sum(list(parts.values()), axis=0)),
        first,
        until,
    )


def comparable_failures(payoffs: Payoffs, refund: str = "full_refund") -> tuple[str, ...]:
    """Return the failures that have cases, and a refund both with keeping and with sending back.

    Raises
    ------
    InputError
        If there is none.
    """
    found = [
        failure
        for f, failure in enumerate(payoffs.scenario.failures)
        if {f"{refund} + keep_item", f"{refund} + send_back"} <= set(payoffs.menu.names[f])
        and (payoffs.cases.failure == f).any()
    ]
    if not found:
        raise InputError(
            f"no failure among the cases of scenario '{payoffs.scenario.name}' may be answered by '{refund}' both with "
            "'keep_item' and with 'send_back'; keeping and returning are compared where both are there, add them to it"
        )
    return tuple(found)


def _components(cases: Cases, prices: Floats, payoffs: Payoffs, keep: int, back: int) -> dict[str, Floats]:
    """Return what keeping saves or gives away at each price (prices,): means over cases, at the central assumptions."""
    scenario = payoffs.scenario
    middle = central(scenario)
    count = len(cases)
    priced = _priced(cases.take(np.tile(np.arange(count), len(prices))), np.repeat(prices, count))
    valued = value_cases(scenario, priced, middle)
    place = np.repeat(np.arange(len(prices)), count)

    def measures(resolution: int) -> dict[str, Floats]:
        out = np.zeros((len(prices), len(MEASURES), LANES))
        first_tier = np.zeros(len(priced), dtype=np.int64)
        assignments = Assignments(np.arange(len(priced)), first_tier, np.full((len(priced), 3), resolution), place)
        nobody = np.zeros(len(priced), dtype=np.bool_)
        score_assignments(assignments, nobody, valued.case_arrays, valued.draw_arrays, valued.style, 0, out)
        return dict(zip(MEASURES, out[:, :, 0].T / count, strict=True))

    kept, returned = measures(keep), measures(back)
    money = priced.money_columns() * priced.column_factors(middle)[:, 0]
    means = money.reshape(len(prices), count, -1).mean(axis=1)
    reached = float(cases.surfaces.mean()) * (1 - scenario.value(f"{scenario.tiers[0]}.lost_contact_share"))

    def paid(column: str) -> Floats:
        return np.asarray(reached * means[:, COLUMNS.index(column)], dtype=np.float64)

    return {
        "label": paid("return_shipping"),
        "inspection": paid("restocking"),
        "restocking": scenario.value("shop.restocking_share") * paid("item_price"),
        "salvage": -paid("salvage_value"),
        "customer": kept["retained"] - returned["retained"],
        "learned_claiming": returned["learned_claiming"] - kept["learned_claiming"],
    }


def _priced(cases: Cases, price: Floats) -> Cases:
    """Return the cases with other prices; what grows with the price grows along."""
    factor = price / np.maximum(cases.item_price, 0.01)
    grown = {name: cases.columns[name] * factor for name in ("unit_cost", "salvage_value")}
    return cases.with_columns({"item_price": price, **grown})


def _first_zero(prices: Floats, gain: Floats) -> float:
    """Return the price at which the gain of keeping falls to 0: 0 where it is below from the start."""
    below = np.flatnonzero(gain <= 0)
    if not below.size:
        return NO_LIMIT
    k = int(below[0])
    if k == 0:
        return 0.0
    share = gain[k - 1] / (gain[k - 1] - gain[k])
    return float(prices[k - 1] + share * (prices[k] - prices[k - 1]))


def _simulate(payoffs: Payoffs, rows: Ints, keep: int, back: int) -> tuple[float, float]:
    """Return the stretch of limits on keeping that is best for the cases, over the mean of the draws."""
    rows = rows[np.argsort(payoffs.cases.item_price[rows], kind="stable")]
    first_tier = np.zeros(len(rows), dtype=np.int64)
    nobody = np.zeros(len(payoffs.cases), dtype=np.bool_)
    all_claims = np.ones(payoffs.style.shape[-1])
    shares, numbers = payoffs.style, payoffs.draw_arrays
    kept, returned = (
        expect(payoffs, rows, np.full(len(rows), choice), first_tier, nobody, all_claims, shares, numbers)[..., 0]
        for choice in (keep, back)
    )
    price = payoffs.cases.item_price[rows]
    total = np.append(0.0, np.cumsum((kept - returned).sum(axis=1)))
    # cases of one price are kept or returned together
    is_edge = np.append(True, np.append(price[1:] > price[:-1], True))
    best = int(np.argmax(np.where(is_edge, total, -np.inf)))
    return (float(price[best - 1]) if best else 0.0), (float(price[best]) if best < len(price) else NO_LIMIT)
