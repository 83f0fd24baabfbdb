"""Conformity: whether a published file says, in a real engine, what the policy says.

In: a file, how many cases. Out: `Conformity`: for each engine how many cases agree, and the first that does not.
Left to others: running engines (`engines`), the partition (`table`); the reference is `policy.authority`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from policy_sim.assumptions import Scenario
from policy_sim.border import InputError
from policy_sim.policy import ASK_CENTS, NOT_DECIDED, Ladder, Policy, authority, limit_content, to_cents
from policy_sim.policy.decision import Decider, decision_of
from policy_sim.publish.engines import ENGINES, Answer, Case, run_engine
from policy_sim.publish.files import engines_of, read_file, vocabulary_of
from policy_sim.publish.table import ALWAYS_KNOWN, OUTPUTS, Vocabulary, guard_regions, limit_text
from policy_sim.words import ASKED_FOR, LIMITS

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
    broken = broken_cases(meant, cases[0])
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
        results.append(_count(engine, [*cases, *broken], len(broken), expected, answers))
    return results


def reference(policy: Policy, case: Case) -> dict[str, Any]:
    """Return what the table should say of a case, from `authority` alone."""
    # what only guards look at that come after the one that catches the case may be missing
    facts = {guard.fact: case[guard.fact] for guard in policy.guards if case.get(guard.fact) is not None}
    may = authority(policy, case["failure"], case["segment"], facts)
    decision = decision_of(may, case["asked_for"], case["amount"])
    alone = may.limits[may.starts_at]
    return dict(decision._asdict()) | {
        "limit": limit_text(decision.limit),
        **{f"{kind}_limit": limit_text(limit_content(alone[kind].value)) for kind in LIMITS},
    }


def boundary_cases(policy: Policy, vocabulary: Vocabulary) -> Iterator[dict[str, Any]]:
    """Yield a case at, just below and just above every limit and every guard, for every failure and segment."""
    ladder = Ladder(policy)
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
                    yield {**cell, "amount": cents / 100, **facts}
            # guards do not look at what is asked for: in turn will do
            for facts in guarded if place == number % len(ASKED_FOR) else ():
                yield {**cell, "amount": max(amounts) / 100, **facts}


def broken_cases(policy: Policy, case: Case) -> list[dict[str, Any]]:
    """Return cases of which none can be decided: each lacks what every row needs, or holds what cannot be."""
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
    return broken


def _without(case: Case, name: str) -> dict[str, Any]:
    return {other: value for other, value in case.items() if other != name}


def _cases(policy: Policy, vocabulary: Vocabulary, count: int, seed: int) -> list[dict[str, Any]]:
    """Return all boundary cases, and drawn ones until there are as many as asked for."""
    cases = list(boundary_cases(policy, vocabulary))
    rng = np.random.default_rng(seed)
    amounts = [case["amount"] for case in cases]
    highest = 2 * max(100.0, *amounts)
    facts = {fact: _values(policy, fact) for fact in Ladder(policy).facts}
    while len(cases) < count:
        case: dict[str, Any] = {
            "currency": policy.currency,
            "failure": str(rng.choice(vocabulary.failures)),
            "segment": str(rng.choice(vocabulary.segments)),
            "asked_for": str(rng.choice(ASKED_FOR)),
            "amount": float(rng.choice(amounts)) if rng.random() < 0.5 else round(float(rng.uniform(0, highest)), 2),
        }
        cases.append(case | {fact: float(rng.choice(values)) for fact, values in facts.items()})
    return cases


def _calm(policy: Policy) -> dict[str, float]:
    """Return facts at which the lowest region of guards that there is begins: nothing is suspected."""
    return dict.fromkeys(Ladder(policy).facts, 0.0)


def _starts(policy: Policy) -> list[dict[str, float]]:
    """Return facts for each tier that may look first: where its region of guards begins."""
    regions = {region.starts_at: region for region in guard_regions(policy)}
    calm = _calm(policy)
    return [calm | {fact: low for fact, (low, _) in region.facts.items()} for region in reversed(regions.values())]


def _values(policy: Policy, fact: str) -> list[float]:
    """Return values of a fact: 0, and every guard's at, just below and just above."""
    thresholds = sorted({guard.at_least for guard in policy.guards if guard.fact == fact})
    # engines keep 15 digits or more of a number
    near = [value for at_least in thresholds for value in (at_least - 1e-6, at_least, at_least + 1e-6)]
    return [0.0, *(value for value in near if value >= 0)]


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
        facts = {fact: case[fact] for fact in decider.facts if fact in case}
        try:
            if case.get("currency") != policy.currency:
                raise InputError("the currency is another")
            failure, segment, asked_for = (str(case.get(name)) for name in ("failure", "segment", "asked_for"))
            decision = decider.decide(failure, segment, asked_for, case.get("amount"), facts)  # type: ignore[arg-type]
        except InputError:
            answers.append(None)
            continue
        answers.append(reference(policy, case) | decision._asdict() | {"limit": limit_text(decision.limit)})
    return answers


def _count(
    engine: str,
    cases: Sequence[Case],
    broken: int,
    expected: Sequence[dict[str, Any] | None],
    answers: Sequence[Answer],
) -> Conformity:
    agreeing, first = 0, ""
    for case, meant, answer in zip(cases, expected, answers, strict=True):
        is_refused = answer is None or answer["tier"] == NOT_DECIDED
        differing = [name for name in OUTPUTS if meant is None or answer is None or answer[name] != meant[name]]
        if not differing or (meant is None and is_refused):
            agreeing += 1
        elif not first:
            name = differing[0]
            says = "nothing" if answer is None else f"{name} {answer[name]}"
            should = "it must be refused" if meant is None else f"expected {name} {meant[name]}"
            first = f"for {_case_words(case)} it says {says}; {should}"
    return Conformity(engine, len(cases), broken, agreeing, first)


def _case_words(case: Case) -> str:
    return ", ".join(f"{name} {value}" for name, value in case.items())
