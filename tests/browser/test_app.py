"""The application as visitors meet it: a page behind a token, a kernel each, and words for what can go wrong."""

from __future__ import annotations

import base64
import json
import re
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, WebSocketRoute, expect

pytestmark = pytest.mark.browser

START_MILLISECONDS = 90_000  # a start from nothing, on a busy machine


# What anybody may try who has a visitor's cookie: a line to a kernel and messages of each kind on it. Gives what comes
# back between two answers to a question that a panel may ask; a line that is new may lose the first of them.
TRIED = """
async ({ url, messages, question, answer }) => {
    const line = new WebSocket(url, 'v1.kernel.websocket.jupyter.org');
    line.binaryType = 'arraybuffer';
    const seen = [];
    const text = new TextDecoder();
    const send = ({ channel, header, content }) => {
        const parts = [new TextEncoder().encode(channel)];
        const named = { ...header, msg_id: crypto.randomUUID() }; // no kernel takes the same message twice
        for (const part of [named, {}, {}, content]) parts.push(new TextEncoder().encode(JSON.stringify(part)));
        const numbers = new BigUint64Array(parts.length + 2);
        numbers[0] = BigInt(parts.length + 1);
        numbers[1] = BigInt(numbers.byteLength);
        parts.forEach((part, i) => { numbers[i + 2] = numbers[i + 1] + BigInt(part.length); });
        line.send(new Blob([numbers, ...parts]));
    };
    line.onmessage = ({ data }) => {
        const at = k => Number(new DataView(data).getBigUint64(8 * k, true));
        const [header, content] = [2, 5].map(k => JSON.parse(text.decode(data.slice(at(k), at(k + 1)))));
        seen.push({ kind: header.msg_type, content });
    };
    const answers = () => seen.filter(({ kind }) => kind === answer).length;
    const pause = () => new Promise(done => setTimeout(done, 100));
    await new Promise((opened, failed) => { line.onopen = opened; line.onerror = failed; });
    for (let i = 0; i < 300 && !answers(); i++) { send(question); await pause(); }
    await pause();
    const [begun, count] = [seen.length, answers()];
    line.send('execute');
    line.send(new BigUint64Array([2n ** 62n, 16n]));
    for (const message of messages) send(message);
    send(question);
    for (let i = 0; i < 300 && answers() === count; i++) await pause();
    line.close();
    return seen.slice(begun);
}
"""

# The same in the older form, which a panel does not speak.
TRIED_IN_TEXT = """
async ({ url, messages }) => {
    const line = new WebSocket(url);
    await new Promise((opened, failed) => { line.onopen = opened; line.onerror = failed; });
    for (let i = 0; i < 3; i++) {
        for (const { channel, header, content } of messages) {
            const named = { ...header, msg_id: crypto.randomUUID() };
            line.send(JSON.stringify({ channel, header: named, parent_header: {}, metadata: {}, content }));
        }
        await new Promise(done => setTimeout(done, 100));
    }
    line.close();
}
"""

ASKED = """
([path, method]) => {
    const key = document.cookie.match(/_xsrf=([^;]+)/)?.[1] ?? '';
    return fetch(path, { method, headers: { 'X-XSRFToken': key } }).then(answer => answer.status);
}
"""

MOVED = """
() => new Promise(done => {
    let moved = 0;
    const add = list => { for (const shift of list.getEntries()) moved += shift.value; };
    new PerformanceObserver(add).observe({ type: 'layout-shift', buffered: true });
    setTimeout(() => done(moved), 200);
})
"""


def open_panel(page: Page, url: str) -> Locator:
    """Open the application and return the first slider of its panel."""
    page.goto(url, timeout=START_MILLISECONDS)
    expect(page.locator("#start")).to_have_count(0, timeout=START_MILLISECONDS)
    slider = page.get_by_role("slider").first
    expect(slider).to_be_visible()
    return slider


def kernel_of(page: Page) -> str:
    return page.locator("#panel").get_attribute("data-kernel-id") or ""


def wait_until_gone(app: Any, kernel_id: str) -> None:
    deadline = time.monotonic() + 60
    while app.kernel(kernel_id) is not None:
        assert time.monotonic() < deadline, "the kernel still runs"
        time.sleep(0.2)


