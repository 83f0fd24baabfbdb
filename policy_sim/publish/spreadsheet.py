"""Spreadsheets: a policy as the table that an operations manager edits (CSV, XLSX), and back.

In: a policy with its provenance. Out: one row for each rule; read back also after a person edited and saved it.
Left to others: whether the edited policy makes sense (`policy`), files and their sizes (`files`).
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from policy_sim.border import InputError, unknown
from policy_sim.policy import (
    FILE_FORMAT,
    SCHEMA,
    Policy,
    Provenance,
    Record,
    limit_content,
    parse_record,
    record_content,
)
from policy_sim.publish.table import (
    Row,
    Vocabulary,
    decision_rows,
    input_names,
    limit_text,
    money_text,
    number_text,
)
from policy_sim.words import GUARD_FACTS, LIMITS

__all__ = ["parse_csv", "parse_xlsx", "render_csv", "render_xlsx"]

COLUMNS = ("rule", "tier", "failure", "segment", *LIMITS, "fact", "at_least", "straight_to", "about", "value", "note")
_RULES = ("general", "exception", "guard", "about")
_ANY = "any"
#: What a spreadsheet would take for a formula, or for the sign that we put before one.
_RISKY = ("=", "+", "-", "@", "\t", "\r", "\n", "'")
_LONGEST_CELL = 8_000
_MOST_ROWS = 5_000
_MOST_UNPACKED = 50_000_000
_DAY = " (year-month-day)"
_LIFE = (
    "name",
    "title",
    "currency",
    "version",
    "owner",
    "status",
    "effective_from",
    "effective_until",
    "approved_by",
    "approved_on",
)
_DAYS = ("effective_from", "effective_until", "approved_on")
_WHOLE = ("version", "seed", "case_count", "draw_count")
_HINTS = {
    "name": "do not change",
    "version": "raise by 1 for a changed policy",
    "status": "draft, approved, live or retired; policy-sim approve changes it",
    "currency": "all limits are in it",
}

#: A row of the table by the names of its columns; cells are text, or what a spreadsheet made of it.
Cells = Mapping[str, Any]


def render_csv(policy: Policy, provenance: Provenance | None = None) -> str:
    """Return the table as CSV; it begins with a byte order mark, so that spreadsheets read it as UTF-8."""
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for row in _table(policy, provenance):
        writer.writerow([_harmless(str(row.get(name, ""))) for name in COLUMNS])
    return "\ufeff" + stream.getvalue()


def render_xlsx(policy: Policy, vocabulary: Vocabulary, provenance: Provenance | None = None) -> bytes:
    """Return a workbook: Limits and Guards to edit, About, and who decides what as it was at export, to read."""
    from openpyxl import Workbook

    book = Workbook()
    rows = _table(policy, provenance)
    limits = [row for row in rows if row["rule"] in ("general", "exception")]
    guards = [row for row in rows if row["rule"] == "guard"]
    sheet = book.active
    assert sheet is not None
    sheet.title = "Limits"
    _fill(sheet, ("rule", "tier", "failure", "segment", *LIMITS, "note"), limits, LIMITS)
    _fill(book.create_sheet("Guards"), ("fact", "at_least", "straight_to", "note"), guards, ("at_least",))
    about = [row for row in rows if row["rule"] == "about"]
    _fill(book.create_sheet("About"), ("about", "value", "note"), about, ())
    worked_out = [_worked_out(row, policy, vocabulary) for row in decision_rows(policy, vocabulary)]
    columns = tuple(worked_out[0])
    _fill(book.create_sheet("Who decides"), columns, worked_out, ("amount from", "amount up to"))
    _guide(book, policy)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def parse_csv(data: bytes, where: str) -> Record:
    """Read the table back from CSV, as exported or as a spreadsheet saved it.

    Columns may stand in another order; separators may be commas, semicolons or tabs, decimals may have a comma.

    Raises
    ------
    InputError
        If a cell cannot be read in one way only; the message names line and column.
    """
    text = _decoded(data, where)
    header = text.splitlines()[0] if text.strip() else ""
    separator = max(",;\t", key=header.count)
    try:
        lines = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True))
    except csv.Error as error:
        raise InputError(f"{where} is not CSV: {error}; export it again") from None
    columns = [name.strip().lower().replace(" ", "_") for name in lines[0]] if lines else []
    table = _named(columns, lines[1:], COLUMNS, where, "line")
    has_commas = separator != ","
    return _record([(place, row) for place, row in table], where, has_commas)


def parse_xlsx(data: bytes, where: str) -> Record:
    """Read the workbook back: the sheets Limits, Guards and About.

    Raises
    ------
    InputError
        If it is no workbook that we wrote, or a cell cannot be used; the message names sheet, row and column.
    """
    book = _workbook(data, where)
    rows: list[tuple[str, Cells]] = []
    for name, rule, columns in (
        ("Limits", None, ("rule", "tier", "failure", "segment", *LIMITS, "note")),
        ("Guards", "guard", ("fact", "at_least", "straight_to", "note")),
        ("About", "about", ("about", "value", "note")),
    ):
        if name not in book.sheetnames:
            raise InputError(f"{where} has no sheet '{name}'; found: {', '.join(book.sheetnames)}; put it back")
        lines: list[list[object]] = []
        for cells in book[name].iter_rows():
            for cell in cells:
                if cell.data_type == "f":
                    raise InputError(
                        f"{where}, sheet {name}, cell {cell.coordinate} holds the formula {_short(cell.value)}; put "
                        "the number there instead (Paste special, Values)"
                    )
            lines.append(["" if cell.value is None else cell.value for cell in cells])
            if len(lines) > _MOST_ROWS:
                raise InputError(f"{where}, sheet {name} has more than {_MOST_ROWS} rows; expected a policy")
        header = [str(each).strip().lower().replace(" ", "_") for each in lines[0]] if lines else []
        table = _named(header, lines[1:], columns, f"{where}, sheet {name}", "row")
        rows += [(place, row if rule is None else {**row, "rule": rule}) for place, row in table]
    return _record(rows, where, has_commas=False)


def _table(policy: Policy, provenance: Provenance | None) -> list[dict[str, str]]:
    """Return the rows of the table; every cell is text."""
    rows: list[dict[str, str]] = []
    for tier in policy.tiers[:-1]:
        limits = {name: limit_text(limit_content(tier.limits[name])) for name in LIMITS}
        rows.append({"rule": "general", "tier": tier.name, "failure": _ANY, "segment": _ANY, **limits})
    last = policy.tier_names[-1]
    everything = dict.fromkeys(LIMITS, "no_limit")
    rows.append(
        {"rule": "general", "tier": last, "failure": _ANY, "segment": _ANY, **everything}
        | {"note": f"the {last} decides everything: leave as it is"}
    )
    for each in policy.exceptions:
        limits = {name: limit_text(limit_content(value)) for name, value in each.limits.items()}
        place = {"failure": each.failure or _ANY, "segment": each.segment or _ANY}
        note = "an empty cell: the more general rule holds" if len(limits) < len(LIMITS) else ""
        rows.append({"rule": "exception", "tier": each.tier, **place, **limits, "note": note})
    rows += [
        {
            "rule": "guard",
            "fact": guard.fact,
            "at_least": number_text(guard.at_least),
            "straight_to": guard.to,
            "note": f"at this value or above, a case goes straight to the {guard.to}",
        }
        for guard in policy.guards
    ]
    content = record_content(policy, provenance)
    for name in _LIFE:
        value = content.get(name, "")
        told = f"{value}{_DAY}" if name in _DAYS and value else str(value)
        rows.append({"rule": "about", "about": name, "value": told, "note": _HINTS.get(name, "")})
    rows += [
        {"rule": "about", "about": f"provenance.{name}", "value": value, "note": "where it came from: do not change"}
        for name, value in _provenance_cells(content["provenance"])
    ]
    seal: Any = content["seal"]
    sealed = str(seal["content"])
    pieces = [sealed[k : k + _LONGEST_CELL] for k in range(0, len(sealed), _LONGEST_CELL)]
    keep = "shows what was changed after export: do not change"
    rows.append({"rule": "about", "about": "format", "value": FILE_FORMAT, "note": keep})
    rows.append({"rule": "about", "about": "seal.sha256", "value": f"sha256:{seal['sha256']}", "note": keep})
    # in bars, as spreadsheets cut blanks at the ends of cells
    rows += [
        {"rule": "about", "about": f"seal.content.{k}", "value": f"|{piece}|", "note": keep}
        for k, piece in enumerate(pieces, start=1)
    ]
    return rows


def _provenance_cells(provenance: Any) -> Iterable[tuple[str, str]]:
    for name, value in provenance.items():
        if isinstance(value, Mapping):
            yield from ((f"{name}.{part}", _marked(part, each)) for part, each in value.items())
        else:
            yield name, _marked(name, value)


def _marked(name: str, value: object) -> str:
    """Mark what a spreadsheet would take for a number: 0.1.0 and 1234e567 are none."""
    if name.endswith(("fingerprint", "version")):
        return f"{name}:{value}"
    return number_text(value) if isinstance(value, float) else str(value)


def _worked_out(row: Row, policy: Policy, vocabulary: Vocabulary) -> dict[str, str]:
    low, high = row.amount
    cells = {
        "failure": _ANY if row.failures == vocabulary.failures else ", ".join(row.failures),
        "segment": _ANY if row.segments == vocabulary.segments else ", ".join(row.segments),
        "asked for": ", ".join(row.asked_for),
        "amount from": money_text(low),
        "amount up to": "any amount" if high is None else money_text(high - 1),
    }
    cells |= {
        fact.replace("_", " "): _span(*row.facts[fact]) if fact in row.facts else _ANY
        for fact in input_names(policy)[5:]
    }
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
                cell.value = _harmless(text)
                cell.data_type = "s"
            if name in numeric:
                cell.alignment = Alignment(horizontal="right")
    sheet.freeze_panes = "A2"
    for position, name in enumerate(columns, start=1):
        longest = max([len(name), *(min(len(row.get(name, "")), 60) for row in rows)])
        sheet.column_dimensions[sheet.cell(1, position).column_letter].width = longest + 4


def _is_exact(text: str) -> bool:
    """Tell whether a spreadsheet keeps a number as it is: it knows 15 digits."""
    return re.fullmatch(r"\d{1,12}(\.\d{1,3})?|0\.\d{1,12}", text) is not None


def _guide(book: Any, policy: Policy) -> None:
    """Add what helps to edit: choices for tiers and facts, and a page that says how."""
    from openpyxl.worksheet.datavalidation import DataValidation

    choices = (
        ("Limits", "A", ["general", "exception"]),
        ("Limits", "B", policy.tier_names),
        ("Guards", "A", GUARD_FACTS),
        ("Guards", "C", policy.tier_names[1:]),
    )
    for sheet, column, names in choices:
        listed = ",".join(names)
        if len(listed) > 250:
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
        "Who decides: worked out at export, to read only. Changes there are ignored; it is renewed by the next export.",
        "About: raise version by 1 when you change anything. Leave provenance and seal alone: they show what changed.",
        "Then: policy-sim import FILE --out policy.yaml, and policy-sim check policy.yaml.",
    ):
        guide.append([line])
    guide.column_dimensions["A"].width = 120


def _decoded(data: bytes, where: str) -> str:
    encoding = "utf-16" if data.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise InputError(
            f"{where} is not UTF-8 text (byte {error.start}); in the spreadsheet, save it as 'CSV UTF-8'"
        ) from None


def _named(
    columns: Sequence[str], lines: Sequence[Sequence[object]], known: Sequence[str], where: str, kind: str
) -> list[tuple[str, Cells]]:
    """Return the rows that hold anything, each with its place."""
    for name in columns:
        if name and name not in known:
            raise unknown("column", name, known, f"{where}; comments belong into the column note")
        if name and list(columns).count(name) > 1:
            raise InputError(f"{where} has two columns '{name}'; remove one")
    for name in known:
        if name not in columns and name != "note":
            raise InputError(f"{where} has no column '{name}'; found: {', '.join(filter(None, columns))}; put it back")
    if len(lines) > _MOST_ROWS:
        raise InputError(f"{where} has {len(lines)} rows; expected at most {_MOST_ROWS}")
    named: list[tuple[str, Cells]] = []
    for number, line in enumerate(lines, start=2):
        if not any(str(cell).strip() for cell in line):
            continue
        place = f"{where}, {kind} {number}"
        beyond = [str(cell) for cell in line[len(columns) :] if str(cell).strip()]
        beyond += [str(cell) for name, cell in zip(columns, line, strict=False) if not name and str(cell).strip()]
        if beyond:
            raise InputError(f"{place}: {_short(beyond[0])} stands in no column; put a name above it, or remove it")
        named.append((place, {name: cell for name, cell in zip(columns, line, strict=False) if name}))
    return named


def _workbook(data: bytes, where: str) -> Any:
    from openpyxl import load_workbook

    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            if sum(each.file_size for each in packed.infolist()) > _MOST_UNPACKED:
                raise InputError(f"{where} unpacks to more than {_MOST_UNPACKED:,} bytes; expected a policy")
            for each in packed.infolist():
                if each.filename.endswith((".xml", ".rels")) and b"<!DOCTYPE" in packed.read(each):
                    raise InputError(f"{where} declares a DTD in {each.filename}; expected a plain workbook")
        return load_workbook(io.BytesIO(data), data_only=False, keep_links=False)
    except InputError:
        raise
    except Exception as error:  # openpyxl lets through whatever a broken package makes it meet
        problem = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError(f"{where} is not a workbook that can be read ({problem}); save it as .xlsx") from None


def _record(rows: list[tuple[str, Cells]], where: str, has_commas: bool) -> Record:
    """Turn named rows into the content of a policy file, and read that."""
    tiers: list[dict[str, Any]] = []
    exceptions: list[dict[str, Any]] = []
    guards: list[dict[str, Any]] = []
    about: dict[str, str] = {}
    for place, row in rows:
        rule = _word(row, "rule", place)
        if rule not in _RULES:
            raise unknown("rule", rule, _RULES, place)
        if rule == "about":
            key = _word(row, "about", place)
            if key in about:
                raise InputError(f"{place}: '{key}' stands twice under about; remove one")
            about[key] = _about_value(key, row.get("value", ""), place)
        elif rule == "guard":
            fact, to = _word(row, "fact", place), _word(row, "straight_to", place)
            if fact not in GUARD_FACTS:
                raise unknown("fact", fact, GUARD_FACTS, place)
            at_least = _number(row.get("at_least", ""), f"{place}, at_least", has_commas)
            guards.append({"fact": fact, "at_least": at_least, "to": to})
        else:
            limits = {
                name: _limit(row.get(name, ""), f"{place}, {name}", has_commas)
                for name in LIMITS
                if str(row.get(name, "")).strip()
            }
            tier, failure, segment = (_word(row, name, place) for name in ("tier", "failure", "segment"))
            if rule == "general":
                if (failure, segment) != (_ANY, _ANY):
                    raise InputError(
                        f"{place}: a general rule holds for any failure and any segment, found {failure}, {segment}; "
                        "write any into both, or make it an exception"
                    )
                for name in LIMITS:
                    if name not in limits:
                        raise InputError(f"{place}: the {name} limit is empty; write a number, ask or no_limit")
                tiers.append({"name": tier, "limits": limits})
            else:
                exceptions.append(
                    {
                        "tier": tier,
                        "failure": None if failure == _ANY else failure,
                        "segment": None if segment == _ANY else segment,
                        "limits": limits,
                    }
                )
    if tiers:
        last = tiers[-1]
        if any(value != "no_limit" for value in last["limits"].values()):
            raise InputError(
                f"{where}: the last tier '{last['name']}' has limits; it decides everything, write no_limit into all "
                "of its cells (tiers stand in order, the lowest first)"
            )
        last["limits"] = {}
    content = _about_content(about, where) | {"tiers": tiers, "exceptions": exceptions, "guards": guards}
    return parse_record(content, where)


def _about_content(about: Mapping[str, str], where: str) -> dict[str, Any]:
    content: dict[str, Any] = {"$schema": SCHEMA}
    provenance: dict[str, Any] = {}
    pieces = {}
    for key, text in about.items():
        if key.startswith("seal.content."):
            pieces[key.removeprefix("seal.content.")] = text.removeprefix("|").removesuffix("|")
        elif key.startswith("provenance."):
            *outer, name = key.removeprefix("provenance.").split(".")
            within = provenance.setdefault(outer[0], {}) if outer else provenance
            within[name] = _provenance_value(name, text, f"{where}, {key}")
        elif key in _LIFE or key in ("format", "seal.sha256"):
            if text:
                content[key] = text
        else:
            known = [*_LIFE, "format", "seal.sha256", "seal.content.1", "provenance.scenario"]
            raise unknown("entry under about", key, known, where)
    if "version" in content:
        content["version"] = _whole(content["version"], f"{where}, version")
    for name in _DAYS:
        if name in content:
            content[name] = content[name].removesuffix(_DAY).strip()
    digest = content.pop("seal.sha256", None)
    if digest is not None or pieces:
        missing = [str(k) for k in range(1, len(pieces) + 1) if str(k) not in pieces]
        if digest is None or not pieces or missing:
            raise InputError(f"{where}: a part of the seal is missing; export the policy again, or remove all of it")
        whole = "".join(pieces[str(k)] for k in range(1, len(pieces) + 1))
        content["seal"] = {"sha256": digest.removeprefix("sha256:"), "content": whole}
    if provenance:
        content["provenance"] = provenance
    return content


def _about_value(key: str, value: object, place: str) -> str:
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = str(value)
    if key == "title" or key in ("owner", "approved_by"):
        return _plain(text)
    text = _plain(text.strip())
    if text.startswith("="):
        raise InputError(f"{place}: '{key}' holds a formula; put its value there")
    return text.lower() if key in ("name", "status") else text


def _provenance_value(name: str, text: str, where: str) -> object:
    if name.endswith(("fingerprint", "version")):
        return text.removeprefix(f"{name}:")
    if name in _WHOLE:
        return _whole(text, where)
    if name in ("per_year", "low", "high"):
        return _number(text, where, has_commas=False)
    return text


def _whole(text: str, where: str) -> int:
    if not re.fullmatch(r"-?\d{1,15}", text):
        raise InputError(f"{where} is {_short(text)}; it must be a whole number")
    return int(text)


def _word(row: Cells, name: str, place: str) -> str:
    """Return a name; an empty cell would leave open what is meant."""
    text = _plain(str(row.get(name, "")).strip()).lower().replace(" ", "_")
    if not text:
        hint = "; write any where it holds for all" if name in ("failure", "segment") else "; fill it in"
        raise InputError(f"{place}: the column {name} is empty{hint}")
    return text


def _limit(value: object, where: str, has_commas: bool) -> float | str:
    word = str(value).strip().lower().replace(" ", "_")
    return word if word in ("ask", "no_limit") else _number(value, where, has_commas)


def _number(value: object, where: str, has_commas: bool) -> float:
    """Read a number as a person wrote it, if there is only one way to read it."""
    if isinstance(value, bool):
        raise InputError(f"{where} is {value}; it must be a number")
    if isinstance(value, int | float):
        return float(value)
    text = str(value).strip().replace("\u00a0", "").replace("\u202f", "").replace(" ", "").replace("'", "")
    if text.startswith(("=", "@")):
        raise InputError(f"{where} holds the formula {_short(str(value))}; put the number there instead")
    if not re.fullmatch(r"-?[\d.,]*\d", text):
        raise InputError(
            f"{where} is {_short(str(value))}; it must be a plain number such as 25 or 12.50, ask or no_limit, "
            "without currency or percent sign"
        )
    decimal = "," if has_commas else "."
    points, commas = text.count("."), text.count(",")
    if points and commas:
        decimal = max(".,", key=text.rfind)
        other = "," if decimal == "." else "."
        if text.count(decimal) > 1 or not _is_grouped(text.split(decimal)[0], other):
            raise InputError(f"{where} is {_short(text)}; it must be one number, such as 1234.50")
        return float(text.replace(other, "").replace(decimal, "."))
    if points + commas == 0:
        return float(text)
    found = "." if points else ","
    if text.count(found) > 1:
        if not _is_grouped(text, found):
            raise InputError(f"{where} is {_short(text)}; it must be one number, such as 1234.50")
        return float(text.replace(found, ""))
    if found != decimal and _is_grouped(text, found):
        raise InputError(
            f"{where} is {_short(text)}, which can be read as {text.replace(found, '')} or as "
            f"{text.replace(found, '.')}; write it without separators of thousands"
        )
    return float(text.replace(found, "."))


def _is_grouped(text: str, separator: str) -> bool:
    return re.fullmatch(rf"-?[1-9]\d{{0,2}}({re.escape(separator)}\d{{3}})*", text) is not None


def _harmless(text: str) -> str:
    """Put an apostrophe before text that a spreadsheet would take for a formula, or that begins with one itself."""
    return f"'{text}" if text.startswith(_RISKY) else text


def _plain(text: str) -> str:
    """Take off the apostrophe that `_harmless` put there."""
    return text[1:] if text.startswith("'") and text[1:].startswith(_RISKY) else text


def _short(text: object) -> str:
    shown = repr(str(text))
    return shown if len(shown) <= 60 else shown[:57] + "..."
