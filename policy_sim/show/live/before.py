"""Before: what the policy in hand was worth by the assumptions from before they were measured here.

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
from policy_sim.value import Estimate, compare, evaluate

__all__ = ["WAITING", "before_words", "scenario_before"]

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
    currency = panel.setting.scenario.currency
    own, other = panel.policy, panel.baseline.policy
    if (own.tiers, own.playbook) == (other.tiers, other.playbook):
        is_signed, against = False, ""
        now: Estimate = panel.outcome
        then: Estimate = evaluate(panel.policy, before.payoffs)
    else:
        is_signed, against = True, f" against “{panel.baseline.policy.title}”"
        now = compare(panel.outcome, panel.baseline)
        then = compare(evaluate(panel.policy, before.payoffs), evaluate(panel.baseline.policy, before.payoffs))
    told = [_told(result, currency, is_signed) for result in (now, then)]
    return f"Net value a year{against}: {told[0]}; with the assumptions before calibration {told[1]}."


def _is_measured_here(scenario: Scenario) -> bool:
    return any(scenario.assumption(name).trust == "own" for name in scenario.assumption_names)


def _told(result: Estimate, currency: str, is_signed: bool) -> str:
    def told(amount: float) -> str:
        return format_money(amount, currency, is_signed)

    level = told(float(result.per_year(VALUE).mean()))
    if result.too_few(VALUE):
        return f"{level}, {TOO_FEW}"
    low, high = result.interval_per_year(VALUE)
    return f"{level}, likely {told(low)} to {told(high)}"
