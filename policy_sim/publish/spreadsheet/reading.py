"""Reading: a policy's table back from CSV or a workbook, also after a person edited and saved it.

In: the bytes of a file. Out: the policy with its provenance, and what was changed after export. Left to others: what
a cell holds (`numbers`), whether the edited policy makes sense (`policy`), files and their sizes (`files`).
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from policy_sim.border import InputError, guarded, unknown
from policy_sim.cells import read_number, shortened
from policy_sim.policy import SCHEMA, Record, parse_record
from policy_sim.publish.spreadsheet.layout import (
    ABOUT_SHEET,
    ANY,
    CSV_PLAYBOOK,
    DAY_NOTE,
    DAYS,
    GUARD_SHEET,
    LIFE,
    LIMIT_SHEET,
    PLAYBOOK_SHEET,
    RULES,
    csv_columns,
    is_marked,
    unmarked,
)
from policy_sim.publish.spreadsheet.numbers import read_limit, read_whole
from policy_sim.publish.spreadsheet.playbook_rows import read_rule
from policy_sim.words import GUARD_FACTS, LIMITS

__all__ = ["parse_csv", "parse_xlsx"]

_MOST_ROWS, _MOST_COLUMNS = 5_000, 200
_MOST_UNPACKED = 5_000_000
#: Entries of the provenance that are whole numbers, and that are money.
_WHOLE = ("seed", "case_count", "draw_count")
_MONEY = ("per_year", "low", "high", "remedy_cost", "budget")
_SEALED = "seal.content."
_PROVENANCE = "provenance."

#: A row of the table by the names of its columns; cells are text, or what a spreadsheet made of it.
Cells = Mapping[str, Any]


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
    columns = [_column_name(cell) for cell in lines[0]] if lines else []
    known = csv_columns(has_playbook=True)
    rows = _named(columns, lines[1:], known, where, "line", CSV_PLAYBOOK)
    return _record(rows, where, has_commas=separator != ",")


def parse_xlsx(data: bytes, where: str) -> Record:
    """Read the workbook back: the sheets Limits, Guards, Playbook (where there is one) and About.

    Raises
    ------
    InputError
        If it is no workbook that we wrote, or a cell cannot be used; the message names sheet, row and column.
    """
    rows: list[tuple[str, Cells]] = []
    sheets = _sheets(data, where)
    for (sheet, columns), rule, optional in (
        (LIMIT_SHEET, None, ()),
        (GUARD_SHEET, "guard", ()),
        (PLAYBOOK_SHEET, "playbook", [name for name in PLAYBOOK_SHEET[1] if name not in ("failure", "give")]),
        (ABOUT_SHEET, "about", ()),
    ):
        if sheet not in sheets:
            continue
        place, lines = f"{where}, sheet {sheet}", sheets[sheet]
        header = [_column_name(cell) for cell in lines[0]] if lines else []
        for row_place, row in _named(header, lines[1:], columns, place, "row", optional):
            rows.append((row_place, row if rule is None else {**row, "rule": rule}))
    return _record(rows, where, has_commas=False)


def _decoded(data: bytes, where: str) -> str:
    encoding = "utf-16" if data.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise InputError(
            f"{where} is not UTF-8 text (byte {error.start}); in the spreadsheet, save it as 'CSV UTF-8'"
        ) from None


def _column_name(cell: object) -> str:
    return str(cell).strip().lower().replace(" ", "_")


def _sheets(data: bytes, where: str) -> dict[str, list[list[object]]]:
    """Return the cells of the sheets of a workbook, line by line.

    They are read as they stand in the file: what a workbook says beside (merged cells, its dimensions, what is put into
    whole columns) is not followed.
    """
    from openpyxl import load_workbook

    with guarded(f"{where} is not a workbook that can be read: it", "a workbook; save it as .xlsx"):
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            if sum(part.file_size for part in packed.infolist()) > _MOST_UNPACKED:
                raise InputError(f"{where} unpacks to more than {_MOST_UNPACKED:,} bytes; expected a policy")
            for part in packed.infolist():
                if part.filename.endswith((".xml", ".rels")) and b"<!DOCTYPE" in packed.read(part):
                    raise InputError(f"{where} declares a DTD in {part.filename}; expected a plain workbook")
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=False, keep_links=False)
        sheets = {}
        for name, _ in (LIMIT_SHEET, GUARD_SHEET, PLAYBOOK_SHEET, ABOUT_SHEET):
            if name not in book.sheetnames:
                if name == PLAYBOOK_SHEET[0]:
                    continue  # workbooks had none; where one was taken out, the seal says so
                raise InputError(f"{where} has no sheet '{name}'; found: {', '.join(book.sheetnames)}; put it back")
            sheets[name] = _lines_of(book[name], f"{where}, sheet {name}")
    return sheets


def _lines_of(sheet: Any, where: str) -> list[list[object]]:
    """Return the cells of a sheet, line by line; formulas are refused."""
    sheet.reset_dimensions()
    lines: list[list[object]] = []
    for cells in sheet.iter_rows():
        if len(cells) > _MOST_COLUMNS:
            raise InputError(
                f"{where}, row {len(lines) + 1} has a cell in column {len(cells):,}; expected at most {_MOST_COLUMNS} "
                "columns, remove it"
            )
        for cell in cells:
            if cell.data_type == "f":
                raise InputError(
                    f"{where}, cell {cell.coordinate} holds the formula {shortened(cell.value)}; put the number there "
                    "instead (Paste special, Values)"
                )
        lines.append(["" if cell.value is None else cell.value for cell in cells])
        if len(lines) > _MOST_ROWS:
            raise InputError(f"{where} has a cell below row {_MOST_ROWS:,}; expected a policy, remove it")
    return lines


def _named(
    columns: Sequence[str],
    lines: Sequence[Sequence[object]],
    known: Sequence[str],
    where: str,
    kind: str,
    optional: Sequence[str] = (),
) -> list[tuple[str, Cells]]:
    """Return the rows that hold anything, each with its place in words.

    Parameters
    ----------
    columns
        Names of the columns as they stand in the file.
    lines
        Cells below these names.
    known
        Columns that there must be, in any order; the one for notes may be missing.
    where
        The file or sheet, for messages.
    kind
        What one of its lines is called: "line", "row".
    optional
        Further columns that may be missing.
    """
    _check_columns(columns, known, where, optional)
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
            raise InputError(f"{place}: {shortened(beyond[0])} stands in no column; put a name above it, or remove it")
        named.append((place, {name: cell for name, cell in zip(columns, line, strict=False) if name}))
    return named


def _check_columns(columns: Sequence[str], known: Sequence[str], where: str, optional: Sequence[str]) -> None:
    for name in columns:
        if name and name not in known:
            raise unknown("column", name, known, f"{where}; comments belong into the column note")
        if name and list(columns).count(name) > 1:
            raise InputError(f"{where} has two columns '{name}'; remove one")
    for name in known:
        if name not in columns and name != "note" and name not in optional:
            raise InputError(f"{where} has no column '{name}'; found: {', '.join(filter(None, columns))}; put it back")


def _record(rows: Sequence[tuple[str, Cells]], where: str, has_commas: bool) -> Record:
    """Turn named rows into the content of a policy file, and read that."""
    tiers: list[dict[str, Any]] = []
    exceptions: list[dict[str, Any]] = []
    guards: list[dict[str, Any]] = []
    rules: list[dict[str, Any]] = []
    about: dict[str, str] = {}
    for place, row in rows:
        rule = _word(row, "rule", place)
        if rule not in RULES:
            raise unknown("rule", rule, RULES, place)
        if rule == "general":
            tiers.append(_general(row, place, has_commas))
        elif rule == "exception":
            exceptions.append(_exception(row, place, has_commas))
        elif rule == "guard":
            guards.append(_guard(row, place, has_commas))
        elif rule == "playbook":
            rules.append(read_rule(row, _word(row, "failure", place), place, has_commas))
        else:
            name = _word(row, "about", place)
            if name in about:
                raise InputError(f"{place}: '{name}' stands twice under about; remove one")
            about[name] = _about_value(name, row.get("value", ""), place)
    if tiers:
        _take_off_last_limits(tiers[-1], where)
    content = _about_content(about, where) | {"tiers": tiers, "exceptions": exceptions, "guards": guards}
    if rules:
        content["playbook"] = {"rules": rules}
    return parse_record(content, where)


def _general(row: Cells, place: str, has_commas: bool) -> dict[str, Any]:
    """Return a tier as it stands in policy files."""
    limits = _limits(row, place, has_commas)
    tier, failure, segment = (_word(row, name, place) for name in ("tier", "failure", "segment"))
    if (failure, segment) != (ANY, ANY):
        raise InputError(
            f"{place}: a general rule holds for any failure and any segment, found {failure}, {segment}; write any "
            "into both, or make it an exception"
        )
    for kind in LIMITS:
        if kind not in limits:
            raise InputError(f"{place}: the {kind} limit is empty; write a number, ask or no_limit")
    return {"name": tier, "limits": limits}


def _exception(row: Cells, place: str, has_commas: bool) -> dict[str, Any]:
    limits = _limits(row, place, has_commas)
    tier, failure, segment = (_word(row, name, place) for name in ("tier", "failure", "segment"))
    return {
        "tier": tier,
        "failure": None if failure == ANY else failure,
        "segment": None if segment == ANY else segment,
        "limits": limits,
    }


def _guard(row: Cells, place: str, has_commas: bool) -> dict[str, Any]:
    fact, to = _word(row, "fact", place), _word(row, "straight_to", place)
    if fact not in GUARD_FACTS:
        raise unknown("fact", fact, GUARD_FACTS, place)
    at_least = read_number(row.get("at_least", ""), f"{place}, at_least", has_commas)
    return {"fact": fact, "at_least": at_least, "to": to}


def _limits(row: Cells, place: str, has_commas: bool) -> dict[str, float | str]:
    """Return the limits of a row; an empty cell sets none."""
    return {
        kind: read_limit(row.get(kind, ""), f"{place}, {kind}", has_commas)
        for kind in LIMITS
        if str(row.get(kind, "")).strip()
    }


def _take_off_last_limits(tier: dict[str, Any], where: str) -> None:
    """See that the last tier may give anything, which policy files say by giving it no limits."""
    if any(limit != "no_limit" for limit in tier["limits"].values()):
        raise InputError(
            f"{where}: the last tier '{tier['name']}' has limits; it decides everything, write no_limit into all of "
            "its cells (tiers stand in order, the lowest first)"
        )
    tier["limits"] = {}


def _about_value(name: str, value: object, place: str) -> str:
    """Return an entry about the policy as text, whatever a spreadsheet made of it."""
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = str(value)
    if name in ("title", "owner", "approved_by"):
        return unmarked(text)
    text = unmarked(text.strip())
    if text.startswith("="):
        raise InputError(f"{place}: '{name}' holds a formula; put its value there")
    return text.lower() if name in ("name", "status") else text


def _about_content(about: Mapping[str, str], where: str) -> dict[str, Any]:
    """Turn the entries about a policy into what its file says besides tiers, exceptions and guards."""
    content: dict[str, Any] = {"$schema": SCHEMA}
    provenance: dict[str, Any] = {}
    pieces = {}
    for name, text in about.items():
        if name.startswith(_SEALED):
            pieces[name.removeprefix(_SEALED)] = text.removeprefix("|").removesuffix("|")
        elif name.startswith(_PROVENANCE):
            *outer, entry = name.removeprefix(_PROVENANCE).split(".")
            within = provenance.setdefault(outer[0], {}) if outer else provenance
            within[entry] = _provenance_value(entry, text, f"{where}, {name}")
        elif name in LIFE or name in ("format", "seal.sha256"):
            if text:
                content[name] = text
        else:
            known = [*LIFE, "format", "seal.sha256", f"{_SEALED}1", f"{_PROVENANCE}scenario"]
            raise unknown("entry under about", name, known, where)
    if "version" in content:
        content["version"] = read_whole(content["version"], f"{where}, version")
    for name in DAYS:
        if name in content:
            content[name] = content[name].removesuffix(DAY_NOTE).strip()
    digest = content.pop("seal.sha256", None)
    if digest is not None or pieces:
        content["seal"] = _seal(digest, pieces, where)
    if provenance:
        content["provenance"] = provenance
    return content


def _seal(digest: str | None, pieces: Mapping[str, str], where: str) -> dict[str, str]:
    """Put the seal together from its pieces, which are numbered from 1."""
    numbers = [str(k) for k in range(1, len(pieces) + 1)]
    if digest is None or not pieces or any(number not in pieces for number in numbers):
        raise InputError(f"{where}: a part of the seal is missing; export the policy again, or remove all of it")
    return {"sha256": digest.removeprefix("sha256:"), "content": "".join(pieces[number] for number in numbers)}


def _provenance_value(name: str, text: str, where: str) -> object:
    if is_marked(name):
        return text.removeprefix(f"{name}:")
    if name in _WHOLE:
        return read_whole(text, where)
    return read_number(text, where, has_commas=False) if name in _MONEY else text


def _word(row: Cells, name: str, place: str) -> str:
    """Return a name; an empty cell would leave open what is meant."""
    text = unmarked(str(row.get(name, "")).strip()).lower().replace(" ", "_")
    if not text:
        hint = "write any where it holds for all" if name in ("failure", "segment") else "fill it in"
        raise InputError(f"{place}: the column {name} is empty; {hint}")
    return text
