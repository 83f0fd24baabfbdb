"""Worker: work in the background by priority, of which a newer order can cancel older pieces.

In: pieces of work with a priority. Out: their effects, in the order of priority. Left to others: what the work is.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass

__all__ = ["Cancelled", "PriorityWorker"]


class Cancelled(Exception):  # noqa: N818, nothing has gone wrong
    """The result of this piece of work is not wanted any more."""


@dataclass(frozen=True)
class _Piece:
    priority: int
    about: Hashable
    work: Callable[[Callable[[], None]], None]


class PriorityWorker:
    """A thread that works through pieces of work, the lowest number of priority first.

    Each piece is called with a function to call now and then, which raises `Cancelled` once the piece is dropped.

    Parameters
    ----------
    on_error
        Called with whatever a piece raises; the worker goes on with the next one.
    niceness
        How much it gives way to others that want the processors, of this panel and of other visitors' (0-19). Threads
        that it starts do as well. Without effect where threads have no niceness of their own (outside Linux).
    """

    def __init__(self, on_error: Callable[[Exception], None], niceness: int = 0) -> None:
        self._on_error = on_error
        self._niceness = niceness
        self._waiting: list[_Piece] = []
        self._running: _Piece | None = None
        self._is_cancelled = False
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def add(self, priority: int, about: Hashable, work: Callable[[Callable[[], None]], None]) -> None:
        """Add a piece of work; the lowest number comes first, equal ones in the order in which they were added."""
        with self._changed:
            self._waiting.append(_Piece(priority, about, work))
            self._waiting.sort(key=lambda piece: piece.priority)
            if self._thread is None:
                self._thread = threading.Thread(target=self._go, daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def drop(self, about: Hashable) -> None:
        """Drop all pieces about something, also the one that is being worked on."""
        with self._changed:
            self._waiting = [piece for piece in self._waiting if piece.about != about]
            if self._running is not None and self._running.about == about:
                self._is_cancelled = True

    def wait(self) -> None:
        """Wait until nothing is left to do."""
        with self._changed:
            self._changed.wait_for(lambda: not self._waiting and self._running is None)

    def _go(self) -> None:
        if self._niceness and sys.platform == "linux":
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), self._niceness)
        while True:
            with self._changed:
                self._changed.wait_for(lambda: bool(self._waiting))
                self._running, self._is_cancelled = self._waiting.pop(0), False
            try:
                self._running.work(self._check)
            except Cancelled:
                pass
            except Exception as error:  # whatever it is, the person at the screen has to hear of it
                self._on_error(error)
            with self._changed:
                self._running = None
                self._changed.notify_all()

    def _check(self) -> None:
        if self._is_cancelled:
            raise Cancelled
