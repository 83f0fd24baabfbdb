"""Fixtures for tests that look at the panel the way its reader does: in JupyterLab or the application, in a Chromium.

In: notebooks/ (copied, never written to), the Chromium found by tests/conftest.py.
Out: a running `lab`, a running `app`, a `quiet_page` and a `kept_page` that object to outside requests and errors, and
`run_all`; a `panel` of the application and a `shared` file, with the `state` behind them.
Not here: what should be on screen, which is for the tests themselves.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest
from panel_steps import from_menu, opened, settled
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, WebError, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeoutError

from policy_sim import load_policy, load_scenario
from policy_sim.show.live.share import share
from policy_sim.show.live.state import Panel, open_panel
from policy_sim.study import Sample, prepare

# what a page shows is waited for as long as a busy machine takes; five seconds are not enough
expect.set_options(timeout=60_000)

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
START_TIMEOUT_SECONDS = 90
STOP_TIMEOUT_SECONDS = 15
RUN_TIMEOUT_SECONDS = 180  # a first run compiles
LOG_TAIL_CHARACTERS = 4000

LAB_SETTINGS = {
    "@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False},
    # Every cell is in the page, also those below the fold.
    "@jupyterlab/notebook-extension:tracker": {"windowingMode": "none"},
}

THIS_MACHINE = re.compile(r"(https?|wss?)://(127\.0\.0\.1|localhost)(:\d+)?(/|$)|data:|blob:|about:|file:")

# JupyterLab's own complaint where a page is left before its debugger has heard from the kernel.
DEBUGGER_CUT_SHORT = "Could not restore the debugger state: Canceled future"

APP_URL = re.compile(r"http://\S+\?token=\S+")

TERMINAL_COLOUR = re.compile(r"\x1b\[[0-9;]*m")

# An order to run that comes before that opens a dialog that asks for a kernel, and takes the keys from the panel.
KERNEL_IS_THERE = """
() => {
    const context = jupyterapp.shell.currentWidget?.sessionContext;
    const kernel = context?.session?.kernel;
    return context?.isReady && kernel?.connectionStatus === 'connected' && kernel.status === 'idle';
}
"""

RUN_HAS_BEGUN = """
() => [...jupyterapp.shell.currentWidget.content.model.cells].some(
    cell => cell.type === 'code' && (cell.executionState === 'running' || cell.executionCount !== null)
)
"""

# Asked of the notebook's model: a cell whose source is hidden shows no prompt that could be read.
RUN_IS_OVER = """
(expected_count) => {
    const cells = [...jupyterapp.shell.currentWidget.content.model.cells].filter(cell => cell.type === 'code');
    if (cells.some(cell => cell.executionState === 'running')) return false;
    if (document.querySelector('.jp-Notebook-ExecutionIndicator')?.dataset.status !== 'idle') return false;
    const has_failed = cells.some(cell => cell.outputs.toJSON().some(output => output.output_type === 'error'));
    return has_failed || cells.filter(cell => cell.executionCount !== null).length >= expected_count;
}
"""


# How far the mark of a limit is from where the axis has it, or from the drawn line (pixels).
OFF_THE_CURVE = """
limit => {
    const svg = document.querySelector('.ps-curve .ps-picture > svg');
    const at = words => Number([...svg.querySelectorAll('text')].find(
        text => text.textContent === words && text.getAttribute('text-anchor') === 'middle').getAttribute('x'));
    const mark = svg.querySelector('[data-marker=now]');
    const [x, y] = [Number(mark.getAttribute('cx')), Number(mark.getAttribute('cy'))];
    const axis = at('$0') + (at('$100') - at('$0')) * limit / 100;
    const line = svg.querySelector('.ps-hand');
    let nearest = Infinity;
    for (let length = 0; length <= line.getTotalLength(); length += 0.5) {
        const point = line.getPointAtLength(length);
        nearest = Math.min(nearest, Math.hypot(point.x - x, point.y - y));
    }
    return Math.max(Math.abs(x - axis), nearest);
}
"""


ERRORS_OF_CELLS = """
() => [...jupyterapp.shell.currentWidget.content.model.cells]
    .filter(cell => cell.type === 'code')
    .flatMap(cell => cell.outputs.toJSON())
    .filter(output => output.output_type === 'error')
    .map(output => output.traceback.join('\\n'))
