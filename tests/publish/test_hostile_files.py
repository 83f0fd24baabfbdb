"""Hostile files of policies: workbooks, DMN, JDM, seals and sizes that nobody wrote."""

from __future__ import annotations

import hashlib
import io
import json
import re
import zipfile

import openpyxl
import pytest

from policy_sim.border import InputError
from policy_sim.policy import load_policy, load_record, parse_record, record_content
from policy_sim.publish import read_file, render
from policy_sim.publish.dmn import render_dmn
from policy_sim.publish.spreadsheet import parse_xlsx

BASE = {
    "name": "x", "title": "X", "currency": "USD",
    "tiers": [{"name": "agent", "limits": {"refund": 25, "credit": 10, "keep_item": "ask", "replacement": 50,
    "total_cost": 5}},
              {"name": "lead"}],
}  # fmt: skip


def refusal(action, *arguments):
    with pytest.raises(InputError) as caught:
        action(*arguments)
    message = str(caught.value)
    assert message.isprintable()
    assert len(message) < 10_000
    return message


def workbook(scenario, change):
    book = openpyxl.load_workbook(io.BytesIO(render(load_policy("current", scenario), "xlsx", scenario)))
    change(book)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


@pytest.mark.parametrize("sheet", ["Limits", "Guards", "About"])
@pytest.mark.parametrize("cell", ["XFD1048576", "A1048576", "XFD1", "IV2", "ZZ5001"])
def test_a_far_cell(scenario, sheet, cell):
    def change(book):
        book[sheet][cell] = 1

    assert re.search(r"cell in column|cell below row", refusal(parse_xlsx, workbook(scenario, change), "p.xlsx"))


@pytest.mark.parametrize(
    "addition",
    [
        '<mergeCells count="1"><mergeCell ref="A2:XFD1048576"/></mergeCells>',
        '<mergeCells count="2"><mergeCell ref="A3:B1048576"/><mergeCell ref="D1:XFD2"/></mergeCells>',
        '<conditionalFormatting sqref="A1:XFD1048576"><cfRule type="expression" priority="1">'
        "<formula>1</formula></cfRule></conditionalFormatting>",
        '<dataValidations count="1"><dataValidation type="list" sqref="A1:XFD1048576">'
        '<formula1>"a"</formula1></dataValidation></dataValidations>',
    ],
    ids=["merge", "merges", "format", "validation"],
)
def test_what_spans_whole_sheets_is_not_followed(scenario, addition):
    data = workbook(scenario, lambda book: None)
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as packed, zipfile.ZipFile(stream, "w") as changed:
        for name in packed.namelist():
            text = packed.read(name)
            if name.startswith("xl/worksheets"):
                text = text.replace(b"</sheetData>", b"</sheetData>" + addition.encode())
            changed.writestr(name, text)
    assert parse_xlsx(stream.getvalue(), "p.xlsx").policy == load_policy("current", scenario)


def test_dimensions_that_lie(scenario):
    data = workbook(scenario, lambda book: None)
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as packed, zipfile.ZipFile(stream, "w") as changed:
        for name in packed.namelist():
            changed.writestr(
                name, re.sub(rb'<dimension ref="[^"]*"', b'<dimension ref="A1:XFD1048576"', packed.read(name))
            )
    assert parse_xlsx(stream.getvalue(), "p.xlsx").policy == load_policy("current", scenario)


def test_a_workbook_that_unpacks_to_more():
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/workbook.xml", b" " * 20_000_000)
    assert "unpacks to more than" in refusal(parse_xlsx, stream.getvalue(), "p.xlsx")


@pytest.mark.parametrize(
    "names",
    [
        [["a"]],
        [{}],
        [3],
        [None],
        "abc",
        {},
        [],
        ["a", "a"],
        [" a"],
        ["A"],
        ["a" * 300],
        [f"f{k}" for k in range(40_000)],
        None,
        7,
    ],
    ids=lambda names: str(names)[:20],
)
@pytest.mark.parametrize("kind", ["failures", "segments"])
def test_vocabularies_that_are_none(tmp_path, vocabulary, scenario, kind, names):
    policy = load_policy("current", scenario)
    good = json.dumps(list(getattr(vocabulary, kind)))
    text = render_dmn(policy, vocabulary)
    assert f'"{kind}": {good}' in text
    (tmp_path / "p.dmn").write_text(text.replace(f'"{kind}": {good}', f'"{kind}": {json.dumps(names)}', 1))
    assert "p.dmn" in refusal(read_file, tmp_path / "p.dmn")
    graph = json.loads(render(policy, "jdm", scenario))
    graph["policy_sim"][kind] = names
    (tmp_path / "p.jdm.json").write_text(json.dumps(graph))
    assert "p.jdm.json" in refusal(read_file, tmp_path / "p.jdm.json")


