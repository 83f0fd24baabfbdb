"""Commands on policies as files: export, import, conform, check, diff, approve.

In: options. Out: files, tables and lines. Left to others: the formats and the checks (`publish`), deciding cases
(`deciding`).
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from policy_sim.cli.completion import format_names
from policy_sim.cli.console import note, print_json, print_parts, progress_bar, report_files, report_written
from policy_sim.cli.files import check_out, write_or_print
from policy_sim.cli.inputs import (
    format_of_file,
    note_contradiction,
    prepare,
    read_policy,
    read_scenario,
    split_words,
)
from policy_sim.cli.options import (
    AsJson,
    Cases,
    Force,
    LogSource,
    PolicyFile,
    Sample,
    ScenarioName,
    ScenarioSource,
    Seed,
)

if TYPE_CHECKING:
    from policy_sim.assumptions import Scenario
    from policy_sim.policy import Policy
    from policy_sim.study import Setting
    from policy_sim.value import Difference

__all__ = ["approve", "check", "conform", "diff", "export", "import_file"]

#: Draws that a check needs: it looks at who is caught and what is promised, not at money.
_DRAWS_OF_CHECK = 10


def export(
    policy: PolicyFile,
    *,
    format: Annotated[  # noqa: A002
        str,
        typer.Option(
            "--format",
            help="json, yaml, csv, xlsx, dmn, jdm, html, pdf; several with commas.",
            autocompletion=format_names,
        ),
    ] = "json",
    every: Annotated[bool, typer.Option("--all", help="Every format, into the folder given by --out.")] = False,
    out: Annotated[
        Path | None, typer.Option("--out", help="File, or folder for several formats; else standard output.")
    ] = None,
    against: Annotated[
        str | None, typer.Option(help="Simulate what it brings against this policy, and write that into the files.")
    ] = None,
    paper: Annotated[str, typer.Option(help="For the card: A4 or letter.")] = "A4",
    force: Annotated[bool, typer.Option("--force", help="Publish even over a newer version.")] = False,
    log: LogSource,
    sample: Sample,
    source: ScenarioSource,
) -> None:
    """Write a policy as files that rules engines execute and people read."""
    check_out(out)
    from policy_sim.publish import (
        format_of_published,
        publish,
        refuse_broken,
        render,
        render_card,
        render_card_pdf,
        write_file,
    )

    scenario = read_scenario(source)
    record = read_policy(policy, scenario)
    formats = _chosen_formats(None if every else format)
    if every:
        out = out or Path("out")
    if len(formats) > 1 and out is None:
        from policy_sim.border import InputError

        raise InputError(f"{len(formats)} formats do not fit on standard output; give a folder with --out")
    refuse_broken(record.policy, scenario)
    provenance = record.provenance
    if against is not None:
        from policy_sim.study import provenance_of

        baseline = read_policy(against, scenario).policy
        difference, setting = _compare(record.policy, baseline, scenario, log, sample)
        provenance = provenance_of(setting, difference)
    elif provenance.scenario is None:
        update = {"scenario": scenario.name, "scenario_fingerprint": scenario.fingerprint}
        provenance = provenance.model_copy(update=update)
    if out is not None and (every or len(formats) > 1 or out.is_dir()):
        files = publish(record.policy, scenario, out, formats, provenance, force)
        asked = [path for path in files if format_of_published(path, record.policy.name) in (None, *formats)]
        report_files(asked, out)
        _note_renewed(record.policy, [path for path in files if path not in asked])
        return
    content: str | bytes
    if formats[0] == "html":
        content = render_card(record.policy, scenario, provenance, paper)
    elif formats[0] == "pdf":
        content = render_card_pdf(record.policy, scenario, provenance, paper)
    else:
        content = render(record.policy, formats[0], scenario, provenance)
    if out is None:
        write_or_print(content, None)
    else:
        _, *renewed = write_file(out, record.policy, content, scenario, provenance, force)
        report_written(str(out))
        _note_renewed(record.policy, renewed)


def _note_renewed(policy: Policy, files: list[Path]) -> None:
    """Say which files were renewed besides those that were asked for."""
    if files:
        names = ", ".join(path.name for path in files)
        note(f"renewed {names} too: they held version {policy.version} otherwise, and a version stands for one content")


def _chosen_formats(text: str | None) -> tuple[str, ...]:
    """Return the formats between commas; where there is no text all that can be written here."""
    from policy_sim.border import unknown
    from policy_sim.publish import FORMATS

    if text is None:
        problems = {name: known.problem() for name, known in FORMATS.items()}
        for problem in filter(None, problems.values()):
            note(problem)
        return tuple(name for name, problem in problems.items() if not problem)
    formats = split_words(text)
    if not formats:
        raise unknown("format", text, list(FORMATS))
    for name in formats:
        if name not in FORMATS:
            raise unknown("format", name, list(FORMATS))
    return formats


def import_file(
    file: Annotated[Path, typer.Argument(help="A file that export wrote: JSON, YAML, CSV, XLSX, DMN.")],
    scenario: ScenarioName = "online_retail",
    unchanged: Annotated[
        bool, typer.Option("--unchanged", help="Refuse a file that was changed after export.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option("--out", help="File for the policy (.yaml, .json ...); else YAML.")
    ] = None,
    force: Force = False,
) -> None:
    """Read a policy back, also after a person edited it in a spreadsheet; says what was changed."""
    from policy_sim.border import InputError
    from policy_sim.publish import render, write_file

    checked = read_scenario(ScenarioSource(scenario))
    record = read_policy(file, checked, is_noted=not unchanged)
    if unchanged and record.changes:
        raise InputError(f"{file.name}: {record.warning}; put the exported file back, or leave --unchanged out")
    content = render(record.policy, "yaml" if out is None else format_of_file(out), checked, record.provenance)
    if out is None:
        write_or_print(content, None)
    else:
        _, *renewed = write_file(out, record.policy, content, checked, record.provenance, force)
        report_written(str(out))
        _note_renewed(record.policy, renewed)


def conform(
    file: Annotated[Path, typer.Argument(help="A file that export wrote: DMN, JDM, or one that we read ourselves.")],
    policy: Annotated[
        str | None, typer.Option("--policy", help="What the file should say; else the policy it was written from.")
    ] = None,
    engine: Annotated[str | None, typer.Option(help="zen-engine, pyDMNrules or feelin; else all that run it.")] = None,
    cases: Annotated[
        int, typer.Option("--cases", min=1, max=1_000_000, help="How many; every boundary is met at least.")
    ] = 1000,
    scenario: ScenarioName = "online_retail",
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    """Whether a file says in a real engine what the policy says: cases at, just below and just above every limit."""
    from policy_sim import publish
    from policy_sim.show.terminal.publishing import of_conformity

    checked = read_scenario(ScenarioSource(scenario))
    meant = None if policy is None else read_policy(policy, checked).policy
    with progress_bar(1) as begin:
        begin("Running cases through engines")
        answers = publish.conform(file, checked, cases, seed, split_words(engine) or None, meant)
    note_contradiction(file, publish.read_file(file).record.policy)
    if as_json:
        print_json([answer.to_dict() for answer in answers])
    else:
        print_parts(of_conformity(file.name, answers))
    if any(answer.disagreement for answer in answers) or not any(answer.holds for answer in answers):
        sys.exit(1)


def check(
    policy: PolicyFile,
    *,
    guard_share: Annotated[
        float, typer.Option(min=0, max=1, help="Report guards that catch more than this share of genuine cases.")
    ] = 0.1,
    rules_only: Annotated[bool, typer.Option("--rules-only", help="No simulated cases: only the rules.")] = False,
    cases: Cases = "5000",
    source: ScenarioSource,
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    """What is wrong with a policy: gaps, overlaps, rules that never fire, falling limits, promises nobody can keep."""
    from policy_sim import publish
    from policy_sim.border import check_finite
    from policy_sim.show.terminal.publishing import of_findings

    check_finite("share of genuine cases", guard_share, 0, 1, "--guard-share")
    scenario = read_scenario(source)
    checked = read_policy(policy, scenario, is_checked=False).policy
    payoffs = None
    if not rules_only and checked.currency == scenario.currency:
        with progress_bar(1) as begin:
            sample = Sample(cases, _DRAWS_OF_CHECK, seed)
            payoffs = prepare(scenario, LogSource(), sample, begin("Reading transactions")).payoffs
    findings = publish.check(checked, scenario, payoffs, guard_share)
    if as_json:
        print_json([finding.to_dict() for finding in findings])
    else:
        print_parts(of_findings(checked, findings))
    if any(finding.severity == "error" for finding in findings):
        sys.exit(1)


def diff(
    first: Annotated[str, typer.Argument(help="A policy: a name or a file.")],
    second: Annotated[str, typer.Argument(help="Another one.")],
    *,
    rules_only: Annotated[bool, typer.Option("--rules-only", help="Leave the simulated money out.")] = False,
    log: LogSource,
    sample: Sample,
    source: ScenarioSource,
    as_json: AsJson = False,
) -> None:
    """What a policy changes against another, in sentences; every difference with an example case; what it is worth."""
    from policy_sim.publish import difference, policy_changes
    from policy_sim.show.terminal.publishing import of_difference

    scenario = read_scenario(source)
    before, after = (read_policy(policy, scenario).policy for policy in (first, second))
    rules = difference(before, after, scenario)
    money, setting = (None, None) if rules_only else _compare(after, before, scenario, log, sample)
    changes = None
    if before.tier_names == after.tier_names:
        changes = policy_changes(before, after, scenario, setting.payoffs if setting else None)
    if as_json:
        changes_content = {"changes": None if changes is None else changes.to_dict()}
        effect = None if money is None else money.effect_per_year()
        outcomes = None if money is None else money.to_dict()
        print_json(rules.to_dict() | changes_content | {"net_value": effect, "outcomes": outcomes})
    else:
        print_parts(of_difference(rules, money, changes))


def _compare(
    policy: Policy, baseline: Policy, scenario: Scenario, log: LogSource, sample: Sample
) -> tuple[Difference, Setting]:
    from policy_sim.value import compare, evaluate

    with progress_bar(2) as begin:
        setting = prepare(scenario, log, sample, begin("Reading transactions"))
        begin("Evaluating policies")
        outcome, other = (evaluate(either, setting.payoffs) for either in (policy, baseline))
    return compare(outcome, other), setting


def approve(
    file: Annotated[Path, typer.Argument(help="The policy: a file that export or import wrote.")],
    by: Annotated[str, typer.Option("--by", help="Who approves.")],
    on: Annotated[str | None, typer.Option("--on", help="Day of the approval: 2026-12-01; else today.")] = None,
    live: Annotated[
        bool, typer.Option("--live", help="It decides orders from --from on (else from that day).")
    ] = False,
    retire: Annotated[
        bool, typer.Option("--retire", help="It decides no order after --until (else that day).")
    ] = False,
    first_day: Annotated[str | None, typer.Option("--from", help="First day of the orders it decides.")] = None,
    last_day: Annotated[str | None, typer.Option("--until", help="Last day of the orders it decides.")] = None,
    scenario: ScenarioName = "online_retail",
    out: Annotated[Path | None, typer.Option("--out", help="Another file to write to.")] = None,
    force: Force = False,
) -> None:
    """Write into a policy who approved it and when, and from which day it decides orders."""
    from policy_sim import publish
    from policy_sim.border import InputError, is_file
    from policy_sim.policy.versions import order_date

    if live and retire:
        raise InputError("--live and --retire exclude each other; leave one out")
    checked = read_scenario(ScenarioSource(scenario))
    if not is_file(file):
        raise InputError(f"file '{file}' does not exist; export the policy first, and approve that file")
    record = read_policy(file, checked)
    publish.refuse_broken(record.policy, checked)
    days = [None if day is None else order_date(day) for day in (on, first_day, last_day)]
    status: Literal["approved", "live", "retired"] = "live" if live else "retired" if retire else "approved"
    approved = publish.approve(record.policy, by, days[0], status, days[1], days[2])
    target = out or file
    if out is None and (kind := publish.format_of_published(file, approved.name)):
        # its name says which version it holds; an edit that was approved is the next one
        target = file.with_name(publish.published_name(approved, kind))
    content = publish.render(approved, format_of_file(target), checked, record.provenance)
    _, *renewed = publish.write_file(target, approved, content, checked, record.provenance, force)
    typer.echo(
        f"{approved.name} version {approved.version} is {approved.status}, by {approved.approved_by} on "
        f"{approved.approved_on}; wrote {target}",
        err=True,
    )
    _note_renewed(approved, renewed)
