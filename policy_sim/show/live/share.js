// The other side of the panel in a shared file: answers what the panel asks from what the file holds.
// In: the content of the file. Out: a `model` as workbench.js expects it. Exact while one limit moves; where several
// have moved, the difference to the shared policy is worked out from the cases of the file, and the page says so.

const REST_MS = 120; // without a move, before what takes longer is worked out

async function unpack(content) {
  const bytes = Uint8Array.from(atob(content.packed), (c) => c.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  const buffer = await new Response(stream).arrayBuffer();
  const types = { f8: Float64Array, f4: Float32Array, u2: Uint16Array, u1: Uint8Array, i4: Int32Array };
  const arrays = {};
  for (const { name, type, at, count } of content.directory) {
    const size = types[type].BYTES_PER_ELEMENT;
    arrays[name] = new types[type](buffer.slice(at, at + count * size));
  }
  return arrays;
}

// What a policy comes to on the cases of the file: who handles each case, what each style chooses, the mean of each
// measure; net is the net value of every case.
function evaluateHere(table, arrays, limits) {
  const { tiers, names, measures, styles, overrides, cells } = table;
  const inForce = tiers.map((tier, k) =>
    cells.map((_, cell) => names.map((name, d) => overrides[k][cell][d] ?? limits[tier][name]).map(cents)),
  );
  const count = arrays.cell.length;
  const totals = new Float64Array(measures.length);
  const net = new Float64Array(count);
  const best = new Int32Array(styles.length);
  const limitCount = names.length;
  const rowCount = arrays.uses.length / limitCount;
  for (let i = 0; i < count; i++) {
    let handled = -1;
    for (let k = arrays.start[i]; k < tiers.length && handled < 0; k++) {
      best.fill(-1);
      const most = inForce[k][arrays.cell[i]];
      for (let row = arrays.offset[i]; row < arrays.offset[i + 1]; row++) {
        let isPermitted = true;
        for (let d = 0; d < limitCount && isPermitted; d++) isPermitted = arrays.uses[row * limitCount + d] <= most[d];
        if (!isPermitted) continue;
        for (let s = 0; s < styles.length; s++) {
          const rank = (k * styles.length + s) * rowCount;
          if (best[s] < 0 || arrays.rank[rank + row] < arrays.rank[rank + best[s]]) best[s] = row;
        }
      }
      if (best[0] >= 0) handled = k;
    }
    for (let q = 0; q < measures.length; q++) {
      let value = 0;
      if (handled < 0) value = arrays.last[q * count + i];
      else for (let s = 0; s < styles.length; s++) value += styles[s] * arrays.value[(handled * measures.length + q) * rowCount + best[s]];
      value = table.low[q] + (value / 65535) * (table.high[q] - table.low[q]);
      totals[q] += value / count;
      net[i] += table.signs[q] * value;
    }
  }
  return { totals, net };
}

const cents = (limit) => (limit === "ask" ? -1 : limit === "no_limit" ? Infinity : Math.floor(100 * limit + 1e-6));

function sharedModel(content, arrays) {
  const { frame, table } = content;
  const listeners = new Set();
  const answer = (message, buffers) => setTimeout(() => listeners.forEach((listen) => listen(message, buffers)));
  const scores = new Map();
  const start = content.frame.limits;

  function score(limits) {
    const key = JSON.stringify(limits);
    if (!scores.has(key)) {
      if (scores.size > 600) scores.clear();
      scores.set(key, evaluateHere(table, arrays, limits));
    }
    return scores.get(key);
  }

  const levers = frame.levers.map(({ tier, limit }) => [tier, limit]);
  const movedFrom = (limits, base) => levers.filter(([tier, limit]) => limits[tier][limit] !== base[tier][limit]);
  const isShared = (baseline) => JSON.stringify(baseline) === JSON.stringify({ preset: frame.approved });
  const limitsOf = (baseline) => baseline.limits ?? frame.presets.find((each) => each.name === baseline.preset).limits;

  function sharedCurve(tier, limit) {
    const found = content.curves.find((each) => each.tier === tier && each.limit === limit);
    return { found, read: (name) => arrays[`${tier}.${limit}.${name}`] };
  }

  // What one moved limit comes to, exactly.
  function exactly([tier, limit], value) {
    const { read } = sharedCurve(tier, limit);
    const step = stepAt({ limits: read("limits"), steps: read("limits").length }, value);
    const outcomes = {};
    for (const name of Object.keys(frame.base)) {
      const level = read(`${name}_level`)[step];
      outcomes[name] = { level, change: level - frame.base[name], low: read(`${name}_low`)?.[step], high: read(`${name}_high`)?.[step] };
    }
    return { outcomes, ahead: read("ahead")[step] };
  }

  // Level and change of every outcome for some limits. Where several have moved: the moved one that matters most
  // exactly, and from there the difference on the cases of the file.
  function outcomesOf(limits, baseline) {
    const moved = movedFrom(limits, start);
    if (isShared(baseline) && moved.length <= 1) {
      const lever = moved[0] ?? levers[0];
      return { ...exactly(lever, limits[lever[0]][lever[1]]), isExact: true };
    }
    const singles = (moved.length ? moved : [levers[0]]).map(([tier, limit]) => {
      const value = limits[tier][limit];
      return { ...exactly([tier, limit], value), limits: { ...start, [tier]: { ...start[tier], [limit]: value } } };
    });
    const far = (single) => Math.abs(single.outcomes.net_value.level - content.view.outcomes.net_value.level);
    const near = singles.reduce((best, single) => (far(single) > far(best) ? single : best));
    const [mine, from, other] = [score(limits), score(near.limits), isShared(baseline) ? null : score(limitsOf(baseline))];
    const off = samplingError(mine.net, (other ?? from).net);
    const read = (found, name) => (name === "net_value" ? table.signs.reduce((sum, sign, q) => sum + sign * found.totals[q], 0) : found.totals[table.measures.indexOf(name)]);
    const outcomes = {};
    for (const name of Object.keys(frame.base)) {
      const there = near.outcomes[name];
      const further = read(mine, name) - read(from, name);
      const change = other ? read(mine, name) - read(other, name) : there.change + further;
      const spread = name === "net_value" ? off : 0;
      const [low, high] = other ? [change, change] : [there.low + further, there.high + further];
      outcomes[name] = { level: there.level + further, change, low: low - spread, high: high + spread };
    }
    const { change, low, high } = outcomes.net_value;
    // as if normal: the logistic curve is off by less than .01
    const ahead = high > low ? 1 / (1 + Math.exp((-1.702 * change) / ((high - low) / 3.29))) : Number(change > 0);
    return { outcomes, ahead, isExact: false, off };
  }

  // The change by failure or segment, on the cases of the file; brought to the change in all.
  function splitBy(axis, limits, baseline, outcomes) {
    const [mine, other] = [score(limits), score(limitsOf(baseline))];
    const parts = content.view[axis].map((part) => ({ ...part, change: 0 }));
    const segmentCount = content.view.segments.length;
    mine.net.forEach((value, i) => {
      const cell = arrays.cell[i];
      const part = parts[axis === "failures" ? Math.floor(cell / segmentCount) : cell % segmentCount];
      part.change += (value - other.net[i]) / mine.net.length;
    });
    const missing = outcomes.net_value.change - parts.reduce((sum, part) => sum + part.change, 0);
    return parts.map((part) => ({ ...part, change: part.change + missing * part.share }));
  }

  function samplingError(mine, other) {
    let [mean, square] = [0, 0];
    mine.forEach((value, i) => {
      mean += (value - other[i]) / mine.length;
      square += (value - other[i]) ** 2 / mine.length;
    });
    return 1.645 * Math.sqrt(Math.max(square - mean ** 2, 0) / mine.length);
  }

  function curveOf(tier, limit, limits, baseline) {
    const { found, read } = sharedCurve(tier, limit);
    const others = movedFrom(limits, start).filter(([t, l]) => t !== tier || l !== limit);
    const names = found.arrays;
    if (isShared(baseline) && !others.length) return { content: found, buffers: names.map((name) => Float64Array.from(read(name))) };
    const places = read("limits");
    const made = Object.fromEntries(names.map((name) => [name, new Float64Array(places.length)]));
    const bound = (i) => (i >= places.length || places[i] === Infinity ? "no_limit" : places[i] < 0 ? "ask" : places[i]);
    let best = 0;
    for (let i = 0; i < places.length; i++) {
      const value = bound(i);
      const { outcomes, ahead } = outcomesOf({ ...limits, [tier]: { ...limits[tier], [limit]: value } }, baseline);
      for (const name of names) {
        const [, outcome, kind] = /^(.*)_(level|low|high)$/.exec(name) ?? [];
        made[name][i] = name === "limits" ? places[i] : name === "ahead" ? ahead : outcomes[outcome][kind];
      }
      if (made.net_value_level[i] > made.net_value_level[best] + 1e-9) best = i;
    }
    const net = made.net_value_level;
    const enough = net[best] - 0.01 * (net[best] - Math.min(...net));
    let [from, to] = [best, best];
    while (from > 0 && net[from - 1] >= enough) from--;
    while (to + 1 < net.length && net[to + 1] >= enough) to++;
    return { content: { ...found, best: bound(best), flat: [bound(from), bound(to + 1)] }, buffers: names.map((name) => made[name]) };
  }

  const answers = {
    show({ order, limits, baseline, hand }) {
      const { outcomes, ahead, isExact, off } = outcomesOf(limits, baseline);
      const atStart = !movedFrom(limits, start).length && isShared(baseline);
      const view = atStart ? content.view : { failures: splitBy("failures", limits, baseline, outcomes), segments: splitBy("segments", limits, baseline, outcomes), fingerprint: "" };
      answer({ ...view, kind: "view", order, outcomes, ahead });
      const sorted = [...levers].sort((a, b) => Number(b.join() === hand.join()) - Number(a.join() === hand.join()));
      sorted.forEach(([tier, limit], n) =>
        setTimeout(() => {
          if (answers.newest !== order) return;
          const { content: curve, buffers } = curveOf(tier, limit, limits, baseline);
          answer({ ...curve, kind: "curve", order }, buffers);
        }, isExact && n === 0 ? 0 : REST_MS + 20 * n),
      );
      answers.newest = order;
      const known = { rows: content.breakEvens };
      const unknown = { rows: [], words: "Known for the shared policy alone; the workbench works it out for any." };
      answer({ kind: "break_evens", order, ...(atStart ? known : unknown) });
      setTimeout(() => answers.newest === order && answer({ kind: "settled", order }), REST_MS + 20 * sorted.length);
      const note = isExact ? content.exactly : `${content.roughly} ±${money(off * frame.cases_per_year, frame.currency)} a year.`;
      answer({ kind: "note", words: note });
    },
    take() {},
    study() {
      answer({ kind: "frontier", points: content.frontier });
    },
    case({ facts }) {
      const found = content.cases[facts.story];
      if (found) answer({ kind: "case", facts, ...found });
      else answer({ kind: "problem", words: "a case of your own needs the workbench; this file holds the six stories" });
    },
    assumptions() {
      answer({ kind: "problem", words: "changing assumptions needs the workbench; this file holds what follows from one scenario" });
    },
    load() {
      answer({ kind: "problem", words: "opening a policy needs the workbench" });
    },
    review() {
      answer({ kind: "problem", words: "this file shows; the workbench writes files for agents. Copy the link or print the page instead" });
    },
    export() {
      answer({ kind: "problem", words: "this file shows; the workbench writes files for agents. Copy the link or print the page instead" });
    },
    assume() {},
    cancel() {},
  };

  return {
    get: () => frame,
    send(message) {
      answer({ kind: "heard" });
      answers[message.ask]?.(message);
    },
    on: (_, listen) => listeners.add(listen),
    off: (_, listen) => listeners.delete(listen),
  };
}

async function begin() {
  const content = JSON.parse(document.getElementById("content").textContent);
  const arrays = await unpack(content);
  render({ model: sharedModel(content, arrays), el: document.getElementById("panel") });
}

begin();
