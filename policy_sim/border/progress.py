"""Progress: how work that takes long reports how far it has come.

In: steps, as they begin. Out: calls of a function that somebody handed in. Left to others: showing it.
"""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["Progress", "Steps"]

#: How work that takes long reports: called with what is being done, in a few words, how much is done, and of how much.
Progress = Callable[[str, int, int], None]


class Steps:
    """Reports the progress of work that is made of a known number of steps.

    Parameters
    ----------
    on_progress
        Called as each step begins, with its words and the number of steps done before, and once at the end.
    count
        Number of steps.
    """

    def __init__(self, on_progress: Progress | None, count: int) -> None:
        self._on_progress, self._count = on_progress, count
        self._words, self._begun = "", 0

    def begin(self, words: str) -> None:
        """Report that the next step begins."""
        self._words = words
        self._report()
        self._begun += 1

    def finish(self) -> None:
        """Report that all steps are done."""
        self._begun = self._count
        self._report()

    def _report(self) -> None:
        if self._on_progress is not None:
            self._on_progress(self._words, self._begun, self._count)