"""


@dataclass(frozen=True)
class Lab:
    """A running JupyterLab on a copy of the notebooks."""

    address: str
    token: str
    folder: Path
    log: Path

    def url(self, notebook_name: str) -> str:
        """Return the address that shows this notebook alone, in a fresh workspace."""
        return f"{self.address}/doc/tree/{notebook_name}?token={self.token}&reset"

    def log_tail(self) -> str:
        return self.log.read_text(errors="replace")[-LOG_TAIL_CHARACTERS:]


@dataclass(frozen=True)
class App:
    """A running `policy-sim app`."""

    url: str
    log: Path
    process_id: int

    @property
    def address(self) -> str:
        """The address without the token."""
        return self.url.partition("?")[0]

    def kernel(self, kernel_id: str) -> psutil.Process | None:
        """Return the process of a kernel, None where there is none (any more)."""
        for process in psutil.Process(self.process_id).children(recursive=True):
            with contextlib.suppress(psutil.Error):
                if process.status() != psutil.STATUS_ZOMBIE and any(kernel_id in word for word in process.cmdline()):
                    return process
        return None

    def log_tail(self) -> str:
        return self.log.read_text(errors="replace")[-LOG_TAIL_CHARACTERS:]


@pytest.fixture(scope="session")
def base_url() -> None:
    """Stand in for pytest-playwright's own, a bound method, which pytest 9.2 deprecates and we count as an error."""


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any], chromium_path: Path) -> dict[str, Any]:
    arguments = [
        "--no-sandbox",  # root, as in most containers, cannot have it
        "--disable-gpu",
        "--disable-quic",
        "--disable-dev-shm-usage",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--no-first-run",
        # Whoever asks for something outside gets the same answer everywhere: there is no such host.
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
    ]
    return {"headless": True, **browser_type_launch_args, "executable_path": chromium_path, "args": arguments}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    return {**browser_context_args, "viewport": {"width": 1280, "height": 900}, "reduced_motion": "reduce"}


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Start JupyterLab on a copy of notebooks/; nothing of the user's own settings has a say in it."""
    top = tmp_path_factory.mktemp("lab")
    folder = top / "notebooks"
    shutil.copytree(NOTEBOOKS, folder, ignore=shutil.ignore_patterns(".ipynb_checkpoints", "__pycache__"))
    settings = top / "config" / "labconfig" / "default_setting_overrides.json"
    settings.parent.mkdir(parents=True)
    settings.write_text(json.dumps(LAB_SETTINGS))

    port = _free_port()
    lab = Lab(f"http://127.0.0.1:{port}", secrets.token_hex(16), folder, top / "server.log")
    command = [
        *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1", f"--port={port}"),
        *("--ServerApp.port_retries=0", f"--IdentityProvider.token={lab.token}", f"--ServerApp.root_dir={folder}"),
        "--LabApp.expose_app_in_browser=True",  # gives run_all the notebook's model
    ]
    with _running(command, _environment(top), lab):
        yield lab


@pytest.fixture(scope="session")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """Start the application on few cases."""
    with _serving_app(tmp_path_factory.mktemp("app"), "--ready", "1") as app:
        yield app


@pytest.fixture(scope="session")
def hasty_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """Start an application that ends idle kernels after three seconds, on a policy file beside its log."""
    top = tmp_path_factory.mktemp("hasty_app")
    shutil.copy(NOTEBOOKS.parent / "data" / "policies" / "current.yaml", top / "mine.yaml")
    with _serving_app(top, "--ready", "0", "--idle-minutes", "0.05", "--policy", "mine.yaml") as app:
        yield app


