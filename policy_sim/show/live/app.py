"""The panel as an application: a web server on this machine that shows it, with no code in sight.

In: what every visitor's panel starts from, and where to listen. Out: a running server; for each visitor a page behind
a token and a kernel of its own. Left to others: what a kernel does (`visit`), the panel (`widget`).
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import json
import logging
import os
import secrets
import shutil
import socket
import statistics
import sys
import tempfile
import time
import webbrowser
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_core.utils import ensure_async
from jupyter_server.auth.decorator import ws_authenticated
from jupyter_server.auth.login import LoginFormHandler
from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.base.websocket import WebSocketMixin
from jupyter_server.services.kernels.handlers import KernelHandler
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager
from tornado.httpserver import HTTPServer
from tornado.ioloop import IOLoop
from tornado.websocket import WebSocketClosedError, WebSocketHandler
from traitlets.config import Config
from voila.app import Voila
from voila.paths import collect_static_paths, collect_template_paths
from voila.tornado.handler import TornadoVoilaHandler
from voila.tornado.kernel_websocket_handler import VoilaKernelWebsocketHandler

from policy_sim.border import InputError, write_whole
from policy_sim.show.live.doors import Channels, KernelModel
from policy_sim.show.live.visit import VISIT_FOLDER, WAITING, Visit

__all__ = ["AppSettings", "run_app"]

_PAGE = Path(__file__).parent / "app_page"

#: Browser code that may come along: what shows widgets, and nothing else that happens to be installed.
_EXTENSIONS = ["@voila-dashboards/widgets-manager8", "@jupyter-widgets/jupyterlab-manager", "anywidget"]

_HEADERS = {
    # Blobs: so the panel's own module is loaded. Inline styles: so the host's and the panel's pictures are drawn.
    "Content-Security-Policy": "; ".join(
        (
            "default-src 'none'",
            "script-src 'self' blob:",
            "style-src 'self' 'unsafe-inline' blob:",
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            "connect-src 'self'",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        )
    ),
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}

_WATCH_SECONDS = 0.5

#: Where kernels say how far they are, in the folder that they share with the server.
_REPORTS = "kernel_*.json"

#: A page that is gone may come back: a network that failed for a while, a computer that slept.
_GRACE_SECONDS = 300


#: Kernels that stand ready: more would not fit into a machine.
_MOST_READY = 100
#: Minutes of a year.
_LONGEST_IDLE = 525_960.0


@dataclass(frozen=True)
class AppSettings:
    """Where the application listens and how it deals with kernels."""

    ip: str = "127.0.0.1"
    #: 0 takes a free one.
    port: int = 8866
    open_browser: bool = True
    #: How many kernels stand ready, with the panel worked out, for visitors to come.
    ready_count: int = 2
    #: A kernel that nothing was asked of for so long is ended, with its page still open or not.
    idle_minutes: float = 120.0

    def __post_init__(self) -> None:
        try:
            ip_address(self.ip)
        except ValueError:
            raise InputError(f"--ip {self.ip} is not an address; expected for example 127.0.0.1 or 0.0.0.0") from None
        if not 0 <= self.port <= 65535:
            raise InputError(f"--port {self.port} is not a port; expected 1 to 65535, or 0 for a free one")
        if not 0 <= self.ready_count <= _MOST_READY:
            raise InputError(
                f"--ready {self.ready_count} is below 0 or above {_MOST_READY}; expected how many kernels stand ready, "
                "such as 2"
            )
        if not 0 < self.idle_minutes <= _LONGEST_IDLE:
            raise InputError(
                f"--idle-minutes {self.idle_minutes:g} is not above 0, or over a year; expected minutes, such as 120"
            )

    @property
    def is_local(self) -> bool:
        """Whether only this machine can reach the application."""
        return ip_address(self.ip).is_loopback


def run_app(visit: Visit, settings: AppSettings, say: Callable[[str], None], show: Callable[[str], None]) -> None:
    """Serve the panel until stopped.

    Parameters
    ----------
    visit
        What every visitor's panel starts from.
    settings
        Where to listen, how many kernels to hold ready.
    say
        Takes lines for the person who started it.
    show
        Takes the address to open, once it answers.

    Raises
    ------
    InputError
        If the address or the port cannot be had.
    """
    listening = _listen(settings)
    port = listening.getsockname()[1]
    named = socket.gethostname() if ip_address(settings.ip).is_unspecified else settings.ip
    host = f"[{named}]" if ":" in named else named
    token = secrets.token_urlsafe(24)
    address = f"http://{host}:{port}/"
    if not settings.is_local:
        say(
            f"Listening on {settings.ip}, not only for this machine: whoever reaches it and has the token can use it, "
            "and what passes is not encrypted"
        )

    with _private_folder() as folder:
        visit.write(folder)
        os.environ[VISIT_FOLDER] = str(folder)

        def on_listening() -> None:
            show(f"{address}?token={token}")
            if settings.open_browser:
                _open_browser(folder, f"{address}?token={token}", say)
            if settings.ready_count:
                IOLoop.current().spawn_callback(_say_when_ready, folder, settings.ready_count, say)

        server = _Server(config=_configuration(settings, port, token, folder))
        server.begin(listening, folder, on_listening)


async def _say_when_ready(folder: Path, count: int, say: Callable[[str], None]) -> None:
    while sum(_report(path)["state"] == "ready" for path in folder.glob(_REPORTS)) < count:
        await asyncio.sleep(_WATCH_SECONDS)
    say(f"Ready: {count} {'panels are' if count > 1 else 'panel is'} worked out for the next to come")


def _listen(settings: AppSettings) -> socket.socket:
    """Take the port at once, so that a taken one is known before anything is prepared."""
    family = socket.AF_INET6 if ":" in settings.ip else socket.AF_INET
    try:
        listening = socket.create_server((settings.ip, settings.port), family=family, backlog=128)
    except OSError as error:
        place = f"port {settings.port} on {settings.ip}"
        if error.errno == errno.EADDRINUSE:
            raise InputError(
                f"{place} is in use, perhaps by an application that already runs; choose another with --port, or "
                "--port 0 for a free one"
            ) from None
        if error.errno == errno.EACCES:
            raise InputError(f"{place} is not allowed to this user; choose one from 1024 on with --port") from None
        if error.errno == errno.EADDRNOTAVAIL:
            raise InputError(f"this machine has no address {settings.ip}; leave --ip out to stay on it") from None
        raise InputError(f"{place} cannot be listened on: {error.strerror}") from None
    listening.setblocking(False)
    return listening


@contextlib.contextmanager
def _private_folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="policy_sim_app_"))  # for this user's eyes only
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _configuration(settings: AppSettings, port: int, token: str, folder: Path) -> Config:
    idle_seconds = max(1, round(settings.idle_minutes * 60))
    return Config(
        {
            "Voila": {
                "ip": settings.ip,
                "port": port,
                "token": token,
                "open_browser": False,
                "notebook_path": str(_PAGE / "panel.ipynb"),
                "connection_dir_root": str(folder),
                "log_level": logging.ERROR,
                "tornado_settings": {"headers": _HEADERS},
            },
            "IdentityProvider": {"cookie_options": {"samesite": "Lax"}},
            "VoilaConfiguration": {
                "template": "base",
                "allow_template_override": "NO",
                "allow_theme_override": "NO",
                "strip_sources": True,
                "show_tracebacks": False,
                "file_allowlist": [],
                "extension_allowlist": _EXTENSIONS,
                "preheat_kernel": settings.ready_count > 0,
                "default_pool_size": settings.ready_count,
                "multi_kernel_manager_class": _Kernels,
                "kernel_spec_manager_class": _ThisPython,
                # a sign of life that Voila sends as a script in the page, where ours allows none
                "http_keep_alive_timeout": 24 * 3600,
            },
            "VoilaExecutor": {"timeout": 0, "startup_timeout": 180},
            "MappingKernelManager": {
                "cull_idle_timeout": idle_seconds,
                "cull_interval": max(1, min(60, idle_seconds // 2)),
                "cull_connected": True,
            },
            # A kernel begun anew would know nothing of the page: better to say that it is gone.
            "KernelRestarter": {"restart_limit": 0, "time_to_dead": 1.0},
        }
    )


def _open_browser(folder: Path, url: str, say: Callable[[str], None]) -> None:
    # By way of a file: what a browser is called with can be read by everyone on the machine.
    page = folder / "open.html"
    write_whole(page, f'<!doctype html><meta http-equiv="refresh" content="0; url={url}">')
    page.chmod(0o600)
    try:
        is_open = webbrowser.open(page.as_uri())
    except webbrowser.Error:
        is_open = False
    if not is_open:
        say("No browser could be opened; open the address in one")


class _ThisPython(KernelSpecManager):
    """Kernels run on the Python that runs this, whatever else is registered on the machine."""

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        command = [sys.executable, "-m", "ipykernel_launcher", "--log-level=50", "-f", "{connection_file}"]
        return KernelSpec(argv=command, display_name="Python 3", language="python", name=kernel_name)

    def find_kernel_specs(self) -> dict[str, str]:
        return {"python3": str(_PAGE)}


class _Kernels(AsyncMappingKernelManager):
    """Kernels, which of them were ended on purpose, and how many pages look on."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)  # type: ignore[no-untyped-call]
        self.closed: set[str] = set()
        self.pages: Counter[str] = Counter()

    async def shutdown_kernel(self, kernel_id: str, *rest: Any, **settings: Any) -> None:  # type: ignore[override]
        self.closed.add(kernel_id)
        await super().shutdown_kernel(kernel_id, *rest, **settings)  # type: ignore[no-untyped-call]

    async def runs(self, kernel_id: str) -> bool:
        """Whether there is such a kernel, and its process is alive."""
        return kernel_id in self and await ensure_async(self.get_kernel(kernel_id).is_alive())


