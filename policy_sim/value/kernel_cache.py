"""Kernel cache: whether the compiled loops are kept, where, and whether they are compiled already.

In: nothing but the loops themselves. Out: `KernelCache`. Left to others: compiling (numba does, at the first call),
saying it (`cli.doctor`).
"""

from __future__ import annotations

import importlib
import os
from dataclasses import dataclass
from pathlib import Path

__all__ = ["KernelCache", "kernel_cache"]

_ROOMS = ("response_kernels", "choice_kernels", "curve_kernels", "tree_kernels", "bound_kernels")


@dataclass(frozen=True)
class KernelCache:
    """What is kept of the compiled loops.

    Attributes
    ----------
    folder
        Where they are kept.
    loop_count
        How many loops there are.
    warm_count
        How many of them are compiled and kept as they stand in the source.
    is_writable
        Whether more can be kept there.
    """

    folder: Path
    loop_count: int
    warm_count: int
    is_writable: bool


def kernel_cache() -> KernelCache:
    """Look at what is kept of the compiled loops; nothing is compiled.

    Raises
    ------
    RuntimeError
        If numba finds no place to keep them: importing the loops fails then, and with it all that is computed.
    ImportError
        If numba is not there, or does not fit numpy.
    """
    rooms = [importlib.import_module(f"policy_sim.value.{name}") for name in _ROOMS]
    loops = {
        f"{room.__name__}.{name}": loop
        for room in rooms
        for name, loop in vars(room).items()
        # those without a place of their own are compiled into others
        if hasattr(loop, "py_func") and loop.py_func.__module__ == room.__name__ and loop.stats.cache_path
    }
    folder = Path(next(iter(loops.values())).stats.cache_path)
    there = folder
    while not there.exists():
        there = there.parent
    return KernelCache(folder, len(loops), sum(map(_is_kept, loops.values())), os.access(there, os.W_OK))


def _is_kept(loop: object) -> bool:
    """Return whether numba keeps a loop that was compiled from its file as that is now."""
    index = getattr(getattr(loop, "_cache", None), "_cache_file", None)
    try:
        return bool(index is not None and index._load_index())
    except Exception:  # another version of numba keeps it otherwise: it compiles anew, nothing else
        return False
