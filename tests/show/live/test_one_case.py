"""One case: what keeps a better resolution from being given is said, and which rule is for the case."""

from __future__ import annotations

import re
from typing import Any

import pandas as pd
import pytest

from policy_sim import ASK, Lever, load_policy, load_scenario
from policy_sim.assumptions import draw_assumptions
from policy_sim.policy import Guard, Playbook, PlaybookRule, Policy, Stretch
from policy_sim.service import read_cases
from policy_sim.show.live.one_case import case_content, story_content
from policy_sim.study import load_stories
from policy_sim.value import Obstacle, Payoffs, obstacles_of, value_cases, with_playbook

SCENARIO = load_scenario("online_retail")
IN_FORCE = load_policy("current", SCENARIO)
CASE: dict[str, Any] = {"failure": "wrong_item", "item_price": 40.0, "future_value": 200.0, "ask": "anything"}


def payoffs_of(**facts: Any) -> Payoffs:
    table = pd.DataFrame([CASE | facts])
    return value_cases(SCENARIO, read_cases(table, SCENARIO), draw_assumptions(SCENARIO, 3))


def obstacles(payoffs: Payoffs, give: set[str], policy: Policy = IN_FORCE, tier: int = 0) -> list[Obstacle]:
    bundles = [set(bundle) for bundle in SCENARIO.resolutions(payoffs.cases.failures[payoffs.cases.failure[0]])]
    return obstacles_of(policy, payoffs, 0, bundles.index(give), tier)


def test_a_limit_is_named_with_its_tier_and_by_how_much() -> None:
    policy = IN_FORCE.with_limit(Lever("agent", "refund"), 25.0).with_limit(Lever("agent", "keep_item"), ASK)
    beyond = obstacles(payoffs_of(), {"full_refund", "keep_item", "apology_note"}, policy)
    by_name = {obstacle.name: obstacle for obstacle in beyond}
    assert by_name["refund"] == Obstacle("limit", "refund", "agent", 25.0, 15.0)
    assert by_name["keep_item"].most < 0
    assert obstacles(payoffs_of(), {"full_refund", "keep_item", "apology_note"}, policy, tier=1) == beyond


def test_what_is_owed_not_in_stock_or_too_late_is_said() -> None:
    assert [(o.kind, o.most, o.by) for o in obstacles(payoffs_of(), set())] == [("owed", 40.0, 40.0)]
    replaced = {"replacement", "keep_item", "apology_note"}
    assert not [o for o in obstacles(payoffs_of(in_stock=1), replaced) if o.kind == "lacks"]
    assert Obstacle("lacks", "in_stock") in obstacles(payoffs_of(in_stock=0), replaced)
    late = payoffs_of(failure="late_delivery", surfaces=1)
    told = next(set(bundle) for bundle in SCENARIO.resolutions("late_delivery") if "proactive_notice" in bundle)
    assert Obstacle("late") in obstacles(late, told)


def test_who_asks_for_money_and_insists_takes_nothing_else() -> None:
    payoffs = payoffs_of(ask="money", firmness=1)
    assert Obstacle("asked", "money") in obstacles(payoffs, {"replacement", "keep_item", "apology_note"})
    assert "asked" not in [o.kind for o in obstacles(payoffs, {"full_refund", "keep_item", "apology_note"})]


@pytest.mark.parametrize("price", [15.0, 60.0, 300.0])
def test_nothing_that_is_better_goes_without_a_reason(price: float) -> None:
    draws = draw_assumptions(SCENARIO, 3)
    facts = {"failure": "wrong_item", "item_price": price, "future_value": 150.0}
    for policy in (IN_FORCE, IN_FORCE.with_limit(Lever("agent", "keep_item"), 50.0)):
        content = case_content(policy, facts, SCENARIO, draws)
        chosen = next(row for row in content["resolutions"] if row["is_chosen"])
        for row in content["resolutions"]:
            assert row["net"] <= chosen["net"] + 1e-9 or row["stops"], row["title"]
            assert "_" not in row["title"] + " ".join(row["stops"])


def test_every_story_says_why() -> None:
    for story in load_stories():
        content = story_content(IN_FORCE, story.name, 3)
        chosen = next(row for row in content["resolutions"] if row["is_chosen"])
        for row in content["resolutions"]:
            assert row["net"] <= chosen["net"] + 1e-9 or row["stops"], (story.name, row["title"])


def test_a_guard_is_why_it_goes_on() -> None:
    guarded = IN_FORCE.model_copy(update={"guards": (Guard(fact="prior_claims", at_least=2, to="lead"),)})
    draws = draw_assumptions(SCENARIO, 3)
    content = case_content(guarded, _facts(prior_claims=3), SCENARIO, draws)
    assert content["tier"] == "lead"
    assert re.search("claims", content["because"])


def _facts(**facts: Any) -> dict[str, Any]:
    return {"failure": "wrong_item", "item_price": 40.0, "future_value": 200.0} | facts


def test_the_rule_for_a_case_is_named_and_followed_where_that_may_be() -> None:
    give = ("full_refund", "keep_item", "apology_note")
    rule = PlaybookRule(failure="wrong_item", when={"item_price": Stretch(below=45.0)}, give=give)
    guided = with_playbook(IN_FORCE, Playbook(rules=(rule,)))
    wide = guided.with_limit(Lever("agent", "keep_item"), 50.0).with_limit(Lever("agent", "refund"), 50.0)
    draws = draw_assumptions(SCENARIO, 3)
    content = case_content(wide, _facts(), SCENARIO, draws)
    assert content["rule"].startswith("Wrong item, under $45: full refund, ")
    chosen = next(row for row in content["resolutions"] if row["is_chosen"])
    assert content["follows"] == (chosen["words"] == SCENARIO.resolution_words(give))
    beyond = case_content(guided, _facts(), SCENARIO, draws)
    assert not beyond["follows"]
    said = next(row for row in beyond["resolutions"] if row["words"] == SCENARIO.resolution_words(give))
    assert said["stops"]
    assert case_content(guided, _facts(item_price=50.0), SCENARIO, draws)["rule"] == ""
