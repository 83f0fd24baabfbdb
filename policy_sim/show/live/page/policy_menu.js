// Menu: policies to go to, and what is done now and then.
// In: choices. Out: its element, and a hidden field that takes a file. Left to others: the dialogs that it opens.

/** @import { Bench, Frame, Playbook, State } from "./types.js" */
import { overBudgetWords } from "./budget.js";
import { sidesDialog } from "./dialogs.js";
import { button, menuOf, node } from "./elements.js";
import { linkOf } from "./links.js";
import { same } from "./state.js";

const MOST_BYTES = 5e6; // of a policy's file: more, Python would not read either

/** @param {Bench} bench */
export function policyMenu(bench) {
  const { acts, store } = bench;
  const policies = node("div");
  const loader = node("input", {
    type: "file",
    accept: ".json,.yaml,.yml,.csv,.dmn",
    hidden: "",
    "aria-label": "Open a policy file",
    tabindex: "-1",
  });
  loader.addEventListener("change", async () => {
    const file = loader.files?.[0];
    if (file && file.size > MOST_BYTES) bench.say(`${file.name} is too large for a policy: over ${MOST_BYTES / 1e6} MB.`, true);
    else if (file) bench.ask({ ask: "load", name: file.name, text: await file.text() });
    loader.value = "";
  });
  const entries = [
    policies,
    button("Side by side", {}, () => bench.read().isKnown && bench.open(sidesDialog(bench.read()))),
    button("Open a policy file", {}, () => loader.click()),
    button("Save the policy to a file", {}, () => {
      close();
      bench.ask({ ask: "export", formats: ["json"], budget: store.state.budget });
    }),
    button("Copy a link to this screen", {}, () => {
      close();
      copyLink(bench);
    }),
    button("Set a budget", {}, acts.openBudget),
    button("Assumptions", {}, () => bench.ask({ ask: "assumptions" })),
    button("Reproduce this screen", {}, () => {
      close();
      bench.ask({ ask: "reproduce" });
    }),
    button("Print", {}, () => window.print()),
    button("Light or dark", {}, () => {
      flipTheme(/** @type {HTMLElement} */ (root.closest(".ps")));
      close();
      bench.show();
    }),
  ];
  const root = menuOf("Policies, history, files, assumptions", "Policy ▾", entries, "ps-file");

  function close() {
    root.open = false;
  }

  return {
    root,
    loader,
    close,
    /** @param {Frame} frame */
    listPolicies(frame) {
      const goTo = frame.presets.map(({ name, title, ...terms }) =>
        button(faceOf(store.state, name, title, terms.playbook), { "data-preset": name }, () => {
          close();
          acts.setTerms(terms, `Went to “${title}”`);
        }),
      );
      policies.replaceChildren(...goTo);
    },
    /** Say which policies are over the budget. @param {import("./types.js").Reading} reading */
    show(reading) {
      for (const entry of policies.querySelectorAll("button")) {
        const words = overBudgetWords(reading, entry.dataset.preset ?? "");
        const said = entry.querySelector("small");
        if (words) (said ?? entry.appendChild(node("small", { class: "ps-over" }))).textContent = ` ▲ ${words}`;
        else said?.remove();
      }
    },
  };
}

/**
 * In a shared file rules stay: what has others lends its limits.
 * @param {State} state
 * @param {string} name
 * @param {string} title
 * @param {Playbook | null} playbook
 */
function faceOf({ frame, playbook: own }, name, title, playbook) {
  if (frame.has_fixed_rules && !same(own, playbook)) return `Go to the limits of “${title}”`;
  return name === frame.approved ? `Back to “${title}”` : `Go to “${title}”`;
}

/** @param {Bench} bench */
async function copyLink(bench) {
  const { link, hasRules } = linkOf(bench.store.state);
  const address = `${location.href.split("#")[0]}#${link}`;
  window.history.replaceState(null, "", address);
  const opens = hasRules ? "it opens this screen as it is now" : "the rules are too long for a link and left out; save the policy to a file";
  const words = `${opens}.${bench.store.state.frame.has_visitors ? ` ${whatItTakes()}` : ""}`;
  try {
    await navigator.clipboard.writeText(address);
    bench.say(`The link is copied: ${words}`);
  } catch {
    bench.say(`The link is in the address bar: ${words}`);
  }
}

/** What it takes to open a link, which holds no token. */
function whatItTakes() {
  const isHere = /^(127\.|\[::1\]|localhost$)/.test(location.hostname);
  return `Whoever opens it needs the token of this workbench, which is not in the link${isHere ? "; it leads to this machine" : ""}.`;
}

/** @param {HTMLElement} root of the panel */
function flipTheme(root) {
  const byMachine = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  const isDark = getComputedStyle(root).colorScheme === "dark" || (root.dataset.theme ?? byMachine) === "dark";
  root.dataset.theme = isDark ? "light" : "dark";
}
