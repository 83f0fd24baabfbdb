"""Screens of calibration: what a log of cases has taught, how well the model holds, what may have misled it.

In: a calibration and its checks. Out: tables and lines for a terminal. Left to others: printing them (`cli`).
"""

from __future__ import annotations

from rich.table import Table

from policy_sim.evidence.calibration import Calibration
from policy_sim.evidence.confounding import Sensitivity
from policy_sim.evidence.pareto import RELIABLE
from policy_sim.evidence.predictive import PredictiveCheck
from policy_sim.evidence.recoveries import RecoveryComparison
from policy_sim.evidence.repeat_claims import RepeatClaims
from policy_sim.evidence.styles import StyleShares
from policy_sim.show.terminal.tables import new_table, prose
from policy_sim.show.wording import format_share

__all__ = ["of_calibration"]


def of_calibration(
    calibration: Calibration,
    check: PredictiveCheck,
    unseen: Sensitivity,
    recoveries: RecoveryComparison,
    claims: RepeatClaims,
    styles: StyleShares | None,
) -> list[Table | str]:
    """Return one screen: what was looked at, prior against posterior, the checks."""
    observed = calibration.observed
    orders = len(observed.follow_up.transactions.date)
    about = f"{len(observed.log):,} cases and {orders:,} orders, {observed.first_day} to {observed.last_day}"
    parts: list[Table | str] = [about, *(prose("", f"- {remark}") for remark in observed.remarks)]
    parts += [_assumptions(calibration), _reliability(calibration), *_check(check), *_unseen(calibration, unseen)]
    parts += [_recoveries(recoveries), _claims(claims), prose("", claims.says())]
    if styles is not None:
        parts += [_styles(styles)]
    return parts


def _assumptions(calibration: Calibration) -> Table:
    title_of = calibration.scenario.title_of
    table = new_table("\nWhat the log has taught (90 %)", ("", "before", "now", "width left"))
    for row in calibration.to_frame().to_dict("records"):
        is_told = row["says"] != "this log cannot tell"
        table.add_row(
            title_of(str(row["assumption"])),
            f"{row['prior']:.2f} ({row['prior_low']:.2f} to {row['prior_high']:.2f})",
            f"{row['posterior']:.2f} ({row['low']:.2f} to {row['high']:.2f})" if is_told else "cannot tell",
            f"{row['width_left']:.0%}",
        )
    return table


def _reliability(calibration: Calibration) -> Table:
    title_of = calibration.scenario.title_of
    if calibration.is_reliable:
        words = f"The approximation holds (Pareto k {calibration.pareto_k:.2f}, up to {RELIABLE:g})."
    else:
        names = ", ".join(title_of(name) for name in calibration.doubtful) or "no single assumption"
        words = (
            f"The approximation does not hold (Pareto k {calibration.pareto_k:.2f}, above {RELIABLE:g}): take the "
            f"intervals as rough, those of {names} above all."
        )
    pulls = [row["assumption"] for row in calibration.to_frame().to_dict("records") if "pulls" in str(row["says"])]
    if pulls:
        titles = ", ".join(title_of(str(name)) for name in pulls)
        words += f" The log pulls against the end of the range of {titles}: widen it, and calibrate again."
    return prose("", words)


def _check(check: PredictiveCheck) -> list[Table | str]:
    table = new_table(f"\nCame back within {check.days} days", ("", "cases", "seen", "expected", "likely"))
    for by, rows in check.to_frame().groupby("by", sort=False):
        for row in rows.to_dict("records"):
            name = f"expected, tenth {row['group']}" if by == "decile" else str(row["group"])
            is_off = not row["low"] <= row["seen"] <= row["high"]
            table.add_row(
                name,
                f"{row['cases']:,}",
                format_share(row["seen"]) + (" !" if is_off else ""),
                format_share(row["expected"]),
                f"{format_share(row['low'])} to {format_share(row['high'])}",
            )
    within = f"{check.share_within:.0%} of these groups lie where 90 % should (! those that do not)"
    return [table, prose("", f"{within}; {check.left_out:,} cases were not followed that long.")]


def _unseen(calibration: Calibration, unseen: Sensitivity) -> list[Table | str]:
    title_of = calibration.scenario.title_of
    rows = unseen.to_frame()
    strengths = sorted(rows["strength"].unique())
    heads = ("", "as read", *(f"at {strength:g}" for strength in strengths))
    table = new_table("\nIf agents saw something that no log holds (logits for a standard deviation given)", heads)
    for name, of_name in rows.groupby("assumption", sort=False):
        by_strength = of_name.set_index("strength")
        ends = [f"{by_strength.loc[s, 'low']:.2f} to {by_strength.loc[s, 'high']:.2f}" for s in strengths]
        table.add_row(title_of(str(name)), f"{calibration.quantile(str(name), 0.5):.2f}", *ends)
    return [
        prose(
            "",
            "Agents give more to better and angrier customers. What the log holds of that is taken into account; the "
            "next table says what effects would be if something that it does not hold went along with what was given.",
        ),
        table,
    ]


def _recoveries(recoveries: RecoveryComparison) -> Table:
    table = new_table(
        "\nCustomers lost after each kind of remedy", ("", "cases", "recovery-aware BG/NBD", "by response")
    )
    for row in recoveries.to_frame().to_dict("records"):
        table.add_row(
            str(row["recovery"]),
            f"{row['cases']:,}",
            f"{format_share(row['by_drop_out'])} (error {format_share(row['error'])})",
            format_share(row["by_response"]),
        )
    return table


def _claims(claims: RepeatClaims) -> Table:
    table = new_table("\nOrders with a case", ("", "", "orders", "share", "likely"))
    heads = {"case before": "case before", "loss made good": "loss made good then", "remedy": "remedy then"}
    for by, rows in claims.to_frame().groupby("by", sort=False):
        for place, row in enumerate(rows.to_dict("records")):
            table.add_row(
                "" if place else heads[str(by)],
                str(row["group"]),
                f"{row['orders']:,}",
                format_share(row["share"]) if row["orders"] else "",
                f"{format_share(row['low'])} to {format_share(row['high'])}",
            )
    return table


def _styles(styles: StyleShares) -> Table:
    table = new_table("\nHow people decide", ("", "share", "likely", "cases that tell"))
    for row in styles.to_frame().to_dict("records"):
        name = f"{row['tier']}.{row['style']}_share" if row["tier"] != "all" else "playbook.followed_share"
        is_told = name in styles.measured
        likely = f"{format_share(row['low'])} to {format_share(row['high'])}" if is_told else "cannot tell"
        share = format_share(row["share"]) if is_told else ""
        table.add_row(f"{row['tier']}, {row['style']}", share, likely, f"{row['telling']:,}")
    told = {name.partition(".")[0] for name in styles.measured}
    for tier, slip in styles.slips.items():
        if tier in told:
            table.add_row(f"{tier}, guided by more than the log", format_share(slip), "", "")
    return table
