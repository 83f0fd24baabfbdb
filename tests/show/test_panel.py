"""The state behind the screen, without a browser."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from policy_sim import ASK, NO_LIMIT, Lever, evaluate, import_policy, load_policy, load_scenario
from policy_sim.show.figures import plot_curves, plot_value_against_cost, plot_where_money_goes
from policy_sim.show.panel import SHOWN, Panel, limit_number, open_panel
from policy_sim.study import prepare_setting
from policy_sim.value import best_limits, compare


@pytest.fixture(scope="module")
def panel() -> Panel:
    scenario = load_scenario("online_retail")
    setting = prepare_setting(scenario, cases=300, draws=7, seed=1)
    return open_panel(setting, load_policy("current", scenario))


def test_a_lever_holds_what_evaluate_says(panel: Panel) -> None:
    moved = panel.with_limits({"keep_item": 30.0})
    view = moved.lever("credit")
    for limit in (ASK, 0.0, 5.0, 10.0, 24.99, 25.0, NO_LIMIT):
        step = int(np.searchsorted(view.limits, limit, side="right")) - 1
        outcome = evaluate(moved.policy.with_limit(Lever("agent", "credit"), limit), panel.setting.payoffs)
        for name in SHOWN:
            values = outcome.per_case(name)
            assert view.level[name][step] == pytest.approx(values.mean(), rel=1e-7)
            low, high = np.quantile(values - panel.baseline.per_case(name), [0.05, 0.95])
            assert view.low[name][step] == pytest.approx(low, rel=1e-7, abs=1e-7)
            assert view.high[name][step] == pytest.approx(high, rel=1e-7, abs=1e-7)


def test_limits_stay_in_order_and_the_panel_is_not_changed(panel: Panel) -> None:
    before = panel.policy
    moved = panel.with_limits({"keep_item": 80.0, "refund": 30.0})
    assert moved.policy.limit("agent", "keep_item") == 50.0  # the lead's limit
    assert moved.policy.limit("agent", "refund") == 30.0
    assert panel.policy == before


def test_levers_and_points_cover_the_screen(panel: Panel) -> None:
    views = {view.name: view for view in panel.levers()}
    assert list(views) == ["refund", "credit", "keep_item", "replacement", "total_cost"]
    assert views["keep_item"].value == ASK
    assert views["keep_item"].highest == 50.0
    assert views["total_cost"].highest == NO_LIMIT
    assert [point["title"] for point in panel.points()] == ["Policy in force", "Ask first", "Generous"]
    assert panel.points()[0]["net_value"] == 0.0


def test_what_the_screen_sends_is_a_limit() -> None:
    assert [limit_number(each) for each in ("ask", "no_limit", 25, 11.47)] == [ASK, NO_LIMIT, 25.0, 11.47]


def test_the_export_reads_back(panel: Panel, tmp_path: Path) -> None:
    moved = panel.with_limits({"credit": 25.0})
    path, text = moved.export(tmp_path / "out")
    assert path.read_text() == text
    read = import_policy(path, panel.setting.scenario)
    assert read.tiers == moved.policy.tiers
    assert read.name == "tuned"


def test_figures_show_the_numbers(panel: Panel) -> None:
    best = best_limits(panel.policy, panel.setting.payoffs)
    outcome = evaluate(best.policy, panel.setting.payoffs)
    figure = plot_curves(best.curves, panel.baseline)
    assert [axis.get_title(loc="left") for axis in figure.axes] == [
        "Keep the item, up to",
        "Store credit, up to",
        "Refund, up to",
        "Replacement, up to",
    ]
    line = figure.axes[0].lines[1]
    curve = best.curves["keep_item"]
    yearly = panel.setting.scenario.value("shop.cases_per_year")
    end, value = float(line.get_xdata()[-1]), float(line.get_ydata()[-1])
    assert value == pytest.approx(yearly * float((curve.at(end) - panel.baseline.per_case()).mean()))
    differences = [compare(each, panel.baseline) for each in (panel.baseline, outcome)]
    assert len(plot_value_against_cost(differences).axes) == 1
    bars = plot_where_money_goes(differences[-1]).axes[0].patches
    assert sum(bar.get_width() for bar in bars[:-1]) == pytest.approx(bars[-1].get_width())
