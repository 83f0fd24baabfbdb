"""Drawing: colours, axes and notes that all figures share.

In: sizes, axes, currencies. Out: empty figures, axes without ornament. Left to others: what is drawn.
"""

from __future__ import annotations

import io
import re

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from policy_sim.show.wording import format_money

__all__ = ["ACCENT", "COST", "GAIN", "MUTED", "RULE", "TEXT", "finish", "money_ticks", "new_figure", "quiet", "saved"]

TEXT, MUTED, RULE = "#18202b", "#595e66", "#dcdee1"
ACCENT, GAIN, COST = "#2b55c9", "#0b6f68", "#a9470a"
_DOTS_PER_INCH = 144  # of files


class _Shown(Figure):
    """A figure that a notebook shows by itself: none of matplotlib's own back ends needs to be chosen."""

    def _repr_png_(self) -> bytes:
        buffer = io.BytesIO()
        self.savefig(buffer, format="png", dpi=96)
        return buffer.getvalue()


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure of a size in inches."""
    return _Shown(figsize=(width, height), layout="constrained", facecolor="white")


def saved(figure: Figure) -> dict[str, bytes]:
    """Return a figure as files: their content by their kind, "png" and "svg".

    Written by the back ends themselves, the figure is laid out and drawn once for each; `savefig` draws it twice.
    The same figure gives the same bytes, in another process and on another day too.
    """
    png, svg = io.BytesIO(), io.BytesIO()
    figure.set_dpi(_DOTS_PER_INCH)
    FigureCanvasAgg(figure).print_png(png)  # type: ignore[no-untyped-call]
    # matplotlib would make up anew for every file: the names of marks within it, and the moment of writing
    with rc_context({"svg.hashsalt": "policy-sim"}):
        FigureCanvasSVG(figure).print_svg(svg, metadata={"Date": None})  # type: ignore[no-untyped-call]
    return {"png": png.getvalue(), "svg": svg.getvalue()}


def quiet(axis: Axes) -> None:
    """Take away what is not data: frames, all but the level grid lines."""
    axis.spines[["top", "right", "left"]].set_visible(False)
    axis.spines["bottom"].set_color(RULE)
    axis.grid(axis="y", color=RULE, linewidth=0.6)
    axis.set_axisbelow(True)
    axis.tick_params(colors=MUTED, labelsize=9)


def money_ticks(currency: str) -> FuncFormatter:
    """Return how an axis writes money: in three figures, without zeros behind the point."""

    def text(value: float, _: float) -> str:
        figures = format_money(value, currency)
        return re.sub(r"\.?0+(?=[a-zA-Z]*$)", "", figures) if "." in figures else figures

    return FuncFormatter(text)


def finish(figure: Figure, note: str) -> None:
    """Put a note at the foot: what the picture rests on."""
    figure.supxlabel(note, x=0.995, ha="right", fontsize=8, color=MUTED)
