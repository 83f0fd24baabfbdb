// The page around the panel: says how far the start is, and what happened where the calculation has gone.
// In: messages about this visitor's kernel, and the panel as it appears. Left to others: the panel itself.
"use strict";

{
  const ENDED = {
    died: [
      "The calculation behind this page has stopped.",
      "These are the last numbers it worked out. Reconnect opens the panel with a new one.",
    ],
    idle: [
      "This page was left alone for a while, so its calculation was closed.",
      "These are the last numbers it worked out. Reconnect opens the panel with a new one.",
    ],
    unreachable: [
      "The connection to the workbench is lost.",
      "These are the last numbers that came. The page goes on trying; Reconnect tries at once.",
    ],
    silent: [
      "The workbench does not answer.",
      "If the program was stopped, start it again (policy-sim app) and open the address that it prints.",
    ],
    failed: ["The panel could not be prepared.", "The window in which policy-sim app runs says why."],
  };
  const SHOWN_HEIGHT = 160; // a panel is taller, an empty place is not
  const TRIES_IN_SILENCE = 2;

  const find = (id) => document.getElementById(id);
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const paint = () => document.body?.setAttribute("data-jp-theme-light", String(!dark.matches));
  dark.addEventListener("change", paint);

  // The token has done its work: keep it out of sight, of history, and of links that are passed on.
  const address = new URL(location.href);
  if (address.searchParams.has("token")) {
    address.searchParams.delete("token");
    history.replaceState(null, "", address);
  }

  let leaving = false;
  let over = false;
  let isShown = false;
  addEventListener("pagehide", () => { leaving = true; });
  addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });

  // The page arrives in pieces: each may bring the kernel's name, the panel, or word that there will be none.
  let watched = null;
  const seen = new MutationObserver(look);
  seen.observe(document.documentElement, { childList: true, subtree: true });

  function look() {
    paint();
    const main = find("panel");
    if (!main) return;
    if (!watched) {
      watched = main.dataset.kernelId;
      follow(0);
    }
    if (main.querySelector("[data-failed]")) end("failed");
    if (main.offsetHeight > SHOWN_HEIGHT) show();
  }

  function show() {
    if (isShown) return;
    isShown = true;
    seen.disconnect();
    find("start").remove();
    performance.mark("panel-shown");
  }

  function follow(tries) {
    const base = new URL(document.body.dataset.baseUrl, location.href);
    base.protocol = base.protocol === "https:" ? "wss:" : "ws:";
    const line = new WebSocket(new URL(`visit/${watched}`, base));
    let isOpen = false;
    line.addEventListener("message", (event) => {
      const message = JSON.parse(event.data);
      isOpen = true;
      if (message.state === "starting") tell(message);
      else if (message.state === "ended") end(message.why);
      if (message.state !== "ended" && over === "unreachable") resume();
    });
    line.addEventListener("close", () => {
      if (leaving || (over && over !== "unreachable")) return;
      const next = isOpen ? 1 : tries + 1;
      if (next > TRIES_IN_SILENCE) end("unreachable");
      setTimeout(() => follow(next), Math.min(500 * 2 ** next, 15000));
    });
  }

  // How long it takes is known from earlier starts; the first one, or one that waits, says how long it has been.
  let ticking = 0;
  function tell({ words, elapsed, expected }) {
    if (isShown) return;
    find("start-words").textContent = words;
    clearInterval(ticking);
    const since = performance.now() / 1000 - elapsed;
    const tick = () => {
      if (isShown || over) return clearInterval(ticking);
      const passed = performance.now() / 1000 - since;
      if (expected) {
        const left = expected - passed;
        find("start-progress").value = Math.min(passed / expected, 0.97);
        find("start-left").textContent = left >= 1 ? `About ${Math.ceil(left)} s left` : "Longer than usual, still at work";
      } else {
        find("start-progress").removeAttribute("value");
        find("start-left").textContent = `${Math.floor(passed)} s so far`;
      }
    };
    tick();
    ticking = setInterval(tick, 250);
  }

  function end(why) {
    if (over && over !== "unreachable") return;
    over = why;
    const place = isShown ? find("lost") : null;
    const [title, words] = ENDED[why];
    if (!place) return stopStarting(title, words);
    find("lost-title").textContent = title;
    find("lost-words").textContent = words;
    if (!place.hidden) return;
    place.hidden = false;
    find("panel").inert = true; // nothing there would be answered
    const button = find("lost-button");
    button.onclick = () => reconnect(button);
    button.focus();
  }

  function resume() {
    over = false;
    find("lost").hidden = true;
    find("panel").inert = false;
  }

  function stopStarting(title, words) {
    find("start-words").textContent = title;
    find("start-left").textContent = words;
    find("start-progress").hidden = true;
    if (find("start").querySelector("button")) return;
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "Try again";
    button.onclick = () => reconnect(button);
    find("start-left").after(button);
    button.focus();
  }

  // Loading a page that nobody serves would leave the browser's own error in place of ours.
  async function reconnect(button) {
    const label = button.textContent;
    button.disabled = true;
    button.textContent = "Reconnecting …";
    try {
      await fetch(`${document.body.dataset.baseUrl}voila/static/app.js`, { cache: "no-store" });
      location.reload();
    } catch {
      button.disabled = false;
      button.textContent = label;
      const [title, words] = ENDED.silent;
      find(isShown ? "lost-title" : "start-words").textContent = title;
      find(isShown ? "lost-words" : "start-left").textContent = words;
      button.focus();
    }
  }
}