@contextlib.contextmanager
def _quiet(page: Page) -> Iterator[None]:
    """Fail at the end if the page asked for anything off this machine or reported an error."""
    complaints: list[str] = []

    def note_request(request: Request) -> None:
        if not THIS_MACHINE.match(request.url):
            complaints.append(f"asked for {request.url}")

    def note_message(message: ConsoleMessage) -> None:
        if message.type == "error" and DEBUGGER_CUT_SHORT not in message.text:
            complaints.append(f"console error: {message.text} ({message.location.get('url', '')})")

    def note_error(error: WebError) -> None:
        complaints.append(f"page error: {error.error}")

    # Listening to the context hears the pop-ups and frames as well.
    page.context.on("request", note_request)
    page.context.on("console", note_message)
    page.context.on("weberror", note_error)
    page.on(
        "websocket",
        lambda socket: None if THIS_MACHINE.match(socket.url) else complaints.append(f"asked for {socket.url}"),
    )
    yield
    assert not complaints, "the page was not quiet:\n" + "\n".join(complaints)


@pytest.fixture
def quiet_page(page: Page) -> Iterator[Page]:
    """Give a page that has to be quiet to the end of the test."""
    with _quiet(page):
        yield page


@pytest.fixture(scope="module")
def kept_page(browser: Browser, browser_context_args: dict[str, Any]) -> Iterator[Page]:
    """Give a page that the tests of a file share, each where the one before has left it; quiet to the end."""
    context = browser.new_context(**browser_context_args)
    page = context.new_page()
    with _quiet(page):
        yield page
    context.close()


@pytest.fixture(scope="session")
def state() -> Panel:
    """What the application of the tests shows, made without it."""
    scenario = load_scenario("online_retail")
    return open_panel(prepare(scenario, sample=Sample(cases=100, draws=5)), load_policy("current", scenario))


