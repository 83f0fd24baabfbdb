// Citing: what a screen or a picture is of, in a line.
// In: a reading. Out: a text. Left to others: where it stands (saving.js, section.js, reproduce_dialog.js).

/** @import { Reading } from "./types.js" */

/** @param {number} value */
const count = (value) => value.toLocaleString("en-US");

/**
 * Title, version, scenario, policy, cases, draws, seed, day.
 * @param {Reading} reading
 */
export function citationOf(reading) {
  const { frame, state } = reading;
  const policy = state.view && reading.isViewFresh && state.view.fingerprint ? `policy ${state.view.fingerprint}` : "limits as on screen";
  const assumed = Object.keys(state.assumed).length;
  return [
    `How far may agents go without asking? policy_sim ${frame.version}`,
    `${frame.scenario}, assumptions ${frame.scenario_fingerprint}${assumed ? ` with ${assumed} changed` : ""}`,
    `${policy} against ${reading.theBase}`,
    `${count(frame.cases)} cases under ${count(frame.draws)} ways the assumptions may turn out, seed ${frame.seed}`,
    new Date().toISOString().slice(0, 10),
  ].join(" · ");
}
