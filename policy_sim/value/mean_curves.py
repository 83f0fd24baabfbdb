"""Mean curves: every outcome along several limits in the mean over the draws, at once after one of them has moved.

In: payoffs, what a policy comes to, places along its limits. Out: means at those places.
Left to others: what happens under each draw, so how sure it is (`curves`).

What a resolution comes to in the mean over the draws does not hang on any limit: it is worked out when it is first
chosen somewhere, and looked up from then on. Only how long people wait for supervisors hangs on the policy. Resolutions
are kept at one wait; what another wait does is added for all who wait at a tier together.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from policy_sim.policy import Guard, Policy, to_cents
from policy_sim.value.choice_kernels import PolicyArrays
from policy_sim.value.curve_kernels import Telling, add_means_along, find_unknown, read_between
from policy_sim.value.escalation_queue import WaitNodes, escalation_queue, with_wait
from policy_sim.value.evaluation import Outcome
from policy_sim.value.expected import choosable
from policy_sim.value.handling import Handling
from policy_sim.value.payoffs import Payoffs, in_blocks, spread
from policy_sim.value.places import Places
from policy_sim.value.response_kernels import STAFF, Assignments, DrawArrays, mean_measures
from policy_sim.value.scoring import score
from policy_sim.words import MEASURES

__all__ = ["MOST_BYTES", "MeanCurves"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: What is kept of resolutions, at most, unless the curves of one policy alone take more.
MOST_BYTES = 256 * 2**20

_ROWS_IN_A_BLOCK, _ROWS_AHEAD = 2_000, 8_000
_LOADS, _ROOM = 513, 3.0  # at which the queue is worked out; how far beyond the highest one that was met
_WAITING_ROWS, _NODES = 300, 7  # of each tier, that tell what waiting does there; at which waits
_FIRST_KNOTS, _KNOTS = 12, 24  # of what waiting does along a limit: where it rises from ask, and everywhere
_AHEAD = 0.85  # of what may be kept, that is filled before it is asked for
_FEW = 0.4  # of the cases: where a move touches fewer, only those are looked at anew
_TOLD = np.array([MEASURES.index("remedy_cost"), MEASURES.index("retained")])
_MINUTES = STAFF.index("supervisor_minutes")


class _Kinds(NamedTuple):
    """What giving something takes of supervisors, by kind: those of a kind wait at one tier, and take the same minutes.

    of (K, F, A) the kind, -1 where nobody waits and no supervisor is needed; tier (kinds,) of the scenario, is_waiting
    and on_request (kinds,); minutes (kinds, padded draws).
    """

    of: Ints
    tier: Ints
    is_waiting: NDArray[np.bool_]
    on_request: NDArray[np.bool_]
    minutes: Floats


class _Waits(NamedTuple):
    """How long people wait for supervisors at some loads, and what that does to who waits.

    width (draws,) minutes a case from one load to the next, the first being 0; hours (loads, draws); nodes at which
    effect (nodes, draws, tiers, columns, measures) is known: by how much those who wait at a tier come to more than at
    the wait at which resolutions are kept, per unit of each column of `_Sums.waiting`.
    """

    width: Floats
    hours: Floats
    nodes: WaitNodes
    effect: Floats


class _Sums(NamedTuple):
    """Sums over cases, or their changes, at places.

    means (places, measures); asked (places, kinds, styles) how many get something of a kind; waiting (places, tiers,
    columns) of those who wait how many ask, their future value, and what they come to by the measures `_TOLD`.
    """

    means: Floats
    asked: Floats
    waiting: Floats


@dataclass
class MeanCurves:
    """What resolutions come to in the mean over the draws, kept from move to move, for one set of payoffs.

    Bounded: at most `MOST_BYTES` are kept; before it would be more, all is forgotten but what one policy's curves need.
    """

    payoffs: Payoffs
    _said: tuple[tuple[Guard, ...], bool] | None = field(default=None, init=False)
    _row_of: NDArray[np.int32] = field(init=False)
    _table: Floats = field(init=False)
    _count: int = field(default=0, init=False)
    _numbers: DrawArrays = field(init=False)
    _wait: Floats = field(init=False)
    _waits: _Waits | None = field(default=None, init=False)
    _kinds: _Kinds = field(init=False)
    _last: tuple[Places, _Sums] | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        """Number the kinds of what is given."""
        self._kinds = _kinds_of(self.payoffs)

    @property
    def bytes(self) -> int:
        """Bytes that are kept."""
        return 0 if self._said is None else self._table.nbytes + self._row_of.nbytes

    def along(self, places: Places, outcome: Outcome) -> Floats:
        """Return (places, measures) means per case at all places of all limits.

        Exact where a limit stands now, which has to be one of its places. Elsewhere exact but for one thing: what a
        longer or shorter wait does is told from some of those who wait at a tier.

        Parameters
        ----------
        places
            Limits and amounts.
        outcome
            What their policy comes to.
        """
        self._listen(places.arrays, outcome)
        changes = self._changes_at(places)
        sums = _Sums(*(np.concatenate([np.cumsum(each[part], axis=0) for part in places.parts]) for each in changes))
        now = np.array([self._now(places, n) for n in range(len(places.levers))])
        totals = sums.means + self._effect_of_waits(places, outcome, sums, now)
        totals -= totals[np.repeat(now, np.diff(places.offset))]
        return np.asarray((outcome.sums.sum((0, 1)).mean(axis=-1) + totals) / len(self.payoffs.cases))

    def _changes_at(self, places: Places) -> _Sums:
        """Return what `_added` says of all cases: from the last move on, where the new one touches few cases."""
        if self._last is not None and places.differs_in_limits_alone(self._last[0]):
            before, sums = self._last
            touched = places.touched_since(before)
            if len(touched) < _FEW * len(self.payoffs.cases):
                stages = places.stages(touched)
                if self._learn(places.arrays, stages):
                    self._add_to(sums, places, stages)
                    self._add_to(sums, places, before.stages(touched), -1)
                    self._last = places, sums
                    return sums
        stages = places.stages()
        self._learn(places.arrays, stages)
        self._last = places, self._nothing_at(places)
        self._add_to(self._last[1], places, stages)
        return self._last[1]

    def ahead(self, arrays: PolicyArrays) -> list[tuple[Ints, Ints, Ints]]:
        """Return, in small pieces, what may be chosen under some limits and is not kept yet: to be `learnt` at leisure.

        No more than may be kept; nothing where `arrays` say something else of cases than the policies so far.
        """
        row_bytes = arrays.style.shape[1] * len(MEASURES) * 8
        room = int(_AHEAD * MOST_BYTES - self.bytes) // row_bytes if self._said is not None else 0
        counted = np.ones(arrays.limits.shape[-1], dtype=np.bool_)
        pieces = []
        for tier in arrays.tiers[:-1]:
            chosen = choosable(self.payoffs, int(tier), counted, arrays.book) & (self._row_of[tier] < 0)
            case, resolution = (rows[: max(room, 0)] for rows in np.nonzero(chosen))
            room -= len(case)
            for first in range(0, len(case), _ROWS_AHEAD):
                piece = slice(first, first + _ROWS_AHEAD)
                pieces.append((case[piece], resolution[piece], np.full(len(case[piece]), tier)))
        return pieces

    def learnt(self, policy: Policy, arrays: PolicyArrays, case: Ints, resolution: Ints, tier: Ints) -> None:
        """Work out one of the pieces that lie `ahead`, if policies say the same of cases still."""
        if self._said == _said_by(policy):
            unknown = self._row_of[tier, case, resolution] < 0
            if unknown.any():
                self._value(arrays, case[unknown], resolution[unknown], tier[unknown])

    @staticmethod
    def _now(places: Places, n: int) -> int:
        """Return the place, among those of all, where a limit stands now."""
        lever = places.levers[n]
        limit = places.policy.limit(lever.tier, lever.limit, lever.failure, lever.segment)
        step = np.searchsorted(places.cents[n], to_cents(limit), side="right") - 1
        return int(places.offset[n] + step)

    def _listen(self, arrays: PolicyArrays, outcome: Outcome) -> None:
        """Begin anew where a policy says something else of cases than the one before, whatever its limits."""
        said = _said_by(outcome.policy)
        if said == self._said:
            return
        self._said = said
        self._wait = outcome.queue.mean_wait_hours
        self._numbers = with_wait(self.payoffs, self._wait)
        self._waits = None
        self._forget(arrays)

    def _forget(self, arrays: PolicyArrays) -> None:
        payoffs = self.payoffs
        shape = (len(payoffs.scenario.tiers), *payoffs.choice_sets.adequate.shape)
        self._row_of, self._count = np.full(shape, -1, dtype=np.int32), 0
        self._table, self._last = np.empty((0, arrays.style.shape[1], len(MEASURES))), None

    def _learn(self, arrays: PolicyArrays, stages: list[Assignments]) -> bool:
        """Work out what is chosen somewhere for the first time; returns whether nothing was forgotten for it."""
        case, resolution, tier = self._unknown(stages)
        row_bytes = arrays.style.shape[1] * len(MEASURES) * 8
        is_full = self._count > 0 and (self._count + len(case)) * row_bytes + self._row_of.nbytes > MOST_BYTES
        if is_full:
            self._forget(arrays)
            case, resolution, tier = self._unknown(stages)
        if len(case):
            self._value(arrays, case, resolution, tier)
        return not is_full

    def _value(self, arrays: PolicyArrays, case: Ints, resolution: Ints, tier: Ints) -> None:
        """Add rows to the table."""
        payoffs = self.payoffs
        row_bytes = self._table.shape[1] * self._table.shape[2] * 8
        needed = self._count + len(case)
        if needed > len(self._table):
            most = max(needed, (MOST_BYTES - self._row_of.nbytes) // row_bytes)
            room = np.empty((min(most, max(needed, 3 * len(self._table) // 2)), *self._table.shape[1:]))
            room[: self._count] = self._table[: self._count]
            self._table = room
        out, weight = self._table[self._count : needed], arrays.style / len(payoffs.draws)

        def work(first: int, last: int) -> None:
            cases, numbers = payoffs.case_arrays, self._numbers
            mean_measures(
                case, resolution, tier, arrays.suspected, cases, numbers, weight, arrays.claimed, first, last, out
            )

        in_blocks(work, len(case), _ROWS_IN_A_BLOCK)
        self._row_of[tier, case, resolution] = np.arange(self._count, needed)
        self._count = needed

    def _unknown(self, stages: list[Assignments]) -> tuple[Ints, Ints, Ints]:
        """Return what is chosen somewhere and not kept yet: case, resolution, tier."""
        found: dict[int, Ints] = {}

        def work(first: int, last: int) -> None:
            block = stages[first]
            found[first] = find_unknown(block.case, block.tier, block.choice, self._row_of)

        in_blocks(work, len(stages), 1)
        if not found:
            return np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.int64)
        case, resolution, tier = np.concatenate([found[n] for n in sorted(found)], axis=1)
        return case, resolution, tier

    def _nothing_at(self, places: Places) -> _Sums:
        count, styles, tiers = int(places.offset[-1]), places.arrays.style.shape[1], len(self.payoffs.scenario.tiers)
        return _Sums(
            np.zeros((count, len(MEASURES))),
            np.zeros((count, len(self._kinds.tier), styles)),
            np.zeros((count, tiers, _facts_of(self.payoffs).shape[1] + len(_TOLD))),
        )

    def _add_to(self, sums: _Sums, places: Places, stages: list[Assignments], sign: int = 1) -> None:
        """Add, or take away, by how much sums over cases change at each place."""
        kinds, cases, payoffs = self._kinds, self.payoffs.cases, self.payoffs
        share = places.arrays.style[..., : len(payoffs.draws)].mean(axis=-1)
        whose = cases.failure, _facts_of(payoffs), cases.surfaces, share
        telling = Telling(*whose, kinds.of, kinds.on_request, kinds.is_waiting, _TOLD)
        parts: dict[int, _Sums] = {}

        def work(first: int, last: int) -> None:
            parts[first] = self._nothing_at(places)
            for block in stages[first:last]:
                add_means_along(*block, self._row_of, self._table, telling, *parts[first])

        in_blocks(work, len(stages), -(-len(stages) // 2) or 1)
        for first in sorted(parts):
            for total, part in zip(sums, parts[first], strict=True):
                total += sign * part

    def _effect_of_waits(self, places: Places, outcome: Outcome, sums: _Sums, now: Ints) -> Floats:
        """Return (places, measures) what it does to all who wait that they wait longer than resolutions are kept at.

        It is worked out at some of the places (those `now` are among them) and read between them.
        """
        knots = []
        for part, at in zip(places.parts, now, strict=True):
            every = np.arange(part.start, part.stop)
            knots.append(np.unique([*every[:_FIRST_KNOTS], *every[spread(len(every), _KNOTS)], at]))
        ends = np.cumsum([0, *map(len, knots)])
        standing = [first + np.searchsorted(at, here) for first, at, here in zip(ends[:-1], knots, now, strict=True)]
        at_knots = _Sums(*(each[np.concatenate(knots)] for each in sums))
        effect = self._effect_at(places, outcome, at_knots, np.repeat(standing, np.diff(ends)))
        effects = []
        for part, at, columns in zip(places.parts, knots, np.split(effect, ends[1:-1]), strict=True):
            every = np.arange(part.start, part.stop)
            effects.append(np.column_stack([np.interp(every, at, column) for column in columns.T]))
        return np.concatenate(effects)

    def _effect_at(self, places: Places, outcome: Outcome, sums: _Sums, now: Ints) -> Floats:
        """Return the same at some places of which the sums are given; `now` is the one of them where a limit stands."""
        payoffs, kinds, style = self.payoffs, self._kinds, places.arrays.style
        draws, count = len(payoffs.draws), len(payoffs.cases)
        shared = (kinds.minutes[:, None] * style[kinds.tier]).reshape(-1, style.shape[-1])[:, :draws]
        minutes = sums.asked.reshape(len(now), -1) @ shared / count
        minutes = np.maximum(minutes + outcome.per_case("supervisor_minutes") - minutes[now], 0.0)
        waits = self._waits_for(places, minutes)
        hours = read_between(waits.hours, minutes / waits.width)
        weights = np.moveaxis(waits.nodes.weights(hours), 0, 1).reshape(len(now), -1)
        effect = weights @ waits.effect.reshape(weights.shape[1], -1) / draws
        waiting = sums.waiting.reshape(len(now), -1)
        return np.asarray(np.einsum("px,pxq->pq", waiting, effect.reshape(*waiting.shape, len(MEASURES))))

    def _waits_for(self, places: Places, minutes: Floats) -> _Waits:
        """Return what is known of waiting, worked out anew where a load (places, draws) is higher than any before."""
        waits = self._waits
        if waits is not None and (minutes <= waits.width * (_LOADS - 1)).all():
            return waits
        width = np.maximum(_ROOM * minutes.max(axis=0), 1e-9) / (_LOADS - 1)
        hours = escalation_queue(self.payoffs, width * np.arange(_LOADS)[:, None]).mean_wait_hours
        nodes = WaitNodes(np.zeros(len(width)), hours[-1], np.cos((2 * np.arange(_NODES) + 1) / (2 * _NODES) * np.pi))
        effect = np.stack([_effect_of(places, self._wait, wait) for wait in nodes.hours])
        self._waits = _Waits(width, hours, nodes, effect)
        return self._waits


def _said_by(policy: Policy) -> tuple[tuple[Guard, ...], bool]:
    """Return what of a policy decides what resolutions come to, wherever its limits stand."""
    return tuple(policy.guards), policy.playbook is not None


def _kinds_of(payoffs: Payoffs) -> _Kinds:
    numbers = payoffs.draw_arrays
    minutes = np.moveaxis(numbers.staff[:, :, :, _MINUTES], 2, 0)
    tier = np.broadcast_to(np.arange(len(minutes))[:, None, None], minutes.shape[:-1])
    on_request = np.broadcast_to(~numbers.proactive, tier.shape)
    is_waiting = numbers.in_line | (tier > 0)
    counts = (is_waiting | (minutes != 0).any(axis=-1)).ravel()
    keys = np.column_stack(
        [tier.ravel(), on_request.ravel(), is_waiting.ravel(), minutes.reshape(-1, minutes.shape[-1])]
    )
    found, number = np.unique(keys[counts], axis=0, return_inverse=True)
    of = np.full(counts.shape, -1)
    of[counts] = number.ravel()
    return _Kinds(
        of.reshape(tier.shape),
        found[:, 0].astype(np.int64),
        found[:, 2].astype(np.bool_),
        found[:, 1].astype(np.bool_),
        np.ascontiguousarray(found[:, 3:]),
    )


def _facts_of(payoffs: Payoffs) -> Floats:
    """Return what tells (N, facts) of a case, besides what it comes to, what waiting does."""
    return np.column_stack([payoffs.cases.surfaces, payoffs.cases.surfaces * payoffs.cases.future_value])


def _effect_of(places: Places, kept: Floats, wait: Floats) -> Floats:
    """Return (draws, tiers, columns, measures) what waiting so long (draws,) does, against the wait that is kept.

    By least squares, of some cases at each tier.
    """
    payoffs, policy, arrays = places.payoffs, places.policy, places.arrays
    cases, facts = payoffs.cases, _facts_of(payoffs)
    columns = facts.shape[1] + len(_TOLD)
    out = np.zeros((len(payoffs.draws), len(payoffs.scenario.tiers), columns, len(MEASURES)))
    held = payoffs.menu.in_line[cases.failure] & payoffs.adequate
    for position, tier in enumerate(arrays.tiers):
        if tier > 0:
            handling = Handling.of(policy, payoffs, lowest=position)
            rows = np.flatnonzero(handling.tier == position)
            given = handling.choice[:, 0]
        else:
            rows, given = np.flatnonzero(held.any(axis=1)), held.argmax(axis=1)
        if not rows.size:
            continue
        rows = rows[spread(len(rows), _WAITING_ROWS)]
        choice = np.repeat(given[rows, None], arrays.style.shape[1], axis=1)
        assignments = Assignments(rows, np.full(len(rows), tier), choice, np.arange(len(rows)))
        longer, shorter = (
            score(payoffs, arrays, assignments, len(rows), with_wait(payoffs, hours)) for hours in (wait, kept)
        )
        told_by = np.column_stack([facts[rows], shorter[:, _TOLD].mean(axis=-1)])
        effect, *_ = np.linalg.lstsq(told_by, (longer - shorter).reshape(len(rows), -1), rcond=None)
        out[:, tier] = np.moveaxis(effect.reshape(columns, *longer.shape[1:]), 2, 0)
    return out
