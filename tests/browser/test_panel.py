"""The panel as leadership meets it, in the application and as a shared file: one journey, and every view accessible."""

from __future__ import annotations

import base64
import importlib.util
import json
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from panel_steps import from_menu, net_value, opened, press, settled, slider, value_of
from playwright.sync_api import Browser, Page, expect

from policy_sim import Lever, compare, evaluate, load_policy
from policy_sim.show.live.answer import answer_content
from policy_sim.show.live.guidance import playbook_content
from policy_sim.show.live.state import Panel
from policy_sim.show.wording import format_money, format_number

pytestmark = pytest.mark.browser

KEEP = Lever("agent", "keep_item")


def to_30_dollars(page: Page) -> None:
    """Move the first limit by key; how far a key goes depends on how far the slider reaches."""
    for _ in range(31):
        press(page, "Agents: Keep the item", "ArrowRight")
        if slider(page, "Agents: Keep the item").get_attribute("aria-valuetext") == "Keep the item limit, 30 dollars":
            return
    pytest.fail("the limit went past 30 dollars")


def test_the_journey_in_the_application(fresh_panel: Page, state: Panel, app: Any) -> None:
    panel = fresh_panel
    assert value_of(panel) == pytest.approx(net_value(state), rel=1e-9)
    see_the_answer_and_come_back(panel, state)
    press(panel, "Agents: Keep the item", "ArrowRight", 21)
    settled(panel)
    limit = drag_on_the_curve(panel)
    assert 20 < limit <= 50
    settled(panel)
    assert value_of(panel) == pytest.approx(net_value(state, keep_item=limit), rel=1e-9)
    compare_with_generous(panel, state, limit)
    pin_and_flip(panel, state, limit)

    # undo all the way, redo once
    undo = panel.get_by_role("button", name="Undo")
    while undo.is_enabled():
        undo.click()
    settled(panel)
    assert value_of(panel) == pytest.approx(net_value(state), rel=1e-9)
    assert slider(panel, "Agents: Keep the item").get_attribute("aria-valuetext") == "Keep the item limit, ask first"
    panel.get_by_role("button", name="Redo").click()
    settled(panel)

    sift_assumptions(panel, state)
    halve_future_value(panel)
    go_through_history_in_one_step(panel, state)
    export(panel, app)
    go_away_and_come_back_by_a_link(panel)


def see_the_answer_and_come_back(panel: Page, state: Panel) -> None:
    """The answer is there before anything is asked, and one click away."""
    answered = state.with_recommended()
    assert answered.answer is not None
    content = answer_content(answered.answer)
    expect(panel.locator(".ps-answer-words")).to_have_text(f"{content['sentence']}: {content['worth']}.")
    expect(panel.locator(".ps-answer-rows li svg")).to_have_count(1 + len(content["moves"]))
    panel.get_by_role("button", name="Why", exact=True).click()
    expect(panel.get_by_role("dialog", name="Net value a year: how it comes about")).to_contain_text("Recommended")
    panel.keyboard.press("Escape")
    panel.get_by_role("button", name="What if we are wrong").click()
    doubts = panel.get_by_role("dialog", name="What if we are wrong?")
    expect(doubts.get_by_role("row")).to_have_count(1 + len(answered.doubts()))
    expect(doubts.locator(".ps-sentence")).to_have_count(4)
    panel.keyboard.press("Escape")
    panel.get_by_role("button", name="See it").click()
    settled(panel)
    best = float(answered.outcome_of(answered.answer.policy).per_year().mean())
    assert value_of(panel) == pytest.approx(best, rel=1e-9)
    panel.get_by_role("button", name="Back to today").click()
    settled(panel)
    assert value_of(panel) == pytest.approx(net_value(state), rel=1e-9)


