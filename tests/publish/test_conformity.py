import json
import sys

import pytest
from hypothesis import HealthCheck, given, settings

from policy_sim.border import InputError
from policy_sim.policy import NOT_DECIDED, Guard, Lever, Playbook
from policy_sim.publish import conform, render
from policy_sim.publish.conformity import boundary_cases, broken_cases, reference
from policy_sim.publish.dmn import render_dmn
from policy_sim.publish.engines import run_engine
from policy_sim.publish.table import Vocabulary
from policy_sim.words import ASKS

#: Fewer cells: pyDMNrules takes some 100 ms a case.
FEW = Vocabulary(("wrong_item", "lost_parcel"), ("loyal",))


def _of_two_rules(policy):
    few = policy.model_copy(update={"playbook": Playbook(rules=policy.playbook.rules[:2]), "guards": ()})
    return few.with_limit(Lever("agent", "refund"), 45.0)


@pytest.fixture(scope="session")
def files(tmp_path_factory, current, rich, with_playbook, scenario):
    folder = tmp_path_factory.mktemp("files")
    for name, data in {
        "p.dmn": render_dmn(rich, FEW).encode(),
        "small.dmn": render_dmn(current.with_limit(Lever("agent", "refund", "wrong_item"), 40.0), FEW).encode(),
        "p.jdm.json": render(rich, "jdm", scenario),
        "p.csv": render(rich, "csv", scenario),
        "p.xlsx": render(rich, "xlsx", scenario),
        "p.json": render(rich, "json", scenario),
        "p.yaml": render(rich, "yaml", scenario),
        "book.dmn": render(with_playbook, "dmn", scenario),
        "small_book.dmn": render_dmn(_of_two_rules(with_playbook), Vocabulary(("wrong_item",), ("loyal",))).encode(),
        "book.jdm.json": render(with_playbook, "jdm", scenario),
        "book.csv": render(with_playbook, "csv", scenario),
    }.items():
        (folder / name).write_bytes(data)
    return folder


def test_boundaries_are_met_at_below_and_above(current):
    cases = list(boundary_cases(current, FEW))
    cell = [case for case in cases if case["failure"] == "wrong_item" and case["segment"] == "loyal"]
    refunds = {case["amount"] for case in cell if case["asked_for"] == "refund"}
    assert {24.99, 25.0, 25.01, 149.99, 150.0, 150.01, 0.0} <= refunds
    suspicions = {case["suspicion"] for case in cell}
    assert suspicions == {0.0, 0.6 - 1e-6, 0.6, 0.6 + 1e-6}


def test_zen_engine_says_what_authority_says(files, scenario):
    (result,) = conform(files / "p.jdm.json", scenario, 3000)
    assert (result.engine, result.disagreement, result.not_run) == ("zen-engine", "", "")
    assert result.holds
    assert result.cases >= 3000
    assert result.broken == 20


def test_py_dmn_rules_says_what_authority_says(files, scenario):
    (result,) = conform(files / "small.dmn", scenario, 10, engines=["pyDMNrules"])
    assert (result.engine, result.disagreement) == ("pyDMNrules", "")
    assert result.holds
    assert result.cases > 100


def test_feelin_says_what_authority_says(files, scenario, node_folder, monkeypatch):
    monkeypatch.chdir(node_folder)
    (result,) = conform(files / "p.dmn", scenario, 2000, engines=["feelin"])
    assert (result.engine, result.disagreement) == ("feelin", "")
    assert result.holds


@pytest.mark.parametrize("name", ["p.csv", "p.xlsx", "p.json", "p.yaml"])
def test_what_we_read_ourselves(files, scenario, name):
    (result,) = conform(files / name, scenario, 500)
    assert (result.engine, result.disagreement) == ("policy-sim", "")
    assert result.holds


def test_every_rule_of_the_playbook_is_met_at_below_and_above(with_playbook, vocabulary):
    cases = list(boundary_cases(with_playbook, vocabulary))
    met = set()
    for case in cases:
        ask = case["ask"] if with_playbook.playbook.hangs_on_ask(case["failure"]) else "anything"
        met.add(with_playbook.playbook.rule_for(case["failure"], case, ask))
    assert met == {None, *range(len(with_playbook.playbook.rules))}
    prices = {case["item_price"] for case in cases if case["failure"] == "wrong_item"}
    assert {0.0, 45 - 1e-6, 45.0, 45 + 1e-6, 20 - 1e-6, 20.0, 20 + 1e-6, 80.5, 80.5 + 1e-6} <= prices
    assert {case["ask"] for case in cases} == set(ASKS)


@pytest.mark.parametrize(("name", "engine"), [("book.jdm.json", "zen-engine"), ("book.csv", "policy-sim")])
def test_what_to_give_is_what_rule_for_says(files, scenario, name, engine):
    (result,) = conform(files / name, scenario, 4000)
    assert (result.engine, result.disagreement, result.not_run) == (engine, "", "")
    assert result.holds
    assert result.cases >= 4000
    assert result.broken == 20 + 3 * (5 + 3 + 2 + 2)


