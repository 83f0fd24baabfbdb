// The live panel. It holds the exact curve of every limit (from the kernel) and reads them while a limit is dragged.
// In: model attributes frame, levers, limits. Out: limits as set by the person, the wish to export.

const SVG = "http://www.w3.org/2000/svg";
const SIGNS = { USD: "$", EUR: "€", GBP: "£", JPY: "¥", INR: "₹" };
const OUTCOMES = ["net_value", "remedy_cost", "customers_kept", "escalated", "minutes"];
const MINUS = "−";
const QUIET_MS = 250; // pause after the last move before the kernel is asked to refresh
let panels = 0;

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

// ---- limits and curves ----

const order = (limit) => (limit === "ask" ? -Infinity : limit === "no_limit" ? Infinity : limit);

function floats(view) {
  return new Float64Array(view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength));
}

function readLever(sent) {
  const lever = { ...sent, limits: floats(sent.limits) };
  for (const outcome of OUTCOMES)
    for (const kind of ["level", "low", "high"]) lever[`${outcome}_${kind}`] = floats(sent[`${outcome}_${kind}`]);
  return { ...lever, ...scaleOf(lever) };
}

// The values that a slider can stand at: ask first, money in even steps and at the marked places, no limit.
function scaleOf(lever) {
  const last = lever.limits.length > 1 ? lever.limits[lever.limits.length - 1] : 1;
  const top = lever.highest === "no_limit" ? Math.ceil(1.05 * last) : order(lever.highest);
  const step = top > 400 ? 5 : 1;
  const stops = new Set();
  for (let at = Math.max(0, order(lever.lowest)); at <= top; at += step) stops.add(at);
  for (const limit of [lever.value, lever.baseline, lever.best, lever.highest])
    if (Number.isFinite(order(limit)) && order(limit) <= top) stops.add(order(limit));
  const values = [...stops].sort((a, b) => a - b);
  if (lever.lowest === "ask") values.unshift("ask");
  if (lever.highest === "no_limit") values.push("no_limit");
  return { stops: values, top: Math.max(top, 1) };
}

function stepAt(lever, limit) {
  let low = 0;
  let high = lever.limits.length;
  const value = order(limit) + 1e-7;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (lever.limits[middle] <= value) low = middle + 1;
    else high = middle;
  }
  return Math.max(low - 1, 0);
}

function nearestStop(lever, limit) {
  const exact = lever.stops.indexOf(limit);
  if (exact >= 0) return exact;
  let best = 0;
  lever.stops.forEach((stop, i) => {
    if (Math.abs(order(stop) - order(limit)) < Math.abs(order(lever.stops[best]) - order(limit))) best = i;
  });
  return best;
}

// ---- drawing ----

