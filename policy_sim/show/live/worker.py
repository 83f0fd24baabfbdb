"""Lane: work in the background, one piece after the other, of which a newer order can make older ones void.

In: pieces of work with an urgency. Out: their effects, in the order of urgency. Left to others: what the work is.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass

__all__ = ["Lane", "Void"]


class Void(Exception):  # noqa: N818, nothing has gone wrong
    """What is being worked out is not wanted any more."""


@dataclass(frozen=True)
class _Piece:
    urgency: int
    about: Hashable
    work: Callable[[Callable[[], None]], None]


class Lane:
    """A thread that works through pieces of work, the most urgent first.

    Each piece is called with a function to call now and then, which raises `Void` once the piece is dropped.

    Parameters
    ----------
    on_error
        Called with whatever a piece raises; the lane goes on with the next one.
    """

    def __init__(self, on_error: Callable[[Exception], None]) -> None:
        self._on_error = on_error
        self._waiting: list[_Piece] = []
        self._running: _Piece | None = None
        self._is_void = False
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def add(self, urgency: int, about: Hashable, work: Callable[[Callable[[], None]], None]) -> None:
        """Add a piece of work; the lowest urgency comes first, equal ones in the order in which they were added."""
        with self._changed:
            self._waiting.append(_Piece(urgency, about, work))
            self._waiting.sort(key=lambda piece: piece.urgency)
            if self._thread is None:
                self._thread = threading.Thread(target=self._go, daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def drop(self, about: Hashable) -> None:
        """Drop all pieces about something, also the one that is being worked on."""
        with self._changed:
            self._waiting = [piece for piece in self._waiting if piece.about != about]
            if self._running is not None and self._running.about == about:
                self._is_void = True

    def wait(self) -> None:
        """Wait until nothing is left to do."""
        with self._changed:
            self._changed.wait_for(lambda: not self._waiting and self._running is None)

    def _go(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: bool(self._waiting))
                self._running, self._is_void = self._waiting.pop(0), False
            try:
                self._running.work(self._check)
            except Void:
                pass
            except Exception as error:  # whatever it is, the person at the screen has to hear of it
                self._on_error(error)
            with self._changed:
                self._running = None
                self._changed.notify_all()

    def _check(self) -> None:
        if self._is_void:
            raise Void
