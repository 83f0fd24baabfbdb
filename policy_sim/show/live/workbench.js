// The live panel, for a notebook, the application and the shared file.
// In: `model` with the attribute frame and answers to what is asked (see the class Workbench). Out: what the person asks.
// It holds the exact curve of each limit and reads it while that limit is dragged; the other side brings the rest up to
// date. Parts below: numbers in words; curves; drawing; parts of the screen; what happens when somebody does something.

const SVG = "http://www.w3.org/2000/svg";
const SIGNS = { USD: "$", EUR: "€", GBP: "£", JPY: "¥", INR: "₹" };
const MINUS = "−";
const SILENT_MS = 5000; // without an answer, until we say that there is none
const SPEAK_MS = 400; // of rest, until changes are spoken
let panels = 0;
let curveCount = 0;

// ---- numbers as people read them (the same as policy_sim.show.wording) ----

function money(value, currency, signed = false) {
  const size = Math.abs(value);
  const [unit, by] = size >= 999.5e6 ? ["bn", 1e9] : size >= 999.5e3 ? ["M", 1e6] : size >= 999.5 ? ["k", 1e3] : ["", 1];
  const scaled = size / by;
  let figures = scaled < 9.995 ? scaled.toFixed(2) : scaled < 99.95 ? scaled.toFixed(1) : scaled.toFixed(0);
  if (unit === "" && scaled >= 9.995) figures = scaled < 99.995 ? scaled.toFixed(2) : scaled.toFixed(0);
  const sign = figures === "0.00" ? "" : value < 0 ? MINUS : signed && value > 0 ? "+" : "";
  return sign + (SIGNS[currency] ?? `${currency} `) + figures + unit;
}

function share(value, signed = false) {
  const figures = Math.abs(100 * value).toFixed(1);
  const sign = figures === "0.0" ? "" : value < 0 ? MINUS : signed ? "+" : "";
  return `${sign}${figures}%`;
}

function number(value, signed = false) {
  const size = Math.abs(value);
  const figures = size >= 100 ? Math.round(size).toLocaleString("en-US") : size.toFixed(1);
  const sign = Number(figures.replaceAll(",", "")) === 0 ? "" : value < 0 ? MINUS : signed ? "+" : "";
  return sign + figures;
}

function limitText(value, currency) {
  if (value === "ask") return "ask first";
  if (value === "no_limit") return "no limit";
  const figures = value.toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
  return (SIGNS[currency] ?? `${currency} `) + figures.replace(/\.00$/, "");
}

function tickText(value, currency) {
  if (value === 0) return `${SIGNS[currency] ?? `${currency} `}0`;
  return money(value, currency).replace(/\.0+(?=[a-zA-Z]|$)/, "").replace(/(\.\d)0(?=[a-zA-Z]|$)/, "$1");
}

const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);
const plural = (word) => `${capital(word)}s`;

// ---- limits and curves ----

const order = (limit) => (limit === "ask" ? -Infinity : limit === "no_limit" ? Infinity : limit);
const keyOf = (tier, limit) => `${tier}.${limit}`;

function nearestStop(stops, limit) {
  const exact = stops.indexOf(limit);
  if (exact >= 0) return exact;
  let best = 1;
  for (let i = 1; i < stops.length - 1; i++) if (Math.abs(stops[i] - limit) < Math.abs(stops[best] - limit)) best = i;
  return best;
}

function readCurve(content, buffers) {
  const arrays = {};
  content.arrays.forEach((name, i) => {
    const view = buffers[i];
    const bytes = view.buffer ? view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength) : view;
    arrays[name] = new Float64Array(bytes);
  });
  return { ...content, ...arrays, steps: arrays.limits.length, serial: ++curveCount };
}

function stepAt(curve, limit) {
  let low = 0;
  let high = curve.steps;
  const value = order(limit) + 1e-7;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (curve.limits[middle] <= value) low = middle + 1;
    else high = middle;
  }
  return Math.max(low - 1, 0);
}

// ---- drawing ----

function node(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) if (value !== null) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

function button(text, attributes, onClick) {
  const made = node("button", { type: "button", ...attributes }, text);
  made.addEventListener("click", onClick);
  return made;
}

function draw(parent, tag, attributes, text) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  if (text !== undefined) made.textContent = text;
  parent.append(made);
  return made;
}

// Points that no eye tells apart from the one before are left out.
function thinned(spots) {
  let last = [-Infinity, -Infinity];
  return spots.filter((spot, i) => {
    const isKept = i === spots.length - 1 || Math.abs(spot[0] - last[0]) + Math.abs(spot[1] - last[1]) > 0.4;
    if (isKept) last = spot;
    return isKept;
  });
}

function picture(label) {
  const made = document.createElementNS(SVG, "svg");
  if (label) made.setAttribute("role", "img");
  else made.setAttribute("aria-hidden", "true");
  if (label) made.setAttribute("aria-label", label);
  return made;
}

function niceTicks(low, high, count) {
  const rough = (high - low) / count || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((each) => each * power).find((each) => each >= 0.7 * rough);
  const ticks = [];
  for (let at = Math.ceil(low / step) * step; at <= high + step * 1e-9; at += step) ticks.push(Math.abs(at) < step / 1e6 ? 0 : at);
  return ticks;
}

function diamond(parent, x, y, size, kind) {
  return draw(parent, "path", { d: `M${x} ${y - size}l${size} ${size}l${-size} ${size}l${-size} ${-size}z`, class: kind });
}

const ink = document.createElement("canvas").getContext("2d");
ink.font = '600 13px "Segoe UI", Roboto, "Helvetica Neue", Arial, "Liberation Sans", system-ui, sans-serif';
const widthOf = (text) => ink.measureText(text).width * 1.04;

function fitted(text, width) {
  if (widthOf(text) <= width) return text;
  let end = text.length;
  while (end > 1 && widthOf(`${text.slice(0, end)}…`) > width) end--;
  return `${text.slice(0, end).trimEnd()}…`;
}

// Words get the first free place of a short list; where none is free they are left out (the table has them).
function placer(left, right, bottom) {
  const taken = [];
  const isFree = ([x0, y0, x1, y1]) =>
    x0 >= left && x1 <= right && y0 >= 0 && y1 <= bottom && taken.every((t) => x1 < t[0] || x0 > t[2] || y1 < t[1] || y0 > t[3]);
  return {
    hold: (x0, y0, x1, y1) => taken.push([x0, y0, x1, y1]),
    put(parent, text, places, kind = "") {
      const width = widthOf(text);
      for (const [x, y, anchor] of places) {
        const from = anchor === "end" ? x - width : anchor === "middle" ? x - width / 2 : x;
        const box = [from, y - 12, from + width, y + 4];
        if (!isFree(box)) continue;
        taken.push(box);
        draw(parent, "text", { x, y, "text-anchor": anchor, class: `ps-word ${kind}` }, text);
        return;
      }
    },
  };
}

// What does not change while a limit is dragged is drawn once: `paint` draws it and returns what the rest goes by.
function ground(part, key, paint) {
  if (part.ground?.key !== key) {
    const layer = document.createElementNS(SVG, "g");
    part.ground = { key, layer, scale: paint(layer) };
  }
  part.svg.append(part.ground.layer);
  return part.ground.scale;
}

