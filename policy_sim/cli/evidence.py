"""Commands about a company's own cases: log simulate.

In: options. Out: files, and lines that say what they hold. Left to others: everything that is computed (`evidence`).
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from policy_sim.cli.console import print_json, print_parts, progress_bar, report_files
from policy_sim.cli.files import check_out
from policy_sim.cli.inputs import read_policy, read_scenario
from policy_sim.cli.options import AsJson, PolicyInForce, ScenarioSource, Seed

__all__ = ["simulate"]


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
