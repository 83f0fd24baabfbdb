"""The state behind the screen, without a browser."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from policy_sim import ASK, NO_LIMIT, Lever, evaluate, import_policy, load_policy, load_scenario
from policy_sim.border import InputError
from policy_sim.publish import policy_changes, read_file
from policy_sim.service import read_cases
from policy_sim.show.assumption_words import assumption_unit
from policy_sim.show.figures.limits import plot_curves, plot_value_against_cost, plot_where_money_goes
from policy_sim.show.live.state import Panel, limit_number, open_panel
from policy_sim.show.wording import format_money
from policy_sim.study import Sample, prepare
from policy_sim.value import best_limits, compare
from policy_sim.words import PARTS, TILES


@pytest.fixture(scope="module")
def panel() -> Panel:
    scenario = load_scenario("online_retail")
    setting = prepare(scenario, sample=Sample(cases=300, draws=7, seed=1))
    return open_panel(setting, load_policy("current", scenario))


KEEP, CREDIT = Lever("agent", "keep_item"), Lever("agent", "credit")


def moved_to(panel: Panel, **limits: float) -> Panel:
    return panel.with_limits({"agent": limits})


def test_a_curve_holds_what_evaluate_says(panel: Panel) -> None:
    moved = moved_to(panel, keep_item=30.0)
    view = moved.curves([CREDIT])[CREDIT]
    for limit in (ASK, 0.0, 5.0, 10.0, 24.0, 25.0, NO_LIMIT):
        step = int(np.searchsorted(view.limits, limit, side="right")) - 1
        outcome = evaluate(moved.policy.with_limit(CREDIT, limit), panel.payoffs)
        for name in (*TILES, *PARTS):
            assert view.level[name][step] == pytest.approx(outcome.per_case(name).mean(), rel=1e-7)
        for name in TILES:
            low, high = compare(outcome, panel.baseline).interval(name)
            # the error of the sample is read between some of the steps
            near = 0.25 * (high - low) + 1e-7
            assert view.low[name][step] == pytest.approx(low, abs=near)
            assert view.high[name][step] == pytest.approx(high, abs=near)
        assert view.ahead[step] == (outcome.per_case() > panel.baseline.per_case()).mean()


def test_a_curve_at_the_places_of_its_slider(panel: Panel) -> None:
    view = panel.curves([KEEP])[KEEP]
    stops = np.array([ASK, *panel.stops(KEEP), NO_LIMIT])
    at = view.at(stops)
    assert at.limits.tolist() == stops.tolist()
    for limit in (ASK, 17.0, 50.0, NO_LIMIT):
        step = int(np.searchsorted(view.limits, limit, side="right")) - 1
        assert at.level["net_value"][stops.tolist().index(limit)] == view.level["net_value"][step]


def test_in_the_mean_a_curve_is_exact_where_its_limit_stands_and_close_elsewhere(panel: Panel) -> None:
    current = panel
    moves = (
        {"agent": {"keep_item": 30.0}},
        {"lead": {"refund": 60.0}},
        {"agent": {"credit": 0.0}},
        {"agent": {"credit": 31.0}},
    )
    for move in moves:
        current = current.with_limits(move)
        views = current.mean_curves()
        for lever, view in views.items():
            exact = current.curves([lever])[lever]
            assert view.limits.tolist() == exact.limits.tolist()
            assert view.ahead is None
            now = view.limits.tolist().index(current.policy.limit(lever.tier, lever.limit))
            for name in (*TILES, *PARTS):
                assert view.level[name][now] == pytest.approx(exact.level[name][now], rel=1e-9)
            off = np.abs(view.level["net_value"] - exact.level["net_value"])
            assert np.quantile(off, 0.9) <= 0.005 * np.ptp(exact.level["net_value"]) + 1e-9


def test_a_curve_as_a_table_and_as_plain_data(panel: Panel) -> None:
    view = panel.curves([KEEP])[KEEP]
    table = view.to_frame()
    assert table["limits"].tolist() == view.limits.tolist()
    assert table["net_value_low"].tolist() == view.low["net_value"].tolist()
    content = json.loads(json.dumps(view.to_dict()))
    assert (content["tier"], content["limit"]) == ("agent", "keep_item")
    assert [row["limits"] for row in content["steps"][:2]] == ["ask", view.limits[1]]
    assert [row["ahead"] for row in content["steps"]] == view.ahead.tolist()


def test_a_view_is_what_the_library_says(panel: Panel) -> None:
    moved = moved_to(panel, keep_item=30.0)
    view, outcome = moved.view(), evaluate(moved.policy, panel.payoffs)
    gain = compare(outcome, panel.baseline)
    for name in (*TILES, *PARTS):
        assert view["outcomes"][name]["level"] == pytest.approx(outcome.per_case(name).mean())
        assert view["outcomes"][name]["change"] == pytest.approx(gain.per_case(name).mean(), abs=1e-12)
        assert view["outcomes"][name]["too_few"] == gain.too_few(name)
        ends = view["outcomes"][name]["low"], view["outcomes"][name]["high"]
        assert ends == pytest.approx(gain.interval(name), abs=1e-9)
    for split in ("failures", "segments"):
        assert sum(row["change"] for row in view[split]) == pytest.approx(gain.per_case().mean())
        assert sum(row["share"] for row in view[split]) == pytest.approx(1.0)
    assert view["differs"] == [{"tier": "agent", "limit": "keep_item"}]
    assert view["fingerprint"] == moved.policy.fingerprint


def test_limits_out_of_order_are_refused_and_the_panel_is_not_changed(panel: Panel) -> None:
    before = panel.policy
    with pytest.raises(InputError, match=r"keep_item limit falls from 80\.0 for tier 'agent' to 50.0 for tier 'lead'"):
        moved_to(panel, keep_item=80.0)
    assert moved_to(panel, refund=30.0).policy.limit("agent", "refund") == 30.0
    assert panel.policy == before


def test_levers_stops_and_points_cover_the_screen(panel: Panel) -> None:
    limits = ["refund", "credit", "keep_item", "replacement", "goodwill", "total_cost"]
    assert [str(lever) for lever in panel.levers] == [f"{tier}.{name}" for tier in ("agent", "lead") for name in limits]
    for lever in panel.levers:
        stops = panel.stops(lever)
        assert (np.diff(stops) > 0).all()
        assert stops[0] == 0.0
        limit = panel.policy.limit(lever.tier, lever.limit)
        assert np.isinf(limit) or limit in stops
        assert stops[-1] <= panel.top(lever)
    assert [point["title"] for point in panel.points()] == ["Policy in force", "Ask first", "Generous"]
    assert not any(point["is_recommended"] for point in panel.points())
    assert panel.first_hand == KEEP
    assert panel.points()[0]["net_value"] == pytest.approx(panel.baseline.per_case().mean())


def test_another_baseline(panel: Panel) -> None:
    generous = next(policy for policy in panel.presets if policy.name == "generous")
    against = panel.against(generous)
    difference = compare(panel.outcome, against.baseline)
    assert against.view()["outcomes"]["net_value"]["change"] == pytest.approx(difference.per_case().mean())
    assert against.baseline.policy == generous


def test_a_story_and_a_case_of_ones_own(panel: Panel) -> None:
    for story in panel.stories():
        case = panel.case({"story": story["name"]})
        assert sum(row["is_chosen"] for row in case["resolutions"]) == 1
        for row in case["resolutions"]:
            assert row["kept"] - row["cost"] == pytest.approx(row["net"])
    own = {"failure": "wrong_item", "item_price": 30.0, "future_value": 150.0}
    assert panel.case(own)["is_first"]
    assert panel.case(own)["words"] == "Wrong item, $30.00; the customer is worth $150."
    chosen = moved_to(panel, refund=ASK, credit=ASK, replacement=ASK).case(own)
    assert any("has to ask first (" in stop for row in chosen["resolutions"] for stop in row["stops"])
    asking = moved_to(panel, keep_item=ASK).case(own)
    assert any(not row["stops"] for row in asking["resolutions"])  # what keeps nothing is not beyond it
    with pytest.raises(InputError, match=r"'item_prize' .did you mean 'item_price'"):
        panel.case({"item_prize": 3.0})
    with pytest.raises(InputError, match="wrong_itm"):
        panel.case(own | {"failure": "wrong_itm"})


def test_break_evens_are_those_of_the_study(panel: Panel) -> None:
    moved = moved_to(panel, keep_item=30.0)
    rows = moved.break_evens()
    assert {row["name"] for row in rows} <= set(panel.setting.scenario.assumption_names)
    turning = [row["turns_at"] is not None for row in rows]
    assert turning == sorted(turning, reverse=True)
    for row in rows:
        assert row["low"] <= row["today"] <= row["high"]
    assert panel.break_evens() == []  # a policy against itself


def test_assumptions_say_unit_range_and_source(panel: Panel) -> None:
    rows = panel.assumptions()
    assert [row["name"] for row in rows] == list(panel.setting.scenario.assumption_names)
    for row in rows:
        unit = panel.setting.scenario.assumption(row["name"]).unit
        # a weight is told as what it comes to, where that can be told
        assert row["unit"] == ("customers" if row["pictured"] else assumption_unit(unit))
        assert row["title"]
        assert row["sentence"]
        assert row["source"]
        assert row["low"] <= row["value"] <= row["high"]


def test_how_far_assumptions_can_be_trusted_is_counted(panel: Panel) -> None:
    trusts = panel.trusts()
    assert [trust["words"] for trust in trusts][:2] == ["measured here", "measured elsewhere"]
    assert len({trust["mark"] for trust in trusts}) == 4  # told apart without colour
    rows = panel.assumptions()
    assert {trust["name"]: trust["count"] for trust in trusts} == {
        name: sum(row["trust"] == name for row in rows) for name in ("own", "measured", "calibrated", "assumed")
    }


def test_what_the_screen_sends_is_a_limit() -> None:
    assert [limit_number(text) for text in ("ask", "no_limit", 25, 11.47)] == [ASK, NO_LIMIT, 25.0, 11.47]


def test_the_export_reads_back_and_says_where_it_came_from(panel: Panel, tmp_path: Path) -> None:
    moved = moved_to(panel, credit=25.0)
    paths = moved.export(tmp_path / "out", ["json", "csv"])
    assert [path.name for path in paths][:2] == ["current_v2.json", "current_v2.csv"]
    record = read_file(paths[0]).record
    assert record.policy.tiers == moved.policy.tiers
    assert (record.policy.version, record.policy.status) == (2, "draft")
    effect = compare(moved.outcome, panel.baseline).per_year()
    assert record.provenance is not None
    assert record.provenance.expected_effect is not None
    assert record.provenance.expected_effect.per_year == pytest.approx(effect.mean(), abs=0.01)
    assert import_policy(paths[1], panel.setting.scenario).tiers == moved.policy.tiers


def test_a_review_says_what_changes(panel: Panel) -> None:
    review = moved_to(panel, credit=25.0).review()
    assert review["version"] == 2
    assert "allows whatever" in review["verdict"]
    assert any("25" in step["words"] for step in review["steps"])
    assert not [finding for finding in review["warnings"] if finding["severity"] == "error"]
    assert {row["name"] for row in review["formats"] if row["is_usual"]} == {"json", "html"}
    assert all(row["title"] and (not row["problem"] or row["name"] == "pdf") for row in review["formats"])
    assert panel.review()["verdict"] == "the policy in force, unchanged"
    assert review["rules"] == []
    guided = panel.with_rules(
        {"rules": [{"failure": "wrong_item", "give": ["replacement", "keep_item", "apology_note"]}]}
    )
    (words,) = guided.review()["rules"]
    assert words == "playbook rule added: Wrong item: replacement, keep the item, apology note"


def test_a_review_shows_the_card_and_says_what_a_chief_asks(panel: Panel, tmp_path: Path) -> None:
    moved = moved_to(panel, credit=5.0, refund=50.0)
    review = moved.review({"shop.future_value_factor": 0.5})
    (path,) = moved.export(tmp_path, ["html"])
    assert review["card"] == path.read_text(encoding="utf-8")
    changes = policy_changes(panel.approved, moved.to_publish(), panel.setting.scenario, panel.payoffs)
    assert [change["words"] for change in review["changes"]] == list(changes.sentences)
    assert [change["is_loss"] for change in review["changes"]] == [False, True]
    assert review["together"] == changes.together
    warnings = [warning["words"] for warning in review["warnings"]]
    assert warnings[: len(changes.losses)] == list(changes.losses)
    assert any("go up)" in words or "get something else" in changes.sentences[1] for words in warnings)
    assert any(words.startswith("Assumptions were changed (") and "0.5" in words for words in warnings)
    effect = compare(moved.outcome, evaluate(panel.approved, panel.payoffs))
    assert format_money(effect.per_year().mean(), "USD", signed=True) in review["worth"]
    is_sure = effect.told_apart() and effect.per_year().mean() > 0
    assert any("worth" in words and "holds" not in words for words in warnings) != is_sure


def test_a_review_of_the_policy_in_force_warns_of_nothing_that_it_changes(panel: Panel) -> None:
    review = panel.review()
    assert (review["changes"], review["worth"], review["together"], review["steps"]) == ([], "", "", [])
    assert not any("worth" in warning["words"] for warning in review["warnings"])


def test_what_must_be_mended_comes_first(panel: Panel) -> None:
    unmet = panel.setting.scenario.with_values({"poor_service.entitlement": 1.0, "poor_service.loss_share": 1.0})
    setting = prepare(unmet, sample=Sample(cases=60, draws=3))
    review = moved_to(panel.assuming(setting), credit=5.0).review()
    assert [warning["severity"] for warning in review["warnings"]][:2] == ["error", "warning"]


def test_figures_show_the_numbers(panel: Panel) -> None:
    best = best_limits(panel.policy, panel.setting.payoffs)
    outcome = evaluate(best.policy, panel.setting.payoffs)
    figure = plot_curves(best.curves, panel.baseline)
    assert [axis.get_title(loc="left") for axis in figure.axes] == [
        "Keep the item, up to",
        "Store credit, up to",
        "Refund, up to",
        "Replacement, up to",
        "Goodwill, up to",
        "Cost in all, up to",
    ]
    line = figure.axes[0].lines[1]
    curve = best.curves["keep_item"]
    yearly = panel.setting.scenario.value("shop.cases_per_year")
    end, value = float(line.get_xdata()[-1]), float(line.get_ydata()[-1])
    assert value == pytest.approx(yearly * float((curve.at(end) - panel.baseline.per_case()).mean()))
    differences = [compare(brought, panel.baseline) for brought in (panel.baseline, outcome)]
    assert len(plot_value_against_cost(differences).axes) == 1
    bars = plot_where_money_goes(differences[-1]).axes[0].patches
    assert sum(bar.get_width() for bar in bars[:-1]) == pytest.approx(bars[-1].get_width())


def test_a_panel_of_one_case_says_that_it_is_too_few_and_can_be_drawn() -> None:
    scenario = load_scenario("online_retail")
    table = pd.DataFrame({"failure": ["wrong_item"], "item_price": [40.0], "future_value": [200.0]})
    setting = prepare(scenario, read_cases(table, scenario), Sample(draws=8))
    alone = open_panel(setting, load_policy("current", scenario))
    moved = moved_to(alone, keep_item=50.0)
    view = moved.view()
    assert view["outcomes"]["net_value"]["too_few"] is True
    json.dumps(view, allow_nan=False)
    curve = moved.curves([KEEP])[KEEP]
    for name in TILES:
        assert np.isfinite(curve.low[name]).all()
        assert np.isfinite(curve.high[name]).all()