def drag_on_the_curve(panel: Page) -> float:
    """Drag the mark to the right; return the limit, which follows the hand."""
    panel.locator("[data-marker=now]").scroll_into_view_if_needed()
    now = panel.locator("[data-marker=now]").bounding_box()
    assert now is not None
    panel.mouse.move(now["x"] + 7, now["y"] + 7)
    panel.mouse.down()
    panel.mouse.move(now["x"] + 47, now["y"] + 7, steps=4)
    panel.mouse.up()
    shown = slider(panel, "Agents: Keep the item").get_attribute("aria-valuetext") or ""
    return float(re.search(r"limit, (\d+) dollars", shown).group(1))  # type: ignore[union-attr]


def compare_with_generous(panel: Page, state: Panel, limit: float) -> None:
    """Compare with another policy, paired."""
    panel.get_by_label("Compare with").select_option("generous")
    settled(panel)
    generous = next(policy for policy in state.presets if policy.name == "generous")
    mine = state.with_limits({"agent": {"keep_item": limit}})
    difference = compare(mine.outcome, evaluate(generous, state.payoffs))
    likely = panel.locator("[data-likely=net_value]")
    low, high = (float(likely.get_attribute(f"data-{end}") or "nan") for end in ("low", "high"))
    assert (low, high) == pytest.approx(difference.interval_per_year(), rel=1e-9)


def pin_and_flip(panel: Page, state: Panel, limit: float) -> None:
    """Pin A, move, flip between the two."""
    panel.get_by_role("button", name="Pin as A").click()
    settled(panel)
    expect(panel.locator("[data-likely=net_value]")).to_have_text("no change")
    press(panel, "Agents: Store credit", "ArrowRight", 15)
    settled(panel)
    moved = value_of(panel)
    panel.get_by_role("button", name="A", exact=True).click()
    settled(panel)
    assert value_of(panel) == pytest.approx(net_value(state, keep_item=limit), rel=1e-9)
    panel.get_by_role("button", name="B", exact=True).click()
    settled(panel)
    assert value_of(panel) == pytest.approx(moved, rel=1e-9)


def halve_future_value(panel: Page) -> None:
    """Change an assumption, by a range: how it is read stands beside it, nothing is valued before that, then all is."""
    from_menu(panel, "Assumptions")
    dialog = panel.get_by_role("dialog", name="Assumptions")
    field = dialog.locator("[data-assumption='shop.future_value_factor']")
    read = panel.locator(f"[id='{field.get_attribute('aria-describedby')}']")
    field.fill("half")
    expect(read).to_contain_text("'half' is neither a number nor a range")
    dialog.get_by_role("button", name="Value everything anew").click()
    expect(field).to_be_focused()
    expect(field).to_have_attribute("aria-invalid", "true")
    assert not grave_violations(panel)
    field.fill("0.4-0.6")
    expect(read).to_have_text("Read as 0.4 to 0.6 times, most likely 0.5 times, the middle")
    expect(field).not_to_have_attribute("aria-invalid", "true")
    before = value_of(panel)
    field.press("Enter")
    expect(panel.locator(".ps-print-line")).to_contain_text("assumptions changed")
    expect(panel.locator(".ps-status")).to_contain_text("with these assumptions it is")
    settled(panel)
    assert value_of(panel) < 0.9 * before


def go_through_history_in_one_step(panel: Page, state: Panel) -> None:
    """Any point is one choice away, under the assumptions of then; where one stands is marked, its worth said."""
    here, limit = value_of(panel), slider(panel, "Agents: Keep the item").get_attribute("aria-valuetext")
    entries = panel.locator(".ps-history li button")
    panel.get_by_label("History of changes").press("Enter")
    expect(entries.last).to_contain_text("Assumptions changed")
    expect(entries.last).to_have_attribute("aria-current", "step")
    expect(panel.locator(".ps-history [aria-current]")).to_have_count(1)
    count = entries.count()
    entries.first.press("Enter")
    expect(panel.locator(".ps-print-line")).not_to_contain_text("assumptions changed")
    settled(panel)
    assert value_of(panel) == pytest.approx(net_value(state), rel=1e-9)
    expect(panel.get_by_role("button", name="Undo")).to_be_disabled()
    panel.get_by_label("History of changes").click()
    expect(entries).to_have_count(count)
    expect(entries.first).to_have_text(re.compile(r"Opened.*\$0\.00"))
    expect(entries.first).to_have_attribute("aria-current", "step")
    entries.last.click()
    expect(panel.locator(".ps-print-line")).to_contain_text("assumptions changed")
    settled(panel)
    assert value_of(panel) == pytest.approx(here, rel=1e-9)
    assert slider(panel, "Agents: Keep the item").get_attribute("aria-valuetext") == limit
    # there and back before anything has arrived
    for entry in (entries.first, entries.last):
        panel.get_by_label("History of changes").click()
        entry.click()
    settled(panel)
    assert value_of(panel) == pytest.approx(here, rel=1e-9)
    expect(panel.locator(".ps-print-line")).to_contain_text("assumptions changed")
    panel.get_by_label("History of changes").click()
    expect(entries).to_have_count(count)
    panel.keyboard.press("Escape")


