"""The pictures of calibration hold the numbers of the library, and nothing is cut."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.figure import Figure

from policy_sim import Sample, best_limits, load_policy, load_scenario, prepare
from policy_sim.evidence.calibration import calibrate
from policy_sim.evidence.case_log import read_case_log
from policy_sim.evidence.confounding import sensitivity
from policy_sim.evidence.predictive import predictive_check
from policy_sim.evidence.simulated_world import simulate_log
from policy_sim.orders import read_transactions
from policy_sim.show.figures.calibration import plot_check, plot_learned, plot_unseen, plot_what_learning_changes
from policy_sim.study import Learning
from policy_sim.value import compare, evaluate


@pytest.fixture(scope="module")
def firm():
    scenario = load_scenario("online_retail")
    return simulate_log(scenario, load_policy("current", scenario), cases=500, seed=2)


@pytest.fixture(scope="module")
def learned(firm, tmp_path_factory):
    path = tmp_path_factory.mktemp("firm") / "orders.csv"
    firm.orders.to_csv(path, index=False)
    scenario = load_scenario("online_retail")
    return calibrate(read_case_log(firm.cases, scenario)[0], read_transactions(path), scenario)


def assert_nothing_is_cut(figure: Figure) -> None:
    figure.draw_without_rendering()
    texts = [text for axis in figure.axes for text in (*axis.texts, axis.xaxis.label)]
    for axis in figure.axes:
        for place, shown in ((0, axis.xaxis), (1, axis.yaxis)):
            low, high = sorted(shown.get_view_interval())
            texts += [text for text in shown.get_ticklabels() if low <= text.get_position()[place] <= high]
    for text in [text for text in texts if text.get_visible() and text.get_text()]:
        box = text.get_window_extent()
        assert figure.bbox.x0 - 1 <= box.x0 <= box.x1 <= figure.bbox.x1 + 1, text.get_text()
        assert figure.bbox.y0 - 1 <= box.y0 <= box.y1 <= figure.bbox.y1 + 1, text.get_text()


def test_what_was_learned_stands_beside_the_truth(firm, learned):
    figure = plot_learned(learned, truth=firm.truth)
    assert_nothing_is_cut(figure)
    crosses = next(line for line in figure.axes[0].lines if line.get_marker() == "X")
    name = str(learned.to_frame()["assumption"].iloc[-1])
    low, high = learned.scenario.assumption(name).range
    assert crosses.get_xdata()[0] == pytest.approx((firm.truth[name] - low) / (high - low))
    assert "Crosses: the truth" in figure.get_supxlabel()
    without = plot_learned(learned)
    assert not [line for line in without.axes[0].lines if line.get_marker() == "X"]


def test_who_came_back_and_what_was_not_seen(learned):
    check, unseen = predictive_check(learned), sensitivity(learned, [0.1, 0.2, 0.4])
    assert_nothing_is_cut(plot_check(check))
    figure = plot_unseen(unseen)
    assert_nothing_is_cut(figure)
    dots = next(line for line in figure.axes[0].lines if line.get_marker() == "o")
    assert np.sort(dots.get_xdata()) == pytest.approx(np.sort(unseen.to_frame()["as_read"].unique()))
    assert [text.get_text() for text in figure.legends[0].get_texts()] == [
        "strength 0.4",
        "strength 0.2",
        "strength 0.1",
        "as read",
    ]


@pytest.mark.parametrize("is_true", [True, False])
def test_what_learning_changes_is_told_with_and_without_the_truth(is_true):
    payoffs = prepare(load_scenario("online_retail"), sample=Sample(cases=150, draws=4)).payoffs
    policy = load_policy("current", payoffs.scenario)
    best = best_limits(policy, payoffs, limits=("credit",))
    gain = compare(evaluate(best.policy, payoffs), evaluate(policy, payoffs))
    judges = ("before", "now", "truth") if is_true else ("before", "now")
    learning = Learning(best, best, {(known, judge): gain for judge in judges for known in ("before", "now")})
    figure = plot_what_learning_changes(learning)
    assert_nothing_is_cut(figure)
    dots = [line for line in figure.axes[0].lines if line.get_marker() == "o"]
    assert dots[0].get_xdata() == pytest.approx([gain.per_year().mean()])
    assert ("by the truth" in figure.get_supxlabel()) == is_true
