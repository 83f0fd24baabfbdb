"""The site that `make docs` builds: strictly, with no link or anchor that leads nowhere, and without another host.

In: mkdocs.yml and docs/. Out: one build, looked at as files and, from its folder, in a browser.
Not here: what the pages say and do (tests/test_pages.py, tests/documentation).
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from playwright.sync_api import Page, Request, expect

ROOT = Path(__file__).parents[2]
#: What a browser fetches by itself, by tag and attribute; `a` and `form` wait for a reader.
FETCHED = {
    "script": "src",
    "img": "src",
    "iframe": "src",
    "source": "src",
    "link": "href",
    "video": "src",
    "object": "data",
}
#: Links of a head that only say something.
_SAID = {"canonical", "author", "license", "prev", "next"}
_IN_STYLES = re.compile(r"(?:url\(\s*['\"]?|@import\s+['\"])((?:https?:)?//[^'\")]+)")


class Read(HTMLParser):
    """What a page fetches, links to and can be linked at, and the text of its paragraphs."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.links: list[str] = []
        self.anchors = {""}
        self.paragraphs: list[str] = []
        self._within: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        held = dict(attrs)
        self.anchors |= {name for name in (held.get("id"), held.get("name")) if name}
        if tag == "a" and held.get("href"):
            self.links.append(held["href"] or "")
        if tag in FETCHED and held.get(FETCHED[tag]) and not set((held.get("rel") or "").split()) & _SAID:
            self.fetched.append(held[FETCHED[tag]] or "")
        if tag in ("p", "code", "pre"):
            self._within.append(tag)
            if tag == "p":
                self.paragraphs.append("")

    def handle_endtag(self, tag: str) -> None:
        if tag in self._within:
            self._within.remove(tag)

    def handle_data(self, data: str) -> None:
        if self._within == ["p"]:
            self.paragraphs[-1] += data


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the site, built as `make docs` does."""
    folder = tmp_path_factory.mktemp("site")
    order = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)]
    quiet = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(order, cwd=ROOT, env=quiet, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "WARNING" not in done.stderr
    return folder


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[Path, Read]:
    """Return every page of the site."""
    return {path: Read(path.read_text(encoding="utf-8")) for path in site.rglob("*.html") if path.name != "404.html"}


def test_every_page_of_docs_is_there(site: Path, pages: dict[Path, Read]) -> None:
    sources = {path.relative_to(ROOT / "docs").with_suffix(".html") for path in (ROOT / "docs").rglob("*.md")}
    built = {path.relative_to(site) for path in pages}
    assert sources - {Path("README.html")} <= built
    assert {Path("index.html"), Path("project/contributing.html"), Path("reference/api/value.html")} <= built


def test_nothing_is_fetched_from_another_host(site: Path, pages: dict[Path, Read]) -> None:
    ours = [path for path in pages if "published" not in path.parts]
    assert len(ours) > 40
    for path in ours:
        assert [target for target in pages[path].fetched if urlsplit(target).netloc] == [], path
    for path in site.rglob("*.css"):
        assert _IN_STYLES.findall(path.read_text(encoding="utf-8")) == [], path


def test_every_link_and_anchor_leads_somewhere(site: Path, pages: dict[Path, Read]) -> None:
    lost = []
    for path, page in pages.items():
        for link in (*page.links, *page.fetched):
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            target = target / "index.html" if target.is_dir() else target
            read = pages.get(target)
            if not target.exists() or (read is not None and unquote(parts.fragment) not in read.anchors):
                lost.append(f"{path.relative_to(site)}: {link}")
    assert lost == []


def test_no_markdown_is_left_in_paragraphs(site: Path, pages: dict[Path, Read]) -> None:
    for path, page in pages.items():
        if "api" in path.parts:  # docstrings, which are no Markdown
            continue
        left = [text for text in page.paragraphs if re.search(r"^\s*[-*|] |\]\(|\*\*|\n(- |\d+\. )", text)]
        assert left == [], path.relative_to(site)


@pytest.mark.browser
@pytest.mark.parametrize("width", [1280, 390])
def test_it_is_read_from_its_folder(site: Path, page: Page, width: int) -> None:
    """No page is wider than the screen, nothing else is asked for, and the search finds what stands there."""
    asked: list[str] = []
    errors: list[str] = []

    def note(request: Request) -> None:
        if not request.url.startswith(("file:", "data:", "blob:")):
            asked.append(request.url)

    page.on("request", note)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.set_viewport_size({"width": width, "height": 900})
    for name in ("index", "reference/files/scenario", "explanation/model-card", "reference/api/value"):
        page.goto((site / f"{name}.html").as_uri())
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, name
    page.goto((site / "index.html").as_uri())
    if width < 960:
        page.locator("label[for=__search].md-header__button").click()
    page.locator("[data-md-component=search-query]").click()
    page.keyboard.type("loyalty points", delay=20)
    expect(page.locator(".md-search-result__link").first).to_have_attribute("href", re.compile("add-a-remedy"))
    assert (asked, errors) == ([], [])
