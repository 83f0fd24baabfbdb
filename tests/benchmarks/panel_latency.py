"""How fast the panel follows a hand, in Chromium; run by hand, prints a table.

Key to screen: from the event until style and layout of the whole panel are done. Tiles: until the kernel has evaluated
the policy, by failure and segment. All: until every curve of every limit is up to date. The application runs on 20,000
cases and 200 draws; the shared file is one of these.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from playwright.sync_api import Page, sync_playwright
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).parents[1] / "browser"))
from chromium import find_chromium

MOVES = 40
RESTS = 12
START_MILLISECONDS = 180_000
COMMAND = [sys.executable, "-c", "from policy_sim.cli import main; main()"]

KEY_TO_SCREEN = """
name => {
    const slider = document.querySelector(`input[data-tier=agent][data-limit=${name}]`);
    const began = performance.now();
    slider.value = Number(slider.value) + (Number(slider.value) < 40 ? 1 : -20);
    slider.dispatchEvent(new Event('input', { bubbles: true }));
    document.querySelector('.ps').getBoundingClientRect();
    return performance.now() - began;
}
"""


def measure(page: Page, url: str) -> dict[str, np.ndarray]:
    """Return milliseconds of each kind."""
    page.goto(url)
    page.wait_for_selector(".ps [data-tile=net_value]:not(:empty)", timeout=START_MILLISECONDS)
    rest(page)
    page.wait_for_timeout(20_000)  # studies are done
    page.evaluate("document.querySelector('input[data-limit=keep_item]').focus()")
    keys = [page.evaluate(KEY_TO_SCREEN, "keep_item") for _ in range(MOVES)]
    rest(page)
    times: dict[str, list[float]] = {"tiles": [], "all": []}
    for k in range(RESTS):
        page.wait_for_timeout(1_000)  # a person looks
        page.evaluate(KEY_TO_SCREEN, ("keep_item", "credit")[k % 2])
        rest(page)
        times["tiles"].append(float(page.locator(".ps").get_attribute("data-view-ms") or "nan"))
        times["all"].append(float(page.locator(".ps").get_attribute("data-settled-ms") or "nan"))
    return {"key to screen": np.array(keys), **{name: np.array(values) for name, values in times.items()}}


def rest(page: Page) -> None:
    page.wait_for_selector(".ps[aria-busy=false]", timeout=START_MILLISECONDS)


def main() -> None:
    """Measure the application and a shared file, one after the other."""
    table = Table("where", "what", "median, ms", "p95, ms", "wanted, ms", title="Latency of the panel")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        shared = Path(folder) / "panel.html"
        subprocess.run([*COMMAND, "share", str(shared)], check=True, capture_output=True)
        log = Path(folder) / "log"
        with log.open("w") as stream:
            server = subprocess.Popen(
                [*COMMAND, "app", "--no-browser", "--port", "0", "--ready", "1"], stdout=stream, stderr=stream
            )
        try:
            browser = playwright.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox"])
            while (address := re.search(r"http://\S+\?token=\S+", log.read_text())) is None:
                time.sleep(0.2)
            for where, url in (("application", address.group()), ("shared file", shared.as_uri())):
                page = browser.new_page(viewport={"width": 1280, "height": 800})
                for what, milliseconds in measure(page, url).items():
                    wanted = "16" if what == "key to screen" else "150" if what in ("tiles", "all") else ""
                    table.add_row(
                        where, what, f"{np.median(milliseconds):.1f}", f"{np.quantile(milliseconds, 0.95):.1f}", wanted
                    )
                page.close()
            browser.close()
        finally:
            server.terminate()
            server.wait()
    Console().print(table)


if __name__ == "__main__":
    main()
