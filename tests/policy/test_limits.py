import json

import numpy as np
import pytest
import yaml

from policy_sim.border import InputError, parse_model, shipped
from policy_sim.policy import (
    ASK,
    FILE_FORMAT,
    NO_LIMIT,
    Lever,
    LimitException,
    Policy,
    Tier,
    limit_content,
    load_policy,
    parse_lever,
)
from policy_sim.words import LIMITS

SHIPPED = sorted(path.stem for path in shipped("data/policies").glob("*.yaml"))
PLAIN = """
name: mine
title: Mine
currency: USD
tiers:
  - name: agent
    limits: { refund: 25, credit: 10, keep_item: ask, replacement: 50, goodwill: 20, total_cost: no_limit }
  - name: lead
    limits: { refund: 150, credit: 50, keep_item: 50, replacement: 250, goodwill: 100, total_cost: no_limit }
  - name: manager
"""


@pytest.fixture
def load(tmp_path, scenario):
    def read(text):
        path = tmp_path / "mine.yaml"
        path.write_text(text, encoding="utf-8")
        return load_policy(path, scenario)

    return read


@pytest.fixture
def refusal(load):
    def read(text):
        with pytest.raises(InputError) as caught:
            load(text)
        message = str(caught.value)
        assert "\n" not in message
        assert "mine.yaml" in message
        return message

    return read


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_policies(scenario, segments, name):
    policy = load_policy(name, scenario)
    assert policy.name == name
    assert policy.tier_names == ("agent", "lead", "manager")
    policy.check_order(scenario.failures, segments, name)
    for tier in policy.tier_names:
        for limit in LIMITS:
            assert policy.limit(tier, limit) >= 0 or policy.limit(tier, limit) == ASK


def test_limits_as_they_stand_in_the_file(current):
    assert current.limit("agent", "refund") == 25
    assert current.limit("agent", "keep_item") == ASK
    assert current.limit("agent", "total_cost") == NO_LIMIT
    assert current.limit("lead", "replacement", "wrong_item", "loyal") == 250
    assert current.limit("manager", "refund") == NO_LIMIT
    assert [(guard.fact, guard.at_least, guard.to) for guard in current.guards] == [
        ("suspicion", 0.6, "lead"),
        ("prior_claims", 4, "manager"),
    ]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("refund: 25", "refund: -5", "limit is -5; it must be 0 or more, 'ask' or 'no_limit'"),
        ("refund: 25", "refund: .nan", "limit is nan; it must be 0 or more"),
        ("refund: 25", "refund: null", "limit is None; it must be a number of money"),
        ("refund: 25", "refund: true", "limit is True; it must be a number of money"),
        ("refund: 25", "refund: '25'", "limit is '25'; it must be a number of money"),
        ("refund: 25", "refund: [25]", "limit is [25]; it must be a number of money"),
        ("refund: 25", "refund: nolimit", "limit is 'nolimit' (did you mean 'no_limit'?)"),
        ("refund: 25", "refund: 25 USD", "limit is '25 USD'"),
        ("refund: 25", "refnd: 25", "unknown limit 'refnd' (did you mean 'refund'?)"),
        ("refund: 25, ", "", "the refund limit of tier 'agent' is missing; give a number, ask or no_limit"),
        ("limits: { refund: 25", "limts: { refund: 25", "unexpected entry 'limts'"),
        ("- name: manager", "- name: manager\n    limits: { refund: 5 }", "the last tier 'manager' has limits"),
        ("- name: lead", "- name: agent", "two tiers have the same name"),
        ("- name: lead", "- name: laed", "unknown tier 'laed' (did you mean 'lead'?)"),
        ("- name: manager", "- name: boss", "unknown tier 'boss'"),
        ("currency: USD", "currency: EUR", "policy 'mine' is in EUR, scenario 'online_retail' in USD"),
        ("currency: USD", "currency: $", "currency"),
        ("title: Mine", "", "'title' is missing"),
        ("name: mine", "name: My policy", "name"),
        ("name: mine", "name: mine\nformat: policy_sim.policy/2", "has the format 'policy_sim.policy/2'"),
    ],
)
def test_faults_are_named_in_one_line(refusal, old, new, expected):
    assert old in PLAIN
    assert expected in refusal(PLAIN.replace(old, new, 1))


