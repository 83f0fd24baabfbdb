"""Write: the pages that are made, into docs/.

In: what makes them. Out: by its place in the clone, the text of each; as a script, the files.
Left to others: what stands in them (`fields`, `files`, `commands`, `assumptions`), whether they are current (tests).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from documentation import assumptions, certainty, commands
from documentation.fields import page_of
from documentation.files import KINDS, tables_page

ROOT = Path(__file__).parents[2]
#: How to write them anew.
ANEW = "make reference"

PAGES: Mapping[str, Callable[[], str]] = {
    **{f"docs/reference/files/{kind.name}.md": partial(page_of, kind) for kind in KINDS},
    "docs/reference/files/tables.md": tables_page,
    commands.PAGE: commands.page,
    assumptions.PAGE: assumptions.page,
    certainty.PAGE: certainty.page,
}


def main() -> None:
    """Write all of them."""
    for place, text in PAGES.items():
        path = ROOT / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text(), encoding="utf-8")


if __name__ == "__main__":
    main()
