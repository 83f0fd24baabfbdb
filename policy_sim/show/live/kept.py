"""Kept: what stays between one move and the next, for one setting.

In: payoffs, the policy in hand after each move. Out: what it brings, and its curves in the mean.
Left to others: how both are worked out (`value`), how they look on screen (`state`).
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from policy_sim.policy import Policy
from policy_sim.value import MeanCurves, Outcome, Payoffs, Places, RunningOutcome, policy_arrays_of
from policy_sim.words import LIMITS

__all__ = ["Kept"]

_NEARLY_ALL = 0.97  # of what resolutions draw on a limit lies on its axis


@dataclass
class Kept:
    """What stays between moves, and makes the next one quick; several threads may ask.

    Bounded, and said where it is kept: `MeanCurves` (at most 256 MiB as a rule) and `RunningOutcome` (a few MiB).
    """

    payoffs: Payoffs
    _means: MeanCurves = field(init=False, repr=False)
    _running: RunningOutcome = field(init=False, repr=False)
    _newest: Outcome | None = field(default=None, init=False, repr=False)
    _lock: threading.RLock = field(default_factory=threading.RLock, init=False, repr=False)

    def __post_init__(self) -> None:
        """Begin with nothing."""
        self._means, self._running = MeanCurves(self.payoffs), RunningOutcome(self.payoffs)

    def outcome(self, policy: Policy) -> Outcome:
        """Return what the policy in hand brings."""
        with self._lock:
            if self._newest is None or self._newest.policy != policy:
                self._newest = self._running.evaluate(policy)
            return self._newest

    def means_along(self, places: Places, outcome: Outcome) -> NDArray[np.float64]:
        """Return (places, measures) means per case along limits, as `MeanCurves.along`."""
        with self._lock:
            return self._means.along(places, outcome)

    def look_ahead(self, policy: Policy, check: Callable[[], None]) -> None:
        """Work out what later moves may ask for, in small pieces, before each of which `check` is called."""
        arrays = policy_arrays_of(policy, self.payoffs)
        with self._lock:
            pieces = self._means.ahead(arrays)
        for piece in pieces:
            check()
            with self._lock:
                self._means.learnt(policy, arrays, *piece)

    @property
    def bytes(self) -> int:
        """Bytes that are kept of resolutions."""
        return self._means.bytes

    @cached_property
    def drawn(self) -> dict[str, float]:
        """What nearly all resolutions that draw on a limit draw on it at most (money), by limit; 0 where none does."""
        adequate = self.payoffs.adequate
        drawn = {name: self.payoffs.uses[..., d][adequate] for d, name in enumerate(LIMITS)}
        return {
            name: float(np.quantile(uses[uses > 0] / 100, _NEARLY_ALL)) if (uses > 0).any() else 0.0
            for name, uses in drawn.items()
        }
