import pandas as pd

from policy_sim.clv import read_transactions

HEADER = "customer,date,amount\n"


def test_labels_stay_as_they_are(write):
    log = read_transactions(write(HEADER + "007,1997-01-02,5\nNA,1997-01-02,5\n7,1997-01-02,5\n"))
    assert log.labels.tolist() == ["007", "7", "NA"]


def test_whole_floats_are_ids_without_a_point():
    frame = pd.DataFrame({"customer": [12.0, 7.0], "date": "1997-01-02", "amount": [1.0, 2.0]})
    assert read_transactions(frame).labels.tolist() == ["12", "7"]


def test_customers_with_nothing_but_returns_vanish():
    log = read_transactions(pd.DataFrame({"customer": ["a", "b", "c"], "date": "1997-01-02", "amount": [3, -4, 5]}))
    assert log.labels.tolist() == ["a", "c"]
    assert log.customer.tolist() == [0, 1]
