"""Doors: what may pass from a visitor's page to its kernel.

In: what comes over the line of a page. Out: to the kernel what a panel sends, and nothing else; no code is among it.
Left to others: who is let in at all (`app`), what the kernel does with what it is asked (`widget`).
"""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

from jupyter_server.services.kernels.handlers import KernelHandler
from voila.tornado.kernel_websocket_handler import VoilaKernelWebsocketHandler

__all__ = ["Channels", "KernelModel", "is_of_panel"]

#: The one form in which a page of ours writes what it sends.
_PROTOCOL = "v1.kernel.websocket.jupyter.org"

#: What a panel sends: who are you, what is there to show, and what the person at the screen asks.
_KINDS = ("kernel_info_request", "comm_info_request", "comm_open", "comm_msg", "comm_close")

#: What it opens: the line on which it asks for all that is on screen.
_TARGET = "jupyter.widget.control"

_WORD = 8  # bytes of a number in the head of a message
_MOST_PARTS = 1_000  # of a message; a panel sends six


class KernelModel(KernelHandler):
    """Tells a page that its kernel is there; ends none, which a page asks for elsewhere when it is closed."""

    SUPPORTED_METHODS = ("GET",)


class Channels(VoilaKernelWebsocketHandler):
    """The line between a page and its kernel: what no panel sends is dropped without an answer."""

    def on_message(self, message: Any) -> None:
        """Pass on what a panel sends."""
        if self.selected_subprotocol == _PROTOCOL and is_of_panel(message):
            super().on_message(message)


def is_of_panel(message: str | bytes) -> bool:
    """Tell whether a panel sends such a message.

    Parameters
    ----------
    message
        As it comes over the line: a number of parts, where each begins and the last ends (8 bytes each, the lowest
        first), then the parts: channel, header, parent header, metadata, content, and any more that come along.
    """
    if not isinstance(message, bytes):
        return False
    count = int.from_bytes(message[:_WORD], "little")
    if not 6 <= count <= _MOST_PARTS:  # before anything is made of it: it may say any number
        return False
    ends = [int.from_bytes(message[_WORD * (k + 1) : _WORD * (k + 2)], "little") for k in range(count)]
    parts = [message[begin:end] for begin, end in pairwise(ends)]
    try:
        header, content = json.loads(parts[1]), json.loads(parts[4])
        kind, target = header["msg_type"], content.get("target_name")
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return False
    return parts[0] == b"shell" and kind in _KINDS and (kind != "comm_open" or target == _TARGET)
