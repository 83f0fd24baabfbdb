"""The pictures of what is not known hold the numbers of the study, and nothing in them is cut."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from policy_sim.assumptions import load_scenario
from policy_sim.policy import load_policy
from policy_sim.show.assumption_words import assumption_value
from policy_sim.show.figures.decision_analysis import plot_differences, plot_information, plot_tornado
from policy_sim.show.wording import format_money
from policy_sim.study import DecisionAnalysis, InformationValue, Sample, analyse_decision, prepare
from policy_sim.value import compare


@pytest.fixture(scope="module")
def matters() -> DecisionAnalysis:
    scenario = load_scenario("online_retail")
    payoffs = prepare(scenario, sample=Sample(cases=300, draws=60, seed=2)).payoffs
    # these two are near to each other: knowing more is worth something
    new, base = (load_policy(name, scenario) for name in ("ask_first", "current"))
    return analyse_decision(payoffs, new, base, cases_at_a_time=200)


def see_that_nothing_is_cut(figure: Figure) -> None:
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    axis = figure.axes[0]
    edge = figure.bbox
    low, high = axis.get_xlim()
    # matplotlib keeps ticks beyond the ends and does not draw them
    ticks = [tick.label1 for tick in axis.xaxis.get_major_ticks() if low <= tick.get_loc() <= high]
    written = [*axis.texts, *([*axis.get_yticklabels(), *ticks, axis.xaxis.label] if axis.axison else [])]
    for text in written:
        box = text.get_window_extent(canvas.get_renderer())
        assert box.x0 >= edge.x0 - 1, text
        assert box.x1 <= edge.x1 + 1, text
        assert box.y0 >= edge.y0 - 1, text
        assert box.y1 <= edge.y1 + 1, text


def test_tornado(matters: DecisionAnalysis) -> None:
    figure = plot_tornado(matters.sensitivity, most=6)
    see_that_nothing_is_cut(figure)
    axis = figure.axes[0]
    table = matters.sensitivity.tornado().head(6)
    ends = np.array([bar.get_x() + bar.get_width() for bar in axis.patches]).reshape(6, 2)
    np.testing.assert_allclose(ends, table[["difference_low", "difference_high"]])
    said = [text.get_text() for text in axis.texts]
    assert said == [
        assumption_value(row[f"{end}_value"], row["unit"])
        for row in table.to_dict("records")
        for end in ("low", "high")
    ]
    assert all("\n" in label.get_text() for label in axis.get_yticklabels())


def test_no_end_of_a_tornado_hides_the_other(matters: DecisionAnalysis) -> None:
    # both ends on one side of today, as where today's value is the end of the range
    sensitivity = matters.sensitivity
    net_value = sensitivity.net_value.copy()
    net_value[:, :, -1] = net_value[:, :, 0] - 1000.0 * np.abs(np.arange(net_value.shape[1]))
    figure = plot_tornado(type(sensitivity)(**(vars(sensitivity) | {"net_value": net_value})), most=3)
    bars = figure.axes[0].patches
    for low, high in zip(bars[::2], bars[1::2], strict=True):
        shorter, longer = sorted((low, high), key=lambda bar: abs(bar.get_width()))
        assert shorter.get_zorder() > longer.get_zorder()


def test_information(matters: DecisionAnalysis) -> None:
    figure = plot_information(matters.evppi, matters.evpi, matters.outcomes[0].payoffs.scenario, most=4)
    see_that_nothing_is_cut(figure)
    axis = figure.axes[0]
    top = matters.evppi[matters.evppi["evppi"] > 0].head(4)
    assert len(top) > 1
    np.testing.assert_allclose([bar.get_width() for bar in axis.patches], top["evppi"])
    assert [text.get_text() for text in axis.texts] == [format_money(value, "USD") for value in top["evppi"]]


def test_differences(matters: DecisionAnalysis) -> None:
    base = matters.outcomes[0]
    figure = plot_differences(matters.outcomes, base)
    see_that_nothing_is_cut(figure)
    axis = figure.axes[0]
    bars = [line for line in axis.lines if len(line.get_xdata()) == 2][:-1]
    for bar, outcome in zip(bars, matters.outcomes[1:], strict=True):
        np.testing.assert_allclose(bar.get_xdata(), compare(outcome, base).interval_per_year())
    for text, outcome in zip(axis.texts, matters.outcomes[1:], strict=True):
        gain = compare(outcome, base)
        told = format_money(float(gain.per_year().mean()), "USD", True) if gain.told_apart() else "cannot be told apart"
        assert text.get_text() == told


def test_where_there_is_nothing_to_draw(matters: DecisionAnalysis) -> None:
    base = matters.outcomes[0]
    nothing = matters.evppi.assign(evppi=0.0)
    for figure in (
        plot_information(nothing, InformationValue(0.0, 0.0), base.payoffs.scenario),
        plot_differences([base], base),
        plot_tornado(
            type(matters.sensitivity)(**(vars(matters.sensitivity) | {"net_value": 0 * matters.sensitivity.net_value}))
        ),
    ):
        see_that_nothing_is_cut(figure)
        assert len(figure.axes[0].texts) == 1
