"""`decide`: every case comes back, decided or with the reason why not, and its id as it stood there."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from openpyxl import load_workbook

Run = Callable[..., tuple[int, str, str]]
NAMES = "case,failure,segment,asked_for,amount,suspicion,prior_claims"
REASON = "not_decided_because"


def rows_of(out: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(out, newline="")))


def test_another_currency(run: Run, tmp_path: Path) -> None:
    (tmp_path / "cur.csv").write_text(
        f"{NAMES},currency\n"
        "1,wrong_item,loyal,refund,20,0.1,0,USD\n"
        "2,wrong_item,loyal,refund,20,0.1,0,EUR\n"
        "3,wrong_item,loyal,refund,24,0.1,0,KWD\n"
        "4,wrong_item,loyal,refund,2000,0.1,0,JPY\n"
        "5,wrong_item,loyal,refund,20,0.1,0,\n"
    )
    assert run("export", "current", "--all", "--out", "pub")[0] == 0
    for kind in ("json", "yaml", "csv", "dmn", "jdm.json"):
        status, out, err = run("decide", f"pub/current_v1.{kind}", "cur.csv", "--rules-only")
        rows = rows_of(out)
        assert [row["tier"] for row in rows] == ["agent", *["not decided"] * 4]
        assert [bool(row[REASON]) for row in rows] == [False, *[True] * 4]
        assert rows[3][REASON] == "currency is 'JPY'; the policy is in USD, and nothing is converted"
        assert (status, err) == (1, f"Note: 4 of 5 cases are not decided; the column {REASON} says why\n")


@pytest.mark.parametrize(
    "ids",
    [
        ["0007", "0008"],
        ["900719925474099301", ""],
        ["", "", "7"],
        ["1e5", "6.05E+12", "0x1F"],
        ["NA", "nan", "null", "None"],
        ["TRUE", "1.0", "1.50", "-0"],
        [" 7", "7 ", "  "],
        ["2026-12-01", "12/1", "1_000"],
        ["é", "案件", "a;b", 'a"b', "a\nb", "a\tb", "'7"],
        ["1" * 400, "1", "01"],
    ],
)
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_ids_come_back_byte_for_byte(run: Run, tmp_path: Path, ids: list[str], separator: str) -> None:
    guarded = [f"'{case}" if case.startswith("-") else case for case in ids]
    with (tmp_path / "cases.csv").open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, delimiter=separator)
        writer.writerow(NAMES.split(","))
        writer.writerows([case, "wrong_item", "loyal", "refund", "20.5", "0.1", "0"] for case in ids)
    status, out, _ = run("decide", "current", "cases.csv", "--rules-only")
    assert status == 0
    assert [row["case"] for row in rows_of(out)] == guarded
    assert {row["amount"] for row in rows_of(out)} == {"20.5"}
    for name in ("out.parquet", "out.xlsx"):
        assert run("decide", "current", "cases.csv", "--rules-only", "--out", name)[0] == 0
    assert pd.read_parquet(tmp_path / "out.parquet")["case"].tolist() == ids
    sheet = load_workbook(tmp_path / "out.xlsx").active
    assert ["" if row[0].value is None else row[0].value for row in sheet.iter_rows(min_row=2)] == ids

    # and with payoffs
    with (tmp_path / "valued.csv").open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, delimiter=separator)
        writer.writerow(["case", "failure", "item_price", "future_value"])
        writer.writerows([case, "wrong_item", "20.5", "90"] for case in ids)
    status, out, _ = run("decide", "current", "valued.csv")
    assert status == 0
    assert [row["case"] for row in rows_of(out)] == guarded


@pytest.mark.parametrize("rules_only", [True, False])
def test_ids_of_parquet(run: Run, tmp_path: Path, rules_only: bool) -> None:
    row = {"failure": "wrong_item", "segment": "loyal", "asked_for": "refund", "amount": 20.0, "suspicion": 0.1}
    table = pd.DataFrame([row | {"prior_claims": 0, "item_price": 20.0, "future_value": 90.0}] * 3)
    for ids in (
        pd.array([900719925474099301, None, 7], dtype="Int64"),
        ["0007", None, " 8"],
        pd.Categorical(["0007", "b", "0007"]),
    ):
        table.assign(case=ids).to_parquet(tmp_path / "cases.parquet")
        status, out, _ = run("decide", "current", "cases.parquet", *(["--rules-only"] if rules_only else []))
        assert status == 0
        assert [row["case"] for row in rows_of(out)] == ["" if pd.isna(case) else str(case) for case in ids]


@pytest.mark.parametrize("case", ["=1+1", "+49 30 1234", "-7", "@x", '=HYPERLINK("http://x")', "=cmd|' /C calc'!A0"])
def test_ids_like_formulas_leave_as_text(run: Run, tmp_path: Path, case: str) -> None:
    quoted = '"' + case.replace('"', '""') + '"'
    (tmp_path / "cases.csv").write_text(f"{NAMES}\n{quoted},wrong_item,loyal,refund,20,0.1,0\n")
    (tmp_path / "valued.csv").write_text(f"case,failure,item_price,future_value\n{quoted},wrong_item,20,90\n")
    for words in (("cases.csv", "--rules-only"), ("valued.csv",)):
        status, out, err = run("decide", "current", *words)
        assert (status, rows_of(out)[0]["case"]) == (0, f"'{case}")
        assert "1 cells begin like a formula" in err
        assert run("decide", "current", *words, "--out", "out.xlsx")[0] == 0
        cell = load_workbook(tmp_path / "out.xlsx").active["A2"]
        assert (cell.value, cell.data_type) == (case, "s")
        assert run("decide", "current", *words, "--out", "out.parquet")[0] == 0
        assert pd.read_parquet(tmp_path / "out.parquet")["case"].tolist() == [case]


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ("wrong_itm,loyal,refund,20,0.1,0", "unknown failure 'wrong_itm' (did you mean 'wrong_item'?)"),
        (",loyal,refund,20,0.1,0", "failure is empty"),
        ("wrong_item,vip,refund,20,0.1,0", "unknown segment 'vip'"),
        ("wrong_item,loyal,cash,20,0.1,0", "unknown asked_for 'cash'"),
        ("wrong_item,loyal,refund,,0.1,0", "amount is empty"),
        ("wrong_item,loyal,refund,20 EUR,0.1,0", "amount is '20 EUR'"),
        ("wrong_item,loyal,refund,25.005,0.1,0", "amount is 25.005; it must be whole cents"),
        ("wrong_item,loyal,refund,20,,0", "the fact 'suspicion' is missing"),
        ("wrong_item,loyal,refund,20,0.1,", "the fact 'prior_claims' is missing"),
        ("wrong_item,loyal,refund,20,n/a,0", "the fact 'suspicion' is 'n/a'"),
        ("wrong_item,loyal,refund", "amount is empty"),
    ],
)
def test_one_row_that_cannot_be_decided(run: Run, tmp_path: Path, wrong: str, reason: str) -> None:
    good = "wrong_item,loyal,refund,20,0.1,0"
    (tmp_path / "cases.csv").write_text(f"{NAMES}\n01,{good}\n02,{wrong}\n03,{good}\n")
    status, out, err = run("decide", "current", "cases.csv", "--rules-only")
    rows = rows_of(out)
    assert status == 1
    assert "1 of 3 cases are not decided" in err
    assert [(row["case"], row["tier"]) for row in rows] == [("01", "agent"), ("02", "not decided"), ("03", "agent")]
    assert rows[1][REASON].startswith(reason)
    assert rows[0][REASON] == rows[2][REASON] == ""


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ("wrong_itm,20,90,USD", "unknown failure 'wrong_itm' (did you mean 'wrong_item'?)"),
        ("wrong_item,,90,USD", "item_price is ''; expected a number, 0 or more"),
        ("wrong_item,-2,90,USD", "item_price is '-2'"),
        ("wrong_item,20,much,USD", "future_value is 'much'"),
        ("wrong_item,20,90,EUR", "currency is 'EUR'; expected USD"),
        ("wrong_item,20,90,", "currency is ''; expected USD"),
    ],
)
def test_one_row_that_cannot_be_valued(run: Run, tmp_path: Path, wrong: str, reason: str) -> None:
    good = "wrong_item,20,90,USD"
    names = "case,failure,item_price,future_value,currency"
    (tmp_path / "cases.csv").write_text(f"{names}\n01,{good}\n02,{wrong}\n03,{good}\n")
    status, out, err = run("decide", "generous", "cases.csv")
    rows = rows_of(out)
    assert status == 1
    assert "1 of 3 cases are not decided" in err
    assert [(row["case"], row["tier"]) for row in rows] == [("01", "agent"), ("02", "not decided"), ("03", "agent")]
    assert rows[1][REASON].startswith(reason)
    (tmp_path / "good.csv").write_text(f"{names}\n01,{good}\n03,{good}\n")
    assert run("decide", "generous", "good.csv")[1] == "".join(out.splitlines(keepends=True)[k] for k in (0, 1, 3))
    (tmp_path / "none.csv").write_text(f"{names}\n02,{wrong}\n")
    status, out, err = run("decide", "generous", "none.csv")
    assert (status, out, len(err.splitlines())) == (2, "", 1)
    assert f"case file 'none.csv', line 2: {reason}" in err


def test_by_the_day_of_the_order(run: Run, tmp_path: Path) -> None:
    assert run("export", "current", "--format", "csv,dmn", "--out", "pub")[0] == 0
    assert run("approve", "pub/current_v1.csv", "--by", "Ana", "--live", "--from", "2026-12-01")[0] == 0
    row = "wrong_item,loyal,refund,20,0.1,0"
    days = ["2026-12-02", "2026-11-30", "", "1.12.2026", "2026-12-01T10:00:00"]
    (tmp_path / "cases.csv").write_text(
        f"order_date,{NAMES}\n" + "".join(f"{day},{k:03d},{row}\n" for k, day in enumerate(days))
    )
    status, out, err = run("decide", "pub", "cases.csv", "--rules-only")
    rows = rows_of(out)
    assert status == 1
    assert "3 of 5 cases are not decided" in err
    assert [row["case"] for row in rows] == ["000", "001", "002", "003", "004"]
    assert [row["version"] for row in rows] == ["1", "", "", "", "1"]
    assert [row["tier"] == "not decided" for row in rows] == [False, True, True, True, False]
    assert "was live on 2026-11-30 (found: version 1 live from 2026-12-01)" in rows[1][REASON]
    assert rows[2][REASON] == "order_date is empty; versions decide by that day"
    assert "expected year-month-day" in rows[3][REASON]


def test_semicolons_and_commas_before_decimals(run: Run, tmp_path: Path) -> None:
    lines = [
        NAMES.replace(",", ";"),
        "0007;wrong_item;loyal;refund;20,5;0,1;0",
        "8;wrong_item;loyal;refund;25.01;0.7;0",
    ]
    (tmp_path / "cases.csv").write_bytes("\r\n".join(["sep=;", *lines, ""]).encode("utf-8-sig"))
    status, out, _ = run("decide", "current", "cases.csv", "--rules-only")
    assert status == 0
    assert [(row["case"], row["amount"], row["tier"]) for row in rows_of(out)] == [
        ("0007", "20,5", "agent"),
        ("8", "25.01", "lead"),
    ]
    (tmp_path / "valued.csv").write_text("case;failure;item_price;future_value\n0007;wrong_item;20,50;90\n")
    status, out, _ = run("decide", "generous", "valued.csv")
    assert (status, rows_of(out)[0]["item_price"]) == (0, "20.50")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("case,failure,segment,asked_for\n1,wrong_item,loyal,refund\n", "cases have no column 'amount'"),
        (f"{NAMES},tier\n1,wrong_item,loyal,refund,20,0.1,0,x\n", "cases have a column 'tier', which decide writes"),
        (f"{NAMES},{REASON}\n1,wrong_item,loyal,refund,20,0.1,0,x\n", f"cases have a column '{REASON}'"),
        (f"{NAMES},case\n1,wrong_item,loyal,refund,20,0.1,0,x\n", "two columns are named 'case'"),
        (f"{NAMES}\n1,wrong_item,loyal,refund,20,0.1,0,x\n", "line 2 has 8 cells, the line of names 7"),
        ("", "cannot be read"),
    ],
)
def test_what_cannot_be_used_at_all(run: Run, tmp_path: Path, text: str, expected: str) -> None:
    (tmp_path / "cases.csv").write_text(text)
    status, out, err = run("decide", "current", "cases.csv", "--rules-only")
    assert (status, out) == (2, "")
    assert len(err.splitlines()) == 1
    assert expected in err


def test_a_folder_has_no_payoffs(run: Run, tmp_path: Path) -> None:
    (tmp_path / "pub").mkdir()
    (tmp_path / "cases.csv").write_text("failure,item_price,future_value\nwrong_item,20,90\n")
    status, _, err = run("decide", "pub", "cases.csv")
    assert (status, len(err.splitlines())) == (2, 1)
    assert "'pub' is a folder of versions; add --rules-only, or give one of its files" in err


def test_a_thing_that_is_left_out_or_assumed_is_said(run: Run, tmp_path: Path) -> None:
    (tmp_path / "cases.csv").write_text(f"{NAMES}\n\n1,wrong_item,loyal,refund,20,0.1,0\n,,,,,,\n")
    status, out, err = run("decide", "current", "cases.csv", "--rules-only")
    assert (status, len(rows_of(out))) == (0, 1)
    assert "2 lines of 'cases.csv' without anything were left out" in err
    assert "their amounts are taken to be in USD" in err


def test_a_hundred_thousand_cases_are_quick(run: Run, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    count = 100_000
    pd.DataFrame(
        {
            "case": [f"{k:018d}" for k in range(count)],
            "failure": rng.choice(["wrong_item", "lost_parcel", "wrong_itm"], count),
            "segment": "loyal",
            "asked_for": "refund",
            "amount": rng.integers(0, 10**5, count) / 100,
            "suspicion": rng.random(count),
            "prior_claims": 0,
        }
    ).to_csv(tmp_path / "cases.csv", index=False)
    status, _, err = run("decide", "current", "cases.csv", "--rules-only", "--out", "out.csv")
    assert status == 1
    assert "of 100,000 cases are not decided" in err
    assert len((tmp_path / "out.csv").read_text().splitlines()) == count + 1