def asked(url: str) -> tuple[int, str]:
    """Return status and final address of a plain request."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=30) as answer:
            return answer.status, answer.url
    except urllib.error.HTTPError as error:
        return error.code, error.url or ""


def test_the_printed_address_shows_the_panel_and_no_code(quiet_page: Page, app: Any) -> None:
    answers = {}
    quiet_page.on("response", lambda response: answers.update({response.url: response}))
    open_panel(quiet_page, app.url)
    assert quiet_page.title() == "Empowerment policy workbench"
    assert quiet_page.locator("html").get_attribute("lang") == "en"
    assert quiet_page.url == app.address  # the token is out of sight
    assert "open_visit" not in quiet_page.content()
    content_policy = answers[app.url].headers["content-security-policy"]
    assert "default-src 'none'" in content_policy
    assert "unsafe-eval" not in content_policy
    assert quiet_page.evaluate(MOVED) < 0.01  # nothing jumped when the panel came
    # the cookie is enough from here on
    quiet_page.goto(app.address)
    expect(quiet_page.get_by_role("slider").first).to_be_visible(timeout=START_MILLISECONDS)


def test_a_link_waits_at_the_way_in_and_opens_its_screen_after_it(page: Page, app: Any) -> None:
    page.goto(app.address)
    expect(page.get_by_text("This page opens with a token")).to_be_visible()
    expect(page.get_by_text("was shared with you")).to_be_hidden()
    content = json.dumps({"limits": {"agent": {"keep_item": 30}}, "per": "month"}).encode()
    link = f"{app.address}#ps={base64.urlsafe_b64encode(content).decode().rstrip('=')}"
    page.goto("about:blank")
    page.goto(link)
    expect(page.get_by_text("A screen of the workbench was shared with you")).to_be_visible()
    expect(page.get_by_text("This page opens with a token")).to_be_hidden()
    assert page.get_by_role("slider").count() == 0
    # a slip of the hand loses nothing
    page.get_by_label("Token").fill("guessed")
    page.get_by_role("button", name="Open").click()
    expect(page.get_by_role("alert")).to_contain_text("That is not the token")
    expect(page.get_by_text("A screen of the workbench was shared with you")).to_be_visible()
    page.get_by_label("Token").fill(app.url.partition("token=")[2])
    page.get_by_role("button", name="Open").click()
    keep = page.get_by_role("slider", name="Agents: Keep the item", exact=True)
    expect(keep).to_have_attribute("aria-valuetext", "Keep the item limit, 30 dollars", timeout=START_MILLISECONDS)
    expect(page.get_by_role("button", name="month", exact=True)).to_have_attribute("aria-pressed", "true")
    assert page.url == link


def test_a_wrong_token_in_the_address_is_refused(page: Page, app: Any) -> None:
    page.goto(f"{app.address}?token=guessed")
    expect(page.get_by_text("This page opens with a token")).to_be_visible()


def test_nothing_but_the_way_in_answers_without_the_token(app: Any) -> None:
    assert asked(app.address)[1].startswith(f"{app.address}login")
    nobody = "00000000-0000-0000-0000-000000000000"
    assert asked(f"{app.address}api/kernels/{nobody}")[0] == 403
    assert asked(f"{app.address}api/kernels/{nobody}/channels")[0] == 403
    assert asked(f"{app.address}visit/{nobody}")[0] == 403
    assert asked(f"{app.address}voila/query/{nobody}")[1].startswith(f"{app.address}login")
    assert asked(f"{app.address}voila/files/panel.ipynb")[0] == 403


def request(kind: str, channel: str = "shell", **content: Any) -> dict[str, Any]:
    header = {"msg_type": kind, "username": "", "session": "x", "version": "5.3", "date": "2026-01-01T00:00:00Z"}
    return {"channel": channel, "header": header, "content": content}


def test_a_visitor_can_send_no_code_to_a_kernel(page: Page, browser: Browser, app: Any, tmp_path: Path) -> None:
    """Not to the own one, and not to another's, which can be reached only by who knows its name of 122 random bits."""
    open_panel(page, app.url)
    kernel_id = kernel_of(page)
    written = tmp_path / "written"
    code = f"open({str(written)!r}, 'w').write('x')"
    silent = {"silent": False, "store_history": True, "user_expressions": {"x": code}, "allow_stdin": True}
    evaluate = {"command": "evaluate", "type": "request", "seq": 1, "arguments": {"expression": code}}
    widget = {"_model_name": "HTMLModel", "_model_module": "@jupyter-widgets/controls", "_view_count": None}
    messages = [
        *(request("execute_request", channel, code=code, **silent) for channel in ("shell", "control", "stdin")),
        request("complete_request", code="open(", cursor_pos=5),
        request("inspect_request", code="open", cursor_pos=2, detail_level=1),
        request("history_request", hist_access_type="tail", output=True, raw=True, n=9),
        request("is_complete_request", code=code),
        request("input_reply", "stdin", value=code),
        request("debug_request", "control", **evaluate),
        request("create_subshell_request", "control"),
        request("interrupt_request", "control"),
        *(request("shutdown_request", channel, restart=False) for channel in ("shell", "control")),
        request("comm_open", comm_id="a", target_name="jupyter.widget", data={"state": widget, "buffer_paths": []}),
        request("comm_open", comm_id="b", target_name="elsewhere", target_module="os", data={}),
        request("comm_open", "control", comm_id="c", target_name="jupyter.widget.control", data={}),
        request("kernel_info_request", "iopub"),
    ]
    attempt = {
        "url": f"{app.address.replace('http', 'ws', 1)}api/kernels/{kernel_id}/channels",
        "messages": messages,
        "question": request("comm_info_request"),
        "answer": "comm_info_reply",
    }
    visitor = browser.new_context()
    try:
        other = visitor.new_page()
        other.goto(f"{app.url.replace('?', 'login?next=/voila/static/app.css&')}")  # the cookie, and no panel
        for somebody in (page, other):
            somebody.evaluate(TRIED_IN_TEXT, attempt)
            seen = somebody.evaluate(TRIED, attempt)
            # besides what the panel is told of its own work, only the question was answered
            assert {answer["kind"] for answer in seen} <= {"status", "comm_msg", "comm_info_reply"}, seen
            (known,) = (answer["content"]["comms"] for answer in seen if answer["kind"] == "comm_info_reply")
            assert known
            assert not {"a", "b", "c"} & set(known)
    finally:
        visitor.close()
    nobody = "00000000-0000-0000-0000-000000000000"
    refused = {
        ("api/kernels", "GET"): 403,
        ("api/kernels", "POST"): 405,
        (f"api/kernels/{kernel_id}", "DELETE"): 405,
        (f"api/kernels/{kernel_id}/restart", "POST"): 405,
        (f"api/kernels/{nobody}", "GET"): 404,
        ("api/contents", "GET"): 403,
        ("api/contents/panel.ipynb", "PUT"): 405,
        ("api/sessions", "POST"): 405,
        ("api/terminals", "GET"): 403,
        ("api/terminals", "POST"): 405,
        ("terminals/websocket/1", "GET"): 403,
        ("files/panel.ipynb", "GET"): 403,
        ("voila/files/panel.ipynb", "GET"): 403,
        ("voila/static/..%2Fpanel.ipynb", "GET"): 403,
    }
    assert {asked: page.evaluate(ASKED, list(asked)) for asked in refused} == refused
    assert not written.exists()
    slider = page.get_by_role("slider").first
    before = slider.get_attribute("aria-valuetext") or ""
    slider.press("ArrowRight")
    expect(slider).not_to_have_attribute("aria-valuetext", before)
    expect(page.locator(".ps")).to_have_attribute("aria-busy", "false")
    assert kernel_of(page) == kernel_id  # and the panel goes on as if nothing had been


