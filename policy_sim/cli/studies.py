"""Commands that study a decision: run, evaluate, curve, what-matters, optimize, frontier, keep, stories, sweep.

In: options. Out: results printed or written to files. Left to others: everything that is computed (`value`, `study`,
`sweep`), how it reads (`show`).
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from policy_sim.cli.console import error_console, print_json, print_parts, progress_bar, report_files
from policy_sim.cli.files import check_out, write_files, write_or_print
from policy_sim.cli.inputs import amount_per_year, prepare, read_scenario, split_words
from policy_sim.cli.options import (
    AsJson,
    Draws,
    LogSource,
    MovableLimits,
    OutFile,
    OutFolder,
    PolicyInForce,
    PolicyName,
    Sample,
    ScenarioSource,
    Seed,
)

__all__ = ["curve", "evaluate", "frontier", "keep", "optimize", "run", "stories", "sweep", "what_matters"]

#: Regressions on single assumptions are noisy below some hundred draws.
_MANY_DRAWS = Sample(draws=1000)
#: Draws that are enough to search the best limits on.
_DRAWS_OF_SEARCH = 200


def run(
    *,
    log: LogSource,
    sample: Sample,
    policy: PolicyInForce = "current",
    source: ScenarioSource,
    out: Annotated[Path, typer.Option("--out", help="Folder for the policy, tables and figures.")] = Path("out"),
    as_json: AsJson = False,
) -> None:
    """The main job: from a log to the best limits of the agents, what they are worth and how sure that is."""
    check_out(out, has_figures=True)
    from policy_sim.policy import load_policy, load_shipped_policies
    from policy_sim.publish import export_policy
    from policy_sim.show.figures.limits import figures_of_recommendation
    from policy_sim.show.terminal.limits import of_recommendation
    from policy_sim.study import provenance_of, recommend

    with progress_bar(3) as begin:
        scenario = read_scenario(source)
        in_force = load_policy(policy, scenario)
        others = load_shipped_policies(scenario, besides=in_force)
        setting = prepare(scenario, log, sample, begin("Reading transactions"))
        recommendation = recommend(in_force, setting.payoffs, others, on_progress=begin("Searching the best limits"))
        begin("Writing files")
        provenance = provenance_of(setting, recommendation.gain)
        best = recommendation.policy.as_next_version_of(in_force)
        texts = {"policy.json": export_policy(best, provenance=provenance)}
        files = write_files(out, texts, recommendation.tables(), figures_of_recommendation(recommendation))
    if as_json:
        print_json(setting.to_dict() | recommendation.to_dict() | {"files": [str(path) for path in files]})
    else:
        names = ", ".join(path.name for path in files)
        print_parts([*of_recommendation(setting, recommendation), f"Wrote {len(files)} files to {out}/: {names}"])


def evaluate(
    policy: PolicyName,
    *,
    log: LogSource,
    sample: Sample,
    source: ScenarioSource,
    as_json: AsJson = False,
) -> None:
    """What one policy brings, per case and per year, with 90 % intervals."""
    from policy_sim import value
    from policy_sim.policy import load_policy
    from policy_sim.show.terminal.limits import of_outcome

    with progress_bar(2) as begin:
        scenario = read_scenario(source)
        checked = load_policy(policy, scenario)
        setting = prepare(scenario, log, sample, begin("Reading transactions"))
        begin("Evaluating the policy")
        outcome = value.evaluate(checked, setting.payoffs)
    if as_json:
        print_json(setting.to_dict() | {"policy": outcome.to_dict()})
    else:
        print_parts(of_outcome(outcome))


def curve(
    lever: Annotated[str, typer.Argument(help="A limit of a tier: agent.keep_item")],
    *,
    failure: Annotated[str | None, typer.Option(help="Move the limit for this failure only.")] = None,
    segment: Annotated[str | None, typer.Option(help="Move the limit for this segment only.")] = None,
    log: LogSource,
    sample: Sample,
    policy: PolicyInForce = "current",
    source: ScenarioSource,
    out: OutFile = None,
) -> None:
    """Every outcome as a function of one limit, as CSV: a row for every value at which anything changes."""
    check_out(out)
    from policy_sim import value
    from policy_sim.policy import load_policy, parse_lever

    with progress_bar(2) as begin:
        scenario = read_scenario(source)
        in_force = load_policy(policy, scenario)
        moved = parse_lever(lever, in_force, scenario, failure, segment)
        setting = prepare(scenario, log, sample, begin("Reading transactions"))
        begin("Working out the exact curve")
        table = value.threshold_curve(value.evaluate(in_force, setting.payoffs), moved).to_frame()
    write_or_print(table.to_csv(index=False), out)


def what_matters(
    *,
    policy: Annotated[
        str | None, typer.Option("--policy", help="The policy to weigh: a name or a file; else the best limits.")
    ] = None,
    against: Annotated[str, typer.Option("--against", help="The policy it is weighed against.")] = "current",
    log: LogSource,
    sample: Sample = _MANY_DRAWS,
    source: ScenarioSource,
    agent_cases: Annotated[float, typer.Option(help="Cases that an agent handles in a week, for a pilot.")] = 40.0,
    out: Annotated[Path | None, typer.Option("--out", help="Folder for tables and figures.")] = None,
    as_json: AsJson = False,
) -> None:
    """How sure a choice is, which assumptions it hangs on, where they would turn it, what is worth finding out."""
    check_out(out, has_figures=True)
    from policy_sim import study
    from policy_sim.border import InputError
    from policy_sim.policy import load_policy, load_shipped_policies
    from policy_sim.show.terminal.decision_analysis import of_decision_analysis
    from policy_sim.value import best_limits

    parts = 2 + (policy is None) + (out is not None)
    with progress_bar(parts) as begin:
        scenario = read_scenario(source)
        baseline = load_policy(against, scenario)
        weighed = None if policy is None else load_policy(policy, scenario)
        if weighed is not None and weighed.name == baseline.name:
            raise InputError(
                f"policy '{weighed.name}' is weighed against itself; choose another one with --policy or --against"
            )
        others = load_shipped_policies(scenario, besides=baseline)
        setting = prepare(scenario, log, sample, begin("Reading transactions"))
        if weighed is None:
            begin("Searching the best limits")
            some_draws = study.thinned(setting.payoffs, len(setting.payoffs.cases), _DRAWS_OF_SEARCH)
            weighed = study.as_recommended(best_limits(baseline, some_draws)).policy
        analysis = study.analyse_decision(
            setting.payoffs,
            weighed,
            baseline,
            others,
            cases_per_agent_week=agent_cases,
            seed=sample.seed,
            customers=setting.customers,
            on_progress=begin("Evaluating policies"),
        )
        files = []
        if out is not None:
            from policy_sim.show.figures.decision_analysis import figures_of_decision_analysis

            begin("Writing files")
            files = write_files(out, {}, analysis.tables(), figures_of_decision_analysis(analysis))
    if as_json:
        print_json(setting.to_dict() | analysis.to_dict() | {"files": [str(path) for path in files]})
        return
    names = ", ".join(path.name for path in files)
    written = [f"Wrote {len(files)} files to {out}/: {names}"] if files else []
    print_parts([*of_decision_analysis(analysis), *written])


def optimize(
    *,
    log: LogSource,
    sample: Sample,
    policy: PolicyInForce = "current",
    source: ScenarioSource,
    limits: MovableLimits = None,
    tiers: Annotated[
        str | None, typer.Option(help="Whose limits may move: agent,lead; else all that have any.")
    ] = None,
    budget: Annotated[str | None, typer.Option(help="At most so much for remedies: 250000/year, 20000/month.")] = None,
    escalation_minutes: Annotated[
        str | None, typer.Option(help="At most so many minutes of supervisors: 60000/year.")
    ] = None,
    by: Annotated[str | None, typer.Option(help="Exceptions for each: failure, segment, or failure,segment.")] = None,
    at_most_exceptions: Annotated[int, typer.Option(max=1_000, help="How many exceptions, with --by.")] = 6,
    round_to: Annotated[float | None, typer.Option(help="Limits are multiples of this: 5.")] = None,
    robust: Annotated[
        str,
        typer.Option(help="Best by: mean; cvar: mean of the worst tenth of what may turn out; regret: least regret."),
    ] = "mean",
    out: Annotated[Path | None, typer.Option("--out", help="File for the policy, as JSON.")] = None,
    as_json: AsJson = False,
) -> None:
    """The best limits of all tiers together, the price of simplicity, and how well they stand the test."""
    check_out(out)
    from policy_sim import study
    from policy_sim.policy import load_policy
    from policy_sim.publish import export_policy
    from policy_sim.show.terminal.optimum import of_optimum
    from policy_sim.words import MOVED

    bounds = {
        "budget": amount_per_year("--budget", budget),
        "escalation_minutes": amount_per_year("--escalation-minutes", escalation_minutes),
    }
    with progress_bar(2) as begin:
        scenario = read_scenario(source)
        in_force = load_policy(policy, scenario)
        setting = prepare(scenario, log, sample, begin("Reading transactions"))
        optimum = study.find_optimum(
            in_force,
            setting.payoffs,
            begin("Searching the best limits"),
            limits=split_words(limits, MOVED),
            tiers=split_words(tiers) or None,
            by=split_words(by),
            at_most_exceptions=at_most_exceptions,
            round_to=round_to,
            robust=robust,
            **bounds,
        )
    if as_json:
        print_json(setting.to_dict() | optimum.to_dict())
    else:
        print_parts(of_optimum(setting, optimum, bounds))
    if out is not None:
        provenance = study.provenance_of(setting, optimum.gain, bounds["budget"])
        write_or_print(export_policy(optimum.best.policy.as_next_version_of(in_force), provenance=provenance), out)


def frontier(
    *,
    over: Annotated[
        str, typer.Option(help="What is to be spared: budget, escalation_minutes or learned_claiming.")
    ] = "budget",
    points: Annotated[int, typer.Option(max=1_000, help="At most so many policies along the frontier.")] = 8,
    limits: MovableLimits = None,
    log: LogSource,
    sample: Sample,
    policy: PolicyInForce = "current",
    source: ScenarioSource,
    out: OutFolder = None,
    as_json: AsJson = False,
) -> None:
    """The highest net value for each amount of remedy cost, of supervisors' time, or of extra claims."""
    check_out(out, has_figures=True)
    from policy_sim import value
    from policy_sim.policy import load_policy, load_shipped_policies
    from policy_sim.show.terminal.optimum import of_frontier
    from policy_sim.words import MOVED

    with progress_bar(2) as begin:
        scenario = read_scenario(source)
        in_force = load_policy(policy, scenario)
        others = load_shipped_policies(scenario, besides=in_force)
        setting = prepare(scenario, log, sample, begin("Reading transactions"))
        begin("Searching along the frontier")
        best = value.frontier(in_force, setting.payoffs, over, split_words(limits, MOVED), others, points)
    if as_json:
        print_json(setting.to_dict() | best.to_dict())
    else:
        print_parts(of_frontier(best))
    if out is not None:
        from policy_sim.show.figures.optimum import plot_frontier

        report_files(write_files(out, {}, {"frontier": best.to_frame()}, {"frontier": plot_frontier(best)}), out)