class _Server(Voila):
    """Voila with our page, our way in, and nobody else's settings."""

    def begin(self, listening: socket.socket, folder: Path, on_listening: Callable[[], None]) -> None:
        """Serve on this socket until stopped."""
        self.listening, self.folder, self.on_listening = listening, folder, on_listening
        # the two libraries count the seconds of a ping differently, and one says so for every page
        logging.getLogger("tornado.general").setLevel(logging.ERROR)
        self.initialize([])
        self.start()

    def load_config_file(self, *_: object, **__: object) -> None:
        """Read none: not what the user set for other applications of Voila, nor a file in the folder one stands in."""

    def setup_template_dirs(self) -> None:
        """Look for pages in ours first, then among Voila's."""
        names = ["voila", "nbconvert"]
        self.template_paths = [str(_PAGE), *collect_template_paths(names, "base", prune=True)]
        self.static_paths = [str(_PAGE / "static"), *collect_static_paths(names, "base", prune=True)]

    def init_settings(self) -> dict[str, Any]:
        """Say what went wrong on a page of ours."""
        pages = Environment(loader=FileSystemLoader(_PAGE), autoescape=True)
        return {**super().init_settings(), "jinja2_env": pages}

    def init_handlers(self) -> list[Any]:
        """Add the way in and the watch over a kernel, put our doors in; leave out what tells kernels about requests."""
        ours = [(r"/login", _Login), (r"/visit/([\w-]+)", _Watch, {"folder": self.folder})]
        theirs = [handler for handler in super().init_handlers() if "/voila/query/" not in handler[0]]
        instead = {TornadoVoilaHandler: _Page, VoilaKernelWebsocketHandler: Channels, KernelHandler: KernelModel}
        return ours + [(path, instead.get(handler, handler), *settings) for path, handler, *settings in theirs]

    def listen(self) -> None:
        """Serve on the socket that is already bound."""
        HTTPServer(self.app).add_sockets([self.listening])
        self.ioloop = IOLoop.current()
        self.ioloop.add_callback(self.on_listening)
        try:
            self.ioloop.start()
        except KeyboardInterrupt:
            pass
        finally:
            self.stop()