function node(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

function draw(parent, tag, attributes, text) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  if (text !== undefined) made.textContent = text;
  parent.append(made);
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

function tickMoney(value, currency) {
  return value === 0 ? (SIGNS[currency] ?? `${currency} `) + "0" : money(value, currency).replace(/\.0+(?=[a-zA-Z]|$)/, "").replace(/(\.\d)0(?=[a-zA-Z]|$)/, "$1");
}

function marker(parent, kind, x, y) {
  if (kind === "best") return draw(parent, "path", { d: `M${x} ${y - 7}l7 7l-7 7l-7 -7z`, class: "ps-best" });
  return draw(parent, "circle", { cx: x, cy: y, r: 6, class: kind === "now" ? "ps-now" : "ps-force" });
}

function render({ model, el }) {
  const id = `ps-${++panels}`;
  const frame = model.get("frame");
  const perYear = frame.cases_per_year;
  let levers = {};
  let inHand = "keep_item";
  let waiting = false; // the kernel is working on limits that we sent
  let dirty = false; // limits have moved since
  let timer = 0;
  const limits = { ...model.get("limits") };
  const money_ = (value, signed) => money(value, frame.currency, signed);

  const title = node("h2", {}, "How far may agents go without asking?");
  const about = node("p", { class: "ps-muted" });
  about.textContent =
    `${frame.scenario} · compared with “${frame.baseline}” · ${frame.cases.toLocaleString("en-US")} cases, ` +
    `${frame.draws} draws · a year is ${perYear.toLocaleString("en-US")} cases · scenario ${frame.fingerprint}`;
  const exportButton = node("button", { type: "button", class: "ps-export" }, "Export for agents");
  const status = node("span", { role: "status", class: "ps-status" });
  const header = node("div", { class: "ps-header" }, node("div", {}, title, about), node("div", { class: "ps-actions" }, status, exportButton));

  const side = node("div", { class: "ps-limits", role: "group", "aria-label": "Limits of the agents" }, node("h3", {}, `${capital(frame.tier)}s decide up to`));
  const blocks = {};
  for (const name of frame.order) {
    const slider = node("input", { type: "range", id: `${id}-${name}`, "data-limit": name, min: 0, step: 1 });
    const label = node("label", { for: `${id}-${name}` });
    const shown = node("output", { for: `${id}-${name}` });
    const note = node("span", { class: "ps-note" });
    const spark = document.createElementNS(SVG, "svg");
    spark.setAttribute("aria-hidden", "true");
    const block = node("div", { class: "ps-limit" }, node("div", { class: "ps-row" }, label, note, shown), spark, slider);
    side.append(block);
    blocks[name] = { slider, label, shown, note, spark, block };
    slider.addEventListener("keydown", (event) => event.stopPropagation()); // JupyterLab takes the arrow keys otherwise
    slider.addEventListener("focus", () => take(name));
    slider.addEventListener("input", () => move(name, levers[name].stops[Number(slider.value)]));
  }
  side.append(node("p", { class: "ps-legend ps-muted" }, "◇ best  ○ in force  ● now"));

  const tiles = {};
  const tileRow = node("div", { class: "ps-tiles", role: "group", "aria-label": "What the policy brings" });
  const titles = {
    net_value: "Net value a year",
    remedy_cost: "Remedy spend a year",
    customers_kept: "Customers kept a year",
    escalated: "Asked a supervisor",
    minutes: "Minutes per case",
  };
  for (const name of OUTCOMES) {
    const tile = {
      figure: node("strong", { "data-tile": name }),
      change: node("span", { class: "ps-change", "data-change": name }),
      likely: node("span", { class: "ps-muted ps-likely", "data-likely": name }),
    };
    tiles[name] = tile;
    tileRow.append(node("div", { class: "ps-tile" }, node("span", { class: "ps-muted" }, titles[name]), node("div", {}, tile.figure, " ", tile.change), tile.likely));
  }
  const spoken = node("div", { "aria-live": "polite", class: "ps-hidden" });

  const curveTitle = node("h3", {});
  const curveNote = node("p", { class: "ps-muted" });
  const curveSvg = document.createElementNS(SVG, "svg");
  curveSvg.setAttribute("role", "img");
  const curveTable = node("table", {});
  const curve = node("div", { class: "ps-curve" }, curveTitle, curveNote, curveSvg, node("details", {}, node("summary", {}, "Table"), curveTable));
  const planeSvg = document.createElementNS(SVG, "svg");
  planeSvg.setAttribute("role", "img");
  const planeTable = node("table", {});
  const plane = node(
    "div",
    { class: "ps-plane" },
    node("h3", {}, "Spend against value"),
    node("p", { class: "ps-muted" }, `A year; lines hold 90% of the draws of the difference to “${frame.baseline}”.`),
    planeSvg,
    node("details", {}, node("summary", {}, "Table"), planeTable),
  );
  const root = node("div", { class: "ps", role: "group", "aria-label": "Policy workbench" }, header, side, node("div", { class: "ps-main" }, tileRow, spoken, node("div", { class: "ps-charts" }, curve, plane)));
  el.append(root);

  function capital(text) {
    return text.charAt(0).toUpperCase() + text.slice(1);
  }

  const now = () => levers[inHand];
  const index = () => stepAt(now(), limits[inHand]);
  const read = (outcome, kind, step = index()) => now()[`${outcome}_${kind}`][step];
  const stale = () => (waiting || dirty) && moved.size > 0 && !(moved.size === 1 && moved.has(inHand));
  const moved = new Set(); // limits whose move the other curves do not know yet

  function take(name) {
    if (name === inHand) return;
    inHand = name;
    show();
  }

  function move(name, limit) {
    inHand = name;
    limits[name] = limit;
    moved.add(name);
    dirty = true;
    show();
    clearTimeout(timer);
    timer = setTimeout(send, QUIET_MS);
  }

  function send() {
    if (waiting || !dirty) return;
    dirty = false;
    waiting = true;
    model.set("limits", { ...limits });
    model.save_changes();
    show();
  }

  function receive() {
    levers = Object.fromEntries(Object.entries(model.get("levers")).map(([name, sent]) => [name, readLever(sent)]));
    waiting = false;
    if (dirty) send();
    else {
      for (const name of frame.order) limits[name] = levers[name].value;
      moved.clear();
    }
    for (const name of frame.order) sparkline(name);
    show();
  }

  function sparkline(name) {
    const lever = levers[name];
    const { spark } = blocks[name];
    const [width, height] = [240, 28];
    spark.setAttribute("viewBox", `0 0 ${width} ${height}`);
    spark.replaceChildren();
    const values = lever.net_value_level;
    const last = stepAt(lever, lever.top);
    let [low, high] = [Infinity, -Infinity];
    for (let i = 0; i <= last; i++) [low, high] = [Math.min(low, values[i]), Math.max(high, values[i])];
    const x = (limit) => 8 + (Math.max(0, Math.min(limit, lever.top)) / lever.top) * (width - 16);
    const y = (value) => (high > low ? height - 5 - ((value - low) / (high - low)) * (height - 10) : height / 2);
    draw(spark, "path", { d: stepPath(lever, values, x, y), class: "ps-line" });
    const best = x(order(lever.best));
    const at = y(values[stepAt(lever, lever.best)]);
    draw(spark, "path", { d: `M${best} ${at - 4}l4 4l-4 4l-4 -4z`, class: "ps-best" });
  }

  function stepPath(lever, values, x, y) {
    const start = stepAt(lever, 0);
    let path = `M${x(0)} ${y(values[start])}`;
    for (let i = start + 1; i < lever.limits.length && lever.limits[i] <= lever.top; i++) path += `H${x(lever.limits[i])}V${y(values[i])}`;
    return `${path}H${x(lever.top)}`;
  }

  function show() {
    if (!now()) return;
    for (const name of frame.order) {
      const lever = levers[name];
      const { slider, label, shown, note, block } = blocks[name];
      const text = limitText(limits[name], frame.currency);
      label.textContent = lever.title;
      shown.textContent = text;
      note.textContent = order(limits[name]) > -Infinity && order(limits[name]) === order(lever.highest) && lever.highest !== "no_limit" ? `at the ${frame.next_tier}’s limit` : "";
      slider.max = lever.stops.length - 1;
      slider.value = nearestStop(lever, limits[name]);
      slider.setAttribute("aria-valuetext", `${lever.title} limit, ${text}${note.textContent ? `, ${note.textContent}` : ""}`);
      block.classList.toggle("ps-in-hand", name === inHand);
    }
    root.classList.toggle("ps-stale", stale());
    root.setAttribute("aria-busy", String(waiting || dirty));
    status.classList.remove("ps-problem");
    if (waiting) status.textContent = "Updating the other curves …";
    else if (status.textContent.startsWith("Updating")) status.textContent = "";
    showTiles();
    showCurve();
    showPlane();
  }

  function showTiles() {
    const yearly = { net_value: money_, remedy_cost: money_, customers_kept: number };
    for (const name of OUTCOMES) {
      const format = yearly[name] ?? (name === "escalated" ? share : number);
      const by = yearly[name] ? perYear : 1;
      const [level, low, high] = ["level", "low", "high"].map((kind) => by * read(name, kind));
      const change = level - by * frame.base[name];
      const { figure, change: changed, likely } = tiles[name];
      figure.textContent = format(level);
      figure.dataset.value = level;
      const nothing = format(0, true);
      const still = [change, low, high].every((each) => format(each, true) === nothing);
      const differs = name === "escalated" ? (value) => `${share(value, true).replace("%", "")} pts` : (value) => format(value, true);
      changed.textContent = still ? "" : differs(change);
      changed.dataset.value = change;
      const worse = (name === "net_value" || name === "customers_kept" ? -1 : 1) * change > 0;
      const same = low <= 0 && high >= 0;
      changed.className = `ps-change ${same ? "" : worse ? "ps-worse" : "ps-better"}`;
      if (still) likely.textContent = "no change";
      else if (differs(low) === differs(high)) likely.textContent = "the same in nearly every draw";
      else if (same) likely.textContent = "cannot be told apart";
      else likely.replaceChildren("likely ", node("span", {}, differs(low)), " to ", node("span", {}, differs(high)));
      likely.dataset.low = low;
      likely.dataset.high = high;
    }
    spoken.textContent = `Net value a year against ${frame.baseline}: ${tiles.net_value.change.textContent} ${tiles.net_value.likely.textContent}`;
  }

  function showCurve() {
    const lever = now();
    const text = limitText(limits[inHand], frame.currency);
    curveTitle.textContent = `${lever.title}: ${limits[inHand] === "ask" || limits[inHand] === "no_limit" ? text : `up to ${text}`}`;
    curveNote.textContent = `Net value a year against “${frame.baseline}”, as this limit moves; shaded: 90% of the draws.`;
    const width = Math.max(curve.clientWidth, 320);
    const height = 260;
    const [left, right, top, bottom] = [76, 20, 30, 40];
    curveSvg.replaceChildren();
    curveSvg.setAttribute("width", width);
    curveSvg.setAttribute("height", height);
    const start = stepAt(lever, 0);
    const last = stepAt(lever, lever.top);
    const gain = (i) => perYear * (lever.net_value_level[i] - frame.base.net_value);
    let [least, most] = [0, 0];
    for (let i = 0; i <= last; i++) {
      least = Math.min(least, perYear * lever.net_value_low[i]);
      most = Math.max(most, perYear * lever.net_value_high[i]);
    }
    const pad = 0.08 * (most - least) || 1;
    [least, most] = [least - pad, most + pad];
    const x = (limit) => (limit === "ask" ? left - 10 : left + 10 + (Math.min(order(limit), lever.top) / lever.top) * (width - left - right - 10));
    const y = (value) => top + ((most - value) / (most - least)) * (height - top - bottom);
    for (const tick of niceTicks(least, most, 4)) {
      draw(curveSvg, "line", { x1: left, x2: width - right, y1: y(tick), y2: y(tick), class: tick === 0 ? "ps-zero" : "ps-grid" });
      draw(curveSvg, "text", { x: left - 18, y: y(tick) + 4, "text-anchor": "end" }, tickMoney(tick, frame.currency));
    }
    for (const tick of niceTicks(0, lever.top, Math.max(3, Math.floor(width / 110))))
      draw(curveSvg, "text", { x: x(tick), y: height - bottom + 18, "text-anchor": "middle" }, tickMoney(tick, frame.currency));
    draw(curveSvg, "text", { x: (left + width - right) / 2, y: height - 4, "text-anchor": "middle" }, `Limit of the ${frame.tier} (${frame.currency})`);
    const edge = (values) => {
      const points = [];
      for (let i = start; i <= last; i++) {
        const from = i === start ? 0 : lever.limits[i];
        const to = i < last ? lever.limits[i + 1] : lever.top;
        points.push([x(from), y(perYear * values[i])], [x(to), y(perYear * values[i])]);
      }
      return points;
    };
    const band = [...edge(lever.net_value_high), ...edge(lever.net_value_low).reverse()].map((point) => point.join(" ")).join("L");
    draw(curveSvg, "path", { d: `M${band}Z`, class: "ps-band" });
    draw(curveSvg, "path", { d: stepPath(lever, lever.net_value_level, x, (value) => y(perYear * (value - frame.base.net_value))), class: "ps-line ps-hand" });
    const places = [
      ["best", lever.best, "Best"],
      ["force", lever.baseline, "In force"],
      ["now", limits[inHand], "Now"],
    ].map(([kind, limit, word]) => ({ kind, limit, word, x: x(limit), y: y(gain(stepAt(lever, limit))) }));
    for (const place of places) marker(curveSvg, place.kind, place.x, place.y).setAttribute("data-marker", place.kind);
    const drawn = [];
    for (const place of [...places].reverse()) {
      const words = `${place.word} ${limitText(place.limit, frame.currency)}`;
      const length = 7.6 * words.length;
      const anchor = place.x + length / 2 > width - right ? "end" : place.x - length / 2 < left ? "start" : "middle";
      const from = anchor === "end" ? place.x - length : anchor === "start" ? place.x : place.x - length / 2;
      const spot = [place.y - 13, place.y + 23].find((at) => at > 12 && at < height - bottom - 2 && drawn.every((other) => Math.abs(other.at - at) > 15 || other.from > from + length || other.to < from));
      if (spot === undefined) continue; // no room: the marker stays, its word is in the table
      drawn.push({ at: spot, from, to: from + length });
      draw(curveSvg, "text", { x: place.x, y: spot, "text-anchor": anchor, class: `ps-word ps-word-${place.kind}` }, words);
    }
    curveSvg.setAttribute(
      "aria-label",
      `${lever.title}: net value a year against ${frame.baseline} as the limit moves. ` + places.map((place) => `${place.word} ${limitText(place.limit, frame.currency)}: ${money_(gain(stepAt(lever, place.limit)), true)}`).join(". "),
    );
    const rows = places.reverse().map((place) => [place.word, place.limit]);
    for (const tick of niceTicks(0, lever.top, 8)) rows.push(["", tick]);
    fill(curveTable, ["", "Limit", "Net value a year", "likely from", "to", "Remedy spend", "Asked a supervisor"], rows.map(([word, limit]) => {
      const i = stepAt(lever, limit);
      return [word, limitText(limit, frame.currency), money_(gain(i), true), money_(perYear * lever.net_value_low[i], true), money_(perYear * lever.net_value_high[i], true), money_(perYear * lever.remedy_cost_level[i]), share(lever.escalated_level[i])];
    }));
  }

  function showPlane() {
    const here = {
      title: "Now",
      remedy_cost: read("remedy_cost", "level"),
      net_value: read("net_value", "level") - frame.base.net_value,
      low: read("net_value", "low"),
      high: read("net_value", "high"),
    };
    const points = [...frame.points, here];
    const width = Math.max(plane.clientWidth, 260);
    const height = 260;
    const [left, right, top, bottom] = [64, 28, 14, 40];
    planeSvg.replaceChildren();
    planeSvg.setAttribute("width", width);
    planeSvg.setAttribute("height", height);
    // the frame of the picture holds every place the limit in hand can reach, so that nothing jumps while it moves
    const lever = now();
    const costs = points.map((point) => perYear * point.remedy_cost);
    const values = points.flatMap((point) => [perYear * point.low, perYear * point.high]);
    for (let i = 0; i <= stepAt(lever, lever.top); i++) {
      costs.push(perYear * lever.remedy_cost_level[i]);
      values.push(perYear * lever.net_value_low[i], perYear * lever.net_value_high[i]);
    }
    const span = (list) => [list.reduce((a, b) => Math.min(a, b)), list.reduce((a, b) => Math.max(a, b))];
    let [[least, most], [low, high]] = [span(costs), span(values)];
    const margin = 0.12 * (most - least) || 1;
    [least, most] = [least - margin, most + margin];
    const x = (value) => left + ((value - least) / (most - least)) * (width - left - right);
    const y = (value) => top + ((high - value) / (high - low || 1)) * (height - top - bottom);
    for (const tick of niceTicks(low, high, 4)) {
      draw(planeSvg, "line", { x1: left, x2: width - right, y1: y(tick), y2: y(tick), class: tick === 0 ? "ps-zero" : "ps-grid" });
      draw(planeSvg, "text", { x: left - 8, y: y(tick) + 4, "text-anchor": "end" }, tickMoney(tick, frame.currency));
    }
    for (const tick of niceTicks(least, most, Math.max(2, Math.floor(width / 90)))) draw(planeSvg, "text", { x: x(tick), y: height - bottom + 18, "text-anchor": "middle" }, tickMoney(tick, frame.currency));
    draw(planeSvg, "text", { x: (left + width - right) / 2, y: height - 4, "text-anchor": "middle" }, `Remedy spend a year (${frame.currency})`);
    let trail = "";
    for (let i = 0; i <= stepAt(lever, lever.top); i++) trail += `${i ? "L" : "M"}${x(perYear * lever.remedy_cost_level[i])} ${y(perYear * (lever.net_value_level[i] - frame.base.net_value))}`;
    draw(planeSvg, "path", { d: trail, class: "ps-trail" });
    const drawn = [];
    for (const point of [...points].reverse()) {
      const isNow = point === here;
      const [px, py] = [x(perYear * point.remedy_cost), y(perYear * point.net_value)];
      if (point.low !== point.high) draw(planeSvg, "line", { x1: px, x2: px, y1: y(perYear * point.low), y2: y(perYear * point.high), class: isNow ? "ps-whisker ps-hand" : "ps-whisker" });
      marker(planeSvg, isNow ? "now" : "force", px, py);
      const length = 7.6 * point.title.length;
      const places = [py - 6, py + 16, py - 22, py + 32].flatMap((at) => [{ at, from: px + 10, to: px + 10 + length }, { at, from: px - 10 - length, to: px - 10 }]);
      const place = places.find((each) => each.from > left && each.to < width && drawn.every((other) => Math.abs(other.at - each.at) > 15 || other.from > each.to || other.to < each.from));
      if (!place) continue; // no room: the marker stays, its word is in the table
      drawn.push(place);
      const toRight = place.from > px;
      draw(planeSvg, "text", { x: toRight ? place.from : place.to, y: place.at, "text-anchor": toRight ? "start" : "end", class: isNow ? "ps-word ps-word-now" : "ps-word" }, point.title);
    }
    planeSvg.setAttribute("aria-label", "Remedy spend a year and net value a year. " + points.map((point) => `${point.title}: ${money_(perYear * point.remedy_cost)}, ${money_(perYear * point.net_value, true)}`).join(". "));
    fill(planeTable, ["Policy", "Remedy spend a year", "Net value a year", "likely from", "to"], points.map((point) => [point.title, money_(perYear * point.remedy_cost), money_(perYear * point.net_value, true), money_(perYear * point.low, true), money_(perYear * point.high, true)]));
  }

  function fill(table, heads, rows) {
    const head = node("tr", {}, ...heads.map((text) => node("th", { scope: "col" }, text)));
    table.replaceChildren(node("thead", {}, head), node("tbody", {}, ...rows.map((row) => node("tr", {}, ...row.map((text) => node("td", {}, text))))));
  }

  exportButton.addEventListener("click", () => {
    if (waiting || dirty) {
      status.textContent = "Still updating; export in a moment.";
      return;
    }
    status.textContent = "Writing …";
    model.send({ ask: "export" });
  });

  const onMessage = (message) => {
    status.replaceChildren();
    if (message.problem) {
      status.classList.add("ps-problem");
      status.textContent = message.problem;
      return;
    }
    const link = node("a", { download: message.exported }, "download it");
    link.href = URL.createObjectURL(new Blob([message.text], { type: "application/json" }));
    status.append(`Saved as ${message.place}; `, link);
  };
  model.on("change:levers", receive);
  model.on("msg:custom", onMessage);
  const observer = new ResizeObserver(() => now() && (showCurve(), showPlane()));
  observer.observe(root);
  receive();
  return () => {
    clearTimeout(timer);
    observer.disconnect();
    model.off("change:levers", receive);
    model.off("msg:custom", onMessage);
  };
}

export default { render };