@pytest.mark.parametrize("version", [10**400, None, "3", 1.5, 0, -1, [], {}, True, 10**7, float("inf"), "x" * 300])
def test_sealed_versions_that_are_no_small_whole_number(tmp_path, scenario, version):
    content = record_content(load_policy("current", scenario))
    held = json.loads(content["seal"]["content"])
    held["policy"]["version"] = version
    text = json.dumps(held)
    content["seal"] = {"sha256": hashlib.sha256(text.encode()).hexdigest(), "content": text}
    (tmp_path / "p.json").write_text(json.dumps(content))
    assert "the seal holds no policy of a version from 1 to 1,000,000" in refusal(load_record, tmp_path / "p.json")


@pytest.mark.parametrize("status", [None, 3, [], {}])
def test_sealed_statuses_that_are_none(scenario, status):
    content = record_content(load_policy("current", scenario))
    held = json.loads(content["seal"]["content"])
    held["policy"]["status"] = status
    text = json.dumps(held)
    content["seal"] = {"sha256": hashlib.sha256(text.encode()).hexdigest(), "content": text}
    assert "the seal holds no policy" in refusal(parse_record, content, "p.json")


@pytest.mark.parametrize("limit", [1e308, 1e19, -1e308, 10**400, float("nan"), "1e400", "inf", True, [1], None])
@pytest.mark.parametrize("tier", [0, 1])
def test_limits_beyond_all_money(limit, tier):
    content = json.loads(json.dumps(BASE))
    content["tiers"].append({"name": "manager"})
    content["tiers"][1]["limits"] = dict(content["tiers"][0]["limits"])
    content["tiers"][tier]["limits"]["refund"] = limit
    assert "limit" in refusal(parse_record, content, "p.json")


@pytest.mark.parametrize("number", ["9" * 400, "1e400", "-" + "9" * 400, "9." * 100 + "9", "²", "inf", "nan", "0x1F"])
def test_numbers_in_tables_that_are_none(tmp_path, scenario, number):
    text = render(load_policy("current", scenario), "csv", scenario).decode()
    assert ",25,10,ask," in text
    (tmp_path / "p.csv").write_text(text.replace(",25,10,ask,", f",{number},10,ask,", 1))
    message = refusal(read_file, tmp_path / "p.csv")
    assert "refund" in message
    assert len(message) < 400


@pytest.mark.parametrize("part", ["tiers", "exceptions", "guards"])
def test_policies_with_more_parts_than_anybody_could_follow(part):
    many = {
        "tiers": [{"name": f"t{k}", "limits": BASE["tiers"][0]["limits"]} for k in range(30)] + [{"name": "last"}],
        "exceptions": [{"tier": "agent", "failure": f"f{k}", "limits": {"refund": 1}} for k in range(5_000)],
        "guards": [{"fact": "suspicion", "at_least": k / 500, "to": "lead"} for k in range(500)],
    }
    assert f"{part}; it must have at most" in refusal(parse_record, BASE | {part: many[part]}, "p.json")


def test_a_policy_that_would_make_too_many_rows(scenario):
    content = load_policy("current", scenario).content
    content["guards"] = [{"fact": "suspicion", "at_least": 1 - k / 200, "to": "lead"} for k in range(100)]
    content["exceptions"] = [
        {"tier": "agent", "failure": failure, "segment": segment.name, "limits": {"refund": 10 * f + s}}
        for f, failure in enumerate(scenario.failures)
        for s, segment in enumerate(scenario.segments)
    ]
    policy = parse_record(content, "p.json").policy
    assert "makes more than 5,000 rows" in refusal(render, policy, "dmn", scenario)


def test_forty_thousand_keys(tmp_path):
    (tmp_path / "p.json").write_text(json.dumps({f"k{k}": 1 for k in range(40_000)}))
    assert "p.json" in refusal(read_file, tmp_path / "p.json")
