import csv
import io
import re
import zipfile
from datetime import datetime

import pytest
from openpyxl import load_workbook

from policy_sim.border import InputError
from policy_sim.policy import ASK, NO_LIMIT, Lever, Provenance
from policy_sim.publish import read_file, render
from policy_sim.publish.spreadsheet import COLUMNS, parse_csv, parse_xlsx, render_csv, render_xlsx


@pytest.fixture(scope="session")
def rows(rich):
    return list(csv.reader(io.StringIO(render_csv(rich).removeprefix("\ufeff"), newline="")))


@pytest.fixture
def saved(rows):
    """Save the rows as a spreadsheet would."""

    def save(rows=rows, delimiter=",", encoding="utf-8-sig", end="\r\n"):
        stream = io.StringIO(newline="")
        csv.writer(stream, delimiter=delimiter, lineterminator=end).writerows(rows)
        return stream.getvalue().encode(encoding)

    return save


def edited(rows, row, column, value):
    copy = [list(row) for row in rows]
    copy[row][COLUMNS.index(column)] = value
    return copy


def test_one_row_for_each_rule(rows):
    kinds = [row[0] for row in rows[1:]]
    assert kinds.count("general") == 3
    assert kinds.count("guard") == 2
    agent = dict(zip(rows[0], rows[1], strict=True))
    assert (agent["tier"], agent["failure"], agent["refund"], agent["keep_item"]) == ("agent", "any", "25", "ask")


@pytest.mark.parametrize(
    ("delimiter", "encoding", "end"),
    [(",", "utf-8", "\n"), (";", "utf-8-sig", "\r\n"), ("\t", "utf-16", "\r\n"), (";", "utf-8", "\r\n")],
)
def test_however_a_spreadsheet_saves_it(saved, rich, delimiter, encoding, end):
    record = parse_csv(saved(delimiter=delimiter, encoding=encoding, end=end), "p.csv")
    assert record.policy == rich
    assert record.changes == ()


def test_columns_in_another_order_and_empty_lines(saved, rows, rich):
    turned = [row[::-1] for row in rows]
    turned[5:5] = [[""] * len(COLUMNS)]
    turned = [[*row, "", ""] for row in turned]
    assert parse_csv(saved(turned), "p.csv").policy == rich


def test_names_as_people_write_them(saved, rows, rich):
    shouted = [rows[0], *([" " + cell.upper() if k < 4 else cell for k, cell in enumerate(row)] for row in rows[1:])]
    shouted[0] = [name.replace("_", " ").title() for name in shouted[0]]
    assert parse_csv(saved(shouted), "p.csv").policy == rich


@pytest.mark.parametrize(
    ("delimiter", "text", "value"),
    [
        (",", "40", 40.0),
        (",", "40.50", 40.5),
        (",", "40,5", 40.5),
        (",", "1,234.50", 1234.5),
        (",", "1.234,50", 1234.5),
        (";", "40,50", 40.5),
        (";", "1.234,5", 1234.5),
        (";", "40.5", 40.5),
        (";", "1.234.567", 1234567.0),
        (",", "1,234,567", 1234567.0),
        (",", "1'234", 1234.0),
        (",", " 1 234 ", 1234.0),
        (",", "ASK", ASK),
        (",", "No limit", NO_LIMIT),
        (",", "0", 0.0),
    ],
)
def test_numbers_that_can_be_read_in_one_way(saved, rows, delimiter, text, value):
    record = parse_csv(saved(edited(rows, 2, "total_cost", text), delimiter), "p.csv")
    assert record.policy.limit("lead", "total_cost") == value
    content = {ASK: "ask", NO_LIMIT: "no_limit"}.get(value, f"{value:.2f}".rstrip("0").rstrip("."))
    assert record.changes == (f"tiers.lead.limits.total_cost 300 -> {content}",)


