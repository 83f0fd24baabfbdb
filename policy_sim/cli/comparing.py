"""Commands that say more of one policy against another, as the panel does: month by month, and what would turn it.

In: options. Out: results printed or written to files. Left to others: everything that is computed (`study`), how it
reads (`show`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from policy_sim.cli.console import print_json, print_parts, progress_bar, report_files
from policy_sim.cli.files import check_out, write_files
from policy_sim.cli.inputs import prepare, read_scenario
from policy_sim.cli.options import AsJson, LogSource, OutFolder, PolicyName, Sample, ScenarioSource

if TYPE_CHECKING:
    from policy_sim.assumptions import Scenario
    from policy_sim.policy import Policy

__all__ = ["break_evens", "months"]

Against = Annotated[str, typer.Option("--against", help="The policy in force, which would go on: a name, or a file.")]


def months(
    policy: PolicyName,
    *,
    against: Against = "current",
    followed: Annotated[int, typer.Option("--months", min=2, max=120, help="How many months to follow.")] = 24,
    log: LogSource,
    sample: Sample,
    source: ScenarioSource,
    out: OutFolder = None,
    as_json: AsJson = False,
) -> None:
    """What a policy costs as it starts and brings later, month by month: cash and customers, with intervals."""
    check_out(out, has_figures=True)
    from policy_sim.show.terminal.months import of_first_months
    from policy_sim.study import first_months

    with progress_bar(2) as begin:
        scenario = read_scenario(source)
        begins, goes_on = _both(policy, against, scenario)
        setting = prepare(scenario, log, sample, begin("Reading transactions"))
        first = first_months(setting, begins, goes_on, followed, begin("Following customers"))
    if as_json:
        print_json(setting.to_dict() | first.to_dict())
    else:
        print_parts(of_first_months(first))
    if out is not None:
        from policy_sim.show.figures.months import plot_first_months

        report_files(write_files(out, {}, {"months": first.to_frame()}, {"months": plot_first_months(first)}), out)


def break_evens(
    policy: PolicyName,
    *,
    against: Against = "current",
    log: LogSource,
    sample: Sample,
    source: ScenarioSource,
    out: OutFolder = None,
    as_json: AsJson = False,
) -> None:
    """From where on one assumption, all others held, would turn the choice between two policies, and what moves it."""
    check_out(out, has_figures=True)
    from policy_sim.show.terminal.decision_analysis import of_sensitivity
    from policy_sim.study import break_evens_between

    with progress_bar(2) as begin:
        scenario = read_scenario(source)
        weighed, baseline = _both(policy, against, scenario)
        setting = prepare(scenario, log, sample, begin("Reading transactions"))
        sensitivity = break_evens_between(
            weighed, baseline, setting.payoffs, begin("Moving one assumption after the other")
        )
    if as_json:
        print_json(setting.to_dict() | sensitivity.to_dict())
    else:
        print_parts(of_sensitivity(sensitivity))
    if out is not None:
        from policy_sim.show.figures.decision_analysis import plot_tornado

        tables = {"break_evens": sensitivity.break_evens(), "tornado": sensitivity.tornado()}
        report_files(write_files(out, {}, tables, {"tornado": plot_tornado(sensitivity)}), out)


def _both(policy: str, against: str, scenario: Scenario) -> tuple[Policy, Policy]:
    """Return two policies, by names of their own where both have one.

    Raises
    ------
    InputError
        If they say the same.
    """
    from policy_sim.border import InputError
    from policy_sim.policy import load_policy

    one, other = load_policy(policy, scenario), load_policy(against, scenario)
    parts = ("tiers", "exceptions", "guards", "playbook")
    if all(getattr(one, part) == getattr(other, part) for part in parts):
        raise InputError(f"'{policy}' and '{against}' say the same; choose another one with --against")
    return (one.model_copy(update={"name": f"{one.name}_new"}) if one.name == other.name else one), other
