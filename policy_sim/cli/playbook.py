"""The command that finds a playbook: what to give, in a few rules.

In: options. Out: results printed or written to files. Left to others: finding rules (`value.best_playbook`), how sure
they are (`study.playbook`), how it reads (`show`).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from policy_sim.cli.console import print_json, print_parts, progress_bar, report_files
from policy_sim.cli.files import check_out, write_files, write_or_print
from policy_sim.cli.inputs import amount_per_year, prepare, read_given, read_scenario, split_words
from policy_sim.cli.options import AsJson, LogSource, PolicyInForce, Sample, ScenarioSource

if TYPE_CHECKING:
    import pandas as pd

    from policy_sim.assumptions import Scenario
    from policy_sim.study import PlaybookStudy

__all__ = ["playbook"]

_MOST_SECONDS = 86_400


def playbook(
    *,
    log: LogSource,
    sample: Sample,
    policy: PolicyInForce = "current",
    source: ScenarioSource,
    rules: Annotated[int, typer.Option("--rules", help="Rules at most, 1 to 40.")] = 8,
    depth: Annotated[int, typer.Option("--depth", help="Questions that a rule may ask of a case, 0 to 3.")] = 2,
    limits: Annotated[
        str, typer.Option("--limits", help="Rules within the best limits, the given ones, or found together with them.")
    ] = "best",
    facts: Annotated[
        str | None, typer.Option(help="What rules may hang on: item_price,prior_purchases,ask; else all that is seen.")
    ] = None,
    budget: Annotated[str | None, typer.Option(help="At most so much for remedies: 250000/year, 20000/month.")] = None,
    robust: Annotated[
        str,
        typer.Option(
            help="Which rules are best: by the mean; cvar: by the mean of the worst tenth; regret: by the least regret."
        ),
    ] = "mean",
    seconds: Annotated[
        float | None,
        typer.Option(help="At most so long for the rules of a failure; bounds say what is missed."),
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", help="File for the policy, as JSON.")] = None,
    figures: Annotated[Path | None, typer.Option("--figures", help="Folder for tables and figures.")] = None,
    as_json: AsJson = False,
) -> None:
    """What to give, in a few rules in plain words: what they add to limits, how few are enough, how sure that is."""
    check_out(out)
    check_out(figures, has_figures=True)
    from policy_sim import study
    from policy_sim.policy import load_policy
    from policy_sim.publish import export_policy
    from policy_sim.show.terminal.playbook import of_playbook

    _check(rules, depth, limits, robust, seconds)
    most_spent = amount_per_year("--budget", budget)
    with progress_bar(2 + (figures is not None)) as begin:
        scenario = read_scenario(source)
        in_force = load_policy(policy, scenario)
        setting = prepare(scenario, log, sample, begin("Reading transactions"))
        found = study.study_playbook(
            in_force,
            setting.payoffs,
            rules,
            depth,
            limits=limits,
            facts=split_words(facts) if facts is not None else None,
            budget=most_spent,
            robust=robust,
            seconds=seconds,
            on_progress=begin("Finding rules"),
        )
        given = _given(found, scenario, sample)
        written = []
        if figures is not None:
            from policy_sim.show.figures.playbook import figures_of_playbook

            begin("Drawing figures")
            written = write_files(figures, {}, found.tables(), figures_of_playbook(found))
    if as_json:
        as_given = {} if given is None else {"given_in_the_log": given.to_dict("records")}
        print_json(setting.to_dict() | found.to_dict() | as_given | {"files": [str(path) for path in written]})
    else:
        print_parts(of_playbook(setting, found, given))
    if figures is not None:
        report_files(written, figures)
    if out is not None:
        provenance = study.provenance_of(setting, found.gain)
        write_or_print(export_policy(found.policy.as_next_version_of(in_force), provenance=provenance), out)


def _given(found: PlaybookStudy, scenario: Scenario, sample: Sample) -> pd.DataFrame | None:
    """Return how often people gave what each rule says, by a log of cases; none where there is no such log."""
    from policy_sim.assumptions import central
    from policy_sim.evidence import agreement
    from policy_sim.value import value_cases

    log = read_given(scenario, sample)
    if log is None or found.policy.playbook is None:
        return None
    return agreement(found.policy.playbook, value_cases(scenario, log.cases, central(scenario)), log)


def _check(rules: int, depth: int, limits: str, robust: str, seconds: float | None) -> None:
    """See that numbers are in range and words are known, before anything is worked out.

    Raises
    ------
    InputError
        Naming the option.
    """
    from policy_sim.border import InputError, unknown
    from policy_sim.study import LIMITS_FROM

    for option, number, least, most in (("--rules", rules, 1, 40), ("--depth", depth, 0, 3)):
        if not least <= number <= most:
            raise InputError(f"{option} is {number}; it must be from {least} to {most}")
    for option, word, known in (("--limits", limits, LIMITS_FROM), ("--robust", robust, ("mean", "cvar", "regret"))):
        if word not in known:
            raise unknown(f"word for {option}", word, list(known))
    if seconds is not None and not 0 < seconds <= _MOST_SECONDS:
        raise InputError(f"--seconds is {seconds:g}; it must be above 0 and at most {_MOST_SECONDS:,}")
