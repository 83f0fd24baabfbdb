"""Writing: a policy as the table that an operations manager edits: CSV, and a workbook with a sheet for each subject.

In: a policy with its provenance. Out: one row for each rule, then what is to be known about the policy; cells that a
spreadsheet keeps as they are. Left to others: reading it back (`reading`), who decides each case (`table`).
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from policy_sim.policy import FILE_FORMAT, Ladder, Policy, Provenance, limit_content, record_content
from policy_sim.publish.spreadsheet.layout import (
    ABOUT_SHEET,
    ANY,
    DAY_NOTE,
    DAYS,
    END_SIGNS,
    GUARD_SHEET,
    LIFE,
    LIMIT_SHEET,
    NOTHING,
    PLAYBOOK_SHEET,
    RESOLUTION_SHEET,
    csv_columns,
    end_column,
    is_marked,
    marked_safe,
)
from policy_sim.publish.table import (
    Row,
    Vocabulary,
    decision_rows,
    limit_text,
    money_text,
    number_text,
)
from policy_sim.words import ASKS, GUARD_FACTS, LIMITS, RULE_FACTS

__all__ = ["render_csv", "render_xlsx"]

_LONGEST_CELL = 8_000
_LONGEST_CHOICE = 250  # signs: a workbook holds no longer list of what may be chosen in a cell
_HINTS = {
    "name": "do not change",
    "version": "raise by 1 for a changed policy",
    "status": "draft, approved, live or retired; policy-sim approve changes it",
    "currency": "all limits are in it",
}


def render_csv(policy: Policy, provenance: Provenance | None = None) -> str:
    """Return the table as CSV; it begins with a byte order mark, so that spreadsheets read it as UTF-8."""
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\r\n")
    columns = csv_columns(policy.playbook is not None)
    writer.writerow(columns)
    for row in _table(policy, provenance):
        writer.writerow([marked_safe(str(row.get(name, ""))) for name in columns])
    return "\ufeff" + stream.getvalue()


def render_xlsx(
    policy: Policy,
    vocabulary: Vocabulary,
    provenance: Provenance | None = None,
    resolutions: Mapping[str, Mapping[str, str]] | None = None,
) -> bytes:
    """Return a workbook: Limits, Guards and Playbook to edit, About, and who decides what as it was at export, to read.

    Parameters
    ----------
    policy, vocabulary, provenance
        The policy, the failures and segments that there are, where it came from.
    resolutions
        By failure, what can be given for it: its name, and what a person would say; where known, a sheet lists it.
    """
    from openpyxl import Workbook

    book = Workbook()
    rows = _table(policy, provenance)
    sheet = book.active
    assert sheet is not None
    sheet.title = LIMIT_SHEET[0]
    _fill(sheet, LIMIT_SHEET[1], [row for row in rows if row["rule"] in ("general", "exception")], LIMITS)
    guards = [row for row in rows if row["rule"] == "guard"]
    _fill(book.create_sheet(GUARD_SHEET[0]), GUARD_SHEET[1], guards, ("at_least",))
    playbook = [row for row in rows if row["rule"] == "playbook"]
    ends = tuple(name for name in PLAYBOOK_SHEET[1] if name.endswith(("at_least", "below")))
    _fill(book.create_sheet(PLAYBOOK_SHEET[0]), PLAYBOOK_SHEET[1], playbook, ends)
    _narrow(book[PLAYBOOK_SHEET[0]], ends)
    about = [row for row in rows if row["rule"] == "about"]
    _fill(book.create_sheet(ABOUT_SHEET[0]), ABOUT_SHEET[1], about, ())
    worked_out = [_worked_out(row, policy, vocabulary) for row in decision_rows(policy, vocabulary)]
    columns = tuple(worked_out[0])
    _fill(book.create_sheet("Who decides"), columns, worked_out, ("amount from", "amount up to"))
    if resolutions is not None:
        listed = [
            dict(zip(RESOLUTION_SHEET[1], (failure, name, words), strict=True))
            for failure, named in resolutions.items()
            for name, words in named.items()
        ]
        _fill(book.create_sheet(RESOLUTION_SHEET[0]), RESOLUTION_SHEET[1], listed, ())
        book[RESOLUTION_SHEET[0]].auto_filter.ref = f"A1:C{1 + len(listed)}"
    _guide(book, policy, vocabulary)
    stream = io.BytesIO()
    book.save(stream)
    return _without_moment(stream.getvalue())


def _without_moment(book: bytes) -> bytes:
    """Return a workbook that does not say when it was written, so that the same policy gives the same bytes."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(book)) as dated, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as plain:
        for name in dated.namelist():
            content = dated.read(name)
            if name == "docProps/core.xml":
                content = re.sub(rb"<dcterms:(created|modified)\b.*?</dcterms:\1>", b"", content)
            entry = zipfile.ZipInfo(name)  # whose moment is the first that there is
            entry.compress_type = zipfile.ZIP_DEFLATED
            plain.writestr(entry, content)
    return stream.getvalue()


