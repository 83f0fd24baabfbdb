"""Changes: what a new policy changes for those who work by it, a sentence each, with how many cases a year it touches.

In: the policy before and the one after, the scenario, valued cases where there are any. Out: `PolicyChanges`.
Left to others: every difference with a case that shows it (`difference`), money (`value`), faults (`check`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

from policy_sim.assumptions import Scenario
from policy_sim.border import InputError, Progress
from policy_sim.currencies import amount_words
from policy_sim.policy import ASK, NO_LIMIT, Guard, Lever, Policy, titles_of
from policy_sim.policy.playbook_words import playbook_changes
from policy_sim.words import GUARDS, LIMIT_KINDS, LIMITS

if TYPE_CHECKING:
    import pandas as pd

    from policy_sim.value import DecisionChange, Payoffs

__all__ = ["Change", "PolicyChanges", "policy_changes"]

Cell = tuple[str, str]

#: Cases a year by which a sum may be off because numbers were added up in another order.
_ROUNDING = 1e-6
#: Cases a year below which there is hardly one.
_HARDLY_ONE = 0.5


@dataclass(frozen=True)
class Change:
    """One thing that a policy changes.

    Attributes
    ----------
    kind
        "limit", "guard" or "rule".
    words
        What changes, without a full stop.
    loser, lost
        Who may no longer do something without asking because of it, and what; "" where nobody loses anything.
    cases
        How many cases a year come out otherwise if this alone is changed in the policy before; None where cases were
        not valued, or where it was counted together with others.
    """

    kind: str
    words: str
    loser: str = ""
    lost: str = ""
    cases: DecisionChange | None = None

    @property
    def sentence(self) -> str:
        """What changes, with the count of cases where there is one, and a full stop."""
        return f"{self.words}{'' if self.cases is None else f'; {_cases_words(self.cases)}'}."

    def to_frame(self) -> pd.DataFrame:
        """Return one row with all of it."""
        import pandas as pd

        return pd.DataFrame([_row(self)])

    def to_dict(self) -> dict[str, object]:
        """Return the same as plain data."""
        cases = None if self.cases is None else self.cases.to_dict()
        return {
            "kind": self.kind,
            "words": self.words,
            "sentence": self.sentence,
            "loser": self.loser,
            "lost": self.lost,
            "cases_a_year": cases,
        }


@dataclass(frozen=True)
class PolicyChanges:
    """Everything that a policy changes for those who work by it, in sentences.

    Attributes
    ----------
    changes
        A change for each limit of a tier that is another (for failures and customers for whom it is the same), for each
        guard and for each rule of the playbook.
    cases
        How many cases a year come out otherwise under all of them together; None where cases were not valued.
    """

    changes: tuple[Change, ...]
    cases: DecisionChange | None = None

    @property
    def sentences(self) -> tuple[str, ...]:
        """A sentence for each change."""
        return tuple(change.sentence for change in self.changes)

    @property
    def losses(self) -> tuple[str, ...]:
        """What people may no longer do, a sentence for each tier."""
        by_loser: dict[str, list[str]] = {}
        for change in self.changes:
            if change.loser:
                by_loser.setdefault(change.loser, []).append(f"{change.lost}{_gone_up(change.cases)}")
        return tuple(f"{loser} can no longer do without asking: {'; '.join(lost)}." for loser, lost in by_loser.items())

    @property
    def passed_up(self) -> str:
        """How many cases a year go higher up than before, as a sentence; "" where none does, or it is not known."""
        cases = self.cases
        if cases is None or cases.higher < max(_HARDLY_ONE, min(cases.error, cases.total)):
            return ""
        return f"About {_about(cases.higher, cases.error)} cases a year in all are decided higher up than before."

    @property
    def together(self) -> str:
        """How many cases come out otherwise under all changes; "" where that is not known, or there is one change."""
        counted = [change.cases.total for change in self.changes if change.cases is not None]
        if self.cases is None or len(counted) < 2:
            return ""
        words, over = f"All together: {_cases_words(self.cases)}", sum(counted) - self.cases.total
        if over > _ROUNDING:
            words += "; some cases are touched by several of these changes, and count once"
        elif over < -_ROUNDING:
            words += "; some cases come out otherwise only because several of these changes meet"
        return f"{words}."

    def to_frame(self) -> pd.DataFrame:
        """Return one row for each change: kind, change, loser, lost, and cases a year where they were counted."""
        import pandas as pd

        return pd.DataFrame([_row(change) for change in self.changes], columns=list(_row(Change("", ""))))

    def to_dict(self) -> dict[str, object]:
        """Return the same as plain data."""
        return {
            "changes": [change.to_dict() for change in self.changes],
            "together": self.together,
            "cases_a_year": None if self.cases is None else self.cases.to_dict(),
        }


def policy_changes(
    before: Policy,
    after: Policy,
    scenario: Scenario,
    payoffs: Payoffs | None = None,
    on_progress: Progress | None = None,
) -> PolicyChanges:
    """Return what a policy changes, in sentences.

    A limit is said for all failures and customers for whom it was and is the same, however the file puts it.

    Parameters
    ----------
    before, after
        The policies, with the same tiers and in the same currency.
    scenario
        Names failures and segments.
    payoffs
        Valued cases of that scenario, to count those that come out otherwise: for each change alone, made in the policy
        before, and for all together. Rules of the playbook are counted together, since the first that holds counts.
    on_progress
        Told after each count.

    Raises
    ------
    InputError
        If tiers or currencies differ, or a policy names what the scenario does not know.
    """
    for policy in (before, after):
        policy.check_names(scenario, f"policy {policy.name}")
    if before.currency != after.currency:
        raise InputError(f"policies are in {before.currency} and {after.currency}; convert one of them to compare them")
    if before.tier_names != after.tier_names:
        one, two = (", ".join(policy.tier_names) for policy in (before, after))
        raise InputError(f"policies have the tiers {one} and {two}; say what changes between policies with the same")

    counted = 0
    counts = 1 if payoffs is None else len(policy_changes(before, after, scenario).changes) + 1

    def count(policy: Policy) -> DecisionChange | None:
        nonlocal counted
        if payoffs is None:
            return None
        from policy_sim.value import decision_change

        change = decision_change(policy, before, payoffs)
        counted += 1
        if on_progress is not None:
            on_progress("Counting cases that come out otherwise", counted, max(counts, counted))
        return change

    changes = (
        *_limit_changes(before, after, scenario, count),
        *_guard_changes(before, after, count),
        *_rule_changes(before, after, scenario, count),
    )
    return PolicyChanges(changes, count(after))


def _row(change: Change) -> dict[str, object]:
    cases = change.cases
    return {
        "kind": change.kind,
        "change": change.words,
        "loser": change.loser,
        "lost": change.lost,
        "cases_a_year": None if cases is None else cases.total,
        "decided_lower": None if cases is None else cases.lower,
        "decided_higher": None if cases is None else cases.higher,
        "given_otherwise": None if cases is None else cases.given_otherwise,
    }


Counter = Callable[[Policy], "DecisionChange | None"]


def _limit_changes(before: Policy, after: Policy, scenario: Scenario, count: Counter) -> Iterator[Change]:
    cells = list(product(scenario.failures, (segment.name for segment in scenario.segments)))
    for position, tier in enumerate(before.tier_names[:-1]):
        for name in LIMITS:
            alike: dict[tuple[float, float], list[Cell]] = {}
            for cell in cells:
                old, new = (policy.limit(tier, name, *cell) for policy in (before, after))
                if old != new:
                    alike.setdefault((old, new), []).append(cell)
            for (old, new), own in alike.items():
                step = before
                for cell in own:
                    step = step.with_limit(Lever(tier, name, *cell), new)
                asked = _asked(after if new < old else before, position, name, own, min(old, new), max(old, new))
                what = f"{_done(name, old, new, before.currency)}{_cells_words(own, scenario)}"
                is_loss, people = new < old, _plural(tier)
                words = f"{people} {'now need' if is_loss else 'no longer need'} {asked} to {what}"
                yield Change("limit", words, *((people, what) if is_loss else ("", "")), cases=count(step))


def _done(limit: str, old: float, new: float, currency: str) -> str:
    """Return what is done that one of two limits permits: amounts above the lower one, up to the higher one."""
    kind, (low, high) = LIMIT_KINDS[limit], sorted((old, new))
    does = kind.sentence.removesuffix(" up to")
    if high < NO_LIMIT:
        least = "up to" if low <= 0 else f"between {amount_words(low, currency)} and"
        return f"{does} {least} {amount_words(high, currency)}"
    if low != ASK:
        return f"{does} above {amount_words(low, currency)}"
    return "give anything at all" if kind.covers_everything else f"{does}, whatever the amount"


def _asked(policy: Policy, position: int, limit: str, cells: Sequence[Cell], low: float, high: float) -> str:
    """Return who has to be asked for amounts above `low` up to `high` by a tier that may not decide them itself."""
    asked = set()
    for cell in cells:
        reached = low
        for k in range(position + 1, len(policy.tier_names)):
            most = policy.limit(policy.tier_names[k], limit, *cell)
            if most > reached:
                asked.add(k)
            reached = max(reached, most)
            if reached >= high:
                break
    return " or ".join(_one(policy.tier_names[k]) for k in sorted(asked))


def _cells_words(cells: Sequence[Cell], scenario: Scenario) -> str:
    """Return for which failures and customers something holds; "" where it does for all."""
    by_segments: dict[tuple[str, ...], list[str]] = {}
    for failure in scenario.failures:
        segments = tuple(segment for other, segment in cells if other == failure)
        if segments:
            by_segments.setdefault(segments, []).append(scenario.failures[failure].title)
    titles = {segment.name: segment.title for segment in scenario.segments}
    parts = []
    for segments, failures in by_segments.items():
        whom = "" if len(segments) == len(titles) else f"customers: {_listed([titles[name] for name in segments])}"
        which = "" if len(failures) == len(scenario.failures) else _listed(failures)
        parts.append(f"{which} ({whom})" if which and whom else which or whom)
    return f", for {'; '.join(parts)}" if any(parts) else ""


def _listed(titles: Sequence[str]) -> str:
    return " or ".join(f"“{title}”" for title in titles)


def _guard_changes(before: Policy, after: Policy, count: Counter) -> Iterator[Change]:
    gone = [guard for guard in before.guards if guard not in after.guards]
    come = [guard for guard in after.guards if guard not in before.guards]
    for guard in come:
        # one for the same fact and tier with another value is the same guard, moved
        old = next((other for other in gone if (other.fact, other.to) == (guard.fact, guard.to)), None)
        words = f"Cases now go straight to {_one(guard.to)} where {_caught(guard, before.currency)}"
        if old is not None:
            gone.remove(old)
            words += f" (so far {_value(old, before.currency)})"
        other_guards = tuple(other for other in before.guards if other is not old)
        step = before.model_copy(update={"guards": (*other_guards, guard)})
        is_loss = old is None or guard.at_least < old.at_least
        lost = (_below(before, guard), f"decide cases where {_caught(guard, before.currency)}") if is_loss else ("", "")
        yield Change("guard", words, *lost, cases=count(step))
    for guard in gone:
        step = before.model_copy(update={"guards": tuple(other for other in before.guards if other is not guard)})
        words = f"Cases no longer go straight to {_one(guard.to)} where {_caught(guard, before.currency)}"
        yield Change("guard", words, cases=count(step))


def _caught(guard: Guard, currency: str) -> str:
    sentence = GUARDS[guard.fact].sentence.format(_value(guard, currency)).removesuffix(".")
    return sentence[:1].lower() + sentence[1:]


def _value(guard: Guard, currency: str) -> str:
    return amount_words(guard.at_least, currency) if GUARDS[guard.fact].unit == "money" else f"{guard.at_least:g}"


def _below(policy: Policy, guard: Guard) -> str:
    """Return the tiers that a guard passes over."""
    return " and ".join(
        _plural(tier).lower() for tier in policy.tier_names[: policy.tier_names.index(guard.to)]
    ).capitalize()


def _rule_changes(before: Policy, after: Policy, scenario: Scenario, count: Counter) -> Iterator[Change]:
    old, new = (() if policy.playbook is None else policy.playbook.rules for policy in (before, after))
    rule_words = playbook_changes(old, new, before.currency, titles_of(scenario))
    if not rule_words:
        return
    cases = count(before.model_copy(update={"playbook": after.playbook}))
    words = [text.removeprefix("playbook ") for text in rule_words]
    words = [text[:1].upper() + text[1:] for text in words]
    if len(words) == 1:
        yield Change("rule", words[0], cases=cases)
        return
    yield from (Change("rule", text) for text in words)
    if cases is not None:
        yield Change("rule", f"These {len(words)} changes of rules together", cases=cases)


def _cases_words(cases: DecisionChange) -> str:
    """Return how many cases a year come out otherwise: "about 1,240 cases a year are decided lower down"."""
    if cases.total < _HARDLY_ONE:
        how_many = "hardly a case a year" if cases.total > _ROUNDING else "no case of those looked at"
        return f"{how_many} comes out otherwise"
    cases_of = {
        "are decided lower down": cases.lower,
        "are decided higher up": cases.higher,
        "get something else": cases.given_otherwise,
    }
    # beside the others, what is less than the error of the whole says nothing
    counts = {
        text: value for text, value in cases_of.items() if value >= max(_HARDLY_ONE, min(cases.error, cases.total))
    }
    (words, first), *others = (counts or {"come out otherwise": cases.total}).items()
    more = [f"about {_about(value, cases.error)} {text}" for text, value in others]
    return ", ".join([f"about {_about(first, cases.error)} cases a year {words}", *more])


def _gone_up(cases: DecisionChange | None) -> str:
    """Return in brackets how many cases go up, as far as that is known and there is one."""
    if cases is None or cases.higher < _HARDLY_ONE:
        return ""
    return f" (about {_about(cases.higher, cases.error)} cases a year go up)"


def _about(value: float, error: float) -> str:
    """Return a count with no more figures than its error leaves sense in."""
    unit = 10.0 ** max(0, math.floor(math.log10(error))) if 0 < error < math.inf else 1.0
    unit = min(unit, 10.0 ** max(0, math.floor(math.log10(value))))
    return f"{max(1, round(value / unit) * unit):,.0f}"


def _plural(tier: str) -> str:
    name = tier.replace("_", " ")
    return f"{name[:1].upper()}{name[1:]}s"


def _one(tier: str) -> str:
    name = tier.replace("_", " ")
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"