def test_the_place_of_a_wrong_limit(refusal):
    assert "tiers[0].limits" in refusal(PLAIN.replace("refund: 25", "refund: -5"))
    exceptions = "exceptions:\n  - { tier: agent, failure: lost_parcel, limits: { refund: -5 } }\n"
    assert "exceptions[0].limits" in refusal(PLAIN + exceptions)


@pytest.mark.parametrize(
    ("added", "expected"),
    [
        ("tier: agnet, failure: wrong_item, limits: { refund: 5 }", "unknown tier 'agnet' (did you mean 'agent'?)"),
        ("tier: manager, failure: wrong_item, limits: { refund: 5 }", "unknown tier 'manager'"),
        ("tier: agent, failure: wrong_itm, limits: { refund: 5 }", "'wrong_itm' (did you mean 'wrong_item'?)"),
        ("tier: agent, segment: loyl, limits: { refund: 5 }", "unknown segment 'loyl' (did you mean 'loyal'?)"),
        ("tier: agent, segment: loyal, limits: { refnd: 5 }", "unknown limit 'refnd' (did you mean 'refund'?)"),
        ("tier: agent, segment: loyal, limits: {}", "exceptions[0].limits"),
        ("tier: agent, limits: { refund: 5 }", "an exception must name a failure, a segment or both"),
        ("tier: agent, segment: loyal, limits: { refund: .nan }", "limit is nan"),
    ],
)
def test_wrong_exceptions(refusal, added, expected):
    assert expected in refusal(f"{PLAIN}exceptions:\n  - {{ {added} }}\n")


def test_an_exception_may_not_stand_twice(refusal):
    one = "  - { tier: agent, failure: wrong_item, limits: { refund: 5 } }\n"
    assert "exceptions[1] sets the same refund limit a second time" in refusal(f"{PLAIN}exceptions:\n{one}{one}")


@pytest.mark.parametrize(
    ("added", "expected"),
    [
        ("fact: suspicon, at_least: 1, to: lead", "unknown fact 'suspicon' (did you mean 'suspicion'?)"),
        ("fact: suspicion, at_least: 1, to: laed", "unknown tier 'laed' (did you mean 'lead'?)"),
        ("fact: suspicion, at_least: 1, to: agent", "unknown tier 'agent'"),
        ("fact: suspicion, at_least: .nan, to: lead", "guards[0].at_least"),
        ("fact: suspicion, at_least: .inf, to: lead", "guards[0].at_least"),
        ("fact: suspicion, to: lead", "'at_least' is missing"),
    ],
)
def test_wrong_guards(refusal, added, expected):
    assert expected in refusal(f"{PLAIN}guards:\n  - {{ {added} }}\n")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            PLAIN.replace("refund: 25", "refund: 151"),
            "refund limit falls from 151.0 for tier 'agent' to 150.0 for tier 'lead' (late_delivery, first_time)",
        ),
        (PLAIN.replace("keep_item: 50", "keep_item: ask").replace("keep_item: ask", "keep_item: 0", 1), "from 0.0 for"),
        (PLAIN.replace("credit: 10", "credit: no_limit"), "credit limit falls from no_limit for tier 'agent' to 50.0"),
        (
            PLAIN + "exceptions:\n  - { tier: agent, failure: lost_parcel, limits: { refund: 200 } }\n",
            "refund limit falls from 200.0 for tier 'agent' to 150.0 for tier 'lead' (lost_parcel, first_time)",
        ),
        (
            PLAIN + "exceptions:\n  - { tier: lead, segment: loyal, limits: { refund: ask } }\n",
            "refund limit falls from 25.0 for tier 'agent' to ask for tier 'lead' (late_delivery, loyal)",
        ),
    ],
)
def test_limits_that_fall_from_a_tier_to_a_higher_one(refusal, text, expected):
    message = refusal(text)
    assert expected in message
    assert "a higher tier may not have less, raise it or lower the other" in message


