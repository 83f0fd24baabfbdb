import csv
import io
from datetime import datetime

import pandas as pd
import pytest
from openpyxl import load_workbook

from policy_sim.border import InputError
from policy_sim.publish import render_cases_csv, render_cases_xlsx

RISKY = ["=1+1", "+49 30", "-2", "@SUM(A1)", "\t=1", "=cmd|' /C calc'!A0"]
PLAIN = ["0007", "900719925474099301", "", " 8", "'7", "a=b", "1-2"]


def rows_of(text):
    return list(csv.reader(io.StringIO(text, newline="")))


def test_ids_leave_as_text_in_csv():
    text, marked = render_cases_csv(pd.DataFrame({"case": [*RISKY, *PLAIN], "tier": "agent"}))
    assert [row[0] for row in rows_of(text)[1:]] == [*(f"'{case}" for case in RISKY), *PLAIN]
    assert marked == len(RISKY)


def test_numbers_below_zero_are_no_formulas_but_as_ids():
    table = pd.DataFrame({"case": ["-5"], "amount": ["-5"], "fee": ["-0.5e3"], "phone": ["+49"], "what": ["-5+2"]})
    text, marked = render_cases_csv(table.assign(change=[-1.25]))
    assert rows_of(text)[1] == ["'-5", "-5", "-0.5e3", "'+49", "'-5+2", "-1.25"]
    assert marked == 3


def test_names_of_columns_and_categories_too():
    table = pd.DataFrame({"=x": pd.Categorical(["=1", "b", None]), "case": pd.array([1, None, 3], dtype="Int64")})
    text, _ = render_cases_csv(table)
    assert rows_of(text) == [["'=x", "case"], ["'=1", "1"], ["b", ""], ["", "3"]]


def test_text_is_text_in_a_workbook():
    table = pd.DataFrame(
        {"case": [*RISKY, *PLAIN], "amount": [1.5] * 13, "is": [True] * 13, "day": datetime(2026, 1, 1)}
    )
    sheet = load_workbook(io.BytesIO(render_cases_xlsx(table))).active
    cells = [row[0] for row in sheet.iter_rows(min_row=2)]
    assert ["" if cell.value is None else cell.value for cell in cells] == [*RISKY, *PLAIN]
    assert {(cell.data_type, cell.number_format) for cell in cells if cell.value} == {("s", "@")}
    assert [cell.value for cell in sheet[2]][1:] == [1.5, True, "2026-01-01 00:00:00"]


def test_what_a_workbook_cannot_hold():
    with pytest.raises(InputError, match="control characters"):
        render_cases_xlsx(pd.DataFrame({"case": ["a\x01"]}))
    with pytest.raises(InputError, match="holds 32,767 signs, found 40,000"):
        render_cases_xlsx(pd.DataFrame({"case": ["a" * 40_000]}))
    with pytest.raises(InputError, match="1,048,575 cases, found 1,048,576"):
        render_cases_xlsx(pd.DataFrame({"case": range(1_048_576)}))
