"""Script: the modules of the page as one text, for hosts that take no second file.

In: the name of a module in `page/`. Out: JavaScript that holds it and all that it imports, each in a scope of its own.
Left to others: what the modules do (`page/`), where the text goes (`widget`, `share`).
"""

from __future__ import annotations

import re
from pathlib import Path

__all__ = ["PAGE", "script_of"]

PAGE = Path(__file__).parent / "page"

_IMPORT = re.compile(r'^import (\{ [\w, ]+ \}) from "\./(\w+\.js)";$', re.MULTILINE)
_EXPORT = re.compile(r"^export ((?:async )?(?:function|class|const) (\w+))", re.MULTILINE)


def script_of(entry: str, folder: Path = PAGE) -> str:
    """Return a module and all that it imports as one script, in which `modules["panel.js"]` is what a module exports.

    Parameters
    ----------
    entry
        File name of the module to begin with; what it imports comes before it.
    folder
        Where the modules are. They import each other by name, on one line: `import { draw } from "./drawing.js";`.
    """
    modules: dict[str, str] = {}

    def add(name: str) -> None:
        text = (folder / name).read_text(encoding="utf-8")
        for _, imported in _IMPORT.findall(text):
            if imported not in modules:
                add(imported)
        exported = ", ".join(exported for _, exported in _EXPORT.findall(text))
        body = _EXPORT.sub(r"\1", _IMPORT.sub(r'const \1 = modules["\2"];', text))
        modules[name] = f'modules["{name}"] = (() => {{\n{body}return {{ {exported} }};\n}})();\n'

    add(entry)
    return "const modules = {};\n" + "".join(modules.values())
