"""The playbook on screen: its tree and words, what rules bring, what changing one does."""

from __future__ import annotations

import json
from typing import Any

import pytest

from policy_sim import Lever, compare, evaluate, load_policy, load_scenario
from policy_sim.border import InputError
from policy_sim.policy import Playbook, PlaybookRule, Stretch
from policy_sim.show.live.guidance import book_content, menu_rows, playbook_content, playbook_of, steadily
from policy_sim.show.live.state import Panel, open_panel
from policy_sim.study import Sample, prepare
from policy_sim.value import everybody_follows, find_gap, with_playbook

REFUND, NOTE = ("full_refund", "keep_item", "apology_note"), ("replacement", "keep_item", "apology_note")


@pytest.fixture(scope="module")
def panel() -> Panel:
    scenario = load_scenario("online_retail")
    return open_panel(prepare(scenario, sample=Sample(cases=300, draws=7, seed=1)), load_policy("current", scenario))


def stretch(**ends: float) -> Stretch:
    return Stretch(**ends)


def rule(give: tuple[str, ...] = REFUND, asks: tuple[str, ...] = (), **when: Stretch) -> PlaybookRule:
    return PlaybookRule(failure="wrong_item", when=when, asks=asks, give=give)


def guided(panel: Panel, *rules: PlaybookRule) -> Panel:
    wide = panel.with_limits({"agent": {"keep_item": 50.0, "refund": 50.0, "goodwill": 100.0}, "lead": {}})
    return wide.with_rules(playbook_content(Playbook(rules=rules)))


def leaves_of(branch: dict[str, Any], path: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], int]]:
    here = (*path, branch["words"])
    if "rule" in branch:
        return [(here, branch["rule"])]
    return [leaf for child in branch["children"] for leaf in leaves_of(child, here)]


def test_what_the_screen_sends_is_a_playbook(panel: Panel) -> None:
    playbook = Playbook(rules=(rule(item_price=stretch(below=45)), rule(NOTE)))
    content = playbook_content(playbook)
    assert json.loads(json.dumps(content)) == content
    assert playbook_of(content, panel.setting.scenario) == playbook
    assert playbook_of(None, panel.setting.scenario) is playbook_content(None) is None
    content["rules"][0]["give"] = ["full_refnd"]  # type: ignore[index]
    with pytest.raises(InputError, match=r"rules on screen, playbook rule 1"):
        playbook_of(content, panel.setting.scenario)
    bad = {"severity": {"at_least": 9, "below": 5}}
    with pytest.raises(InputError, match=r"at_least 9 is not below 5.*the rules on screen"):
        playbook_of({"rules": [{**content["rules"][0], "when": bad}]}, panel.setting.scenario)  # type: ignore[index]


def test_rules_that_part_cases_are_branches(panel: Panel) -> None:
    rules = (
        rule(item_price=stretch(below=45), prior_purchases=stretch(below=2)),
        rule(NOTE, item_price=stretch(below=45), prior_purchases=stretch(at_least=2)),
        rule(item_price=stretch(at_least=45), live=stretch(below=1)),
        rule(NOTE, item_price=stretch(at_least=45), live=stretch(at_least=1)),
    )
    book = book_content(Playbook(rules=rules), panel.setting.scenario, "USD")
    assert [leaf for tree in book["failures"] for leaf in leaves_of(tree)] == [
        (("Wrong item", "under $45", "fewer than 2 orders"), 0),
        (("Wrong item", "under $45", "2 orders or more"), 1),
        (("Wrong item", "$45 or more", "in writing"), 2),
        (("Wrong item", "$45 or more", "on the phone or in chat"), 3),
    ]
    assert book["rules"][1]["numbers"] == [
        {"fact": "item_price", "end": "below", "value": 45.0, "title": "Price of the item, below"},
        {"fact": "prior_purchases", "end": "at_least", "value": 2.0, "title": "Orders so far, from"},
    ]
    assert [row["fact"] for row in book["rules"][2]["numbers"]] == ["item_price"]  # yes or no has no number


def test_rules_that_overlap_or_hang_on_what_is_asked_are_told_in_order(panel: Panel) -> None:
    rules = (rule(item_price=stretch(below=45)), rule(NOTE, item_price=stretch(below=60)), rule())
    (tree,) = book_content(Playbook(rules=rules), panel.setting.scenario, "USD")["failures"]
    assert leaves_of(tree) == [
        (("Wrong item", "under $45"), 0),
        (("Wrong item", "under $60"), 1),
        (("Wrong item", "all others"), 2),
    ]
    rules = (rule(asks=("money",)), rule(NOTE, asks=("anything", "thing", "more")))
    (tree,) = book_content(Playbook(rules=rules), panel.setting.scenario, "USD")["failures"]
    assert [leaf for _, leaf in leaves_of(tree)] == [0, 1]
    assert tree["children"][0]["words"] == "asks for money"
    assert book_content(None, panel.setting.scenario, "USD") == {"rules": [], "failures": []}


