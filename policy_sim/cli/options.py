"""Options: what commands take, each option once, alone or in a group that many commands share.

In: words of the command line. Out: annotations for the parameters of commands, groups of options, and
`with_groups`, which lets a command take a group as one parameter. Left to others: what the words mean (`inputs`).
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import typer

from policy_sim.cli.completion import assumption_names, limit_names, policy_names, scenario_names

__all__ = [
    "DEFAULT_MODEL",
    "AsJson",
    "Cases",
    "Draws",
    "Force",
    "LogReading",
    "LogSource",
    "MovableLimits",
    "OutFile",
    "OutFolder",
    "PolicyFile",
    "PolicyInForce",
    "PolicyName",
    "PurchaseModel",
    "Sample",
    "ScenarioName",
    "ScenarioSource",
    "Seed",
    "with_groups",
]

Cases = Annotated[str, typer.Option("--cases", help="A file of real cases (CSV, Parquet), or how many to draw.")]
Draws = Annotated[
    int, typer.Option("--draws", min=1, max=100_000, help="How many ways the assumptions may turn out to look at.")
]
Seed = Annotated[int, typer.Option("--seed", min=0, max=2**63 - 1, help="The same seed gives the same result.")]
ScenarioName = Annotated[
    str,
    typer.Option("--scenario", help="Name of a scenario, or its YAML file.", autocompletion=scenario_names),
]
PolicyInForce = Annotated[
    str,
    typer.Option("--policy", help="The policy in force: a name, or a YAML or JSON file.", autocompletion=policy_names),
]
PolicyName = Annotated[
    str, typer.Argument(help="A policy: a name, or a YAML or JSON file.", autocompletion=policy_names)
]
PolicyFile = Annotated[
    str,
    typer.Argument(help="A policy: a name, or a file (YAML, JSON, CSV, XLSX, DMN).", autocompletion=policy_names),
]
MovableLimits = Annotated[
    str | None,
    typer.Option(
        "--limits",
        help="Which limits may move: keep_item,credit; else all but total_cost.",
        autocompletion=limit_names,
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Machine-readable result on standard output.")]
#: Model of purchases where none is named, in every command: the best known one, fitted within milliseconds.
DEFAULT_MODEL = "bg-nbd"
PurchaseModel = Annotated[
    str,
    typer.Option("--model", help="Model of purchases: bg-nbd, mbg-nbd, pareto-nbd; auto: what predicts this log best."),
]
OutFile = Annotated[Path | None, typer.Option("--out", help="File to write instead of standard output.")]
OutFolder = Annotated[Path | None, typer.Option("--out", help="Folder for the table (CSV) and the figure (PNG, SVG).")]
Force = Annotated[bool, typer.Option("--force", help="Write even over a newer version.")]


@dataclass(frozen=True)
class LogReading:
    """How a transaction log is to be read: what its columns are called, and which of its rows count."""

    customer_column: Annotated[str | None, typer.Option(help="Column of the log that names the customer.")] = None
    date_column: Annotated[str | None, typer.Option(help="Column of the log with the date of the order.")] = None
    amount_column: Annotated[str | None, typer.Option(help="Column of the log with the amount of the order.")] = None
    status_column: Annotated[str | None, typer.Option(help="Column of the log with the status of the order.")] = None
    order_column: Annotated[str | None, typer.Option(help="Column of the log with the number of the order.")] = None
    mapping: Annotated[
        Path | None, typer.Option(help="File that says which column is what (policy-sim orders --write-mapping).")
    ] = None
    day_first: Annotated[bool, typer.Option("--day-first", help="03/04/2026 is the 3rd of April.")] = False
    count: Annotated[str | None, typer.Option(help="Statuses that count as sales: completed,paid.")] = None
    returns: Annotated[
        str, typer.Option(help="Negative amounts of no known order: drop them, or net them off earlier orders.")
    ] = "drop"
    only_currency: Annotated[str | None, typer.Option(help="Of several currencies in the log, the one to use.")] = None
    rates: Annotated[Path | None, typer.Option(help="CSV (currency, rate): what a unit of each currency is worth.")] = (
        None
    )

    def arguments(self) -> dict[str, Any]:
        """Return what `read_transactions` takes of it, as plain data."""
        return {
            "customer_column": self.customer_column,
            "date_column": self.date_column,
            "amount_column": self.amount_column,
            "status_column": self.status_column,
            "order_column": self.order_column,
            "mapping": None if self.mapping is None else str(self.mapping.resolve()),
            "day_first": self.day_first,
            "count": None if self.count is None else [status.strip() for status in self.count.split(",")],
            "returns": self.returns,
            "only_currency": self.only_currency,
            "rates": None if self.rates is None else str(self.rates.resolve()),
        }


@dataclass(frozen=True)
class LogSource:
    """Where the transactions come from, and which model of purchases is fitted to them."""

    transactions: Annotated[
        Path | None, typer.Option("--transactions", help="Your transaction log (CSV, Parquet); else the CDNOW sample.")
    ] = None
    reading: LogReading = field(default_factory=LogReading)
    model: PurchaseModel = DEFAULT_MODEL


@dataclass(frozen=True)
class ScenarioSource:
    """A scenario, and other values for some of its assumptions."""

    scenario: ScenarioName = "online_retail"
    assume: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            help="Another value or range of an assumption: shop.label_cost=7, shop.label_cost=5..9 (repeat).",
            autocompletion=assumption_names,
        ),
    ] = None


@dataclass(frozen=True)
class Sample:
    """What is drawn, and how much of it; `cases` may name a file of real cases instead."""

    cases: Cases = "20000"
    draws: Draws = 200
    seed: Seed = 0


#: Order of these options in the help of every command that takes some of them.
_HELP_ORDER = (
    "transactions",
    "customer_column",
    "date_column",
    "amount_column",
    "status_column",
    "order_column",
    "mapping",
    "day_first",
    "count",
    "returns",
    "only_currency",
    "rates",
    "cases",
    "policy",
    "scenario",
    "model",
    "assume",
    "agent_cases",
    "draws",
    "seed",
)


def with_groups(command: Callable[..., None]) -> Callable[..., None]:
    """Return a command that typer can take: each parameter that is a group is replaced by the options of the group.

    Parameters
    ----------
    command
        Some of its parameters are annotated with `LogReading`, `LogSource`, `ScenarioSource` or `Sample`. The default
        of such a parameter, if it has one, holds the defaults of its options.

    Returns
    -------
    Callable
        The same command, called with one argument for each option. Options named in `_HELP_ORDER` stand in that order,
        from the place of the first group on; other parameters behind them keep their order.
    """
    parameters = list(inspect.signature(command, eval_str=True).parameters.values())
    groups = {parameter.name: _default_of(parameter) for parameter in parameters if is_dataclass(parameter.annotation)}
    first = next((i for i, parameter in enumerate(parameters) if parameter.name in groups), len(parameters))
    before, rest = parameters[:first], parameters[first:]
    options = [
        option
        for parameter in rest
        for option in (_options_of(groups[parameter.name]) if parameter.name in groups else (parameter,))
    ]
    ordered = sorted((option for option in options if option.name in _HELP_ORDER), key=_help_rank)
    after = [option for option in options if option.name not in _HELP_ORDER]
    flat = [_keyword_only(parameter) for parameter in (*before, *ordered, *after)]

    @functools.wraps(command)
    def run(**values: Any) -> None:
        command(**{name: _filled(group, values) for name, group in groups.items()}, **values)

    run.__signature__ = inspect.Signature(flat)  # type: ignore[attr-defined]
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in flat}
    return run


def _default_of(parameter: inspect.Parameter) -> Any:
    return parameter.annotation() if parameter.default is parameter.empty else parameter.default


def _options_of(group: Any) -> Iterator[inspect.Parameter]:
    """Yield the options of a group, and of the groups inside it; their defaults are the group's values."""
    annotations = get_type_hints(type(group), include_extras=True)
    for member in fields(group):
        value = getattr(group, member.name)
        if is_dataclass(value):
            yield from _options_of(value)
        else:
            yield inspect.Parameter(
                member.name, inspect.Parameter.KEYWORD_ONLY, default=value, annotation=annotations[member.name]
            )


def _filled(group: Any, values: dict[str, Any]) -> Any:
    """Return a group with the values that were passed, which are taken out of `values`."""
    members = {member.name: getattr(group, member.name) for member in fields(group)}
    return type(group)(
        **{
            name: _filled(member, values) if is_dataclass(member) else values.pop(name)
            for name, member in members.items()
        }
    )


def _help_rank(option: inspect.Parameter) -> int:
    return _HELP_ORDER.index(option.name)


def _keyword_only(parameter: inspect.Parameter) -> inspect.Parameter:
    return parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY)
