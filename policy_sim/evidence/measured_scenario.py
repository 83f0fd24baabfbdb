"""Measured scenario: a scenario file that extends another with what a company's own cases have taught.

In: a calibration. Out: the file's content, and the scenario that it makes.
Left to others: learning (`calibration`, `styles`, `shares`), where the file goes (`cli`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from policy_sim.assumptions import MEASURED_AT, Assumption, Scenario
from policy_sim.border import parse_model, write_whole
from policy_sim.evidence.calibration import Calibration

__all__ = ["as_measured", "measured_content", "write_measured"]

Floats = NDArray[np.float64]

_DIGITS = 6
_ENDS = 1e-4  # shares of draws beyond the ends of a measured range
_LEAST_CORRELATION = 0.995  # of a matrix that is kept positive definite


def measured_content(
    calibration: Calibration,
    extends: str,
    name: str = "",
    counted: Mapping[str, Mapping[str, Any]] | None = None,
) -> dict[str, Any]:
    """Return the content of a scenario file: what it extends, and each assumption that the log told.

    Assumptions that the log cannot tell stay as they were. Each of the others has its posterior median as value, its
    posterior's quantiles as distribution, and says where it is from and what was assumed before; how they hang together
    is the file's `correlation`.

    Parameters
    ----------
    extends
        Name of the scenario that was calibrated, or the path of its file from the new one's folder.
    name
        Of the new scenario; that of the old one with "_measured" where it is not said.
    counted
        Further assumptions, by full name, as they stand in a file (`style_shares`, `counted_shares`).
    """
    scenario = calibration.scenario
    told = [place for place, is_told in enumerate(calibration.is_told) if is_told]
    assumptions: dict[str, dict[str, Any]] = {}
    for place in told:
        full_name = calibration.names[place]
        group, member = full_name.split(".")
        assumptions.setdefault(group, {})[member] = _measured(calibration, full_name)
    for full_name, written in (counted or {}).items():
        group, member = full_name.split(".")
        assumptions.setdefault(group, {})[member] = dict(written)
    content: dict[str, Any] = {
        "extends": extends,
        "name": name or f"{scenario.name}_measured"[:60],
        "title": f"{scenario.title}, measured",
        "description": f"{scenario.description} Calibrated from {calibration.observed.about()}.",
        "assumptions": assumptions,
    }
    if len(told) > 1:
        content["correlation"] = {
            "names": [calibration.names[place] for place in told],
            "matrix": _correlation(calibration, told).round(_DIGITS).tolist(),
        }
    return content


def write_measured(path: Path, content: Mapping[str, Any], scenario: Scenario) -> Scenario:
    """Check a content against the scenario that it extends, write it, and return the scenario that it makes.

    Raises
    ------
    InputError
        If it does not fit, or the file cannot be written.
    """
    made = _over(scenario, content)
    text = yaml.safe_dump(dict(content), sort_keys=False, allow_unicode=True, width=120, default_flow_style=None)
    write_whole(path, text)
    return made


def _over(scenario: Scenario, content: Mapping[str, Any]) -> Scenario:
    base = scenario.model_dump()
    for group, members in content["assumptions"].items():
        for member, own in members.items():
            base["assumptions"][group][member] |= own
    own_parts = {key: value for key, value in content.items() if key not in ("extends", "assumptions")}
    return parse_model(Scenario, base | own_parts, f"scenario '{content['name']}'")


def _measured(calibration: Calibration, name: str) -> dict[str, Any]:
    assumption = calibration.scenario.assumption(name)
    shares = np.clip(MEASURED_AT, _ENDS, 1 - _ENDS)
    about = f"calibrated from {calibration.observed.about()}"
    return as_measured(assumption, [calibration.quantile(name, float(share)) for share in shares], about)


def as_measured(assumption: Assumption, quantiles: Sequence[float], about: str) -> dict[str, Any]:
    """Return an assumption as it stands in a file once it was measured: quantiles at `MEASURED_AT`, and its source."""
    rising = [round(float(quantile), _DIGITS) for quantile in quantiles]
    for place in range(1, len(rising)):
        # equal to so many digits: told apart by the last one
        rising[place] = max(rising[place], round(rising[place - 1] + 10.0**-_DIGITS, _DIGITS))
    low, high = assumption.range
    return {
        "value": rising[MEASURED_AT.index(0.5)],
        "unit": assumption.unit,
        "range": [rising[0], rising[-1]],
        "quantiles": rising,
        "distribution": "measured",
        "trust": "own",
        "source": f"{about}; prior {assumption.value:g}, {low:g} to {high:g}: {assumption.source}"[:600],
    }


def _correlation(calibration: Calibration, told: list[int]) -> Floats:
    covariance = calibration.covariance_z[np.ix_(told, told)]
    spread = np.sqrt(np.diag(covariance))
    # as a mean of draws it may lack a rank; a little less of it has none lacking
    matrix = _LEAST_CORRELATION * covariance / np.outer(spread, spread)
    matrix[np.diag_indices(len(told))] = 1.0
    return np.asarray((matrix + matrix.T) / 2)