@pytest.mark.parametrize(
    ("column", "text", "expected"),
    [
        ("refund", "1,234", "can be read as 1234 or as 1.234; write it without separators of thousands"),
        ("refund", "=B2*2", "holds the formula '=B2*2'; put the number there instead"),
        ("refund", "#REF!", "is '#REF!'; it must be a plain number such as 25"),
        ("refund", "25 USD", "is '25 USD'; it must be a plain number"),
        ("refund", "$25", "is '$25'"),
        ("refund", "60%", "is '60%'"),
        ("refund", "1E+05", "is '1E+05'"),
        ("refund", "1.2.3", "is '1.2.3'; it must be one number"),
        ("refund", "aks", "is 'aks'"),
        ("refund", "", "the refund limit is empty; write a number, ask or no_limit"),
        ("refund", "-5", "limit is -5; it must be 0 or more"),
        ("failure", "", "the column failure is empty; write any where it holds for all"),
        ("failure", "wrong_item", "a general rule holds for any failure"),
        ("tier", "", "the column tier is empty"),
        ("tier", "laed", "unknown tier 'lead' (did you mean 'laed'?)"),
        ("rule", "genral", "unknown rule 'genral' (did you mean 'general'?)"),
        ("rule", "", "the column rule is empty"),
    ],
)
def test_cells_that_are_refused_in_one_line(saved, rows, tmp_path, scenario, column, text, expected):
    path = tmp_path / "p.csv"
    path.write_bytes(saved(edited(rows, 2, column, text)))
    with pytest.raises(InputError, match=re.escape(expected)) as caught:
        read_file(path)
    assert "p.csv" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_thousands_in_a_file_with_semicolons(saved, rows):
    with pytest.raises(InputError, match=r"line 3, refund is '1\.234', which can be read as 1234 or as 1\.234"):
        parse_csv(saved(edited(rows, 2, "refund", "1.234"), ";"), "p.csv")


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", "has no column 'rule'"),
        ("titel ü".encode("cp1252"), "is not UTF-8 text .* save it as 'CSV UTF-8'"),
        (b"rule,tier\n", "has no column 'failure'"),
        (b"rule,rule\n", "has two columns 'rule'"),
        (b"rule,teir\n", r"unknown column 'teir' \(did you mean 'tier'\?\)"),
        (b'rule,"tier\n', "is not CSV|unknown column"),
    ],
)
def test_files_that_are_no_table(data, expected):
    with pytest.raises(InputError, match=expected) as caught:
        parse_csv(data, "p.csv")
    assert "\n" not in str(caught.value)


def test_a_seal_in_pieces(saved, rows, rich):
    with pytest.raises(InputError, match="a part of the seal is missing"):
        parse_csv(saved([row for row in rows if "seal.content.1" not in row]), "p.csv")
    unsealed = [row for row in rows if not any(cell.startswith("seal.") for cell in row)]
    record = parse_csv(saved(unsealed), "p.csv")
    assert (record.policy, record.is_sealed) == (rich, False)


def test_long_seals_fit_into_cells(current, scenario):
    policy = current
    for failure in scenario.failures:
        for segment in scenario.segments:
            for limit in ("refund", "credit", "keep_item", "replacement"):
                policy = policy.with_limit(Lever("agent", limit, failure, segment.name), 9.99)
    text = render_csv(policy)
    assert max(len(cell) for row in csv.reader(io.StringIO(text, newline="")) for cell in row) < 32_000
    assert parse_csv(text.encode(), "p.csv").policy == policy


@pytest.mark.parametrize("risky", ["=1+1", "+1", "-1", "@SUM(A1)", "'=1"])
def test_no_formula_reaches_a_spreadsheet(rich, vocabulary, risky):
    policy = rich.model_copy(update={"title": risky, "owner": risky})
    for row in csv.reader(io.StringIO(render_csv(policy).removeprefix("\ufeff"), newline="")):
        assert not any(re.match(r"[=+\-@\t\r\n]", cell) for cell in row)
    data = render_xlsx(policy, vocabulary)
    for sheet in load_workbook(io.BytesIO(data)):
        for cells in sheet.iter_rows():
            assert all(cell.data_type in ("s", "n") for cell in cells)
            assert not any(isinstance(cell.value, str) and re.match(r"[=+\-@\t]", cell.value) for cell in cells)
    assert parse_xlsx(data, "p.xlsx").policy == policy


