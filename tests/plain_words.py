"""Plain words: which texts are names of the program, and not for people.

Used by the tests of the page, in Python and in the browser.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

#: What no head of service has ever said: names with underscores or dots, units of the model, what is no number.
JARGON = re.compile(
    r"\w_\w|\b[a-z]+\.[a-z]+_|logit|\bratio\b|\bkernel|\bdraws?\b|pseudo-count|learned claim|\bNone\b|\bnan\b|\bNaN\b"
    r"|\bnull\b|\bundefined\b|\binf\b|[{}]",
)
#: Names that may stand on the page: of files and commands, of the program itself.
ALLOWED = re.compile(r"policy_sim|current_v\d+|\.policy_sim/\S+")


def names_of_the_program(texts: Iterable[str]) -> list[str]:
    """Return the texts that people would not understand, each with the word that gives it away."""
    faults = []
    for text in texts:
        found = JARGON.search(ALLOWED.sub("", text))
        if found:
            faults.append(f"{found[0]!r} in {text!r}")
    return faults


def texts_of(content: Any, silent: frozenset[str]) -> Iterator[str]:
    """Yield every text in plain data but the keys, and but values under keys that the page never shows."""
    if isinstance(content, str):
        yield content
    elif isinstance(content, Mapping):
        for key, value in content.items():
            if key not in silent:
                yield from texts_of(value, silent)
    elif isinstance(content, list | tuple):
        for part in content:
            yield from texts_of(part, silent)


def shown_literals(script: str) -> Iterator[str]:
    """Yield the texts of a module of the page that are sentences: strings and templates with a blank in them."""
    code = re.sub(r"^\s*//.*$", "", re.sub(r"/\*.*?\*/", "", script, flags=re.DOTALL), flags=re.MULTILINE)
    parts: list[str] = []
    while "${" in code:
        # what stands between the marks of a template may hold templates itself
        found = re.findall(r"\$\{([^{}]*)\}", code)
        if not found:
            break
        parts += found
        code = re.sub(r"\$\{[^{}]*\}", "…", code)
    for literal in re.findall(r'"((?:[^"\\\n]|\\.)*)"|`((?:[^`\\]|\\.)*)`', "\n".join([*parts, code])):
        text = "".join(literal)
        if re.search(r"[A-Za-z] [A-Za-z]", text) and not re.fullmatch(r"[a-z0-9 -]*", text):
            yield text
