"""What a policy changes, in sentences: what they say of every case, and how many cases a year they count."""

from __future__ import annotations

import re

import pytest
from hypothesis import HealthCheck, given, settings

from policy_sim.border import InputError
from policy_sim.policy import ASK, NO_LIMIT, Guard, Lever, Playbook, Tier, load_policy
from policy_sim.publish import policy_changes
from policy_sim.study import Sample, prepare
from policy_sim.value import Handling, decision_change
from policy_sim.words import LIMITS


@pytest.fixture(scope="module")
def payoffs(scenario):
    return prepare(scenario, sample=Sample(cases=300, draws=5)).payoffs


def said(before, after, scenario):
    return [change.words for change in policy_changes(before, after, scenario).changes]


def test_a_limit_that_rises_and_one_that_falls(scenario, current):
    other = current.with_limit(Lever("agent", "refund"), 50.0).with_limit(Lever("lead", "credit"), 20.0)
    changes = policy_changes(current, other, scenario)
    assert changes.sentences == (
        "Agents no longer need a lead to refund between $25 and $50.",
        "Leads now need a manager to give store credit between $20 and $50.",
    )
    assert changes.losses == ("Leads can no longer do without asking: give store credit between $20 and $50.",)
    assert (changes.together, changes.passed_up, changes.cases) == ("", "", None)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (ASK, 40.0, "Agents no longer need a lead to let customers keep items up to $40"),
        (ASK, NO_LIMIT, "Agents no longer need a lead or a manager to let customers keep items, whatever the amount"),
        (40.0, NO_LIMIT, "Agents no longer need a lead or a manager to let customers keep items above $40"),
        (12.5, 60.0, "Agents no longer need a lead or a manager to let customers keep items between $12.50 and $60"),
        (55.0, 60.0, "Agents no longer need a manager to let customers keep items between $55 and $60"),
        (40.0, ASK, "Agents now need a lead to let customers keep items up to $40"),
        (40.0, 0.0, "Agents now need a lead to let customers keep items up to $40"),
    ],
)
def test_amounts_and_who_is_asked(scenario, current, old, new, words):
    lever = Lever("agent", "keep_item")
    assert said(current.with_limit(lever, old), current.with_limit(lever, new), scenario) == [words]


def test_no_authority_at_all(scenario, current):
    (words,) = said(current, current.with_limit(Lever("agent", "total_cost"), ASK), scenario)
    assert words == "Agents now need a lead to give anything at all"


def test_exceptions_are_said_for_whom_they_change_something(scenario, current):
    loyal = current.with_limit(Lever("agent", "refund", "wrong_item", "loyal"), 50.0)
    assert said(current, loyal, scenario) == [
        "Agents no longer need a lead to refund between $25 and $50, for “Wrong item” (customers: “Many orders”)"
    ]
    # an exception that says what holds anyway changes nothing, nor does the general limit for those who had it before
    assert said(current, current.with_limit(Lever("agent", "refund", "wrong_item"), 25.0), scenario) == []
    (words,) = said(loyal, loyal.with_limit(Lever("agent", "refund"), 50.0), scenario)
    assert "“Wrong item” (customers: “First order” or “A few orders”)" in words
    assert "“Delivered late”" in words


def test_guards_moved_added_and_gone(scenario, current):
    guards = (Guard(fact="suspicion", at_least=0.5, to="lead"), Guard(fact="item_price", at_least=200, to="manager"))
    changes = policy_changes(current, current.model_copy(update={"guards": guards}), scenario)
    assert changes.sentences == (
        "Cases now go straight to a lead where the tool shows a risk score of 0.5 or more (so far 0.6).",
        "Cases now go straight to a manager where the item cost $200 or more.",
        "Cases no longer go straight to a manager where this customer has 4 or more claims in the last 12 months.",
    )
    assert changes.losses == (
        "Agents can no longer do without asking: decide cases where the tool shows a risk score of 0.5 or more.",
        "Agents and leads can no longer do without asking: decide cases where the item cost $200 or more.",
    )
    assert not policy_changes(current.model_copy(update={"guards": guards}), current, scenario).changes[0].loser


def test_rules_are_counted_together(scenario, with_playbook, payoffs):
    rules = list(with_playbook.playbook.rules)
    one = with_playbook.model_copy(update={"playbook": Playbook(rules=tuple(rules[1:]))})
    (change,) = policy_changes(with_playbook, one, scenario, payoffs).changes
    assert change.words.startswith("Rule taken out: Wrong item")
    assert change.cases == decision_change(one, with_playbook, payoffs)
    none = with_playbook.model_copy(update={"playbook": None})
    changes = policy_changes(with_playbook, none, scenario, payoffs).changes
    assert [bool(change.cases) for change in changes] == [*(False for _ in rules), True]
    assert changes[-1].words == f"These {len(rules)} changes of rules together"


