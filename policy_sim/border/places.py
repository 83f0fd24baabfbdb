"""Places: where files are that people name, and where ours are written.

In: names and paths. Out: the files meant; files written whole or not at all. Left to others: what is in them.
"""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from policy_sim.border.errors import InputError, unknown
from policy_sim.border.guard import is_file

__all__ = ["check_place", "find_file", "shipped", "write_whole"]


def shipped(kind: str) -> Path:
    """Return the folder of files that travel with the package: "data/scenarios", "data/policies", "notebooks" ...

    In a checkout these folders lie beside `policy_sim`, in an installed wheel inside it.
    """
    package = Path(__file__).resolve().parents[1]
    inside = package / kind
    return inside if inside.is_dir() else package.parent / kind


def find_file(kind: str, file: str | Path, folder: str, suffix: str) -> Path:
    """Return the file that a person means: a path, or the name of one that is shipped in `folder`.

    Raises
    ------
    InputError
        If there is neither such a file nor a shipped one of that name.
    """
    path = Path(file)
    if is_file(path):
        return path
    names = sorted(entry.stem for entry in shipped(folder).glob(f"*{suffix}"))
    if str(file) in names:
        return shipped(folder) / f"{file}{suffix}"
    if path.suffix or len(path.parts) > 1:
        raise InputError(f"{kind} file '{file}' does not exist; give the path of a file or one of: {', '.join(names)}")
    raise unknown(kind, file, names)


def write_whole(path: Path, content: str | bytes | Callable[[BinaryIO], None]) -> None:
    """Write a file beside its place and rename it, so that a reader never meets half a file.

    What is there and no file (a device, a pipe) is written to instead: to rename something over it would remove it.

    Parameters
    ----------
    path
        Where the file is to be.
    content
        What stands in it, or what writes that to a stream: for files that are larger than there should be memory for.

    Raises
    ------
    InputError
        If the folder cannot be written to.
    """
    try:
        if _is_device(path):
            with path.open("wb") as stream:
                _write(stream, content)
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, beside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:100]}.")
        try:
            with os.fdopen(handle, "wb") as stream:
                _write(stream, content)
            mask = os.umask(0)
            os.umask(mask)
            os.chmod(beside, 0o666 & ~mask)
            os.replace(beside, path)
        except BaseException:
            os.unlink(beside)
            raise
    except OSError as error:
        raise InputError(f"cannot write '{path}': {error.strerror}; choose another place with --out") from None
    except ValueError as error:  # a name that no file can bear
        raise InputError(f"cannot write '{path}': {error}; choose another place with --out") from None


def _write(stream: BinaryIO, content: str | bytes | Callable[[BinaryIO], None]) -> None:
    if callable(content):
        content(stream)
    else:
        stream.write(content.encode() if isinstance(content, str) else content)


def check_place(path: Path) -> None:
    """See that a file may be written at a place, or a folder made there, before work is done for it.

    Raises
    ------
    InputError
        If it cannot be.
    """
    try:
        there = path.absolute()
        if "\0" in str(path):
            raise ValueError("embedded null byte")
        while not there.exists():  # raises where no file can bear the name
            there = there.parent
        problem = ""
        if there != path.absolute() and not there.is_dir():
            problem = f"'{there}' is a file, not a folder"
        elif not os.access(there, os.W_OK):
            problem = "Permission denied"
    except (OSError, ValueError) as error:
        problem = getattr(error, "strerror", None) or str(error)
    if problem:
        raise InputError(f"cannot write '{path}': {problem}; choose another place")


def _is_device(path: Path) -> bool:
    try:
        mode = os.stat(path).st_mode
    except FileNotFoundError:
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))
