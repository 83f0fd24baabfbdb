"""Live progress: a bar in a terminal or a notebook for work that is counted, such as the runs of a sweep.

In: words and counts, as the work goes on. Out: a bar with its rate and the time left. Left to others: the work itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar
from rich.text import Text

from policy_sim.border import Progress

__all__ = ["live_progress"]


@contextmanager
def live_progress(console: Console | None = None, transient: bool = False) -> Iterator[Progress]:
    """Give what to pass to `run_sweep` and the like as `on_progress`; the bar is closed at the end.

    Parameters
    ----------
    console
        Where the bar stands; standard output, or the cell of a notebook, where not given.
    transient
        Take the bar away at the end.
    """
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        _Rate(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with Bar(*columns, console=console, transient=transient) as bar:
        task = bar.add_task("", total=None)

        def show(words: str, done: int, of: int) -> None:
            if bar.tasks[0].total is None:
                # what was done before does not count for the rate
                bar.reset(task, start=True, completed=done, total=of)
            bar.update(task, description=words, completed=done)

        yield show


class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text("" if not speed else f"{speed:,.0f}/s" if speed >= 10 else f"{speed:.1f}/s")
