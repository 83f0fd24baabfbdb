"""What the playbook says of a case: one by one, many at once, in words, and what changed in it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from policy_sim.border import InputError
from policy_sim.policy import (
    GIVEN,
    NO_RULE,
    NOT_DECIDED,
    NOT_DECIDED_RULE,
    REASON,
    Decider,
    Playbook,
    PlaybookRule,
    Versions,
    authority,
    decide_by_date,
    decide_table,
    load_policy,
    playbook_rule_words,
    record_content,
    seal_of,
    titles_of,
)
from policy_sim.policy.playbook_words import playbook_changes
from policy_sim.policy.record import changes, parse_record
from policy_sim.words import ASKED_FOR, ASKS, RULE_FACTS

FILE = Path(__file__).parents[1] / "publish" / "with_playbook.yaml"
GUARDED = {"suspicion": 0.1, "prior_claims": 0.0}
FACTS = GUARDED | {"item_price": 30.0, "prior_purchases": 1.0, "in_stock": 1.0}


@pytest.fixture(scope="module")
def policy(scenario):
    return load_policy(FILE, scenario)


@pytest.fixture
def decider(policy, scenario, segments):
    return Decider(policy, scenario.failures, segments)


def edges_of(playbook, fact):
    """Return values of a fact at every end of a stretch, just below and just above it."""
    ends = {end for rule in playbook.rules if fact in rule.when for end in rule.when[fact].ends if np.isfinite(end)}
    return sorted({0.0, 1.0, *(max(0.0, end + step) for end in ends for step in (-1e-6, 0, 1e-6))})


def drawn_cases(policy, scenario, segments, count, seed=0):
    rng = np.random.default_rng(seed)
    columns = {
        "failure": rng.choice(list(scenario.failures), count),
        "segment": rng.choice(segments, count),
        "asked_for": rng.choice(ASKED_FOR, count),
        "amount": rng.choice([0, 9.99, 45, 45.01, 150.01], count),
        "ask": rng.choice(list(ASKS), count),
        "suspicion": rng.choice([0.1, 0.6], count),
    }
    return pd.DataFrame(columns | {fact: rng.choice(edges_of(policy.playbook, fact), count) for fact in RULE_FACTS})


def test_one_by_one_and_all_at_once_say_what_rule_for_says(policy, decider, scenario, segments):
    cases = drawn_cases(policy, scenario, segments, 4000)
    table = decide_table(decider, cases)
    assert list(table.columns[-3:]) == [*GIVEN, REASON]
    assert (table[REASON] == "").all()
    without = decide_table(Decider(policy.model_copy(update={"playbook": None}), scenario.failures, segments), cases)
    pd.testing.assert_frame_equal(table.drop(columns=list(GIVEN)), without)
    used = set()
    for case, row in zip(cases.to_dict("records"), table.to_dict("records"), strict=True):
        place = policy.playbook.rule_for(case["failure"], case, case["ask"])
        used.add((case["failure"], place))
        decision = decider.decide(
            case["failure"], case["segment"], case["asked_for"], case["amount"], case, case["ask"]
        )
        assert decision[6:] == decider.recommend(case["failure"], case, case["ask"])
        if place is None:
            assert (decision.give, decision.playbook_rule) == (None, "")
            assert (row["give"], row["playbook_rule"]) == (NO_RULE, "")
        else:
            rule = policy.playbook.rules[place]
            assert decision.give == rule.give
            assert row["give"] == rule.resolution
            assert decision.playbook_rule == row["playbook_rule"] == playbook_rule_words(rule, "USD")
    # every rule was met, and no rule for every failure but the one that has a last rule for all
    assert {place for _, place in used if place is not None} == set(range(len(policy.playbook.rules)))
    assert {failure for failure, place in used if place is None} == set(scenario.failures) - {"wrong_item"}


def test_without_a_playbook(current, scenario, segments):
    decider = Decider(current, scenario.failures, segments)
    decision = decider.decide("wrong_item", "loyal", "refund", 5, GUARDED)
    assert (decision.give, decision.playbook_rule) == (None, "")
    assert decider.recommend("wrong_item") == (None, "")


def test_only_what_a_rule_for_the_failure_looks_at_is_asked_for(decider):
    # no rule for poor_service; one for lost_parcel looks neither at the ask nor at prices
    assert decider.decide("poor_service", "loyal", "refund", 5, GUARDED).give is None
    facts = GUARDED | {"in_stock": 0, "days_since_purchase": 3}
    assert decider.decide("lost_parcel", "loyal", "refund", 5, facts).give == ("full_refund",)
    assert decider.recommend("lost_parcel", {"in_stock": 0, "days_since_purchase": 3}).give == ("full_refund",)


@pytest.mark.parametrize(
    ("change", "ask", "expected"),
    [
        ({"item_price": None}, "money", "the fact 'item_price' of the case is missing; a rule of the playbook looks"),
        ({"prior_purchases": float("nan")}, "money", "the fact 'prior_purchases' of the case is missing; a rule"),
        ({"in_stock": "yes"}, "money", "the fact 'in_stock' of the case is 'yes'; it must be a number, 0 or more"),
        ({"in_stock": -1}, "money", "the fact 'in_stock' of the case is -1; it must be a number, 0 or more"),
        ({"item_price": float("inf")}, "money", "the fact 'item_price' of the case is inf"),
        ({}, None, "what the customer asks for is missing; a rule of the playbook looks at it, give ask as one"),
        ({}, "mony", r"unknown ask 'mony' \(did you mean 'money'\?\)"),
    ],
)  # fmt: skip
def test_cases_that_are_refused(decider, change, ask, expected):
    for refused in (
        lambda: decider.decide("wrong_item", "loyal", "refund", 5, FACTS | change, ask),
        lambda: decider.recommend("wrong_item", FACTS | change, ask),
    ):
        with pytest.raises(InputError, match=expected) as caught:
            refused()
        assert "\n" not in str(caught.value)


def test_the_same_facts_do_for_authority(policy):
    assert authority(policy, "wrong_item", "loyal", FACTS).starts_at == "agent"


def test_a_recommendation_for_an_unknown_failure(decider):
    with pytest.raises(InputError, match=r"unknown failure 'wrong_itm' \(did you mean 'wrong_item'\?\)"):
        decider.recommend("wrong_itm")


ROW = {"failure": "wrong_item", "segment": "loyal", "asked_for": "refund", "amount": 5, "ask": "money", **FACTS}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"item_price": None}, "the fact 'item_price' is missing; a rule of the playbook looks at it"),
        ({"item_price": "much"}, "the fact 'item_price' is 'much'; it must be a plain number"),
        ({"in_stock": -1}, "the fact 'in_stock' is -1; it must be 0 or more"),
        ({"ask": None}, "ask is empty; expected one of: anything, money"),
        ({"ask": "mony"}, "unknown ask 'mony' (did you mean 'money'?)"),
        ({"item_price": None, "ask": ""}, "the fact 'item_price' is missing; a rule of the playbook looks at it; ask"),
        ({"failure": "wrong_itm"}, "unknown failure 'wrong_itm' (did you mean 'wrong_item'?); expected one of: late"),
    ],
)  # fmt: skip
def test_a_case_that_cannot_be_decided_keeps_no_other_from_it(decider, change, reason):
    cases = pd.DataFrame([ROW, ROW | change, ROW], index=[5, 3, 9], dtype=object)
    table = decide_table(decider, cases)
    assert list(table["give"]) == ["full_refund + keep_item", NOT_DECIDED, "full_refund + keep_item"]
    assert list(table["tier"]) == ["agent", NOT_DECIDED, "agent"]
    assert table.loc[3, "playbook_rule"] == NOT_DECIDED_RULE
    assert table.loc[3, REASON].startswith(reason), table.loc[3, REASON]
    assert list(table[REASON].iloc[[0, 2]]) == ["", ""]


def test_columns_that_are_missing(decider):
    other = ROW | {"failure": "poor_service"}
    table = decide_table(decider, pd.DataFrame([ROW, other]).drop(columns=["item_price", "ask"]))
    assert list(table["give"]) == [NOT_DECIDED, NO_RULE]
    assert "the fact 'item_price' is missing: there is no such column, and a rule of the playbook" in table[REASON][0]
    assert "the column 'ask' is missing, and a rule of the playbook looks at it" in table[REASON][0]


def test_each_order_by_the_playbook_of_its_day(policy, version, scenario, segments):
    first = version(1, "live", "2026-01-01")
    later = version(2, "live", "2026-06-01")
    second = later.model_copy(update={"playbook": policy.playbook})
    days = ["2026-02-01", "2026-07-01", "2025-01-01"]
    cases = pd.DataFrame([ROW] * 3).assign(order_date=days)
    decided = decide_by_date(Versions((first, second)), scenario.failures, segments, cases)
    assert list(decided["give"]) == [NO_RULE, "full_refund + keep_item", NOT_DECIDED]
    assert list(decided["playbook_rule"])[::2] == ["", NOT_DECIDED_RULE]
    none = decide_by_date(Versions((first, later)), scenario.failures, segments, cases)
    assert not set(GIVEN) & set(none.columns)


WORDS = [
    (0, "Wrong item, under $45, fewer than 2 orders, asks for money: full refund, keep the item"),
    (1, "Wrong item, $20 or more and under $80.50, in stock: replacement, keep the item, apology note"),
    (2, "Wrong item, 3 claims before or more: nothing"),
    (3, "Wrong item: full refund, send it back"),
    (4, "Delivered late, 48 hours old or older, asks for money or asks for more than was lost: shipping refunded, "
        "apology note, store credit of $5"),
    (5, "Delivered late, harm of 0.4 or more and harm below 0.75: apology note"),
    (6, "Parcel lost, not in stock: full refund"),
    (7, "Parcel lost, less than 30 days old: replacement sent today, apology note"),
    (8, "A part is broken, on the phone or in chat, spare part at hand: spare part, something personal"),
]  # fmt: skip


@pytest.mark.parametrize(("place", "words"), WORDS)
def test_rules_in_words(policy, scenario, place, words):
    assert playbook_rule_words(policy.playbook.rules[place], "USD", titles_of(scenario)) == words


def test_rules_in_words_without_a_scenario(policy):
    words = playbook_rule_words(policy.playbook.rules[4], "KRW")
    assert words == (
        "Late delivery, 48 hours old or older, asks for money or asks for more than was lost: shipping refund, apology "
        "note, store credit 5"
    )


@pytest.mark.parametrize(
    ("when", "words"),
    [
        ({"item_price": {"below": 29.995}}, "under $29.995"),
        ({"item_price": {"below": 1e20}}, "under $1e+20"),
        ({"in_stock": {"at_least": 0}}, ""),
        ({"in_stock": {"below": 2}}, ""),
        ({"prior_purchases": {"at_least": 1}}, "1 order or more"),
        ({"days_since_purchase": {"at_least": 1, "below": 21}}, "1 day old or older and less than 21 days old"),
        ({"prior_purchases": {"at_least": 2, "below": 10}}, "2 orders or more and fewer than 10 orders"),
    ],
)
def test_odd_stretches_in_words(when, words):
    rule = PlaybookRule.model_validate({"failure": "wrong_item", "when": when, "give": []})
    assert playbook_rule_words(rule, "USD") == f"Wrong item{words and ', '}{words}: nothing"


def rules_of(policy, *places):
    return [policy.playbook.rules[place] for place in places]


def with_rules(policy, rules):
    return policy.model_copy(update={"playbook": Playbook(rules=tuple(rules)) if rules else None})


CHEAP = "Wrong item, under $45, fewer than 2 orders, asks for money: full refund, keep item"


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda rules: rules[1:], [f"playbook rule taken out: {CHEAP}"]),
        (
            lambda rules: [*rules, PlaybookRule(failure="poor_service", give=())],
            ["playbook rule added: Poor service: nothing"],
        ),
        (
            lambda rules: [rules[0].model_copy(update={"give": ("full_refund",)}), *rules[1:]],
            [f"playbook rule changed: {CHEAP} -> {CHEAP.removesuffix(', keep item')}"],
        ),
        (
            lambda rules: [rules[0].model_copy(update={"asks": ()}), *rules[1:]],
            [f"playbook rule changed: {CHEAP} -> {CHEAP.replace(', asks for money', '')}"],
        ),
        (
            lambda rules: [rules[0].model_copy(update={"why": ""}), *rules[1:]],
            [f"playbook rule changed: {CHEAP} (why: Cheap things are not worth their way back. -> nothing)"],
        ),
        (
            lambda rules: [rules[1], rules[0], *rules[2:]],
            ["playbook rules for the same failure in another order, of which the first counts: Wrong item"],
        ),
        (
            lambda rules: [*rules[4:], *rules[:4]],
            ["the order of playbook rules for different failures, which decides nothing"],
        ),
        (lambda rules: [*rules, rules[0]], [f"playbook rule added: {CHEAP}"]),
        (lambda rules: rules, []),
    ],
)  # fmt: skip
def test_what_changed_in_words(policy, change, expected):
    rules = list(policy.playbook.rules)
    assert list(playbook_changes(rules, change(rules), "USD")) == expected
    # and so a file that was changed after export says it
    content = json.loads(json.dumps(record_content(policy)))
    changed = with_rules(policy, change(rules))
    content["playbook"] = json.loads(json.dumps(changed.content["playbook"]))
    record = parse_record(content, "p.json")
    assert list(record.changes) == expected
    assert record.policy.playbook == changed.playbook


def test_a_playbook_that_was_taken_out_or_put_in(policy):
    bare = policy.model_copy(update={"playbook": None})
    held = [json.loads(seal_of(either).content) for either in (bare, policy)]
    assert len(changes(*held)) == len(changes(*held[::-1])) == len(policy.playbook.rules)
    assert changes(*held)[0] == f"playbook rule added: {CHEAP}"
    assert changes(*held[::-1])[0] == f"playbook rule taken out: {CHEAP}"


@pytest.mark.parametrize("playbook", [5, [], {"rules": 3}, {"rules": [1, None]}, {"rules": [{"failure": 3}]}, "x"])
def test_sealed_playbooks_that_are_none(policy, playbook):
    held = json.loads(seal_of(policy).content)
    spoilt = {**held, "policy": {**held["policy"], "playbook": playbook}}
    assert changes(spoilt, held)
    assert all("\n" not in words for words in changes(spoilt, held))


def test_a_seal_holds_the_playbook(policy, scenario):
    content = record_content(policy)
    assert content["playbook"]["rules"][0]["when"] == {"item_price": {"below": 45}, "prior_purchases": {"below": 2}}
    record = parse_record(json.loads(json.dumps(content)), "p.json")
    assert (record.policy, record.changes, record.is_sealed) == (policy, (), True)
    assert policy.fingerprint != policy.model_copy(update={"playbook": None}).fingerprint


def test_words_of_resolutions(scenario):
    assert scenario.resolution_words(()) == "nothing"
    assert scenario.resolution_words(("partial_refund_20",)) == "20% of the price back"
    assert scenario.resolution_words(("apology_note", "store_credit_10")) == "apology note, store credit of $10"
    for failure in scenario.failures:
        words = [scenario.resolution_words(bundle) for bundle in scenario.resolutions(failure)]
        assert len(set(words)) == len(words)
