"""Hooks of the site: what MkDocs does not know of these pages.

In: docs/ as it stands, the pages beside it (README, CONTRIBUTING, CHANGELOG, data/README), docstrings. Out: the menu,
in the order of docs/README.md; pages for the API; links that lead to what the site holds; names of files over blocks
that a reader writes. Left to others: what the pages say, and that their blocks run (test_pages.py).
"""

from __future__ import annotations

import posixpath
import re
from importlib import import_module
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[2]
#: Pages that lie outside docs/, by their place in the clone: where the site has them, and what its menu calls them.
BESIDE = {
    "README.md": ("project/overview.md", "Overview"),
    "CONTRIBUTING.md": ("project/contributing.md", "Contributing"),
    "CHANGELOG.md": ("project/changes.md", "Changes"),
    "data/README.md": ("project/data.md", "Data"),
}
#: A folder of docs/ that pages link to: the site lists what lies in it.
EXAMPLES = "published"
#: Whoever searches wants a page that people wrote before a docstring.
_LATER = "---\nsearch:\n  boost: 0.01\n---\n\n"
#: Rooms whose names are for people who write Python, from the top floor down, and what each is for.
ROOMS = {
    "study": "one decision looked at closely: prepare, playbook, stories, journeys, decision analysis",
    "evidence": "your own cases: joining exports, checking, calibrating",
    "publish": "policies as files, and whether they agree",
    "sweep": "many decisions: designs, runs, results",
    "value": "payoffs, evaluation, curves, best limits, playbooks",
    "policy": "who may decide what",
    "service": "cases, remedies, response, queue",
    "clv": "from orders to future values",
    "orders": "what counts as an order",
    "border": "where files come in and errors go out",
}

_HEADING = re.compile(r"^(#{2,3}) (.+)$")
_ITEM = re.compile(r"^- \[([^]]+)\]\(([^)]+)\)")
_LINK = re.compile(r"(!?)\[([^]]*)\]\(([^)\s#]*)(#[^)\s]*)?\)")
_FENCED = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)
_ORDERED = re.compile(r"<!--\s*(.*?)\s*-->\n```(\w+)\n", re.DOTALL)


def menu_of(front: str) -> list[dict[str, Any]]:
    """Return the menu that the front page lists: its headings, and below each the pages in their order."""
    menu: list[dict[str, Any]] = [{"Home": "README.md"}]
    at: list[Any] = menu
    for line in front.splitlines():
        if heading := _HEADING.match(line):
            at = []
            # a heading of the second rank goes into the part that was begun last
            (menu if heading[1] == "##" else next(iter(menu[-1].values()))).append({heading[2]: at})
        elif item := _ITEM.match(line):
            target = f"{item[2]}.md" if item[2] == EXAMPLES else item[2]
            at.append({item[1]: target})
    return menu


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Take the menu from the front page, and add the API and the pages beside docs/."""
    menu = menu_of(Path(config.docs_dir, "README.md").read_text(encoding="utf-8"))
    reference = next(part["Reference"] for part in menu if "Reference" in part)
    reference.append({"API": ["reference/api.md", *({f"policy_sim.{room}": api_page(room)} for room in ROOMS)]})
    menu.append({"Project": [{title: place} for place, title in BESIDE.values()]})
    config.nav = menu
    return config


def api_page(room: str) -> str:
    return f"reference/api/{room}.md"


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that lie elsewhere or are made of docstrings."""
    for source, (place, _) in BESIDE.items():
        files.append(File.generated(config, place, content=(ROOT / source).read_text(encoding="utf-8")))
    files.append(File.generated(config, f"{EXAMPLES}.md", content=_examples(Path(config.docs_dir) / EXAMPLES)))
    files.append(File.generated(config, "reference/api.md", content=_names_page()))
    for room, purpose in ROOMS.items():
        content = f"{_LATER}# policy_sim.{room}\n\n{purpose[:1].upper()}{purpose[1:]}.\n\n" + _directives(
            f"policy_sim.{room}"
        )
        files.append(File.generated(config, api_page(room), content=content))
    return files


def _examples(folder: Path) -> str:
    listed = "".join(
        f"- [{path.name}]({EXAMPLES}/{path.name}), {path.stat().st_size:,} bytes\n" for path in sorted(folder.iterdir())
    )
    return (
        "# Published examples\n\nThe policy that comes along as `current`, in every format that "
        f"[publishing](how-to/publish-a-policy.md) knows.\n\n{listed}"
    )


def _names_page() -> str:
    rooms = "".join(f"- [policy_sim.{room}](api/{room}.md): {purpose}\n" for room, purpose in ROOMS.items())
    return (
        f"{_LATER}# API\n\nThe thirty names of `import policy_sim as ps`, as their docstrings have them "
        f"([by step](python.md)). What a scenario, a policy and the like hold stands with [their files]"
        f"(files/scenario.md). What is not among the thirty is in the rooms:\n\n{rooms}\n" + _directives("policy_sim")
    )


def _directives(module: str) -> str:
    """Return what mkdocstrings turns into the docstrings of all public names of a module that have one."""
    whole = import_module(module)
    names = sorted(whole.__all__, key=lambda name: (name.isupper(), name.lower()))
    homes = ((name, getattr(getattr(whole, name), "__module__", "")) for name in names)
    return "".join(
        f"::: {home}.{name}\n" for name, home in homes if home.startswith("policy_sim.") and not name.isupper()
    )


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Point links to what the site holds, and write the name of a file over the block that a reader puts there."""
    if page.is_homepage:
        page.meta["hide"] = ["navigation"]  # it lists everything itself
    source = next((name for name, (place, _) in BESIDE.items() if place == page.file.src_uri), None)
    place = source or f"docs/{page.file.src_uri}"

    def linked(match: re.Match[str]) -> str:
        target = match[3]
        if not target or re.match(r"[a-z]+:", target):
            return match[0]
        found = place_on_site(posixpath.normpath(posixpath.join(posixpath.dirname(place), target)), files)
        if found is None:
            return match[2]  # what lies in the clone only
        beside = posixpath.relpath(found, posixpath.dirname(page.file.src_uri) or ".")
        return f"{match[1]}[{match[2]}]({beside}{match[4] or ''})"

    blocks = iter(_FENCED.findall(markdown))
    prose = _FENCED.split(markdown)
    parts = [_LINK.sub(linked, part) for part in prose]
    whole = "".join(part + next(blocks, "") for part in parts)
    return _ORDERED.sub(_titled, whole)


def place_on_site(target: str, files: Files) -> str | None:
    """Return where the site has a file of the clone; docs/README.md is its front page."""
    if target in BESIDE:
        return BESIDE[target][0]
    if target == f"docs/{EXAMPLES}":
        return f"{EXAMPLES}.md"
    inner = target.removeprefix("docs/")
    return inner if inner != target and files.get_file_from_path(inner) else None


def _titled(match: re.Match[str]) -> str:
    order, language = match[1], match[2]
    for opening in ("write ", "insert into "):
        if order.startswith(opening):
            title = order.removeprefix(opening).replace('"', "'")
            return f'```{language} title="{title}"\n'
    return f"```{language}\n"
