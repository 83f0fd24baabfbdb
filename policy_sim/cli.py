"""The command line: thin over the public functions.

In: words and files. Out: tables, CSV and JSON on standard output, everything else on standard error; exit status 2 and
one line where the input cannot be used. Left to others: everything that is computed, and how it reads (`show.report`).
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from math import isfinite
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from policy_sim.border import InputError, read_yaml, shipped, unknown, write_whole

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure
    from rich.table import Table

    from policy_sim.assumptions import Scenario
    from policy_sim.clv import Fit, ParetoNbdCustomers, PurchaseFit, Transactions
    from policy_sim.policy import Policy, Provenance, Record
    from policy_sim.publish import Finding, PolicyDifference
    from policy_sim.study import Matters, Optimum, Replay, Setting
    from policy_sim.value import BestLimits, Difference, Outcome

__all__ = ["main"]

app = typer.Typer(
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Finds how far a support agent may go without asking, and what that is worth.",
)

about_scenario = typer.Typer(add_completion=False, rich_markup_mode=None, help="What a scenario assumes.")
app.add_typer(about_scenario, name="scenario")

Log = Annotated[
    Path | None, typer.Option("--transactions", help="Your transaction log (CSV, Parquet); else the CDNOW sample.")
]
CustomerColumn = Annotated[str | None, typer.Option(help="Column of the log that names the customer.")]
DateColumn = Annotated[str | None, typer.Option(help="Column of the log with the date of the order.")]
AmountColumn = Annotated[str | None, typer.Option(help="Column of the log with the amount of the order.")]
DayFirst = Annotated[bool, typer.Option("--day-first", help="03/04/2026 is the 3rd of April.")]
CasesGiven = Annotated[str, typer.Option("--cases", help="A file of real cases (CSV, Parquet), or how many to draw.")]
ScenarioGiven = Annotated[str, typer.Option("--scenario", help="Name of a scenario, or its YAML file.")]
PolicyInForce = Annotated[str, typer.Option("--policy", help="The policy in force: a name, or a YAML or JSON file.")]
PolicyGiven = Annotated[str, typer.Argument(help="A policy: a name, or a YAML or JSON file.")]
PolicyFile = Annotated[str, typer.Argument(help="A policy: a name, or a file (YAML, JSON, CSV, XLSX, DMN).")]
Assume = Annotated[
    list[str] | None, typer.Option("--set", help="Another value for an assumption: shop.cases_per_year=8000 (repeat).")
]
DrawCount = Annotated[int, typer.Option("--draws", help="Joint draws of the assumptions.")]
Seed = Annotated[int, typer.Option("--seed", min=0, help="The same seed gives the same result.")]
AsJson = Annotated[bool, typer.Option("--json", help="Machine-readable result on standard output.")]
Out = Annotated[Path | None, typer.Option("--out", help="File to write instead of standard output.")]
OutFolder = Annotated[Path | None, typer.Option("--out", help="Folder for the table (CSV) and the figure (PNG, SVG).")]
LimitsMoved = Annotated[
    str | None, typer.Option("--limits", help="Which limits may move: keep_item,credit; else all but total_cost.")
]

#: File and columns of the log, and whether days come first in its dates.
LogOptions = tuple[Path | None, str | None, str | None, str | None, bool]

_errors = Console(stderr=True, highlight=False)


@app.command()
def run(
    transactions: Log = None,
    customer_column: CustomerColumn = None,
    date_column: DateColumn = None,
    amount_column: AmountColumn = None,
    day_first: DayFirst = False,
    cases: CasesGiven = "20000",
    policy: PolicyInForce = "current",
    scenario: ScenarioGiven = "online_retail",
    model: Annotated[str, typer.Option("--model", help="Model of purchases, or auto.")] = "bg-nbd",
    assume: Assume = None,
    draws: DrawCount = 200,
    seed: Seed = 0,
    out: Annotated[Path, typer.Option("--out", help="Folder for the policy, tables and figures.")] = Path("out"),
    as_json: AsJson = False,
) -> None:
    """The main job: from a log to the best limits of the agents, what they are worth and how sure that is."""
    from policy_sim.policy import load_policy, load_shipped_policies
    from policy_sim.show.terminal import report
    from policy_sim.study import provenance_of
    from policy_sim.value import best_limits, compare, evaluate

    with _progress(10) as step:
        loaded = _scenario(scenario, assume)
        in_force = load_policy(policy, loaded)
        beside = load_shipped_policies(loaded, besides=in_force)
        log = (transactions, customer_column, date_column, amount_column, day_first)
        setting = _setting(loaded, log, cases, draws, seed, step, model)
        step("Evaluating policies")
        outcomes = [evaluate(each, setting.payoffs) for each in (in_force, *beside)]
        step("Searching the best limits")
        # in whole units of money: people can keep those in mind, and it costs next to nothing
        best = best_limits(
            in_force, setting.payoffs, round_to=1, on_progress=lambda done, of: step("Searching", done > 1)
        )
        recommended = best.policy.model_copy(update={"name": "recommended", "title": "Recommended"})
        step("Evaluating the best limits")
        outcomes.append(evaluate(recommended, setting.payoffs))
        differences = [compare(outcome, outcomes[0]) for outcome in outcomes]
        step("Writing files")
        files = _write_results(out, best, differences, provenance_of(setting, differences[-1]))
    if as_json:
        typer.echo(json.dumps(_result(setting, best, differences, seed, files), indent=2))
    else:
        names = ", ".join(path.name for path in files)
        _show([*report.of_run(setting, best, differences), f"Wrote {len(files)} files to {out}/: {names}"])


@app.command()
def fit(
    log: Annotated[
        Path | None,
        typer.Argument(help="Transaction log (CSV, Parquet), else the CDNOW sample; for contracts: renewals, active."),
    ] = None,
    model: Annotated[
        str,
        typer.Option(help="bg-nbd, mbg-nbd, pareto-nbd (auto: the best of these), bg-bb, recovery-bg-nbd, contracts."),
    ] = "auto",
    until: Annotated[str | None, typer.Option(help="Last day to fit to: 1997-09-30.")] = None,
    covariates: Annotated[
        Path | None, typer.Option(help="Numbers about customers (CSV: customer, then columns); for pareto-nbd.")
    ] = None,
    recoveries: Annotated[
        Path | None, typer.Option(help="Failed orders (CSV: customer, date, recovery); for recovery-bg-nbd.")
    ] = None,
    period: Annotated[
        str | None,
        typer.Option(help="For bg-bb and contracts: year, quarter, month (if not given), or a number of weeks."),
    ] = None,
    customer_column: CustomerColumn = None,
    date_column: DateColumn = None,
    amount_column: AmountColumn = None,
    day_first: DayFirst = False,
    scenario: ScenarioGiven = "online_retail",
    assume: Assume = None,
    as_json: AsJson = False,
) -> None:
    """Fit customer models to a log: parameters with errors, and what customers are worth."""
    if model not in _FITTERS:
        raise unknown("model", model, list(_FITTERS))
    fitter, taken = _FITTERS[model]
    given = {
        "--until": until,
        "--covariates": covariates,
        "--recoveries": recoveries,
        "--period": period,
        "--customer-column": customer_column,
        "--date-column": date_column,
        "--amount-column": amount_column,
        "--day-first": day_first,
    }
    for option, value in given.items():
        if value and option not in taken:
            takers = [name for name, (_, options) in _FITTERS.items() if option in options]
            raise InputError(f"{option} is for --model {', '.join(takers)}, not for {model}; leave one of them out")
    with _progress(4) as step, _noted():
        columns = (log, customer_column, date_column, amount_column, day_first)
        wish = _Wish(_scenario(scenario, assume), columns, model, until, covariates, recoveries, _period(period))
        content, parts = fitter(wish, step)
    if as_json:
        typer.echo(json.dumps(content, indent=2))
    else:
        _show(parts)


@app.command()
def evaluate(
    policy: PolicyGiven,
    transactions: Log = None,
    customer_column: CustomerColumn = None,
    date_column: DateColumn = None,
    amount_column: AmountColumn = None,
    day_first: DayFirst = False,
    cases: CasesGiven = "20000",
    scenario: ScenarioGiven = "online_retail",
    assume: Assume = None,
    draws: DrawCount = 200,
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    """What one policy brings, per case and per year, with 90 % intervals."""
    from policy_sim.policy import load_policy
    from policy_sim.show.terminal import report
    from policy_sim.value import evaluate as evaluate_policy

    with _progress(5) as step:
        loaded = _scenario(scenario, assume)
        read = load_policy(policy, loaded)
        log = (transactions, customer_column, date_column, amount_column, day_first)
        setting = _setting(loaded, log, cases, draws, seed, step)
        step("Evaluating the policy")
        outcome = evaluate_policy(read, setting.payoffs)
    if as_json:
        typer.echo(json.dumps(_about(setting, seed) | {"policy": _outcome_content(outcome)}, indent=2))
    else:
        _show(report.of_outcome(outcome))


@app.command()
def curve(
    lever: Annotated[str, typer.Argument(help="A limit of a tier: agent.keep_item")],
    failure: Annotated[str | None, typer.Option(help="Move the limit for this failure only.")] = None,
    segment: Annotated[str | None, typer.Option(help="Move the limit for this segment only.")] = None,
    transactions: Log = None,
    customer_column: CustomerColumn = None,
    date_column: DateColumn = None,
    amount_column: AmountColumn = None,
    day_first: DayFirst = False,
    cases: CasesGiven = "20000",
    policy: PolicyInForce = "current",
    scenario: ScenarioGiven = "online_retail",
    assume: Assume = None,
    draws: DrawCount = 200,
    seed: Seed = 0,
    out: Out = None,
) -> None:
    """Every outcome as a function of one limit, as CSV: a row for every value at which anything changes."""
    from policy_sim.policy import load_policy, parse_lever
    from policy_sim.value import evaluate, threshold_curve

    with _progress(5) as step:
        loaded = _scenario(scenario, assume)
        read = load_policy(policy, loaded)
        moved = parse_lever(lever, read, loaded, failure, segment)
        log = (transactions, customer_column, date_column, amount_column, day_first)
        setting = _setting(loaded, log, cases, draws, seed, step)
        step("Drawing the exact curve")
        table = threshold_curve(evaluate(read, setting.payoffs), moved).to_frame()
    _put(table.to_csv(index=False), out)


@app.command("what-matters")
def what_matters(
    policy: Annotated[
        str | None, typer.Option("--policy", help="The policy to weigh: a name or a file; else the best limits.")
    ] = None,
    against: Annotated[str, typer.Option("--against", help="The policy it is weighed against.")] = "current",
    transactions: Log = None,
    customer_column: CustomerColumn = None,
    date_column: DateColumn = None,
    amount_column: AmountColumn = None,
    day_first: DayFirst = False,
    cases: CasesGiven = "20000",
    scenario: ScenarioGiven = "online_retail",
    assume: Assume = None,
    agent_cases: Annotated[float, typer.Option(help="Cases that an agent handles in a week, for a pilot.")] = 40.0,
    draws: DrawCount = 1000,
    seed: Seed = 0,
    out: Annotated[Path | None, typer.Option("--out", help="Folder for tables and figures.")] = None,
    as_json: AsJson = False,
) -> None:
    """How sure a choice is, which assumptions it hangs on, where they would turn it, what is worth finding out."""
    from policy_sim.policy import load_policy, load_shipped_policies
    from policy_sim.show.terminal import report
    from policy_sim.study import thinned
    from policy_sim.study import what_matters as study_what_matters
    from policy_sim.value import best_limits

    with _progress(13 if policy is None else 12) as step:
        loaded = _scenario(scenario, assume)
        baseline = load_policy(against, loaded)
        given = None if policy is None else load_policy(policy, loaded)
        if given is not None and given.name == baseline.name:
            raise InputError(
                f"policy '{given.name}' is weighed against itself; choose another one with --policy or --against"
            )
        beside = load_shipped_policies(loaded, besides=baseline)
        log = (transactions, customer_column, date_column, amount_column, day_first)
        setting = _setting(loaded, log, cases, draws, seed, step)
        if given is None:
            step("Searching the best limits")
            found = best_limits(baseline, thinned(setting.payoffs, len(setting.payoffs.cases), 200)).policy
            given = found.model_copy(update={"name": "recommended", "title": "Recommended"})
        matters = study_what_matters(
            setting.payoffs, given, baseline, beside, cases_per_agent_week=agent_cases, seed=seed, on_step=step
        )
        step("Writing files")
        files = [] if out is None else _write_what_matters(out, matters)
    if as_json:
        content = _matters_content(matters) | {"files": [str(path) for path in files]}
        typer.echo(json.dumps(_about(setting, seed) | content, indent=2))
        return
    names = ", ".join(path.name for path in files)
    _show([*report.of_what_matters(matters), *([f"Wrote {len(files)} files to {out}/: {names}"] if files else [])])


@app.command()
def optimize(
    transactions: Log = None,
    customer_column: CustomerColumn = None,
    date_column: DateColumn = None,
    amount_column: AmountColumn = None,
    day_first: DayFirst = False,
    cases: CasesGiven = "20000",
    policy: PolicyInForce = "current",
    scenario: ScenarioGiven = "online_retail",
    assume: Assume = None,
    draws: DrawCount = 200,
    seed: Seed = 0,
    limits: LimitsMoved = None,
    tiers: Annotated[
        str | None, typer.Option(help="Whose limits may move: agent,lead; else all that have any.")
    ] = None,
    budget: Annotated[str | None, typer.Option(help="At most so much for remedies: 250000/year, 20000/month.")] = None,
    escalation_minutes: Annotated[
        str | None, typer.Option(help="At most so many minutes of supervisors: 60000/year.")
    ] = None,
    by: Annotated[str | None, typer.Option(help="Exceptions for each: failure, segment, or failure,segment.")] = None,
    at_most_exceptions: Annotated[int, typer.Option(help="How many exceptions, with --by.")] = 6,
    round_to: Annotated[float | None, typer.Option(help="Limits are multiples of this: 5.")] = None,
    robust: Annotated[
        str, typer.Option(help="mean; cvar: mean of the worst tenth of the draws; regret: least regret.")
    ] = "mean",
    out: Annotated[Path | None, typer.Option("--out", help="File for the policy, as JSON.")] = None,
    as_json: AsJson = False,
) -> None:
    """The best limits of all tiers together, the price of simplicity, and how well they stand the test."""
    from policy_sim.policy import load_policy
    from policy_sim.publish import export_policy
    from policy_sim.show.terminal import report
    from policy_sim.study import find_optimum, provenance_of
    from policy_sim.words import MOVED

    bounds = {
        "budget": _a_year("--budget", budget),
        "escalation_minutes": _a_year("--escalation-minutes", escalation_minutes),
    }
    with _progress(9) as step:
        loaded = _scenario(scenario, assume)
        in_force = load_policy(policy, loaded)
        log = (transactions, customer_column, date_column, amount_column, day_first)
        setting = _setting(loaded, log, cases, draws, seed, step)
        optimum = find_optimum(
            in_force, setting.payoffs, step,
            limits=_listed(limits, MOVED), tiers=_listed(tiers) or None, by=_listed(by),
            at_most_exceptions=at_most_exceptions, round_to=round_to, robust=robust, **bounds,
        )  # fmt: skip
    if as_json:
        typer.echo(json.dumps(_about(setting, seed) | _optimum_content(optimum), indent=2))
    else:
        _show(report.of_optimum(setting, optimum, bounds))
    if out is not None:
        _put(export_policy(optimum.best.policy, provenance=provenance_of(setting, optimum.gain)), out)


@app.command()
def frontier(
    over: Annotated[
        str, typer.Option(help="What is to be spared: budget, escalation_minutes or learned_claiming.")
    ] = "budget",
    points: Annotated[int, typer.Option(help="At most so many policies along the frontier.")] = 8,
    limits: LimitsMoved = None,
    transactions: Log = None,
    customer_column: CustomerColumn = None,
    date_column: DateColumn = None,
    amount_column: AmountColumn = None,
    day_first: DayFirst = False,
    cases: CasesGiven = "20000",
    policy: PolicyInForce = "current",
    scenario: ScenarioGiven = "online_retail",
    assume: Assume = None,
    draws: DrawCount = 200,
    seed: Seed = 0,
    out: OutFolder = None,
    as_json: AsJson = False,
) -> None:
    """The highest net value for each amount of spend, of supervisors' time, or of learned claiming."""
    from policy_sim.policy import load_policy, load_shipped_policies
    from policy_sim.show.figures.optimum import plot_frontier
    from policy_sim.show.terminal import report
    from policy_sim.value import frontier as find_frontier
    from policy_sim.words import MOVED

    with _progress(5) as step:
        loaded = _scenario(scenario, assume)
        in_force = load_policy(policy, loaded)
        beside = load_shipped_policies(loaded, besides=in_force)
        log = (transactions, customer_column, date_column, amount_column, day_first)
        setting = _setting(loaded, log, cases, draws, seed, step)
        step("Searching along the frontier")
        found = find_frontier(in_force, setting.payoffs, over, _listed(limits, MOVED), beside, points)
    table = found.to_frame()
    if as_json:
        typer.echo(json.dumps(_about(setting, seed) | {"over": over, "policies": _limits_rows(table)}, indent=2))
    else:
        _show(report.of_frontier(found))
    if out is not None:
        files = _write_all(out, {"frontier.csv": table.to_csv(index=False)}, {"frontier": plot_frontier(found)})
        typer.echo(f"Wrote {', '.join(path.name for path in files)} to {out}/", err=True)


