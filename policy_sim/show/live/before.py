"""Before: what the policy in hand was worth by other assumptions: before they were measured here, or changed.

In: the file of a scenario, a panel, the setting of before. Out: the scenario of before, and a line for the screen.
Left to others: preparing that setting (`widget`).
"""

from __future__ import annotations

from pathlib import Path

from policy_sim.assumptions import Scenario, load_scenario
from policy_sim.extending import extended_file
from policy_sim.show.live.state import VALUE, Panel
from policy_sim.show.wording import TOO_FEW, format_money
from policy_sim.study import Setting
from policy_sim.value import Estimate, compare

__all__ = ["WAITING", "before_words", "change_words", "scenario_before"]

#: What stands in place of the line while it is worked out.
WAITING = "Working out what the net value was by the assumptions before calibration …"


def scenario_before(scenario: str | Path) -> Scenario | None:
    """Return the nearest scenario that this one extends and of which nothing was measured here.

    None where nothing of this one was measured here, or there is no such scenario.

    Raises
    ------
    InputError
        If a file is missing or does not fit.
    """
    loaded = load_scenario(scenario)
    if not _is_measured_here(loaded):
        return None
    file = extended_file(scenario)
    while file is not None:
        before = load_scenario(file)
        if not _is_measured_here(before):
            return before
        file = extended_file(file)
    return None


def before_words(panel: Panel, before: Setting) -> str:
    """Return the net value a year with its interval, now and by the assumptions of before, in a line.

    It is that of the policy in hand against the one that it is compared with; where these are the same, its own.

    Parameters
    ----------
    before
        Cases and draws by the assumptions of before.
    """
    value_words = _told_of(panel)
    then = _told_of(panel.assuming(before))
    return f"Net value a year{_against(panel)}: {value_words}; with the assumptions before calibration {then}."


def change_words(before: Panel, now: Panel) -> str:
    """Return what changed assumptions do to the interval of the net value a year, in a line.

    It is the difference of the policy in hand from the one that it is compared with; where these are the same, its own.

    Parameters
    ----------
    before, now
        The same two policies, by the assumptions before and now.
    """
    both = [_told_of(panel) for panel in (before, now)]
    line = f"Net value a year{_against(now)} was {both[0]}; with these assumptions it is {both[1]}"
    estimates = [_estimate(panel) for panel in (before, now)]
    if any(estimate.too_few(VALUE) for estimate in estimates):
        return f"{line}."
    widths = [high - low for low, high in (estimate.interval_per_year(VALUE) for estimate in estimates)]
    return f"{line}, {_width_words(widths[1] / widths[0] if widths[0] > 0 else 1.0)}."


def _is_measured_here(scenario: Scenario) -> bool:
    return any(scenario.assumption(name).trust == "own" for name in scenario.assumption_names)


def _width_words(ratio: float) -> str:
    """Say how wide an interval is, as a multiple of the one before."""
    change = round(100 * (ratio - 1))
    if change > 100:
        return f"{ratio:.1f} times as wide"
    return f"{abs(change)}% {'wider' if change > 0 else 'narrower'}" if change else "as wide as before"


def _is_against_itself(panel: Panel) -> bool:
    own, other = panel.policy, panel.baseline.policy
    return (own.tiers, own.playbook) == (other.tiers, other.playbook)


def _against(panel: Panel) -> str:
    return "" if _is_against_itself(panel) else f" against “{panel.baseline.policy.title}”"


def _estimate(panel: Panel) -> Estimate:
    """Return what the policy in hand brings against the one that it is compared with, or by itself if that is it."""
    return panel.outcome if _is_against_itself(panel) else compare(panel.outcome, panel.baseline)


def _money(panel: Panel, amount: float) -> str:
    return format_money(amount, panel.setting.scenario.currency, not _is_against_itself(panel))


def _told_of(panel: Panel) -> str:
    result = _estimate(panel)
    level = _money(panel, float(result.per_year(VALUE).mean()))
    if result.too_few(VALUE):
        return f"{level}, {TOO_FEW}"
    low, high = result.interval_per_year(VALUE)
    return f"{level}, likely {_money(panel, low)} to {_money(panel, high)}"
