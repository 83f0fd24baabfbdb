"""Files: tables and figures of a result, written whole.

In: texts, tables and figures by name, a folder. Out: files. Left to others: what is in them.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

__all__ = ["write_files", "write_or_print"]


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


def write_or_print(content: str | bytes, out: Path | None) -> None:
    """Write a file and say so, or print its content where there is no file to write."""
    from policy_sim.border import write_whole

    if out is None:
        typer.echo(content, nl=False)
    else:
        write_whole(out, content)
        typer.echo(f"Wrote {out}", err=True)