def test_an_exception_of_both_tiers_keeps_the_order(load):
    policy = load(
        PLAIN
        + "exceptions:\n  - { tier: agent, failure: lost_parcel, limits: { refund: 200 } }\n"
        + "  - { tier: lead, failure: lost_parcel, limits: { refund: no_limit } }\n"
    )
    assert policy.limit("lead", "refund", "lost_parcel", "loyal") == NO_LIMIT


def test_infinities_of_yaml_are_the_two_words(load):
    policy = load(PLAIN.replace("keep_item: ask", "keep_item: -.inf").replace("refund: 150", "refund: .inf"))
    assert policy.limit("agent", "keep_item") == ASK
    assert policy.limit("lead", "refund") == NO_LIMIT


def test_tiers_in_another_order(refusal):
    lead, agent = (PLAIN.index(f"  - name: {name}") for name in ("lead", "agent"))
    manager = PLAIN.index("  - name: manager")
    text = PLAIN[:agent] + PLAIN[lead:manager] + PLAIN[agent:lead] + PLAIN[manager:]
    assert "tiers are in the order lead, agent, manager; expected agent, lead, manager" in refusal(text)


def test_unknown_policy(scenario):
    with pytest.raises(InputError, match=r"unknown policy 'curent' \(did you mean 'current'\?\)"):
        load_policy("curent", scenario)


def test_a_policy_that_is_no_mapping(refusal):
    assert "expected entries, each a name" in refusal("[1, 2]")


@pytest.fixture
def layered(current):
    """Every kind of rule for one limit of the agent."""
    for value, failure, segment in [
        (30.0, None, "loyal"),
        (40.0, "wrong_item", None),
        (50.0, "wrong_item", "loyal"),
    ]:
        current = current.with_limit(Lever("agent", "refund", failure, segment), value)
    return current


@pytest.mark.parametrize(
    ("failure", "segment", "expected"),
    [
        ("wrong_item", "loyal", 50),  # failure and segment
        ("wrong_item", "first_time", 40),  # before failure
        ("lost_parcel", "loyal", 30),  # before segment
        ("lost_parcel", "first_time", 25),  # before the tier
        (None, None, 25),
    ],
)
def test_the_most_specific_rule_wins(layered, failure, segment, expected):
    assert layered.limit("agent", "refund", failure, segment) == expected
    assert layered.limit("lead", "refund", failure, segment) == 150
    assert layered.limit("agent", "credit", failure, segment) == 10
    # in whatever order the exceptions stand
    turned = layered.model_copy(update={"exceptions": layered.exceptions[::-1]})
    assert turned.limit("agent", "refund", failure, segment) == expected


def test_failure_wins_over_segment(current):
    policy = current.with_limit(Lever("agent", "refund", None, "loyal"), 100.0)
    policy = policy.with_limit(Lever("agent", "refund", "wrong_item"), 5.0)
    assert policy.limit("agent", "refund", "wrong_item", "loyal") == 5
    rule = policy.rule_for("agent", "refund", "wrong_item", "loyal")
    assert (rule.failure, rule.segment) == ("wrong_item", None)


def test_a_more_specific_exception_without_this_limit_does_not_count(current):
    policy = current.with_limit(Lever("agent", "credit", "wrong_item", "loyal"), 50.0)
    policy = policy.with_limit(Lever("agent", "refund", None, "loyal"), 100.0)
    assert policy.limit("agent", "refund", "wrong_item", "loyal") == 100