def rewritten(data, change):
    book = load_workbook(io.BytesIO(data))
    change(book)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def test_a_workbook_that_was_edited(rich, vocabulary):
    def edit(book):
        sheet = book["Limits"]
        assert sheet["E2"].value == 25
        sheet["E2"] = 27.5
        sheet["G2"] = "No limit"
        sheet["E4"] = "no_limit"
        book["Guards"]["B2"] = 0.7
        book["Who decides"]["A2"] = "=1+1"  # to read only: whatever stands there is passed over

    record = parse_xlsx(rewritten(render_xlsx(rich, vocabulary), edit), "p.xlsx")
    assert set(record.changes) == {
        "tiers.agent.limits.refund 25 -> 27.5",
        "tiers.agent.limits.keep_item ask -> no_limit",
        "guards.suspicion.lead.at_least 0.6 -> 0.7",
    }


def test_a_workbook_is_ready_to_edit(rich, vocabulary):
    book = load_workbook(io.BytesIO(render_xlsx(rich, vocabulary, Provenance(seed=1))))
    assert book.sheetnames == ["Limits", "Guards", "Playbook", "About", "Who decides", "How to edit"]
    assert book["Limits"].freeze_panes == "A2"
    assert isinstance(book["Limits"]["E2"].value, int | float)
    assert len(book["Limits"].data_validations.dataValidation) == 2
    table = list(book["Who decides"].iter_rows(values_only=True))
    assert len(table) > 20
    assert table[0][:7] == (
        "failure",
        "segment",
        "asked for",
        "amount from",
        "amount up to",
        "suspicion",
        "prior claims",
    )
    assert table[1][:7] == (
        "any",
        "any",
        "refund, credit, replacement, goodwill, total_cost",
        0,
        "any amount",
        "any",
        "4 or more",
    )


def test_a_rule_that_a_person_added(rich, vocabulary):
    def edit(book):
        book["Limits"].append(["exception", "Agent", "Lost parcel", "any", None, 12])

    record = parse_xlsx(rewritten(render_xlsx(rich, vocabulary), edit), "p.xlsx")
    assert record.changes == ("exceptions.agent.lost_parcel.limits.credit nothing -> 12",)
    assert record.policy.limit("agent", "credit", "lost_parcel", "loyal") == 12


def test_a_date_that_was_typed_into_a_workbook(rich, vocabulary):
    def edit(book):
        for cells in book["About"].iter_rows():
            if cells[0].value == "effective_from":
                cells[1].value = datetime(2026, 12, 1)

    record = parse_xlsx(rewritten(render_xlsx(rich, vocabulary), edit), "p.xlsx")
    assert record.changes == ("effective_from nothing -> 2026-12-01",)


def test_a_formula_in_a_workbook(rich, vocabulary):
    def edit(book):
        book["Limits"]["F2"] = "=E2*2"

    with pytest.raises(InputError, match=r"sheet Limits, cell F2 holds the formula '=E2\*2'; put the number there"):
        parse_xlsx(rewritten(render_xlsx(rich, vocabulary), edit), "p.xlsx")


