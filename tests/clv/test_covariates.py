import numpy as np
import pandas as pd
import pytest

from policy_sim.border import InputError
from policy_sim.clv.covariates import aligned_covariates, mean_and_deviation, named_covariates, read_covariates
from policy_sim.clv.histories import CustomerSummary

LABELS = np.array(["a", "b", "c"])
CUSTOMERS = CustomerSummary.of_histories([1, 0, 3], [5, 0, 9], [20] * 3, labels=LABELS)


def test_from_a_file(tmp_path):
    (tmp_path / "about.csv").write_text("customer,age\nc,3\nz,9\na,1\nb,2\n")
    table = read_covariates(tmp_path / "about.csv", CUSTOMERS)
    assert table.index.tolist() == ["a", "b", "c"]
    assert table["age"].tolist() == [1, 2, 3]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("customer,age\na,1\n", "lack 2 of 3 customers, such as 'b'; add a row for each"),
        ("customer,age\na,1\na,2\n", "name customer 'a' twice; keep one row for each customer"),
        ("", "cannot be read"),
    ],
)
def test_bad_files(tmp_path, content, message):
    (tmp_path / "about.csv").write_text(content)
    with pytest.raises(InputError, match=message):
        read_covariates(tmp_path / "about.csv", CUSTOMERS)
    with pytest.raises(InputError, match="do not exist; give the path of a CSV file"):
        read_covariates(tmp_path / "nowhere.csv", CUSTOMERS)


def test_rows_follow_the_customers_and_columns_the_names():
    table = pd.DataFrame({"age": [3.0, 1, 2], "new": [0, 1, 0]}, index=["c", "a", "b"])
    values, names = aligned_covariates(table, LABELS, "covariates")
    assert names == ("age", "new")
    assert values.tolist() == [[1, 1], [2, 0], [3, 0]]
    assert named_covariates(table, ("new", "age"), "covariates").tolist() == [[0, 3], [1, 1], [0, 2]]
    assert aligned_covariates(values, LABELS, "covariates")[1] == ("z1", "z2")


def test_mean_and_deviation():
    values = np.array([[1.0, 5], [2, 7], [3, 0]])
    mean, deviation = mean_and_deviation(values, ("one", "two"), "covariates")
    np.testing.assert_array_equal(mean, [2, 4])
    np.testing.assert_allclose(deviation, values.std(axis=0))
    with pytest.raises(InputError, match="covariates: 'two' follows from the columns before it"):
        mean_and_deviation(np.array([[1.0, 2], [2, 4], [3, 6]]), ("one", "two"), "covariates")
