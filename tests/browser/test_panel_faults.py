"""What once went wrong on the panel: a budget that threw limits about, a case of another policy, noise or rough numbers
in a shared file, bad links."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from typing import Any

import pytest
from panel_steps import START_MILLISECONDS, from_menu, net_value, opened, press, settled, slider, value_of
from playwright.sync_api import Page, expect

from policy_sim import Policy
from policy_sim.border import shipped
from policy_sim.show.live.frame import frame_content
from policy_sim.show.live.state import Panel
from policy_sim.show.wording import format_money
from policy_sim.study import Sample, prepare

pytestmark = pytest.mark.browser


def set_budget(panel: Page, typed: str) -> None:
    from_menu(panel, "Set a budget")
    panel.get_by_label("Remedy cost a year, at most (USD)").fill(typed)
    panel.keyboard.press("Enter")


def test_a_budget_is_a_target_and_no_fence(panel: Page, state: Panel) -> None:
    recommended = state.with_recommended()
    spent = float(recommended.showing(recommended.presets[-1]).outcome.per_year("remedy_cost").mean())
    budget = round(0.95 * spent)
    set_budget(panel, "much")
    expect(panel.get_by_role("dialog")).to_contain_text("“much” is no amount of money; write it like $300,000")
    panel.keyboard.press("Escape")
    set_budget(panel, f"${budget:,}")
    target = panel.locator("[data-budget]")

    def expect_off(cost: float) -> None:
        words = f"▲ over by {format_money(cost - budget, 'USD')}"
        expect(target).to_have_text(words)
        expect(panel.locator(".ps-tile .ps-target:visible")).to_have_text(words)

    expect_off(value_of(panel, "remedy_cost"))
    # nothing is thrown anywhere: a key goes on by one place, over the budget as it is
    press(panel, "Agents: Refund", "ArrowRight")
    expect(slider(panel, "Agents: Refund")).to_have_attribute("aria-valuetext", "Refund limit, 26 dollars")
    settled(panel)
    expect_off(float(state.with_limits({"agent": {"refund": 26.0}}).outcome.per_year("remedy_cost").mean()))
    expect(panel.locator(".ps-budget-mark")).to_have_count(1)
    from_menu(panel, "Copy a link to this screen")
    text = panel.url.partition("#ps=")[2]
    assert json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))["budget"] == budget
    panel.get_by_role("button", name="Export for agents").click()
    expect(panel.get_by_role("dialog")).to_contain_text(f"budget {format_money(budget, 'USD')}: over by")
    panel.keyboard.press("Escape")
    panel.emulate_media(media="print")
    expect(target).to_be_visible()
    panel.emulate_media(media="screen")

    # it is part of the history
    for _ in range(2):
        panel.get_by_role("button", name="Undo").click()
    expect(target).to_be_hidden()
    panel.get_by_role("button", name="Redo").click()
    expect(target).to_be_visible()
    settled(panel)

    # what is recommended is over it, and one button finds what is not
    panel.get_by_label("Policies, history, files, assumptions").click()
    over = panel.get_by_role("button", name=re.compile("Go to “Recommended”"))
    expect(over).to_contain_text(f"▲ over by {format_money(spent - budget, 'USD')}", timeout=120_000)
    panel.keyboard.press("Escape")
    panel.get_by_role("button", name=f"Best within {format_money(budget, 'USD')}", exact=True).click()
    expect(panel.locator(".ps-status")).to_contain_text("The best limits within the budget", timeout=120_000)
    settled(panel)
    expect(target).to_contain_text("✓ within,")
    best = state.with_best_within(budget)
    expected = best.showing(best.presets[-1]).outcome.per_year("remedy_cost").mean()
    assert value_of(panel, "remedy_cost") == pytest.approx(float(expected), rel=1e-9)
    assert value_of(panel, "remedy_cost") <= budget
    set_budget(panel, "100")
    panel.get_by_role("button", name="Best within $100", exact=True).click()
    expect(panel.locator(".ps-status")).to_contain_text(
        re.compile(r"No limits are within \$100 a year: the least possible spend that was found is \$\d+k a year"),
        timeout=120_000,
    )
    set_budget(panel, "")
    expect(panel.locator(".ps-status")).to_contain_text("No budget.")


def verdict_of(panel: Page, state: Panel, case: Mapping[str, Any]) -> None:
    """Expect the answer of the panel for the policy in hand, in words and money."""
    shown = state.case(case)
    chosen = next(row for row in shown["resolutions"] if row["is_chosen"])
    words = "The agent may settle this on the spot." if shown["is_first"] else f"This goes to the {shown['tier']}."
    expect(panel.locator(".ps-verdict")).to_contain_text(words)
    title, money = chosen["title"].capitalize()[:20], format_money(chosen["net"], "USD", signed=True)
    net = f"{re.escape(title)}.*net {re.escape(money)}"
    picture = panel.locator(".ps-case .ps-picture svg")
    expect(picture).to_have_attribute("aria-label", re.compile(net, re.IGNORECASE | re.DOTALL))
    expect(panel.locator(".ps-case .ps-old")).to_have_count(0)


CLICKED_AND_DIMMED = """
preset => {
    document.querySelector(`[data-preset=${preset}]`).click();
    return [...document.querySelectorAll('.ps-case .ps-old')].length;
}
"""


def test_one_case_is_asked_anew_whatever_changes(panel: Page, state: Panel) -> None:
    before = panel.get_by_label("Choose a case").input_value()
    generous, asking = (
        next(policy for policy in state.presets if policy.name == name) for name in ("generous", "ask_first")
    )

    def showing(policy: Policy) -> Panel:
        limits = {tier.name: tier.limits for tier in policy.tiers[:-1]}
        return state.with_limits({lever.tier: {} for lever in state.levers} | limits)

    panel.get_by_label("Choose a case").select_option("lost_adapter")
    story = {"story": "lost_adapter"}
    verdict_of(panel, state, story)
    # the answer of the policy before is dimmed at once, and the new one comes
    assert panel.evaluate(CLICKED_AND_DIMMED, "generous") > 0
    verdict_of(panel, showing(generous), story)
    panel.get_by_role("button", name="Undo").click()
    verdict_of(panel, state, story)
    panel.get_by_role("button", name="Redo").click()
    verdict_of(panel, showing(generous), story)
    panel.get_by_role("button", name="Pin as A").click()
    assert panel.evaluate(CLICKED_AND_DIMMED, "ask_first") > 0
    verdict_of(panel, showing(asking), story)
    panel.get_by_role("button", name="A", exact=True).click()
    verdict_of(panel, showing(generous), story)
    panel.get_by_role("button", name="B", exact=True).click()
    verdict_of(panel, showing(asking), story)

    panel.get_by_label("Open a policy file").set_input_files(shipped("data/policies") / "generous.yaml")
    verdict_of(panel, showing(generous), story)

    # an assumption: a case of one's own is worth something else
    panel.get_by_label("Choose a case").select_option("own")
    panel.get_by_role("button", name="Show this case").click()
    fields = frame_content(state)["case_fields"]
    own = {field["name"]: field["choices"][0]["name"] if "choices" in field else field["value"] for field in fields}
    verdict_of(panel, showing(generous), own)
    from_menu(panel, "Assumptions")
    panel.get_by_label("How far customers' values may be off").fill("0.5")
    panel.get_by_role("button", name="Value everything anew").click()
    expect(panel.locator(".ps-print-line")).to_contain_text("assumptions changed")
    scenario = state.setting.scenario.with_values({"shop.future_value_factor": 0.5})
    verdict_of(panel, showing(generous).assuming(prepare(scenario, sample=Sample(cases=100, draws=5))), own)
    panel.get_by_role("button", name="Undo").click()
    expect(panel.locator(".ps-print-line")).not_to_contain_text("assumptions changed")
    verdict_of(panel, showing(generous), own)
    panel.get_by_label("Compare with").select_option("current")
    panel.get_by_label("Choose a case").select_option(before)
    settled(panel)


def test_the_shared_file_is_exact_for_one_limit_and_near_for_several(shared: Page, state: Panel) -> None:
    assert value_of(shared) == pytest.approx(net_value(state), rel=1e-6)
    press(shared, "Agents: Keep the item", "ArrowRight", 31)
    settled(shared)
    one = net_value(state, keep_item=30.0)
    assert value_of(shared) == pytest.approx(one, rel=1e-6)
    expect(shared.locator(".ps-status")).to_contain_text("Exact, from all 100 cases")
    press(shared, "Agents: Store credit", "ArrowRight", 15)
    settled(shared)
    expect(shared.locator(".ps-status")).to_contain_text("Several limits moved: worked out from 100 cases")
    both = net_value(state, keep_item=30.0, credit=25.0)
    assert value_of(shared) == pytest.approx(both, rel=2e-3)
    shared.get_by_role("button", name="Undo").click()
    settled(shared)
    assert value_of(shared) == pytest.approx(one, rel=1e-6)
    from_menu(shared, "Copy a link to this screen")
    link = shared.url
    shared.goto("about:blank")
    opened(shared, link)
    assert value_of(shared) == pytest.approx(one, rel=1e-6)
    shared.get_by_role("button", name="See it").click()
    settled(shared)
    expect(shared.locator(".ps-status")).to_contain_text("Exact, from all 100 cases")
    recommended = state.with_recommended()
    assert value_of(shared) == pytest.approx(net_value(recommended.showing(recommended.presets[-1])), rel=1e-6)
    from_menu(shared, "Assumptions")
    expect(shared.locator(".ps-status")).to_contain_text("needs the workbench")


def test_a_shared_file_shows_no_noise_as_a_change(shared: Page) -> None:
    tiles = shared.locator(".ps-tile")

    def expect_nothing() -> None:
        settled(shared)
        expect(shared.locator(".ps-likely", has_text="no change")).to_have_count(tiles.count())
        expect(tiles.locator("rect")).to_have_count(0)
        assert set(shared.locator(".ps-change").all_inner_texts()) == {""}

    expect_nothing()
    for names in (["Keep the item"], ["Keep the item", "Store credit"]):
        for key in ("ArrowRight", "ArrowLeft"):
            for name in names:
                press(shared, f"Agents: {name}", key, 20)
            if key == "ArrowRight":
                settled(shared)
                expect(shared.locator("[data-change=net_value]")).not_to_be_empty()
        expect_nothing()
    # against itself, pinned, though it is worked out from the cases of the file
    press(shared, "Agents: Keep the item", "ArrowRight", 20)
    press(shared, "Agents: Store credit", "ArrowRight", 10)
    settled(shared)
    expect(shared.locator(".ps-status")).to_contain_text("(less is no change)")
    expect(shared.locator(".ps-verdict")).to_contain_text("Known for the shared policy alone")
    shared.get_by_role("button", name="Pin as A").click()
    expect_nothing()
    set_budget(shared, "300k")
    expect(shared.locator("[data-budget]")).to_contain_text("▲ over by")
    expect(shared.get_by_role("button", name=re.compile("^Best within"))).to_have_count(0)


#: What stands in a link, and words on what is left out of it.
HOSTILE_LINKS: list[tuple[Any, str]] = [
    ({}, ""),
    ({"limits": {}, "baseline": {"limits": {}}}, "1 part of the link was left out: what is compared with"),
    ({"limits": None, "hand": {"tier": "x"}, "per": "toString"}, "3 parts of the link were left out"),
    ({"baseline": {"limits": {"agent": {"refund": 10}}}}, "11 limits are missing"),
    ({"limits": {"agent": {"keep_item": 90}, "lead": {"keep_item": 20}}}, "is below the agent’s $90"),
    ({"limits": {"agent": {"credit": 1e300}, "__proto__": {"credit": 1}}, "__proto__": {"limits": 1}}, "3 parts"),
    ({"playbook": {"rules": "all"}, "assumed": [1, 2], "tab": "rules"}, "1 part"),
    ("x" * 1_000_000, "all of it, for it cannot be read"),
]


def link_of(url: str, content: Any) -> str:
    text = json.dumps(content).replace("NaN", '"NaN"').encode()
    return f"{url.partition('#')[0]}#ps={base64.urlsafe_b64encode(text).decode().rstrip('=')}"


def open_link(page: Page, content: Any, words: str) -> None:
    page.evaluate("link => history.replaceState(null, '', link)", link_of(page.url, content))
    page.reload()
    expect(page.locator("[data-tile=net_value]")).not_to_be_empty(timeout=START_MILLISECONDS)
    settled(page)
    line = page.locator(".ps-left-out")
    expect(line).to_contain_text(words) if words else expect(line).to_be_hidden()


def test_a_hostile_link_opens_the_shared_file(shared: Page) -> None:
    before = value_of(shared)
    for content, words in HOSTILE_LINKS:
        open_link(shared, content, words)
        assert value_of(shared) == pytest.approx(before, rel=1e-12)
    shared.get_by_role("button", name="OK, hide what was left out of the link").click()
    expect(shared.locator(".ps-left-out")).to_be_hidden()


def test_a_hostile_link_opens_the_panel(fresh_panel: Page, state: Panel) -> None:
    fitting = {"limits": {"agent": {"keep_item": 20}}, "assumed": {"shop.future_value_factor": 0.5, "shop.of_mine": 2}}
    open_link(fresh_panel, fitting | {"baseline": None}, "2 parts of the link were left out")
    expect(fresh_panel.locator(".ps-left-out")).to_contain_text("there is no assumption 'shop.of_mine'")
    expect(fresh_panel.locator(".ps-print-line")).to_contain_text("assumptions changed")
    # what only Python can refuse: the rest opens without it
    rule = {
        "failure": "wrong_item",
        "give": ["replacement", "keep_item", "apology_note"],
        "when": {"moon": {"below": 3}},
    }
    open_link(fresh_panel, {"limits": {"agent": {"keep_item": 20}}, "playbook": {"rules": [rule]}}, "moon")
    assert value_of(fresh_panel) == pytest.approx(net_value(state, keep_item=20.0), rel=1e-9)
