"""Files: tables and figures of a result, written whole.

In: texts, tables and figures by name, a folder. Out: files. Left to others: what is in them.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from policy_sim.cli.console import report_written

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

__all__ = ["check_out", "write_files", "write_or_print"]


def write_files(
    out: Path,
    texts: Mapping[str, str],
    tables: Mapping[str, pd.DataFrame],
    figures: Mapping[str, Figure],
) -> list[Path]:
    """Write texts by the names of their files, tables as CSV, figures as PNG and SVG; return the paths.

    All of them are made before the first is written, and each is written whole.
    """
    from policy_sim.border import write_whole
    from policy_sim.show.figures.drawing import saved

    files: dict[str, str | bytes] = dict(texts)
    files |= {f"{name}.csv": table.to_csv(index=False) for name, table in tables.items()}
    for name, figure in figures.items():
        files |= {f"{name}.{kind}": content for kind, content in saved(figure).items()}
    for name, content in files.items():
        write_whole(out / name, content)
    return [out / name for name in files]


def check_out(out: Path | None, has_figures: bool = False) -> None:
    """See that results can be written, and figures drawn, before any work is done for them.

    Raises
    ------
    InputError
        If nothing can be written there, or the environment names a back end that matplotlib does not know: it refuses
        to draw at all then.
    """
    if out is None:
        return
    from policy_sim.border import check_place

    check_place(out / "figure" if has_figures else out)
    backend = os.environ.get("MPLBACKEND")
    if not has_figures or not backend:
        return
    try:
        import matplotlib  # noqa: F401
    except ValueError:
        from policy_sim.border import InputError

        raise InputError(
            f"matplotlib knows no back end '{backend}' (environment variable MPLBACKEND); unset it, figures are drawn "
            "without any"
        ) from None


def write_or_print(content: str | bytes, out: Path | None) -> None:
    """Write a file and say so, or print its content where there is no file to write: the same bytes, in UTF-8."""
    from policy_sim.border import write_whole

    if out is None:
        typer.echo(content.encode() if isinstance(content, str) else content, nl=False)
    else:
        write_whole(out, content)
        report_written(str(out))