def _table(policy: Policy, provenance: Provenance | None) -> list[dict[str, str]]:
    """Return the rows of the table; every cell is text."""
    about = _about_rows(record_content(policy, provenance))
    return [*_limit_rows(policy), *_guard_rows(policy), *_playbook_rows(policy), *about]


def _limit_rows(policy: Policy) -> Iterable[dict[str, str]]:
    for tier in policy.tiers[:-1]:
        limits = {kind: limit_text(limit_content(tier.limits[kind])) for kind in LIMITS}
        yield {"rule": "general", "tier": tier.name, "failure": ANY, "segment": ANY, **limits}
    last = policy.tier_names[-1]
    yield {
        "rule": "general",
        "tier": last,
        "failure": ANY,
        "segment": ANY,
        **dict.fromkeys(LIMITS, "no_limit"),
        "note": f"the {last} decides everything: leave as it is",
    }
    for exception in policy.exceptions:
        limits = {kind: limit_text(limit_content(limit)) for kind, limit in exception.limits.items()}
        yield {
            "rule": "exception",
            "tier": exception.tier,
            "failure": exception.failure or ANY,
            "segment": exception.segment or ANY,
            **limits,
            "note": "an empty cell: the more general rule holds" if len(limits) < len(LIMITS) else "",
        }


def _guard_rows(policy: Policy) -> Iterable[dict[str, str]]:
    for guard in policy.guards:
        yield {
            "rule": "guard",
            "fact": guard.fact,
            "at_least": number_text(guard.at_least),
            "straight_to": guard.to,
            "note": f"at this value or above, a case goes straight to the {guard.to}",
        }


def _playbook_rows(policy: Policy) -> Iterable[dict[str, str]]:
    """Yield the rules of the playbook: ends of stretches in columns of their own, and all of them in one, for CSV."""
    for rule in () if policy.playbook is None else policy.playbook.rules:
        ends, conditions = {}, []
        for fact in (fact for fact in RULE_FACTS if fact in rule.when):
            for end, sign in END_SIGNS.items():
                value = getattr(rule.when[fact], end)
                if value is not None:
                    ends[end_column(fact, end)] = number_text(value)
                    conditions.append(f"{fact} {sign} {number_text(value)}")
        yield {
            "rule": "playbook",
            "failure": rule.failure,
            **ends,
            "when": " and ".join(conditions),
            "asks": ", ".join(rule.asks) or ANY,
            "give": rule.resolution,
            "why": rule.why,
        }


def _about_rows(content: Mapping[str, object]) -> Iterable[dict[str, str]]:
    """Yield what is to be known about the policy, from the content of its file."""
    for name in LIFE:
        value = content.get(name, "")
        text = f"{value}{DAY_NOTE}" if name in DAYS and value else str(value)
        yield {"rule": "about", "about": name, "value": text, "note": _HINTS.get(name, "")}
    for name, text in _provenance_cells(content["provenance"]):
        note = "where it came from: do not change"
        yield {"rule": "about", "about": f"provenance.{name}", "value": text, "note": note}
    seal: Any = content["seal"]
    sealed = str(seal["content"])
    pieces = [sealed[k : k + _LONGEST_CELL] for k in range(0, len(sealed), _LONGEST_CELL)]
    entries = [("format", FILE_FORMAT), ("seal.sha256", f"sha256:{seal['sha256']}")]
    # in bars, as spreadsheets cut blanks at the ends of cells
    entries += [(f"seal.content.{k}", f"|{piece}|") for k, piece in enumerate(pieces, start=1)]
    for name, text in entries:
        note = "shows what was changed after export: do not change"
        yield {"rule": "about", "about": name, "value": text, "note": note}


def _provenance_cells(provenance: Any) -> Iterable[tuple[str, str]]:
    for name, value in provenance.items():
        if isinstance(value, Mapping):
            yield from ((f"{name}.{part}", _provenance_text(part, number)) for part, number in value.items())
        else:
            yield name, _provenance_text(name, value)


def _provenance_text(name: str, value: object) -> str:
    if is_marked(name):
        return f"{name}:{value}"
    return number_text(value) if isinstance(value, float) else str(value)


