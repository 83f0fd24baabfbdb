"""Kept: what stays between one move and the next, for one setting.

In: payoffs. Out: `Kept`. Left to others: what it is used for (`state`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from policy_sim.value import MeanCurves, Payoffs
from policy_sim.words import LIMITS

__all__ = ["Kept"]

_NEARLY_ALL = 0.97  # of what resolutions draw on a limit lies on its axis


@dataclass
class Kept:
    """What does not hang on limits: `MeanCurves` has most of it, and says how much that may be."""

    payoffs: Payoffs

    @cached_property
    def means(self) -> MeanCurves:
        """Resolutions in the mean over the draws, as far as they have been chosen somewhere."""
        return MeanCurves(self.payoffs)

    @cached_property
    def drawn(self) -> dict[str, float]:
        """What nearly all resolutions that draw on a limit draw on it at most (money), by limit; 0 where none does."""
        adequate = self.payoffs.adequate
        drawn = {name: self.payoffs.uses[..., d][adequate] for d, name in enumerate(LIMITS)}
        return {
            name: float(np.quantile(uses[uses > 0] / 100, _NEARLY_ALL)) if (uses > 0).any() else 0.0
            for name, uses in drawn.items()
        }
