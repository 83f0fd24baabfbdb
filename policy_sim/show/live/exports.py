"""Exports: where the files of a policy go that somebody takes away from the panel.

In: a panel, the formats asked for. Out: the files in a folder, where one is named, and what the browser is to save: one
file, or several in one archive. Left to others: what is in them (`publish`), the words on screen (`page/`).
"""

from __future__ import annotations

import io
import re
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from policy_sim.border import InputError
from policy_sim.show.live.state import Panel

__all__ = ["Exported", "Exports", "archive"]

#: What stands in an archive as the day of each file: the same files make the same archive.
_DAY = (1980, 1, 1, 0, 0, 0)
_FOLDER = re.compile(r"export_(\d+)")


@dataclass(frozen=True)
class Exported:
    """What came of an export: names of all files, where they lie ("" for nowhere), and what the browser saves."""

    files: tuple[str, ...]
    place: str
    download: str
    content: bytes


@dataclass(frozen=True)
class Exports:
    """Where exported files go.

    Attributes
    ----------
    folder
        Where they are written; None where they are only downloaded.
    are_apart
        Whether each export gets a folder of its own in there (`export_1`, `export_2` ...): several people's files of
        one name would replace each other.
    """

    folder: Path | None
    are_apart: bool = False

    def write(self, panel: Panel, formats: Sequence[str], budget: float | None = None) -> Exported:
        """Publish the panel's policy in these formats, held against a budget (money a year) where one is aimed at.

        Raises
        ------
        InputError
            If the policy is not fit to be published, no format is named or one is unknown, or the folder cannot be
            written to.
        """
        if not formats:
            raise InputError("no format was chosen; choose one or more")
        if self.folder is None:
            with tempfile.TemporaryDirectory() as passing:
                return _exported(panel, formats, budget, Path(passing), "")
        if not self.are_apart:
            return _exported(panel, formats, budget, self.folder, str(self.folder))
        own = _new_folder(self.folder)
        try:
            return _exported(panel, formats, budget, own, str(own))
        finally:
            if not any(own.iterdir()):
                own.rmdir()


def archive(files: Mapping[str, bytes]) -> bytes:
    """Return files by name as a ZIP archive, the same bytes for the same files."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as together:
        for name, data in files.items():
            entry = zipfile.ZipInfo(name, _DAY)
            entry.create_system, entry.external_attr = 3, 0o644 << 16  # not those of the machine it is made on
            together.writestr(entry, data, zipfile.ZIP_DEFLATED)
    return content.getvalue()


def _exported(panel: Panel, formats: Sequence[str], budget: float | None, folder: Path, place: str) -> Exported:
    paths = panel.export(folder, formats, budget)
    names = tuple(path.name for path in paths)
    if len(set(formats)) == 1:
        # the file asked for alone; what lies beside it in a folder (its schema) is no use in a folder of downloads
        return Exported(names if place else names[:1], place, names[0], paths[0].read_bytes())
    policy = panel.to_publish()
    return Exported(
        names, place, f"{policy.name}_v{policy.version}.zip", archive({path.name: path.read_bytes() for path in paths})
    )


def _new_folder(top: Path) -> Path:
    """Make a folder that nobody has; whoever makes the same one at that moment takes the next.

    Raises
    ------
    InputError
        If none can be made.
    """
    try:
        top.mkdir(parents=True, exist_ok=True)
        known = [int(match[1]) for path in top.iterdir() if (match := _FOLDER.fullmatch(path.name))]
        number = max(known, default=0)
        while True:
            number += 1
            own = top / f"export_{number}"
            try:
                own.mkdir()
            except FileExistsError:
                continue
            return own
    except OSError as error:
        raise InputError(f"cannot write into '{top}': {error.strerror}; nothing was exported") from None