def sift_assumptions(panel: Page, state: Panel) -> None:
    """Those that matter most come first; how far each can be trusted stands beside it, is counted, and sifts them."""
    from_menu(panel, "Assumptions")
    dialog = panel.get_by_role("dialog", name="Assumptions")
    rows = dialog.locator("tbody tr")
    dialog.get_by_role("button", name="The 10 that matter most").click()
    expect(rows.locator("visible=true")).to_have_count(10)
    for trust in state.trusts():
        words = trust["words"].capitalize()
        dialog.get_by_role("button", name=f"{trust['mark']} {words}: {trust['count']}", exact=True).click()
        expect(rows.locator("visible=true")).to_have_count(trust["count"])
        if trust["count"]:
            expect(rows.locator("visible=true").first.locator(".ps-trust")).to_have_text(f"{trust['mark']} {words}")
    dialog.get_by_role("button", name=f"All {len(state.assumptions())} assumptions", exact=True).click()
    expect(rows.locator("visible=true")).to_have_count(len(state.assumptions()))
    for width in (1280, 900, 390):
        panel.set_viewport_size({"width": width, "height": 900})
        assert dialog.evaluate(NOTHING_IS_CUT), width
    panel.set_viewport_size({"width": 1280, "height": 900})
    dialog.get_by_role("button", name="Close").click()


def export(panel: Page, app: Any) -> None:
    """The card as it will be, what changes, what to mind; then take it away, under changed assumptions."""
    panel.get_by_role("button", name="Export for agents").press("Enter")
    dialog = panel.get_by_role("dialog", name="Export for agents")
    expect(dialog.locator("[data-mind]")).to_contain_text("Assumptions were changed (")
    expect(dialog.get_by_role("heading")).to_have_text(
        ["Export for agents", "The card that agents get", "What changes", "What to mind"]
    )
    expect(dialog.locator(".ps-findings").first).to_contain_text("Agents no longer need a lead")
    card = dialog.frame_locator("iframe")
    expect(card.get_by_role("heading", name="What you may do as an agent")).to_be_visible()
    dialog.get_by_role("button", name="Lead", exact=True).press("Enter")
    expect(dialog.get_by_role("button", name="Lead", exact=True)).to_have_attribute("aria-pressed", "true")
    for width in (390, 900, 1280):
        panel.set_viewport_size({"width": width, "height": 900})
        assert panel.evaluate(OVERHANG) <= 0, f"at {width} px the dialog has to be scrolled sideways"
    dialog.get_by_text("For systems: JSON").press("Enter")
    expect(dialog.get_by_label("CSV, a table")).to_be_visible()
    with panel.expect_download() as download:
        dialog.get_by_role("button", name="Download", exact=True).click()
    # several files come as one, and nothing is left where the application was started
    assert download.value.suggested_filename == "current_v2.zip"
    with zipfile.ZipFile(download.value.path()) as together:
        names = together.namelist()
        assert together.read("current_v2.json").startswith(b"{")
    assert names == ["current_v2.json", "current_v2.card.html", "policy.schema.json"]
    expect(panel.locator(".ps-status")).to_contain_text(f"Downloaded: current_v2.zip, with {', '.join(names)}.")
    assert [path.name for path in app.log.parent.iterdir() if path.suffix or path.name == "out"] == ["server.log"]


