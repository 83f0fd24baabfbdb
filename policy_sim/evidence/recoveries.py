"""Recoveries: the loss of customers after each kind of remedy by another model than the calibrated one, beside it.

In: a calibration. Out: `RecoveryComparison`: chances of loss by the recovery-aware BG/NBD, fitted to the same orders,
and by the calibrated response. Left to others: both models (`clv`, `calibration`).
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit

from policy_sim.assumptions import central
from policy_sim.border import plain_rows
from policy_sim.clv import RecoveryBgNbdFit, fit_recovery_bg_nbd, summarise_recoveries
from policy_sim.evidence.calibration import Calibration
from policy_sim.evidence.observed import Observed
from policy_sim.service import compile_menu
from policy_sim.words import RemedyKind

__all__ = ["RecoveryComparison", "compare_recoveries", "remedy_kinds"]

#: What a resolution is called by, the first of these that it holds.
_KINDS = ("goods", *(kind for kind in get_args(RemedyKind) if kind != "goods"))
_NOTHING = "nothing"


@dataclass(frozen=True)
class RecoveryComparison:
    """Chances of losing a customer after each kind of remedy, by two models of the same orders.

    Attributes
    ----------
    table
        One row for each kind: recovery, cases, by_drop_out and error (chance to drop out by the recovery-aware BG/NBD,
        and its standard error), by_response (mean chance of loss of these cases by the calibrated response).
    fit
        The recovery-aware BG/NBD.
    """

    table: pd.DataFrame
    fit: RecoveryBgNbdFit

    def to_frame(self) -> pd.DataFrame:
        """Return `table`."""
        return self.table

    def to_dict(self) -> dict[str, object]:
        """Return the rows of `table` and the fit as plain data."""
        return {"recoveries": plain_rows(self.table), "fit": self.fit.to_dict()}


def compare_recoveries(calibration: Calibration) -> RecoveryComparison:
    """Fit the recovery-aware BG/NBD to the orders of a calibration, one class for each kind of remedy.

    Where both agree, the shape that the response model takes for granted does not decide what is lost. The BG/NBD knows
    nothing of what else differs between cases, so that kinds which are given in worse cases look worse by it.
    """
    observed = calibration.observed
    kinds = remedy_kinds(observed)
    log = observed.follow_up.transactions
    recoveries = pd.DataFrame(
        {
            "customer": log.labels[log.customer[observed.follow_up.place]],
            "date": log.date[observed.follow_up.place].astype(str),
            "recovery": kinds,
        }
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what is not determined shows in the errors
        fit = fit_recovery_bg_nbd(summarise_recoveries(log, recoveries))
    natural = np.array([point.value for point in observed.parameters.points(calibration.weights @ calibration.all_z)])
    floor = natural[calibration.names.index("response.churn_without_failure")]
    lost = floor + (1 - floor) * expit(observed.likelihood().logits(natural))
    by_class = fit.loss_after_recovery.set_index("recovery")
    rows = [
        (
            kind,
            int((kinds == kind).sum()),
            *by_class.loc[kind, ["mean_drop_out", "standard_error"]],
            lost[kinds == kind].mean(),
        )
        for kind in fit.class_names[1:]
    ]
    columns = ["recovery", "cases", "by_drop_out", "error", "by_response"]
    return RecoveryComparison(pd.DataFrame(rows, columns=columns), fit)


def remedy_kinds(observed: Observed) -> NDArray[np.str_]:
    """Return the kind of remedy of each case (cases,): "goods", "money" ..., "nothing"."""
    scenario = observed.scenario
    menu = compile_menu(scenario, central(scenario))
    remedy_of = scenario.remedy_of_variant
    names = [
        [
            _kind({scenario.remedies[remedy_of[name]].kind for name in words.split(" + ") if name in remedy_of})
            for words in row
        ]
        for row in menu.names
    ]
    return np.array([names[f][a] for f, a in zip(observed.log.cases.failure, observed.log.resolution, strict=True)])


def _kind(held: set[str | None]) -> str:
    return next((kind for kind in _KINDS if kind in held), _NOTHING)
