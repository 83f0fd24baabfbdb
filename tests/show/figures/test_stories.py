"""The pictures of stories hold the numbers of the replay."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from IPython.core.formatters import DisplayFormatter
from matplotlib.backends.backend_agg import FigureCanvasAgg

from policy_sim.border import InputError, shipped
from policy_sim.show.figures.stories import plot_keep_until, plot_replay
from policy_sim.study import Replay, load_stories, load_story, replay


@pytest.fixture(scope="module")
def replays() -> dict[str, Replay]:
    return {story.name: replay(story, draws=40) for story in load_stories()}


def test_bars_and_lines_are_the_replay_s(replays: dict[str, Replay]) -> None:
    figure = plot_replay(replays["late_mover"])
    firm, customer = figure.axes
    table = replays["late_mover"].to_frame()
    np.testing.assert_allclose([bar.get_width() for bar in firm.patches], table["against_given"])
    np.testing.assert_allclose([bar.get_width() for bar in customer.patches], table["worth"] - table["trouble"])
    likely = [np.asarray(line.get_xdata()) for line in firm.lines if len(np.unique(line.get_xdata())) == 2]
    others = table[table["option"] != "given"]
    np.testing.assert_allclose(likely, others[["against_given_low", "against_given_high"]])
    assert [label.get_text().replace("\n", " ") for label in firm.get_yticklabels()] == list(table["title"])


def test_a_notebook_shows_the_picture(replays: dict[str, Replay]) -> None:
    shown = DisplayFormatter().format(plot_replay(replays["late_mover"]))[0]
    assert shown["image/png"].startswith(b"\x89PNG")


def test_what_is_less_than_owed_is_hatched_and_only_there_for_a_claim(replays: dict[str, Replay]) -> None:
    firm = plot_replay(replays["drive_thru"]).axes[0]
    table = replays["drive_thru"].to_frame()
    assert [bar.get_hatch() is None for bar in firm.patches] == list(table["adequate"])
    assert len(plot_replay(replays["air_purifier"]).axes[0].patches) == len(replays["air_purifier"].options) - 1


@pytest.mark.parametrize("story", sorted(path.stem for path in shipped("data/stories").glob("*.yaml")))
def test_nothing_is_cut_and_no_labels_overlap(replays: dict[str, Replay], story: str) -> None:
    figure = plot_replay(replays[story])
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    renderer = canvas.get_renderer()
    whole = figure.bbox
    texts = [text for axis in figure.axes for text in (axis.title, *axis.texts, *axis.get_yticklabels())]
    boxes = [text.get_window_extent(renderer) for text in texts if text.get_text() and text.get_visible()]
    boxes.append(figure._supxlabel.get_window_extent(renderer))
    for box in boxes:
        assert box.x0 >= whole.x0 - 1
        assert box.x1 <= whole.x1 + 1
        assert box.y0 >= whole.y0 - 1
        assert box.y1 <= whole.y1 + 1
    labels = [[text.get_window_extent(renderer) for text in axis.texts] for axis in figure.axes]
    for ours in labels:
        for above, below in pairwise(ours):
            assert not above.overlaps(below)


def test_keep_until_shows_where_it_ends(replays: dict[str, Replay]) -> None:
    told = replays["wrong_dresses"]
    assert told.keep is not None
    axis = plot_keep_until(told).axes[0]
    line = next(each for each in axis.lines if len(np.asarray(each.get_xdata())) > 10)
    shown = len(np.asarray(line.get_xdata()))
    np.testing.assert_allclose(line.get_ydata(), told.keep.central[:shown])
    words = [text.get_text() for text in axis.texts]
    assert words == ["the story: $24", f"keep up to: ${told.keep.limit:.0f}"]
    with pytest.raises(InputError, match="nothing was kept in the story 'cooker_lid'"):
        plot_keep_until(replay(load_story("cooker_lid"), draws=1))
