"""The pictures of sweeps and journeys hold the numbers they were given."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex

from policy_sim.assumptions import load_scenario
from policy_sim.border import InputError
from policy_sim.policy import load_policy
from policy_sim.show.figures.drawing import ACCENT
from policy_sim.show.figures.sweep import plot_discovery, plot_journeys, plot_limit_map, plot_what_decides
from policy_sim.show.terminal.sweep import of_estimate, of_summary
from policy_sim.study import Sample, prepare
from policy_sim.study.journey import follow_customers
from policy_sim.sweep.design import Design, rows_of
from policy_sim.sweep.discovery import discover
from policy_sim.sweep.folder import SweepEstimate, SweepSummary
from policy_sim.sweep.results import SweepResults
from policy_sim.sweep.samples import saltelli
from policy_sim.sweep.sensitivity import sobol_indices

NAMES = ("response.paradox", "shop.salvage_share")


def drawn(figure):
    FigureCanvasAgg(figure).draw()
    return figure


def test_what_decides_has_a_bar_for_each_factor() -> None:
    points = saltelli(2, 64, 0)
    table = sobol_indices((points @ [2.0, 1.0]).reshape(64, 4), NAMES).assign(points=64)
    figure = drawn(plot_what_decides({"gain": table, "best.agent.credit": table}))
    widths = sorted(bar.get_width() for bar in figure.axes[0].patches)
    assert np.allclose(widths, sorted([*table["first_order"], *table["total"]]))
    assert figure.axes[1].get_title(loc="left") == "Best limit, agent: Store credit"
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == [
        "Response: paradox",
        "Shop: salvage share",
    ]
    with pytest.raises(InputError, match="a factor twice"):
        plot_what_decides({"gain": pd.concat([table, table])})


def test_a_map_bears_its_amounts() -> None:
    found = pd.DataFrame([[10.0, 20.0], [np.nan, 40.0]], index=[0.1, 0.2], columns=[1.0, 2.0])
    found = found.rename_axis(index=NAMES[0], columns=NAMES[1])
    figure = drawn(plot_limit_map(found, "USD"))
    assert [text.get_text() for text in figure.axes[0].texts] == ["10", "20", "40"]
    assert figure.axes[0].get_xlabel() == "Shop: salvage share"


def test_a_box_is_outlined_among_its_runs() -> None:
    factors = {name: {"range": [0, 1]} for name in NAMES}
    design = Design(
        name="d",
        against="current",
        outcomes=("gain",),
        runs={"method": "latin_hypercube", "count": 400, "factors": factors},
    )
    table = rows_of(design).reset_index().assign(run=lambda rows: rows["row"].astype(str))
    loses = (table[NAMES[0]] > 0.5) & (table[NAMES[1]] < 0.4)
    sweep = SweepResults(design, table.assign(gain=np.where(loses, -1.0, 1.0)))
    found = discover(sweep)
    axis = drawn(plot_discovery(sweep, found, "gain")).axes[0]
    (box,) = (patch for patch in axis.patches if to_hex(patch.get_edgecolor()) == ACCENT)
    assert box.get_x() == pytest.approx(0.5, abs=0.05)
    assert box.get_y() + box.get_height() == pytest.approx(0.4, abs=0.05)
    nothing = discover(sweep, below=-10)
    with pytest.raises(InputError, match="nothing to draw"):
        plot_discovery(sweep, nothing, "gain")


def test_journeys_are_drawn_with_their_difference() -> None:
    scenario = load_scenario("online_retail")
    setting = prepare(scenario, sample=Sample(cases=100, draws=5))
    journeys = follow_customers(setting, [load_policy(name, scenario) for name in ("current", "generous")], 12, 2_000)
    figure = drawn(plot_journeys(journeys))
    assert len([axis for axis in figure.axes if axis.get_visible()]) == 4
    line = figure.axes[0].lines[0]
    assert np.allclose(line.get_ydata(), journeys[0].monthly["customers"].mean(axis=0))
    ahead = figure.axes[3].lines[-1].get_ydata()
    total = (journeys[1].monthly["net_value"] - journeys[0].monthly["net_value"]).sum(axis=1).mean()
    assert ahead[-1] == pytest.approx(total)
    with pytest.raises(InputError, match="no journey"):
        plot_journeys([])


def test_what_a_sweep_takes_and_leaves_is_said(tmp_path) -> None:
    assert of_estimate(SweepEstimate(20_480, 480, 34, 100.0, 2.5e6)) == [
        "20,480 runs (480 are done already) in 34 tasks",
        "about 2 minutes on this machine (200 runs a second)",
        "about 2.5 MB on disk",
    ]
    assert of_estimate(SweepEstimate(5, 5, 0, 0.0, 0.0)) == ["5 runs, all of them done."]
    assert of_estimate(SweepEstimate(5, 0, 1, 8000.0, 10.0))[1].startswith("about 2.2 hours")
    lines = of_summary(SweepSummary(tmp_path, 10, 6, 2, 1, 3, True, ("a: b",)))
    assert lines[0] == f"6 of 10 runs are in {tmp_path}/, 2 of them were there already."
    assert lines[1:] == [
        "1 of them failed; each is written down with its inputs and its error.",
        "3 runs were lost with their workers.",
        "  a: b",
        "Stopped as asked; nothing is half-written.",
        "The same command goes on from here.",
    ]