function hatch(svg, id) {
  const defs = draw(svg, "defs", {});
  const pattern = draw(defs, "pattern", { id, width: 6, height: 6, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" });
  draw(pattern, "rect", { width: 6, height: 6, class: "ps-hatch-ground" });
  draw(pattern, "rect", { width: 3, height: 6, class: "ps-cost-fill" });
}

function save(name, content, type) {
  const link = node("a", { download: name, href: URL.createObjectURL(new Blob([content], { type })) });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

// A picture that stands alone: what the style sheet says of each part goes into the part.
function standalone(svg) {
  const copy = svg.cloneNode(true);
  const [from, to] = [[svg, ...svg.querySelectorAll("*")], [copy, ...copy.querySelectorAll("*")]];
  from.forEach((part, i) => {
    const style = getComputedStyle(part);
    for (const name of ["fill", "stroke", "stroke-width", "stroke-dasharray", "opacity", "font-family", "font-size", "font-weight", "paint-order"])
      to[i].style.setProperty(name, style.getPropertyValue(name));
    to[i].removeAttribute("class");
  });
  const { width, height } = svg.getBoundingClientRect();
  copy.setAttribute("xmlns", SVG);
  copy.setAttribute("viewBox", `0 0 ${width} ${height}`);
  const ground = document.createElementNS(SVG, "rect");
  for (const [name, value] of Object.entries({ width, height, fill: getComputedStyle(svg.closest(".ps")).backgroundColor })) ground.setAttribute(name, value);
  copy.prepend(ground);
  return { text: new XMLSerializer().serializeToString(copy), width, height };
}

function savePng(svg, name) {
  const { text, width, height } = standalone(svg);
  const image = new Image();
  image.onload = () => {
    const canvas = node("canvas", { width: 2 * width, height: 2 * height });
    canvas.getContext("2d").drawImage(image, 0, 0, 2 * width, 2 * height);
    canvas.toBlob((blob) => save(name, blob, "image/png"));
  };
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
}

// A cell that a spreadsheet would take for a formula is given a leading apostrophe; numbers are left alone.
function csvOf(table) {
  const cell = (text) => {
    const safe = /^[=+@\t]|^-(?![\d.])/.test(text) && !/^\+[^a-zA-Z]*\d/.test(text) ? `'${text}` : text;
    return /[",\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };
  return [...table.querySelectorAll("tr")].map((row) => [...row.children].map((each) => cell(each.textContent)).join(",")).join("\n") + "\n";
}

function fill(table, heads, rows) {
  table.content = [heads, rows];
  if (table.closest("[hidden]")) return; // made when somebody looks at it, or saves it
  const head = node("tr", {}, ...heads.map((text) => node("th", { scope: "col" }, text)));
  const cells = (row) => row.map((text, i) => (i ? node("td", {}, text) : node("th", { scope: "row" }, text)));
  table.replaceChildren(node("thead", {}, head), node("tbody", {}, ...rows.map((row) => node("tr", {}, ...cells(row)))));
}

function filled(table) {
  const [heads, rows] = table.content ?? [[], []];
  const alone = node("table");
  fill(alone, heads, rows);
  return alone;
}

// A part of the screen with a heading, a line below it, a picture, and behind that its table and help.
function section(kind, id, help) {
  const part = {
    title: node("h3", { id: `${id}-${kind}` }),
    note: node("p", { class: "ps-muted ps-sub" }),
    svg: picture(" "),
    table: node("table"),
  };
  const box = node("div", { class: "ps-table", role: "region", "aria-label": `Table of ${kind}`, tabindex: "0", hidden: "" }, part.table);
  const what = node("p", { class: "ps-help", hidden: "" }, help);
  const flip = (each) => () => {
    each.hidden = !each.hidden;
    menu.open = false;
    if (each === box && !box.hidden && part.table.content) fill(part.table, ...part.table.content);
  };
  const entries = [
    button("Show or hide the table", {}, flip(box)),
    button("Save the table (CSV)", {}, () => save(`${kind}.csv`, csvOf(filled(part.table)), "text/csv")),
    button("Save the picture (SVG)", {}, () => save(`${kind}.svg`, standalone(part.svg).text, "image/svg+xml")),
    button("Save the picture (PNG)", {}, () => savePng(part.svg, `${kind}.png`)),
    button("How to read this", {}, flip(what)),
  ];
  const menu = menuOf(`Table, picture and help of ${kind}`, "⋯", entries, "ps-more");
  part.width = 0;
  part.body = node("div", { class: "ps-picture" }, part.svg);
  part.root = node("section", { class: `ps-part ps-${kind}`, "aria-labelledby": part.title.id }, part.title, menu, part.note, what, part.body, box);
  return part;
}

function menuOf(label, face, entries, kind) {
  const list = node("div", { class: "ps-menu" }, ...entries);
  const menu = node("details", { class: kind }, node("summary", { "aria-label": label, title: label }, face), list);
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });
  menu.addEventListener("focusout", (event) => {
    if (event.relatedTarget && !menu.contains(event.relatedTarget)) menu.open = false;
  });
  return menu;
}

function segmented(label, choices, onChoose) {
  const group = node("div", { class: "ps-seg", role: "group", "aria-label": label });
  for (const [name, text] of choices) group.append(button(text, { "data-choice": name, "aria-pressed": "false" }, () => onChoose(name)));
  return group;
}

const press = (group, name) => group.querySelectorAll("button").forEach((each) => each.setAttribute("aria-pressed", String(each.dataset.choice === name)));

const encode = (state) => btoa(String.fromCharCode(...new TextEncoder().encode(JSON.stringify(state)))).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
const decode = (text) => JSON.parse(new TextDecoder().decode(Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0))));

const OUTCOMES = ["net_value", "remedy_cost", "customers_kept", "escalated", "minutes", "learned_claiming"];
const GOOD_WHEN_LESS = new Set(["remedy_cost", "escalated", "minutes", "learned_claiming"]);
const TITLES = {
  net_value: "Net value",
  remedy_cost: "Remedy spend",
  customers_kept: "Customers kept",
  escalated: "Asked a supervisor",
  minutes: "Minutes per case",
  learned_claiming: "Learned claiming",
};
const PERIODS = { case: "per case", month: "a month", year: "a year" };
const AXES = {
  refund: "Most that may be refunded",
  credit: "Most that may be credited",
  keep_item: "Price of the item that the customer may keep",
  replacement: "Price of the item that may be replaced",
  total_cost: "Cost of everything given in a case",
};
const SAYS = {
  refund: "refund up to",
  credit: "give store credit up to",
  keep_item: "let customers keep items up to",
  replacement: "replace items up to",
  total_cost: "spend in all up to",
};
const HELP = {
  curve:
    "What this one limit does, all others as they are. The line is the mean over the draws of the assumptions, the shaded band holds nine draws in ten. Filled dot: now. Hollow dot: the policy it is compared with. Diamond: best. Grey stretch: as good as the best within 1 %. Dotted: beyond what the next tier may give.",
  parts: "How much of the difference comes from each part. Solid bars add to net value, hatched ones take from it; the line through the last bar holds nine draws in ten.",
  frontier: "Each point of the line is the policy with the most net value for that spend. Dotted: where the limit in hand can take this policy.",
  mind: "One assumption moved at a time, all others as they are. Grey: its plausible range. Dot: what is assumed. Mark: where the other policy would be ahead.",
};

function render({ model, el }) {
  const id = `ps-${++panels}`;
  let frame = model.get("frame");
  let tiers = [];
  let levers = [];
  let stops = {};
  const curves = new Map(); // by key: the curve and for which limits and baseline it holds
  const orders = new Map(); // what was asked for, by order
  let count = 0;
  let pending = ""; // the order that the view is awaited of
  let dirty = false;
  let silent = 0;
  let speak = 0;
  let settled = false;
  let view = null;
  let frontier = null;
  let minds = { rows: [], key: "" };
  let told = null; // the case on screen
  let budget = null; // money a year
  let pinned = null;
  let mine = null; // what B was while A is shown
  let split = "parts";
  const state = { limits: structuredClone(frame.limits), baseline: { preset: frame.approved }, hand: null, per: "year", assumed: {} };
  let history = [];
  let at = 0;

  const cash = (value, signed) => money(value, frame.currency, signed);
  const words = (limit) => limitText(limit, frame.currency);
  const times = () => ({ case: 1, month: frame.cases_per_year / 12, year: frame.cases_per_year })[state.per];
  const preset = (name) => frame.presets.find((each) => each.name === name);
  const baseLimits = () => state.baseline.limits ?? preset(state.baseline.preset).limits;
  const baseTitle = () => (state.baseline.limits ? "A" : preset(state.baseline.preset).title);
  const theBase = () => (state.baseline.limits ? "A" : `“${baseTitle()}”`);
  const key = () => keyOf(state.hand.tier, state.hand.limit);
  const lever = () => levers.find((each) => each.key === key());
  const valueOf = (each, limits = state.limits) => limits[each.tier][each.limit];
  const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);
  const context = (limits, except) => JSON.stringify([levers.map((each) => (each.key === except ? 0 : limits[each.tier][each.limit])), state.baseline, state.assumed]);

  // ---- the frame of the screen ----

  const name = node("h2", {}, "How far may agents go without asking?");
  const print = node("p", { class: "ps-muted ps-print-line" });
  const compare = node("select", { "aria-label": "Compare with" });
  compare.addEventListener("change", () => {
    state.baseline = compare.value === "A" ? { limits: structuredClone(pinned) } : { preset: compare.value };
    changed("Compared with " + baseTitle());
  });
  const per = segmented("Money per", [["case", "case"], ["month", "month"], ["year", "year"]], (choice) => {
    state.per = choice;
    show();
  });
  const undo = button("↶", { "aria-label": "Undo", title: "Undo" }, () => go(at - 1));
  const redo = button("↷", { "aria-label": "Redo", title: "Redo" }, () => go(at + 1));
  const pin = button("Pin as A", { class: "ps-plain" }, () => {
    pinned = structuredClone(state.limits);
    mine = null;
    state.baseline = { limits: structuredClone(pinned) };
    changed("Pinned as A");
  });
  const sides = segmented("Show policy", [["A", "A"], ["B", "B"]], (side) => {
    if (!pinned || (side === "A") === Boolean(mine)) return;
    if (side === "A") [mine, state.limits] = [state.limits, structuredClone(pinned)];
    else [mine, state.limits] = [null, mine];
    changed(`Showing ${side}`);
  });
  const policies = node("div");
  const loader = node("input", { type: "file", accept: ".json,.yaml,.yml,.csv,.dmn", hidden: "", "aria-label": "Open a policy file", tabindex: "-1" });
  loader.addEventListener("change", async () => {
    const file = loader.files[0];
    if (file) ask({ ask: "load", name: file.name, text: await file.text() });
    loader.value = "";
  });
  const menu = menuOf("Policies, history, files, assumptions", "Policy ▾", [
    policies,
    button("Side by side", {}, () => read("net_value") && open(sidesDialog())),
    button("History of changes", {}, () => open(historyDialog())),
    button("Open a policy file", {}, () => loader.click()),
    button("Save the policy to a file", {}, () => {
      menu.open = false;
      ask({ ask: "export", formats: ["json"] });
    }),
    button("Copy a link to this screen", {}, copyLink),
    button("Set a budget", {}, () => open(budgetDialog())),
    button("Assumptions", {}, () => ask({ ask: "assumptions" })),
    button("Print", {}, () => window.print()),
    button("Light or dark", {}, flipTheme),
  ], "ps-file");
  const exportButton = button("Export for agents", { class: "ps-main-button" }, () => open(exportDialog()));
  const header = node(
    "div",
    { class: "ps-top" },
    node("div", { class: "ps-name" }, name, print),
    node("div", { class: "ps-controls" }, node("label", { class: "ps-control" }, node("span", { class: "ps-muted" }, "Compare with"), compare), node("div", { class: "ps-control" }, node("span", { class: "ps-muted", "aria-hidden": "true" }, "Money per"), per)),
    node("div", { class: "ps-acts" }, undo, redo, pin, sides, menu, exportButton, loader),
  );

  const busy = node("progress", { max: 1, "aria-label": "Progress", hidden: "" });
  const status = node("span", { role: "status" });
  const cancel = button("Cancel", { class: "ps-link", hidden: "" }, () => ask({ ask: "cancel" }));
  const reconnect = button("Reconnect", { class: "ps-link", hidden: "" }, () => {
    location.hash = `ps=${encode(shared())}`;
    if (model.reconnect) model.reconnect();
    else location.reload();
  });
  const line = node("div", { class: "ps-status" }, busy, status, cancel, reconnect);

  const side = node("div", { class: "ps-sticky" });
  const tileRow = node("div", { class: "ps-tiles", role: "group", "aria-label": "What the policy brings" });
  const tiles = Object.fromEntries(
    OUTCOMES.map((each) => {
      const tile = {
        title: node("span", { class: "ps-muted" }),
        figure: node("strong", { "data-tile": each }),
        change: node("span", { class: "ps-change", "data-change": each }),
        svg: picture(),
        likely: node("span", { class: "ps-muted ps-likely", "data-likely": each }),
      };
      tileRow.append(node("div", { class: "ps-tile" }, tile.title, node("div", {}, tile.figure, " ", tile.change), tile.svg, tile.likely));
      return [each, tile];
    }),
  );
  const spoken = node("div", { "aria-live": "polite", class: "ps-hidden" });
  const curve = section("curve", id, HELP.curve);
  const parts = section("parts", id, HELP.parts);
  const splits = segmented("Split by", [["parts", "parts"], ["failures", "failures"], ["segments", "customers"]], (choice) => {
    split = choice;
    show();
  });
  parts.note.after(splits);
  const front = section("frontier", id, HELP.frontier);
  const mind = section("mind", id, HELP.mind);
  mind.sentences = node("div", { class: "ps-sentences" });
  mind.body.replaceChildren(mind.sentences);
  mind.all = button("All assumptions", { class: "ps-link" }, () => open(mindDialog()));
  const one = section("case", id, "What agents may do in one case, and the money on both sides: what it costs, and what keeping the customer is worth, as far as the central assumptions go.");
  const cases = node("select", { "aria-label": "Choose a case" });
  const verdict = node("p", { class: "ps-verdict" });
  one.note.before(cases);
  one.note.after(verdict);
  cases.addEventListener("change", () => {
    if (cases.value === "own") open(caseDialog());
    else ask({ ask: "case", facts: { story: cases.value } });
  });
  const dialog = node("dialog", { class: "ps-dialog" });
  dialog.addEventListener("keydown", (event) => event.stopPropagation());
  const main = node("div", { class: "ps-main" }, tileRow, spoken, node("div", { class: "ps-rows" }, curve.root, parts.root, front.root, mind.root, one.root));
  const foot = node("p", { class: "ps-foot ps-muted" });
  const root = node("div", { class: "ps", role: "group", "aria-label": "Policy workbench", "aria-busy": "true" }, header, line, node("div", { class: "ps-body" }, node("div", { class: "ps-limits", role: "group", "aria-label": "Limits" }, side), main), foot, dialog);
  el.append(root);

  // ---- limits ----

  const blocks = {};

  function begin() {
    tiers = [...new Set(frame.levers.map((each) => each.tier))];
    levers = frame.levers.map((each) => ({ ...each, key: keyOf(each.tier, each.limit) }));
    state.hand ??= { tier: levers[0].tier, limit: levers.some((each) => each.limit === "keep_item") ? "keep_item" : levers[0].limit };
    side.replaceChildren();
    for (const tier of tiers) {
      side.append(node("h3", {}, tier === tiers[0] ? `${plural(tier)} decide alone, up to` : `${plural(tier)} decide, up to`));
      for (const each of levers.filter((other) => other.tier === tier)) side.append(limitBlock(each));
    }
    const last = frame.tiers[frame.tiers.length - 1];
    side.append(node("p", { class: "ps-last" }, node("b", {}, plural(last)), " have no limits"));
    const rules = [...frame.exceptions, ...frame.guards];
    if (rules.length) side.append(node("h3", {}, "Exceptions and guards"), node("ul", { class: "ps-rules" }, ...rules.map((rule) => node("li", {}, rule))));
    side.append(node("p", { class: "ps-legend ps-muted" }, "◇ best  ▬ as good  | compared with"));
    cases.replaceChildren(...frame.stories.map((story) => node("option", { value: story.name }, story.title)), node("option", { value: "own" }, "A case of your own …"));
    foot.textContent =
      `${frame.scenario}, scenario ${frame.scenario_fingerprint} · ${frame.cases.toLocaleString("en-US")} cases, ${frame.draws} draws of the assumptions · ` +
      `a year is ${frame.cases_per_year.toLocaleString("en-US")} cases · money in ${frame.currency} · “likely” holds 90% of the draws · policy_sim ${frame.version}`;
    listPolicies();
  }

  function limitBlock(each) {
    stops[each.key] = ["ask", ...each.stops, "no_limit"];
    const slider = node("input", { type: "range", id: `${id}-${each.key}`, "data-limit": each.limit, "data-tier": each.tier, min: 0, step: 1, max: stops[each.key].length - 1 });
    const block = {
      slider,
      label: node("label", { for: slider.id }, node("span", { class: "ps-hidden" }, `${plural(each.tier)}: `), each.title),
      note: node("span", { class: "ps-note" }),
      shown: node("output", { for: slider.id }),
      spark: picture(),
    };
    block.root = node("div", { class: "ps-limit" }, node("div", { class: "ps-row" }, block.label, block.note, block.shown), block.spark, slider);
    blocks[each.key] = block;
    let byKeys = "";
    slider.addEventListener("keydown", (event) => {
      event.stopPropagation(); // JupyterLab takes the arrow keys otherwise
      byKeys = each.key;
    });
    slider.addEventListener("focus", () => take(each));
    slider.addEventListener("pointerdown", () => {
      byKeys = "";
      take(each);
    });
    slider.addEventListener("input", () => move(each, stops[each.key][Number(slider.value)]));
    slider.addEventListener("change", () => keep(`${plural(each.tier)}, ${each.title.toLowerCase()}: ${words(valueOf(each))}`, byKeys));
    return block.root;
  }

  function boundsOf(each) {
    const k = tiers.indexOf(each.tier);
    const lowest = k > 0 ? state.limits[tiers[k - 1]][each.limit] : "ask";
    const highest = k + 1 < tiers.length ? state.limits[tiers[k + 1]][each.limit] : "no_limit";
    return { lowest, highest, below: tiers[k - 1], above: tiers[k + 1] };
  }

  // Hold a limit within what the tiers beside it and the budget allow; say what holds it.
  function held(each, limit) {
    const { lowest, highest, below, above } = boundsOf(each);
    if (order(limit) >= order(highest) && highest !== "no_limit") [limit, each.held] = [highest, `the ${above}’s limit`];
    else if (order(limit) <= order(lowest) && lowest !== "ask") [limit, each.held] = [lowest, `the ${below}’s limit`];
    else each.held = "";
    const found = curves.get(each.key);
    if (budget !== null && found && isValid(each)) {
      const cost = (at_) => found.curve.remedy_cost_level[stepAt(found.curve, at_)] * frame.cases_per_year;
      const list = stops[each.key];
      let place = nearestStop(list, limit);
      if (cost(limit) > budget) {
        while (place > 0 && cost(list[place]) > budget && order(list[place]) > order(lowest)) place--;
        [limit, each.held] = [list[place], "the budget"];
      }
    }
    return limit;
  }

  const isValid = (each) => curves.has(each.key) && curves.get(each.key).context === context(state.limits, each.key);

  function take(each) {
    if (key() === each.key) return;
    state.hand = { tier: each.tier, limit: each.limit };
    if (!isValid(each)) ask({ ask: "take", hand: [each.tier, each.limit], order: pending || `${id}:${count}` });
    show();
  }

  function move(each, limit) {
    state.hand = { tier: each.tier, limit: each.limit };
    state.limits[each.tier][each.limit] = held(each, limit);
    dirty = true;
    show();
    if (!pending) send();
  }

  // A change that is over: one entry of the history.
  // Keys pressed one after the other on the same limit are one change.
  function keep(text, byKeysOn = "") {
    const entry = { text, byKeysOn, limits: structuredClone(state.limits), baseline: structuredClone(state.baseline), assumed: { ...state.assumed } };
    if (history.length && same({ ...history[at], text, byKeysOn }, entry)) return;
    const before = byKeysOn && history[at].byKeysOn === byKeysOn ? at : at + 1;
    history = [...history.slice(0, before), entry];
    at = history.length - 1;
    show();
  }

  function changed(text) {
    keep(text);
    dirty = true;
    show();
    if (!pending) send();
  }

  function go(to) {
    if (to < 0 || to >= history.length) return;
    at = to;
    const entry = history[at];
    state.limits = structuredClone(entry.limits);
    state.baseline = structuredClone(entry.baseline);
    mine = null;
    const reassumed = !same(entry.assumed, state.assumed);
    if (reassumed) ask({ ask: "assume", values: entry.assumed });
    dirty = true;
    show();
    if (!pending && !reassumed) send();
  }

  function setLimits(limits, text) {
    for (const each of levers) {
      const limit = limits[each.tier]?.[each.limit];
      if (limit !== undefined) state.limits[each.tier][each.limit] = limit;
    }
    mine = null;
    changed(text);
  }

  // ---- asking and being answered ----

  function ask(message) {
    clearTimeout(silent);
    silent = setTimeout(() => lost(), SILENT_MS);
    model.send({ order: "", ...message });
  }

  function send() {
    dirty = false;
    pending = `${id}:${++count}`;
    settled = false;
    orders.set(pending, { limits: structuredClone(state.limits), baseline: structuredClone(state.baseline), at: performance.now() });
    if (orders.size > 50) orders.delete(orders.keys().next().value);
    root.setAttribute("aria-busy", "true");
    ask({ ask: "show", order: pending, limits: state.limits, baseline: state.baseline, hand: [state.hand.tier, state.hand.limit] });
  }

  function lost() {
    say("The calculation does not answer: it is busy with something else, or gone. Your limits are kept.", true);
    reconnect.hidden = false;
  }

  function say(text, isProblem = false) {
    status.textContent = text;
    status.classList.toggle("ps-problem", isProblem);
  }

  const answers = {
    heard() {
      clearTimeout(silent);
      if (!reconnect.hidden) say("");
      reconnect.hidden = true;
    },
    view(message) {
      if (!orders.has(message.order)) return;
      const asked = orders.get(message.order);
      if (message.order === pending) pending = "";
      view = { ...message, key: context(asked.limits, "") };
      root.dataset.viewMs = (performance.now() - asked.at).toFixed(0);
      if (dirty) send();
      show();
    },
    curve(message, buffers) {
      if (!orders.has(message.order)) return;
      const { limits } = orders.get(message.order);
      const read = readCurve(message, buffers);
      const each = keyOf(message.tier, message.limit);
      curves.set(each, { curve: read, context: context(limits, each) });
      spark(levers.find((other) => other.key === each));
      if (each === key()) show();
    },
    settled(message) {
      if (message.order !== `${id}:${count}` || dirty) return;
      settled = true;
      root.dataset.settledMs = (performance.now() - orders.get(message.order).at).toFixed(0);
      show();
    },
    break_evens(message) {
      const asked = orders.get(message.order);
      if (asked) minds = { rows: message.rows, key: context(asked.limits, ""), words: message.words };
      showMind();
    },
    presets(message) {
      frame = { ...frame, presets: message.presets, points: message.points, levers: message.levers };
      for (const fresh of message.levers) {
        const each = levers.find((other) => other.key === keyOf(fresh.tier, fresh.limit));
        Object.assign(each, fresh);
        stops[each.key] = ["ask", ...each.stops, "no_limit"];
        blocks[each.key].slider.max = stops[each.key].length - 1;
        if (curves.has(each.key)) spark(each);
      }
      listPolicies();
      show();
    },
    frontier(message) {
      frontier = message.points;
      show();
    },
    case(message) {
      told = message;
      if (message.facts.story) cases.value = message.facts.story;
      showCase();
    },
    assumptions: (message) => open(assumptionDialog(message.rows)),
    assumed(message) {
      frame = message.frame;
      state.assumed = message.values;
      curves.clear();
      frontier = null;
      begin();
      changed(Object.keys(message.values).length ? "Assumptions changed" : "Assumptions as the scenario has them");
      ask({ ask: "study" });
      if (told) ask({ ask: "case", facts: told.facts });
    },
    review: (message) => dialog.open && open(reviewDialog(message)),
    exported(message, buffers) {
      message.files.forEach((file, i) => save(file, buffers[i], "application/octet-stream"));
      say(`Written to ${message.place}, and downloaded: ${message.files.join(", ")}.`);
    },
    loaded: (message) => setLimits(message.limits, `Opened ${message.name}`),
    busy(message) {
      busy.hidden = false;
      busy.value = message.share;
      if (message.share === 0) busy.removeAttribute("value");
      const left = message.left === null ? "" : `, about ${Math.max(1, Math.round(message.left))} s left`;
      say(`${message.words}${left} …`);
      cancel.hidden = false;
    },
    over(message) {
      busy.hidden = true;
      cancel.hidden = true;
      if (status.textContent.startsWith(message.words)) say("");
    },
    problem(message) {
      if (!message.order || message.order === pending) {
        pending = ""; // nothing will come of it; the next move asks anew
        settled = true;
      }
      show();
      say(capital(message.words), true);
    },
    note: (message) => say(message.words),
  };

  function onMessage(message, buffers) {
    answers[message.kind]?.(message, buffers ?? []);
  }

  // ---- reading ----

  // What an outcome comes to per case, with its change against the baseline: from the curve of the limit in hand where
  // that holds, else from the last view where that is of these limits.
  function read(outcome) {
    const each = lever();
    if (isValid(each)) {
      const { curve: found } = curves.get(each.key);
      const step = stepAt(found, valueOf(each));
      const level = found[`${outcome}_level`][step];
      const base = frame.base && same(state.baseline, { preset: frame.approved }) ? frame.base[outcome] : view ? view.outcomes[outcome].level - view.outcomes[outcome].change : NaN;
      return { level, change: level - base, low: found[`${outcome}_low`]?.[step], high: found[`${outcome}_high`]?.[step], ahead: found.ahead[step] };
    }
    if (view && view.key === context(state.limits, "")) return { ...view.outcomes[outcome], ahead: view.ahead };
    return null;
  }

  const formats = {
    net_value: (value, signed) => cash(value * times(), signed),
    remedy_cost: (value, signed) => cash(value * times(), signed),
    learned_claiming: (value, signed) => cash(value * times(), signed),
    retained: (value, signed) => cash(value * times(), signed),
    labour: (value, signed) => cash(value * times(), signed),
    customers_kept: (value, signed) => (state.per === "case" ? (signed ? points(value) : share(value)) : number(value * times(), signed)),
    escalated: (value, signed) => (signed ? points(value) : share(value)),
    minutes: (value, signed) => number(value, signed),
  };
  const points = (value) => `${share(value, true).replace("%", "")} pts`;

  // How sure a change is, in words; `ends` are those of its interval where they say it.
  function sureness(each, { change, low, high }) {
    const format = formats[each];
    const nothing = format(0, true);
    const ends = [format(low, true), format(high, true)];
    if ([change, low, high].every((value) => format(value, true) === nothing)) return { words: "no change" };
    if (ends[0] === ends[1]) return { words: "the same in nearly every draw" };
    if (low <= 0 && high >= 0) return { words: "cannot be told apart" };
    return { words: `likely ${ends[0]} to ${ends[1]}`, ends };
  }

  // ---- showing ----

  function show() {
    const began = performance.now();
    for (const each of levers) showLimit(each);
    press(per, state.per);
    press(sides, pinned ? (mine ? "A" : "B") : "");
    sides.querySelectorAll("button").forEach((each) => (each.disabled = !pinned));
    sides.hidden = !pinned;
    undo.disabled = at <= 0;
    redo.disabled = at >= history.length - 1;
    const options = [...frame.presets.map((each) => [each.name, each.title]), ...(pinned ? [["A", "A (pinned)"]] : [])];
    if (compare.childElementCount !== options.length) compare.replaceChildren(...options.map(([value, text]) => node("option", { value }, text)));
    compare.value = state.baseline.limits ? "A" : state.baseline.preset;
    const moved = levers.filter((each) => valueOf(each) !== valueOf(each, preset(frame.approved).limits)).length;
    const sum = view && view.key === context(state.limits, "") && view.fingerprint ? ` · policy ${view.fingerprint}` : "";
    print.textContent = `${moved ? `${moved} change${moved > 1 ? "s" : ""} to` : "As"} “${preset(frame.approved).title}”${sum}${Object.keys(state.assumed).length ? " · assumptions changed" : ""}`;
    const known = read("net_value") !== null;
    root.classList.toggle("ps-stale", !known);
    root.setAttribute("aria-busy", String(Boolean(pending) || dirty || !settled));
    if (known) {
      showTiles();
      showCurve();
      showParts();
      showFrontier();
    }
    showMind();
    root.dataset.drawMs = (performance.now() - began).toFixed(2);
  }

  function showLimit(each) {
    const { slider, note, shown, root: block } = blocks[each.key];
    const value = valueOf(each);
    const text = words(value);
    const { highest, above, lowest, below } = boundsOf(each);
    each.held ||= order(value) === order(highest) && highest !== "no_limit" ? `the ${above}’s limit` : order(value) === order(lowest) && lowest !== "ask" ? `the ${below}’s limit` : "";
    shown.textContent = text;
    note.textContent = each.held;
    if (each.held.endsWith("’s limit") && order(value) !== order(highest) && order(value) !== order(lowest)) note.textContent = each.held = "";
    slider.value = nearestStop(stops[each.key], value);
    const spokenLimit = typeof value === "number" ? `${value.toLocaleString("en-US")} ${frame.currency === "USD" ? "dollars" : frame.currency}` : text;
    slider.setAttribute("aria-valuetext", `${each.title} limit, ${spokenLimit}${note.textContent ? `, at ${note.textContent}` : ""}`);
    block.classList.toggle("ps-in-hand", each.key === key());
    const from = baseLimits()[each.tier][each.limit];
    block.style.setProperty("--now", place(each, value));
    const tick = block.querySelector(".ps-tick");
    if (tick) tick.setAttribute("transform", `translate(${8 + place(each, from) * (sliderWidth - 16)} 0)`);
  }

  // Where a limit stands on its slider, 0 to 1: the thumb stops at every stop, evenly.
  function place(each, limit) {
    const list = stops[each.key];
    const exact = list.indexOf(limit);
    if (exact >= 0) return exact / (list.length - 1);
    const value = order(limit);
    if (value > each.top) return (list.length - 2) / (list.length - 1);
    let i = 1;
    while (i < list.length - 2 && list[i + 1] <= value) i++;
    const gap = i + 1 < list.length - 1 ? (value - list[i]) / (list[i + 1] - list[i]) : 0;
    return (i + gap) / (list.length - 1);
  }

  // Sizes are read when they change, not when something is drawn: reading one makes the browser lay out the page.
  let [sliderWidth, tileWidth] = [240, 120];

  function measure() {
    sliderWidth = Math.max(blocks[levers[0].key].root.clientWidth - 32, 120);
    tileWidth = Math.max(tileRow.firstElementChild.clientWidth - 16, 60);
    for (const part of [curve, parts, front, mind, one]) part.width = part.body.clientWidth;
  }

  function spark(each) {
    const { spark: svg } = blocks[each.key];
    const { curve: found } = curves.get(each.key);
    const [width, height] = [sliderWidth, 24];
    svg.setAttribute("width", width);
    svg.setAttribute("height", height + 12);
    svg.replaceChildren();
    const x = (limit) => 8 + place(each, limit) * (width - 16);
    const values = found.net_value_level;
    const last = stepAt(found, each.top);
    let [low, high] = [Infinity, -Infinity];
    for (let i = 0; i <= last; i++) [low, high] = [Math.min(low, values[i]), Math.max(high, values[i])];
    const y = (value) => (high > low ? height - 4 - ((value - low) / (high - low)) * (height - 10) : height / 2);
    const [from, to] = found.flat;
    draw(svg, "rect", { x: x(from), y: 2, width: Math.max(x(to) - x(from), 3), height: height - 2, class: "ps-flat" });
    let path = `M${x("ask")} ${y(values[0])}H${x(0)}`;
    let before = x(0);
    for (let i = Math.max(stepAt(found, 0), 0); i < found.steps && found.limits[i] <= each.top; i++) {
      const here = found.limits[i] < 0 ? x(0) : x(found.limits[i]);
      if (here - before < 0.7 && i + 1 < found.steps && found.limits[i + 1] <= each.top && i > 0) continue;
      path += `H${here.toFixed(1)}V${y(values[i]).toFixed(1)}`;
      before = here;
    }
    draw(svg, "path", { d: `${path}H${x(each.top)}V${y(values[found.steps - 1])}H${x("no_limit")}`, class: "ps-line" });
    diamond(svg, x(found.best), y(values[stepAt(found, found.best)]), 4, "ps-best");
    draw(svg, "path", { d: `M0 ${height - 5}v10`, class: "ps-tick" });
    showLimit(each);
  }

  function showTiles() {
    for (const each of OUTCOMES) {
      const { level, change, low, high } = read(each);
      const format = formats[each];
      const tile = tiles[each];
      tile.title.textContent = TITLES[each] + (each === "escalated" || each === "minutes" ? "" : ` ${PERIODS[state.per]}`);
      tile.figure.textContent = format(level);
      const yearly = each === "escalated" || each === "minutes" || (each === "customers_kept" && state.per === "case") ? 1 : times();
      tile.figure.dataset.value = level * yearly;
      const sure = sureness(each, { change, low, high });
      const still = sure.words === "no change";
      tile.change.textContent = still ? "" : format(change, true);
      tile.change.dataset.value = change * yearly;
      const unsure = low <= 0 && high >= 0;
      const worse = (GOOD_WHEN_LESS.has(each) ? 1 : -1) * change > 0;
      tile.change.className = `ps-change ${still || unsure ? "" : worse ? "ps-worse" : "ps-better"}`;
      if (sure.ends) tile.likely.replaceChildren("likely ", node("span", {}, sure.ends[0]), " to ", node("span", {}, sure.ends[1]));
      else tile.likely.textContent = sure.words;
      [tile.likely.dataset.low, tile.likely.dataset.high] = [low * yearly, high * yearly];
      range(each, change, low, high, still, worse);
    }
    clearTimeout(speak);
    speak = setTimeout(() => {
      const { change, likely } = tiles.net_value;
      spoken.textContent = `Net value ${PERIODS[state.per]} against ${baseTitle()}: ${change.textContent} ${likely.textContent}`;
    }, SPEAK_MS);
  }

  // The interval of a change around a tick at no change: solid where better, hatched where worse, hollow where unsure.
  function range(each, change, low, high, still, worse) {
    const { svg } = tiles[each];
    const width = tileWidth;
    svg.setAttribute("width", width);
    svg.setAttribute("height", 14);
    svg.replaceChildren();
    const far = Math.max(Math.abs(low), Math.abs(high), 1e-12) * 1.25;
    const x = (value) => width / 2 + (value / far) * (width / 2 - 2);
    draw(svg, "path", { d: `M0 7H${width}`, class: "ps-grid" });
    if (!still) {
      const unsure = low <= 0 && high >= 0;
      if (worse && !unsure) hatch(svg, `${id}-${each}`);
      const kind = unsure ? "ps-hollow" : worse ? "" : "ps-gain-fill";
      const bar = draw(svg, "rect", { x: x(low), y: 3, width: Math.max(x(high) - x(low), 2), height: 8, class: kind });
      if (worse && !unsure) bar.setAttribute("fill", `url(#${id}-${each})`);
      draw(svg, "path", { d: `M${x(change)} 3v8`, class: "ps-middle" });
    }
    draw(svg, "path", { d: `M${width / 2} 0v14`, class: "ps-zero" });
  }

  function sized(part, height) {
    const width = Math.max(part.width, 240);
    part.svg.setAttribute("width", width);
    part.svg.setAttribute("height", height);
    part.svg.replaceChildren();
    return width;
  }

  function showCurve() {
    const each = lever();
    const value = valueOf(each);
    const now = read("net_value");
    const { lowest, highest, above } = boundsOf(each);
    const says = SAYS[each.limit];
    curve.title.textContent =
      value === "ask" ? `${plural(each.tier)} ask first: ${each.title.toLowerCase()}` : value === "no_limit" ? `${plural(each.tier)} ${says.replace(" up to", "")} without limit` : `${plural(each.tier)} ${says} ${words(value)}`;
    const still = formats.net_value(now.change, true) === formats.net_value(0, true) && formats.net_value(now.high - now.low) === formats.net_value(0);
    const sure = now.ahead >= 0.995 ? "over 99%" : now.ahead <= 0.005 ? "less than 1%" : `${Math.round(100 * now.ahead)}%`;
    curve.note.textContent = still
      ? `Same value as ${theBase()}`
      : `${formats.net_value(now.change, true)} ${PERIODS[state.per]} against ${theBase()}, likely ${formats.net_value(now.low, true)} to ${formats.net_value(now.high, true)} (90%, shaded); ` +
        (now.low <= 0 && now.high >= 0 ? "cannot be told apart" : `${sure} sure to be ahead`);
    const height = 256;
    const width = sized(curve, height);
    const svg = curve.svg;
    if (!isValid(each)) {
      draw(svg, "text", { x: width / 2, y: height / 2, "text-anchor": "middle" }, "Working out the exact curve …");
      return;
    }
    const { curve: found } = curves.get(each.key);
    const base = now.level - now.change;
    const by = times();
    const [left, right, top, bottom] = [68, 60, 26, 44];
    const [x0, x1, y1] = [left + 40, width - right, height - bottom];
    const gain = (i) => found.net_value_level[i] - base;
    const [from, to] = found.flat;
    const key_ = JSON.stringify([found.serial, each.top, width, state.per, base.toPrecision(9), order(lowest), order(highest)]);
    const { x, y } = ground(curve, key_, (layer) => {
      let [least, most] = [0, 0];
      const last = stepAt(found, each.top);
      for (const i of [...Array(last + 1).keys(), found.steps - 1]) [least, most] = [Math.min(least, found.net_value_low[i]), Math.max(most, found.net_value_high[i])];
      const pad = 0.06 * (most - least) || 1;
      [least, most] = [least - pad, most + pad];
      const x = (limit) => (limit === "ask" || limit < 0 ? left + 14 : limit === "no_limit" || limit > each.top ? width - 18 : x0 + (limit / each.top) * (x1 - x0));
      const y = (gained) => top + ((most - gained) / (most - least)) * (y1 - top);
      draw(layer, "rect", { x: x(from), y: top, width: Math.max(x(to) - x(from), 2), height: y1 - top, class: "ps-flat" });
      draw(layer, "path", { d: `M${x(from)} ${top}H${Math.max(x(to), x(from) + 2)}`, class: "ps-zero" });
      for (const tick of niceTicks(least * by, most * by, 4)) {
        draw(layer, "line", { x1: left, x2: width, y1: y(tick / by), y2: y(tick / by), class: tick === 0 ? "ps-zero" : "ps-grid" });
        draw(layer, "text", { x: left - 8, y: y(tick / by) + 4, "text-anchor": "end" }, tick > 0 ? `+${tickText(tick, frame.currency)}` : tickText(tick, frame.currency));
      }
      for (const [d, kind] of curveShape(found, each, x, y, base)) draw(layer, "path", { d, class: kind });
      // beyond what the tiers beside it allow
      for (const [a, b] of [[x(highest), width], [left, lowest === "ask" ? left : x(lowest)]])
        if (b > a + 1) draw(layer, "rect", { x: a, y: top, width: b - a, height: y1 - top, class: "ps-veil" });
      if (highest !== "no_limit") draw(layer, "path", { d: `M${x(highest)} ${top}V${y1}`, class: "ps-bound" });
      for (const tick of niceTicks(0, each.top, Math.max(2, Math.floor((x1 - x0) / 70)))) {
        draw(layer, "path", { d: `M${x(tick)} ${y1}v4`, class: "ps-zero" });
        draw(layer, "text", { x: x(tick), y: y1 + 18, "text-anchor": "middle" }, tickText(tick, frame.currency));
      }
      draw(layer, "text", { x: x("ask"), y: y1 + 18, "text-anchor": "middle" }, "ask");
      draw(layer, "text", { x: x("no_limit"), y: y1 + 18, "text-anchor": "middle" }, "any");
      draw(layer, "text", { x: (x0 + x1) / 2, y: height - 6, "text-anchor": "middle" }, AXES[each.limit]);
      return { x, y };
    });
    const marks = {
      now: [x(value), y(gain(stepAt(found, value)))],
      force: [x(valueOf(each, baseLimits())), y(gain(stepAt(found, valueOf(each, baseLimits()))))],
      best: [x(found.best), y(gain(stepAt(found, found.best)))],
    };
    draw(svg, "path", { d: `M${marks.now[0]} ${marks.now[1]}V${y1}`, class: "ps-drop" });
    draw(svg, "circle", { cx: marks.force[0], cy: marks.force[1], r: 5, class: "ps-force" });
    diamond(svg, ...marks.best, 7, "ps-best");
    draw(svg, "circle", { cx: marks.now[0], cy: marks.now[1], r: 7, class: "ps-now", "data-marker": "now" });
    const label = placer(left, width, y1);
    for (const [mx, my] of Object.values(marks)) label.hold(mx - 7, my - 7, mx + 7, my + 7);
    const around = ([mx, my]) => [[mx, my - 14, "middle"], [mx + 12, my - 10, "start"], [mx - 12, my - 10, "end"], [mx + 12, my + 20, "start"], [mx - 12, my + 20, "end"], [mx, my + 30, "middle"], [mx, my - 34, "middle"]];
    label.put(svg, `Now ${words(value)}: ${formats.net_value(now.change, true)}`, around(marks.now), "ps-word-now");
    const zone = to === "no_limit" ? (from === "ask" ? "any limit is as good" : `from ${words(from)}: as good`) : `${words(from)} to ${words(to)}: as good`;
    const middle = Math.min(Math.max((x(from) + x(to)) / 2, left + 90), width - 90);
    label.put(svg, zone, [[middle, top - 8, "middle"]]);
    if (valueOf(each, baseLimits()) !== value) label.put(svg, `${baseTitle()} ${words(valueOf(each, baseLimits()))}`, around(marks.force));
    if (found.best !== value) label.put(svg, `Best ${words(found.best)}`, around(marks.best));
    if (highest !== "no_limit") label.put(svg, `${above}’s limit ${words(highest)}`, [[x(highest) + 6, top + 14, "start"], [x(highest) - 6, top + 14, "end"], [x(highest) + 6, y1 - 8, "start"]]);
    svg.setAttribute("aria-label", `${curve.title.textContent}. Now ${words(value)}: ${formats.net_value(now.change, true)}. Best ${words(found.best)}: ${formats.net_value(gain(stepAt(found, found.best)), true)}. As good: ${zone}.`);
    svg.onpointerdown = (event) => dragCurve(event, each, x0, x1, left);
    const rows = [["Now", value], ["Best", found.best], [baseTitle(), valueOf(each, baseLimits())], ...["ask", ...niceTicks(0, each.top, 8), "no_limit"].map((limit) => ["", limit])];
    fill(curve.table, ["", "Limit", `Net value ${PERIODS[state.per]}`, "likely from", "to", "Remedy spend", "Asked a supervisor"], rows.map(([word, limit]) => {
      const i = stepAt(found, limit);
      return [word, words(limit), formats.net_value(gain(i), true), formats.net_value(found.net_value_low[i], true), formats.net_value(found.net_value_high[i], true), formats.remedy_cost(found.remedy_cost_level[i]), share(found.escalated_level[i])];
    }));
  }

  function curveShape(found, each, x, y, base) {
    const outline = (values, offset) => {
      const spots = [[x("ask"), y(values[0] - offset)]];
      let i = Math.max(stepAt(found, 0), 0);
      let at_ = x(0);
      let value = y(values[i] - offset);
      spots.push([at_ - 12, spots[0][1]], [at_, value]);
      for (i += 1; i < found.steps && found.limits[i] <= each.top; i++) {
        at_ = x(found.limits[i]);
        spots.push([at_, value]);
        value = y(values[i] - offset);
        spots.push([at_, value]);
      }
      spots.push([x(each.top), value], [x("no_limit"), y(values[found.steps - 1] - offset)]);
      return spots;
    };
    const path = (spots) => thinned(spots).map(([a, b]) => `${a.toFixed(1)} ${b.toFixed(1)}`).join("L");
    const band = [...outline(found.net_value_high, 0), ...outline(found.net_value_low, 0).reverse()];
    return [[`M${path(band)}Z`, "ps-band"], [`M${path(outline(found.net_value_level, base))}`, "ps-hand"]];
  }

  function dragCurve(event, each, x0, x1, left) {
    event.preventDefault();
    const list = stops[each.key];
    const follow = (moved) => {
      const at_ = moved.clientX - curve.svg.getBoundingClientRect().left;
      const limit = at_ < (left + x0) / 2 ? "ask" : at_ > x1 + 20 ? "no_limit" : list[nearestStop(list, (Math.min(Math.max(at_ - x0, 0), x1 - x0) / (x1 - x0)) * each.top)];
      if (limit !== valueOf(each)) move(each, limit);
    };
    const release = () => {
      window.removeEventListener("pointermove", follow);
      keep(`${plural(each.tier)}, ${each.title.toLowerCase()}: ${words(valueOf(each))}`);
    };
    follow(event);
    window.addEventListener("pointermove", follow);
    window.addEventListener("pointerup", release, { once: true });
  }

  // Bars from nothing to each part's share; parts that are rounded add up to the rounded whole.
  function showParts() {
    press(splits, split);
    const total = read("net_value");
    const fresh = view && view.key === context(state.limits, "");
    let rows;
    let sum = 0;
    if (split === "parts")
      rows = frame.parts.map((part) => {
        const change = part.sign * read(part.name).change;
        const row = { title: part.title + (part.name === "learned_claiming" ? ", as word gets round" : ""), change, from: sum, to: sum + change };
        sum += change;
        return row;
      });
    else {
      const list = fresh ? view[split] : [];
      rows = list.map((part) => ({ title: part.title, change: part.change, from: 0, to: part.change }));
    }
    parts.title.textContent = "Where the difference comes from";
    parts.note.textContent = `Net value ${PERIODS[state.per]} against ${theBase()}`;
    const lineHeight = split === "parts" ? 44 : 28;
    const height = 224;
    const width = sized(parts, height);
    const svg = parts.svg;
    hatch(svg, `${id}-parts-hatch`);
    rows.push({ title: `Net value ${PERIODS[state.per]}`, change: total.change, from: 0, to: total.change, isTotal: true });
    const ends = rows.flatMap((row) => [row.from, row.to]).concat([total.low, total.high, 0]);
    const [least, most] = [Math.min(...ends), Math.max(...ends)];
    const x = (value) => 2 + ((value - least) / (most - least || 1)) * (width - 4);
    const isNothing = rows.every((row) => Math.abs(row.change) * frame.cases_per_year < 0.005);
    rows.forEach((row, i) => {
      const y = i * lineHeight;
      draw(svg, "text", { x: 0, y: y + 13, class: row.isTotal ? "ps-strong" : "" }, row.title);
      draw(svg, "text", { x: width, y: y + 13, "text-anchor": "end", class: row.isTotal ? "ps-strong ps-word-now" : "ps-strong" }, formats.net_value(row.change, true));
      if (isNothing) return;
      const [a, b] = [Math.min(x(row.from), x(row.to)), Math.max(x(row.from), x(row.to))];
      const thick = split === "parts" ? 14 : 7;
      const bar = draw(svg, "rect", { x: a, y: y + 19, width: Math.max(b - a, 0.5), height: thick, class: row.isTotal ? "ps-accent-fill" : row.change < 0 ? "" : "ps-gain-fill" });
      if (row.change < 0 && !row.isTotal) bar.setAttribute("fill", `url(#${id}-parts-hatch)`);
      draw(svg, "path", { d: `M${x(0)} ${y + 17}v${thick + 4}`, class: "ps-zero" });
      if (row.isTotal) draw(svg, "path", { d: `M${x(total.low)} ${y + 19 + thick / 2}H${x(total.high)}M${x(total.low)} ${y + 19}v${thick}M${x(total.high)} ${y + 19}v${thick}`, class: "ps-whisker" });
      else if (split === "parts" && i + 1 < rows.length) draw(svg, "path", { d: `M${x(row.to)} ${y + 19 + thick}v${lineHeight - thick}`, class: "ps-join" });
    });
    if (split !== "parts" && !fresh) draw(svg, "text", { x: width / 2, y: height / 2, "text-anchor": "middle" }, "Working it out …");
    svg.setAttribute("aria-label", rows.map((row) => `${row.title}: ${formats.net_value(row.change, true)}`).join(". "));
    fill(parts.table, ["Part", parts.note.textContent], rows.map((row) => [row.title, formats.net_value(row.change, true)]));
  }

  function showFrontier() {
    const each = lever();
    const by = times();
    const now = read("net_value");
    const spend = read("remedy_cost");
    const base = now.level - now.change;
    front.title.textContent = "Spend against value";
    const best = frontier ? Math.max(...frontier.map((point) => point.net_value - base)) : NaN;
    front.note.textContent = !frontier ? "The line of the best policies is being worked out …" : now.change <= 0 ? "Line: the best for each spend. This policy brings no gain." : `Line: the best for each spend. This policy reaches ${Math.min(100, Math.round((100 * now.change) / best))}% of the top.`;
    const height = 232;
    const width = sized(front, height);
    const svg = front.svg;
    const [left, right, top, bottom] = [68, 20, 20, 44];
    const others = frame.points.map((point) => ({ title: point.title, cost: point.remedy_cost, gain: point.net_value - base }));
    const line_ = (frontier ?? []).map((point) => ({ cost: point.remedy_cost, gain: point.net_value - base }));
    const { lowest, highest } = boundsOf(each);
    const found = isValid(each) ? curves.get(each.key).curve : null;
    const me = { cost: spend.level, gain: now.change };
    const key_ = JSON.stringify([found ? found.serial : me, each.top, width, state.per, base.toPrecision(9), order(lowest), order(highest), line_.length, others.length]);
    const { x, y } = ground(front, key_, (layer) => {
      const trail = [];
      if (found)
        for (let i = stepAt(found, lowest); i <= Math.min(stepAt(found, highest), stepAt(found, each.top)); i++)
          trail.push({ cost: found.remedy_cost_level[i], gain: found.net_value_level[i] - base });
      const everything = [...others, ...line_, ...trail, ...(found ? [] : [me])];
      const span = (list) => [list.reduce((a, b) => Math.min(a, b)), list.reduce((a, b) => Math.max(a, b))];
      let [[least, most], [low, high]] = [span(everything.map((point) => point.cost)), span(everything.map((point) => point.gain))];
      const [mx, my] = [0.1 * (most - least) || 1, 0.1 * (high - low) || 1];
      [least, most, low, high] = [least - mx, most + mx, low - my, high + my];
      const x = (cost) => left + ((cost - least) / (most - least)) * (width - left - right);
      const y = (gain) => top + ((high - gain) / (high - low)) * (height - top - bottom);
      for (const tick of niceTicks(low * by, high * by, 4)) {
        draw(layer, "line", { x1: left, x2: width, y1: y(tick / by), y2: y(tick / by), class: tick === 0 ? "ps-zero" : "ps-grid" });
        draw(layer, "text", { x: left - 8, y: y(tick / by) + 4, "text-anchor": "end" }, tick > 0 ? `+${tickText(tick, frame.currency)}` : tickText(tick, frame.currency));
      }
      for (const tick of niceTicks(least * by, most * by, Math.max(2, Math.floor((width - left) / 90)))) {
        draw(layer, "path", { d: `M${x(tick / by)} ${height - bottom}v4`, class: "ps-zero" });
        draw(layer, "text", { x: x(tick / by), y: height - bottom + 18, "text-anchor": "middle" }, tickText(tick, frame.currency));
      }
      draw(layer, "text", { x: (left + width) / 2, y: height - 6, "text-anchor": "middle" }, `Remedy spend ${PERIODS[state.per]}`);
      draw(layer, "text", { x: left, y: 10 }, "Net value gained");
      const path = (list) => `M${thinned(list.map((point) => [x(point.cost), y(point.gain)])).map(([a, b]) => `${a.toFixed(1)} ${b.toFixed(1)}`).join("L")}`;
      if (line_.length) draw(layer, "path", { d: path(line_), class: "ps-front-line" });
      if (trail.length) draw(layer, "path", { d: path(trail), class: "ps-trail" });
      return { x, y };
    });
    const label = placer(left, width, height - bottom);
    const spots = [...others.map((point) => ({ ...point, kind: point.title === "Recommended" ? "best" : "force" })), { ...me, title: "This policy", kind: "now" }];
    for (const spot of spots) {
      const [px, py] = [x(spot.cost), y(spot.gain)];
      if (spot.kind === "best") diamond(svg, px, py, 7, "ps-best");
      else draw(svg, "circle", { cx: px, cy: py, r: spot.kind === "now" ? 7 : 5, class: `ps-${spot.kind}` });
      label.hold(px - 7, py - 7, px + 7, py + 7);
    }
    for (const spot of spots.reverse()) {
      const [px, py] = [x(spot.cost), y(spot.gain)];
      const isHidden = spot.kind !== "now" && Math.hypot(px - x(me.cost), py - y(me.gain)) < 4;
      if (!isHidden) label.put(svg, spot.title, [[px + 11, py + 4, "start"], [px - 11, py + 4, "end"], [px, py - 12, "middle"], [px, py + 22, "middle"], [px + 10, py + 20, "start"], [px - 10, py + 20, "end"]], spot.kind === "now" ? "ps-word-now" : "");
    }
    svg.setAttribute("aria-label", `Remedy spend and net value ${PERIODS[state.per]}. ${spots.map((spot) => `${spot.title}: ${formats.net_value(spot.cost)}, ${formats.net_value(spot.gain, true)}`).join(". ")}`);
    fill(front.table, ["Policy", `Remedy spend ${PERIODS[state.per]}`, "Net value gained"], [...spots.map((spot) => [spot.title, formats.net_value(spot.cost), formats.net_value(spot.gain, true)]), ...line_.map((point, i) => [`On the line, ${i + 1}`, formats.net_value(point.cost), formats.net_value(point.gain, true)])]);
  }

  function showMind() {
    mind.title.textContent = "What would change our mind";
    const isSame = same(levers.map((each) => valueOf(each)), levers.map((each) => valueOf(each, baseLimits())));
    const fresh = minds.key === context(state.limits, "");
    mind.sentences.classList.toggle("ps-old", !fresh);
    const shown = minds.rows.slice(0, 4);
    const could = minds.rows.filter((row) => row.turns_at !== null).length;
    mind.note.replaceChildren(
      isSame ? "The two policies are the same: nothing to weigh." : !fresh ? "Being worked out when the limits rest …" : minds.words ? minds.words : could ? `${could} of ${minds.rows.length} assumptions could, each alone. ` : "No assumption could, each alone within its range. ",
      ...(minds.rows.length && !isSame ? [mind.all] : []),
    );
    if (isSame) {
      mind.sentences.replaceChildren();
      return;
    }
    if (!fresh && mind.sentences.childElementCount) return;
    mind.sentences.replaceChildren(...shown.map(sentence));
    const ahead = read("net_value")?.change > 0;
    fill(mind.table, ["Assumption", "today", "from", "to", "turns at", "at its low end", "at its high end"], minds.rows.map((row) => [row.title, row.today_words, row.low_words, row.high_words, row.turns_at === null ? "never" : row.turns_at_words, cash(row.difference_low, true), cash(row.difference_high, true)]));
    mind.ahead = ahead;
  }

  function sentence(row) {
    const winner = (read("net_value")?.change ?? 0) > 0 ? capital(theBase().replace(/^“(.*)”$/, "$1")) : "This policy";
    const text =
      row.turns_at === null
        ? `${row.title} would not change this, from ${row.low_words} to ${row.high_words}; today ${row.today_words}.`
        : `${winner} wins if ${row.title.charAt(0).toLowerCase() + row.title.slice(1)} is ${row.side} ${row.turns_at_words} ${row.unit}; today ${row.today_words}.`;
    const width = Math.max(mind.width, 200);
    const svg = picture();
    svg.setAttribute("width", width);
    svg.setAttribute("height", 14);
    const pad = 0.15 * (row.high - row.low);
    const x = (value) => ((value - row.low + pad) / (row.high - row.low + 2 * pad)) * width;
    draw(svg, "path", { d: `M0 7H${width}`, class: "ps-grid" });
    draw(svg, "rect", { x: x(row.low), y: 4, width: x(row.high) - x(row.low), height: 6, class: "ps-plausible" });
    draw(svg, "circle", { cx: x(row.today), cy: 7, r: 4, class: "ps-dot" });
    if (row.turns_at !== null) draw(svg, "path", { d: `M${x(row.turns_at)} 0v14`, class: "ps-turn" });
    return node("div", { class: "ps-sentence" }, node("p", {}, text.replace(/ +/g, " ").replace(" ;", ";")), svg);
  }

  function showCase() {
    one.title.textContent = "One case";
    if (!told) return;
    one.note.textContent = told.told || `${capital(String(told.facts.failure).replaceAll("_", " "))}, ${cash(told.facts.item_price)}; the customer is worth ${money(told.future_value, told.currency)}.`;
    one.note.title = told.told;
    const chosen = told.resolutions.find((each) => each.is_chosen);
    verdict.replaceChildren(
      node("b", { class: told.is_first ? "ps-better" : "ps-worse" }, told.is_first ? "The agent may settle this on the spot." : `This goes to the ${told.tier}.`),
      ` Recommended: ${chosen.title.charAt(0).toLowerCase() + chosen.title.slice(1)}.`,
    );
    const list = told.resolutions.slice(0, 4);
    const height = 28 + list.length * 42;
    const width = sized(one, height);
    const svg = one.svg;
    hatch(svg, `${id}-case-hatch`);
    const cost = Math.max(...list.map((each) => Math.max(each.cost, 0)), 1);
    const keptMost = Math.max(...list.map((each) => Math.max(each.kept, 0)), 1);
    const room = width - 150;
    const zero = 62 + (cost / (cost + keptMost)) * room;
    const scale = room / (cost + keptMost);
    const sum = (value, signed) => money(value, told.currency, signed);
    draw(svg, "text", { x: zero - 6, y: 12, "text-anchor": "end" }, "costs us");
    draw(svg, "text", { x: zero + 6, y: 12 }, "value kept");
    draw(svg, "text", { x: width, y: 12, "text-anchor": "end" }, "net");
    list.forEach((each, i) => {
      const y = 20 + i * 42;
      const why = each.over.length ? `: over the agent’s ${each.over.join(", ")} limit` : each.is_adequate ? "" : ": less than is owed";
      const full = each.title + why;
      const text = draw(svg, "text", { x: 0, y: y + 13, class: each.is_chosen ? "ps-strong" : "" }, fitted(capital(full), width - 72));
      draw(text, "title", {}, full);
      draw(svg, "text", { x: width, y: y + 13, "text-anchor": "end", class: "ps-strong" }, sum(each.net, true));
      const [spent, kept] = [Math.max(each.cost, 0) * scale, Math.max(each.kept, 0) * scale];
      draw(svg, "rect", { x: zero - spent, y: y + 20, width: spent, height: 11, fill: `url(#${id}-case-hatch)` });
      draw(svg, "rect", { x: zero, y: y + 20, width: kept, height: 11, class: "ps-gain-fill" });
      draw(svg, "path", { d: `M${zero} ${y + 18}v15`, class: "ps-zero" });
      draw(svg, "text", { x: zero - spent - 5, y: y + 30, "text-anchor": "end" }, sum(each.cost));
      draw(svg, "text", { x: zero + kept + 5, y: y + 30 }, sum(each.kept));
    });
    svg.setAttribute("aria-label", list.map((each) => `${each.title}: costs ${sum(each.cost)}, keeps ${sum(each.kept)}, net ${sum(each.net, true)}`).join(". "));
    fill(one.table, ["Resolution", "costs us", "value kept", "net", "allowed"], told.resolutions.map((each) => [each.title, sum(each.cost), sum(each.kept), sum(each.net, true), each.over.length ? `over ${each.over.join(", ")}` : each.is_adequate ? "yes" : "less than is owed"]));
  }

  // ---- dialogs ----

  function open(content) {
    menu.open = false;
    dialog.replaceChildren(...content, button("Close", { class: "ps-close" }, () => dialog.close()));
    const heading = dialog.querySelector("h3");
    heading.id = `${id}-dialog`;
    dialog.setAttribute("aria-labelledby", heading.id);
    if (!dialog.open) dialog.showModal();
    dialog.scrollTop = 0; // what takes the focus may stand far down
  }

  function listPolicies() {
    policies.replaceChildren(
      ...frame.presets.map((each) =>
        button(each.name === frame.approved ? `Back to “${each.title}”` : `Go to “${each.title}”`, { "data-preset": each.name }, () => {
          menu.open = false;
          setLimits(structuredClone(each.limits), `Went to “${each.title}”`);
        }),
      ),
    );
  }

  function historyDialog() {
    const list = history.map((entry, i) => node("li", {}, button(entry.text, { class: "ps-link", "aria-current": i === at ? "step" : null }, () => {
      dialog.close();
      go(i);
    })));
    return [node("h3", {}, "History of changes"), node("p", { class: "ps-muted" }, "Choose an entry to go back, or forward, to it."), node("ol", {}, ...list)];
  }

  function budgetDialog() {
    const field = node("input", { type: "number", min: 0, step: 1000, id: `${id}-budget`, value: budget ?? "" });
    const put = button("Set", { class: "ps-main-button" }, () => {
      budget = field.value === "" ? null : Number(field.value);
      for (const each of levers) each.held = "";
      dialog.close();
      show();
      say(budget === null ? "No budget." : `Sliders stop where remedy spend would pass ${cash(budget)} a year.`);
    });
    const now = read("remedy_cost");
    return [
      node("h3", {}, "Budget"),
      node("p", { class: "ps-muted" }, `Remedy spend now is ${now ? cash(now.level * frame.cases_per_year) : "being worked out"} a year. Leave empty for none.`),
      node("label", { for: field.id }, `Remedy spend a year, at most (${frame.currency}) `),
      field,
      put,
    ];
  }

  const FORMAT_TITLES = {
    json: "JSON, for programs",
    yaml: "YAML, for people who edit text",
    csv: "CSV, a table",
    xlsx: "Excel, a table to edit",
    dmn: "DMN, for decision engines",
    jdm: "GoRules JDM, for decision engines",
    html: "Card for agents, a page",
    pdf: "Card for agents, PDF",
  };

  function exportDialog() {
    ask({ ask: "review" });
    return [node("h3", {}, "Export for agents"), node("p", { class: "ps-muted" }, "Checking …")];
  }

  // Everything that should be seen before a policy is published: what is wrong, what it changes, what it brings.
  function reviewDialog(found) {
    const now = read("net_value");
    const effect = now ? sureness("net_value", now).words : "being worked out";
    const errors = found.findings.filter((each) => each.severity === "error");
    const list = found.findings.length
      ? node("ul", { class: "ps-findings" }, ...found.findings.map((each) => node("li", { class: each.severity === "error" ? "ps-problem" : null }, `${each.severity === "error" ? "Mend first: " : "Mind: "}${each.words}`)))
      : node("p", {}, "✓ Every case has one rule that decides it, limits never fall from a tier to the next, nothing else was found.");
    const steps = node("table");
    fill(steps, ["What changes", "May do more", "For example"], found.steps.map((step) => [step.words, step.more_generous, step.example]));
    const boxes = found.formats.map((name_) => {
      const box = node("input", { type: "checkbox", value: name_, id: `${id}-format-${name_}` });
      box.checked = name_ === "json" || name_ === "html";
      box.disabled = name_ === "pdf" && Boolean(found.pdf_problem);
      return node("div", {}, box, " ", node("label", { for: box.id, title: box.disabled ? found.pdf_problem : null }, FORMAT_TITLES[name_] ?? name_));
    });
    const put = button("Write the files", { class: "ps-main-button" }, () => {
      const formats_ = boxes.map((box) => box.firstChild).filter((box) => box.checked).map((box) => box.value);
      if (!formats_.length) return;
      dialog.close();
      ask({ ask: "export", formats: formats_ });
    });
    put.disabled = Boolean(pending) || dirty || errors.length > 0;
    return [
      node("h3", {}, "Export for agents"),
      node("p", { class: "ps-muted" }, `${found.name}, version ${found.version} · scenario ${frame.scenario_fingerprint} · ${print.textContent}`),
      list,
      node("p", {}, node("b", {}, capital(found.verdict)), `. Net value ${PERIODS[state.per]} against ${theBase()}: ${effect}.${Object.keys(state.assumed).length ? " Assumptions were changed: the effect holds under these." : ""}`),
      ...(found.steps.length ? [node("div", { class: "ps-scroll ps-steps", tabindex: "0", role: "region", "aria-label": "What changes" }, steps)] : []),
      node("div", { class: "ps-formats", role: "group", "aria-label": "Formats" }, ...boxes),
      put,
    ];
  }

  function mindDialog() {
    return [
      node("h3", {}, "All assumptions"),
      node("p", { class: "ps-muted" }, `Difference in net value a year against ${theBase()} with one assumption at a time at each end of what is plausible: those that move it most, then all, those that come nearest to turning it first.`),
      tornado([...minds.rows].sort((one_, other) => Math.abs(other.difference_high - other.difference_low) - Math.abs(one_.difference_high - one_.difference_low)).slice(0, 10)),
      node("div", { class: "ps-scroll", tabindex: "0", role: "region", "aria-label": "All assumptions" }, filled(mind.table)),
    ];
  }

  function tornado(rows) {
    const [width, height, left] = [640, 22 * rows.length + 24, 260];
    const svg = picture(rows.map((row) => `${row.title}: ${cash(row.difference_low, true)} to ${cash(row.difference_high, true)}`).join(". "));
    svg.setAttribute("width", width);
    svg.setAttribute("height", height);
    const ends = rows.flatMap((row) => [row.difference_low, row.difference_high, row.difference_today, 0]);
    const [least, most] = [Math.min(...ends), Math.max(...ends)];
    const x = (value) => left + 56 + ((value - least) / (most - least || 1)) * (width - left - 112);
    rows.forEach((row, i) => {
      const y = 22 * i;
      const [from, to] = [Math.min(row.difference_low, row.difference_high), Math.max(row.difference_low, row.difference_high)];
      draw(svg, "text", { x: 0, y: y + 14 }, fitted(row.title, left - 16));
      draw(svg, "rect", { x: x(from), y: y + 5, width: Math.max(x(to) - x(from), 1), height: 10, class: "ps-accent-fill" });
      draw(svg, "text", { x: x(from) - 6, y: y + 14, "text-anchor": "end" }, cash(from, true));
      draw(svg, "text", { x: x(to) + 6, y: y + 14 }, cash(to, true));
    });
    if (rows.length) {
      draw(svg, "path", { d: `M${x(rows[0].difference_today)} 0V${height - 20}`, class: "ps-bound" });
      draw(svg, "text", { x: x(rows[0].difference_today), y: height - 6, "text-anchor": "middle" }, "as assumed");
      draw(svg, "path", { d: `M${x(0)} 0V${height - 20}`, class: "ps-zero" });
    }
    return svg;
  }

  function sidesDialog() {
    const table = node("table");
    const rows = OUTCOMES.map((each) => {
      const { level, change, low, high } = read(each);
      const format = formats[each];
      return [TITLES[each], format(level - change), format(level), format(change, true), sureness(each, { change, low, high }).words];
    });
    const limits = levers.map((each) => [`${plural(each.tier)}: ${each.title.toLowerCase()}`, words(valueOf(each, baseLimits())), words(valueOf(each)), "", ""]);
    fill(table, ["", state.baseline.limits ? "A" : baseTitle(), state.baseline.limits ? "B" : "This policy", "Difference", ""], [...rows, ...limits]);
    return [node("h3", {}, "Side by side"), node("p", { class: "ps-muted" }, `Money ${PERIODS[state.per]}; the same cases and the same draws.`), node("div", { class: "ps-scroll", tabindex: "0", role: "region", "aria-label": "Side by side" }, table)];
  }

  function caseDialog() {
    const inputs = {
      failure: node("select", {}, ...frame.failures.map((each) => node("option", { value: each.name }, each.title))),
      segment: node("select", {}, ...frame.segments.map((each) => node("option", { value: each.name }, each.title))),
      item_price: node("input", { type: "number", min: 0, step: "any", value: 30 }),
      future_value: node("input", { type: "number", min: 0, step: "any", value: 150 }),
      severity: node("input", { type: "number", min: 0, max: 1, step: 0.1, value: 0.5 }),
      prior_claims: node("input", { type: "number", min: 0, step: 1, value: 0 }),
    };
    const titles = { failure: "What went wrong", segment: "Customer", item_price: `Item price (${frame.currency})`, future_value: `What the customer is worth (${frame.currency})`, severity: "How bad, 0 to 1", prior_claims: "Claims in 12 months" };
    const fields = Object.entries(inputs).map(([fact, input]) => {
      input.id = `${id}-fact-${fact}`;
      return node("div", { class: "ps-field" }, node("label", { for: input.id }, titles[fact]), input);
    });
    const put = button("Show this case", { class: "ps-main-button" }, () => {
      const facts = Object.fromEntries(Object.entries(inputs).map(([fact, input]) => [fact, input.type === "number" ? Number(input.value) : input.value]));
      dialog.close();
      ask({ ask: "case", facts });
    });
    return [node("h3", {}, "A case of your own"), ...fields, put];
  }

  function assumptionDialog(rows) {
    const set = { ...state.assumed };
    const body = node("tbody");
    const found = node("input", { type: "search", "aria-label": "Find an assumption", placeholder: "Find" });
    const fields = rows.map((row) => {
      const field = node("input", { type: "number", step: "any", min: 0, value: row.value, "aria-label": `${row.group}: ${row.title}`, "data-assumption": row.name });
      field.addEventListener("input", () => {
        if (field.value !== "" && Number(field.value) !== row.value) set[row.name] = Number(field.value);
        else delete set[row.name];
      });
      const line_ = node("tr", {}, node("th", { scope: "row" }, `${row.group}: ${row.title}`), node("td", {}, field), node("td", {}, row.unit), node("td", {}, row.words), node("td", { class: "ps-source" }, `${capital(row.trust)}. ${row.source}`));
      body.append(line_);
      return [`${row.group} ${row.title}`.toLowerCase(), line_];
    });
    found.addEventListener("input", () => fields.forEach(([text, line_]) => (line_.hidden = !text.includes(found.value.toLowerCase()))));
    const head = node("thead", {}, node("tr", {}, ...["Assumption", "Value", "Unit", "Plausible", "Source"].map((text) => node("th", { scope: "col" }, text))));
    const put = button("Value everything anew", { class: "ps-main-button" }, () => {
      dialog.close();
      ask({ ask: "assume", values: set });
    });
    const reset = button("As the scenario has them", { class: "ps-plain" }, () => {
      dialog.close();
      ask({ ask: "assume", values: {} });
    });
    return [
      node("h3", {}, "Assumptions"),
      node("p", { class: "ps-muted" }, "Change a number and everything follows. Its range grows to hold it, and its source then says that you set it."),
      found,
      node("div", { class: "ps-scroll", tabindex: "0", role: "region", "aria-label": "Assumptions" }, node("table", { class: "ps-assumptions" }, head, body)),
      put,
      reset,
    ];
  }

  // ---- the rest ----

  const shared = () => ({ limits: state.limits, baseline: state.baseline, hand: state.hand, per: state.per, assumed: state.assumed });

  async function copyLink() {
    menu.open = false;
    const link = `${location.href.split("#")[0]}#ps=${encode(shared())}`;
    history.length && window.history.replaceState(null, "", link);
    try {
      await navigator.clipboard.writeText(link);
      say("The link is copied: it opens this screen as it is now.");
    } catch {
      say("The link is in the address bar: it opens this screen as it is now.");
    }
  }

  function flipTheme() {
    const isDark = getComputedStyle(root).colorScheme === "dark" || (root.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
    root.dataset.theme = isDark ? "light" : "dark";
    menu.open = false;
    show();
  }

  // A link brings its screen back; what it says is checked where it is used.
  function fromLink() {
    const text = /[#&]ps=([\w-]+)/.exec(location.hash)?.[1];
    if (!text) return null;
    try {
      const given = decode(text);
      for (const each of levers) {
        const limit = given.limits?.[each.tier]?.[each.limit];
        if (limit === "ask" || limit === "no_limit" || (Number.isFinite(limit) && limit >= 0)) state.limits[each.tier][each.limit] = limit;
      }
      if (levers.some((each) => each.tier === given.hand?.tier && each.limit === given.hand?.limit)) state.hand = given.hand;
      if (given.per in PERIODS) state.per = given.per;
      if (given.baseline?.preset && preset(given.baseline.preset)) state.baseline = { preset: given.baseline.preset };
      if (given.baseline?.limits) [pinned, state.baseline] = [given.baseline.limits, { limits: given.baseline.limits }];
      return given;
    } catch {
      say("The link cannot be read; this is the policy in force.", true);
      return null;
    }
  }

  // Paper has a width of its own.
  const toPaper = () => {
    root.style.width = "1280px";
    measure();
    redraw();
  };
  const fromPaper = () => {
    root.style.width = "";
    measure();
    redraw();
  };
  const redraw = () => {
    for (const each of levers) if (curves.has(each.key)) spark(each);
    show();
    showCase();
  };
  window.addEventListener("beforeprint", toPaper);
  window.addEventListener("afterprint", fromPaper);
  model.on("msg:custom", onMessage);
  const observer = new ResizeObserver(() => {
    measure();
    redraw();
  });
  begin();
  const given = fromLink();
  history = [{ text: given ? "Opened from a link" : "Opened", limits: structuredClone(state.limits), baseline: structuredClone(state.baseline), assumed: {} }];
  measure();
  showCase();
  show();
  observer.observe(root);
  send();
  if (given?.assumed && Object.keys(given.assumed).length) ask({ ask: "assume", values: given.assumed });
  else ask({ ask: "study" });
  ask({ ask: "case", facts: { story: frame.stories[0].name } });
  return () => {
    clearTimeout(silent);
    clearTimeout(speak);
    observer.disconnect();
    window.removeEventListener("beforeprint", toPaper);
    window.removeEventListener("afterprint", fromPaper);
    model.off("msg:custom", onMessage);
  };
}

export default { render };
