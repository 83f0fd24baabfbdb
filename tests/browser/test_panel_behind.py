"""What is behind the screen: how a number comes about, what gives it again, what it costs month by month."""

from __future__ import annotations

import contextlib
import io
import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from panel_steps import from_menu, press, settled, value_of
from playwright.sync_api import Page, expect

from policy_sim.show.live.state import Panel

pytestmark = pytest.mark.browser


def grave(page: Page) -> list[str]:
    violations = Axe().run(page).response["violations"]
    return [one["id"] for one in violations if one["impact"] in ("serious", "critical")]


def test_behind_a_number_and_after_it(panel: Page, state: Panel) -> None:
    press(panel, "Agents: Keep the item", "ArrowRight", 21)
    settled(panel)
    value = value_of(panel)
    how_it_comes_about(panel)
    give_it_again(panel, value)
    month_by_month(panel)


def how_it_comes_about(panel: Page) -> None:
    """By key: the tile opens the chain; a step holds its formula and its sources."""
    tile = panel.get_by_role("button", name=re.compile("^Net value a year, .*how it comes about$"))
    tile.focus()
    tile.press("Enter")
    dialog = panel.get_by_role("dialog", name="Net value a year: how it comes about")
    expect(dialog.locator("[data-box]")).to_have_count(11)
    assert not grave(panel)
    dialog.locator("[data-box=customers_kept]").click()
    step = dialog.locator("[data-step=customers_kept]")
    expect(step).to_contain_text("Customers kept = failures × share of their customers who stay")
    expect(step.locator("li").first).to_be_visible()
    panel.keyboard.press("Escape")
    expect(tile).to_be_focused()


def give_it_again(panel: Page, value: float) -> None:
    """The lines of Python on the page, run here, print the number of the tile."""
    from_menu(panel, "Reproduce this screen")
    dialog = panel.get_by_role("dialog", name="Reproduce this screen")
    expect(dialog.locator("[data-block=command]")).to_contain_text("policy-sim diff current policy_in_hand.yaml")
    expect(dialog.locator("[data-block=cite]")).to_contain_text("policy_sim")
    assert not grave(panel)
    with contextlib.redirect_stdout(io.StringIO()) as said:
        exec(dialog.locator("[data-block=python]").inner_text(), {})
    printed = next(line for line in said.getvalue().splitlines() if "net_value" in line)
    assert float(printed.split()[2]) == pytest.approx(value, rel=1e-4)
    panel.keyboard.press("Escape")


def month_by_month(panel: Page) -> None:
    panel.get_by_role("tab", name="Month by month").click()
    expect(panel.locator(".ps-headline")).to_contain_text(re.compile("in the first month|after one month"))
    expect(panel.locator(".ps-months .ps-sub")).to_contain_text("100,000 customers followed")
    panel.get_by_label("Table, picture and help of months").click()
    panel.locator(".ps-months").get_by_role("button", name="Show or hide the table").click()
    expect(panel.locator(".ps-months tbody tr")).to_have_count(24)
    assert not grave(panel)
    panel.get_by_role("tab", name="How far to go").click()
