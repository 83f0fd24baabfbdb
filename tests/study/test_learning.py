"""What better assumptions change: limits judged by those of before and of now, and by the truth."""

import numpy as np
import pytest

from policy_sim.assumptions import central, load_scenario
from policy_sim.border import InputError
from policy_sim.policy import limit_content, load_policy
from policy_sim.service import Cases
from policy_sim.study import Sample, prepare, what_learning_changes
from policy_sim.value import Payoffs, compare, evaluate, value_cases


@pytest.fixture(scope="module")
def before() -> Payoffs:
    return prepare(load_scenario("online_retail"), sample=Sample(cases=300, draws=6)).payoffs


def valued_anew(cases: Cases, values: dict[str, float]) -> Payoffs:
    changed = load_scenario("online_retail").with_values(values)
    return value_cases(changed, cases, central(changed))


def test_both_limits_are_judged_by_all(before: Payoffs) -> None:
    policy = load_policy("current", before.scenario)
    now = valued_anew(before.cases, {"wrong_item.compensation_weight": 2.4, "lost_parcel.compensation_weight": 3.0})
    truth = valued_anew(before.cases, {"wrong_item.compensation_weight": 2.2})
    learning = what_learning_changes(before, now, truth, policy=policy)
    table = learning.to_frame().set_index(["limits_of", "judged_by"])
    assert list(table.index) == [(known, judge) for judge in ("before", "now", "truth") for known in ("before", "now")]
    by_itself = compare(evaluate(learning.now.policy, truth), evaluate(policy, truth))
    assert table.loc[("now", "truth"), "net_value"] == pytest.approx(by_itself.per_year().mean())
    assert (table["low"] <= table["net_value"]).all()
    assert (table["net_value"] <= table["high"]).all()
    # each is best by what it was found with
    for known, other in (("before", "now"), ("now", "before")):
        assert table.loc[(known, known), "net_value"] >= table.loc[(other, known), "net_value"] - 1e-6
    limits = learning.limits()
    first = limits.iloc[0]
    assert first["in_force"] == limit_content(policy.limit(first["tier"], first["limit"]))
    assert first["now"] == limit_content(learning.now.policy.limit(first["tier"], first["limit"]))
    content = learning.to_dict()
    assert np.isfinite([row["net_value"] for row in content["gains"]]).all()


def test_without_the_truth_nothing_is_judged_by_it(before: Payoffs) -> None:
    learning = what_learning_changes(before, before, policy=load_policy("current", before.scenario))
    table = learning.to_frame()
    assert set(table["judged_by"]) == {"before", "now"}
    assert table["net_value"].nunique() == 1  # nothing was learned, so nothing changes


def test_other_cases_are_refused(before: Payoffs) -> None:
    fewer = valued_anew(before.cases.take(np.arange(100)), {})
    with pytest.raises(InputError, match=r"there are 100 and 300 of them; value the same cases"):
        what_learning_changes(before, fewer, policy=load_policy("current", before.scenario))
