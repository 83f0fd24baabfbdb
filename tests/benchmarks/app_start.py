"""How long visitors of `policy-sim app` wait for the panel: one, then five at once, in a real Chromium.

In: the number of cases. Out: seconds from the request to the panel on screen, for panels that stand ready and from
nothing. Not here: how fast the panel follows the hand.

Run by hand: python tests/benchmarks/app_start.py [CASES]
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Browser, Page, sync_playwright

sys.path.insert(0, str(Path(__file__).parents[1] / "browser"))
from chromium import find_chromium

VISITORS = 5
WAIT_SECONDS = 300
TARGET_SECONDS = 3.0


def main() -> None:
    cases = sys.argv[1] if len(sys.argv) > 1 else "20000"
    chromium = find_chromium()
    if chromium is None:
        print("no Chromium found, nothing measured; python tests/browser/chromium.py --install tries to get one")
        return
    with TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-dev-shm-usage"])
        print(f"{cases} cases; seconds from the request to the panel on screen")
        # one to show, five at once, and none to prepare meanwhile that is needed
        with_ready = VISITORS + 1
        log, server = start(Path(folder), "--cases", cases, "--ready", str(with_ready))
        try:
            url = wait_for(log, r"http://\S+\?token=\S+")
            began = time.perf_counter()
            wait_for(log, r"Ready:")
            print(f"  {with_ready} panels stood ready after {time.perf_counter() - began:.1f}")
            (first,) = visit(browser, url, 1)
            print(f"  one visitor, warm       {first:5.2f}   (target {TARGET_SECONDS:g})")
            print("  five at once, warm      " + "  ".join(f"{wait:5.2f}" for wait in visit(browser, url, VISITORS)))
        finally:
            stop(server)
        log, server = start(Path(folder), "--cases", cases, "--ready", "0")
        try:
            (cold,) = visit(browser, wait_for(log, r"http://\S+\?token=\S+"), 1)
            print(f"  one visitor, from nothing {cold:.2f}")
        finally:
            stop(server)


def visit(browser: Browser, url: str, count: int) -> list[float]:
    """Open so many pages at once, each a visitor of its own; return how long each waited."""
    contexts = [browser.new_context(viewport={"width": 1280, "height": 800}) for _ in range(count)]
    pages = [context.new_page() for context in contexts]
    for page in pages:
        # from here on by the page's own clock, so that they do not wait for each other
        page.goto(url, wait_until="commit", timeout=WAIT_SECONDS * 1000)
    waited = [shown_after(page) for page in pages]
    for context in contexts:
        context.close()
    return waited


def shown_after(page: Page) -> float:
    # marks count from when the page was asked for; the page forbids what wait_for_function would do in it
    deadline = time.monotonic() + WAIT_SECONDS
    while (shown := page.evaluate("performance.getEntriesByName('panel-shown')[0]?.startTime")) is None:
        if time.monotonic() > deadline:
            raise TimeoutError(f"no panel after {WAIT_SECONDS} s")
        page.wait_for_timeout(50)
    return float(shown) / 1000


def start(folder: Path, *words: str) -> tuple[Path, subprocess.Popen[bytes]]:
    log = folder / "server.log"
    command = [sys.executable, "-c", "from policy_sim.cli import main; main()", "app", "--no-browser", "--port", "0"]
    with log.open("w") as stream:
        server = subprocess.Popen(
            [*command, *words], stdout=stream, stderr=subprocess.STDOUT, cwd=folder, start_new_session=True
        )
    return log, server


def wait_for(log: Path, pattern: str) -> str:
    deadline = time.monotonic() + WAIT_SECONDS
    while (match := re.search(pattern, log.read_text())) is None:
        if time.monotonic() > deadline:
            sys.exit(f"policy-sim app did not say {pattern}:\n{log.read_text()}")
        time.sleep(0.1)
    return match.group()


def stop(server: subprocess.Popen[bytes]) -> None:
    os.killpg(server.pid, signal.SIGTERM)
    server.wait()


if __name__ == "__main__":
    main()
