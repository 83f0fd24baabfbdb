"""Evidence: how a log of cases was put together, and what it can tell, for a terminal.

In: `BuiltLog`, `LogCheck`. Out: lines and tables, at most 80 characters wide. Left to others: working them out
(`evidence`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.table import Table

from policy_sim.evidence import BuildReport, LogCheck
from policy_sim.orders.reading import Remark, counted
from policy_sim.show.terminal.tables import new_table, prose

__all__ = ["of_build_report", "of_log_check"]

_MOST_LINES, _MOST_WORDS = 12, 8


def of_build_report(report: BuildReport) -> list[str | Table]:
    """Return what was read, how orders and refunds were found, what was given, and what is set aside and why."""
    aside = report.set_aside_count
    parts: list[str | Table] = [
        f"{counted(report.cases, 'case', 'cases')} of {counted(report.tickets, 'ticket', 'tickets')}; "
        f"{aside.get('tickets', 0):,} tickets are set aside"
    ]
    files = new_table("\nRead", ("", "", "rows"))
    for file in report.files:
        files.add_row(file.name, file.what, f"{file.rows:,}")
    parts.append(files)
    if report.left_alone:
        parts.append(prose("\nLeft alone", "\n".join(f"- {name}: {why}" for name, why in report.left_alone.items())))
    found = new_table("\nFound by", ("", "orders of cases", "cases of refunds"))
    for how, count in report.orders_found.items():
        found.add_row(how, f"{count:,}", f"{report.refunds_found[how]:,}" if report.refunds_found else "")
    given = new_table("\nWhat was given", ("", "cases"))
    for how, count in report.resolutions.items():
        given.add_row(how, f"{count:,}")
    parts += [found, given]
    for kind, remarks in report.set_aside.items():
        if remarks:
            parts.append(prose(f"\nSet aside, {kind} ({aside[kind]:,})", _in_lines(remarks)))
    if report.remarks:
        parts.append(prose("\nLooked at", _in_lines(report.remarks)))
    if report.unknown:
        parts.append(prose("\nNot understood", _words(report.unknown)))
    return parts


def of_log_check(check: LogCheck) -> list[str | Table]:
    """Return columns in numbers, what looks wrong, and what the log can and cannot answer."""
    parts: list[str | Table] = [
        f"{counted(check.cases, 'case', 'cases')} of {counted(check.customers, 'customer', 'customers')}, "
        f"{counted(check.agents, 'agent', 'agents')}" + (f", {check.first} to {check.last}" if check.first else "")
    ]
    columns = new_table("\nColumns", ("", "filled", "missing", "impossible", "far off"))
    for column in check.columns:
        numbers = (column.filled, column.missing, column.impossible, column.outliers)
        columns.add_row(column.name, *(f"{number:,}" if number else "" for number in numbers))
    parts.append(columns)
    remarks = [Remark(finding.kind, f"{finding.column}: {finding.says}", finding.rows, finding.examples)
               for finding in check.findings]  # fmt: skip
    parts.append(prose("\nLooks wrong", _in_lines(remarks, len(remarks)) if remarks else "Nothing."))
    for answer in ("yes", "in part", "no"):
        asked = [question for question in check.questions if question.answer == answer]
        if asked:
            title = {"yes": "Can be answered", "in part": "Can be answered in part", "no": "Cannot be answered"}[answer]
            parts.append(prose(f"\n{title}", "\n".join(f"- {one.asks}: {one.because}" for one in asked)))
    if check.others:
        parts.append(prose("\nMean nothing here", ", ".join(check.others)))
    return parts


def _in_lines(remarks: Sequence[Remark], most: int = _MOST_LINES) -> str:
    """Return remarks as lines, each with the first few places."""
    lines = []
    for remark in remarks[:most]:
        rows = f"{remark.rows:,}: " if remark.kind == "set aside" else ""
        shown = f" ({', '.join(map(_short, remark.examples))})" if remark.examples else ""
        lines.append(f"- {rows}{remark.says}{shown}")
    if len(remarks) > most:
        rest = sum(remark.rows for remark in remarks[most:])
        lines.append(f"- and {len(remarks) - most:,} more ({rest:,} rows); see --json and --set-aside")
    return "\n".join(lines)


def _short(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:37]}..."


def _words(unknown: Mapping[str, Mapping[str, int]]) -> str:
    lines = []
    for kind, words in unknown.items():
        ordered = sorted(words.items(), key=lambda pair: (-pair[1], pair[0]))
        listed = ", ".join(f"'{_short(word)}' {count:,}" for word, count in ordered[:_MOST_WORDS])
        more = f" and {len(ordered) - _MOST_WORDS:,} more" if len(ordered) > _MOST_WORDS else ""
        lines.append(f"- {kind}: {listed}{more}")
    return "\n".join(lines)