@app.command()
def keep(
    transactions: Log = None,
    customer_column: CustomerColumn = None,
    date_column: DateColumn = None,
    amount_column: AmountColumn = None,
    day_first: DayFirst = False,
    cases: CasesGiven = "20000",
    scenario: ScenarioGiven = "online_retail",
    assume: Assume = None,
    draws: DrawCount = 200,
    seed: Seed = 0,
    out: OutFolder = None,
    as_json: AsJson = False,
) -> None:
    """Up to which price the customer should keep the item: a formula beside the simulation, and what they rest on."""
    import pandas as pd

    from policy_sim.show.figures.optimum import plot_keep_or_return
    from policy_sim.show.terminal import report
    from policy_sim.value import comparable_failures, keep_or_return

    with _progress(5) as step:
        loaded = _scenario(scenario, assume)
        log = (transactions, customer_column, date_column, amount_column, day_first)
        setting = _setting(loaded, log, cases, draws, seed, step)
        step("Comparing keeping with returning")
        found = [keep_or_return(setting.payoffs, failure) for failure in comparable_failures(setting.payoffs)]
    table = pd.DataFrame(
        [
            {
                "failure": each.failure,
                "keep_below": each.keep_below,
                "simulated": each.simulated,
                "simulated_until": each.simulated_until,
                "price": each.price,
                **each.components,
            }
            for each in found
        ]
    )
    if as_json:
        typer.echo(json.dumps(_about(setting, seed) | {"failures": _limits_rows(table)}, indent=2))
    else:
        _show(report.of_keep_or_return(found, loaded.currency))
    if out is not None:
        files = _write_all(
            out, {"keep.csv": table.to_csv(index=False)}, {"keep": plot_keep_or_return(found, loaded.currency)}
        )
        typer.echo(f"Wrote {', '.join(path.name for path in files)} to {out}/", err=True)


