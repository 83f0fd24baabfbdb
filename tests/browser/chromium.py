"""Finds a Chromium for the browser tests and, when asked, tries to get one.

In: the environment (CHROMIUM, PATH, CI) and whatever browsers this machine has.
Out: the path of a Chromium that answers `--version`, or None; as a script, that path on standard output.
Not here: starting the browser and skipping tests, see the two conftest.py files.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

COMMANDS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MACOS_APPS = (
    "Applications/Chromium.app/Contents/MacOS/Chromium",
    "Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
APT_PACKAGES = ("chromium", "fonts-liberation")  # without a font the pages show no text
ASK_PLAYWRIGHT = """
from playwright.sync_api import sync_playwright
with sync_playwright() as playwright:
    print(playwright.chromium.executable_path)
"""

VERSION_TIMEOUT_SECONDS = 60
PLAYWRIGHT_TIMEOUT_SECONDS = 300
APT_TIMEOUT_SECONDS = 900


def find_chromium() -> Path | None:
    """Return the first Chromium that runs: $CHROMIUM, the system's, then Playwright's own download."""
    return next((path for path in _candidates() if _runs(path)), None)


def install_chromium() -> Path | None:
    """Return a Chromium, fetched by Playwright or by apt-get if none is there; None if neither could.

    Says on standard error, in one line each, what is tried and what came of it.
    """
    path = find_chromium()
    if path is not None:
        return path
    for attempt in (_install_by_playwright, _install_by_apt):
        attempt()
        path = find_chromium()
        if path is not None:
            return path
    return None


def main() -> int:
    """Print the path found; return 1 only if there is none and somebody relies on it (plain call, or CI is set)."""
    parser = argparse.ArgumentParser(description="Find a Chromium for the browser tests.")
    parser.add_argument("--install", action="store_true", help="try to get one if there is none")
    install = parser.parse_args().install

    path = install_chromium() if install else find_chromium()
    wanted = os.environ.get("CHROMIUM")
    if wanted and (path is None or path != Path(wanted)):
        _say(f"CHROMIUM={wanted} does not run; looked further")
    if path is not None:
        print(path)
        return 0
    _say("no Chromium found; install one or set CHROMIUM to its path, otherwise the browser tests are skipped")
    return 1 if os.environ.get("CI") or not install else 0


def _candidates() -> Iterator[Path]:
    if wanted := os.environ.get("CHROMIUM"):
        yield Path(wanted)
    for command in COMMANDS:
        if path := shutil.which(command):
            yield Path(path)
    if sys.platform == "darwin":
        for root in (Path("/"), Path.home()):
            yield from (root / app for app in MACOS_APPS)
    # In a process of its own: Playwright's event loop stays out of the caller's.
    status, answer = _run([sys.executable, "-c", ASK_PLAYWRIGHT], VERSION_TIMEOUT_SECONDS)
    if status == 0 and answer:
        yield Path(answer.splitlines()[-1])


def _runs(path: Path) -> bool:
    """Whether the browser starts at all: a download may lack system libraries, a launcher may be an empty shell."""
    if not (path.is_file() and os.access(path, os.X_OK)):
        return False
    status, _ = _run([str(path), "--version"], VERSION_TIMEOUT_SECONDS)
    return status == 0


def _install_by_playwright() -> None:
    _say("trying: playwright install chromium")
    status, output = _run([sys.executable, "-m", "playwright", "install", "chromium"], PLAYWRIGHT_TIMEOUT_SECONDS)
    _say(f"playwright install chromium: {_outcome(status, output)}")


def _install_by_apt() -> None:
    if shutil.which("apt-get") is None:
        _say("apt-get: not tried, this is no Debian-like system")
        return
    if os.geteuid() != 0:
        _say(f"apt-get: not tried, that takes root (sudo apt-get install {' '.join(APT_PACKAGES)})")
        return
    for command in (["update"], ["install", "-y", "--no-install-recommends", *APT_PACKAGES]):
        line = " ".join(["apt-get", *command])
        _say(f"trying: {line}")
        status, output = _run(
            ["apt-get", "-o", "DPkg::Lock::Timeout=120", *command],
            APT_TIMEOUT_SECONDS,
            {"DEBIAN_FRONTEND": "noninteractive"},
        )
        _say(f"{line}: {_outcome(status, output)}")


def _run(
    command: list[str], timeout_seconds: float, extra_environment: dict[str, str] | None = None
) -> tuple[int, str]:
    """Run without input; return the exit status (124 after the time limit, 127 if not startable) and the output."""
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            env={**os.environ, **(extra_environment or {})},
            start_new_session=True,  # so that the time limit ends its children too
        )
    except OSError as error:
        return 127, str(error)
    with process:
        try:
            output, _ = process.communicate(timeout=timeout_seconds)
        except BaseException as error:
            os.killpg(process.pid, signal.SIGKILL)
            if not isinstance(error, subprocess.TimeoutExpired):
                raise
            return 124, f"no end after {timeout_seconds:.0f} seconds"
    return process.returncode, output.strip()


def _outcome(status: int, output: str) -> str:
    if status == 0:
        return "done"
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    telling = [line for line in lines if "error" in line.lower() or line.startswith("E:")]
    return f"failed ({status}): {(telling or lines or ['no message'])[-1]}"


def _say(line: str) -> None:
    print(f"chromium: {line}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