def test_counts_are_of_that_change_alone_and_of_all_together(scenario, current, payoffs):
    first = current.with_limit(Lever("agent", "refund"), 60.0)
    both = first.with_limit(Lever("agent", "keep_item"), 60.0).with_limit(Lever("lead", "keep_item"), 60.0)
    changes = policy_changes(current, both, scenario, payoffs)
    assert changes.cases == decision_change(both, current, payoffs)
    assert changes.changes[0].cases == decision_change(first, current, payoffs)
    assert re.search(r"; about [\d,]+ cases a year are decided lower down", changes.sentences[0])
    overlap = sum(change.cases.total for change in changes.changes) - changes.cases.total
    assert ("touched by several" in changes.together) == (overlap > 1e-6)
    assert ("several of these changes meet" in changes.together) == (overlap < -1e-6)
    # one change has no "together"
    assert policy_changes(current, first, scenario, payoffs).together == ""
    back = policy_changes(both, current, scenario, payoffs)
    assert re.fullmatch(r"About [\d,]+ cases a year in all are decided higher up than before\.", back.passed_up)
    assert "cases a year go up)" in back.losses[0]


def test_no_more_figures_than_the_sample_has_sense_for(scenario, current, payoffs):
    changed = current.with_limit(Lever("agent", "refund"), 60.0)
    (change,) = policy_changes(current, changed, scenario, payoffs).changes
    figure = int(re.search(r"about ([\d,]+) cases", change.sentence).group(1).replace(",", ""))
    assert abs(figure - change.cases.lower) <= change.cases.error
    assert figure % 10 == 0
    unseen = current.with_limit(Lever("lead", "replacement"), 250.01)
    (change,) = policy_changes(current, unseen, scenario, payoffs).changes
    assert change.sentence.endswith("; no case of those looked at comes out otherwise.")


def test_against_every_cell_of_random_policies(scenario, random, payoffs):
    """A sentence for each limit that differs somewhere, counted by setting it there and nowhere else."""

    @settings(derandomize=True, deadline=None, database=None, max_examples=12, suppress_health_check=list(HealthCheck))
    @given(first=random.policies(place_count=2), second=random.policies(place_count=2))
    def agrees(first, second):
        changes = policy_changes(first, second, scenario, payoffs)
        cells = [(f, segment.name) for f in scenario.failures for segment in scenario.segments]
        alike = {}
        for tier in first.tier_names[:-1]:
            for name in LIMITS:
                for cell in cells:
                    pair = first.limit(tier, name, *cell), second.limit(tier, name, *cell)
                    if pair[0] != pair[1]:
                        alike.setdefault((tier, name, pair), []).append(cell)
        own = [change for change in changes.changes if change.kind == "limit"]
        assert len(own) == len(alike)
        for change, ((tier, name, (old, new)), where) in zip(own, alike.items(), strict=True):
            assert change.words.startswith(f"{tier.capitalize()}s {'now need' if new < old else 'no longer need'} a ")
            assert bool(change.lost) == (new < old)
            tiers = tuple(Tier(name=own_tier.name, limits=dict(own_tier.limits)) for own_tier in first.tiers)
            step = first.as_draft().model_copy(update={"tiers": tiers})
            for cell in where:
                step = step.with_limit(Lever(tier, name, *cell), new)
            before, after = Handling.of(first, payoffs), Handling.of(step, payoffs)
            is_touched = (before.tier != after.tier) | (before.choice != after.choice).any(axis=1)
            assert (change.cases.total > 0) <= bool(is_touched.any())
            assert change.cases == decision_change(step, first, payoffs)
        assert changes.cases == decision_change(second, first, payoffs)

    agrees()


def test_what_does_not_fit(scenario, current):
    with pytest.raises(InputError, match="is in EUR"):
        policy_changes(current, current.model_copy(update={"currency": "EUR"}), scenario)
    shorter = current.model_copy(update={"tiers": (current.tiers[0], current.tiers[2]), "guards": ()})
    with pytest.raises(InputError, match="have the tiers agent, lead, manager and agent, manager"):
        policy_changes(current, shorter, scenario)


def test_nothing_changes(scenario, current, payoffs):
    changes = policy_changes(current, current, scenario, payoffs)
    assert (changes.changes, changes.sentences, changes.losses, changes.together) == ((), (), (), "")
    assert changes.to_frame().empty


def test_as_a_table_and_as_plain_data(scenario, current, payoffs):
    changes = policy_changes(current, load_policy("generous", scenario), scenario, payoffs)
    table = changes.to_frame()
    assert list(table["change"]) == [change.words for change in changes.changes]
    parts = table[["decided_lower", "decided_higher", "given_otherwise"]].sum(axis=1)
    assert list(table["cases_a_year"]) == pytest.approx(list(parts))
    assert changes.to_dict()["changes"][0]["cases_a_year"] == changes.changes[0].cases.to_dict()
