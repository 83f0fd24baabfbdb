"""Arrays: what the kernels take, and the names of what stands where in them.

In: nothing. Out: names in the order of the axes, and named tuples of arrays.
Left to others: filling them (`payoffs`, `evaluation`), the loops over them (`response_kernels`, `choice_kernels`).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "FACTS",
    "FORMS",
    "GUIDED",
    "LANES",
    "MEASURES",
    "PER_FAILURE",
    "PER_TIER",
    "QUANTITIES",
    "SHARED",
    "STAFF",
    "STYLES",
    "Assignments",
    "CaseArrays",
    "ChoiceSets",
    "DrawArrays",
    "PolicyArrays",
]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

#: Draws, or cases, that the response is worked out for at a time; axes of draws are padded to a multiple of it.
LANES = 52

#: How agents choose among what they may give, in the order of every style axis.
STYLES = ("guided", "generous", "thrifty")
GUIDED = STYLES.index("guided")

#: What is added up over cases, in the order of every measure axis: as `words.MEASURES`, and a test sees to it.
MEASURES = (
    "retained",
    "remedy_cost",
    "labour",
    "learned_claiming",
    "customers_kept",
    "escalated",
    "minutes",
    "supervisor_minutes",
)

#: What the search for limits looks up of a case, in the order of every quantity axis: money, money, minutes, money.
QUANTITIES = ("net_value", "remedy_cost", "supervisor_minutes", "learned_claiming")

#: Columns of `CaseArrays.facts`: severity less .5, at most 3 prior failures, bond = ln((1 + prior purchases) / 4).
FACTS = (
    "item_price",
    "severity",
    "hours_open",
    "prior_failures",
    "recent_failure",
    "bond",
    "first_order",
    "future_value",
    "surfaces",
)

#: Linear forms in the money columns of a case, third axis of `DrawArrays.forms`; felt and gain are net of trouble.
FORMS = ("cost", "felt", "gain")

#: Second axis of `DrawArrays.failures`; kappa is the logit of the churn without remedy.
PER_FAILURE = ("loss_share", "kappa", "compensation_weight", "spend_drop")

#: Second axis of `DrawArrays.tiers`.
PER_TIER = ("wait_hours", "lost_contact_share")

#: Fourth axis of `DrawArrays.staff`.
STAFF = ("labour", "minutes", "supervisor_minutes")

#: First axis of `DrawArrays.shared`. idle and quiet are the effort of a contact that leads to nothing, and of none at
#: all, in logits; deterred and gained are money per customer; reach is learned claims where the gain is large; scales
#: are one over what they are named for.
SHARED = (
    "churn_without_failure",
    "severity_weight",
    "wait_weight",
    "idle",
    "quiet",
    "repeat_weight",
    "double_deviation_weight",
    "bond_weight",
    "first_order_weight",
    "over_compensation_weight",
    "insult_weight",
    "insult_scale",
    "suspected_weight",
    "paradox",
    "deterred",
    "gained",
    "future_value_factor",
    "reach",
    "temptation_scale",
)


class CaseArrays(NamedTuple):
    """What the response needs to know of each of N cases; C money columns."""

    failure: Ints  # (N,) place of the failure in the scenario
    customer: Ints  # (N,) row of `DrawArrays.value_ratios`
    money: Floats  # (N, C) columns of the linear forms
    facts: Floats  # (N, facts) as named in `FACTS`


class DrawArrays(NamedTuple):
    """All numbers of M draws; F failures, A resolutions, C money columns, K tiers of the scenario."""

    forms: Floats  # (F, A, forms, C, M) coefficients of the linear forms
    active: Bools  # (F, A, forms, C) whether a coefficient is ever other than 0
    push: Floats  # (F, A, M) logits by which effort, gesture and proactivity raise the chance of loss
    lead_hours: Floats  # (F, A, M) hours until a resolution is there
    staff: Floats  # (F, A, K, quantities, M) what it takes of people at each tier, as named in `STAFF`
    proactive: Bools  # (F, A) whether it is given before anybody asks
    timing: Ints  # (F, A) the same number where resolutions take as long and are as proactive
    rejected: Bools  # (F,) whether the service was rejected rather than flawed but accepted
    failures: Floats  # (F, quantities, M) as named in `PER_FAILURE`
    tiers: Floats  # (K, quantities, M) as named in `PER_TIER`
    shared: Floats  # (quantities, M) as named in `SHARED`
    value_ratios: Floats  # (customers, M) future value under each draw, as a multiple of the estimated one


class Assignments(NamedTuple):
    """Who decides cases, and what each style of agents then chooses.

    Assignments of one case that follow each other are the stages that it goes through as a limit rises.
    """

    case: Ints  # (assignments,)
    tier: Ints  # (assignments,) tier of the scenario
    choice: Ints  # (assignments, styles) resolution that each style chooses, -1 where a style is to be left out
    place: Ints  # (assignments,) where it is added up


class ChoiceSets(NamedTuple):
    """What may be chosen for each case; N cases, A resolutions, L limits, K tiers of the scenario.

    The preference orders are those of guided agents at each tier, of generous ones and of thrifty ones: the adequate
    resolutions of a case, the one that they prefer first, the lower index first where they are indifferent. Those that
    are never chosen are left out: a preferred one uses no more of any limit. -1 fills the rest.
    """

    counts: Ints  # (N,) resolutions of the case's failure
    uses: NDArray[np.signedinteger[Any]]  # (N, A, L) cents, -1 where a resolution does not use a limit
    adequate: Bools  # (N, A)
    preference_order: NDArray[np.int16]  # (N, K + 2, A)
    most_worth: NDArray[np.int16]  # (N,) what is worth most to the customer, adequate or not


class PolicyArrays(NamedTuple):
    """What a policy says of each of N cases, whatever is chosen; M draws, L limits, T tiers of the policy."""

    start: Ints  # (N,) tier of the policy that looks first
    cell: Ints  # (N,) second axis of `limits`: failure and segment
    limits: Ints  # (T, cells, L) cents; -1 is no authority
    tiers: Ints  # (T,) their places among the tiers of the scenario
    suspected: Bools  # (N,) cases that a guard has passed on because the customer may be lying
    claimed: Floats  # (M,) share of learned claiming that gets past the guards
