"""Difference: everything in which two policies differ: all cases are cut where either may change, none is sampled.

In: two policies in the same currency, and the scenario that names failures and segments. Out: `PolicyDifference`: which
allows more, and an example case for each difference. Left to others: what the difference is worth (`value`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

from policy_sim.assumptions import Scenario
from policy_sim.border import InputError
from policy_sim.currencies import amount_words
from policy_sim.policy import Ladder, Policy, titles_of
from policy_sim.policy.decision import MOST_CENTS
from policy_sim.policy.playbook_words import playbook_changes
from policy_sim.publish.table import money_text, number_text
from policy_sim.words import ASKED_FOR, GUARD_FACTS, LIMIT_KINDS

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["PolicyDifference", "Step", "difference"]

Cell = tuple[str, str]
#: Amounts in whole cents: from, up to, but without; None where there is no upper end.
Amounts = tuple[int, int | None]
#: A range of every fact that a guard looks at, each by its position among the values at which something changes.
Box = tuple[int, ...]

_LIFE = ("version", "owner", "status", "effective_from", "effective_until", "approved_by", "approved_on")
_MOST_BOXES = 200_000


@dataclass(frozen=True)
class Step:
    """One difference.

    Attributes
    ----------
    words
        For which cases, and what each policy says.
    more_generous
        Name of the policy in which a lower tier decides.
    example
        A case of that kind, with what is asked for.
    example_words
        The same in words.
    first, second
        The tier that may decide the example in the first and in the second policy.
    """

    words: str
    more_generous: str
    example: Mapping[str, str | float]
    example_words: str
    first: str
    second: str

    def to_frame(self) -> pd.DataFrame:
        """Return one row with all of it."""
        import pandas as pd

        return pd.DataFrame([self.to_dict()])

    def to_dict(self) -> dict[str, object]:
        """Return the same as plain data."""
        return asdict(self)


@dataclass(frozen=True)
class PolicyDifference:
    """How two policies differ; a policy allows more where a lower tier may decide.

    Attributes
    ----------
    first, second
        The policies.
    steps
        Every difference in what they allow.
    first_more, second_more
        A case that only the first, or only the second, lets a lower tier decide; None where there is none.
    life
        Differences in version, owner, status and dates, in words.
    playbook
        What changed from the first playbook to the second, in words: rules changed, taken out, added, put elsewhere.
    """

    first: Policy
    second: Policy
    steps: tuple[Step, ...]
    first_more: Step | None
    second_more: Step | None
    life: tuple[str, ...]
    playbook: tuple[str, ...] = ()

    @property
    def verdict(self) -> str:
        """In words: equal, one allows whatever the other allows, or a counterexample each way."""
        one, two = self.labels
        if self.first_more is None and self.second_more is None:
            return "equal: in every case the same tier may decide"
        if self.second_more is None:
            return f"{one} allows whatever {two} allows, and more"
        if self.first_more is None:
            return f"{two} allows whatever {one} allows, and more"
        return "neither allows whatever the other allows"

    def to_frame(self) -> pd.DataFrame:
        """Return one row for each difference: words, more_generous, example (in words), first, second."""
        import pandas as pd

        columns = ("words", "more_generous", "example", "first", "second")
        rows = [
            (step.words, step.more_generous, ", ".join(map(str, step.example.values())), step.first, step.second)
            for step in self.steps
        ]
        return pd.DataFrame(rows, columns=list(columns))

    @property
    def counterexamples(self) -> tuple[Step, ...]:
        """A case for each policy that allows something that the other does not."""
        return tuple(step for step in (self.first_more, self.second_more) if step is not None)

    @property
    def labels(self) -> tuple[str, str]:
        """What the two are called: by name, by version where the names are the same, else A and B."""
        return _labels(self.first, self.second)

    def to_dict(self) -> dict[str, object]:
        """Return the verdict and every difference as plain data."""
        return {
            "first": self.labels[0],
            "second": self.labels[1],
            "verdict": self.verdict,
            "counterexamples": [step.to_dict() for step in self.counterexamples],
            "differences": [step.to_dict() for step in self.steps],
            "life": list(self.life),
            "playbook": list(self.playbook),
        }


def difference(first: Policy, second: Policy, scenario: Scenario) -> PolicyDifference:
    """Return everything in which two policies differ.

    Raises
    ------
    InputError
        If they are in different currencies, or name what the scenario does not know.
    """
    for policy in (first, second):
        policy.check_names(scenario, f"policy {policy.name}")
    if first.currency != second.currency:
        raise InputError(f"policies are in {first.currency} and {second.currency}; convert one of them to compare them")
    search = _Search(first, second, scenario)
    steps = (*search.guard_steps(), *search.limit_steps())
    more = [search.extreme(sign) for sign in (1, -1)]
    old, new = first.content, second.content
    life = tuple(
        f"{name} {old[name] or 'nothing'} -> {new[name] or 'nothing'}" for name in _LIFE if old[name] != new[name]
    )
    before, after = (() if policy.playbook is None else policy.playbook.rules for policy in (first, second))
    playbook = playbook_changes(before, after, first.currency, titles_of(scenario))
    return PolicyDifference(first, second, steps, more[0], more[1], life, playbook)


def _labels(first: Policy, second: Policy) -> tuple[str, str]:
    if first.name != second.name:
        return first.name, second.name
    if first.version != second.version:
        return f"{first.name} version {first.version}", f"{second.name} version {second.version}"
    return "A", "B"


class _Search:
    """Goes through all cases, cut into parts within which neither policy changes what it says.

    Attributes
    ----------
    policies, ladders
        The first and the second policy.
    tiers
        Of the scenario; tiers are compared by their rank among them.
    failures, segments
        Their titles by name.
    cells
        Failures and segments.
    cuts
        For each fact that a guard looks at, the values at which something may change.
    boxes
        Ranges of the facts, by the ranks of the tiers that look first in the first and in the second policy.
    most
        By cell and what is asked for: for each policy (rank of the tier, the most that it may decide in cents).
    """

    def __init__(self, first: Policy, second: Policy, scenario: Scenario) -> None:
        self.policies, self.tiers = (first, second), scenario.tiers
        self.failures = {name: failure.title for name, failure in scenario.failures.items()}
        self.segments = {segment.name: segment.title for segment in scenario.segments}
        self.ladders = (Ladder(first), Ladder(second))
        self.cells = list(product(self.failures, self.segments))
        self.cuts = self._fact_cuts()
        self.boxes = self._boxes()
        self.most = {
            (cell, asked_for): tuple(self._most(ladder, cell, asked_for) for ladder in self.ladders)
            for cell in self.cells
            for asked_for in ASKED_FOR
        }

    def _fact_cuts(self) -> dict[str, list[float]]:
        cuts: dict[str, set[float]] = {}
        for policy in self.policies:
            for guard in policy.guards:
                cuts.setdefault(guard.fact, {0.0}).add(max(guard.at_least, 0.0))
        return {fact: sorted(cuts[fact]) for fact in GUARD_FACTS if fact in cuts}

    def _boxes(self) -> dict[tuple[int, int], list[Box]]:
        count = math.prod(len(cuts) for cuts in self.cuts.values())
        if count > _MOST_BOXES:
            raise InputError(f"guards cut the cases into {count:,} parts; expected at most {_MOST_BOXES:,}, use fewer")
        boxes: dict[tuple[int, int], list[Box]] = {}
        for box in product(*(range(len(cuts)) for cuts in self.cuts.values())):
            facts = self._facts(box)
            first, second = (self.tiers.index(ladder.tiers[ladder.start(facts).position]) for ladder in self.ladders)
            boxes.setdefault((first, second), []).append(box)
        return dict(sorted(boxes.items()))

    def _facts(self, box: Box) -> dict[str, float]:
        """Return the facts at which a box begins."""
        return {fact: cuts[k] for k, (fact, cuts) in zip(box, self.cuts.items(), strict=True)}

    def _most(self, ladder: Ladder, cell: Cell, asked_for: str) -> list[tuple[int, int]]:
        return [(self.tiers.index(rung.tier), rung.most_cents) for rung in ladder.rungs(*cell, asked_for)]

    def _deciders(self, starts: tuple[int, int], cell: Cell, asked_for: str) -> list[tuple[Amounts, int, int]]:
        """Return ranges of the amount, with the rank of the tier that decides it in the first and second policy."""
        of_policies = self.most[cell, asked_for]
        cuts = sorted({0, *(most + 1 for ranked in of_policies for _, most in ranked if 0 <= most < MOST_CENTS)})
        ranges: list[tuple[Amounts, int, int]] = []
        for low, high in zip(cuts, [*cuts[1:], None], strict=True):
            one, two = (
                next(rank for rank, most in ranked if rank >= start and (most >= low or rank == ranked[-1][0]))
                for ranked, start in zip(of_policies, starts, strict=True)
            )
            ranges.append(((low, high), one, two))
        return ranges

    def extreme(self, sign: int) -> Step | None:
        """Return a case that only one policy lets a lower tier decide (1: the first, -1: the second), or None."""
        for starts, boxes in self.boxes.items():
            for cell, asked_for in product(self.cells, ASKED_FOR):
                for amounts, one, two in self._deciders(starts, cell, asked_for):
                    if sign * (two - one) > 0:
                        return self._step("", boxes[0], cell, asked_for, amounts, one, two)
        return None

    def limit_steps(self) -> list[Step]:
        """Return differences in limits: among cases that both policies start with the same tier."""
        # the cells in which the same differs, each with a box of facts
        differing: dict[tuple[str, Amounts, int, int], dict[Cell, Box]] = {}
        for starts, boxes in self.boxes.items():
            if starts[0] != starts[1]:
                continue
            for cell, asked_for in product(self.cells, ASKED_FOR):
                shown = [key[1] for key, cells in differing.items() if key[0] == asked_for and cell in cells]
                for amounts, one, two in self._deciders(starts, cell, asked_for):
                    # what a lower start has shown is not said again for a higher one
                    if one != two and not any(_lies_within(amounts, other) for other in shown):
                        differing.setdefault((asked_for, amounts, one, two), {})[cell] = boxes[0]
        steps = []
        for (asked_for, amounts, one, two), cells in differing.items():
            cell, box = next(iter(cells.items()))
            words = f"{_spoken(asked_for)} {self._amount_words(amounts)}, {self._cell_words(list(cells))}"
            steps.append(self._step(words, box, cell, asked_for, amounts, one, two))
        return steps

    def guard_steps(self) -> list[Step]:
        """Return differences in who looks first."""
        steps = []
        for starts, boxes in self.boxes.items():
            if starts[0] == starts[1]:
                continue
            example = self._differing_example(starts)
            for merged in _merged(boxes, [len(cuts) for cuts in self.cuts.values()]):
                box = tuple(low for low, _ in merged)
                words = f"cases with {self._box_words(merged)}"
                if example is None:
                    cell, asked_for = self.cells[0], ASKED_FOR[0]
                    amounts, one, two = self._deciders(starts, cell, asked_for)[0]
                    words += " (who looks first differs, who decides does not)"
                else:
                    cell, asked_for, amounts, one, two = example
                steps.append(self._step(words, box, cell, asked_for, amounts, one, two, starts))
        return steps

    def _differing_example(self, starts: tuple[int, int]) -> tuple[Cell, str, Amounts, int, int] | None:
        for cell, asked_for in product(self.cells, ASKED_FOR):
            for amounts, one, two in self._deciders(starts, cell, asked_for):
                if one != two:
                    return cell, asked_for, amounts, one, two
        return None

    def _step(
        self, words: str, box: Box, cell: Cell, asked_for: str, amounts: Amounts, one: int, two: int,
        starts: tuple[int, int] | None = None,
    ) -> Step:  # fmt: skip
        low, high = amounts
        example: dict[str, str | float] = {
            "failure": cell[0],
            "segment": cell[1],
            "asked_for": asked_for,
            # the highest amount of which it is true says most
            "amount": (low if high is None else high - 1) / 100,
            **self._facts(box),
        }
        tiers = self.tiers
        if words and starts is not None:
            words += f": {tiers[starts[0]]} looks first -> {tiers[starts[1]]} looks first"
        elif words:
            words += f": {tiers[one]} decides -> {tiers[two]} decides"
        first, second = starts or (one, two)
        more = _labels(*self.policies)[0 if first < second else 1]
        return Step(words, more, example, self._example_words(example), tiers[one], tiers[two])

    def _example_words(self, example: Mapping[str, str | float]) -> str:
        """Say what the case is, what is asked for, and each fact that a guard looks at."""
        kind, amount = str(example["asked_for"]), float(example["amount"])
        facts = [f"{_spoken(fact)} {example[fact]:g}" for fact in GUARD_FACTS if fact in example]
        asked = f"{LIMIT_KINDS[kind].title.lower()}, {amount_words(amount, self.policies[0].currency)}"
        return "; ".join(
            [self.failures[str(example["failure"])], self.segments[str(example["segment"])], asked, *facts]
        )

    def _amount_words(self, amounts: Amounts) -> str:
        low, high = amounts
        currency = self.policies[0].currency
        if high is None:
            return f"of any amount in {currency}" if low == 0 else f"above {money_text(low - 1)} {currency}"
        above = "" if low == 0 else f"above {money_text(low - 1)} "
        return f"{above}up to {money_text(high - 1)} {currency}"

    def _cell_words(self, cells: list[Cell]) -> str:
        by_segments: dict[tuple[str, ...], list[str]] = {}
        for failure in self.failures:
            segments = tuple(segment for other, segment in cells if other == failure)
            if segments:
                by_segments.setdefault(segments, []).append(failure)
        parts = []
        for segments, failures in by_segments.items():
            which, whom = "any failure", "any segment"
            if len(failures) < len(self.failures):
                which = ", ".join(self.failures[name] for name in failures)
            if len(segments) < len(self.segments):
                whom = ", ".join(self.segments[name] for name in segments)
            parts.append(f"{which} ({whom})")
        return "; ".join(parts)

    def _box_words(self, merged: Sequence[tuple[int, int]]) -> str:
        parts = []
        for (low, high), (fact, cuts) in zip(merged, self.cuts.items(), strict=True):
            if high < len(cuts):
                least = f"{number_text(cuts[low])} or more and " if low else ""
                parts.append(f"{_spoken(fact)} {least}below {number_text(cuts[high])}")
            elif low:
                parts.append(f"{_spoken(fact)} {number_text(cuts[low])} or more")
        return ", ".join(parts) or "any facts"


def _spoken(name: str) -> str:
    return name.replace("_", " ")


def _lies_within(amounts: Amounts, other: Amounts) -> bool:
    (low, high), (other_low, other_high) = amounts, other
    return low >= other_low and (other_high is None or (high is not None and high <= other_high))


def _merged(boxes: Sequence[Box], sizes: Sequence[int]) -> list[tuple[tuple[int, int], ...]]:
    """Return the same boxes joined along one fact after the other; each as (from, up to) for every fact."""
    joined = [tuple((k, k + 1) for k in box) for box in boxes]
    for axis in range(len(sizes)):
        by_rest: dict[Any, list[tuple[int, int]]] = {}
        for box in joined:
            by_rest.setdefault((box[:axis], box[axis + 1 :]), []).append(box[axis])
        joined = []
        for (before, after), spans in by_rest.items():
            whole: list[tuple[int, int]] = []
            for low, high in sorted(spans):
                if whole and whole[-1][1] == low:
                    whole[-1] = (whole[-1][0], high)
                else:
                    whole.append((low, high))
            joined += [(*before, span, *after) for span in whole]
    return joined
