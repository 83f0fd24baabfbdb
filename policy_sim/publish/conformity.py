"""Conformity: whether a published file says, in a real engine, what the policy says.

In: a file, how many cases. Out: `Conformity`: for each engine how many cases agree, and the first that does not.
Left to others: running engines (`engines`), the partition (`table`), what to give (`give_table`); the references are
`policy.authority` and `Playbook.rule_for`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from policy_sim.assumptions import Scenario
from policy_sim.border import InputError
from policy_sim.policy import (
    ASK_CENTS,
    GIVEN,
    NO_RULE,
    NOT_DECIDED,
    Ladder,
    Policy,
    authority,
    limit_content,
    playbook_rule_words,
    to_cents,
)
from policy_sim.policy.decision import Decider, decision_of
from policy_sim.policy.decision_table import give_text
from policy_sim.publish.engines import ENGINES, Answer, Case, run_engine
from policy_sim.publish.files import engines_of, read_file, vocabulary_of
from policy_sim.publish.give_table import give_input_names
from policy_sim.publish.table import ALWAYS_KNOWN, OUTPUTS, Vocabulary, guard_regions, limit_text
from policy_sim.words import ASKED_FOR, ASKS, LIMITS, RULE_FACTS

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Conformity", "boundary_cases", "broken_cases", "conform", "reference"]

#: Limits above this many cents are not met to the cent: engines count in numbers of 15 digits.
_LARGEST_BOUNDARY = 10**13


@dataclass(frozen=True)
class Conformity:
    """How one engine answers.

    Attributes
    ----------
    engine
        Its name; "policy-sim" where we read the file ourselves.
    cases
        How many cases were run, of which `broken` lack a fact or hold one that cannot be, and must be refused.
    agreeing
        In how many the answer was the reference's in every output.
    disagreement
        The first case that does not agree, in words; empty where all agree.
    not_run
        Why the engine could not be run; empty where it was.
    """

    engine: str
    cases: int
    broken: int
    agreeing: int
    disagreement: str = ""
    not_run: str = ""

    @property
    def holds(self) -> bool:
        """Whether the engine was run and agreed everywhere."""
        return not self.not_run and self.agreeing == self.cases

    def to_frame(self) -> pd.DataFrame:
        """Return one row with all of it."""
        import pandas as pd

        return pd.DataFrame([self.to_dict()])

    def to_dict(self) -> dict[str, object]:
        """Return the same as plain data, and whether the engine agreed everywhere."""
        return asdict(self) | {"holds": self.holds}


def conform(
    path: str | Path,
    scenario: Scenario,
    count: int = 2000,
    seed: int = 0,
    engines: Sequence[str] | None = None,
    policy: Policy | None = None,
) -> list[Conformity]:
    """Run cases through the policy and through the file, and count where both say the same.

    Every boundary is met at, just below and just above; the rest of the cases are drawn.

    Parameters
    ----------
    path
        A file that we exported: any format but the card.
    scenario
        Names failures and segments, where the file does not.
    count
        How many cases at least; all boundaries are met whatever it is.
    seed
        Of the drawn cases.
    engines
        Of `ENGINES`; by default those that run the format. One that cannot be run is reported as such.
    policy
        What the file should say; by default the policy that it was written from.

    Raises
    ------
    InputError
        If the file cannot be read, or an engine that was asked for does not run its format.
    """
    read = read_file(path)
    meant = policy or read.record.policy
    vocabulary = read.vocabulary or vocabulary_of(scenario)
    cases = _cases(meant, vocabulary, count, seed)
    broken = broken_cases(meant, cases[0], vocabulary)
    expected = [reference(meant, case) for case in cases] + [None] * len(broken)
    able = engines_of(read.format)
    for engine in engines or ():
        if engine not in able:
            raise InputError(f"{engine} does not run {read.format} files; expected one of: {', '.join(able) or 'none'}")
    results = []
    for engine in engines or able or ("policy-sim",):
        try:
            if engine in ENGINES:
                answers = run_engine(engine, Path(path).read_bytes(), [*cases, *broken])
            else:
                answers = _own(read.record.policy, vocabulary, [*cases, *broken])
        except InputError as error:
            if engines is not None:
                raise
            results.append(Conformity(engine, 0, 0, 0, not_run=str(error)))
            continue
        outputs = OUTPUTS if meant.playbook is None else (*OUTPUTS, *GIVEN)
        results.append(_count(engine, [*cases, *broken], len(broken), expected, answers, outputs))
    return results


def reference(policy: Policy, case: Case) -> dict[str, Any]:
    """Return what the tables should say of a case, from `authority` and `Playbook.rule_for` alone."""
    # what only guards look at that come after the one that catches the case may be missing
    facts = {guard.fact: case[guard.fact] for guard in policy.guards if case.get(guard.fact) is not None}
    may = authority(policy, case["failure"], case["segment"], facts)
    decision = decision_of(may, case["asked_for"], case["amount"])
    alone = may.limits[may.starts_at]
    said = dict(decision._asdict()) | {
        "limit": limit_text(decision.limit),
        **{f"{kind}_limit": limit_text(limit_content(alone[kind].value)) for kind in LIMITS},
    }
    return said | dict(zip(GIVEN, _given(policy, case), strict=True))


def _given(policy: Policy, case: Case) -> tuple[str, str]:
    """Return what to give in a case and the rule in words, from `Playbook.rule_for` alone."""
    playbook, failure = policy.playbook, case["failure"]
    if playbook is None:
        return NO_RULE, ""
    ask = case["ask"] if playbook.hangs_on_ask(failure) else "anything"
    place = playbook.rule_for(failure, {name: case[name] for name in RULE_FACTS if name in case}, ask)
    if place is None:
        return NO_RULE, ""
    rule = playbook.rules[place]
    return rule.resolution, playbook_rule_words(rule, policy.currency)


def boundary_cases(policy: Policy, vocabulary: Vocabulary) -> Iterator[dict[str, Any]]:
    """Yield a case at, just below and just above every limit and every guard, for every failure and segment.

    Rules of the playbook are met in the same way; facts that only rules look at are 0 elsewhere.
    """
    yield from _rule_cases(policy, vocabulary)
    ladder = Ladder(policy)
    unknown = _calm_rules(policy)
    starts = _starts(policy)
    guarded = list(_guard_facts(policy))
    for number, (failure, segment) in enumerate(product(vocabulary.failures, vocabulary.segments)):
        for place, asked_for in enumerate(ASKED_FOR):
            amounts = {0}
            for rung in ladder.rungs(failure, segment, asked_for):
                most = to_cents(rung.limit)
                if most <= _LARGEST_BOUNDARY:
                    amounts |= {most - 1, most, most + 1}
            cell = {"currency": policy.currency, "failure": failure, "segment": segment, "asked_for": asked_for}
            for facts, cents in product(starts, sorted(amounts)):
                if cents > ASK_CENTS:
                    yield {**cell, "amount": cents / 100, **unknown, **facts}
            # guards do not look at what is asked for: in turn will do
            for facts in guarded if place == number % len(ASKED_FOR) else ():
                yield {**cell, "amount": max(amounts) / 100, **unknown, **facts}


def _rule_cases(policy: Policy, vocabulary: Vocabulary) -> Iterator[dict[str, Any]]:
    """Yield cases within each rule of the playbook, for every ask, and at, just below and above each of its ends."""
    playbook = policy.playbook
    if playbook is None:
        return
    calm = {**_calm_rules(policy), **_calm(policy)}
    for rule in (rule for rule in playbook.rules if rule.failure in vocabulary.failures):
        cell = {"currency": policy.currency, "failure": rule.failure, "segment": vocabulary.segments[0]}
        within = {fact: max(stretch.ends[0], 0.0) for fact, stretch in rule.when.items()}
        case = {**cell, "asked_for": ASKED_FOR[0], "amount": 0.0, **calm, **within}
        if playbook.hangs_on_ask(rule.failure):
            yield from ({**case, "ask": ask} for ask in ASKS)
            case["ask"] = (rule.asks or tuple(ASKS))[0]
        yield case
        for fact, stretch in rule.when.items():
            for value in _near(end for end in stretch.ends if math.isfinite(end)):
                yield {**case, fact: value}


def broken_cases(policy: Policy, case: Case, vocabulary: Vocabulary | None = None) -> list[dict[str, Any]]:
    """Return cases of which none can be decided: each lacks what every row needs, or holds what cannot be.

    With a vocabulary also such that lack what rules of the playbook for one of its failures look at.
    """
    whole = dict(case) | _calm(policy)
    broken = [_without(whole, name) for name in ALWAYS_KNOWN]
    broken += [{**whole, name: None} for name in ALWAYS_KNOWN]
    broken += [
        {**whole, "currency": "XXX"},
        {**whole, "failure": "no_such_failure"},
        {**whole, "segment": ""},
        {**whole, "amount": -0.01},
    ]
    # facts without which no row fits, if all others are low
    needed = guard_regions(policy)[-1].facts
    for fact in Ladder(policy).facts:
        if fact in needed:
            broken += [_without(whole, fact), {**whole, fact: None}, {**whole, fact: -1.0}]
    playbook = policy.playbook
    if playbook is None or vocabulary is None:
        return broken
    for failure in vocabulary.failures:
        own = {**whole, **_calm_rules(policy), **_calm(policy), "failure": failure}
        for fact in playbook.facts_of(failure):
            broken += [_without(own, fact), {**own, fact: None}, {**own, fact: -1.0}]
        if playbook.hangs_on_ask(failure):
            broken += [_without(own, "ask"), {**own, "ask": None}, {**own, "ask": "no such ask"}]
    return broken


def _without(case: Case, name: str) -> dict[str, Any]:
    return {other: value for other, value in case.items() if other != name}


def _cases(policy: Policy, vocabulary: Vocabulary, count: int, seed: int) -> list[dict[str, Any]]:
    """Return all boundary cases, and drawn ones until there are as many as asked for."""
    cases = list(boundary_cases(policy, vocabulary))
    rng = np.random.default_rng(seed)
    amounts = [case["amount"] for case in cases]
    highest = 2 * max(100.0, *amounts)
    facts = {fact: _values(policy, fact) for fact in {**_calm_rules(policy), **_calm(policy)} if fact != "ask"}
    while len(cases) < count:
        case: dict[str, Any] = {
            "currency": policy.currency,
            "failure": str(rng.choice(vocabulary.failures)),
            "segment": str(rng.choice(vocabulary.segments)),
            "asked_for": str(rng.choice(ASKED_FOR)),
            "amount": float(rng.choice(amounts)) if rng.random() < 0.5 else round(float(rng.uniform(0, highest)), 2),
        }
        case |= {fact: float(rng.choice(values)) for fact, values in facts.items()}
        if "ask" in _calm_rules(policy):
            case["ask"] = str(rng.choice(list(ASKS)))
        # what nothing looks at may be missing
        idle = [name for name in case if name not in _needed(policy, case["failure"])]
        cases.append({name: value for name, value in case.items() if name not in idle or rng.random() < 0.5})
    return cases


def _needed(policy: Policy, failure: str) -> set[str]:
    """Return what has to be known of a case of a failure: for guards, and for rules of the playbook for it."""
    needed = {*ALWAYS_KNOWN, *Ladder(policy).facts}
    if policy.playbook is not None:
        needed |= {*policy.playbook.facts_of(failure), *(("ask",) if policy.playbook.hangs_on_ask(failure) else ())}
    return needed


def _calm(policy: Policy) -> dict[str, float]:
    """Return facts at which the lowest region of guards that there is begins: nothing is suspected."""
    return dict.fromkeys(Ladder(policy).facts, 0.0)


def _calm_rules(policy: Policy) -> dict[str, Any]:
    """Return what rules of the playbook look at, besides the failure, at its lowest: nothing in particular."""
    names = (name for name in give_input_names(policy) if name not in ALWAYS_KNOWN)
    return {name: "anything" if name == "ask" else 0.0 for name in names}


def _starts(policy: Policy) -> list[dict[str, float]]:
    """Return facts for each tier that may look first: where its region of guards begins."""
    regions = {region.starts_at: region for region in guard_regions(policy)}
    calm = _calm(policy)
    return [calm | {fact: low for fact, (low, _) in region.facts.items()} for region in reversed(regions.values())]


def _values(policy: Policy, fact: str) -> list[float]:
    """Return values of a fact: 0, and those at, just below and just above where a guard or a rule begins or ends."""
    thresholds = {guard.at_least for guard in policy.guards if guard.fact == fact}
    for rule in () if policy.playbook is None else policy.playbook.rules:
        thresholds |= {end for end in (rule.when[fact].ends if fact in rule.when else ()) if math.isfinite(end)}
    return [0.0, *_near(sorted(thresholds))]


def _near(thresholds: Iterable[float]) -> list[float]:
    # engines keep 15 digits or more of a number
    near = [value for at_least in thresholds for value in (at_least - 1e-6, at_least, at_least + 1e-6)]
    return [value for value in near if value >= 0]


def _guard_facts(policy: Policy) -> Iterator[dict[str, float]]:
    calm = _calm(policy)
    for fact in calm:
        for value in _values(policy, fact):
            yield {**calm, fact: value}


def _own(policy: Policy, vocabulary: Vocabulary, cases: Sequence[Case]) -> list[Answer]:
    """Answer as a help desk does that reads the file with this package."""
    decider = Decider(policy, vocabulary.failures, vocabulary.segments)
    answers: list[Answer] = []
    for case in cases:
        facts = {fact: case[fact] for fact in (*decider.facts, *RULE_FACTS) if fact in case}
        try:
            if case.get("currency") != policy.currency:
                raise InputError("the currency is another; expected that of the policy")
            failure, segment, asked_for = (str(case.get(name)) for name in ("failure", "segment", "asked_for"))
            asked = (case.get("amount"), facts, case.get("ask"))
            decision = decider.decide(failure, segment, asked_for, *asked)  # type: ignore[arg-type]
        except InputError:
            answers.append(None)
            continue
        texts = {"limit": limit_text(decision.limit), "give": give_text(decision.give)}
        answers.append(reference(policy, case) | decision._asdict() | texts)
    return answers


def _count(
    engine: str,
    cases: Sequence[Case],
    broken: int,
    expected: Sequence[dict[str, Any] | None],
    answers: Sequence[Answer],
    outputs: Sequence[str],
) -> Conformity:
    agreeing, first = 0, ""
    for case, meant, answer in zip(cases, expected, answers, strict=True):
        is_refused = answer is None or NOT_DECIDED in (answer["tier"], answer.get("give"))
        differing = [name for name in outputs if meant is None or answer is None or answer.get(name) != meant[name]]
        if not differing or (meant is None and is_refused):
            agreeing += 1
        elif not first:
            name = differing[0]
            says = "nothing" if answer is None else f"{name} {answer.get(name, 'is missing')}"
            should = "it must be refused" if meant is None else f"expected {name} {meant[name]}"
            first = f"for {_case_words(case)} it says {says}; {should}"
    return Conformity(engine, len(cases), broken, agreeing, first)


def _case_words(case: Case) -> str:
    return ", ".join(f"{name} {value}" for name, value in case.items())
