import json

import pytest

from policy_sim.border import InputError
from policy_sim.clv.contracts import ContractSummary, read_contracts


def test_contracts_from_a_file(tmp_path):
    path = tmp_path / "contracts.csv"
    path.write_text("customer,renewals,active\na,0,no\nb,2,YES\nc,2,1\nd,1.0,false\n")
    summary = read_contracts(path)
    assert summary.lost.tolist() == [1, 1, 0]
    assert summary.active.tolist() == [0, 0, 2]


@pytest.mark.parametrize("renewals", ["", "-1", "0.5", "inf", "nan", "1e12", "two"])
def test_renewals_that_are_none(tmp_path, renewals):
    path = tmp_path / "contracts.csv"
    path.write_text(f"renewals,active\n1,1\n{renewals},0\n")
    with pytest.raises(InputError, match=f"line 3: found renewals '{renewals}'; expected a whole number from 0 to 10,"):
        read_contracts(path)


def test_as_a_table_and_as_plain_data():
    summary = ContractSummary.of_survivors([5, 3, 2])
    assert summary.to_frame().to_dict("list") == {"renewals": [0, 1, 2], "lost": [2, 1, 0], "active": [0, 0, 2]}
    content = summary.to_dict()
    assert json.loads(json.dumps(content)) == content
    assert content["customers"] == 5
    assert content["renewals"][1] == {"renewals": 1, "lost": 1, "active": 0}
