"""Tables: the style that all tables for a terminal share, at most 80 characters wide.

In: titles, heads of columns. Out: empty tables without ornament. Left to others: what is in them.
"""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table

__all__ = ["new_table", "prose"]


def new_table(title: str, heads: Sequence[str]) -> Table:
    """Return an empty table: columns without a head are for names and stand left, the others for numbers."""
    table = Table(
        title=title, title_justify="left", title_style="bold", box=None, pad_edge=False, show_header=any(heads)
    )
    for head in heads:
        table.add_column(head, justify="right" if head else "left", header_style="")
    return table


def prose(title: str, words: str) -> Table:
    """Return a title and words that are wrapped to the screen."""
    table = new_table(title, ("",))
    table.add_row(words)
    return table
