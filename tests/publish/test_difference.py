import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from policy_sim.border import InputError
from policy_sim.policy import ASK, Guard, Lever, Playbook, authority, load_policy
from policy_sim.policy.decision import decision_of
from policy_sim.publish import difference
from policy_sim.publish.conformity import boundary_cases


def decided(policy, case):
    facts = {name: value for name, value in case.items() if name in _FACTS}
    may = authority(policy, case["failure"], case["segment"], facts)
    return policy.tier_names.index(decision_of(may, case["asked_for"], case["amount"]).tier)


_FACTS = ("suspicion", "prior_claims", "prior_failures", "item_price", "days_since_purchase", "severity")


def test_nothing_differs(scenario, current):
    differing = difference(current, current, scenario)
    assert differing.verdict == "equal: in every case the same tier may decide"
    assert (differing.steps, differing.counterexamples, differing.life) == ((), (), ())


def test_one_allows_whatever_the_other_allows(scenario, current):
    differing = difference(current, load_policy("generous", scenario), scenario)
    assert differing.verdict == "generous allows whatever current allows, and more"
    assert all(step.more_generous == "generous" for step in differing.steps)
    words = [step.words for step in differing.steps]
    assert "refund above 25 up to 150 USD, any failure (any segment): lead decides -> agent decides" in words
    assert (
        "cases with suspicion 0.6 or more and below 0.8, prior claims below 4: lead looks first -> agent looks first"
        in words
    )


def test_each_allows_something_that_the_other_does_not(scenario, current):
    other = current.with_limit(Lever("agent", "refund", "wrong_item", "loyal"), 50.0)
    other = other.with_limit(Lever("agent", "credit"), 5.0).model_copy(update={"version": 2})
    differing = difference(current, other, scenario)
    assert differing.verdict == "neither allows whatever the other allows"
    assert len(differing.counterexamples) == 2
    assert [(step.words, step.more_generous) for step in differing.steps] == [
        ("credit above 5 up to 10 USD, any failure (any segment): agent decides -> lead decides", "current version 1"),
        ("refund above 25 up to 50 USD, Wrong item (Many orders): lead decides -> agent decides", "current version 2"),
    ]
    assert differing.life == ("version 1 -> 2",)
    table = differing.to_frame()
    assert list(table.columns) == ["words", "more_generous", "example", "first", "second"]
    assert table["example"][1].startswith("wrong_item, loyal, refund, 50.0")


def test_differences_too_small_to_be_met_by_sampling(scenario, current):
    other = current.with_limit(Lever("lead", "replacement", "broken_part", "first_time"), 250.01)
    differing = difference(current, other, scenario)
    (step,) = differing.steps
    assert step.example["amount"] == 250.01
    assert (step.first, step.second) == ("manager", "lead")


def test_who_looks_first_may_change_nothing(scenario, current):
    asking = current
    for name in ("refund", "credit", "keep_item", "replacement", "goodwill", "total_cost"):
        asking = asking.with_limit(Lever("agent", name), ASK)
    asking = asking.model_copy(update={"guards": ()})
    other = asking.model_copy(update={"guards": (Guard(fact="suspicion", at_least=0.5, to="lead"),)})
    differing = difference(asking, other, scenario)
    assert differing.verdict.startswith("equal")
    assert "(who looks first differs, who decides does not)" in differing.steps[0].words


def test_against_the_plainest_search(scenario, random, vocabulary):
    """Every boundary of either policy, in every combination of the facts' boundaries that was drawn."""
    rng = np.random.default_rng(1)

    @settings(derandomize=True, deadline=None, database=None, max_examples=20, suppress_health_check=list(HealthCheck))
    @given(first=random.policies(place_count=2), second=random.policies(place_count=2))
    def agrees(first, second):
        differing = difference(first, second, scenario)
        guards = (*first.guards, *second.guards)
        facts = {
            guard.fact: [0.0, *(other.at_least for other in guards if other.fact == guard.fact)] for guard in guards
        }
        signs = set()
        cases = [*boundary_cases(first, vocabulary), *boundary_cases(second, vocabulary)]
        for case in (cases[k] for k in rng.choice(len(cases), 300)):
            whole = case | {fact: float(rng.choice(values)) for fact, values in facts.items()}
            signs.add(int(np.sign(decided(second, whole) - decided(first, whole))))
        if 1 in signs:
            assert differing.first_more is not None
        if -1 in signs:
            assert differing.second_more is not None
        for step in (*differing.steps, *differing.counterexamples):
            assert scenario.tiers[decided(first, step.example)] == step.first
            assert scenario.tiers[decided(second, step.example)] == step.second
        assert bool(differing.counterexamples) == any(step.first != step.second for step in differing.steps)
        one, two = differing.first_more, differing.second_more
        assert one is None or decided(first, one.example) < decided(second, one.example)
        assert two is None or decided(second, two.example) < decided(first, two.example)

    agrees()


def test_other_currencies(scenario, current):
    with pytest.raises(InputError, match="is in EUR"):
        difference(current, current.model_copy(update={"currency": "EUR"}), scenario)


def test_playbooks_are_told_apart_in_words(scenario, with_playbook):
    rules = list(with_playbook.playbook.rules)
    changed = [rules[1].model_copy(update={"give": ("replacement", "keep_item")}), *rules[2:]]
    other = with_playbook.model_copy(update={"playbook": Playbook(rules=tuple(changed)), "version": 2})
    differing = difference(with_playbook, other, scenario)
    assert differing.verdict.startswith("equal: in every case the same tier may decide")
    dear = "Wrong item, $20 or more and under $80.50, in stock: replacement, keep the item"
    assert differing.playbook == (
        f"playbook rule changed: {dear}, apology note -> {dear}",
        "playbook rule taken out: Wrong item, under $45, fewer than 2 orders, asks for money: full refund, keep the "
        "item",
    )
    assert differing.to_dict()["playbook"] == list(differing.playbook)
    assert difference(other, other, scenario).playbook == ()