def test_visitors_have_a_panel_each(browser: Browser, quiet_page: Page, app: Any) -> None:
    mine = open_panel(quiet_page, app.url)
    visitor = browser.new_context()
    try:
        page = visitor.new_page()
        theirs = open_panel(page, app.url)
        assert kernel_of(page) != kernel_of(quiet_page)
        before = theirs.get_attribute("aria-valuetext")
        assert mine.get_attribute("aria-valuetext") == before
        mine.focus()
        mine.press("ArrowRight")
        expect(mine).not_to_have_attribute("aria-valuetext", before or "")
        # their kernel has answered since, and says the same
        page.reload()
        expect(page.get_by_role("slider").first).to_have_attribute(
            "aria-valuetext", before or "", timeout=START_MILLISECONDS
        )
        expect(mine).not_to_have_attribute("aria-valuetext", before or "")
    finally:
        visitor.close()


def test_a_kernel_that_dies_in_a_drag_leaves_words_and_a_way_back(page: Page, app: Any) -> None:
    slider = open_panel(page, app.url)
    dead = kernel_of(page)
    process = app.kernel(dead)
    assert process is not None
    box = slider.bounding_box()
    assert box is not None
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * 0.25, y)
    page.mouse.down()
    for step in range(10):
        page.mouse.move(box["x"] + box["width"] * (0.25 + 0.05 * step), y)
        if step == 5:
            process.kill()
    lost = page.get_by_role("alertdialog")
    expect(lost).to_be_visible(timeout=30_000)
    page.mouse.up()
    expect(lost).to_contain_text("The calculation behind this page has stopped.")
    assert page.locator("#panel").evaluate("panel => panel.inert")
    button = page.get_by_role("button", name="Reconnect")
    expect(button).to_be_focused()
    button.press("Enter")
    expect(lost).to_be_hidden(timeout=START_MILLISECONDS)
    slider = page.get_by_role("slider").first
    expect(slider).to_be_visible(timeout=START_MILLISECONDS)
    assert kernel_of(page) != dead
    # and it answers
    before = slider.get_attribute("aria-valuetext") or ""
    slider.focus()
    slider.press("ArrowRight")
    expect(slider).not_to_have_attribute("aria-valuetext", before)


