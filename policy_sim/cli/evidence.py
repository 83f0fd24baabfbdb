"""Commands about a company's own cases: log build, log check, log simulate.

In: exports, logs, options. Out: a log of cases, what matched and what it can tell; exports of a firm that is made up.
Left to others: joining, checking and simulating (`evidence`), how it reads (`show`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated

import typer

from policy_sim.cli.console import note, print_json, print_parts, progress_bar, report_files
from policy_sim.cli.files import check_out
from policy_sim.cli.inputs import read_policy, read_scenario
from policy_sim.cli.options import AsJson, PolicyInForce, ScenarioSource, Seed

__all__ = ["LOG_COMMANDS", "build", "check", "simulate"]


def build(
    places: Annotated[
        list[Path],
        typer.Argument(help="Folders or files with exports of tickets, refunds and orders; or DuckDB queries (.sql)."),
    ],
    *,
    out: Annotated[Path, typer.Option("--out", help="File for the log of cases: .parquet, .csv or .xlsx.")],
    mapping: Annotated[Path | None, typer.Option("--mapping", help="What your files and words mean (YAML).")] = None,
    hash_customers: Annotated[
        bool, typer.Option("--hash", help="Hash ids and e-mails of customers (salt: POLICY_SIM_SALT, or a file).")
    ] = False,
    salt: Annotated[
        Path | None, typer.Option("--salt", help="File with the salt; if it is not there, one is made.")
    ] = None,
    set_aside: Annotated[
        Path | None, typer.Option("--set-aside", help="File (.csv) for the rows that are not used, with the reason.")
    ] = None,
    orders_out: Annotated[
        Path | None, typer.Option("--orders-out", help="File for the orders, with customers as in the log.")
    ] = None,
    source: ScenarioSource,
    as_json: AsJson = False,
) -> None:
    """Join exports of tickets, refunds and orders to a log of cases, and say what matched and what did not."""
    from policy_sim.border import InputError, check_place
    from policy_sim.evidence import build_log, find_salt, write_table
    from policy_sim.evidence.case_files import check_ending
    from policy_sim.show.terminal.evidence import of_build_report

    for path, what in ((out, "log of cases"), (set_aside, "file of rows set aside"), (orders_out, "file of orders")):
        if path is not None:
            check_ending(path, what)
            check_place(path)
    if salt is not None and not hash_customers:
        raise InputError("--salt is of no use without --hash; add --hash, or leave out --salt")
    draft = out.with_name(f"{out.stem}.mapping.yaml")
    with progress_bar(1) as begin:
        scenario = read_scenario(source)
        key = None
        if hash_customers:
            key, whence = find_salt(salt or out.with_name(f"{out.stem}.salt"))
            note(f"Customers are hashed with the salt of {whence}")
        log = build_log(
            places, scenario, mapping, hash_salt=key, draft=draft, on_progress=begin("Looking at the files")
        )
        write_table(log.table, out)
        if set_aside is not None:
            write_table(log.set_aside, set_aside)
        if orders_out is not None and log.order_rows is not None:
            write_table(log.orders_to_frame(), orders_out)
    note(f"Wrote {len(log.table):,} cases to {out}")
    if set_aside is not None:
        note(f"Wrote {len(log.set_aside):,} rows that are not used to {set_aside}")
    if orders_out is not None:
        note(f"Wrote {len(log.order_rows):,} orders to {orders_out}" if log.order_rows is not None else "No orders")
    elif hash_customers and log.order_rows is not None:
        note("To find these customers among orders, write orders with the same ids: --orders-out FILE")
    if log.report.unknown_count or log.report.has_unknown_files:
        note(f"Not everything is understood: fill in {draft} and give it back with --mapping")
    if as_json:
        print_json(log.report.to_dict())
    else:
        print_parts(of_build_report(log.report))


def check(
    log: Annotated[Path, typer.Argument(help="A log of cases (CSV, Parquet, XLSX), as log build writes it.")],
    *,
    orders: Annotated[
        Path | None, typer.Option("--orders", help="Orders of the same customers: who came back, and how long watched.")
    ] = None,
    orders_mapping: Annotated[
        Path | None,
        typer.Option("--orders-mapping", help="Which column of the orders is what (orders --write-mapping)."),
    ] = None,
    source: ScenarioSource,
    as_json: AsJson = False,
) -> None:
    """Look at a log of cases: what is wrong with it, and which questions it can answer."""
    from policy_sim.evidence import check_log
    from policy_sim.orders import read_mapping
    from policy_sim.show.terminal.evidence import of_log_check

    columns = read_mapping(orders_mapping) if orders_mapping is not None else None
    with progress_bar(1) as begin:
        result = check_log(
            log,
            read_scenario(source),
            orders,
            orders_mapping=columns,
            on_progress=begin("Reading the log"),
        )
    if as_json:
        print_json(result.to_dict())
    else:
        print_parts(of_log_check(result))


def simulate(
    *,
    out: Annotated[Path, typer.Option("--out", help="Folder for tickets.csv, refunds.csv, orders.csv and truth.json.")],
    cases: Annotated[int, typer.Option("--cases", help="How many cases the firm has on record.")] = 5000,
    seed: Seed = 0,
    policy: PolicyInForce = "current",
    source: ScenarioSource,
    tickets: Annotated[
        str, typer.Option(help="Help desk: zendesk, salesforce, salesforce_data, gorgias, freshdesk, intercom.")
    ] = "zendesk",
    refunds: Annotated[
        str,
        typer.Option(help="Refunds: shopify, shopify_refund_lines, woocommerce, stripe, stripe_payments."),
    ] = "shopify",
    orders: Annotated[str, typer.Option(help="Shop: shopify, woocommerce, plain.")] = "shopify",
    as_json: AsJson = False,
) -> None:
    """Exports of a firm that is made up, with the truth about it beside them, to try everything out on."""
    check_out(out)
    from policy_sim.evidence.simulated_exports import check_shapes, write_exports
    from policy_sim.evidence.simulated_world import simulate_log

    check_shapes(tickets, refunds, orders)
    with progress_bar(2) as begin:
        scenario = read_scenario(source)
        in_force = read_policy(policy, scenario).policy
        log = simulate_log(scenario, in_force, cases=cases, seed=seed, on_progress=begin("Simulating customers"))
        begin("Writing files")
        paths = write_exports(log, out, tickets=tickets, refunds=refunds, orders=orders)
    if as_json:
        print_json({**log.to_dict(), "files": [str(path) for path in paths]})
    else:
        print_parts([log.summary])
    report_files(paths, out)


#: Commands of `policy-sim log`, by name, in the order of the help.
LOG_COMMANDS: Mapping[str, Callable[..., None]] = {"build": build, "check": check, "simulate": simulate}
