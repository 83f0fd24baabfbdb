"""True response: how customers of a simulated firm really answer, which only the simulation knows.

In: the true assumptions, facts of cases, what was given. Out: chances of loss, what survivors spend, what was given in
money. Left to others: who decides and what they choose (`value`), what happens then (`simulated_world`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from policy_sim.assumptions import Draws, Scenario
from policy_sim.evidence.world import DRAWN_PER_FAILURE, DRAWN_SHARED
from policy_sim.failures import ACTS
from policy_sim.service import (
    Cases,
    Menu,
    chance_lost,
    compensation_effect,
    compile_menu,
    insult,
    over_compensation,
    recency_of_failure,
    spend_multiplier,
)
from policy_sim.service.response import PEAK
from policy_sim.words import EVERYTHING, GOODWILL, LIMITS

__all__ = ["Answer", "TrueResponse"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: What the answer takes besides, of all failures alike; at its central value unless the world says otherwise.
_HELD = ("insult_weight", "insult_below", "proactive_weight", "suspected_weight", "base_effort")


@dataclass(frozen=True)
class Answer:
    """How customers answer; arrays (cases,).

    Attributes
    ----------
    delta
        Chance that the customer leaves.
    multiplier
        What they spend from then on if they stay, against before.
    """

    delta: Floats
    multiplier: Floats


class TrueResponse:
    """The response model with the true assumptions, and with the shape that the world has.

    Parameters
    ----------
    scenario
        Failures and remedies.
    truth
        One draw: the true assumptions.
    shape
        One of `world.RESPONSE_SHAPES`.
    confounding
        gamma: what one unit of what nobody records adds to the logits of loss.
    """

    def __init__(self, scenario: Scenario, truth: Draws, shape: str = "assumed", confounding: float = 0.0) -> None:
        self.scenario, self.truth, self.shape, self.confounding = scenario, truth, shape, confounding
        self.menu: Menu = compile_menu(scenario, truth)
        self._is_rejected = np.array([failure.shape == "rejected" for failure in scenario.failures.values()])
        names = (*DRAWN_PER_FAILURE, "loss_share")
        self._of_failure = {
            name: np.array([truth[f"{failure}.{name}"][0] for failure in scenario.failures]) for name in names
        }
        self._shared = {name: float(truth[f"response.{name}"][0]) for name in (*DRAWN_SHARED, *_HELD)}
        self._half_life = scenario.value("response.double_deviation_half_life_days")

    def to_resolution(
        self, cases: Cases, resolution: Ints, turnaround_hours: Floats, suspected: Floats, churn: Floats, unseen: Floats
    ) -> Answer:
        """Return how the customers of cases answer what they are given.

        Parameters
        ----------
        resolution
            (cases,) which of the failure's resolutions.
        turnaround_hours
            (cases,) hours from opening the case to the answer.
        suspected
            (cases,) 1 where a guard has passed the case on because its customer may be lying, else 0.
        churn
            (cases,) the customer's own chance to leave after an order without failure.
        unseen
            (cases,) u, standard normal: what agents see and no log holds.
        """
        acts = {name: self.menu.acts[cases.failure, resolution, place, 0] for place, name in enumerate(ACTS)}
        facts = {name: cases.columns[name] for name in ("severity", "prior_failures", "prior_purchases")}
        return self._answer(
            cases.failure,
            facts | {"days_since_failure": cases.days_since_failure},
            compensation=self.compensation(cases, resolution),
            gesture=acts["gesture"],
            effort=self._shared["base_effort"] + acts["effort"],
            hours=cases.hours_open + turnaround_hours + acts["lead_hours"],
            suspected=suspected,
            churn=churn,
            unseen=unseen,
        )

    def to_silence(self, failure: Ints, facts: Mapping[str, Floats], churn: Floats, unseen: Floats) -> Answer:
        """Return how customers answer who asked nobody, got nothing, and did not wait for anybody.

        Parameters
        ----------
        failure
            (cases,) indices.
        facts
            severity, hours_open, prior_failures, days_since_failure and prior_purchases of each.
        churn, unseen
            As in `to_resolution`.
        """
        none = np.zeros(len(failure))
        hours = facts["hours_open"]
        return self._answer(
            failure,
            facts,
            compensation=none,
            gesture=none,
            effort=none,
            hours=hours,
            suspected=none,
            churn=churn,
            unseen=unseen,
        )

    def compensation(self, cases: Cases, resolution: Ints) -> Floats:
        """Return what resolutions are worth over the loss, net of the customer's trouble (cases,)."""
        loss = self._of_failure["loss_share"][cases.failure] * np.maximum(cases.item_price, 0.01)
        return np.asarray(self._money(cases, resolution, self.menu.felt - self.menu.trouble) / loss)

    def amounts(self, cases: Cases, resolution: Ints) -> dict[str, Floats]:
        """Return the money (cases,) that is given by each limit that counts something given: refund, credit ..."""
        return {
            limit: self._money(cases, resolution, self.menu.uses[:, :, LIMITS.index(limit)])
            for limit in LIMITS
            if limit not in (EVERYTHING, GOODWILL)
        }

    def _money(self, cases: Cases, resolution: Ints, forms: Floats) -> Floats:
        columns = cases.money_columns() * cases.column_factors(self.truth)[:, 0]
        return np.asarray((columns * forms[cases.failure, resolution, :, 0]).sum(axis=1))

    def _answer(
        self,
        failure: Ints,
        facts: Mapping[str, Floats],
        *,
        compensation: Floats,
        gesture: Floats,
        effort: Floats,
        hours: Floats,
        suspected: Floats,
        churn: Floats,
        unseen: Floats,
    ) -> Answer:
        shared = self._shared
        of_failure = {name: values[failure] for name, values in self._of_failure.items()}
        effect = self._effect(compensation, failure)
        harm = of_failure["churn_without_remedy"]
        # what is added to the logits of loss without remedy is added to those of any loss
        odds = harm / (1 - harm) * np.exp(self.confounding * unseen)
        delta = chance_lost(
            effect=effect,
            over=over_compensation(compensation),
            insulted=insult(compensation, shared["insult_below"]),
            gesture=gesture,
            proactive=0.0,
            suspected=suspected,
            severity=facts["severity"],
            hours=hours,
            effort=effort,
            prior_failures=facts["prior_failures"],
            recent_failure=recency_of_failure(facts["prior_failures"], facts["days_since_failure"], self._half_life),
            prior_purchases=facts["prior_purchases"],
            churn_without_failure=churn,
            churn_without_remedy=odds / (1 + odds),
            compensation_weight=of_failure["compensation_weight"],
            gesture_weight=of_failure["gesture_weight"],
            **{name: shared[name] for name in (*DRAWN_SHARED, *_HELD) if name.endswith("_weight")},
        )
        return Answer(delta, spend_multiplier(effect, of_failure["spend_drop"], shared["paradox"]))

    def _effect(self, compensation: Floats, failure: Ints) -> Floats:
        """Return how much of its full effect a compensation has, as the world has it."""
        if self.shape == "linear":
            return np.clip(compensation / PEAK, 0.0, 1.0)
        if self.shape == "all_or_nothing":
            return (compensation >= 1).astype(np.float64)
        is_rejected = self._is_rejected[failure] != (self.shape == "swapped")
        return np.where(
            is_rejected, compensation_effect(compensation, "rejected"), compensation_effect(compensation, "accepted")
        )
