"""Tables of published policies: verdicts, differences with an example, engines that were not run."""

from __future__ import annotations

from policy_sim.assumptions import load_scenario
from policy_sim.policy import Lever, load_policy
from policy_sim.publish import Conformity, Finding, difference, policy_changes
from policy_sim.show.terminal.publishing import of_conformity, of_difference, of_findings

SCENARIO = load_scenario("online_retail")
POLICY = load_policy("current", SCENARIO)


def test_findings_are_counted_and_decide_whether_to_publish() -> None:
    assert of_findings(POLICY, []) == ["current: nothing found; every case has one rule that decides it"]
    warning, error = Finding("warning", "guards", "it catches too many"), Finding("error", "falls", "it falls")
    assert of_findings(POLICY, [warning]) == [
        "warning: it catches too many",
        "current: 1 warning; fit to be published",
    ]
    assert of_findings(POLICY, [error, error, warning])[-1] == ("current: 2 errors, 1 warning; not fit to be published")


def test_a_difference_has_a_row_for_each_step() -> None:
    wider = POLICY.with_limit(Lever("agent", "credit"), 20.0).model_copy(update={"name": "wider"})
    rules = difference(POLICY, wider, SCENARIO)
    verdict, example, table = of_difference(rules, None)
    assert verdict == "current -> wider: wider allows whatever current allows, and more"
    assert str(example).endswith("lead decides -> agent decides")
    assert not isinstance(table, str)
    assert table.row_count == len(rules.steps)


def test_what_changes_is_said_before_the_table() -> None:
    narrower = POLICY.with_limit(Lever("agent", "credit"), 5.0).model_copy(update={"name": "narrower"})
    verdict, sentence, loss, *_ = of_difference(
        difference(POLICY, narrower, SCENARIO), None, policy_changes(POLICY, narrower, SCENARIO)
    )
    assert verdict == "current -> narrower: current allows whatever narrower allows, and more"
    assert sentence == "- Agents now need a lead to give store credit between $5 and $10."
    assert loss == "Agents can no longer do without asking: give store credit between $5 and $10."


def test_an_engine_that_was_not_run_has_no_counts() -> None:
    answers = [Conformity("one", 1200, 10, 1200), Conformity("two", 1200, 10, 0, not_run="Node.js is not there")]
    table, problem = of_conformity("p.dmn", answers)
    assert not isinstance(table, str)
    assert [list(column.cells) for column in table.columns] == [
        ["one", "two"], ["1,200", "not run"], ["1,200", ""], ["10", ""],
    ]  # fmt: skip
    assert problem == "two: Node.js is not there"
