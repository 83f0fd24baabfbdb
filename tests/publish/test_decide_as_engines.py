"""What `decide --rules-only` says of a file of cases is what the published table says in a rules engine, row by row."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings

from policy_sim.cells import read_table
from policy_sim.policy import GIVEN, NOT_DECIDED, NOT_DECIDED_RULE, REASON, Decider, Guard, Lever, decide_table
from policy_sim.publish import render
from policy_sim.publish.conformity import boundary_cases, broken_cases
from policy_sim.publish.engines import run_engine
from policy_sim.publish.table import Vocabulary

#: What a decided row and the published table both say.
SAID = ("tier", "limit", "rule", "return_waived", "starts_at", "because")


def every_kind_of(policy, vocabulary, seed=0, count=400):
    """Return conform's cases, those that must be refused, and cases that lack or spoil something at random."""
    whole = list(boundary_cases(policy, vocabulary))
    broken = broken_cases(policy, whole[0], vocabulary)
    rng = np.random.default_rng(seed)
    spoiled = []
    for _ in range(count):
        case = dict(whole[rng.integers(len(whole))])
        for name in rng.choice(list(case), rng.integers(1, 4), replace=False):
            wrong = {
                "amount": -1.0,
                "currency": "EUR",
                "failure": "wrong_itm",
                "segment": "Loyal",
                "asked_for": "money",
                "ask": "refund",
            }
            case[name] = None if rng.random() < 0.6 else wrong.get(name, -0.5)
        spoiled.append(case)
    return [*whole, *broken, *spoiled]


def decided(policy, vocabulary, cases, path, separator=","):
    pd.DataFrame(cases).to_csv(path, index=False, sep=separator)
    cells = read_table("cases", path)
    return decide_table(Decider(policy, vocabulary.failures, vocabulary.segments), cells.rows, cells.has_commas)


def differing(table, answers):
    """Return the rows in which a table and an engine do not say the same."""
    said = (*SAID, *(name for name in GIVEN if name in table.columns))
    return [
        (row, name, own[name], answer[name])
        for row, (own, answer) in enumerate(zip(table.to_dict("records"), map(taken_together, answers), strict=True))
        for name in said
        if own[name] != answer[name]
    ]


def taken_together(answer):
    """Return what both tables of an engine say: a case that either cannot decide goes to a person, all of it."""
    if NOT_DECIDED not in (answer["tier"], answer.get("give")):
        return answer
    rules = dict.fromkeys(("rule", "because", "playbook_rule"), NOT_DECIDED_RULE)
    return dict.fromkeys((*SAID, *GIVEN), NOT_DECIDED) | rules | {"return_waived": False}


@pytest.mark.parametrize("separator", [",", ";"])
def test_zen_engine(tmp_path, scenario, vocabulary, rich, separator):
    cases = every_kind_of(rich, vocabulary)
    table = decided(rich, vocabulary, cases, tmp_path / "cases.csv", separator)
    answers = run_engine("zen-engine", render(rich, "jdm", scenario), cases)
    assert differing(table, answers) == []
    assert ((table["tier"] == NOT_DECIDED) == (table[REASON] != "")).all()
    assert 20 < (table["tier"] == NOT_DECIDED).sum() < len(cases) / 2
    # some lack a fact that only later guards look at, and are decided
    lacking = pd.DataFrame(cases)["suspicion"].isna() & (table["tier"] != NOT_DECIDED)
    assert lacking.any()


def test_feelin(tmp_path, scenario, vocabulary, rich, node_folder, monkeypatch):
    monkeypatch.chdir(node_folder)
    cases = every_kind_of(rich, vocabulary, seed=1)[::3]
    table = decided(rich, vocabulary, cases, tmp_path / "cases.csv")
    assert differing(table, run_engine("feelin", render(rich, "dmn", scenario), cases)) == []


@pytest.mark.parametrize(
    "guards",
    [
        (),
        (Guard(fact="suspicion", at_least=0, to="lead"), Guard(fact="prior_claims", at_least=2, to="manager")),
        (Guard(fact="item_price", at_least=100, to="manager"), Guard(fact="item_price", at_least=50, to="lead")),
        (
            Guard(fact="severity", at_least=0.5, to="lead"),
            Guard(fact="suspicion", at_least=0.5, to="lead"),
            Guard(fact="prior_failures", at_least=1, to="manager"),
            Guard(fact="severity", at_least=0.9, to="manager"),
        ),
    ],
)
def test_other_guards(tmp_path, scenario, vocabulary, current, guards):
    policy = current.model_copy(update={"guards": guards})
    cases = every_kind_of(policy, vocabulary, seed=2)
    table = decided(policy, vocabulary, cases, tmp_path / "cases.csv")
    assert differing(table, run_engine("zen-engine", render(policy, "jdm", scenario), cases)) == []


def test_random_policies(random, scenario, tmp_path):
    vocabulary = Vocabulary(tuple(scenario.failures), tuple(segment.name for segment in scenario.segments))

    @settings(derandomize=True, deadline=None, database=None, max_examples=5, suppress_health_check=list(HealthCheck))
    @given(policy=random.policies(place_count=2))
    def agrees(policy):
        policy = policy.model_copy(
            update={
                "guards": tuple(
                    Guard(fact=guard.fact, at_least=round(guard.at_least, 4), to=guard.to)
                    for guard in policy.guards
                    if guard.at_least > 1e-3
                )
            }
        )
        cases = every_kind_of(policy, vocabulary, count=200)
        table = decided(policy, vocabulary, cases, tmp_path / "cases.csv")
        assert differing(table, run_engine("zen-engine", render(policy, "jdm", scenario), cases)) == []

    agrees()


def test_a_playbook(tmp_path, scenario, vocabulary, with_playbook, node_folder, monkeypatch):
    monkeypatch.chdir(node_folder)
    cases = every_kind_of(with_playbook, vocabulary, count=1000)
    table = decided(with_playbook, vocabulary, cases, tmp_path / "cases.csv")
    assert differing(table, run_engine("zen-engine", render(with_playbook, "jdm", scenario), cases)) == []
    assert differing(table[::3], run_engine("feelin", render(with_playbook, "dmn", scenario), cases[::3])) == []
    assert set(table["give"]) > {"full_refund + keep_item", "nothing", "no rule", NOT_DECIDED}


def test_another_currency(tmp_path, scenario, vocabulary, current):
    case = next(boundary_cases(current.with_limit(Lever("agent", "refund"), 20.0), vocabulary))
    cases = [
        case | {"currency": currency} for currency in ("USD", "EUR", "KWD", "JPY", None, "usd", "USD ", "$", "XXX")
    ]
    table = decided(current, vocabulary, cases, tmp_path / "cases.csv")
    assert list(table["tier"] == NOT_DECIDED) == [False, *[True] * 8]
    assert differing(table, run_engine("zen-engine", render(current, "jdm", scenario), cases)) == []