def test_workbooks_that_are_refused(rich, vocabulary):
    with pytest.raises(InputError, match=r"p\.xlsx is not a workbook that can be read"):
        parse_xlsx(b"PK nothing", "p.xlsx")
    with pytest.raises(InputError, match="has no sheet 'Guards'; found: Limits"):
        parse_xlsx(rewritten(render_xlsx(rich, vocabulary), lambda book: book.remove(book["Guards"])), "p.xlsx")

    def packed(name, content):
        stream = io.BytesIO(render_xlsx(rich, vocabulary))
        with zipfile.ZipFile(stream, "a", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(name, content)
        return stream.getvalue()

    with pytest.raises(InputError, match="unpacks to more than"):
        parse_xlsx(packed("xl/bomb.xml", b" " * 50_000_001), "p.xlsx")
    with pytest.raises(InputError, match="declares a DTD"):
        parse_xlsx(packed("xl/evil.xml", b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'), "p.xlsx")


def test_a_broken_date(saved, rows):
    number = next(k for k, row in enumerate(rows) if "effective_from" in row)
    with pytest.raises(InputError, match=r"date is '1/12/2026'; it must be year-month-day"):
        parse_csv(saved(edited(rows, number, "value", "1/12/2026")), "p.csv")


def test_render_is_what_files_writes(rich, scenario):
    assert render(rich, "csv", scenario).decode() == render_csv(rich)


def test_a_workbook_does_not_say_when_it_was_written(rich, vocabulary):
    book = render_xlsx(rich, vocabulary)
    with zipfile.ZipFile(io.BytesIO(book)) as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert not re.search(rb"\d{4}-\d{2}-\d{2}T", archive.read("docProps/core.xml"))
    assert render_xlsx(rich, vocabulary) == book
    assert parse_xlsx(book, "p.xlsx").policy == rich


@pytest.fixture(scope="session")
def book_rows(with_playbook):
    return list(csv.reader(io.StringIO(render_csv(with_playbook).removeprefix("\ufeff"), newline="")))


def test_csv_has_a_row_for_each_rule_of_the_playbook(book_rows, rows, with_playbook, saved):
    assert [name for name in book_rows[0] if name not in rows[0]] == ["when", "asks", "give", "why"]
    cells = [dict(zip(book_rows[0], row, strict=True)) for row in book_rows if row[0] == "playbook"]
    assert len(cells) == len(with_playbook.playbook.rules)
    first, _, third = cells[:3]
    assert first["when"] == "item_price < 45 and prior_purchases < 2"
    assert (first["asks"], first["give"]) == ("money", "full_refund + keep_item")
    assert (third["asks"], third["give"], third["why"]) == ("any", "nothing", "Somebody looks at it first.")
    for delimiter in ",;\t":
        record = parse_csv(saved(book_rows, delimiter=delimiter), "p.csv")
        assert (record.policy, record.changes) == (with_playbook, ())


def changed_rule(book_rows, saved, column, text, number=0):
    row = [k for k, cells in enumerate(book_rows) if cells[0] == "playbook"][number]
    copy = [list(cells) for cells in book_rows]
    copy[row][book_rows[0].index(column)] = text
    return parse_csv(saved(copy), "p.csv")


def test_a_rule_of_the_playbook_that_was_edited(book_rows, saved, with_playbook):
    cheap = "Wrong item, under $45, fewer than 2 orders, asks for money: full refund, keep item"
    record = changed_rule(book_rows, saved, "when", " Item price<60  AND prior purchases < 2 ")
    assert record.changes == (f"playbook rule changed: {cheap} -> {cheap.replace('$45', '$60')}",)
    record = changed_rule(book_rows, saved, "give", "Full refund, Send back")
    assert record.policy.playbook.rules[0].give == ("full_refund", "send_back")
    assert changed_rule(book_rows, saved, "asks", "any").policy.playbook.rules[0].asks == ()
    assert changed_rule(book_rows, saved, "asks", "").policy.playbook.rules[0].asks == ()


@pytest.mark.parametrize(
    ("column", "text", "expected"),
    [
        ("when", "item_price <= 45", "when: 'item_price <= 45' is no condition; write them as: item_price >= 20 and"),
        ("when", "cheap", "when: 'cheap' is no condition"),
        ("when", "item_prise < 45", "unknown fact 'item_prise' (did you mean 'item_price'?)"),
        ("when", "item_price < much", "when, item_price < is 'much'; it must be a plain number"),
        ("when", "item_price < 45 and item_price < 60", "when: item_price has < twice; keep one of them"),
        ("when", "item_price >= 60 and item_price < 45", "at_least 60 is not below 45; no case can be both"),
        ("when", "item_price < -5", "expected 0 or more"),
        ("when", "=1+1", "is no condition"),
        ("asks", "mony", "unknown ask 'mony' (did you mean 'money'?)"),
        ("give", "", "the column give is empty; write what to give, or nothing"),
        ("give", "full_refund + full_refund", "the same name stands twice; remove one"),
        ("why", "a\x07b", "control character"),
        ("why", "a" * 201, "expected at most 200 characters"),
        ("failure", "", "the column failure is empty"),
    ],
)
def test_rules_of_the_playbook_that_are_refused_in_one_line(book_rows, saved, column, text, expected):
    with pytest.raises(InputError, match=re.escape(expected)) as caught:
        changed_rule(book_rows, saved, column, text)
    assert "p.csv, line 7" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_workbook_has_a_sheet_for_the_playbook(with_playbook, scenario, tmp_path):
    data = render(with_playbook, "xlsx", scenario)
    book = load_workbook(io.BytesIO(data))
    assert book.sheetnames[2:] == ["Playbook", "About", "Who decides", "What can be given", "How to edit"]
    sheet = book["Playbook"]
    header = [cell.value for cell in sheet[1]]
    assert header[0] == "failure"
    assert header[1:3] == ["item price at least", "item price below"]
    assert header[-4:] == ["asks", "give", "why", "note"]
    assert sheet.max_row == 1 + len(with_playbook.playbook.rules)
    assert sheet["C2"].value == 45
    listed = {tuple(row) for row in book["What can be given"].iter_rows(values_only=True)}
    assert ("wrong_item", "full_refund + keep_item", "full refund, keep the item") in listed
    assert len(listed) == 1 + sum(len(scenario.resolutions(failure)) for failure in scenario.failures)
    (tmp_path / "p.xlsx").write_bytes(data)
    record = read_file(tmp_path / "p.xlsx").record
    assert (record.policy, record.changes) == (with_playbook, ())


def test_a_playbook_that_was_edited_in_a_workbook(with_playbook, vocabulary):
    def edit(book):
        sheet = book["Playbook"]
        header = [cell.value for cell in sheet[1]]
        sheet["C2"] = 60
        sheet.delete_rows(4)
        new = {"failure": "Poor service", "give": "Apology note", "severity at least": 0.5, "asks": "Money, more"}
        sheet.append([new.get(name) for name in header])

    record = parse_xlsx(rewritten(render_xlsx(with_playbook, vocabulary), edit), "p.xlsx")
    cheap = "Wrong item, under $45, fewer than 2 orders, asks for money: full refund, keep item"
    assert record.changes == (
        f"playbook rule changed: {cheap} -> {cheap.replace('$45', '$60')}",
        "playbook rule taken out: Wrong item, 3 claims before or more: nothing",
        "playbook rule added: Poor service, harm of 0.5 or more, asks for money or asks for more than was lost: "
        "apology note",
    )


def test_a_playbook_that_is_begun_in_a_workbook(rich, vocabulary):
    def begin(book):
        book["Playbook"].append(["Wrong item", None, 45, *[None] * 18, None, "full refund + keep item"])

    record = parse_xlsx(rewritten(render_xlsx(rich, vocabulary), begin), "p.xlsx")
    assert record.changes == ("playbook rule added: Wrong item, under $45: full refund, keep item",)


def test_a_workbook_without_the_sheet(with_playbook, rich, vocabulary):
    def remove(book):
        book.remove(book["Playbook"])

    assert parse_xlsx(rewritten(render_xlsx(rich, vocabulary), remove), "p.xlsx").policy == rich
    record = parse_xlsx(rewritten(render_xlsx(with_playbook, vocabulary), remove), "p.xlsx")
    assert record.policy.playbook is None
    assert len(record.changes) == len(with_playbook.playbook.rules)
    assert all(words.startswith("playbook rule taken out: ") for words in record.changes)


def test_a_sheet_without_columns_that_no_rule_needs(with_playbook, vocabulary):
    def remove(book):
        sheet = book["Playbook"]
        names = [cell.value for cell in sheet[1]]
        sheet.delete_cols(1 + names.index("prior failures at least"), 2)

    assert parse_xlsx(rewritten(render_xlsx(with_playbook, vocabulary), remove), "p.xlsx").policy == with_playbook

    def rename(book):
        book["Playbook"]["A1"] = "what"

    with pytest.raises(InputError, match="sheet Playbook; comments belong into the column note"):
        parse_xlsx(rewritten(render_xlsx(with_playbook, vocabulary), rename), "p.xlsx")