@pytest.mark.parametrize("value", [0.0, 12.5, 7, ASK, NO_LIMIT])
@pytest.mark.parametrize(
    "lever", [Lever("agent", "refund"), Lever("lead", "refund"), Lever("agent", "refund", "wrong_item")]
)
def test_with_limit_is_a_pure_copy(current, lever, value):
    before = current.model_dump_json()
    moved = current.with_limit(lever, value)
    assert current.model_dump_json() == before
    assert moved.limit(lever.tier, lever.limit, lever.failure, lever.segment) == value
    # nothing else moves
    for tier in current.tier_names:
        for limit in LIMITS:
            for failure in (None, "wrong_item", "lost_parcel"):
                for segment in (None, "loyal"):
                    same = current.limit(tier, limit, failure, segment)
                    meant = (tier, limit) == (lever.tier, lever.limit) and lever.failure in (None, failure)
                    assert moved.limit(tier, limit, failure, segment) == (value if meant else same)
    assert moved.guards == current.guards
    # twice is once, and back is back
    assert moved.with_limit(lever, value) == moved
    back = moved.with_limit(lever, current.limit(lever.tier, lever.limit, lever.failure, lever.segment))
    assert back.limit(lever.tier, lever.limit, lever.failure) == current.limit(lever.tier, lever.limit, lever.failure)


def test_an_exception_lever_replaces_its_own_exception_only(layered):
    moved = layered.with_limit(Lever("agent", "credit", "wrong_item"), 1.0)
    moved = moved.with_limit(Lever("agent", "refund", "wrong_item"), 2.0)
    assert moved.limit("agent", "refund", "wrong_item", "first_time") == 2
    assert moved.limit("agent", "credit", "wrong_item", "first_time") == 1
    assert moved.limit("agent", "refund", "wrong_item", "loyal") == 50
    assert moved.limit("agent", "refund", "lost_parcel", "loyal") == 30
    # still a policy that could be read from a file
    assert parse_model(Policy, json.loads(moved.model_dump_json()), "moved") == moved


def test_the_general_lever_leaves_exceptions_alone(layered):
    moved = layered.with_limit(Lever("agent", "refund"), 1.0)
    assert moved.limit("agent", "refund", "wrong_item", "loyal") == 50
    assert moved.limit("agent", "refund", "lost_parcel", "first_time") == 1
    assert moved.exceptions == layered.exceptions


@pytest.mark.parametrize("value", [-1.0, float("nan"), True, None, "much"])
def test_with_limit_refuses(current, value):
    with pytest.raises(InputError, match=r"agent.refund \(wrong_item\): limit is"):
        current.with_limit(Lever("agent", "refund", "wrong_item"), value)


@pytest.mark.parametrize("value", [np.float64(5), np.float32(5), np.int64(5)])
def test_numbers_of_numpy_are_numbers(current, value):
    moved = current.with_limit(Lever("agent", "refund"), value)
    assert moved.limit("agent", "refund") == 5


@pytest.mark.parametrize(
    "lever",
    [
        Lever("agnet", "refund"),
        Lever("agent", "refnd"),
        Lever("agent", "refnd", "wrong_item"),
        Lever("agnet", "refund", "wrong_item"),
        Lever("manager", "refund"),
    ],
)
def test_with_limit_refuses_what_is_no_lever(current, lever):
    # otherwise nothing is moved, or a policy comes out that no file may hold
    with pytest.raises(InputError):
        current.with_limit(lever, 5.0)


def test_bounds(current):
    assert current.bounds(Lever("agent", "refund")) == (ASK, 150)
    assert current.bounds(Lever("lead", "refund")) == (25, NO_LIMIT)
    assert current.bounds(Lever("agent", "total_cost")) == (ASK, NO_LIMIT)
    assert current.bounds(Lever("lead", "keep_item")) == (ASK, NO_LIMIT)