OVERHANG = """
() => Math.max(...['.ps-dialog', '.ps-review-body'].map((name) => {
    const element = document.querySelector(name);
    return element.scrollWidth - element.clientWidth;
}))
"""


def go_away_and_come_back_by_a_link(panel: Page) -> None:
    """A link brings the screen back, assumptions included."""
    keep = slider(panel, "Agents: Keep the item").get_attribute("aria-valuetext")
    here = value_of(panel)
    from_menu(panel, "Copy a link to this screen")
    # it says what it takes to open it; the token is not among what is passed on
    expect(panel.locator(".ps-status")).to_contain_text("Whoever opens it needs the token of this workbench")
    link = panel.url
    assert "#ps=" in link
    assert "token" not in link
    panel.goto("about:blank")
    opened(panel, link)
    expect(panel.locator(".ps-print-line")).to_contain_text("assumptions changed")
    settled(panel)
    assert slider(panel, "Agents: Keep the item").get_attribute("aria-valuetext") == keep
    assert value_of(panel) == pytest.approx(here, rel=1e-9)


def test_limits_stop_at_the_next_tier_s(panel: Page) -> None:
    press(panel, "Agents: Keep the item", "End")
    assert slider(panel, "Agents: Keep the item").get_attribute("aria-valuetext") == (
        "Keep the item limit, 50 dollars, at the lead’s limit"
    )
    press(panel, "Leads: Keep the item", "Home")
    assert "at the agent’s limit" in (slider(panel, "Leads: Keep the item").get_attribute("aria-valuetext") or "")
    press(panel, "Agents: Keep the item", "ArrowLeft")
    assert "49 dollars" in (slider(panel, "Agents: Keep the item").get_attribute("aria-valuetext") or "")


def test_studies_arrive_and_a_preset_can_be_gone_to(
    panel: Page, state: Panel, off_the_curve: Callable[[Page, float], float]
) -> None:
    to_30_dollars(panel)
    expect(panel.locator(".ps-front-line")).to_be_visible(timeout=120_000)
    # axes may have grown to hold the recommended limits: marks and line still stand where the axis says
    settled(panel)
    assert off_the_curve(panel, 30) < 3
    from_menu(panel, "Go to “Recommended”")
    settled(panel)
    recommended = state.with_recommended()
    best = recommended.showing(recommended.presets[-1]).outcome
    assert value_of(panel) == pytest.approx(float(best.per_year().mean()), rel=1e-9)
    expect(panel.locator(".ps-mind .ps-sentence")).to_have_count(4, timeout=60_000)
    panel.get_by_role("button", name="All assumptions").click()
    assert panel.get_by_role("dialog", name="All assumptions").get_by_role("row").count() > 50
    panel.keyboard.press("Escape")


