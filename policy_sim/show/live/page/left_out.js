// Left out: what a link said that does not fit, and why; the panel opens with the rest.
// In: what was left out. Out: a line, and what follows where even the rest does not fit. Left to others: what fits
// (link_reading.js, Python).

/** @import { Bench } from "./types.js" */
import { button, node } from "./elements.js";
import { same } from "./state.js";

const NAMED = 3;
const LONGEST = 160; // letters of a reason

/** @param {readonly string[]} parts */
export function leftOutWords(parts) {
  const count = parts.length;
  const named = parts.slice(0, NAMED).map((part) => (part.length > LONGEST ? `${part.slice(0, LONGEST)}…` : part));
  const more = count > NAMED ? `; and ${(count - NAMED).toLocaleString("en-US")} more` : "";
  const were = count === 1 ? "1 part of the link was" : `${count.toLocaleString("en-US")} parts of the link were`;
  return `${were} left out: ${named.join("; ")}${more}.`;
}

/** @param {Bench} bench */
export function leftOutLine(bench) {
  const words = node("span", { role: "status" });
  const seen = button("OK", { class: "ps-link", "aria-label": "OK, hide what was left out of the link" }, () => {
    bench.store.change({ leftOut: [] });
    bench.show();
  });
  const root = node("div", { class: "ps-left-out", hidden: "" }, words, " ", seen);
  return {
    root,
    /** @param {readonly string[]} parts */
    show(parts) {
      const text = parts.length ? leftOutWords(parts) : "";
      root.hidden = !text;
      if (words.textContent !== text) words.textContent = text;
    },
  };
}

/**
 * @param {Bench} bench
 * @param {ReturnType<typeof import("./changes.js").changesOf>} changes
 */
export function leftOutActsOf({ store, show }, changes) {
  return {
    /** @param {readonly string[]} parts */
    leaveOut(parts) {
      store.change({ leftOut: [...store.state.leftOut, ...parts] });
      show();
    },

    /**
     * What was opened does not fit: go on without its rules, and where they are not to blame, from the policy in force.
     * @param {string} why
     * @returns {boolean} whether there was anything to go without
     */
    retreat(why) {
      const { frame, limits, playbook, baseline, leftOut, view } = store.state;
      const first = { limits: frame.limits, playbook: frame.playbook, baseline: { preset: frame.approved } };
      if (view || same({ limits, playbook, baseline }, first)) return false;
      const part = same(playbook, frame.playbook) ? { ...first, pinned: null } : { playbook: frame.playbook };
      store.change({ ...part, leftOut: [...leftOut, why] });
      changes.restart();
      return true;
    },
  };
}
