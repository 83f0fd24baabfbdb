import json

import numpy as np
import pytest

from policy_sim.clv.failure_values import CAVEATS, FailureValues
from policy_sim.clv.recovery_bg_nbd import RecoveryBgNbdFit

TRUTH = RecoveryBgNbdFit(
    r=0.8,
    alpha_weeks=8.0,
    a=np.array([0.5, 1.35, 0.75, 0.36]),
    b=np.array([4.5, 1.65, 2.25, 2.64]),
    class_names=("ordinary", "nothing", "apology", "refund"),
    failure_shares=np.array([0.032, 0.028, 0.02]),
)


def test_worked_values_at_a_failure():
    values = TRUTH.value_at_failure(
        0.15, [3], [40], [(1, 1, 0, 0)], margin_share=0.3, expected_spend=100, recovery_costs=[0, 5, 40]
    )
    np.testing.assert_allclose(values.survival[0], [0.6625, 0.75, 0.88], rtol=1e-14)
    np.testing.assert_allclose(values.dert[0], [7.122821, 8.014716, 9.266529], atol=1e-6)
    np.testing.assert_allclose(values.expected_purchases[0], [2.236686, 2.529677, 2.960349], atol=1.1e-6)
    margin = 30 - (0.028 * 5 + 0.02 * 40)
    np.testing.assert_allclose(values.value[0], margin * values.dert[0] - [0, 5, 40], rtol=1e-14)
    frame = values.to_frame()
    assert list(frame["recovery"]) == ["nothing", "apology", "refund"]
    assert list(frame.columns) == ["position", "recovery", "survival", "dert", "expected_purchases", "value"]
    assert frame.attrs["caveats"] == CAVEATS
    assert "random given what is recorded" in frame.head(1).attrs["caveats"][0]


def test_means_and_plain_data():
    values = FailureValues(
        recoveries=("nothing", "refund"),
        survival=np.array([[0.5, 0.9], [0.7, 0.8]]),
        dert=np.array([[1.0, 3.0], [2.0, 4.0]]),
        expected_purchases=np.ones((2, 2)),
        value=np.array([[10.0, 30.0], [20.0, 50.0]]),
    )
    means = values.means()
    assert list(means.columns) == ["recovery", "survival", "dert", "expected_purchases", "value"]
    assert means["recovery"].tolist() == ["nothing", "refund"]
    assert means["value"].tolist() == [15.0, 40.0]
    assert means["survival"].to_numpy() == pytest.approx([0.6, 0.85])
    content = values.to_dict()
    assert json.loads(json.dumps(content)) == content
    assert content["values"][1] == {
        "position": 0, "recovery": "refund", "survival": 0.9, "dert": 3.0, "expected_purchases": 1.0, "value": 30.0,
    }  # fmt: skip
    assert content["caveats"] == list(CAVEATS)