def test_rules_are_found_changed_and_exported(panel: Page, state: Panel, tmp_path: Path) -> None:
    panel.get_by_role("tab", name="What to give").click()
    panel.get_by_role("button", name="Find the rules").click()
    rules = panel.locator(".ps-leaf")
    expect(rules.locator(".ps-sure").first).to_be_visible(timeout=120_000)
    expect(panel.locator(".ps-lead")).to_contain_text("if 55 of 100 people follow")
    expect(panel.locator(".ps-gap .ps-picture:not(.ps-old) svg")).to_have_attribute("aria-label", re.compile("In all"))
    settled(panel)
    count, before = rules.count(), value_of(panel)
    panel.get_by_label("Of 100 people, so many follow the rules").press("End")
    expect(panel.get_by_role("button", name="Assume 100 of 100 everywhere")).to_be_visible()

    # one rule gives something else: what that costs or brings is the difference of the two policies
    panel.get_by_role("button", name=re.compile("^Change the rule for")).first.click()
    panel.get_by_label("Give", exact=True).select_option(index=0)
    effect = panel.locator("[data-effect]")
    expect(effect).to_contain_text("Against the best rules this")
    expect(effect).to_contain_text("in place of")
    settled(panel)
    change = float(effect.get_attribute("data-effect") or "nan")
    assert value_of(panel) - before == pytest.approx(change, abs=1e-6 * abs(before))
    expect(panel.locator(".ps-guided .ps-old")).to_have_count(0)
    assert not grave_violations(panel)

    # what is written, and what a link says, holds the rules
    from_menu(panel, "Copy a link to this screen")
    text = panel.url.partition("#ps=")[2]
    link = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    assert (len(link["playbook"]["rules"]), link["tab"]) == (count, "rules")
    panel.get_by_role("button", name="Export for agents").click()
    with panel.expect_download() as download:
        panel.get_by_role("button", name="Download", exact=True).click()
    with zipfile.ZipFile(download.value.path()) as together:
        (tmp_path / "policy.json").write_bytes(together.read("current_v2.json"))
    assert playbook_content(load_policy(tmp_path / "policy.json", state.setting.scenario).playbook) == link["playbook"]
    panel.get_by_role("button", name="Undo").click()
    expect(effect).to_be_empty()
    assert value_of(settled(panel)) == pytest.approx(before, rel=1e-9)
    panel.get_by_role("tab", name="How far to go").click()


def test_the_export_dialog_bars_nobody(panel: Page) -> None:
    to_30_dollars(panel)
    settled(panel)
    panel.get_by_role("button", name="Export for agents").click()
    expect(panel.get_by_role("dialog")).to_contain_text("allows whatever")
    panel.get_by_text("The table behind").click()
    panel.get_by_text("For systems: JSON").click()
    # what lies behind may be dim while it is worked out
    assert not grave_violations(panel, ".ps-dialog")
    panel.keyboard.press("Escape")


def test_a_case_of_ones_own_and_the_stories(panel: Page) -> None:
    before = panel.get_by_label("Choose a case").input_value()
    expect(panel.locator(".ps-verdict")).to_contain_text("Recommended:", timeout=60_000)
    panel.get_by_label("Choose a case").select_option("own")
    panel.get_by_label("Item price (USD)").fill("400")
    panel.get_by_label("Claims in 12 months").fill("5")
    panel.get_by_role("button", name="Show this case").click()
    expect(panel.locator(".ps-verdict")).to_contain_text("This goes to the manager.")
    panel.get_by_label("Choose a case").select_option("cooker_lid")
    expect(panel.locator(".ps-case .ps-sub")).to_contain_text("lid")
    panel.get_by_label("Choose a case").select_option(before)


def test_a_file_that_holds_no_policy_is_refused_in_one_line(panel: Page) -> None:
    loader, status = panel.get_by_label("Open a policy file"), panel.locator(".ps-status")
    huge = {"name": "huge.json", "mimeType": "application/json", "buffer": b"[" * 5_000_001}
    loader.set_input_files(huge)
    expect(status).to_contain_text("huge.json is too large for a policy: over 5 MB.")
    loader.set_input_files(huge | {"name": "deep.json", "buffer": b"[" * 100_000})
    expect(status).to_contain_text("nested too deeply")
    assert "Traceback" not in status.inner_text()


def test_pictures_and_tables_can_be_taken_away(panel: Page) -> None:
    for part in ("curve", "parts", "frontier", "case"):
        for entry, start in (("CSV", None), ("SVG", "<svg"), ("PNG", None)):
            panel.get_by_label(f"Table, picture and help of {part}").click()
            button = panel.locator(f".ps-{part}").get_by_role("button", name=re.compile(entry))
            with panel.expect_download() as download:
                button.click()
            content = Path(download.value.path()).read_bytes()
            assert len(content) > 100
            if start:
                assert content.decode().startswith(start)
                assert "var(" not in content.decode()
                assert "<title>" in content.decode()
                assert "policy_sim" in content.decode()  # where it comes from
            panel.keyboard.press("Escape")