def keep(
    *,
    log: LogSource,
    sample: Sample,
    source: ScenarioSource,
    out: OutFolder = None,
    as_json: AsJson = False,
) -> None:
    """Up to which price the customer should keep the item: a formula beside the simulation, and what they rest on."""
    check_out(out, has_figures=True)
    import pandas as pd

    from policy_sim.show.terminal.optimum import of_keep_or_return
    from policy_sim.value import comparable_failures, keep_or_return

    with progress_bar(2) as begin:
        scenario = read_scenario(source)
        setting = prepare(scenario, log, sample, begin("Reading transactions"))
        begin("Comparing keeping with returning")
        answers = [keep_or_return(setting.payoffs, failure) for failure in comparable_failures(setting.payoffs)]
    if as_json:
        print_json(setting.to_dict() | {"failures": [answer.to_dict() for answer in answers]})
    else:
        print_parts(of_keep_or_return(answers, scenario.currency))
    if out is not None:
        from policy_sim.show.figures.optimum import plot_keep_or_return

        table = pd.concat([answer.to_frame() for answer in answers])
        report_files(
            write_files(out, {}, {"keep": table}, {"keep": plot_keep_or_return(answers, scenario.currency)}), out
        )


def stories(
    story: Annotated[
        str | None, typer.Argument(help="Name of a story, or its YAML file; without it, all of them.")
    ] = None,
    draws: Draws = 500,
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    """Accounts of good service, replayed: what each option would have brought, which claims about it hold."""
    from policy_sim.show.terminal.stories import of_stories, of_story
    from policy_sim.study import load_stories, load_story, replay

    chosen = load_stories() if story is None else [load_story(story)]
    replays = []
    with progress_bar(len(chosen)) as begin:
        for account in chosen:
            begin(f"Replaying {account.name}")
            replays.append(replay(account, draws, seed))
    if as_json:
        contents = [account.to_dict() for account in replays]
        print_json(contents if story is None else contents[0])
    else:
        print_parts(of_stories(replays) if story is None else of_story(replays[0]))


def sweep(
    design: Annotated[str, typer.Argument(help="A design: a name, or its YAML file.")],
    out: Annotated[Path | None, typer.Option("--out", help="Folder of the results; one that is begun goes on.")] = None,
    workers: Annotated[int | None, typer.Option(help="Threads of this process; else one for each processor.")] = None,
    cluster: Annotated[
        str | None,
        typer.Option(help="A dask cluster: tcp://HOST:8786, local:4, slurm:jobs=10,cores=8,memory=16GB (or pbs, sge)."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say how many runs, how long, how much disk.")
    ] = False,
    retry_failed: Annotated[bool, typer.Option("--retry-failed", help="Make runs again that failed before.")] = False,
    as_json: AsJson = False,
) -> None:
    """Thousands of runs over scenarios, policies, limits and assumptions, into a folder; go on after any stop."""
    from policy_sim.border import InputError
    from policy_sim.show.terminal.live_progress import live_progress
    from policy_sim.show.terminal.sweep import of_estimate, of_summary
    from policy_sim.sweep import folder

    if dry_run:
        estimate = folder.estimate_sweep(design, out, workers)
        if as_json:
            print_json(estimate.to_dict())
        else:
            print_parts(of_estimate(estimate))
        return
    if out is None:
        raise InputError("a sweep needs a folder for its results; give --out FOLDER (or --dry-run)")
    with live_progress(error_console(), transient=True) as on_progress:
        summary = folder.run_sweep(design, out, workers, cluster, on_progress, retry_failed)
    if as_json:
        print_json(summary.to_dict())
    else:
        print_parts(of_summary(summary))
    if summary.interrupted:
        raise typer.Exit(130)
    if summary.lost:
        raise typer.Exit(1)