@app.command()
def decide(
    policy: Annotated[
        str, typer.Argument(help="A policy: a name, a file, or with --rules-only a folder of versions (by order_date).")
    ],
    cases: Annotated[Path, typer.Argument(help="Cases (CSV, Parquet).")],
    scenario: ScenarioGiven = "online_retail",
    assume: Assume = None,
    rules_only: Annotated[
        bool, typer.Option("--rules-only", help="Only who may decide: cases have the columns asked_for and amount.")
    ] = False,
    out: Out = None,
) -> None:
    """For each case: who decides, what is allowed under which rule, and the recommended resolution, as CSV."""
    from policy_sim.assumptions import central
    from policy_sim.policy import Decider, decide_by_date, decide_table, load_policy, load_versions
    from policy_sim.publish import vocabulary_of
    from policy_sim.service import read_cases
    from policy_sim.value import decide as decide_cases
    from policy_sim.value import value_cases

    with _progress(2) as step:
        step("Reading cases")
        loaded = _scenario(scenario, assume)
        if rules_only:
            names = vocabulary_of(loaded)
            asked = _read_asked(cases)
            step("Deciding")
            if Path(policy).is_dir():
                versions = load_versions(policy, loaded)
                decided = decide_by_date(versions, names.failures, names.segments, asked)
            else:
                decided = decide_table(
                    Decider(_read_policy(policy, loaded).policy, names.failures, names.segments), asked
                )
            table = asked.join(decided)
        else:
            read = load_policy(policy, loaded)
            given = read_cases(cases, loaded)
            step("Deciding")
            table = decide_cases(read, value_cases(loaded, given, central(loaded)))
    if out is not None and out.suffix == ".parquet":
        import io

        buffer = io.BytesIO()
        table.to_parquet(buffer, index=False)
        write_whole(out, buffer.getvalue())
        typer.echo(f"Wrote {out}", err=True)
        return
    _put(table.to_csv(index=False, float_format=None if rules_only else "%.2f"), out)


def _read_asked(cases: Path) -> pd.DataFrame:
    import pandas as pd

    if not cases.is_file():
        raise InputError(f"file of cases '{cases}' does not exist; give the path of a CSV or Parquet file")
    try:
        return pd.read_parquet(cases) if cases.suffix == ".parquet" else pd.read_csv(cases, encoding="utf-8-sig")
    except (ValueError, OSError) as error:
        problem = str(error).strip().splitlines()[0]
        raise InputError(f"file of cases '{cases}' cannot be read: {problem}; expected CSV or Parquet") from None


