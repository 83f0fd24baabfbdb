"""Payoffs: every resolution valued for every case, once, so that a policy only chooses.

In: a scenario, cases, joint draws of the assumptions. Out: `Payoffs`, shared by every policy that is compared.
Left to others: who may choose what (`policy`), which choices a policy leads to (`evaluation`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cached_property
from os import cpu_count
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from policy_sim.assumptions import Draws, Scenario, central
from policy_sim.border import InputError, Progress
from policy_sim.failures import ACTS
from policy_sim.policy import Playbook
from policy_sim.service import Cases, Menu, compile_menu, recency_of_failure
from policy_sim.value.choice_kernels import STYLES, ChoiceSets, put_in_order
from policy_sim.value.response_kernels import (
    EXPECTED,
    FACTS,
    FORMS,
    LANES,
    PER_FAILURE,
    PER_TIER,
    SHARED,
    STAFF,
    CaseArrays,
    DrawArrays,
    expected_payoffs,
    payoffs_of_cases,
)
from policy_sim.words import ASKS, LIMIT_KINDS, LIMITS, NEEDS

__all__ = ["AgentView", "Payoffs", "expect", "in_blocks", "is_there", "spread", "value_cases"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_ROWS_IN_A_BLOCK = 20_000
_CASES_IN_A_BLOCK = 5_000
_HALF, _HALF_A_CENT = 0.5, 0.005  # half a cent is not a breach
_MOST_CENTS = 1e18  # that a resolution draws on a limit: what still fits a whole number


class AgentView(NamedTuple):
    """What agents believe, under the central assumptions, of N cases, A resolutions and K tiers; all in money.

    payoff (K, N, A) is what guided agents go by; worth (N, A) to the customer, net of trouble, what generous ones do;
    cost (N, A) what thrifty ones do.
    """

    payoff: Floats
    worth: Floats
    cost: Floats


@dataclass(frozen=True)
class Payoffs:
    """The value of every resolution for every case under every draw, ready to be chosen from.

    Attributes
    ----------
    scenario, cases, draws
        What was valued.
    menu
        Resolutions of each failure, with the central numbers.
    case_arrays, draw_arrays, choice_sets
        The same for the compiled loops of this room: cases; draws; what may be chosen for each case, and in which order
        agents prefer it. Other rooms read `uses`, `adequate` and `value_ratios`.
    style
        (K, styles, draws) shares of guided, generous and thrifty people at each tier of the scenario; 0 in the draws
        that pad the last block.
    """

    scenario: Scenario
    cases: Cases
    draws: Draws
    menu: Menu
    case_arrays: CaseArrays
    draw_arrays: DrawArrays
    choice_sets: ChoiceSets
    style: Floats
    #: What playbooks say of the cases, by the number of each, once it has been read.
    books: dict[int, tuple[Playbook, Ints]] = field(default_factory=dict, init=False, repr=False, compare=False)

    def take(self, rows: Ints) -> Payoffs:
        """Return the payoffs of some of the cases."""
        cases = self.case_arrays
        case_arrays = CaseArrays(cases.failure[rows], cases.customer[rows], cases.money[rows], cases.facts[rows])
        sets = self.choice_sets
        # in C order, as loops are compiled anew for another one
        choice_sets = ChoiceSets(
            counts=sets.counts[rows],
            uses=sets.uses[rows],
            adequate=sets.adequate[rows],
            preference_order=np.take(sets.preference_order, rows, axis=1),
            most_worth=sets.most_worth[rows],
        )
        return replace(self, cases=self.cases.take(rows), case_arrays=case_arrays, choice_sets=choice_sets)

    def under(self, draws: Draws, value_ratios: Floats | None = None) -> Payoffs:
        """Return the payoffs of the same cases under other draws; what agents believe stays as it is.

        Raises
        ------
        InputError
            As `value_cases` does.
        """
        draw_arrays, style = _scored_by(self.scenario, self.cases, draws, value_ratios)
        return replace(self, draws=draws, draw_arrays=draw_arrays, style=style)

    @property
    def uses(self) -> NDArray[np.signedinteger[Any]]:
        """Cents (N, A, limits) that each resolution uses of each limit, -1 where it uses nothing of it."""
        return self.choice_sets.uses

    @property
    def adequate(self) -> NDArray[np.bool_]:
        """Whether each resolution (N, A) gives the customer what they must get."""
        return self.choice_sets.adequate

    @property
    def value_ratios(self) -> Floats:
        """Future value of each customer (customers, draws) under each draw, as a multiple of the estimated one."""
        return self.draw_arrays.value_ratios[:, : len(self.draws)]

    @cached_property
    def agent_view(self) -> AgentView:
        """What agents go by: every resolution of every case as the central assumptions have it."""
        cases, menu, middle = self.case_arrays, self.menu, central(self.scenario)
        draws = _central_arrays(self.scenario, self.cases, menu)
        money = cases.money * self.cases.column_factors(middle)[:, 0]
        shape = self.adequate.shape
        view = AgentView(np.zeros((len(self.scenario.tiers), *shape)), np.zeros(shape), np.zeros(shape))
        for f, count in enumerate(menu.counts):
            rows = np.flatnonzero(cases.failure == f)
            if rows.size:
                of_failure = _view_of_failure(menu, cases, draws, money[rows], rows)
                for whole, part in zip(view, of_failure, strict=True):
                    whole[..., rows, :count] = part
        return view

    def without_learned_claiming(self) -> Payoffs:
        """Return the same payoffs if nobody learned to claim from what others get; agents believe what they did."""
        return self._with_zeros("reach")

    def without_word_of_mouth(self) -> Payoffs:
        """Return the same payoffs if nobody talked: no new customers are deterred or gained."""
        return self._with_zeros("deterred", "gained")

    def _with_zeros(self, *names: str) -> Payoffs:
        shared = self.draw_arrays.shared.copy()
        shared[[SHARED.index(name) for name in names]] = 0.0
        return replace(self, draw_arrays=self.draw_arrays._replace(shared=shared))


def value_cases(scenario: Scenario, cases: Cases, draws: Draws, value_ratios: Floats | None = None) -> Payoffs:
    """Value every resolution of every case at every tier.

    What agents believe (and what limits are measured in) comes from the central assumptions; each draw then scores what
    was chosen. A draw is only worked out for resolutions that are chosen somewhere, which is the same and much less.

    Parameters
    ----------
    scenario
        Failures, remedies, tiers.
    cases
        Cases of that scenario.
    draws
        Joint draws of the scenario's assumptions.
    value_ratios
        (customers, draws) future value of each customer under each draw, as a multiple of the estimated one: the
        errors of the customer models. Where not given, future values are taken as known.

    Raises
    ------
    InputError
        If `value_ratios` does not have a row for each customer of the cases and a column for each draw.
    """
    menu = compile_menu(scenario, central(scenario))
    case_arrays = _case_arrays(scenario, cases)
    choice_sets = _choice_sets(scenario, cases, menu, case_arrays, _central_arrays(scenario, cases, menu))
    draw_arrays, style = _scored_by(scenario, cases, draws, value_ratios)
    return Payoffs(scenario, cases, draws, menu, case_arrays, draw_arrays, choice_sets, style)


def _central_arrays(scenario: Scenario, cases: Cases, menu: Menu) -> DrawArrays:
    return draw_arrays_of(scenario, cases, central(scenario), menu, np.ones((_customer_count(cases), 1)))


def _customer_count(cases: Cases) -> int:
    return int(cases.customer.max()) + 1


def _scored_by(
    scenario: Scenario, cases: Cases, draws: Draws, value_ratios: Floats | None
) -> tuple[DrawArrays, Floats]:
    """Return the arrays that score choices under each draw, and the shares (K, styles, draws) of who chooses how."""
    customer_count = _customer_count(cases)
    ratios = np.ones((customer_count, len(draws))) if value_ratios is None else value_ratios
    if ratios.shape[0] < customer_count or ratios.shape[1] != len(draws):
        raise InputError(
            f"value_ratios has shape {ratios.shape}; expected {customer_count} customers or more, {len(draws)} draws"
        )
    padded = _padded(draws)
    style = np.stack([_style_mix(tier, padded) for tier in scenario.tiers])
    style[..., len(draws) :] = 0.0
    repeated = ratios[:, np.minimum(np.arange(len(padded)), len(draws) - 1)]
    ratios = np.ascontiguousarray(repeated)
    return draw_arrays_of(scenario, cases, padded, compile_menu(scenario, padded), ratios), style


def _style_mix(tier: str, draws: Draws) -> Floats:
    """Return the shares (styles, draws) of who chooses how at a tier."""
    shares = [draws[f"{tier}.{style}_share"] for style in STYLES[1:]]
    return np.stack([1 - sum(shares), *shares])


def expect(
    payoffs: Payoffs,
    case: Ints,
    resolution: Ints,
    tier: Ints,
    suspected: NDArray[np.bool_],
    claimed: Floats,
    style: Floats,
    draw_arrays: DrawArrays,
) -> Floats:
    """Return (rows, styles, quantities): what rows come to, mean over draws, times a style's share at their tier.

    A row is a case under a resolution at a tier; quantities are those of `response_kernels.EXPECTED`.

    Parameters
    ----------
    case, resolution, tier
        (rows,) tier of the scenario.
    suspected
        (N,) whether a guard has passed the case on because its customer looks suspicious.
    claimed
        (draws,) share of learned claiming that gets through, for the padded draws of the payoffs.
    style
        (K, styles, draws) shares of who chooses how, for the same.
    draw_arrays
        Those of the payoffs, or those with the wait of a load in them.
    """
    weight = style / len(payoffs.draws)
    out = np.empty((len(case), style.shape[1], len(EXPECTED)))
    cases = payoffs.case_arrays
    # the compiler knows one kind of array only
    case, resolution, tier = (np.ascontiguousarray(rows) for rows in (case, resolution, tier))

    def work(first: int, last: int) -> None:
        expected_payoffs(case, resolution, tier, suspected, cases, draw_arrays, weight, claimed, first, last, out)

    in_blocks(work, len(case), _ROWS_IN_A_BLOCK)
    return out


def spread(count: int, most: int) -> Ints:
    """Return places, evenly spread, at most so many."""
    return np.linspace(0, count - 1, min(count, most)).astype(np.int64)


def in_blocks(
    work: Callable[[int, int], None],
    count: int,
    size: int | None = None,
    on_progress: Progress | None = None,
    words: str = "",
) -> None:
    """Call work(first, last) for consecutive blocks, on as many threads as there are processors.

    Where no size is given, it is one for work that takes about a microsecond a case. `words` tell `on_progress` what
    is being done.

    Blocks write to places of their own and are cut the same way on every machine, so results do not depend on threads.
    An exception raised by `on_progress` (a person cancels) stops the blocks that have not begun.
    """
    size = _CASES_IN_A_BLOCK if size is None else size
    edges = [(first, min(first + size, count)) for first in range(0, count, size)]
    if len(edges) == 1:
        work(*edges[0])
        if on_progress is not None:
            on_progress(words, 1, 1)
        return
    with ThreadPoolExecutor(cpu_count()) as pool:
        for done, _ in enumerate(_as_they_come(pool, work, edges), start=1):
            if on_progress is not None:
                on_progress(words, done, len(edges))


def _as_they_come(
    pool: ThreadPoolExecutor, work: Callable[[int, int], None], edges: list[tuple[int, int]]
) -> Iterable[None]:
    futures = [pool.submit(work, first, last) for first, last in edges]
    try:
        for future in futures:
            yield future.result()
    finally:
        for future in futures:
            future.cancel()


def _case_arrays(scenario: Scenario, cases: Cases) -> CaseArrays:
    half_life = scenario.value("response.double_deviation_half_life_days")
    named = {
        "item_price": cases.item_price,
        "severity": cases.severity - 0.5,
        "hours_open": cases.hours_open,
        "prior_failures": np.minimum(cases.prior_failures, 3.0),
        "recent_failure": recency_of_failure(cases.prior_failures, cases.days_since_failure, half_life),
        "bond": np.log((1 + cases.prior_purchases) / 4),
        "first_order": (cases.prior_purchases <= 1).astype(np.float64),
        "future_value": cases.future_value,
        "surfaces": cases.surfaces,
        "live": cases.live,
    }
    return CaseArrays(
        cases.failure, cases.customer, cases.money_columns(), np.column_stack([named[name] for name in FACTS])
    )


def draw_arrays_of(scenario: Scenario, cases: Cases, draws: Draws, menu: Menu, value_ratios: Floats) -> DrawArrays:
    """Put all numbers of the draws into the arrays that the kernels take."""
    newcomer = cases.new_customer_value * draws["shop.future_value_factor"]
    forms = {"cost": menu.cost, "felt": menu.felt - menu.trouble, "gain": menu.gain - menu.trouble}
    effort_weight, base_effort = draws["response.effort_weight"], draws["response.base_effort"]
    derived = {
        "idle": effort_weight * (base_effort - 0.5),
        "quiet": effort_weight * -0.5,
        "insult_scale": 1 / draws["response.insult_below"],
        "queue_hours": np.zeros(len(draws)),
        "deterred": draws["response.deterred_per_lost"] * newcomer,
        "gained": draws["response.gained_per_delighted"] * newcomer,
        "future_value_factor": draws["shop.future_value_factor"],
        "reach": draws["claiming.spread"] * draws["claiming.publicity"] / (1 - draws["claiming.repeat_share"]),
        "temptation_scale": 1 / draws["claiming.temptation"],
    }
    churn = {failure: draws[f"{failure}.churn_without_remedy"] for failure in scenario.failures}
    acts = dict(zip(ACTS, np.moveaxis(menu.acts, 2, 0), strict=True))
    on_request = ~menu.proactive[..., None]
    gesture_weight = np.array([draws[f"{failure}.gesture_weight"] for failure in scenario.failures])[:, None]
    push = (
        effort_weight * (on_request * base_effort + acts["effort"] - 0.5)
        - gesture_weight * acts["gesture"]
        - draws["response.proactive_weight"] * ~on_request
    )
    stacked = np.stack([forms[name] for name in FORMS], axis=2) * cases.column_factors(draws)
    return DrawArrays(
        forms=stacked,
        active=(stacked != 0).any(axis=-1),
        push=push,
        lead_hours=np.ascontiguousarray(acts["lead_hours"]),
        staff=np.stack([_staff(scenario, tier, draws, acts, on_request) for tier in scenario.tiers], axis=2),
        proactive=menu.proactive,
        in_line=menu.in_line,
        timing=_timing(menu),
        rejected=np.array([failure.shape == "rejected" for failure in scenario.failures.values()]),
        failures=np.array(
            [
                [np.log(churn[f] / (1 - churn[f])) if name == "kappa" else draws[f"{f}.{name}"] for name in PER_FAILURE]
                for f in scenario.failures
            ]
        ),
        tiers=np.array([[draws[f"{tier}.{name}"] for name in PER_TIER] for tier in scenario.tiers]),
        shared=np.array([derived[name] if name in derived else draws[f"response.{name}"] for name in SHARED]),
        value_ratios=value_ratios,
    )


def _staff(
    scenario: Scenario, tier: str, draws: Draws, acts: dict[str, Floats], on_request: NDArray[np.bool_]
) -> Floats:
    """Return what each resolution takes of people where it is given at a tier: (F, A, quantities, M) as in `STAFF`.

    The first tier takes every request; what is passed on costs the tier where it ends its minutes besides. Those, and
    acts of whoever decides or of supervisors, are spent unless contact was lost before.
    """
    first, second = scenario.tiers[:2]
    stays = 1 - draws[f"{tier}.lost_contact_share"] * on_request
    taking = on_request * draws[f"{first}.minutes"]
    passed_on = np.zeros(len(draws)) if tier == first else stays * draws[f"{tier}.minutes"]
    own, by_supervisors = stays * acts["minutes"], stays * acts["supervisor_minutes"]
    labour = (
        taking * draws[f"{first}.cost_per_minute"]
        + (passed_on + own) * draws[f"{tier}.cost_per_minute"]
        + by_supervisors * draws[f"{second}.cost_per_minute"]
    )
    supervisors = by_supervisors if tier == first else passed_on + own + by_supervisors
    quantities = {
        "labour": labour,
        "minutes": taking + passed_on + own + by_supervisors,
        "supervisor_minutes": supervisors,
    }
    return np.stack([quantities[name] for name in STAFF], axis=2)


def _timing(menu: Menu) -> Ints:
    """Number the resolutions (F, A) by how long they take, for whom, and whether they are proactive."""
    hours = menu.acts[:, :, ACTS.index("lead_hours")]
    keys = np.concatenate([hours, menu.proactive[..., None], menu.in_line[..., None]], axis=-1)
    _, timing = np.unique(keys.reshape(-1, keys.shape[-1]), axis=0, return_inverse=True)
    return np.asarray(timing.reshape(menu.proactive.shape), dtype=np.int64)


def _choice_sets(
    scenario: Scenario, cases: Cases, menu: Menu, case_arrays: CaseArrays, middle: DrawArrays
) -> ChoiceSets:
    """Lay out what may be chosen: uses, adequacy, and in which order agents prefer it by the central assumptions."""
    shape = (len(cases), menu.cost.shape[1])
    factors = cases.column_factors(central(scenario))[:, 0]
    most_cents = 100 * (np.abs(menu.uses[..., 0]) @ np.abs(case_arrays.money * factors).max(axis=0)).max()
    uses = np.full((*shape, len(LIMITS)), -1, dtype=np.int32 if most_cents < np.iinfo(np.int32).max else np.int64)
    adequate = np.zeros(shape, dtype=np.bool_)
    preference_order = np.full((len(scenario.tiers) + 2, *shape), -1, dtype=np.int16)
    most_worth = np.zeros(len(cases), dtype=np.int16)
    owed = [scenario.value(f"{name}.entitlement") * scenario.value(f"{name}.loss_share") for name in scenario.failures]
    for f, count in enumerate(menu.counts):
        of_failure = np.flatnonzero(cases.failure == f)

        def work(first: int, last: int, f: int = f, count: int = count, rows: Ints = of_failure) -> None:
            rows = rows[first:last]
            money = case_arrays.money[rows] * factors
            uses[rows] = _cents_used(menu, f, money, scenario, cases.item_price[rows]).astype(uses.dtype)
            view = _view_of_failure(menu, case_arrays, middle, money, rows)
            promised = np.einsum("nc,ac->na", money, menu.worth[f, :count, :, 0])
            there = is_there(menu, cases, rows)
            enough = there & (promised >= owed[f] * cases.item_price[rows, None] - _HALF_A_CENT)
            # whoever has come has asked: nothing can be given before
            enough &= ~(menu.proactive[f, :count] & (cases.surfaces[rows] >= 1)[:, None])
            accepted = enough & _is_accepted(scenario, menu, cases, money, view.worth, rows)
            # where nothing that is asked for can be had, customers take what they are entitled to
            enough = np.where(accepted.any(axis=1, keepdims=True), accepted, enough)
            adequate[rows, :count] = enough
            order = np.zeros((len(preference_order), len(rows), count), dtype=np.int16)
            put_in_order(*view, enough, uses[rows, :count], order)
            preference_order[:, rows, :count] = order
            most_worth[rows] = np.where(there, view.worth, -np.inf).argmax(axis=1)

        in_blocks(work, len(of_failure))
    _refuse_unmet(scenario, cases, menu, adequate)
    return ChoiceSets(menu.counts[cases.failure], uses, adequate, preference_order, most_worth)


def _cents_used(menu: Menu, f: int, money: Floats, scenario: Scenario, price: Floats) -> Floats:
    """Return the cents (rows, A, L) that resolutions of cases of a failure use of each limit, -1 where nothing of it.

    What is owed counts as a refund, and what goes beyond it as goodwill; who sends the item back gives back what was
    left of its worth.
    """
    failure = list(scenario.failures)[f]
    lost = scenario.value(f"{failure}.loss_share")
    owed = scenario.value(f"{failure}.entitlement") * lost * price[:, None]
    amounts = np.einsum("nc,alc->nal", money, menu.uses[f, ..., 0])
    touches = np.broadcast_to(menu.touches[f], amounts.shape).copy()
    for d, kind in enumerate(LIMIT_KINDS.values()):
        if kind.is_owed:
            amounts[..., d] = np.minimum(amounts[..., d], owed)
        if kind.beyond_owed:
            returned = (1 - lost) * price[:, None] * menu.brings_item_back[f]
            gestures = np.einsum("nc,ac->na", money, menu.gesture_cost[f, ..., 0])
            amounts[..., d] = np.maximum(amounts[..., d] - returned - owed, 0.0) + gestures
            touches[..., d] = amounts[..., d] >= _HALF_A_CENT
    cents = np.rint(100 * amounts).clip(0, _MOST_CENTS)
    return np.where(touches, cents, -1.0)


def is_there(menu: Menu, cases: Cases, rows: Ints) -> NDArray[np.bool_]:
    """Tell which resolutions (rows, resolutions) of cases of one failure can be given: nothing that they need lacks."""
    f = int(cases.failure[rows[0]])
    needs = menu.needs[f, : menu.counts[f]]
    lacks = np.column_stack([cases.columns[name][rows] < _HALF for name in NEEDS])
    return np.asarray(~(lacks[:, None] & needs).any(axis=-1))


def _is_accepted(
    scenario: Scenario, menu: Menu, cases: Cases, money: Floats, worth: Floats, rows: Ints
) -> NDArray[np.bool_]:
    """Tell which resolutions (rows, resolutions) customers of one failure accept, by what they ask for and how firmly.

    What is asked for is money worth what was lost, or the thing put right, or more than what was lost. Something else
    is accepted where it is worth, net of trouble, the share of that which the customer's firmness says; who insists
    (1) accepts nothing else.

    Parameters
    ----------
    money
        (rows, C) money columns of the cases.
    worth
        (rows, resolutions) what the customer gets, net of trouble.
    """
    f = int(cases.failure[rows[0]])
    count = int(menu.counts[f])
    lost = scenario.value(f"{cases.failures[f]}.loss_share") * cases.item_price[rows, None]
    more = lost * (1 + scenario.value("cases.asked_on_top"))
    in_money = np.einsum("nc,ac->na", money, menu.money_worth[f, :count, :, 0]) >= lost - _HALF_A_CENT
    served = {"money": in_money, "goods": np.broadcast_to(menu.goods[f, :count], in_money.shape)}
    firmness = cases.firmness[rows, None]
    accepted = np.ones(in_money.shape, dtype=np.bool_)
    for number, ask in enumerate(ASKS.values()):
        asking = cases.ask[rows] == number
        if ask.kind is None and not ask.asks_for_more:
            continue
        wanted = more if ask.asks_for_more else lost
        as_asked = served[ask.kind] if ask.kind else worth >= wanted - _HALF_A_CENT
        instead = (firmness < 1) & (worth >= firmness * wanted - _HALF_A_CENT)
        accepted[asking] = (as_asked | instead)[asking]
    return accepted


def _view_of_failure(menu: Menu, cases: CaseArrays, draws: DrawArrays, money: Floats, rows: Ints) -> AgentView:
    """Return what agents go by, of all resolutions of some cases of one failure."""
    f = int(cases.failure[rows[0]])
    count = int(menu.counts[f])
    worth = np.einsum("nc,ac->na", money, (menu.worth - menu.trouble)[f, :count, :, 0])
    cost = np.einsum("nc,ac->na", money, menu.cost[f, :count, :, 0])
    payoff = np.empty((len(draws.tiers), len(rows), count))
    payoffs_of_cases(rows, np.argsort(draws.timing[f, :count], kind="stable"), cases, draws, 0, len(rows), payoff)
    return AgentView(payoff, worth, cost)


def _refuse_unmet(scenario: Scenario, cases: Cases, menu: Menu, adequate: NDArray[np.bool_]) -> None:
    """Refuse a failure of which not a single case has an adequate resolution."""
    met = np.asarray(adequate.any(axis=1))
    for f, failure in enumerate(scenario.failures):
        rows = cases.failure == f
        if rows.any() and not met[rows].any():
            raise InputError(
                f"failure '{failure}' has no adequate resolution: none of its {menu.counts[f]} resolutions is worth "
                f"{scenario.value(f'{failure}.entitlement'):.0%} of the loss, as {failure}.entitlement asks "
                f"(scenario {scenario.name}); add a resolution, or lower that entitlement"
            )


def _padded(draws: Draws) -> Draws:
    """Repeat the last draw until the kernel's lanes are full."""
    missing = -len(draws) % LANES
    return Draws(draws.names, np.concatenate([draws.values, np.repeat(draws.values[-1:], missing, axis=0)]))
