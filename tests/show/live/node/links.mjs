// Reads links and amounts, and gives a search up, as the page does: cases come in as JSON, what the page makes of them goes out as JSON.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [folder, questions] = process.argv.slice(2);
const from = (name) => import(pathToFileURL(`${folder}/${name}`).href);
const [{ amountIn }, { leftOutWords }, { screenIn }, { linkOf }, { nextPlace, withinReach }, { firstState, storeOf }, { historyActsOf }] = await Promise.all(
  ["budget.js", "left_out.js", "link_reading.js", "links.js", "reach.js", "state.js", "history_acts.js"].map(from),
);
const { frame, links, amounts, moves } = JSON.parse(readFileSync(questions, "utf8"));
const state = firstState(frame, "ps-1");

function read(hash) {
  try {
    const link = screenIn(hash, state);
    return link && { ...link, words: link.left.length ? leftOutWords(link.left) : "" };
  } catch {
    return "cannot be read";
  }
}

/** What is asked and kept as a search for the answer is given up, and begun anew. */
function givenUp() {
  const asked = [];
  const store = storeOf(state);
  const bench = { store, ask: ({ ask }) => asked.push(ask), show: () => asked.push("shown") };
  const { cancel, study } = historyActsOf(bench, {});
  cancel();
  const between = store.state.isStudyCancelled;
  study();
  return { asked, between, after: store.state.isStudyCancelled };
}

const answers = {
  givenUp: givenUp(),
  links: links.map(read),
  amounts: amounts.map((text) => amountIn(text, frame)),
  moves: moves.map(({ key, limit, to, wanted }) => {
    const lever = state.levers.find((one) => one.key === key);
    return wanted === undefined ? nextPlace(lever, limit, to) : withinReach(state, lever, wanted);
  }),
  back: screenIn(`#${linkOf({ ...state, budget: 300000, baseline: { preset: "found" } }).link}`, state),
  polluted: {}.agent ?? null,
};
process.stdout.write(JSON.stringify(answers));