def test_menus_hold_every_resolution_in_words(panel: Panel) -> None:
    scenario = panel.setting.scenario
    for failure, rows in menu_rows(scenario).items():
        assert [tuple(row["give"]) for row in rows] == list(scenario.resolutions(failure))
        assert not any("_" in row["title"] for row in rows)


def test_what_rules_bring_is_what_evaluate_says(panel: Panel) -> None:
    now = guided(panel, rule(NOTE, item_price=stretch(below=45)), rule(item_price=stretch(at_least=45)))
    told: list[tuple[int, int]] = []
    content = now.rules(lambda words, done, of: told.append((done, of)))
    json.dumps(content, allow_nan=False)
    bare = evaluate(with_playbook(now.policy, None), panel.payoffs)
    assert (content["followed"], content["followed_range"]) == (0.55, [0.3, 0.8])
    so_many = everybody_follows(panel.payoffs, 0.55)
    brought = compare(evaluate(now.policy, so_many), evaluate(bare.policy, so_many))
    assert content["rules"]["change"] == pytest.approx(brought.per_year().mean())
    assert content["limits"]["change"] == pytest.approx(compare(bare, panel.baseline).per_year().mean())
    everybody = everybody_follows(panel.payoffs)
    all_follow = compare(evaluate(now.policy, everybody), evaluate(bare.policy, everybody)).per_year().mean()
    assert content["rules_if_all"]["change"] == content["shares"][-1]["change"] == pytest.approx(all_follow)
    alone = with_playbook(now.policy, Playbook(rules=now.policy.playbook.rules[1:]))  # type: ignore[union-attr]
    assert content["rows"][0]["change"] == pytest.approx(
        compare(now.outcome, evaluate(alone, panel.payoffs)).per_year().mean()
    )
    assert sum(row["share"] for row in content["rows"]) == pytest.approx(
        float((panel.payoffs.cases.failure == 1).mean())
    )
    assert all(row["mark"] in "●◐○?" and row["sureness"] for row in content["rows"])
    assert told == sorted(told)
    assert told[-1][0] < told[-1][1]
    assert panel.rules()["rows"] == []


def test_a_changed_rule_says_what_it_does_and_why(panel: Panel) -> None:
    best = guided(panel, rule(NOTE, item_price=stretch(below=45)), rule(item_price=stretch(at_least=45)))
    found = best.policy.model_copy(update={"name": "recommended_rules"})
    known = Panel(best.setting, best.policy, best.baseline, best.approved, (*best.presets, found))
    assert known.effect() is None
    changed = known.with_rules(
        {"rules": [{"failure": "wrong_item", "when": {"item_price": {"below": 45}}, "give": list(REFUND)},
                   *playbook_content(found.playbook)["rules"][1:]]})  # type: ignore[index]  # fmt: skip
    effect = changed.effect()
    assert effect is not None
    difference = compare(changed.outcome, evaluate(best.policy, panel.payoffs))
    assert effect["change"] == pytest.approx(difference.per_year().mean())
    assert effect["words"][0].startswith("Wrong item, under $45: full refund, ")
    assert "in place of replacement, " in effect["words"][0]
    assert effect["words"][-1].startswith("Remedies cost $")
    fewer = known.with_rules({"rules": playbook_content(found.playbook)["rules"][1:]})  # type: ignore[index]
    assert "no rule, in place of replacement" in fewer.effect()["words"][0]  # type: ignore[index]
    moved = known.with_limits({"agent": {"keep_item": 30.0}})
    assert moved.effect() is None  # within other limits the rules are the same


def test_the_best_rules_are_found_within_limits_and_can_be_gone_to(panel: Panel) -> None:
    within = panel.with_best_rules(are_limits_best=False)
    assert within.best_rules is not None
    assert within.best_rules.playbook is not None
    assert within.best_rules.tiers == panel.policy.tiers
    assert len(within.best_rules.playbook.rules) <= 8
    assert [policy.name for policy in within.presets].count("recommended_rules") == 1
    assert panel.best_rules is None
    again = within.with_best_rules(are_limits_best=False)
    assert [policy.name for policy in again.presets] == [policy.name for policy in within.presets]


def test_progress_of_rounds_only_grows() -> None:
    told: list[int] = []
    tell = steadily(lambda words, done, of: told.append(done), "Finding")
    for done, of in ((0, 5), (4, 5), (0, 6), (5, 6), (0, 6), (3, 6)):
        tell("whatever", done, of)
    assert told == [0, 400, 500, 708, 750, 812]


def test_the_gap_on_screen_is_the_gap(panel: Panel) -> None:
    content, gap = panel.gap(), find_gap(panel.policy, panel.payoffs)
    assert [row["name"] for row in content["rows"]] == [step.name for step in gap.steps]
    yearly = panel.setting.scenario.value("shop.cases_per_year")
    assert sum(row["change"] for row in content["rows"]) == pytest.approx(gap.total_per_case().mean() * yearly)
    assert Lever("agent", "keep_item") in panel.levers