def test_bounds_look_at_exceptions(current):
    policy = current.with_limit(Lever("lead", "refund", "wrong_item"), 80.0)
    assert policy.bounds(Lever("agent", "refund")) == (ASK, 80)
    policy = policy.with_limit(Lever("agent", "refund", None, "loyal"), 60.0)
    assert policy.bounds(Lever("lead", "refund")) == (60, NO_LIMIT)
    assert policy.bounds(Lever("lead", "credit")) == (10, NO_LIMIT)


def test_whatever_lies_within_bounds_keeps_the_order(scenario, segments, current):
    policy = current.with_limit(Lever("lead", "refund", "wrong_item"), 80.0)
    policy = policy.with_limit(Lever("agent", "refund", None, "loyal"), 60.0)
    for lever in (Lever("agent", "refund"), Lever("lead", "refund"), Lever("agent", "refund", "wrong_item", "loyal")):
        for value in policy.bounds(lever):
            policy.with_limit(lever, value).check_order(scenario.failures, segments, "bounds")


@pytest.mark.parametrize("name", SHIPPED)
def test_json_round_trip(scenario, name):
    policy = load_policy(name, scenario)
    again = parse_model(Policy, json.loads(policy.model_dump_json()), "again")
    assert again == policy
    assert again.fingerprint == policy.fingerprint
    assert yaml.safe_load(policy.model_dump_json())["tiers"][2] == {"name": "manager", "limits": {}}


def test_the_format_may_be_said(load):
    assert load(f"format: {FILE_FORMAT}\n{PLAIN}") == load(PLAIN)


def test_fingerprint_changes_with_content(current):
    assert current.fingerprint != current.with_limit(Lever("agent", "refund"), 26.0).fingerprint
    assert len(current.fingerprint) == 8


@pytest.mark.parametrize(("value", "content"), [(ASK, "ask"), (NO_LIMIT, "no_limit"), (0.0, 0.0), (12.5, 12.5)])
def test_limits_in_files(value, content):
    assert limit_content(value) == content


def test_two_tiers_at_least():
    with pytest.raises(InputError, match="tiers"):
        parse_model(Policy, {"name": "x", "title": "X", "currency": "USD", "tiers": [{"name": "agent"}]}, "x")


def test_tier_by_name(current):
    assert isinstance(current.tier("lead"), Tier)
    with pytest.raises(InputError, match=r"unknown tier 'led' \(did you mean 'lead'\?\).*policy current"):
        current.tier("led")


def test_models_are_frozen(current):
    with pytest.raises(ValueError, match="frozen"):
        current.name = "other"
    with pytest.raises(ValueError, match="frozen"):
        LimitException(tier="agent", failure="wrong_item", limits={"refund": 1.0}).tier = "lead"


def test_parse_lever(current, scenario):
    assert parse_lever("agent.keep_item", current, scenario) == Lever("agent", "keep_item")
    lever = parse_lever("lead.refund", current, scenario, "wrong_item", "loyal")
    assert lever == Lever("lead", "refund", "wrong_item", "loyal")
    assert str(lever) == "lead.refund (wrong_item, loyal)"
    assert str(Lever("agent", "credit")) == "agent.credit"


@pytest.mark.parametrize(
    ("lever", "message"),
    [
        (("agent.keepitem",), r"unknown lever 'agent.keepitem' \(did you mean 'agent.keep_item'\?\)"),
        (("manager.refund",), "unknown lever 'manager.refund'"),
        (("refund",), "unknown lever 'refund'"),
        (("agent.refund", "wrong_itm"), r"unknown failure 'wrong_itm' \(did you mean 'wrong_item'\?\)"),
        (("agent.refund", None, "loyl"), r"unknown segment 'loyl' \(did you mean 'loyal'\?\)"),
    ],
)
def test_parse_lever_refuses(current, scenario, lever, message):
    with pytest.raises(InputError, match=message):
        parse_lever(lever[0], current, scenario, *lever[1:])
