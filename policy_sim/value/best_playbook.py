"""Best playbook: the few rules that say best what to give, within the limits of a policy.

In: a policy, payoffs, what a rule may look at, what must be kept to. Out: `BestPlaybooks`, the best rules for every
number of them, with a bound. Left to others: trees of one group of cases (`trees`), who follows (`following`), how
sure it all is (`study`).

What a case comes to hangs on its own resolution only, but for the escalation queue and what is capped, and those enter
as prices. So each failure has a best tree for every number of rules, whatever the other failures have, and rules are
given out to failures by dynamic programming: exactly the best, as far as the trees are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from policy_sim.assumptions import Draws
from policy_sim.border import InputError, Progress, check_at_least, unknown
from policy_sim.policy import Playbook, PlaybookRule, Policy, Stretch
from policy_sim.value.best_limits import BestLimits, best_limits
from policy_sim.value.escalation_queue import escalation_queue, with_load
from policy_sim.value.evaluation import evaluate, measure
from policy_sim.value.expected import QUANTITIES, Expected, load_of
from policy_sim.value.following import book_of, following_costs, rules_of
from policy_sim.value.gap import mean_payoffs, permitted
from policy_sim.value.handling import Handling
from policy_sim.value.payoffs import Payoffs, spread
from policy_sim.value.robust import CRITERIA
from policy_sim.value.search import price_of_load
from policy_sim.value.trees import BestTree, best_trees, leaves, share_leaves
from policy_sim.words import ASKS, RULE_FACTS

__all__ = [
    "BestPlaybooks",
    "best_playbooks",
    "chosen_alike",
    "everybody_follows",
    "facts_of",
    "limits_and_playbook",
    "runners_up",
    "with_playbook",
]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_MOST_CASES = 20_000  # that rules are fitted to
_LEAVES_OF_A_FAILURE = 8
_NEAR_ENOUGH = 0.01  # money a case: what a bound need not tell apart
_PAIR_ROUNDS = 3  # of limits and rules, at most
_SAME = 0.005  # money a case: less is no move
_ROUNDS = 6  # of rules and what they hang on, at most
_SETTLED_HOURS = 0.1
_HIGHEST_PRICE = 1_000.0
_PRICE_ROUNDS = 8
_ASK = "ask."


@dataclass(frozen=True)
class BestPlaybooks:
    """The best rules for every number of them, if everybody followed.

    Attributes
    ----------
    policy
        The policy within whose limits they are.
    payoffs
        On which they are best: some of the cases, where there are very many.
    playbooks
        For 0, 1, 2, ... rules; None where no rule brings anything.
    found, bounds
        (most rules + 1,) mean net value a case (money), less what is priced, that the rules bring if everybody follows,
        and what no rules of that number and depth bring more than; both less what it costs to have a playbook.
    best_of_all
        The same if every case got the best that may be given in it, without any such cost.
    """

    policy: Policy
    payoffs: Payoffs
    playbooks: tuple[Playbook | None, ...]
    found: Floats
    bounds: Floats
    best_of_all: float

    @property
    def playbook(self) -> Playbook | None:
        """The one with most rules."""
        return self.playbooks[-1]

    def policy_with(self, rules: int | None = None) -> Policy:
        """Return the policy with the best playbook of at most so many rules, the most where not given."""
        return with_playbook(self.policy, self.playbooks[-1 if rules is None else rules])


def with_playbook(policy: Policy, playbook: Playbook | None) -> Policy:
    """Return the policy as a draft that has this playbook; itself where it has it already."""
    if policy.playbook == playbook:
        return policy
    return policy.as_draft().model_copy(update={"playbook": playbook})


def everybody_follows(payoffs: Payoffs, share: float = 1.0) -> Payoffs:
    """Return the payoffs if this share of people (0-1) followed a playbook, in every draw."""
    if not 0 <= share <= 1:
        raise InputError(f"the share of people who follow is {share:g}; it must be from 0 to 1")
    draws = payoffs.draws
    values = draws.values.copy()
    values[:, draws.names.index("playbook.followed_share")] = share
    return replace(payoffs, draws=Draws(draws.names, values))


def best_playbooks(
    policy: Policy,
    payoffs: Payoffs,
    most_rules: int = 8,
    depth: int = 2,
    *,
    facts: Sequence[str] | None = None,
    budget: float | None = None,
    robust: str = "mean",
    seconds: float | None = None,
    on_progress: Progress | None = None,
) -> BestPlaybooks:
    """Find the rules that bring the highest net value if everybody follows them, within the limits of a policy.

    Who follows does not change which rules are best, but for the queue: the value of a case is in proportion.

    Parameters
    ----------
    policy, payoffs
        A playbook that the policy has is put aside; the valued cases, of which 20,000 at most are looked at.
    most_rules
        Rules at most, 1 to 40.
    depth
        How many questions a rule may ask of a case of its failure, 0 to 3.
    facts
        What rules may hang on: any of `RULE_FACTS`, and "ask" for what the customer asks for; all where not given.
    budget
        Remedy cost (money a year) that may not be passed if everybody follows, in the mean over the draws.
    robust
        "mean" for the highest mean over the draws; "cvar" for the highest mean of the worst tenth of the draws;
        "regret" for the lowest highest regret against the rules that the search came across. Those two are looked for
        by what is best in the draws that count, again and again: nothing bounds them.
    seconds
        For the trees of each failure, at most; where they do not do, bounds say how much may be missed.
    on_progress
        Called as failures are done.

    Raises
    ------
    InputError
        If a number or a name is out of range, or no rules keep to the budget.
    """
    check_at_least(1, "number of rules", most_rules, "--rules")
    if robust not in ("mean", *CRITERIA):
        raise unknown("measure", robust, ["mean", *CRITERIA])
    bare, some = with_playbook(policy, None), payoffs.take(spread(len(payoffs.cases), _MOST_CASES))
    problem = _Problem.of(bare, some, most_rules, depth, facts, seconds)
    best = problem.settled(on_progress) if budget is None else problem.within(budget, on_progress)
    if robust != "mean":
        best = problem.robustly(best, robust, on_progress)
    return best


def facts_of(payoffs: Payoffs, names: Sequence[str] | None = None) -> tuple[tuple[str, ...], Floats]:
    """Return names (p,) and numbers (N, p) of what rules may hang on: facts, and 0 or 1 for each thing asked for.

    Facts that are the same in all cases are left out.
    """
    wanted = [*RULE_FACTS, "ask"] if names is None else list(names)
    for name in wanted:
        if name not in (*RULE_FACTS, "ask"):
            raise unknown("fact", name, [*RULE_FACTS, "ask"])
    cases = payoffs.cases
    columns = {name: cases.columns[name] for name in RULE_FACTS if name in wanted}
    if "ask" in wanted:
        columns |= {f"{_ASK}{ask}": (cases.ask == n).astype(np.float64) for n, ask in enumerate(ASKS)}
    columns = {name: column for name, column in columns.items() if len(column) and column.min() < column.max()}
    table = np.column_stack([*columns.values()]) if columns else np.zeros((len(cases), 0))
    return tuple(columns), table


@dataclass(frozen=True)
class _Problem:
    """What rules are looked for: a policy without a playbook, cases, what a rule may hang on.

    names, table are those of `facts_of`; tier (N,) who decides each case; allowed (N, A) what may be given in it.
    """

    policy: Policy
    payoffs: Payoffs
    most_rules: int
    depth: int
    seconds: float | None
    names: tuple[str, ...]
    table: Floats
    handling: Handling
    allowed: NDArray[np.bool_]

    @classmethod
    def of(
        cls,
        policy: Policy,
        payoffs: Payoffs,
        most_rules: int,
        depth: int,
        facts: Sequence[str] | None,
        seconds: float | None,
    ) -> _Problem:
        handling = Handling.of(policy, payoffs)
        allowed = payoffs.adequate & permitted(handling.arrays, payoffs, handling.tier)
        return cls(policy, payoffs, most_rules, depth, seconds, *facts_of(payoffs, facts), handling, allowed)

    def worth(self, load: Floats, prices: Mapping[str, float]) -> tuple[Floats, Floats]:
        """Return (N, A) what a rule brings that says a resolution, and (N,) what people choose by themselves.

        Where a resolution may not be given, people choose by themselves.
        """
        arrays, numbers = self.handling.arrays, with_load(self.payoffs, load)
        weights = np.array([1.0 if name == "net_value" else -prices.get(name, 0.0) for name in QUANTITIES])
        tier = arrays.tiers[self.handling.tier]
        values = mean_payoffs(self.payoffs, arrays, self.allowed, tier, numbers) @ weights
        own = Expected.of_choices(self.policy, self.payoffs, load) @ weights
        return np.where(self.allowed, values, own[:, None]), np.asarray(own)

    def solve(self, load: Floats, prices: Mapping[str, float], on_progress: Progress | None = None) -> BestPlaybooks:
        """Return the best rules under a load (padded draws,) of the queue and prices of quantities."""
        worth, own = self.worth(load, prices)
        cases, failures = self.payoffs.cases, list(self.payoffs.scenario.failures)
        trees: list[tuple[BestTree, ...]] = []
        values, bounds = [], []
        for f, failure in enumerate(failures):
            if on_progress is not None:
                on_progress(f"Rules for {self.payoffs.scenario.failures[failure].title}", f, len(failures))
            rows = np.flatnonzero(cases.failure == f)
            trees.append(self._trees_of(f, worth, rows))
            alone = float(own[rows].sum())
            values.append([alone, *(max(alone, best.value) for best in trees[-1])])
            bounds.append([alone, *(max(alone, best.bound) for best in trees[-1])])
        playbooks, found, limits = [], [], []
        for most in range(self.most_rules + 1):
            # the first of each failure stands for no rule at all
            given = [count - 1 for count in share_leaves(values, most + len(failures))]
            at_most = [count - 1 for count in share_leaves(bounds, most + len(failures))]
            playbooks.append(self._playbook([(f, trees[f][n - 1]) for f, n in enumerate(given) if n > 0]))
            found.append(sum(values[f][n] for f, n in enumerate(given)))
            limits.append(sum(bounds[f][n] for f, n in enumerate(at_most)))
        highest = np.where(self.allowed, worth, -np.inf).max(axis=1)
        best_of_all = float(np.where(np.isfinite(highest), np.maximum(highest, own), own).mean())
        count = len(own)
        costs = np.where([book is None for book in playbooks], 0.0, self.costs())
        return BestPlaybooks(
            self.policy,
            self.payoffs,
            tuple(playbooks),
            np.array(found) / count - costs,
            np.array(limits) / count - costs,
            best_of_all,
        )

    def costs(self) -> float:
        """Return the mean over cases and draws of what a playbook costs that everybody follows (money a case)."""
        here = np.zeros(len(self.payoffs.cases), dtype=np.int64)
        some_rule = Playbook(rules=(PlaybookRule(failure=next(iter(self.payoffs.scenario.failures)), give=()),))
        costs = following_costs(some_rule, everybody_follows(self.payoffs), here, 1)
        return float(-measure(costs[0], "net_value").mean() / len(here))

    def settled(self, on_progress: Progress | None = None) -> BestPlaybooks:
        """Return the best rules under the load that they make themselves, as near as a few rounds come to it."""
        payoffs = everybody_follows(self.payoffs)
        load = load_of(self.policy, payoffs)
        best = self.solve(load, price_of_load(self.policy, payoffs, load), on_progress)
        for _ in range(_ROUNDS):
            policy = best.policy_with()
            own = load_of(policy, payoffs)
            if self._waits_alike(own, load):
                break
            load = own
            best = self.solve(load, price_of_load(policy, payoffs, load), on_progress)
        return best

    def within(self, budget: float, on_progress: Progress | None = None) -> BestPlaybooks:
        """Return the best rules that keep to a budget (money a year): at the lowest price of spending that does it."""
        if not budget > 0:
            raise InputError(f"budget is {budget:g}; it must be above 0 (a year)")
        cap = budget / self.payoffs.scenario.value("shop.cases_per_year")
        everybody = everybody_follows(self.payoffs)
        load = load_of(self.policy, everybody)

        def at(price: float) -> tuple[BestPlaybooks, float]:
            prices = price_of_load(self.policy, everybody, load) | {"remedy_cost": price}
            best = self.solve(load, prices, on_progress)
            return best, float(evaluate(best.policy_with(), everybody).per_case("remedy_cost").mean())

        best, spent = at(0.0)
        if spent <= cap:
            return best
        low, high = 0.0, 1.0
        while spent > cap and high < _HIGHEST_PRICE:
            best, spent = at(high)
            low, high = (high, 4 * high) if spent > cap else (low, high)
        if spent > cap:
            raise InputError(
                f"no rules keep to a budget of {budget:,.0f} a year; the least that was found comes to "
                f"{spent / cap * budget:,.0f}; raise it, or lower limits"
            )
        for _ in range(_PRICE_ROUNDS):
            middle = (low + high) / 2
            other, spent = at(middle)
            if spent <= cap:
                best, high = other, middle
            else:
                low = middle
        return best

    def robustly(self, best: BestPlaybooks, robust: str, on_progress: Progress | None = None) -> BestPlaybooks:
        """Return the rules that do best by a measure over the draws, among those that are best in the draws that count.

        The draws that count are the worst tenth, of net value or of what is ahead of it elsewhere, under the rules of
        the round before.
        """
        everybody = everybody_follows(self.payoffs)
        tried: list[tuple[BestPlaybooks, Floats]] = [(best, evaluate(best.policy_with(), everybody).per_case())]

        def best_so_far() -> tuple[BestPlaybooks, Floats]:
            values = np.array([net for _, net in tried])
            return tried[int(np.argmax(CRITERIA[robust](values, values.max(axis=0))))]

        for _ in range(_ROUNDS):
            _, now = best_so_far()
            reference = np.max([net for _, net in tried], axis=0) if robust == "regret" else 0.0
            order = np.argsort(now - reference, kind="stable")[: max(len(now) // 10, 1)]
            draws = Draws(self.payoffs.draws.names, self.payoffs.draws.values[order])
            ratios = self.payoffs.value_ratios[:, order]
            harder = replace(self, payoffs=self.payoffs.under(draws, ratios))
            other = replace(harder.settled(on_progress), payoffs=self.payoffs)
            if any(other.playbook == known.playbook for known, _ in tried):
                break
            tried.append((other, evaluate(other.policy_with(), everybody).per_case()))
        return best_so_far()[0]

    def _waits_alike(self, load: Floats, other: Floats) -> bool:
        hours = [escalation_queue(self.payoffs, minutes).mean_wait_hours for minutes in (load, other)]
        return float(np.abs(hours[0] - hours[1]).max()) < _SETTLED_HOURS

    def _trees_of(self, f: int, worth: Floats, rows: Ints) -> tuple[BestTree, ...]:
        if not len(rows):
            return ()
        count = int(self.payoffs.menu.counts[f])
        most = min(self.most_rules, _LEAVES_OF_A_FAILURE)
        enough = _NEAR_ENOUGH * len(rows)
        return best_trees(
            worth[rows, :count], self.table[rows], most, self.depth, near_enough=enough, seconds=self.seconds
        )

    def _playbook(self, trees: Sequence[tuple[int, BestTree]]) -> Playbook | None:
        rules = []
        for f, best in trees:
            failure = list(self.payoffs.scenario.failures)[f]
            bundles = self.payoffs.scenario.resolutions(failure)
            for path, leaf in leaves(best.tree):
                when, asks = self._conditions(path)
                rules.append(PlaybookRule(failure=failure, when=when, asks=asks, give=bundles[leaf.resolution]))
        return Playbook(rules=tuple(rules)) if rules else None

    def _conditions(self, path: Sequence[tuple[int, float, float]]) -> tuple[dict[str, Stretch], tuple[str, ...]]:
        when, asks = {}, set(ASKS)
        for fact, low, high in path:
            name = self.names[fact]
            if name.startswith(_ASK):
                own = {name.removeprefix(_ASK)}
                asks = asks & own if low > -np.inf else asks - own
                continue
            at_least = None if low == -np.inf else low
            when[name] = Stretch(at_least=at_least, below=None if high == np.inf else high)
        return when, () if len(asks) == len(ASKS) else tuple(ask for ask in ASKS if ask in asks)


def chosen_alike(policy: Policy, payoffs: Payoffs) -> tuple[Floats, NDArray[np.bool_], Ints]:
    """Return what becomes of a playbook's rules, case by case.

    Returns
    -------
    tuple
        (N,) the share of people (0-1) who choose what the rule says by themselves; (N,) whether it can be followed;
        (N,) the place of the rule that is for the case, -1 where none is.
    """
    playbook = policy.playbook
    handling = Handling.of(with_playbook(policy, None), payoffs)
    book, whose = book_of(playbook, payoffs), rules_of(playbook, payoffs)
    rows = np.arange(len(book))
    allowed = permitted(handling.arrays, payoffs, handling.tier)[rows, book] & (book >= 0)
    shares = handling.arrays.style[handling.arrays.tiers[handling.tier], :, : len(payoffs.draws)].mean(axis=-1)
    return ((handling.choice == book[:, None]) * shares).sum(axis=1), allowed, whose


def runners_up(policy: Policy, payoffs: Payoffs) -> list[tuple[str, ...] | None]:
    """Return for each rule of a playbook the resolution that is next best for its cases, None where there is none."""
    if policy.playbook is None:
        return []
    bare = with_playbook(policy, None)
    worth, own = _Problem.of(bare, payoffs, 1, 0, (), None).worth(load_of(bare, payoffs), {})
    whose, found = rules_of(policy.playbook, payoffs), []
    for n, rule in enumerate(policy.playbook.rules):
        bundles = payoffs.scenario.resolutions(rule.failure)
        rows = whose == n
        gained = (worth[rows, : len(bundles)] - own[rows, None]).sum(axis=0)
        gained[[set(bundle) == set(rule.give) for bundle in bundles]] = -np.inf
        best = int(gained.argmax()) if len(bundles) > 1 and rows.any() else -1
        found.append(bundles[best] if best >= 0 else None)
    return found


def limits_and_playbook(
    policy: Policy,
    payoffs: Payoffs,
    most_rules: int = 8,
    depth: int = 2,
    *,
    round_to: float | None = 1.0,
    budget: float | None = None,
    on_progress: Progress | None = None,
    **further: Any,
) -> tuple[BestLimits, BestPlaybooks]:
    """Find limits and rules together: the best limits, the best rules within them, and again, until neither moves.

    Limits are those that are best while the share of people follow that the assumptions say. The pair that is returned
    is the best of all that the rounds came across, by the net value under that share.

    Parameters
    ----------
    policy, payoffs, most_rules, depth, budget, on_progress
        As for `best_playbooks`; `further` arguments are `facts` and `seconds`.
    round_to, budget
        As for `best_limits`.

    Raises
    ------
    InputError
        As both do.
    """
    pairs: list[tuple[float, BestLimits, BestPlaybooks]] = []
    now = with_playbook(policy, None)
    for _ in range(_PAIR_ROUNDS):
        limits = best_limits(now, payoffs, round_to=round_to, budget=budget, on_progress=on_progress)
        rules = best_playbooks(
            limits.policy, payoffs, most_rules, depth, budget=budget, on_progress=on_progress, **further
        )
        now = rules.policy_with()
        pairs.append((float(evaluate(now, payoffs).per_case().mean()), limits, rules))
        if len(pairs) > 1 and pairs[-1][0] <= pairs[-2][0] + _SAME:
            break
    _, limits, rules = max(pairs, key=lambda pair: pair[0])
    return limits, rules
