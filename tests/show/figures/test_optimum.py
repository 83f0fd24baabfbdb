"""The pictures of best limits hold the numbers of the library, and no words lie on others."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Annotation, Text

from policy_sim import Payoffs, load_policy, load_scenario
from policy_sim.policy import NO_LIMIT, load_shipped_policies
from policy_sim.show.figures.optimum import plot_frontier, plot_keep_or_return, plot_simplicity
from policy_sim.study import Sample, prepare
from policy_sim.value import best_limits, comparable_failures, compare, frontier, keep_or_return


@pytest.fixture(scope="module")
def payoffs() -> Payoffs:
    return prepare(load_scenario("online_retail"), sample=Sample(cases=400, draws=9)).payoffs


def assert_nothing_is_cut_and_no_labels_overlap(figure: Figure) -> None:
    figure.draw_without_rendering()
    axis = figure.axes[0]
    labels = [text.get_window_extent() for text in axis.texts if isinstance(text, Annotation)]
    assert labels
    boxes = [*labels, *(text.get_window_extent() for text in _shown_ticks(axis))]
    boxes += [legend.get_window_extent() for legend in figure.legends]
    for box in boxes:
        assert figure.bbox.x0 - 1 <= box.x0 <= box.x1 <= figure.bbox.x1 + 1
        assert figure.bbox.y0 - 1 <= box.y0 <= box.y1 <= figure.bbox.y1 + 1
    for one, other in combinations(labels, 2):
        assert not one.overlaps(other)


def _shown_ticks(axis: Axes) -> list[Text]:
    low, high = sorted(axis.get_ylim())
    return [text for text in axis.get_yticklabels() if low <= text.get_position()[1] <= high]


@pytest.mark.parametrize("over", ["budget", "escalation_minutes"])
def test_the_frontier_is_drawn_against_the_given_policy(payoffs: Payoffs, over: str) -> None:
    policy = load_policy("current", payoffs.scenario)
    beside = load_shipped_policies(payoffs.scenario, besides=policy)
    found = frontier(policy, payoffs, over, limits=("keep_item", "credit"), beside=beside)
    figure = plot_frontier(found)
    axis = figure.axes[0]
    table = found.to_frame()
    drawn = {line.get_marker(): line for line in axis.lines}
    for mark, rows in (("D", table[table["on_frontier"]]), ("o", table[~table["on_frontier"]])):
        np.testing.assert_allclose(drawn[mark].get_ydata(), rows["gain"])
        np.testing.assert_allclose(drawn[mark].get_xdata(), rows.iloc[:, 2])
    upright = [np.asarray(line.get_ydata()) for line in axis.lines if line.get_marker() == "None"][1:]
    np.testing.assert_allclose(upright, table[["gain_low", "gain_high"]])
    gain = compare(found.outcomes[0], found.beside[0])
    assert gain.interval_per_year() == pytest.approx((table["gain_low"][0], table["gain_high"][0]))
    words = {text.get_text() for text in axis.texts}
    assert words == {"frontier", policy.title, *(each.title for each in beside)}
    assert_nothing_is_cut_and_no_labels_overlap(figure)


def test_simplicity_has_a_bar_for_each_rule(payoffs: Payoffs) -> None:
    policy = load_policy("current", payoffs.scenario)
    best = best_limits(policy, payoffs, ("keep_item", "credit"), by=("failure",), at_most_exceptions=1, round_to=5)
    figure = plot_simplicity(best)
    axis = figure.axes[0]
    np.testing.assert_allclose([bar.get_width() for bar in axis.patches], best.simplicity["share_of_gain"][1:])
    assert [label.get_text() for label in axis.get_yticklabels()] == [
        "the same limits for all", "the same, rounded", "with 1 exception", "own limits wherever it pays",
        "the best of each case",
    ]  # fmt: skip
    assert_nothing_is_cut_and_no_labels_overlap(figure)


def test_parts_of_keeping_and_returning_lie_on_their_sides(payoffs: Payoffs) -> None:
    found = [keep_or_return(payoffs, failure) for failure in comparable_failures(payoffs)]
    assert [each.failure for each in found] == ["wrong_item", "defective_item"]
    figure = plot_keep_or_return(found, "USD")
    axis = figure.axes[0]
    parts = np.array([bar.get_width() for bar in axis.patches]).reshape(len(found), -1)
    np.testing.assert_allclose(parts.sum(axis=1), [sum(each.components.values()) for each in found])
    for row, widths in enumerate(parts):
        bars = axis.patches[row * len(widths) : (row + 1) * len(widths)]
        ends = [bar.get_x() + bar.get_width() for bar in bars]
        assert max(ends) == pytest.approx(widths[widths > 0].sum())
        assert min(ends) == pytest.approx(widths[widths < 0].sum())
    assert f"keep below ${found[0].keep_below:.0f} by formula" in axis.texts[0].get_text()
    assert_nothing_is_cut_and_no_labels_overlap(figure)
    always = plot_keep_or_return([replace(found[0], keep_below=NO_LIMIT, simulated_until=NO_LIMIT)], "USD")
    words = always.axes[0].texts[0].get_text()
    assert words == f"keep always by formula,\nup to ${round(found[0].simulated)} or more simulated"
