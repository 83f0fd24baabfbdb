"""What all tests share: an option, an order, and the rule that a missing Chromium is never passed over in silence.

In: pytest's collected items and the environment variable CI.
Out: files in an order that two processes share well; browser tests marked as skipped without a Chromium, a loud closing
section, a failing run where CI is set.
Not here: the browser's and JupyterLab's fixtures (tests/browser/conftest.py), the search (tests/browser/chromium.py).
"""

from __future__ import annotations

import functools
import importlib.util
import os
from pathlib import Path
from types import ModuleType

import hypothesis
import pytest

from policy_sim.orders import read_transactions

# no test hangs on the clock: a busy machine is no fault
hypothesis.settings.register_profile("no clock", deadline=None)
hypothesis.settings.load_profile("no clock")

CDNOW = Path(__file__).resolve().parents[1] / "data" / "cdnow" / "transactions.csv"
NO_CHROMIUM = "no Chromium found"
HOW_TO_GET_ONE = (
    "To get one, either of:",
    "  make test                                           (tries Playwright's download, then apt-get)",
    "  .venv/bin/python tests/browser/chromium.py --install",
    "  sudo apt-get install chromium fonts-liberation      (Debian)",
    "  CHROMIUM=/path/to/chromium make test                (one that is already there)",
)
#: What begins, in this order (make test: two processes, file by file). On a fresh clone the first file, and the third,
#: which the same process takes next, compile the loops, while the other process is busy with what needs none: whoever
#: comes later finds them compiled. Then what takes longest, so that neither process waits for the other at the end.
FIRST = (
    "tests/value/test_reproducible.py",
    "tests/publish/test_conformity.py",
    "tests/cli/test_studies.py",
    "tests/publish/test_publication.py",
    "tests/orders",
    "tests/clv",
    "tests/test_pages.py",
    "tests/browser",
    "notebooks",
    "tests/value",
)
CHROMIUM = pytest.StashKey[Path | None]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-picture", action="store_true", help="write the picture of the notebook into docs/")


@pytest.hookimpl(trylast=True)  # after -m and -k have taken their choice
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    # The order of pytest's arguments is no order: what two of them name is taken once, in either's place.
    items.sort(key=lambda item: _place_in_order(item.path))
    # By marker, not by keyword: a test's keywords hold the names of its folders too.
    browser_items = [item for item in items if item.get_closest_marker("browser")]
    if browser_items and _find_chromium(config) is None:
        for item in browser_items:
            item.add_marker(pytest.mark.skip(reason=NO_CHROMIUM))


@functools.cache  # 5,500 tests lie in 250 files
def _place_in_order(path: Path) -> int:
    top = Path(__file__).parents[1]
    return next((place for place, name in enumerate(FIRST) if path.is_relative_to(top / name)), len(FIRST))


def pytest_sessionfinish(session: pytest.Session) -> None:
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if session.exitstatus == pytest.ExitCode.OK and os.environ.get("CI") and _count_skipped(reporter):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    skipped_count = _count_skipped(terminalreporter)
    if not skipped_count:
        return
    terminalreporter.write_sep("!", f"{skipped_count} BROWSER TESTS SKIPPED: {NO_CHROMIUM}", red=True, bold=True)
    for line in HOW_TO_GET_ONE:
        terminalreporter.write_line(line, red=True)
    if os.environ.get("CI"):
        terminalreporter.write_line("CI is set, so this run counts as failed.", red=True, bold=True)


@pytest.fixture(scope="session")
def chromium_path(pytestconfig: pytest.Config) -> Path:
    """The Chromium the browser tests start."""
    path = _find_chromium(pytestconfig)
    if path is None:
        pytest.fail(f"{NO_CHROMIUM}; a test that needs one must bear the marker 'browser'")
    return path


def _find_chromium(config: pytest.Config) -> Path | None:
    if CHROMIUM not in config.stash:
        config.stash[CHROMIUM] = _load(Path(__file__).parent / "browser" / "chromium.py").find_chromium()
    return config.stash[CHROMIUM]


def _load(path: Path) -> ModuleType:
    # By path, so that it works in each of pytest's import modes.
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _count_skipped(reporter: pytest.TerminalReporter | None) -> int:
    # Counted from the reports, which reach the controlling process under pytest-xdist as well.
    if reporter is None:
        return 0
    return sum(NO_CHROMIUM in str(report.longrepr) for report in reporter.stats.get("skipped", []))


@pytest.fixture
def write(tmp_path):
    """Return a function that writes a log into a file and returns its path."""

    def write_file(content, name="log.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write_file


@pytest.fixture(scope="session")
def cdnow():
    return read_transactions(CDNOW)
