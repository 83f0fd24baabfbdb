import os
from pathlib import Path
import pytest
from playwright.sync_api import expect
pytestmark = pytest.mark.browser
@pytest.mark.parametrize("w,h", [(1280,800)])
def test_shot(quiet_page, run_all, w, h):
    page=quiet_page
    page.set_viewport_size({"width":w+60,"height":h+400})
    try:
        run_all(page,"01_tune_thresholds.ipynb")
        page.locator(".ps").wait_for()
        page.wait_for_timeout(15000)
        page.locator(".ps").screenshot(path=f"/tmp/dev/s1.png")
        s=page.get_by_role("slider", name="Agents: Keep the item"); s.focus()
        for _ in range(31): s.press("ArrowRight")
        print(page.locator(".ps").get_attribute("data-draw-ms"))
        page.wait_for_timeout(12000)
    finally:
        page.screenshot(path=f"/tmp/dev/s2.png")
        page.locator(".ps").screenshot(path=f"/tmp/dev/s2p.png")
