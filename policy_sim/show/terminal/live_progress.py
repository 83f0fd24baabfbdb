"""Live progress: a bar for a sweep, in a terminal or a notebook.

In: how far a sweep has come, as it goes on. Out: a bar with rate, time left and failures.
Left to others: the sweep itself (`sweep`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar
from rich.text import Text

from policy_sim.sweep.folder import Progress

__all__ = ["live_progress"]


@contextmanager
def live_progress(console: Console | None = None, transient: bool = False) -> Iterator[Callable[[Progress], None]]:
    """Give what to pass to `sweep` as `on_progress`; the bar is closed at the end.

    Parameters
    ----------
    console
        Where the bar stands; standard output, or the cell of a notebook, where not given.
    transient
        Take the bar away at the end.
    """
    columns = (
        TextColumn("Runs"),
        BarColumn(),
        MofNCompleteColumn(),
        _Rate(),
        TextColumn("left"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[trouble]}"),
    )
    with Bar(*columns, console=console, transient=transient) as bar:
        task = bar.add_task("", total=None, trouble="")

        def show(progress: Progress) -> None:
            if bar.tasks[0].total is None:
                bar.update(task, total=progress.total, completed=progress.found)
                bar.reset(task, start=True, completed=progress.found, total=progress.total)
            troubles = {"failed": progress.failed, "lost": progress.lost, "there already": progress.found}
            words = ", ".join(f"{count:,} {name}" for name, count in troubles.items() if count)
            bar.update(task, completed=progress.done, trouble=words)

        yield show


class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text("" if not speed else f"{speed:,.0f}/s" if speed >= 10 else f"{speed:.1f}/s")