def test_per_case_month_and_year_agree(panel: Page, state: Panel) -> None:
    yearly = state.setting.scenario.value("shop.cases_per_year")
    year = value_of(panel)
    for per, times in (("month", 1 / 12), ("case", 1 / yearly)):
        panel.get_by_role("button", name=per, exact=True).click()
        assert value_of(panel) == pytest.approx(year * times, rel=1e-9)
        assert panel.locator("[data-tile=net_value]").inner_text() == format_money(year * times, "USD")
    panel.get_by_role("button", name="year", exact=True).click()


def test_a_further_tile_is_a_further_record_of_words(quiet_page: Page, tmp_path: Path) -> None:
    script = Path(__file__).parents[1] / "show" / "live" / "one_more_tile.py"
    subprocess.run([sys.executable, str(script), str(tmp_path), "panel"], check=True, timeout=300)
    page = opened(quiet_page, (tmp_path / "panel.html").as_uri())
    tile = page.locator(".ps-tile", has=page.locator("[data-tile=supervisor_minutes]"))
    expect(tile).to_contain_text("Supervisor minutes a year")
    before = value_of(page, "supervisor_minutes")
    assert page.locator("[data-tile=supervisor_minutes]").inner_text() == format_number(before)
    press(page, "Agents: Keep the item", "ArrowRight", 31)
    settled(page)
    assert value_of(page, "supervisor_minutes") < before
    expect(page.locator("[data-change=supervisor_minutes]")).to_have_class(re.compile("ps-better"))
    from_menu(page, "Side by side")
    expect(page.get_by_role("dialog")).to_contain_text("Supervisor minutes")


def show_tables(page: Page) -> None:
    for part in ("curve", "parts", "frontier"):
        page.get_by_label(f"Table, picture and help of {part}").click()
        page.locator(f".ps-{part}").get_by_role("button", name="Show or hide the table").click()


