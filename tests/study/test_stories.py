"""Stories load, replay, agree with the oracle, and say plainly which of their claims do not hold."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest
import yaml

from policy_sim.assumptions import load_scenario
from policy_sim.border import InputError, shipped
from policy_sim.clv import ContractSummary, fit_shifted_beta_geometric
from policy_sim.policy import Lever, authority, load_policy
from policy_sim.service import read_cases
from policy_sim.show.terminal.stories import of_story
from policy_sim.study import Sample, load_stories, load_story, prepare, replay
from policy_sim.study.stories import ENOUGH, KeepUntil
from policy_sim.value import best_limits, evaluate, value_cases
from policy_sim.value.evaluation import measure
from policy_sim.words import LIMITS

DUMPER = getattr(yaml, "CSafeDumper", yaml.SafeDumper)  # in C, ten times as fast, where PyYAML has it
NAMES = ["air_purifier", "cooker_lid", "drive_thru", "late_mover", "lost_adapter", "wrong_dresses"]

#: Where the model disagrees with what the accounts suggest; everything else holds.
DISAGREEMENTS = {
    ("drive_thru", "given", "coupon"),
    ("drive_thru", "given", "script"),
    ("late_mover", "given", "slot_alone"),
    # ahead, but not in enough of the draws
    ("late_mover", "best", "given"),
    ("late_mover", "nothing", "given"),
    ("lost_adapter", "best", "given"),
    ("lost_adapter", "nothing", "given"),
}
#: Where the best of the menu is what was given, and where doing nothing pays more than that.
AS_GOOD_AS_IT_GETS = {"cooker_lid"}
NOTHING_PAYS_MORE = {"air_purifier", "late_mover", "lost_adapter", "wrong_dresses"}


@pytest.fixture(scope="module")
def replays():
    return {story.name: replay(story) for story in load_stories()}


@pytest.fixture(scope="module")
def oracle():
    path = Path(__file__).parents[1] / "value" / "oracle.py"
    spec = importlib.util.spec_from_file_location("oracle", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def raw(name):
    return yaml.safe_load((shipped("data/stories") / f"{name}.yaml").read_text(encoding="utf-8"))


def written(tmp_path, content):
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.dump(content, Dumper=DUMPER), encoding="utf-8")
    return path


def test_the_six_are_there(replays):
    assert list(replays) == NAMES
    for name in NAMES:
        assert (shipped("data/stories") / f"{name}.yaml").is_file()
        assert load_story(name).name == name


@pytest.mark.parametrize("name", NAMES)
def test_claims_hold_or_are_listed_and_shown_as_not_holding(replays, name):
    claims = replays[name].claims
    failing = {(name, row["better"], row["worse"]) for row in claims.to_dict("records") if row["share"] < ENOUGH}
    assert failing == {disagreement for disagreement in DISAGREEMENTS if disagreement[0] == name}
    assert list(claims["holds"]) == list(claims["share"] >= ENOUGH)
    # the screen says so as well
    shown = [
        cell for part in of_story(replays[name]) if part.title.startswith("\nClaims") for cell in part.columns[2].cells
    ]
    assert shown == ["yes" if holds else "NO" for holds in claims["holds"]]


@pytest.mark.parametrize("name", NAMES)
def test_claims_hold_or_fail_with_other_draws_too(name):
    # near the line the share may fall on either side; these are far enough from it to say
    for claim in replay(load_story(name), draws=200, seed=5).claims.to_dict("records"):
        if abs(claim["share"] - ENOUGH) > 0.1:
            assert claim["holds"] == ((name, claim["better"], claim["worse"]) not in DISAGREEMENTS)


@pytest.mark.parametrize("name", ["late_mover", "wrong_dresses"])
def test_agrees_with_the_oracle(oracle, name):
    story = load_story(name)
    replayed = replay(story, draws=7, seed=2)
    scenario = load_scenario(story.scenario)
    cases = read_cases(replayed.payoffs.cases.to_frame()[list(story.case)], scenario)
    assert len(cases) == 1 + sum(bool(option.case) for option in story.options.values())
    draw = oracle.draw_of(replayed.payoffs.draws, slice(None))
    for position, (name, option) in enumerate(replayed.options.items()):
        row = replayed.row[name]
        expected = oracle.measures(scenario, cases, row, option.remedies, option.tier, draw)
        for outcome, values in expected.items():
            replayed_values = measure(replayed.measures[position], outcome)
            np.testing.assert_allclose(replayed_values, np.broadcast_to(values, 7), rtol=1e-9, atol=1e-9)
    for k, tier in enumerate(scenario.tiers):
        expected = oracle.payoff(scenario, cases, 0, story.options["given"].remedies, tier, draw)
        np.testing.assert_allclose(replayed.asking[k], expected, rtol=1e-9)
    total, uses = oracle.given(scenario, cases, 0, story.options["given"].remedies, oracle.middle(scenario))
    assert replayed.limits_needed == pytest.approx({limit: uses[limit] for limit in LIMITS if limit in uses}, abs=0.005)
    row = replayed.to_frame().set_index("option").loc["given"]
    assert row["worth"] == pytest.approx(float(total["worth"]))
    assert row["trouble"] == pytest.approx(float(total["trouble"]))


@pytest.mark.parametrize("name", NAMES)
def test_the_table_adds_up(replays, name):
    replayed = replays[name]
    table = replayed.to_frame().set_index("option")
    assert list(table.index) == [*replayed.story.options, "best"]
    spent = table["remedy_cost"] + table["labour"] + table["learned_claiming"]
    np.testing.assert_allclose(table["payoff"], table["retained"] - spent)
    assert table.loc["given", "against_given_low"] == table.loc["given", "against_given_high"] == 0
    assert table.loc["nothing", "worth"] == 0
    assert (table["payoff_low"] <= table["payoff"]).all()
    assert table["chance_kept"].between(0, 1).all()
    # asking never helps a customer, and never comes cheap
    asking = replayed.cost_of_asking
    assert list(asking["tier"]) == ["agent", "lead", "manager"]
    assert asking["hours"].is_monotonic_increasing
    assert asking["payoff"].is_monotonic_decreasing
    np.testing.assert_allclose(replayed.asking[2], replayed.payoff("approval"))


@pytest.mark.parametrize("name", NAMES)
def test_the_best_of_the_menu_is_adequate_in_time_and_believed_to_be_best(replays, name):
    story = replays[name].story
    scenario = load_scenario(story.scenario)
    best = replays[name].options["best"]
    own = scenario.resolutions(story.case["failure"])
    payoffs = value_cases(
        scenario,
        read_cases(replays[name].payoffs.cases.to_frame()[list(story.case)], scenario),
        replays[name].payoffs.draws,
    )
    assert payoffs.cases.surfaces[0] == 1
    allowed = [
        a for a, bundle in enumerate(own) if payoffs.choice_sets.adequate[0, a] and "proactive_notice" not in bundle
    ]
    assert best.remedies == own[max(allowed, key=lambda a: payoffs.agent_view.payoff[0, 0, a])]
    assert replays[name].to_frame()["adequate"].iloc[-1]


def test_best_and_nothing_have_a_claim_where_they_beat_what_was_given(replays):
    def beats(option):
        frames = {name: replayed.to_frame().set_index("option") for name, replayed in replays.items()}
        return {name for name, table in frames.items() if table.loc[option, "against_given"] > 1e-9}

    assert beats("best") == set(NAMES) - AS_GOOD_AS_IT_GETS
    assert beats("nothing") == NOTHING_PAYS_MORE
    for name, replayed in replays.items():
        said = {claim.better for claim in replayed.story.claims if claim.worse == "given"}
        assert said == {option for option in ("best", "nothing") if name in beats(option)}
        if name in AS_GOOD_AS_IT_GETS:
            assert set(replayed.options["best"].remedies) == set(replayed.story.options["given"].remedies)


def test_facts_as_they_were_told(replays):
    facts = {name: replayed.story.case for name, replayed in replays.items()}
    assert all(fact["surfaces"] == 1 for fact in facts.values())
    assert {name: fact["ask"] for name, fact in facts.items()} == dict.fromkeys(NAMES, "anything") | {
        "lost_adapter": "thing"
    }
    # an answer within the hour, at once from the road, three weeks, the next day
    hours = {name: fact["hours_open"] for name, fact in facts.items()}
    assert hours["late_mover"] == 1
    assert hours["drive_thru"] < 1
    assert (hours["lost_adapter"], hours["wrong_dresses"]) == (3 * 7 * 24, 24)
    assert facts["cooker_lid"]["days_since_purchase"] == round(5 * 365.25 - 1.25)
    given = {name: set(replayed.story.options["given"].remedies) for name, replayed in replays.items()}
    assert given["cooker_lid"] == {"spare_part", "apology_note"}
    assert given["late_mover"] == {"apology_note", "reschedule", "store_credit_25"}
    # nothing has been replaced yet, and the promise takes authority for both units
    assert given["air_purifier"] == {"warm_transfer", "test_and_promise", "case_summary"}
    assert replays["air_purifier"].limits_needed["replacement"] == 2 * facts["air_purifier"]["item_price"]


def test_an_answer_that_comes_later_is_another_case(replays):
    table = replays["late_mover"].to_frame().set_index("option")
    assert table.loc["as_expected", "hours"] - table.loc["given", "hours"] == 36 - 1
    assert replays["late_mover"].row == dict.fromkeys(replays["late_mover"].options, 0) | {"as_expected": 1}
    sooner = load_story("late_mover").model_copy(deep=True)
    option = sooner.options["as_expected"].model_copy(update={"case": {"hours_open": 1}})
    again = replay(sooner.model_copy(update={"options": {**sooner.options, "as_expected": option}}), draws=5)
    np.testing.assert_array_equal(again.payoff("as_expected"), again.payoff("given"))


def test_a_subscription_is_worth_what_contracts_say():
    # shares of customers who renew, in percent: the "regular" cohort of Fader and Hardie 2007
    regular = ContractSummary.of_survivors(10 * np.array([100, 63.1, 46.8, 38.2, 32.6, 28.9, 26.2, 24.1]))
    scenario = load_scenario("telecom_hardware")
    a_year = 12 * 20 * scenario.value("shop.margin_share")
    discount = scenario.value("shop.discount_rate_per_year")
    # the first year is paid: the next renewal is a year away
    worth = fit_shifted_beta_geometric(regular).future_value(a_year, discount, 0) / (1 + discount)
    assert load_story("lost_adapter").case["future_value"] == pytest.approx(float(worth), abs=0.5)


@pytest.mark.parametrize("name", NAMES)
def test_the_best_limits_permit_it_or_the_story_says_why_not(replays, name):
    story, needed = replays[name].story, replays[name].limits_needed
    scenario = load_scenario(story.scenario)
    payoffs = prepare(scenario, sample=Sample(cases=600, draws=16)).payoffs
    in_force = load_policy("current", scenario)
    best = permitting = best_limits(in_force, payoffs, round_to=1.0).policy
    for lever in (Lever(tier, limit) for tier in scenario.tiers[:-1] for limit in needed):
        raised = max(best.limit(lever.tier, lever.limit), needed[lever.limit])
        permitting = permitting.with_limit(lever, raised)
    segment = scenario.segments[replays[name].payoffs.cases.segment[0]].name
    rules = authority(permitting, str(story.case["failure"]), segment).limits[scenario.tiers[0]]
    assert all(amount <= rules[limit].value for limit, amount in needed.items())
    # where limits lie is known to within a few cases: others that permit it are as good where they lose next to nothing
    before, at_best, there = (evaluate(policy, payoffs).per_case().mean() for policy in (in_force, best, permitting))
    assert (at_best - there <= 0.02 * (at_best - before)) == (not story.beyond_limits)


@pytest.mark.parametrize("name", NAMES)
def test_claims_hold_from_the_future_value_that_is_said(replays, name):
    seen, best = replays[name].claims, replays[name].options["best"]
    # what is best here stays what it is
    content = replays[name].story.model_dump()
    content["options"]["best_here"] = best.model_dump()
    for claim in content["claims"]:
        claim |= {side: "best_here" for side in ("better", "worse") if claim[side] == "best"}
    story = type(replays[name].story).model_validate(content)
    for bound in ("holds_from", "holds_to"):
        for position, value in enumerate(seen[bound]):
            if 0 < value < np.inf:
                holds = [
                    replay(story.model_copy(update={"case": {**story.case, "future_value": factor * value}}))
                    .claims["holds"]
                    .iloc[position]
                    for factor in (0.99, 1.01)
                ]
                assert holds == ([False, True] if bound == "holds_from" else [True, False])
    for row in seen.to_dict("records"):
        assert row["holds"] == (row["holds_from"] <= story.case["future_value"] <= row["holds_to"])


def test_keep_until(replays):
    keep = replays["wrong_dresses"].keep
    story = replays["wrong_dresses"].story
    low, high = keep.likely
    assert story.case["item_price"] < low < keep.limit < high
    assert replays["wrong_dresses"].keep_until == keep.limit
    # at the limit the two are equal, as a replay at that price finds
    other = story.model_copy(update={"case": {**story.case, "item_price": keep.limit}})
    again = replay(other, draws=3).payoffs.agent_view.payoff[0, 0]
    bundles = {name: replay(other, draws=3).resolution[name] for name in ("given", "ship_it_back")}
    assert again[bundles["given"]] == pytest.approx(again[bundles["ship_it_back"]], abs=0.15)
    assert [replays[name].keep for name in NAMES if name != "wrong_dresses"] == [None] * 5
    assert replays["late_mover"].keep_until is None


def test_keep_until_at_the_ends():
    prices = np.array([1.0, 10.0, 100.0])
    keep = KeepUntil(
        prices, np.array([3.0, 2.0, 1.0]), np.array([[-1.0, 1.0, 1.0], [-1.0, -1.0, 1.0], [1.0, -2.0, 1.0]])
    )
    assert keep.limit == np.inf
    assert keep.likely == (0.0, np.inf)
    assert KeepUntil(prices, np.array([1.0, -1.0, -2.0]), keep.gains).limit == pytest.approx(np.sqrt(10))


def test_same_seed_same_replay():
    story = load_story("cooker_lid")
    first, again, other = (replay(story, draws=20, seed=seed).to_frame() for seed in (1, 1, 2))
    assert first.equals(again)
    assert not first.equals(other)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"scenario": "online_clothes"}, "unknown scenario 'online_clothes' (did you mean 'online_clothing'?)"),
        ({"case": {"item_prize": 4}}, "unknown column of a case 'item_prize' (did you mean 'item_price'?)"),
        ({"case": {"failure": "wrong"}}, "unknown failure 'wrong' (did you mean 'wrong_item'?)"),
        ({"case": {"severity": 3}}, "severity is '3.0'; expected a number from 0 to 1"),
        ({"options": {"coupon": {"title": "A coupon"}}}, "'remedies' is missing (mine.yaml, options.coupon.remedies)"),
        (
            {"options": {"coupon": {"title": "A coupon", "remedies": ["cupon_10"]}}},
            "unknown remedy 'cupon_10' (did you mean 'coupon_10'?)",
        ),
        (
            {"options": {"boss": {"title": "Boss", "remedies": [], "tier": "boss"}}},
            "unknown tier 'boss'; expected one of: agent, lead, manager (options.boss.tier)",
        ),
        (
            {"claims": [{"says": "Better", "better": "given", "worse": "nothin"}]},
            "unknown option 'nothin' (did you mean 'nothing'?)",
        ),
        ({"options": {"best": {"title": "Mine", "remedies": []}}}, "an option is named 'best', which stands for"),
        (
            {"options": {"later": {"title": "Later", "remedies": [], "case": {"hours": 4}}}},
            "unknown column of a case 'hours'",
        ),
        ({"claims": []}, "claims"),
        ({"story": "once upon a time"}, "unexpected entry 'story' (mine.yaml, story)"),
    ],
)
def test_bad_stories_are_one_line(tmp_path, change, message):
    content = raw("wrong_dresses")
    for key, value in change.items():
        content[key] = {**content[key], **value} if isinstance(value, dict) else value
    with pytest.raises(InputError) as caught:
        load_story(written(tmp_path, content))
    assert message in str(caught.value)
    assert "mine.yaml" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_what_every_story_needs(tmp_path):
    for key in ("given", "nothing"):
        content = raw("wrong_dresses")
        del content["options"][key]
        with pytest.raises(InputError, match=f"options have no '{key}'"):
            load_story(written(tmp_path, content))
    content = raw("wrong_dresses")
    del content["case"]["item_price"]
    with pytest.raises(InputError, match="has no column 'item_price'"):
        load_story(written(tmp_path, content))
    with pytest.raises(InputError, match=r"unknown story 'wrong_dress' \(did you mean 'wrong_dresses'\?\)"):
        load_story("wrong_dress")
    with pytest.raises(InputError, match="found 'just words'"):
        load_story(written(tmp_path, "just words"))
    with pytest.raises(InputError, match="number of draws is 0"):
        replay(load_story("wrong_dresses"), draws=0)
    with pytest.raises(InputError, match="unknown option 'gven'"):
        replay(load_story("wrong_dresses"), draws=1).payoff("gven")


def test_a_price_past_which_nothing_was_tried_is_said(tmp_path):
    content = raw("wrong_dresses")
    content["case"] |= {"item_price": 0, "future_value": 4000}
    replayed = replay(load_story(written(tmp_path, content)), draws=20)
    assert replayed.keep.limit == np.inf
    words = [str(cell) for part in of_story(replayed) for cell in part.columns[0].cells]
    assert any(word.startswith("Keeping beats sending back up to an item price of past $100") for word in words)
