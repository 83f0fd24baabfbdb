"""Telling: how far something is that takes long, said to the screen while it lasts.

In: whoever sends messages to a screen, what is being done. Out: messages. Left to others: how they look
(`page/status.js`), the work itself (`worker`).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Protocol

from policy_sim.border import Progress

__all__ = ["Screen", "Telling"]

_NOTICEABLE_SECONDS = 0.25  # between two words on how far something is


class Screen(Protocol):
    """Whoever sends messages to a screen."""

    @property
    def send(self) -> Callable[[dict[str, Any]], None]:
        """What sends a message."""


class Telling:
    """Tells the screen how far something is and how long it will take, and that it is over."""

    def __init__(self, screen: Screen, words: str, check: Callable[[], None]) -> None:
        self.send, self.words, self.check = screen.send, words, check
        self.began = self.last = time.monotonic()

    def __enter__(self) -> Progress:
        self._tell(0.0)
        return self._on_progress

    def __exit__(self, *_: object) -> None:
        self.send({"kind": "over", "words": self.words})

    def _on_progress(self, _: str, done: int, of: int) -> None:
        self.check()
        if time.monotonic() - self.last > _NOTICEABLE_SECONDS:
            self._tell(done / of)

    def _tell(self, share: float) -> None:
        self.last = time.monotonic()
        left = (self.last - self.began) * (1 - share) / share if share > 0 else None
        self.send({"kind": "busy", "words": self.words, "share": share, "left": left})