def test_what_to_give_in_feelin(files, scenario, node_folder, monkeypatch):
    monkeypatch.chdir(node_folder)
    (result,) = conform(files / "book.dmn", scenario, 3000, engines=["feelin"])
    assert (result.engine, result.disagreement) == ("feelin", "")
    assert result.holds


def test_what_to_give_in_py_dmn_rules(files, scenario):
    (result,) = conform(files / "small_book.dmn", scenario, 10, engines=["pyDMNrules"])
    assert (result.engine, result.disagreement) == ("pyDMNrules", "")
    assert result.holds
    assert result.cases > 80


def test_a_second_table_that_is_wrong_is_caught(files, scenario, tmp_path, with_playbook):
    content = json.loads((files / "book.jdm.json").read_text())
    table = content["nodes"][2]["content"]
    rule = next(rule for rule in table["rules"] if rule["in_item_price"] == "[0..45)")
    rule["in_item_price"] = "[0..44.99)"
    (tmp_path / "p.jdm.json").write_text(json.dumps(content))
    (result,) = conform(tmp_path / "p.jdm.json", scenario, 10)
    assert not result.holds
    assert "item_price 44.999999" in result.disagreement
    assert "expected give full_refund + keep_item" in result.disagreement
    del content["nodes"][2], content["edges"][2:]
    (tmp_path / "p.jdm.json").write_text(json.dumps(content))
    (result,) = conform(tmp_path / "p.jdm.json", scenario, 10)
    assert "it says give is missing; expected give" in result.disagreement


def test_random_policies_in_zen_engine(random, scenario, tmp_path):
    @settings(derandomize=True, deadline=None, database=None, max_examples=6, suppress_health_check=list(HealthCheck))
    @given(policy=random.policies(place_count=2))
    def agrees(policy):
        guards = tuple(guard for guard in policy.guards if guard.at_least > 1e-3)
        policy = policy.model_copy(
            update={"guards": tuple(Guard(fact=g.fact, at_least=round(g.at_least, 4), to=g.to) for g in guards)}
        )
        path = tmp_path / "p.jdm.json"
        path.write_bytes(render(policy, "jdm", scenario))
        (result,) = conform(path, scenario, 300)
        assert result.disagreement == ""

    agrees()


def test_a_wrong_file_is_caught(files, scenario, tmp_path):
    content = json.loads((files / "p.jdm.json").read_text())
    table = content["nodes"][1]["content"]
    rule = next(rule for rule in table["rules"] if rule["in_amount"] == "[0..50.01)")
    rule["in_amount"] = "[0..50)"  # a cent too tight
    (tmp_path / "p.jdm.json").write_text(json.dumps(content))
    (result,) = conform(tmp_path / "p.jdm.json", scenario, 10)
    assert not result.holds
    assert "amount 50.0" in result.disagreement


def test_against_another_policy(files, scenario, rich):
    tighter = rich.with_limit(Lever("agent", "credit"), 9.0)
    (result,) = conform(files / "p.csv", scenario, 10, policy=tighter)
    assert "expected credit_limit 9" in result.disagreement


def test_what_lacks_a_fact_is_refused_by_every_engine(files, rich, node_folder, monkeypatch):
    monkeypatch.chdir(node_folder)
    case = next(boundary_cases(rich, FEW))
    broken = broken_cases(rich, case)
    assert len(broken) == 20
    for engine, name in (("zen-engine", "p.jdm.json"), ("pyDMNrules", "p.dmn"), ("feelin", "p.dmn")):
        answers = run_engine(engine, (files / name).read_bytes(), broken)
        assert {answer["tier"] for answer in answers} == {NOT_DECIDED}, engine


def test_the_reference_is_authority(rich):
    case = {
        "currency": "USD", "failure": "wrong_item", "segment": "loyal", "asked_for": "refund", "amount": 50.0,
        "suspicion": 0.0, "prior_claims": 0.0,
    }  # fmt: skip
    said = reference(rich, case)
    assert (said["tier"], said["limit"], said["rule"]) == (
        "agent", "50", "exception of the agent for wrong item and loyal",
    )  # fmt: skip
    assert reference(rich, {**case, "amount": 50.01})["tier"] == "lead"
    assert reference(rich, {**case, "prior_claims": 4.0})["tier"] == "manager"


def test_engines_that_are_missing(files, scenario, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "zen", None)
    monkeypatch.setitem(sys.modules, "pyDMNrules", None)
    monkeypatch.setattr("shutil.which", lambda name: None)
    for name, engine in (("p.jdm.json", "zen-engine"), ("p.dmn", "pyDMNrules"), ("p.dmn", "feelin")):
        with pytest.raises(InputError, match="not installed; install it") as caught:
            conform(files / name, scenario, 10, engines=[engine])
        assert "\n" not in str(caught.value)
    results = conform(files / "p.dmn", scenario, 10)
    assert [result.holds for result in results] == [False, False]
    assert all("not installed" in result.not_run for result in results)


def test_an_engine_for_another_format(files, scenario):
    with pytest.raises(InputError, match="zen-engine does not run dmn files; expected one of: pyDMNrules, feelin"):
        conform(files / "p.dmn", scenario, 10, engines=["zen-engine"])
