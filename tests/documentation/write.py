"""Write: the pages that are made, into docs/.

In: what makes them. Out: by its place in the clone, the text of each; as a script, the files.
Left to others: what stands in them (`fields`, `files`, `commands`, `assumptions`), whether they are current (tests).
"""

from __future__ import annotations

import re
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


#: The picture of a page that is not made: the page, and what the picture shows in words, which the page has.
SHOWN: Mapping[str, tuple[str, Callable[[], str]]] = {
    certainty.CURVES: ("docs/tutorials/analyse-your-own-log.md", certainty.curve_words),
}


def main() -> None:
    """Write all of them; pictures only where what they show in words is new: each release draws them otherwise."""
    changed = False
    for place, text in PAGES.items():
        changed |= _write(ROOT / place, text()) and place == certainty.PAGE
    for picture, (place, words) in SHOWN.items():
        path, name = ROOT / place, Path(picture).name
        text, said = path.read_text(encoding="utf-8"), words()
        pattern = rf"!\[[^]]*\]\(([^)]*/{re.escape(name)})\)"
        changed |= _write(path, re.sub(pattern, lambda match, said=said: f"![{said}]({match[1]})", text))
    if changed or not all((ROOT / picture).exists() for picture in (certainty.PICTURE, certainty.CURVES)):
        for picture, content in certainty.pictures().items():
            (ROOT / picture).parent.mkdir(exist_ok=True)
            (ROOT / picture).write_bytes(content)


def _write(path: Path, text: str) -> bool:
    path.parent.mkdir(parents=True, exist_ok=True)
    is_new = not path.exists() or path.read_text(encoding="utf-8") != text
    path.write_text(text, encoding="utf-8")
    return is_new


if __name__ == "__main__":
    main()
