// The live panel, for a notebook, the application and the shared file.
// In: `model` with the attribute frame and answers to what is asked (see the class Workbench). Out: what the person asks.
// It holds the exact curve of each limit and reads it while that limit is dragged; the other side brings the rest up to
// date. Left to others: state (state.js), what is on screen (screen.js), acts and answers.

/** @import { Bench, Model, State } from "./types.js" */
import { actsOf } from "./acts.js";
import { answersOf } from "./answers.js";
import { lineTo } from "./line.js";
import { screenIn } from "./link_reading.js";
import { linkOf } from "./links.js";
import { Reading } from "./reading.js";
import { screenOf } from "./screen.js";
import { firstState, storeOf } from "./state.js";

let panels = 0;

/** @param {{ model: Model, el: HTMLElement }} host */
export function render({ model, el }) {
  const id = `ps-${++panels}`;
  const store = storeOf(firstState(model.get("frame"), id));
  const line = lineTo(model, () => screen.status.showSilence());
  const bench = /** @type {Bench} */ ({
    id,
    store,
    ask: line.ask,
    read: () => new Reading(store.state),
    say: (text, isProblem) => screen.status.say(text, isProblem),
    show: () => screen.show(bench.read()),
    closeDialog: () => screen.dialog.close(),
    open(content) {
      screen.header.closeMenu();
      screen.dialog.open(content);
    },
  });
  bench.acts = actsOf(bench);
  const screen = screenOf(bench, () => {
    location.hash = linkOf(store.state).link;
    if (model.reconnect) model.reconnect();
    else location.reload();
  });
  const answers = answersOf(bench, screen);
  /** @type {import("./types.js").Listen} */
  const onMessage = (message, buffers = []) => {
    if (message.kind === "heard") line.heard();
    answers[message.kind]?.(message, buffers);
  };
  el.append(screen.root);
  const end = follow(screen, bench);
  model.on("msg:custom", onMessage);
  open(bench, screen);
  return () => {
    line.heard();
    end();
    model.off("msg:custom", onMessage);
  };
}

/**
 * Show the policy in force, or what a link says, and ask for the rest.
 * @param {Bench} bench
 * @param {ReturnType<typeof screenOf>} screen
 */
function open({ store, acts, ask, read, show }, screen) {
  const link = linked(store.state);
  store.change(link?.part ?? {});
  const { limits, playbook, baseline, budget, frame } = store.state;
  const text = link ? "Opened from a link" : "Opened";
  store.change({ history: [{ text, byKeysOn: "", limits, playbook, baseline, budget, assumed: {} }], leftOut: link?.left ?? [] });
  screen.begin(read());
  screen.measure();
  screen.oneCase.show(read());
  show();
  acts.send();
  if (link && Object.keys(link.assumed).length) ask({ ask: "assume_what_fits", values: link.assumed });
  else ask({ ask: "study" });
  acts.askCase({ story: frame.stories[0].name });
}

/** @param {State} state */
function linked(state) {
  try {
    return screenIn(location.hash, state);
  } catch {
    return { part: {}, assumed: {}, left: ["all of it, for it cannot be read; this is the policy in force"] };
  }
}

/**
 * Follow the size of the place, and that of paper, which has a width of its own.
 * @param {ReturnType<typeof screenOf>} screen
 * @param {Bench} bench
 */
function follow(screen, bench) {
  const fit = () => {
    screen.measure();
    screen.redraw(bench.read());
  };
  const toWidth = (/** @type {string} */ width) => () => {
    screen.root.style.width = width;
    screen.toPaper(bench.read(), Boolean(width));
    fit();
  };
  const [toPaper, fromPaper] = [toWidth("1280px"), toWidth("")];
  window.addEventListener("beforeprint", toPaper);
  window.addEventListener("afterprint", fromPaper);
  const observer = new ResizeObserver(fit);
  observer.observe(screen.root);
  return () => {
    screen.end();
    observer.disconnect();
    window.removeEventListener("beforeprint", toPaper);
    window.removeEventListener("afterprint", fromPaper);
  };
}
