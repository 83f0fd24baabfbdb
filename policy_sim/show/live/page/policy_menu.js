// Menu: policies to go to, and what is done now and then.
// In: choices. Out: its element, and a hidden field that takes a file. Left to others: the dialogs that it opens.

/** @import { Bench, Frame, Playbook, State } from "./types.js" */
import { budgetDialog, historyDialog, sidesDialog } from "./dialogs.js";
import { button, menuOf, node } from "./elements.js";
import { linkOf } from "./links.js";
import { same } from "./state.js";

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
    if (file) bench.ask({ ask: "load", name: file.name, text: await file.text() });
    loader.value = "";
  });
  const entries = [
    policies,
    button("Side by side", {}, () => bench.read().isKnown && bench.open(sidesDialog(bench.read()))),
    button("History of changes", {}, () => bench.open(historyDialog(bench))),
    button("Open a policy file", {}, () => loader.click()),
    button("Save the policy to a file", {}, () => {
      close();
      bench.ask({ ask: "export", formats: ["json"] });
    }),
    button("Copy a link to this screen", {}, () => {
      close();
      copyLink(bench);
    }),
    button("Set a budget", {}, () => bench.open(budgetDialog(bench))),
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
  const opens = hasRules ? "it opens this screen as it is now." : "the rules are too long for a link and left out; save the policy to a file.";
  try {
    await navigator.clipboard.writeText(address);
    bench.say(`The link is copied: ${opens}`);
  } catch {
    bench.say(`The link is in the address bar: ${opens}`);
  }
}

/** @param {HTMLElement} root of the panel */
function flipTheme(root) {
  const byMachine = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  const isDark = getComputedStyle(root).colorScheme === "dark" || (root.dataset.theme ?? byMachine) === "dark";
  root.dataset.theme = isDark ? "light" : "dark";
}