@pytest.fixture(scope="session")
def shared_file(state: Panel, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return share(state.with_recommended(), tmp_path_factory.mktemp("shared") / "panel.html")


@pytest.fixture
def fresh_panel(quiet_page: Page, app: App) -> Page:
    """A panel in the application that nobody has used, with all curves worked out."""
    return opened(quiet_page, app.url)


@pytest.fixture(scope="session")
def kept_panel(browser: Browser, browser_context_args: dict[str, Any], app: App) -> Iterator[Page]:
    """A panel that the tests of several files share, each where the one before has left it; quiet to the end."""
    context = browser.new_context(**browser_context_args)
    page = context.new_page()
    with _quiet(page):
        yield opened(page, app.url)
    context.close()


@pytest.fixture
def panel(kept_panel: Page) -> Page:
    """The panel that most tests share, back on the policy in force; what else they change, they change back."""
    from_menu(kept_panel, "Back to “Policy in force”")
    return settled(kept_panel)


@pytest.fixture
def shared(quiet_page: Page, shared_file: Path) -> Page:
    return opened(quiet_page, shared_file.as_uri())


@pytest.fixture(scope="session")
def run_all(lab: Lab) -> Callable[[Page, str], None]:
    """Give `run_all(page, notebook_name)`: open the notebook, run all its cells and wait for the last one."""

    def open_and_run(page: Page, notebook_name: str) -> None:
        cells = json.loads((lab.folder / notebook_name).read_text(encoding="utf-8"))["cells"]
        expected_count = sum(cell["cell_type"] == "code" and bool("".join(cell["source"]).strip()) for cell in cells)
        page.goto(lab.url(notebook_name))
        try:
            page.wait_for_selector(
                ".jp-Notebook-ExecutionIndicator[data-status=idle]", timeout=START_TIMEOUT_SECONDS * 1000
            )
            page.wait_for_function(KERNEL_IS_THERE, timeout=START_TIMEOUT_SECONDS * 1000)
            # Counts saved in the file would pass for a finished run.
            _order(page, "notebook:clear-all-cell-outputs")
            _begin(page)
            page.wait_for_function(RUN_IS_OVER, arg=expected_count, timeout=RUN_TIMEOUT_SECONDS * 1000)
        except PlaywrightTimeoutError as error:
            dialogs = page.locator(".jp-Dialog-content").all_inner_texts()
            pytest.fail(f"{notebook_name} was not run to its end; open dialogs: {dialogs or 'none'}\n{error}")
        failures = page.evaluate(ERRORS_OF_CELLS)
        if failures:
            pytest.fail(f"a cell of {notebook_name} failed:\n" + TERMINAL_COLOUR.sub("", "\n".join(failures)))

    return open_and_run


@pytest.fixture
def off_the_curve() -> Callable[[Page, float], float]:
    """Give `off_the_curve(page, limit)`: pixels by which the mark of the limit in hand is not where it should be."""
    return lambda page, limit: page.evaluate(OFF_THE_CURVE, limit)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Add the server's side of the story to a failing test."""
    report = yield
    for name, server in getattr(item, "funcargs", {}).items():
        if report.failed and isinstance(server, Lab | App):
            report.sections.append((f"log of '{name}', the end of it", server.log_tail()))
    return report


def _begin(page: Page) -> None:
    # An order given before the page has its line to the kernel is lost, without a word: give it until it is followed.
    for _ in range(10):
        _order(page, "notebook:run-all-cells")
        with contextlib.suppress(PlaywrightTimeoutError):
            page.wait_for_function(RUN_HAS_BEGUN, timeout=20_000)
            return


def _order(page: Page, command: str) -> None:
    # What the entries of the menus Edit and Run do.
    page.evaluate("command => { jupyterapp.commands.execute(command); }", command)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def _environment(top: Path) -> dict[str, str]:
    """The caller's environment, without what would steer Jupyter or matplotlib."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("JUPYTER", "IPYTHON")) and name != "MPLBACKEND"
    }
    return inherited | {
        "JUPYTER_CONFIG_DIR": str(top / "config"),
        "JUPYTER_DATA_DIR": str(top / "data"),
        "JUPYTER_RUNTIME_DIR": str(top / "runtime"),
        "JUPYTERLAB_SETTINGS_DIR": str(top / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(top / "workspaces"),
        "IPYTHONDIR": str(top / "ipython"),
    }


@contextlib.contextmanager
def _running(command: list[str], environment: dict[str, str], lab: Lab) -> Iterator[None]:
    with lab.log.open("w") as log:
        server = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=environment,
            cwd=lab.folder,
            start_new_session=True,  # a group of its own, with the kernels
        )
    try:
        deadline = time.monotonic() + START_TIMEOUT_SECONDS
        while not _answers(f"{lab.address}/api/status?token={lab.token}"):
            if server.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"JupyterLab did not start (exit status {server.poll()}):\n{lab.log_tail()}")
            time.sleep(0.2)
        yield
    finally:
        _stop(server)


@contextlib.contextmanager
def _serving_app(top: Path, *words: str) -> Iterator[App]:
    log = top / "server.log"
    command = [sys.executable, "-c", "from policy_sim.cli import main; main()", "app", "--no-browser", "--port", "0"]
    with log.open("w") as stream:
        server = subprocess.Popen(
            [*command, "--cases", "100", "--draws", "5", *words],
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
            env=_environment(top),
            cwd=top,
            start_new_session=True,  # a group of its own, with the kernels
        )
    try:
        deadline = time.monotonic() + START_TIMEOUT_SECONDS
        while (address := APP_URL.search(log.read_text())) is None:
            if server.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"policy-sim app did not start (exit status {server.poll()}):\n{log.read_text()}")
            time.sleep(0.2)
        yield App(address.group(), log, server.pid)
    finally:
        _stop(server)


def _answers(url: str) -> bool:
    # Without a proxy: some environments name one even for this machine.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=5) as answer:
            return answer.status == 200
    except OSError:
        return False


def _stop(server: subprocess.Popen[bytes]) -> None:
    for stop_signal in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(server.pid, stop_signal)
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(STOP_TIMEOUT_SECONDS)
            return
