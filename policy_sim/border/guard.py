"""Guard: whatever goes wrong over somebody's bytes, as one line.

In: what is read, and what it should be. Out: its bytes, no more than are to be expected; `InputError` for anything that
a library raises. Left to others: what the bytes mean (`plain`, `tables`, and the readers of policies).
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from policy_sim.border.errors import InputError

__all__ = ["guarded", "is_file", "is_folder", "read_bytes"]


@contextmanager
def guarded(what: str, expected: str) -> Iterator[None]:
    """Read somebody's bytes inside of this: whatever a library raises over them becomes an `InputError`.

    It belongs around calls of libraries that read (YAML, XML, Parquet, workbooks), not around our own checks, which
    say better what is wrong. What libraries warn of is passed over: it is about their ways, not about the content.

    Parameters
    ----------
    what
        What is read and where it is: "file 'x.yaml'".
    expected
        What it should have been, and how to mend it, for the end of the message.

    Raises
    ------
    InputError
        As one line.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except InputError:
        raise
    except FileNotFoundError:
        raise InputError(f"{what} does not exist; give the path of one that does") from None
    except UnicodeDecodeError as error:
        raise InputError(f"{what} is not UTF-8 text (byte {error.start}); save it as UTF-8") from None
    except OSError as error:
        raise InputError(f"{what} cannot be read: {error.strerror or _problem(error)}; expected {expected}") from None
    except RecursionError:
        raise InputError(f"{what} is nested too deeply; expected a few levels") from None
    except MemoryError:
        raise InputError(f"{what} needs more memory than there is; expected {expected}") from None
    except Exception as error:  # parsers let through whatever broken bytes make them meet
        raise InputError(f"{what} cannot be read: {_problem(error)}; expected {expected}") from None


def read_bytes(path: Path, what: str, most: int) -> bytes:
    """Return the content of a file.

    Parameters
    ----------
    path
        The file.
    what
        What it is called in messages: "file 'x.yaml'".
    most
        Number of bytes that it may hold; no more are read, whatever the file says of itself.

    Raises
    ------
    InputError
        If it cannot be read or holds more.
    """
    with guarded(what, "a file that can be opened"):
        with path.open("rb") as stream:
            size = min(os.fstat(stream.fileno()).st_size, most)  # no more room is taken than is needed
            data = stream.read(size + 1)
            if len(data) > size:  # a device, or a file that grows
                data += stream.read(most + 1 - len(data))
        if len(data) > most:
            raise InputError(f"{what} holds more than {most:,} bytes; expected less, take out what is not needed")
    return data


def is_file(path: str | Path) -> bool:
    """Tell whether there is such a file; a name that no file can bear is none."""
    try:
        return Path(path).is_file()
    except (OSError, ValueError):
        return False


def is_folder(path: str | Path) -> bool:
    """Tell whether there is such a folder; a name that no folder can bear is none."""
    try:
        return Path(path).is_dir()
    except (OSError, ValueError):
        return False


def _problem(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