VIEWS: dict[str, Callable[[Page], object]] = {
    "the panel": lambda page: None,
    "menu": lambda page: page.get_by_label("Policies, history, files, assumptions").click(),
    "history": lambda page: page.get_by_label("History of changes").click(),
    "side by side": lambda page: from_menu(page, "Side by side"),
    "budget": lambda page: from_menu(page, "Set a budget"),
    "a case": lambda page: page.get_by_label("Choose a case").select_option("own"),
    "tables": show_tables,
    "what to give": lambda page: page.get_by_role("tab", name="What to give").click(),
}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_view_bars_anybody(browser: Browser, shared_file: Path, scheme: Any) -> None:
    page = browser.new_page(color_scheme=scheme, viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
    opened(page, shared_file.as_uri())
    press(page, "Agents: Keep the item", "ArrowRight", 31)
    settled(page)
    page.mouse.move(0, 0)
    for view, show in VIEWS.items():
        show(page)
        grave = grave_violations(page)
        assert not grave, view + "\n" + "\n".join(grave)
        page.keyboard.press("Escape")
    page.close()


# Elements whose text goes on where nobody can see it.
CUT = """
() => [...document.querySelectorAll('.ps *')]
    .filter(element => element.offsetParent && !element.matches('.ps-hidden, .ps-hidden *, select, option'))
    .filter(element => ['hidden', 'clip'].includes(getComputedStyle(element).overflowX))
    .filter(element => element.scrollWidth > element.clientWidth + 1)
    .map(element => element.className + ': ' + element.textContent.slice(0, 40))
"""


@pytest.mark.parametrize("width", [390, 900, 1440])
def test_everything_is_legible_at_every_width(browser: Browser, shared_file: Path, width: int) -> None:
    page = browser.new_page(viewport={"width": width, "height": 844}, reduced_motion="reduce")
    opened(page, shared_file.as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(CUT) == []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        assert not grave_violations(page)
        from_menu(page, "Side by side")
        assert not grave_violations(page)
        # what it is about is still to be seen beside it
        covered = page.get_by_role("dialog").bounding_box()
        assert covered is not None
        assert covered["width"] * covered["height"] < 0.8 * width * 844
        page.keyboard.press("Escape")
    answer, limit, tile = (
        (page.locator(part).first.bounding_box() or {})["y"] for part in (".ps-answer", ".ps-limit", ".ps-tile")
    )
    assert answer < min(limit, tile)
    assert width > 390 or limit < tile
    page.close()


def test_the_printed_page_is_one_sheet_that_says_the_answer(shared: Page, state: Panel) -> None:
    sheet = shared.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", sheet)) == 1
    shared.emulate_media(media="print")
    expect(shared.locator(".ps-answer-words")).to_be_visible()
    expect(shared.locator(".ps-answer-acts")).to_be_hidden()
    shared.emulate_media(media="screen")


def grave_violations(page: Page, part: str | None = None) -> list[str]:
    return [
        f"{violation['id']}: {violation['nodes'][0]['html'][:120]}"
        for violation in Axe().run(page, context=part).response["violations"]
        if violation["impact"] in ("serious", "critical")
    ]


NOTHING_IS_CUT = """
box => [box, ...box.querySelectorAll('.ps-scroll')].every(part => part.scrollWidth <= part.clientWidth)
"""


#: Every text on the page, seen or not, and every name and description that is read aloud or shown under the mouse.
TEXTS = """
() => {
    const texts = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        if (!walker.currentNode.parentElement.closest('script, style')) texts.push(walker.currentNode.data);
    }
    for (const element of document.querySelectorAll('.ps *')) {
        for (const name of ['aria-label', 'title', 'aria-valuetext', 'alt', 'placeholder']) {
            texts.push(element.getAttribute(name) ?? '');
        }
    }
    return texts;
}
"""


def test_nothing_on_the_page_is_a_name_of_the_program(panel: Page) -> None:
    spec = importlib.util.spec_from_file_location("plain_words", Path(__file__).parents[1] / "plain_words.py")
    assert spec is not None
    assert spec.loader is not None
    plain = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(plain)
    to_30_dollars(panel)
    settled(panel)
    expect(panel.locator(".ps-sentence p").first).to_contain_text("today")
    panel.get_by_label("History of changes").click()
    expect(panel.locator(".ps-history li").last).to_be_visible()
    assert not plain.names_of_the_program(panel.evaluate(TEXTS)), "history"
    panel.keyboard.press("Escape")
    dialogs: dict[str, Callable[[], object]] = {
        entry: lambda entry=entry: from_menu(panel, entry) for entry in ("Side by side", "Set a budget", "Assumptions")
    }
    dialogs["All assumptions"] = lambda: panel.get_by_role("button", name="All assumptions").click()
    dialogs["Export for agents"] = lambda: panel.get_by_role("button", name="Export for agents").click()
    ready = {"Assumptions": "How much customers mind waiting", "Export for agents": "What changes"}
    panel.get_by_label("History of changes").click()
    assert not plain.names_of_the_program(panel.evaluate(TEXTS))
    panel.keyboard.press("Escape")
    for entry, show in dialogs.items():
        show()
        dialog = panel.get_by_role("dialog")
        expect(dialog).to_contain_text(ready.get(entry, ""))
        assert not plain.names_of_the_program(panel.evaluate(TEXTS)), entry
        panel.keyboard.press("Escape")
        expect(dialog).to_be_hidden()


FOCUSED = """
() => {
    const element = document.activeElement;
    return element.getAttribute('aria-label') || element.textContent.trim() || element.dataset.limit;
}
"""


def test_the_whole_panel_by_keyboard(panel: Page) -> None:
    reached = set()
    panel.locator("body").click(position={"x": 2, "y": 2})
    for _ in range(75):
        panel.keyboard.press("Tab")
        reached.add(panel.evaluate(FOCUSED))
    for name in ("Compare with", "year", "Pin as A", "Policies, history, files, assumptions", "Export for agents",
                 "keep_item", "failures", "Choose a case", "Table, picture and help of curve"):  # fmt: skip
        assert name in reached, f"{name} is not reached: {sorted(map(str, reached))}"
