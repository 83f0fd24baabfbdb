"""Steps that tests of the panel have in common: opening it, moving a limit, reading a tile.

In: a page. Out: what is done on it, or stands there. Left to others: what should be there (the
tests), pages (conftest).
"""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect

from policy_sim.show.live.state import Panel

START_MILLISECONDS = 90_000


def opened(page: Page, url: str) -> Page:
    page.goto(url)
    expect(page.locator("[data-tile=net_value]")).not_to_be_empty(timeout=START_MILLISECONDS)
    return settled(page)


def settled(page: Page) -> Page:
    expect(page.locator(".ps")).to_have_attribute("aria-busy", "false", timeout=60_000)
    return page


def slider(page: Page, name: str) -> Locator:
    return page.get_by_role("slider", name=name, exact=True)


def press(page: Page, name: str, key: str, times: int = 1) -> None:
    slider(page, name).focus()
    for _ in range(times):
        slider(page, name).press(key)


def value_of(page: Page, tile: str = "net_value") -> float:
    return float(page.locator(f"[data-tile={tile}]").get_attribute("data-value") or "nan")


def from_menu(page: Page, entry: str) -> None:
    page.get_by_label("Policies, history, files, assumptions").click()
    page.get_by_role("button", name=entry, exact=True).click()


def net_value(state: Panel, **agent: float) -> float:
    return float(state.with_limits({"agent": agent}).outcome.per_year().mean())