def _worked_out(row: Row, policy: Policy, vocabulary: Vocabulary) -> dict[str, str]:
    """Return a row of the decision table in the words of the sheet "Who decides"."""
    low, high = row.amount
    cells = {
        "failure": ANY if row.failures == vocabulary.failures else ", ".join(row.failures),
        "segment": ANY if row.segments == vocabulary.segments else ", ".join(row.segments),
        "asked for": ", ".join(row.asked_for),
        "amount from": money_text(low),
        "amount up to": "any amount" if high is None else money_text(high - 1),
    }
    for fact in Ladder(policy).facts:
        cells[fact.replace("_", " ")] = _span(*row.facts[fact]) if fact in row.facts else ANY
    return cells | {
        "who decides": str(row.outputs["tier"]),
        "rule": str(row.outputs["rule"]),
        "looks first": str(row.outputs["starts_at"]),
        "because": str(row.outputs["because"]),
    }


def _span(low: float, high: float | None) -> str:
    if high is None:
        return f"{number_text(low)} or more"
    return f"below {number_text(high)}" if low == 0 else f"{number_text(low)} or more and below {number_text(high)}"


def _fill(sheet: Any, columns: Sequence[str], rows: Sequence[Mapping[str, str]], numeric: Sequence[str]) -> None:
    """Fill a sheet; in `numeric` columns, what a spreadsheet keeps as it is becomes a number, all else is text."""
    from openpyxl.styles import Alignment, Font, PatternFill

    sheet.append([name.replace("_", " ") for name in columns])
    for cell in sheet[1]:
        cell.font = Font(bold=True, color="FFFFFF")
        cell.fill = PatternFill("solid", fgColor="1F4E79")
        cell.alignment = Alignment(vertical="center", wrap_text=True)
    for line, row in enumerate(rows, start=2):
        for position, name in enumerate(columns, start=1):
            text = row.get(name, "")
            cell = sheet.cell(line, position)
            if name in numeric and _is_exact(text):
                cell.value = float(text) if "." in text else int(text)
                cell.number_format = "#,##0.00" if name in LIMITS or name.startswith("amount") else "General"
            elif text:
                cell.value = marked_safe(text)
                cell.data_type = "s"
            if name in numeric:
                cell.alignment = Alignment(horizontal="right")
    sheet.freeze_panes = "A2"
    for position, name in enumerate(columns, start=1):
        longest = max([len(name), *(min(len(row.get(name, "")), 60) for row in rows)])
        sheet.column_dimensions[sheet.cell(1, position).column_letter].width = longest + 4


def _narrow(sheet: Any, names: Sequence[str]) -> None:
    """Make columns of numbers with long names narrow, with the failure before them always in sight."""
    for cell in sheet[1]:
        if str(cell.value).replace(" ", "_") in names:
            sheet.column_dimensions[cell.column_letter].width = 12
    sheet.row_dimensions[1].height = 48
    sheet.freeze_panes = "B2"


def _is_exact(text: str) -> bool:
    """Tell whether a spreadsheet keeps a number as it is: it knows 15 digits."""
    return re.fullmatch(r"\d{1,12}(\.\d{1,3})?|0\.\d{1,12}", text) is not None


def _guide(book: Any, policy: Policy, vocabulary: Vocabulary) -> None:
    """Add what helps to edit: choices for tiers and facts, and a page that says how."""
    from openpyxl.worksheet.datavalidation import DataValidation

    choices = (
        (LIMIT_SHEET[0], "A", ["general", "exception"]),
        (LIMIT_SHEET[0], "B", policy.tier_names),
        (GUARD_SHEET[0], "A", GUARD_FACTS),
        (GUARD_SHEET[0], "C", policy.tier_names[1:]),
        (PLAYBOOK_SHEET[0], "A", vocabulary.failures),
    )
    for sheet, column, names in choices:
        listed = ",".join(names)
        if len(listed) > _LONGEST_CHOICE:
            continue
        validation = DataValidation(type="list", formula1=f'"{listed}"', allow_blank=True, showErrorMessage=True)
        validation.error = f"Choose one of: {listed}"
        book[sheet].add_data_validation(validation)
        validation.add(f"{column}2:{column}200")
    guide = book.create_sheet("How to edit")
    for line in (
        "How to edit this workbook",
        f"Limits: the most that a tier may give without asking, in {policy.currency}. Change the numbers.",
        "Instead of a number: ask (not even nothing without asking), or no_limit (any amount).",
        "An exception is for one failure, one segment, or both; write any for the other. The most specific one wins.",
        "An empty cell in an exception means that the more general rule holds.",
        "Guards: at this value or above, a case goes straight to that tier.",
        "Playbook: what to give, one rule a row; the first row that fits a case counts. An empty cell: whatever it is.",
        f"asks: {', '.join(ASKS)}, several with commas, or {ANY}. give: remedies joined by +, or {NOTHING}.",
        "Who decides: worked out at export, to read only. Changes there are ignored; it is renewed by the next export.",
        "About: raise version by 1 when you change anything. Leave provenance and seal alone: they show what changed.",
        "Then: policy-sim import FILE --out policy.yaml, and policy-sim check policy.yaml.",
    ):
        guide.append([line])
    guide.column_dimensions["A"].width = 120
