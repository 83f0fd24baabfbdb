"""Following: who goes by a policy's playbook, what it says of each case, and what that costs.

In: a playbook, payoffs. Out: resolutions, shares of styles, costs. Left to others: which playbook is best
(`best_playbook`), what people choose who do not follow one, or where it cannot be followed (`choice_kernels`).

Who follows gives what the playbook says where the tier that decides may give it, and chooses by their own style where
it says nothing, nothing that the customer accepts, or more than that tier may give. So each style has two kinds of
people.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from policy_sim.border import InputError
from policy_sim.policy import Playbook, PlaybookRule
from policy_sim.value.payoffs import Payoffs
from policy_sim.words import ASKS, MEASURES

__all__ = ["book_of", "following_costs", "rules_of", "style_under"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def book_of(playbook: Playbook | None, payoffs: Payoffs) -> Ints:
    """Return for each case (N,) the resolution that a playbook says, -1 where it says none that is adequate."""
    if playbook is None:
        return np.full(len(payoffs.cases), -1)
    _, known = payoffs.books.get(id(playbook), (None, None))
    if known is None:
        known = _read(playbook, payoffs)
        # kept with the playbook itself, whose number no other one can have while it lives
        payoffs.books[id(playbook)] = playbook, known
    return known


def _read(playbook: Playbook, payoffs: Payoffs) -> Ints:
    playbook.check_names(payoffs.scenario, "the policy")
    names = list(payoffs.scenario.failures)
    bundles = {failure: [set(bundle) for bundle in payoffs.scenario.resolutions(failure)] for failure in names}
    said = np.array([bundles[rule.failure].index(set(rule.give)) for rule in playbook.rules])
    rule = rules_of(playbook, payoffs)
    rows = np.flatnonzero(rule >= 0)
    rows = rows[payoffs.adequate[rows, said[rule[rows]]]]
    book = np.full(len(rule), -1)
    book[rows] = said[rule[rows]]
    return book


def rules_of(playbook: Playbook | None, payoffs: Payoffs) -> Ints:
    """Return the place of the rule that is for each case (N,): the first that holds, -1 where none does."""
    found = np.full(len(payoffs.cases), -1)
    for n, rule in enumerate(playbook.rules if playbook else ()):
        found[(found < 0) & _holds(rule, payoffs)] = n
    return found


def _holds(rule: PlaybookRule, payoffs: Payoffs) -> NDArray[np.bool_]:
    """Return for each case (N,) whether a rule is for it, whatever the rules before it."""
    cases = payoffs.cases
    is_its = np.asarray(cases.failure == cases.failures.index(rule.failure))
    if rule.asks:
        is_its &= np.isin(cases.ask, [list(ASKS).index(ask) for ask in rule.asks])
    for fact, stretch in rule.when.items():
        low, high = stretch.ends
        is_its &= (cases.columns[fact] >= low) & (cases.columns[fact] < high)
    return is_its


def style_under(playbook: Playbook | None, payoffs: Payoffs) -> Floats:
    """Return shares (K, styles, padded draws) of who chooses how; with a playbook, behind them of those who follow."""
    if playbook is None:
        return payoffs.style
    followed = _padded(_assumed("followed_share", payoffs), payoffs)
    return np.concatenate([payoffs.style * (1 - followed), payoffs.style * followed], axis=1)


def following_costs(playbook: Playbook | None, payoffs: Payoffs, place: Ints, places: int) -> Floats:
    """Return (places, measures, draws) what looking up and training cost, summed over the cases by place (N,).

    It is the same for all cases: minutes of the first tier where people come, and a share of a year's training.
    """
    costs = np.zeros((places, len(MEASURES), len(payoffs.draws)))
    if playbook is None:
        return costs
    draws, scenario = payoffs.draws, payoffs.scenario
    minutes = _assumed("followed_share", payoffs) * _assumed("lookup_minutes", payoffs)
    training = _assumed("training_cost", payoffs) / draws["shop.cases_per_year"]
    coming, everybody = (np.bincount(place, weight, places)[:, None] for weight in (payoffs.cases.surfaces, None))
    costs[:, MEASURES.index("minutes")] = coming * minutes
    labour = coming * minutes * draws[f"{scenario.tiers[0]}.cost_per_minute"] + everybody * training
    costs[:, MEASURES.index("labour")] = labour
    return costs


def _assumed(name: str, payoffs: Payoffs) -> Floats:
    """Return the draws (draws,) of an assumption about playbooks."""
    full = f"playbook.{name}"
    if full not in payoffs.draws.names:
        raise InputError(
            f"the policy has a playbook, and scenario {payoffs.scenario.name} does not say '{full}'; add it under "
            "assumptions.playbook, or take the playbook out of the policy"
        )
    return payoffs.draws[full]


def _padded(values: Floats, payoffs: Payoffs) -> Floats:
    return np.pad(values, (0, payoffs.style.shape[-1] - len(values)), mode="edge")
