import pandas as pd
import pytest

from policy_sim.border import InputError
from policy_sim.clv import read_transactions

HEADER = "customer,date,amount\n"


def test_labels_stay_as_they_are(write):
    log = read_transactions(write(HEADER + "007,1997-01-02,5\nNA,1997-01-02,5\n7,1997-01-02,5\n"))
    assert log.labels.tolist() == ["007", "7", "NA"]


def test_whole_floats_are_ids_without_a_point():
    frame = pd.DataFrame({"customer": [12.0, 7.0], "date": "1997-01-02", "amount": [1.0, 2.0]})
    assert read_transactions(frame).labels.tolist() == ["12", "7"]


def test_floats_too_large_to_tell_whole_numbers_apart_are_told_of():
    frame = pd.DataFrame({"customer": [1e20, 7.0], "date": "1997-01-02", "amount": [1.0, 2.0]})
    log = read_transactions(frame)
    assert log.labels.tolist() == ["1e+20", "7"]
    assert "lost digits in a spreadsheet" in " ".join(log.reading.sentences)


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        ({"customer": "", "email": ["x", ""], "date": "1997-01-02"}, "row 1: the customer id in column 'customer' is"),
        ({"customer": "guest", "email": "", "date": "1997-01-02"}, "row 1: the customer id in column 'customer' is"),
        ({"customer": ["", "total"], "date": ""}, r"row 1: neither date nor customer \(2 rows in all, as of totals\)"),
    ],
)
def test_a_log_in_which_no_row_is_anybodys_is_refused(frame, message):
    with pytest.raises(InputError, match=message):
        read_transactions(pd.DataFrame({**frame, "amount": [1.0, 2.0]}))


def test_customers_with_nothing_but_returns_vanish():
    log = read_transactions(pd.DataFrame({"customer": ["a", "b", "c"], "date": "1997-01-02", "amount": [3, -4, 5]}))
    assert log.labels.tolist() == ["a", "c"]
    assert log.customer.tolist() == [0, 1]
