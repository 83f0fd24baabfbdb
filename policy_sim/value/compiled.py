"""Compiled: how kernels are compiled, and for how long their machine code is kept on disk.

In: a function of loops over arrays. Out: the same function, compiled when it is first called.
Left to others: the loops themselves (`response_kernels`, `choice_kernels`).

numba keeps machine code for as long as the file of a function stays as it is. It does not notice that a constant or a
function that the code took from another file has changed, and would go on with the old one silently. So the name under
which code is kept ends in a stamp of all files that it was made from.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any, Final, TypeVar

import numba

__all__ = ["SUMS", "helper", "kernel"]

Function = TypeVar("Function", bound=Callable[..., Any])

#: Division by zero gives infinity, and a product and a sum may be rounded in one go: for sums of many numbers.
SUMS: Final[dict[str, Any]] = {"error_model": "numpy", "fastmath": {"contract"}}


def kernel(*modules: ModuleType, **options: Any) -> Callable[[Function], Function]:
    """Compile a function that Python calls; its machine code is kept on disk.

    Parameters
    ----------
    modules
        Modules of this package that the function takes constants, classes or compiled functions from.
    options
        Passed on to `numba.njit`.
    """
    texts = [Path(str(module.__file__)).read_bytes() for module in modules]
    stamp = hashlib.sha256(b"".join(texts)).hexdigest()[:12]

    def compiled(function: Function) -> Function:
        function.__qualname__ = f"{function.__qualname__}_{stamp}"
        return numba.njit(cache=True, nogil=True, **options)(function)  # type: ignore[no-any-return]

    return compiled


def helper(**options: Any) -> Callable[[Function], Function]:
    """Compile a function that only kernels call; it becomes a part of them."""
    return numba.njit(nogil=True, **options)  # type: ignore[no-any-return]