def test_a_page_that_is_closed_takes_its_kernel_along(page: Page, app: Any) -> None:
    open_panel(page, app.url)
    kernel_id = kernel_of(page)
    assert app.kernel(kernel_id) is not None
    page.goto("about:blank")
    wait_until_gone(app, kernel_id)


def test_a_line_that_is_cut_is_told_and_mended(page: Page, app: Any) -> None:
    lines = []
    is_cut = False

    def carry(line: WebSocketRoute) -> None:
        if is_cut:
            line.close()
        else:
            line.connect_to_server()
            lines.append(line)

    page.route_web_socket(re.compile(r"/visit/"), carry)
    slider = open_panel(page, app.url)
    is_cut = True
    lines[0].close()
    lost = page.get_by_role("alertdialog")
    expect(lost).to_contain_text("The connection to the workbench is lost.", timeout=30_000)
    is_cut = False
    expect(lost).to_be_hidden(timeout=60_000)
    # the same kernel goes on
    before = slider.get_attribute("aria-valuetext") or ""
    slider.focus()
    slider.press("ArrowRight")
    expect(slider).not_to_have_attribute("aria-valuetext", before)


def test_a_panel_that_cannot_be_prepared_says_so_and_can_be_tried_again(page: Page, hasty_app: Any) -> None:
    policy = hasty_app.log.parent / "mine.yaml"
    away = policy.rename(policy.with_suffix(".away"))
    page.goto(hasty_app.url)
    expect(page.locator("#start-words")).to_have_text("The panel could not be prepared.", timeout=START_MILLISECONDS)
    away.rename(policy)
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("slider").first).to_be_visible(timeout=START_MILLISECONDS)


def test_an_idle_kernel_is_ended_and_its_page_says_so(page: Page, hasty_app: Any) -> None:
    open_panel(page, hasty_app.url)
    kernel_id = kernel_of(page)
    expect(page.get_by_role("alertdialog")).to_contain_text("This page was left alone", timeout=60_000)
    wait_until_gone(hasty_app, kernel_id)


def test_more_visitors_than_stand_ready_see_how_far_their_start_is(page: Page, app: Any) -> None:
    pages = [page, *(page.context.new_page() for _ in range(2))]
    for visitor in pages:
        visitor.goto(app.url, wait_until="commit")
    last = pages[-1]
    expect(last.locator("#start h1")).to_have_text("Empowerment policy workbench")
    expect(last.locator("#start-words")).to_have_text(re.compile("Starting|Waiting for others|Working out"))
    for visitor in pages:
        expect(visitor.locator("#start")).to_have_count(0, timeout=START_MILLISECONDS)
        expect(visitor.get_by_role("slider").first).to_be_visible()
    assert len({kernel_of(visitor) for visitor in pages}) == len(pages)