class _Page(TornadoVoilaHandler):
    """The page of a visitor, with the cookie by which it may end its kernel when it is closed."""

    async def prepare(self) -> None:
        await super().prepare()
        self.xsrf_token  # noqa: B018  (reading it sets the cookie)


class _Login(LoginFormHandler):
    """Says that a token is needed, and takes one."""

    def _render(self, message: dict[str, str] | None = None) -> None:
        page = self.settings["voila_jinja2_env"].get_template("login.html")
        following = quote(self.get_argument("next", default=self.base_url))
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.write(page.render(base_url=self.base_url, next=following, wrong=bool(message), xsrf=self.xsrf_form_html()))


class _Watch(WebSocketMixin, WebSocketHandler, JupyterHandler):
    """Tells a page how far its kernel is, and when it has gone."""

    def initialize(self, folder: Path) -> None:
        self.folder = folder

    @property
    def kernels(self) -> _Kernels:
        """All kernels, with what is noted of them here."""
        return cast(_Kernels, self.kernel_manager)

    def set_default_headers(self) -> None:
        """Set none: they are for pages."""

    @ws_authenticated
    async def get(self, kernel_id: str) -> None:
        await super().get(kernel_id)

    def open(self, kernel_id: str) -> None:
        super().open()
        self.kernel_id = kernel_id
        self.kernels.pages[kernel_id] += 1
        # beside, since nothing that comes in is read before this returns
        self.task = asyncio.create_task(self._tell(kernel_id))

    def on_message(self, message: str | bytes) -> None:
        """Hear nothing: a page has nothing to say here."""

    def on_close(self) -> None:
        self.task.cancel()
        self.kernels.pages[self.kernel_id] -= 1
        IOLoop.current().call_later(_GRACE_SECONDS, self._end_if_alone)

    async def _end_if_alone(self) -> None:
        """End a kernel whose page was closed without a word, as a browser does that is ended itself."""
        if self.kernels.pages[self.kernel_id] == 0 and self.kernel_id in self.kernels:
            await self.kernels.shutdown_kernel(self.kernel_id)

    async def _tell(self, kernel_id: str) -> None:
        said: dict[str, object] | None = None
        with contextlib.suppress(WebSocketClosedError):
            while self.ws_connection is not None:
                message = await self._state(kernel_id)
                if said is None or any(said.get(key) != message.get(key) for key in ("state", "words")):
                    await self.write_message(message)
                    said = message
                if message["state"] == "ended":
                    return
                await asyncio.sleep(_WATCH_SECONDS)

    async def _state(self, kernel_id: str) -> dict[str, object]:
        kernels = self.kernels
        if not await kernels.runs(kernel_id):
            return {"state": "ended", "why": "idle" if kernel_id in kernels.closed else "died"}
        report = _report(self.folder / f"kernel_{kernel_id}.json")
        if report["state"] == "ready":
            return report
        elapsed = time.time() - report.get("since", time.time())
        return report | {"elapsed": elapsed, "expected": self._expected_seconds(report["words"])}

    def _expected_seconds(self, words: str) -> float | None:
        """Return how long it takes to work out a panel, as far as any has been; how long a wait takes is not known."""
        if words == WAITING:
            return None
        reports = [_report(path) for path in self.folder.glob(_REPORTS)]
        seen = [report["seconds"] for report in reports if report["state"] == "ready"]
        return statistics.median(seen) if seen else None


def _report(path: Path) -> dict[str, Any]:
    """Read what a kernel says of itself."""
    if not path.is_file():
        return {"state": "starting", "words": "Starting"}
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content
