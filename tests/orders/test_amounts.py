from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy_sim.border import InputError
from policy_sim.clv import read_transactions


def log_of(amounts, **options):
    """Return a log with one customer for each amount, so that none is merged or moved."""
    customers = [f"c{k:03d}" for k in range(len(amounts))]
    table = pd.DataFrame({"customer": customers, "date": "1997-01-02", "amount": amounts})
    return read_transactions(table, **options)


def amounts_of(amounts, **options):
    return log_of(amounts, **options).amount.tolist()


@pytest.mark.parametrize(
    ("amounts", "expected"),
    [
        (["$1,234.50", "12"], [1234.5, 12]),
        (["1.234,50 €", "3,5 €"], [1234.5, 3.5]),
        (["1 234,50", "7,1"], [1234.5, 7.1]),
        (["1\u202f234,50\u00a0€"], [1234.5]),
        (["1'234.50", "CHF 1’000.00"], [1234.5, 1000]),
        (["1,23,456.78"], [123456.78]),
        (["1.234.567", "2,5"], [1234567, 2.5]),
        (["1,234", "2.50"], [1234, 2.5]),
        (["1.234", "2.5"], [1.234, 2.5]),
        (["0,125"], [0.125]),
        ([".5", "$1"], [0.5, 1]),
        (["1e3", "$2"], [1000, 2]),
        (["US$ 12 ", "5 usd", "$1,000.00 USD"], [12, 5, 1000]),
        (["5,00 zł", "kr. 3"], None),
        (["Rs. 1,200.00"], [1200]),
        ([Decimal("1.10"), 2, 3.5], [1.1, 2, 3.5]),
        ([0, "0.00", "-0.00"], [0, 0, 0]),
    ],
)
def test_ways_of_writing(amounts, expected):
    if expected is None:
        with pytest.raises(InputError, match="is in another currency than"):
            amounts_of(amounts)
    else:
        assert amounts_of(amounts) == expected


def test_undecided_separators_are_noted():
    for amounts, expected in ((["1,234", "5,678"], [1234, 5678]), (["1.234", "2.500"], [1.234, 2.5])):
        log = log_of(amounts)
        assert log.amount.tolist() == expected
        assert f"amounts such as '{amounts[0]}' were read with a decimal point" in log.reading.sentences[0]


def test_other_currency_is_noted():
    sentences = log_of(["€5"]).reading.sentences
    assert sentences == ("amounts are marked as EUR but taken as USD; nothing was converted",)
    assert log_of(["$5"], currency="CAD").reading.sentences == ()


def test_contradictions():
    with pytest.raises(InputError, match=r"row 2: amount '1,5' has a decimal comma, but .*, row 1 has '1.5'"):
        amounts_of(["1.5", "1,5"])
    with pytest.raises(InputError, match=r"row 1: amount '\$12' is in another currency than '€3' in .*, row 2"):
        amounts_of(["$12", "€3"])


@pytest.mark.parametrize(
    "written",
    ["abc", "nan", "inf", "1.2k", "12%", "5 CR", "12 34", "12,34,5", "--5", "(-5)", "5 mio", float("inf"), True],
)
def test_unreadable(written):
    with pytest.raises(InputError, match=r"the table, row 2: found amount '.*', which cannot be read; expected"):
        amounts_of([5, written])


@pytest.mark.parametrize("missing", [None, "", np.nan, pd.NA])
def test_missing(missing):
    with pytest.raises(InputError, match="the table, row 2: the amount is missing; expected a number"):
        amounts_of([5, missing])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=8), st.sampled_from([",.", ".,", " ,", "'.", "\u00a0,"]))
def test_what_is_written_is_read(cents, signs):
    group, decimal = signs
    written = [f"{c / 100:,.2f}".replace(",", "g").replace(".", decimal).replace("g", group) for c in cents]
    assert amounts_of(written) == [c / 100 for c in cents]
    assert amounts_of([f"{text} €" for text in written], currency="EUR") == [c / 100 for c in cents]
