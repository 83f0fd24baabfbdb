"""Check: what is wrong with a policy before it is published.

In: a policy, its scenario, and valued cases where there are any. Out: findings, each with how to mend it.
Left to others: whether a file can be read at all (`files`), what a policy is worth (`value`).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from policy_sim.assumptions import Scenario
from policy_sim.border import InputError, nearest
from policy_sim.policy import (
    ASK,
    ASK_CENTS,
    Guard,
    Ladder,
    LimitException,
    PlaybookRule,
    Policy,
    limit_content,
    plain_guard,
    playbook_rule_words,
)
from policy_sim.policy.decision import amount_in_cents
from policy_sim.publish.card_back import back_of
from policy_sim.publish.conformity import boundary_cases
from policy_sim.publish.table import Row, Vocabulary, decision_rows, limit_text
from policy_sim.words import ASKS, CASE_COLUMNS, EVERYTHING, GUARDS, LIMITS

if TYPE_CHECKING:
    import pandas as pd

    from policy_sim.value import Payoffs

__all__ = ["Finding", "check", "check_rows", "refuse_broken"]


@dataclass(frozen=True)
class Finding:
    """Something wrong, in words; an error must be mended before publishing, a warning may be meant."""

    severity: Literal["error", "warning"]
    kind: str
    words: str

    def to_frame(self) -> pd.DataFrame:
        """Return one row with all of it."""
        import pandas as pd

        return pd.DataFrame([self.to_dict()])

    def to_dict(self) -> dict[str, object]:
        """Return the same as plain data."""
        return asdict(self)


def check(
    policy: Policy, scenario: Scenario, payoffs: Payoffs | None = None, guard_share: float = 0.1
) -> list[Finding]:
    """Return everything that is wrong with a policy, errors first.

    Parameters
    ----------
    policy
        The policy; it need not fit the scenario.
    scenario
        Names tiers, failures and segments, and the currency.
    payoffs
        Valued cases of that scenario: needed to see which entitlements cannot be met, and whom guards catch.
    guard_share
        Share (0-1) of genuine cases that a guard may catch before it is reported.
    """
    vocabulary = Vocabulary(tuple(scenario.failures), tuple(segment.name for segment in scenario.segments))
    findings = [*_names(policy, scenario), *_falls(policy, vocabulary), *_never_fires(policy, vocabulary)]
    if policy.playbook is not None and all(finding.kind != "names" for finding in findings):
        findings += _long_back(policy, scenario)
    if not any(finding.kind == "tiers" for finding in findings):
        findings += check_rows(decision_rows(policy, vocabulary), policy, vocabulary)
        fits = not any(finding.severity == "error" and finding.kind == "names" for finding in findings)
        if payoffs is not None and fits:
            findings += [*_entitlements(policy, payoffs), *_guards(policy, payoffs, guard_share)]
    return sorted(findings, key=lambda finding: finding.severity != "error")


def refuse_broken(policy: Policy, scenario: Scenario) -> None:
    """See that a policy has no fault that forbids publishing it.

    Raises
    ------
    InputError
        Naming the first fault.
    """
    errors = [finding for finding in check(policy, scenario) if finding.severity == "error"]
    if errors:
        more = f" (and {len(errors) - 1} more; see policy-sim check)" if len(errors) > 1 else ""
        raise InputError(f"policy '{policy.name}' is not published: {errors[0].words}{more}; mend the policy")


def check_rows(rows: Sequence[Row], policy: Policy, vocabulary: Vocabulary) -> list[Finding]:
    """Return gaps and overlaps of a decision table: boundary cases that no row decides, or more than one."""
    findings: dict[tuple[str, tuple[int, ...]], Finding] = {}
    for case in boundary_cases(policy, vocabulary):
        amount = amount_in_cents(case["amount"])
        deciding = tuple(k for k, row in enumerate(rows) if row.holds(case, amount))
        if len(deciding) == 1:
            continue
        words = ", ".join(f"{name} {value}" for name, value in case.items() if name != "currency")
        if not deciding:
            findings.setdefault(("gap", ()), Finding("error", "gap", f"no rule decides the case {words}; add one"))
        else:
            both = " and ".join(str(k + 1) for k in deciding[:2])
            words = f"rules {both} both decide the case {words}; make one narrower"
            findings.setdefault(("overlap", deciding), Finding("error", "overlap", words))
    return list(findings.values())


def _names(policy: Policy, scenario: Scenario) -> Iterator[Finding]:
    if policy.currency != scenario.currency:
        yield Finding(
            "error",
            "currency",
            f"amounts are in {policy.currency}, the scenario '{scenario.name}' is in {scenario.currency}; convert the "
            "limits",
        )
    for tier in policy.tier_names:
        if tier not in scenario.tiers:
            known = ", ".join(scenario.tiers)
            yield Finding("error", "tiers", f"unknown tier '{tier}'{nearest(tier, scenario.tiers)}; expected {known}")
    order = [scenario.tiers.index(tier) for tier in policy.tier_names if tier in scenario.tiers]
    if order != sorted(order):
        own, expected = ", ".join(policy.tier_names), ", ".join(scenario.tiers)
        yield Finding("error", "tiers", f"tiers are in the order {own}; expected {expected}")
    segments = [segment.name for segment in scenario.segments]
    for position, exception in enumerate(policy.exceptions):
        pairs = (("failure", exception.failure, list(scenario.failures)), ("segment", exception.segment, segments))
        for kind, name, valid in pairs:
            if name is not None and name not in valid:
                words = f"exceptions[{position}] is for the unknown {kind} '{name}'{nearest(name, valid)}; correct it"
                yield Finding("error", "names", words)
    if policy.playbook is not None:
        for fault in policy.playbook.faults(scenario, f"policy {policy.name}"):
            yield Finding("error", "names", str(fault))


def _falls(policy: Policy, vocabulary: Vocabulary) -> Iterator[Finding]:
    """Yield each limit that falls towards a higher tier, with one place where it does."""
    cells = [(failure, segment) for failure in vocabulary.failures for segment in vocabulary.segments]
    for name in LIMITS:
        for low, high in zip(policy.tier_names[:-1], policy.tier_names[1:], strict=True):
            falling = [cell for cell in cells if policy.limit(low, name, *cell) > policy.limit(high, name, *cell)]
            if falling:
                cell = falling[0]
                more = f" and {len(falling) - 1} more" if len(falling) > 1 else ""
                below, above = (limit_text(limit_content(policy.limit(tier, name, *cell))) for tier in (low, high))
                yield Finding(
                    "error",
                    "falling limit",
                    f"the {name} limit falls from {below} ({low}) to {above} ({high}) for {cell[0]}, {cell[1]}{more}; "
                    f"raise the one of the {high} or lower the other",
                )


def _never_fires(policy: Policy, vocabulary: Vocabulary) -> Iterator[Finding]:
    """Yield rules that make no difference to any case."""
    for position in range(len(policy.guards)):
        yield from _guard_never_fires(policy, position)
    for position in range(len(policy.exceptions)):
        yield from _exception_never_fires(policy, position, vocabulary)
    yield from _rule_never_fires(policy)
    ladder = Ladder(policy)
    rungs = {kind: ladder.rungs(None, None, kind) for kind in LIMITS}
    for k, tier in enumerate(policy.tier_names[:-1]):
        idle = [kind for kind in LIMITS if rungs[kind][k].limit != ASK and rungs[kind][k].most_cents == ASK_CENTS]
        if idle:
            words = (
                f"the {tier} must ask for whatever costs anything ({EVERYTHING}: ask), so the limits for "
                f"{', '.join(idle)} never fire; write ask into them too, or a limit for {EVERYTHING}"
            )
            yield Finding("warning", "never fires", words)


def _guard_never_fires(policy: Policy, position: int) -> Iterator[Finding]:
    guard, lowest, said = policy.guards[position], policy.tier_names[0], _guard_words(policy, position)
    first = next((k for k in range(len(policy.guards)) if _comes_first(policy, k, position)), None)
    if first is not None:
        words = f"the guard '{said}' never fires: '{_guard_words(policy, first)}' comes first; remove it"
        yield Finding("warning", "never fires", words)
    elif GUARDS[guard.fact].unit == "share" and guard.at_least > 1:
        words = f"the guard '{said}' never fires: that is never above 1; lower it"
        yield Finding("warning", "never fires", words)
    if guard.at_least <= 0:
        words = f"the guard '{said}' catches every case, so the limits of the {lowest} are never used; raise it"
        yield Finding("warning", "never fires", words)


def _guard_words(policy: Policy, position: int) -> str:
    return plain_guard(policy.guards[position], policy.currency)


def _comes_first(policy: Policy, other: int, position: int) -> bool:
    """Tell whether a guard sends every case of another one to its tier or higher; of equals, the first one does."""

    def rank(k: int, guard: Guard) -> tuple[int, float, int]:
        return policy.tier_names.index(guard.to), -guard.at_least, -k

    guard, before = policy.guards[position], policy.guards[other]
    catches_all = before.fact == guard.fact and before.at_least <= guard.at_least
    return catches_all and rank(other, before) > rank(position, guard)


def _exception_never_fires(policy: Policy, position: int, vocabulary: Vocabulary) -> Iterator[Finding]:
    exception = policy.exceptions[position]
    tier = exception.tier
    cells = [
        (failure, segment)
        for failure in vocabulary.failures
        for segment in vocabulary.segments
        if exception.failure in (None, failure) and exception.segment in (None, segment)
    ]
    if not cells:
        return
    place = f"exceptions[{position}] ({tier}, {exception.failure or 'any'}, {exception.segment or 'any'})"
    without = _without(policy, exception)
    for kind, value in exception.limits.items():
        if all(policy.rule_for(tier, kind, *cell) is not exception for cell in cells):
            words = f"{place}: its {kind} limit never fires, as more specific exceptions come first; remove it"
            yield Finding("warning", "never fires", words)
        elif all(without.limit(tier, kind, *cell) == value for cell in cells):
            words = f"{place}: its {kind} limit says what the more general rule says already; remove it"
            yield Finding("warning", "changes nothing", words)


def _rule_never_fires(policy: Policy) -> Iterator[Finding]:
    """Yield rules of the playbook before which one stands that holds wherever they do, or that hold nowhere."""
    rules = () if policy.playbook is None else policy.playbook.rules
    for position, rule in enumerate(rules):
        place = f"playbook rule {position + 1} ({playbook_rule_words(rule, policy.currency)})"
        first = next((k for k, before in enumerate(rules[:position]) if _holds_wherever(before, rule)), None)
        if first is not None:
            words = f"{place} never fires: rule {first + 1} holds wherever it does, and comes first; remove it"
            yield Finding("warning", "never fires", words)
        for fact, stretch in rule.when.items():
            if CASE_COLUMNS[fact].unit == "share" and stretch.ends[0] > 1:
                yield Finding("warning", "never fires", f"{place} never fires: {fact} is never above 1; lower it")


def _long_back(policy: Policy, scenario: Scenario) -> Iterator[Finding]:
    """Yield that a playbook does not fit on the back of a card."""
    back = back_of(policy, scenario)
    if back is not None and back.is_long:
        lines = sum(len(group.lines) for group in back.groups)
        words = (
            f"the playbook makes {lines} lines on the back of the agents' card, which is more than a page; fewer rules "
            "are easier to follow"
        )
        yield Finding("warning", "card", words)


def _holds_wherever(before: PlaybookRule, rule: PlaybookRule) -> bool:
    """Tell whether a rule holds for all cases for which another one does."""
    if before.failure != rule.failure or (before.asks and not set(rule.asks or ASKS) <= set(before.asks)):
        return False
    for fact, stretch in before.when.items():
        low, high = stretch.ends
        own_low, own_high = rule.when[fact].ends if fact in rule.when else (0.0, math.inf)
        if max(low, 0.0) > max(own_low, 0.0) or high < own_high:
            return False
    return True


def _without(policy: Policy, exception: LimitException) -> Policy:
    others = tuple(other for other in policy.exceptions if other is not exception)
    return policy.model_copy(update={"exceptions": others})


def _entitlements(policy: Policy, payoffs: Payoffs) -> Iterator[Finding]:
    """Yield failures whose entitlement nobody can meet, and those that a tier can never meet alone."""
    scenario, cases, options = payoffs.scenario, payoffs.cases, payoffs.choice_sets
    ladder = Ladder(policy)
    for f, failure in enumerate(cases.failures):
        rows = np.flatnonzero(np.asarray(cases.failure) == f)
        if not len(rows):
            continue
        adequate = options.adequate[rows]
        unmet = float(1 - adequate.any(axis=1).mean())
        entitlement, title = scenario.value(f"{failure}.entitlement"), scenario.failures[failure].title
        if unmet > 0:
            words = (
                f"{unmet:.1%} of the cases “{title}” have no resolution worth the entitlement ({entitlement:.0%} of "
                "the loss), whoever decides; add a remedy to the scenario, or lower the promise"
            )
            yield Finding("error", "entitlement", words)
        limits = np.array([ladder.limits_in_cents(failure, segment) for segment in cases.segments])
        for k, tier in enumerate(policy.tier_names[:-1]):
            own = limits[np.asarray(cases.segment)[rows], k]
            permitted = (options.uses[rows] <= own[:, None, :]).all(axis=2)
            met = float((permitted & adequate).any(axis=1).mean())
            if met == 0:
                words = (
                    f"the {tier} can never meet the entitlement for “{title}” ({entitlement:.0%} of the loss): every "
                    "case is handed on; raise a limit, if that is not meant"
                )
                yield Finding("warning", "entitlement", words)


def _guards(policy: Policy, payoffs: Payoffs, guard_share: float) -> Iterator[Finding]:
    """Yield guards that catch more than that share (0-1) of genuine cases."""
    for position, guard in enumerate(policy.guards):
        values: Any = payoffs.cases.columns[guard.fact]
        share = float((np.asarray(values) >= guard.at_least).mean())
        if share > guard_share:
            words = (
                f"the guard '{_guard_words(policy, position)}' catches {share:.0%} of genuine cases, more than "
                f"{guard_share:.0%}; "
                "raise it"
            )
            yield Finding("warning", "guard", words)