@app.command()
def export(
    policy: PolicyFile,
    format: Annotated[  # noqa: A002
        str, typer.Option("--format", help="json, yaml, csv, xlsx, dmn, jdm, html, pdf; several with commas.")
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
    transactions: Log = None,
    customer_column: CustomerColumn = None,
    date_column: DateColumn = None,
    amount_column: AmountColumn = None,
    day_first: DayFirst = False,
    cases: CasesGiven = "20000",
    scenario: ScenarioGiven = "online_retail",
    assume: Assume = None,
    draws: DrawCount = 200,
    seed: Seed = 0,
) -> None:
    """Write a policy as files that rules engines execute and people read."""
    from policy_sim.publish import (
        FORMATS,
        pdf_problem,
        publish,
        refuse_broken,
        render,
        render_card,
        render_card_pdf,
        write_file,
    )

    loaded = _scenario(scenario, assume)
    record = _read_policy(policy, loaded)
    formats = _listed(",".join(FORMATS) if every else format)
    for each in formats:
        if each not in FORMATS:
            raise unknown("format", each, list(FORMATS))
    if every:
        out = out or Path("out")
        if problem := pdf_problem():
            _errors.print(f"Note: {problem}", markup=False, soft_wrap=True)
            formats = tuple(each for each in formats if each != "pdf")
    if not every and len(formats) > 1 and out is None:
        raise InputError(f"{len(formats)} formats do not fit on standard output; give a folder with --out")
    refuse_broken(record.policy, loaded)
    log = (transactions, customer_column, date_column, amount_column, day_first)
    provenance = record.provenance
    if against is not None:
        provenance = _simulated_provenance(record, against, loaded, log, cases, draws, seed)
    elif provenance.scenario is None:
        provenance = provenance.model_copy(update={"scenario": loaded.name, "scenario_fingerprint": loaded.fingerprint})
    if every or len(formats) > 1:
        assert out is not None
        files = publish(record.policy, loaded, out, formats, provenance, force)
        typer.echo(f"Wrote {', '.join(path.name for path in files)} to {out}/", err=True)
        return
    content: str | bytes
    if formats[0] == "html":
        content = render_card(record.policy, loaded, provenance, paper)
    elif formats[0] == "pdf":
        content = render_card_pdf(record.policy, loaded, provenance, paper)
    else:
        content = render(record.policy, formats[0], loaded, provenance)
    if out is None:
        typer.echo(content, nl=False)
    else:
        write_file(out, record.policy, content, force)
        typer.echo(f"Wrote {out}", err=True)


@app.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(help="A file that export wrote: JSON, YAML, CSV, XLSX, DMN.")],
    scenario: ScenarioGiven = "online_retail",
    unchanged: Annotated[
        bool, typer.Option("--unchanged", help="Refuse a file that was changed after export.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option("--out", help="File for the policy (.yaml, .json ...); else YAML.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Write even over a newer version.")] = False,
) -> None:
    """Read a policy back, also after a person edited it in a spreadsheet; says what was changed."""
    from policy_sim.publish import render, write_file

    loaded = _scenario(scenario, None)
    record = _read_policy(file, loaded, is_noted=not unchanged)
    if unchanged and record.changes:
        raise InputError(f"{file.name}: {record.warning}; put the exported file back, or leave --unchanged out")
    content = render(record.policy, "yaml" if out is None else _format_of_file(out), loaded, record.provenance)
    if out is None:
        typer.echo(content, nl=False)
    else:
        write_file(out, record.policy, content, force)
        typer.echo(f"Wrote {out}", err=True)


@app.command()
def conform(
    file: Annotated[Path, typer.Argument(help="A file that export wrote: DMN, JDM, or one that we read ourselves.")],
    policy: Annotated[
        str | None, typer.Option("--policy", help="What the file should say; else the policy it was written from.")
    ] = None,
    engine: Annotated[str | None, typer.Option(help="zen-engine, pyDMNrules or feelin; else all that run it.")] = None,
    cases: Annotated[int, typer.Option("--cases", min=1, help="How many; every boundary is met at least.")] = 1000,
    scenario: ScenarioGiven = "online_retail",
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    """Whether a file says in a real engine what the policy says: cases at, just below and just above every limit."""
    from dataclasses import asdict

    from rich.table import Table

    from policy_sim.publish import conform as conform_file

    loaded = _scenario(scenario, None)
    meant = None if policy is None else _read_policy(policy, loaded).policy
    with _progress(1) as step:
        step("Running cases through engines")
        found = conform_file(file, loaded, cases, seed, _listed(engine) or None, meant)
    if as_json:
        typer.echo(json.dumps([asdict(each) | {"holds": each.holds} for each in found], indent=2))
    else:
        table = Table("engine", "cases", "agree", "of which to be refused", title=f"{file.name} against authority()")
        for each in found:
            counts = [f"{count:,}" for count in (each.cases, each.agreeing, each.broken)]
            table.add_row(each.engine, *(["not run", "", ""] if each.not_run else counts))
        _show([table, *(f"{each.engine}: {each.disagreement or each.not_run}" for each in found if not each.holds)])
    if any(each.disagreement for each in found) or not any(each.holds for each in found):
        sys.exit(1)


@app.command()
def check(
    policy: PolicyFile,
    guard_share: Annotated[
        float, typer.Option(min=0, max=1, help="Report guards that catch more than this share of genuine cases.")
    ] = 0.1,
    rules_only: Annotated[bool, typer.Option("--rules-only", help="No simulated cases: only the rules.")] = False,
    cases: CasesGiven = "5000",
    scenario: ScenarioGiven = "online_retail",
    assume: Assume = None,
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    """What is wrong with a policy: gaps, overlaps, rules that never fire, falling limits, promises nobody can keep."""
    from dataclasses import asdict

    from policy_sim.publish import check as check_policy

    loaded = _scenario(scenario, assume)
    record = _read_policy(policy, loaded, is_checked=False)
    payoffs = None
    if not rules_only and record.policy.currency == loaded.currency:
        with _progress(5) as step:
            payoffs = _setting(loaded, (None, None, None, None, False), cases, 10, seed, step).payoffs
    findings = check_policy(record.policy, loaded, payoffs, guard_share)
    if as_json:
        typer.echo(json.dumps([asdict(each) for each in findings], indent=2))
    else:
        _show([*(f"{each.severity}: {each.words}" for each in findings), _verdict_of(record.policy, findings)])
    if any(each.severity == "error" for each in findings):
        sys.exit(1)


@app.command()
def diff(
    first: Annotated[str, typer.Argument(help="A policy: a name or a file.")],
    second: Annotated[str, typer.Argument(help="Another one.")],
    rules_only: Annotated[bool, typer.Option("--rules-only", help="Leave the simulated money out.")] = False,
    transactions: Log = None,
    customer_column: CustomerColumn = None,
    date_column: DateColumn = None,
    amount_column: AmountColumn = None,
    day_first: DayFirst = False,
    cases: CasesGiven = "20000",
    scenario: ScenarioGiven = "online_retail",
    assume: Assume = None,
    draws: DrawCount = 200,
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    """Every difference between two policies in words, with an example case, and what it changes in money."""
    from policy_sim.publish import difference

    loaded = _scenario(scenario, assume)
    before, after = (_read_policy(each, loaded).policy for each in (first, second))
    found = difference(before, after, loaded)
    money = None
    if not rules_only:
        log = (transactions, customer_column, date_column, amount_column, day_first)
        money = _compared(after, before, loaded, log, cases, draws, seed)[0]
    if as_json:
        typer.echo(json.dumps(_diff_content(found, money), indent=2))
    else:
        _show(_diff_parts(found, money))


@app.command()
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
    scenario: ScenarioGiven = "online_retail",
    out: Annotated[Path | None, typer.Option("--out", help="Another file to write to.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Write even over a newer version.")] = False,
) -> None:
    """Write into a policy who approved it and when, and from which day it decides orders."""
    from policy_sim.policy.versions import order_date
    from policy_sim.publish import approve as approve_policy
    from policy_sim.publish import refuse_broken, render, write_file

    if live and retire:
        raise InputError("--live and --retire exclude each other; leave one out")
    loaded = _scenario(scenario, None)
    if not file.is_file():
        raise InputError(f"file '{file}' does not exist; export the policy first, and approve that file")
    record = _read_policy(file, loaded)
    refuse_broken(record.policy, loaded)
    days = [None if each is None else order_date(each) for each in (on, first_day, last_day)]
    approved = approve_policy(
        record.policy, by, days[0], "live" if live else "retired" if retire else "approved", days[1], days[2]
    )
    target = out or file
    same = target.resolve() == file.resolve()
    write_file(
        target, approved, render(approved, _format_of_file(target), loaded, record.provenance), is_forced=force or same
    )
    typer.echo(
        f"{approved.name} version {approved.version} is {approved.status}, by {approved.approved_by} on "
        f"{approved.approved_on}; wrote {target}",
        err=True,
    )


@app.command()
def scenarios(as_json: AsJson = False) -> None:
    """The scenarios that travel with the program: what goes wrong there, how far their numbers can be trusted."""
    from policy_sim.assumptions import load_scenario
    from policy_sim.show.terminal import report

    files = sorted(shipped("data/scenarios").glob("*.yaml"))
    loaded = [load_scenario(file) for file in files]
    extends = {each.name: _extends(file) for each, file in zip(loaded, files, strict=True)}
    if as_json:
        content = [
            {
                "name": each.name,
                "title": each.title,
                "description": each.description,
                "extends": extends[each.name],
                "failures": list(each.failures),
                "assumptions": Counter(each.assumption(name).trust for name in each.assumption_names),
            }
            for each in loaded
        ]
        typer.echo(json.dumps(content, indent=2))
        return
    _show([report.of_scenarios(loaded, extends)])


@app.command()
def stories(
    story: Annotated[
        str | None, typer.Argument(help="Name of a story, or its YAML file; without it, all of them.")
    ] = None,
    draws: DrawCount = 500,
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    """Accounts of good service, replayed: what each option would have brought, which claims about it hold."""
    from policy_sim.show.terminal import report
    from policy_sim.study import load_stories, load_story, replay

    with _progress(7) as step:
        step("Reading stories")
        told = load_stories() if story is None else [load_story(story)]
        replays = []
        for each in told:
            step(f"Replaying {each.name}")
            replays.append(replay(each, draws, seed))
    if as_json:
        content = [_replay_content(each, seed) for each in replays]
        typer.echo(json.dumps(content if story is None else content[0], indent=2))
    else:
        _show(report.of_stories(replays) if story is None else report.of_story(replays[0]))


@app.command()
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
    from policy_sim.show.terminal import sweep as report
    from policy_sim.show.terminal.live_progress import live_progress
    from policy_sim.sweep.folder import foresee
    from policy_sim.sweep.folder import sweep as run_sweep

    if dry_run:
        foresight = foresee(design, out, workers)
        _print_content(
            foresight._asdict() | {"runs_per_second": foresight.runs_per_second},
            as_json,
            report.of_foresight(foresight),
        )
        return
    if out is None:
        raise InputError("a sweep needs a folder for its results; give --out FOLDER (or --dry-run)")
    with live_progress(_errors, transient=True) as on_progress:
        swept = run_sweep(design, out, workers, cluster, on_progress, retry_failed)
    _print_content(swept._asdict() | {"folder": str(swept.folder)}, as_json, report.of_swept(swept))
    if swept.interrupted:
        raise typer.Exit(130)
    if swept.lost:
        raise typer.Exit(1)


def _print_content(content: Mapping[str, object], as_json: bool, parts: Sequence[Table | str]) -> None:
    if as_json:
        typer.echo(json.dumps(content, indent=2))
    else:
        _show(parts)


@about_scenario.callback()
def _about_scenario() -> None:
    """Keep `show` a word of its own: a group of one command would swallow it."""


@about_scenario.command("show")
def show_scenario(
    scenario: Annotated[str, typer.Argument(help="Name of a scenario, or its YAML file.")],
    as_json: AsJson = False,
) -> None:
    """Every assumption with value, unit, range, trust and source; what remedies are made of; how many resolutions."""
    from policy_sim.assumptions import load_scenario
    from policy_sim.service.remedies import compose
    from policy_sim.show.terminal import report

    loaded = load_scenario(scenario)
    if as_json:
        counts = {failure: len(compose(loaded, failure)) for failure in loaded.failures}
        content = loaded.model_dump(mode="json") | {"resolution_counts": counts, "fingerprint": loaded.fingerprint}
        typer.echo(json.dumps(content, indent=2))
        return
    _show(report.of_scenario(loaded))


@app.command()
def share(
    out: Annotated[Path, typer.Argument(help="File to write: panel.html.")],
    shown: Annotated[
        str | None, typer.Option("--show", help="Policy on screen: a file or a name; else the one in force.")
    ] = None,
    transactions: Log = None,
    customer_column: CustomerColumn = None,
    date_column: DateColumn = None,
    amount_column: AmountColumn = None,
    day_first: DayFirst = False,
    cases: CasesGiven = "20000",
    policy: PolicyInForce = "current",
    scenario: ScenarioGiven = "online_retail",
    assume: Assume = None,
    draws: DrawCount = 200,
    seed: Seed = 0,
) -> None:
    """The panel as one file that needs neither Python nor a network: for whoever decides, by e-mail."""
    if find_spec("anywidget") is None:
        raise InputError("the panel is not installed; install it with: pip install 'policy-sim[app]'")
    from policy_sim.policy import load_policy
    from policy_sim.show.live.share import share as write_shared
    from policy_sim.show.live.state import open_panel

    with _progress(7) as step:
        loaded = _scenario(scenario, assume)
        in_force = load_policy(policy, loaded)
        on_screen = load_policy(shown, loaded) if shown else in_force
        log = (transactions, customer_column, date_column, amount_column, day_first)
        setting = _setting(loaded, log, cases, draws, seed, step)
        step("Searching the best limits")
        panel = open_panel(setting, in_force).with_recommended().showing(on_screen)
        step("Drawing exact curves")
        path = write_shared(panel, out)
    typer.echo(f"{path} ({path.stat().st_size / 1024:,.0f} KiB)")


@app.command()
def lab(
    folder: Annotated[Path, typer.Option(help="Where to copy the notebooks, if installed without a checkout.")] = Path(
        "policy_sim_notebooks"
    ),
    port: Annotated[int, typer.Option(help="Port on this machine.")] = 8888,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the browser.")] = True,
) -> None:
    """Open the notebooks in JupyterLab, on this machine only, behind a token."""
    try:
        import jupyterlab  # noqa: F401
    except ImportError:
        raise InputError("JupyterLab is not installed; install it with: pip install 'policy-sim[app]'") from None
    notebooks = shipped("notebooks")
    if notebooks.parent == Path(__file__).parent:
        notebooks = _copy_notebooks(notebooks, folder)
    typer.echo(f"Notebooks in {notebooks}; stop with Ctrl-C", err=True)
    command = [
        sys.executable,
        "-m",
        "jupyterlab",
        "--ip=127.0.0.1",
        f"--port={port}",
        f"--ServerApp.root_dir={notebooks.resolve()}",
    ]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--allow-root")
    if not browser:
        command.append("--no-browser")
    os.execv(sys.executable, command)


@app.command("app")
def serve(
    transactions: Log = None,
    customer_column: CustomerColumn = None,
    date_column: DateColumn = None,
    amount_column: AmountColumn = None,
    day_first: DayFirst = False,
    cases: Annotated[int, typer.Option("--cases", min=1, help="How many cases to draw from the log.")] = 20_000,
    policy: PolicyInForce = "current",
    scenario: ScenarioGiven = "online_retail",
    assume: Assume = None,
    draws: DrawCount = 200,
    seed: Seed = 0,
    port: Annotated[int, typer.Option(help="Port to listen on; 0 takes a free one.")] = 8866,
    ip: Annotated[str, typer.Option(help="Address to listen on; others than this machine's own let others in.")] = (
        "127.0.0.1"
    ),
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the browser.")] = True,
    ready: Annotated[int, typer.Option(help="How many panels stand ready for visitors to come.")] = 2,
    idle_minutes: Annotated[float, typer.Option(help="End a panel that nobody has used for so long.")] = 120.0,
) -> None:
    """Open the panel in a page of its own, without code, on this machine only, behind a token."""
    if any(find_spec(name) is None for name in ("voila", "anywidget", "ipykernel")):
        raise InputError("Voila is not installed; install it with: pip install 'policy-sim[app]'")
    from policy_sim.policy import load_policy
    from policy_sim.show.live.app import AppSettings, run_app
    from policy_sim.show.live.visit import Visit

    settings = AppSettings(ip, port, browser, ready, idle_minutes)
    loaded = _scenario(scenario, assume)
    load_policy(policy, loaded)
    log = (transactions, customer_column, date_column, amount_column, day_first)
    if transactions is not None:
        # read here to complain here; each kernel reads it again
        _read_log(loaded, log, lambda words: None)
    with _kept_scenario(loaded if assume else None, scenario) as kept:
        visit = Visit(kept, _absolute(policy), cases, draws, seed, str(Path.cwd()), _log_words(log))
        typer.echo("Stop with Ctrl-C", err=True)
        run_app(visit, settings, say=lambda words: typer.echo(words, err=True), show=typer.echo)


def main() -> None:
    """Run the command line; bad input is one line on standard error and exit status 2."""
    try:
        sys.exit(app(sys.argv[1:] or ["--help"], prog_name="policy-sim", standalone_mode=False))
    except InputError as error:
        _say(str(error))
        sys.exit(2)
    except Exception as error:
        if not hasattr(error, "format_message"):  # what typer raises where the words of a command do not fit
            raise
        _say(f"{error.format_message().rstrip('.')}; see policy-sim --help")
        sys.exit(2)


def _show(parts: Sequence[Table | str]) -> None:
    screen = Console(highlight=False, markup=False)
    for part in parts:
        screen.print(part, soft_wrap=isinstance(part, str))


def _say(words: str) -> None:
    _errors.print(f"policy-sim: {words}", markup=False, soft_wrap=True)


def _scenario(scenario: str, assume: list[str] | None) -> Scenario:
    from policy_sim.assumptions import load_scenario

    values = {}
    for each in assume or []:
        name, _, text = each.partition("=")
        try:
            values[name.strip()] = float(text)
        except ValueError:
            raise InputError(f"--set {each} is not NAME=NUMBER, for example shop.cases_per_year=8000") from None
    return load_scenario(scenario).with_values(values)


@contextmanager
def _kept_scenario(changed: Scenario | None, given: str) -> Iterator[str]:
    """Give the name or path under which other processes find the scenario, written down if values were changed."""
    if changed is None:
        yield _absolute(given)
        return
    with TemporaryDirectory(prefix="policy_sim_") as folder:
        path = Path(folder) / "scenario.json"
        write_whole(path, changed.model_dump_json())
        yield str(path)


def _absolute(given: str) -> str:
    """Return a name as it is, and the path of a file so that it holds in every folder."""
    return str(Path(given).resolve()) if Path(given).is_file() else given


def _log_words(log: LogOptions) -> dict[str, str | bool | None] | None:
    path, customer, date, amount, day_first = log
    if path is None:
        return None
    columns = {"customer_column": customer, "date_column": date, "amount_column": amount}
    return {"source": str(path.resolve()), **columns, "day_first": day_first}


def _read_policy(policy: str | Path, scenario: Scenario, is_noted: bool = True, is_checked: bool = True) -> Record:
    """Read a policy of any format with its provenance; what was changed after export becomes a note."""
    from policy_sim.border import find_file
    from policy_sim.publish import read_file

    path = find_file("policy", policy, "data/policies", ".yaml")
    record = read_file(path).record
    if record.changes and is_noted:
        _errors.print(f"Note: {path.name}: {record.warning}", markup=False, soft_wrap=True)
    if is_checked:
        record.policy.check_names(scenario, path.name)
        record.policy.check_order(scenario.failures, [each.name for each in scenario.segments], path.name)
    return record


def _format_of_file(path: Path) -> str:
    from policy_sim.publish import FORMATS

    name = path.name.removesuffix(".yml") + ".yaml" if path.suffix == ".yml" else path.name
    endings = sorted(FORMATS, key=lambda each: -len(FORMATS[each]))
    found = next((each for each in endings if name.endswith(FORMATS[each])), None)
    if found is None:
        raise InputError(f"'{path}' has no ending of a policy file; expected one of: {', '.join(FORMATS.values())}")
    return found


def _compared(
    policy: Policy, baseline: Policy, scenario: Scenario, log: LogOptions, cases: str, draws: int, seed: int
) -> tuple[Difference, Setting]:
    from policy_sim.value import compare
    from policy_sim.value import evaluate as evaluate_policy

    with _progress(6) as step:
        setting = _setting(scenario, log, cases, draws, seed, step)
        step("Evaluating policies")
        difference = compare(*(evaluate_policy(each, setting.payoffs) for each in (policy, baseline)))
    return difference, setting


def _simulated_provenance(
    record: Record, against: str, scenario: Scenario, log: LogOptions, cases: str, draws: int, seed: int
) -> Provenance:
    from policy_sim.study import provenance_of

    baseline = _read_policy(against, scenario).policy
    difference, setting = _compared(record.policy, baseline, scenario, log, cases, draws, seed)
    return provenance_of(setting, difference)


def _verdict_of(policy: Policy, findings: Sequence[Finding]) -> str:
    counts = Counter(each.severity for each in findings)
    found = ", ".join(f"{counts[each]} {each}{'s' if counts[each] > 1 else ''}" for each in counts)
    if not findings:
        return f"{policy.name}: nothing found; every case has one rule that decides it"
    return f"{policy.name}: {found}; {'not fit to be published' if counts['error'] else 'fit to be published'}"


def _diff_parts(found: PolicyDifference, money: Difference | None) -> list[Table | str]:
    from rich.table import Table

    one, two = found.labels
    parts: list[Table | str] = [f"{one} -> {two}: {found.verdict}"]
    parts += [
        f"  {each.example_words}: {each.first} decides -> {each.second} decides" for each in found.counterexamples
    ]
    if found.life:
        parts.append(f"Also: {'; '.join(found.life)}")
    if found.steps:
        table = Table("difference", "allows more", "example", title=f"{one} -> {two}", show_lines=True)
        for each in found.steps:
            table.add_row(each.words, each.more_generous, each.example_words)
        parts.append(table)
    if money is not None:
        effect = _effect_content(money)
        currency = found.first.currency
        parts.append(
            f"Net value: {effect['per_year']:+,.0f} {currency} a year from {one} to {two} (90 % interval "
            f"{effect['low']:+,.0f} to {effect['high']:+,.0f})"
            + ("" if effect["told_apart"] else "; it cannot be told from none")
        )
    return parts


def _diff_content(found: PolicyDifference, money: Difference | None) -> dict[str, object]:
    from dataclasses import asdict

    return {
        "first": found.labels[0],
        "second": found.labels[1],
        "verdict": found.verdict,
        "counterexamples": [asdict(each) for each in found.counterexamples],
        "differences": [asdict(each) for each in found.steps],
        "life": list(found.life),
        "net_value": None if money is None else _effect_content(money),
    }


def _effect_content(money: Difference) -> dict[str, float]:
    from policy_sim.value.evaluation import interval

    per_year = money.per_year()
    low, high = interval(per_year)
    return {"per_year": float(per_year.mean()), "low": low, "high": high, "told_apart": money.told_apart()}


def _listed(text: str | None, default: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Return the words between commas, or the default where nothing was given."""
    return default if text is None else tuple(word.strip() for word in text.split(",") if word.strip())


def _a_year(option: str, text: str | None) -> float | None:
    """Read an amount a year: 250000, 250000/year, 20000/month."""
    if text is None:
        return None
    number, _, period = text.partition("/")
    periods = {"": 1, "year": 1, "month": 12}
    try:
        value = float(number.replace(",", ""))
    except ValueError:
        value = 0.0
    if not (isfinite(value) and value > 0) or period.strip() not in periods:
        raise InputError(f"{option} {text} is not an amount above 0 a year or month, for example 250000/year")
    return value * periods[period.strip()]


def _extends(file: Path) -> str | None:
    """Return the name of the scenario that a file extends, as it stands there."""
    given = read_yaml(file).get("extends")
    return None if given is None else str(given)


def _read_log(scenario: Scenario, log: LogOptions, step: Any) -> Transactions:
    from policy_sim.clv import read_transactions
    from policy_sim.study import read_default_log

    path, customer, date, amount, day_first = log
    step("Reading transactions")
    if path is None:
        return read_default_log(scenario)
    read = read_transactions(
        path, customer_column=customer, date_column=date, amount_column=amount, day_first=day_first,
        currency=scenario.currency,
    )  # fmt: skip
    for sentence in read.reading.sentences:
        _errors.print(f"Note: {sentence}", markup=False, soft_wrap=True)
    return read


class _Wish(NamedTuple):
    """What is to be fitted to what."""

    scenario: Scenario
    log: LogOptions
    model: str
    until: str | None
    covariates: Path | None
    recoveries: Path | None
    period: str | int


#: What a fit says: as JSON, and on the screen.
_Said = tuple[dict[str, object], "list[Table | str]"]


def _fit_purchases(wish: _Wish, step: Any) -> _Said:
    from policy_sim.clv import (
        compare_models,
        fit_gamma_gamma,
        fit_pareto_nbd_covariates,
        fit_purchases,
        future_values,
        read_covariates,
        summarise,
    )
    from policy_sim.show.terminal import report

    transactions = _read_log(wish.scenario, wish.log, step)
    summary = summarise(transactions, wish.until)
    comparison = None
    if wish.covariates is None and wish.model == "auto":
        step("Comparing models")
        comparison = compare_models(transactions)
    step("Fitting customer models")
    purchases: Fit
    predicted: PurchaseFit | ParetoNbdCustomers
    if wish.covariates is None:
        purchases = predicted = fit_purchases(summary, wish.model if comparison is None else comparison.best)
    else:
        about = read_covariates(wish.covariates, summary)
        explained = fit_pareto_nbd_covariates(summary, about)
        purchases, predicted = explained, explained.at(about)
    spend = fit_gamma_gamma(summary)
    step("Working out future values")
    values = future_values(
        transactions,
        predicted,
        spend,
        margin_share=wish.scenario.value("shop.margin_share"),
        discount_rate_per_year=wish.scenario.value("shop.discount_rate_per_year"),
        until=wish.until,
    )
    content = _fit_content(purchases) | {
        "spend": _fit_content(spend),
        "mean_future_value": float(values.future_value.mean()),
        "currency": values.currency,
    }
    compared: list[Table | str] = [] if comparison is None else [report.of_comparison(comparison), ""]
    return content, [*compared, *report.of_fits([purchases, spend]), *report.of_future_values(values)]


def _fit_opportunities(wish: _Wish, step: Any) -> _Said:
    import pandas as pd

    from policy_sim.clv import fit_bg_bb, opportunities_per_year, summarise_opportunities
    from policy_sim.show.terminal import report

    transactions = _read_log(wish.scenario, wish.log, step)
    summary = summarise_opportunities(transactions, wish.period, wish.until)
    step("Fitting the customer model")
    fitted = fit_bg_bb(summary)
    step("Working out orders to come")
    history = (summary.frequency, summary.recency, summary.opportunities)
    a_year = opportunities_per_year(wish.period)
    horizon = max(1, round(a_year))
    customers = pd.DataFrame(
        {
            "dert": fitted.dert(_discount(wish), *history),
            "orders_per_year": fitted.expected_purchases(horizon, *history) * a_year / horizon,
            "probability_alive": fitted.probability_alive(*history),
        }
    )
    content = _fit_content(fitted) | {
        "period": wish.period,
        "discount_rate_per_opportunity": _discount(wish),
        "mean_dert": float(customers["dert"].mean()),
        "dert_quantiles": {f"{q:g}": float(customers["dert"].quantile(q)) for q in (0.05, 0.5, 0.95, 0.995)},
    }
    rate = wish.scenario.value("shop.discount_rate_per_year")
    return content, [*report.of_fits([fitted]), *report.of_opportunities(customers, wish.period, rate)]


def _fit_recoveries(wish: _Wish, step: Any) -> _Said:
    import numpy as np

    from policy_sim.clv import (
        fit_gamma_gamma,
        fit_recovery_bg_nbd,
        read_recoveries,
        summarise,
        summarise_recoveries,
    )
    from policy_sim.show.terminal import report

    if wish.recoveries is None:
        raise InputError(
            "--model recovery-bg-nbd needs the failed orders; give a CSV file of customer,date,recovery with "
            "--recoveries"
        )
    recovered = read_recoveries(wish.recoveries)
    transactions = _read_log(wish.scenario, wish.log, step)
    customers, summary = summarise(transactions, wish.until), summarise_recoveries(transactions, recovered, wish.until)
    step("Fitting customer models")
    fitted, spend = fit_recovery_bg_nbd(summary), fit_gamma_gamma(customers)
    step("Working out values at a failure")
    # the same for every recovery but for what it does: as if an order of today failed, its remedy still to be paid
    values = fitted.value_at_failure(
        wish.scenario.value("shop.discount_rate_per_year"),
        summary.frequency + 1.0,
        summary.age_weeks,
        summary.chances,
        margin_share=wish.scenario.value("shop.margin_share"),
        expected_spend=spend.expected_spend(customers.mean_spend, customers.spend_count),
        recovery_costs=np.zeros(len(fitted.failure_shares)),
    ).to_frame()
    failures = values.groupby("recovery", sort=False).mean().drop(columns="position").reset_index()
    content = _fit_content(fitted) | {
        "spend": _fit_content(spend),
        "loss_after_recovery": _rows(fitted.loss_after_recovery),
        "mean_at_failure": _rows(failures),
        "caveats": list(values.attrs["caveats"]),
        "currency": transactions.currency,
    }
    return content, [*report.of_fits([fitted, spend]), *report.of_failures(fitted, failures, transactions.currency)]


def _fit_contracts(wish: _Wish, step: Any) -> _Said:
    import numpy as np
    import pandas as pd

    from policy_sim.clv import fit_shifted_beta_geometric, read_contracts
    from policy_sim.show.terminal import report

    path = wish.log[0]
    if path is None:
        raise InputError(
            "--model contracts needs a file of contracts; give the path of a CSV file with the columns renewals,active "
            "and a row for each customer"
        )
    step("Reading contracts")
    summary = read_contracts(path)
    step("Fitting the customer model")
    fitted = fit_shifted_beta_geometric(summary)
    step("Working out renewals to come")
    renewals = np.arange(summary.lost.size)
    tenures = pd.DataFrame(
        {
            "renewals": renewals,
            "retention_rate": fitted.retention_rate(renewals),
            "survival": fitted.survival(renewals),
            "derl": fitted.derl(_discount(wish), renewals),
        }
    )
    content = _fit_content(fitted) | {
        "period": wish.period,
        "discount_rate_per_renewal": _discount(wish),
        "tenures": _rows(tenures),
    }
    rate = wish.scenario.value("shop.discount_rate_per_year")
    return content, [*report.of_fits([fitted]), *report.of_contracts(tenures, wish.period, rate)]


_OF_A_LOG = ("--until", "--customer-column", "--date-column", "--amount-column", "--day-first")

#: By model: what fits it, and the options that go with it.
_FITTERS: dict[str, tuple[Callable[[_Wish, Any], _Said], tuple[str, ...]]] = {
    "bg-nbd": (_fit_purchases, _OF_A_LOG),
    "mbg-nbd": (_fit_purchases, _OF_A_LOG),
    "pareto-nbd": (_fit_purchases, (*_OF_A_LOG, "--covariates")),
    "bg-bb": (_fit_opportunities, (*_OF_A_LOG, "--period")),
    "recovery-bg-nbd": (_fit_recoveries, (*_OF_A_LOG, "--recoveries")),
    "contracts": (_fit_contracts, ("--period",)),
    "auto": (_fit_purchases, (*_OF_A_LOG, "--covariates")),
}


def _period(period: str | None) -> str | int:
    if period is None:
        return "month"
    return int(period) if period.isdecimal() else period


def _discount(wish: _Wish) -> float:
    """Return the discount from one period to the next."""
    from policy_sim.clv import opportunities_per_year

    rate = wish.scenario.value("shop.discount_rate_per_year")
    return float((1.0 + rate) ** (1.0 / opportunities_per_year(wish.period)) - 1.0)


def _fit_content(fitted: Fit) -> dict[str, object]:
    errors = {name: error if isfinite(error) else None for name, error in fitted.standard_errors.items()}
    return {
        "model": fitted.model,
        "parameters": fitted.parameters,
        "standard_errors": errors,
        "log_likelihood": fitted.log_likelihood,
        "aic": fitted.aic,
        "bic": fitted.bic,
        "customers": fitted.customer_count,
    }


def _rows(table: pd.DataFrame) -> list[dict[str, object]]:
    return [
        {str(name): None if isinstance(value, float) and not isfinite(value) else value for name, value in row.items()}
        for row in table.to_dict("records")
    ]


def _setting(
    scenario: Scenario, log: LogOptions, cases: str, draws: int, seed: int, step: Any, model: str = "bg-nbd"
) -> Setting:
    from policy_sim.service import read_cases
    from policy_sim.study import Sample, prepare

    def show(words: str, done: int, of: int) -> None:
        if done < of:
            step(words)

    is_count = cases.lstrip("-").isdigit()
    sample = Sample(int(cases), draws, seed) if is_count else Sample(draws=draws, seed=seed)
    source = _read_log(scenario, log, step) if is_count else read_cases(cases, scenario)
    with _noted():
        return prepare(scenario, source, sample, model=model, on_progress=show)


@contextmanager
def _noted() -> Iterator[None]:
    """Turn warnings of the models into notes on standard error."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        yield
    for warning in caught:
        _errors.print(f"Note: {warning.message}", markup=False, soft_wrap=True)


@contextmanager
def _progress(steps: int) -> Iterator[Any]:
    """Show a bar with time left on standard error; gives a function that takes the words of the next step."""
    columns = (
        TextColumn("{task.description:34}"),
        BarColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=_errors, transient=True) as progress:
        task = progress.add_task("Starting", total=steps)

        def step(words: str, advance: bool = True) -> None:
            progress.update(task, description=words, advance=1 if advance else 0)

        try:
            yield step
        except KeyboardInterrupt:
            _say("cancelled; no file was left half-written")
            raise


def _put(text: str, out: Path | None) -> None:
    if out is None:
        typer.echo(text, nl=False)
    else:
        write_whole(out, text)
        typer.echo(f"Wrote {out}", err=True)


def _copy_notebooks(notebooks: Path, folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for notebook in sorted(notebooks.glob("*.ipynb")):
        if not (folder / notebook.name).exists():
            shutil.copy(notebook, folder / notebook.name)
    return folder


def _write_results(out: Path, best: BestLimits, differences: list[Difference], provenance: Provenance) -> list[Path]:
    """Write policy, tables and figures, each whole; return their paths."""
    import pandas as pd

    from policy_sim.publish import export_policy
    from policy_sim.show.figures.limits import plot_curves, plot_value_against_cost, plot_where_money_goes

    recommended = differences[-1]
    figures = {
        "curves": plot_curves(best.curves, recommended.baseline),
        "value_against_cost": plot_value_against_cost(differences),
        "where_the_money_goes": plot_where_money_goes(recommended),
    }
    contents = {
        "policy.json": export_policy(recommended.outcome.policy, provenance=provenance),
        "outcomes.csv": pd.concat([each.outcome.to_frame() for each in differences]).to_csv(index=False),
        "differences.csv": pd.concat([each.to_frame() for each in differences[1:]]).to_csv(index=False),
        "curves.csv": pd.concat(
            [each.to_frame().assign(lever=str(each.lever)) for each in best.curves.values()]
        ).to_csv(index=False),
    }
    return _write_all(out, contents, figures)


def _write_what_matters(out: Path, matters: Matters) -> list[Path]:
    """Write tables and figures of what matters, each whole; return their paths."""
    from policy_sim.show.figures.decision_analysis import plot_differences, plot_information, plot_tornado

    base = matters.outcomes[0]
    figures = {
        "tornado": plot_tornado(matters.sensitivity),
        "worth_of_knowing": plot_information(matters.evppi, matters.evpi, base.payoffs.scenario),
        "policy_differences": plot_differences(matters.outcomes, base),
    }
    contents = {
        "risk.csv": matters.risk.to_csv(index=False),
        "tornado.csv": matters.sensitivity.tornado().to_csv(index=False),
        "break_evens.csv": _break_even_table(matters).to_csv(index=False),
        "worth_of_knowing.csv": matters.evppi.to_csv(index=False),
        "pilots.csv": matters.pilots.to_csv(index=False),
    }
    return _write_all(out, contents, figures)


def _break_even_table(matters: Matters) -> pd.DataFrame:
    """Return the break-evens against the baseline and against the runner-up."""
    import pandas as pd

    policies = {policy.name: policy for policy in (matters.outcomes[0].policy, matters.runner_up)}
    tables = [matters.sensitivity.break_evens(each).assign(against=name) for name, each in policies.items()]
    return pd.concat(tables, ignore_index=True)


def _matters_content(matters: Matters) -> dict[str, object]:
    errors = matters.errors
    return {
        "policy": matters.outcomes[-1].policy.name,
        "limits": _limit_contents(matters.outcomes[-1].policy),
        "against": matters.outcomes[0].policy.name,
        "runner_up": matters.runner_up.name,
        "risk": _rows(matters.risk),
        "errors": {
            "difference": errors.difference,
            "from_cases": errors.from_cases,
            "from_assumptions": errors.from_assumptions,
        },
        "cases_at_a_time": matters.sensitivity.case_count,
        "tornado": _rows(matters.sensitivity.tornado()),
        "break_evens": _rows(_break_even_table(matters)),
        "evpi": {"value": matters.evpi.value, "standard_error": matters.evpi.standard_error},
        "evppi": _rows(matters.evppi),
        "pilot_on": matters.pilot_on,
        "pilots": _rows(matters.pilots),
    }


def _write_all(out: Path, contents: Mapping[str, str], figures: Mapping[str, Figure]) -> list[Path]:
    """Write texts by their file names, and figures as PNG and SVG, into a folder, each whole; return their paths."""
    import io

    files: dict[str, str | bytes] = dict(contents)
    for name, figure in figures.items():
        for kind in ("png", "svg"):
            buffer = io.BytesIO()
            figure.savefig(buffer, format=kind, dpi=144)
            files[f"{name}.{kind}"] = buffer.getvalue()
    for name, content in files.items():
        write_whole(out / name, content)
    return [out / name for name in files]


def _about(setting: Setting, seed: int) -> dict[str, object]:
    scenario, customers = setting.scenario, setting.customers
    about: dict[str, object] = {
        "scenario": scenario.name,
        "scenario_fingerprint": scenario.fingerprint,
        "currency": scenario.currency,
        "cases": len(setting.payoffs.cases),
        "cases_per_year": scenario.value("shop.cases_per_year"),
        "draws": len(setting.payoffs.draws),
        "seed": seed,
    }
    if customers is not None:
        about["customers"] = {
            "count": len(customers.transactions.labels),
            "orders": len(customers.transactions.amount),
            "models": {
                fit.model: {"parameters": fit.parameters, "log_likelihood": fit.log_likelihood}
                for fit in (customers.purchases, customers.spend)
            },
            "mean_future_value": float(customers.future_values.future_value.mean()),
        }
    return about


def _outcome_content(outcome: Outcome | Difference) -> dict[str, object]:
    table = outcome.to_frame().set_index("outcome").drop(columns=["currency", "policy", "baseline"], errors="ignore")
    return {str(name): row.to_dict() for name, row in table.iterrows()}


def _replay_content(replay: Replay, seed: int) -> dict[str, object]:
    from policy_sim.policy import limit_content

    story, keep = replay.story, replay.keep
    return {
        "story": story.name,
        "title": story.title,
        "scenario": story.scenario,
        "scenario_fingerprint": replay.payoffs.scenario.fingerprint,
        "currency": replay.currency,
        "draws": len(replay.payoffs.draws),
        "seed": seed,
        "told": story.told,
        "left_out": story.left_out,
        "case": dict(story.case),
        "options": _rows(replay.to_frame()),
        "limits_needed": replay.limits_needed,
        "cost_of_asking": _rows(replay.cost_of_asking),
        "claims": [row | {"holds_to": limit_content(row["holds_to"])} for row in replay.claims.to_dict("records")],
        "keep_until": None
        if keep is None
        else {
            "item_price": limit_content(keep.limit),
            "item_price_low": limit_content(keep.likely[0]),
            "item_price_high": limit_content(keep.likely[1]),
        },
    }


def _second_line_content(outcome: Outcome) -> dict[str, float]:
    queue = outcome.queue
    return {
        "occupancy": float(queue.occupancy.mean()),
        "mean_wait_hours": float(queue.mean_wait_hours.mean()),
        "abandoned_share": float(queue.abandoned_share.mean()),
        "overloaded_share_of_draws": float(queue.is_overloaded.mean()),
    }


def _limit_contents(policy: Policy) -> dict[str, float | str]:
    from policy_sim.policy import limit_content

    return {name: limit_content(value) for name, value in policy.tiers[0].limits.items()}


def _result(
    setting: Setting, best: BestLimits, differences: list[Difference], seed: int, files: list[Path]
) -> dict[str, object]:
    from policy_sim.policy import limit_content

    flat = {name: [limit_content(each) for each in curve.flat_region()] for name, curve in best.curves.items()}
    return _about(setting, seed) | {
        "recommended": {
            "tier": best.policy.tier_names[0],
            "limits": _limit_contents(best.policy),
            "as_good_as_the_best": flat,
            "starts": best.starts,
            "agreeing_starts": best.agreeing_starts,
            "against": differences[-1].baseline.policy.name,
            "difference": _outcome_content(differences[-1]),
        },
        "policies": {each.outcome.policy.name: _outcome_content(each.outcome) for each in differences},
        "second_line": {each.outcome.policy.name: _second_line_content(each.outcome) for each in differences},
        "files": [str(path) for path in files],
    }


def _limits_rows(table: pd.DataFrame) -> list[dict[str, object]]:
    """Return rows in which limits stand as in files, and what is not there is null."""
    from policy_sim.policy import limit_content

    return [
        {
            str(name): None if value != value else limit_content(value) if isinstance(value, float) else value
            for name, value in row.items()
        }
        for row in table.to_dict("records")
    ]


def _optimum_content(optimum: Optimum) -> dict[str, object]:
    best, ignoring, held_out = optimum.best, optimum.ignoring, optimum.held_out
    policy = best.policy.model_dump(mode="json")
    return {
        "against": optimum.gain.baseline.policy.name,
        "limits": _limits_rows(optimum.limits),
        "exceptions": policy["exceptions"],
        "policy": policy,
        "starts": best.starts,
        "agreeing_starts": best.agreeing_starts,
        "simplicity": _rows(best.simplicity),
        "binding": best.binding or None,
        "shadow_price": best.shadow_price,
        "difference": _outcome_content(optimum.gain),
        "second_line": _second_line_content(optimum.gain.outcome),
        "ignoring_learned_claiming": {
            "limits": _limit_contents(ignoring.outcome.policy),
            "difference": _outcome_content(ignoring),
        },
        "held_out": None if held_out is None else _rows(held_out.to_frame()),
    }
