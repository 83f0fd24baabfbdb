// Reading: what follows from the state, worked out when something is to be shown.
// In: a state. Out: numbers and words that several parts show. Left to others: how they look.

/** @import { Curve, LevelNow, Lever, Limit, Limits, State } from "./types.js" */
import { isAgainstItself, still } from "./against_itself.js";
import { stepAt } from "./curves.js";
import { keyOf } from "./limits.js";
import { limitText, money, number, points, share } from "./numbers.js";
import { contextOf, same } from "./state.js";

export const PERIODS = { case: "per case", month: "a month", year: "a year" };

export class Reading {
  /** @param {State} state */
  constructor(state) {
    this.state = state;
    this.frame = state.frame;
    const key = keyOf(state.hand.tier, state.hand.limit);
    /** The limit in hand. */
    this.lever = /** @type {Lever} */ (state.levers.find((lever) => lever.key === key));
    /** Its curve, where that holds for these limits. */
    this.curve = this.curveOf(this.lever);
    /** What answers have to hold for to be shown. */
    this.context = contextOf(state, state);
    this.isViewFresh = state.view !== null && state.view.context === this.context;
    this.isSame = isAgainstItself(this);
    const perYear = this.frame.cases_per_year;
    /** Cases in the period that money is told for. */
    this.times = { case: 1, month: perYear / 12, year: perYear }[state.per];
    this.period = PERIODS[state.per];
    this.valueTitle = this.frame.outcomes[this.frame.value].title;
    this.spendTitle = this.frame.outcomes[this.frame.spend].title;
  }

  /**
   * @param {Lever} lever
   * @returns {Curve | null}
   */
  curveOf(lever) {
    const known = this.state.curves.get(lever.key);
    return known && known.context === contextOf(this.state, this.state, lever.key) ? known.curve : null;
  }

  /** @param {Lever} lever */
  limitOf({ tier, limit }, /** @type {Limits} */ limits = this.state.limits) {
    return limits[tier][limit];
  }

  /** @param {string | undefined} name */
  preset(name) {
    return this.frame.presets.find((preset) => preset.name === name);
  }

  get approved() {
    return /** @type {import("./types.js").Preset} */ (this.preset(this.frame.approved));
  }

  get baseLimits() {
    return /** @type {Limits} */ (this.state.baseline.limits ?? this.preset(this.state.baseline.preset)?.limits);
  }

  get basePlaybook() {
    const { baseline } = this.state;
    return (baseline.limits ? baseline.playbook : this.preset(baseline.preset)?.playbook) ?? null;
  }

  get baseTitle() {
    return this.state.baseline.limits ? "A" : (this.preset(this.state.baseline.preset)?.title ?? "");
  }

  get theBase() {
    return this.state.baseline.limits ? "A" : `“${this.baseTitle}”`;
  }

  /**
   * What an outcome comes to per case, with its change against the baseline: from the last view where that is of these
   * limits, else from the curve of the limit in hand where that holds. (A curve has the error of the sample of cases at
   * some of its steps only, and reads it between them.)
   * @param {string} name
   * @returns {LevelNow | null}
   */
  read(name) {
    const { state, curve, isSame } = this;
    if (state.view && this.isViewFresh) return still({ ...state.view.outcomes[name], ahead: state.view.ahead }, isSame);
    if (curve) {
      const step = stepAt(curve, this.limitOf(this.lever));
      const level = curve.level[name][step];
      const change = level - this.baseOf(name);
      // not there before it is known how sure the curve is
      const [low, high] = [curve.low[name]?.[step] ?? NaN, curve.high[name]?.[step] ?? NaN];
      return still({ level, change, low, high, too_few: state.view?.outcomes[name]?.too_few, ahead: curve.ahead?.[step] ?? NaN }, isSame);
    }
    return null;
  }

  /** @param {string} name */
  baseOf(name) {
    const { frame, state } = this;
    if (same(state.baseline, { preset: frame.approved })) return frame.base[name];
    return state.view ? state.view.outcomes[name].level - state.view.outcomes[name].change : NaN;
  }

  /** Whether anything is known of what these limits bring. */
  get isKnown() {
    return this.curve !== null || this.isViewFresh;
  }

  /** Net value now; only where something is known. */
  get now() {
    return /** @type {LevelNow} */ (this.read(this.frame.value));
  }

  /** @param {number} value */
  cash(value, signed = false) {
    return money(value, this.frame.currency, signed);
  }

  /** @param {Limit} limit */
  words(limit) {
    return limitText(limit, this.frame.currency);
  }

  /**
   * An outcome per case as people read it: over the period, where it adds up.
   * @param {string} name
   * @param {number} value
   */
  format(name, value, signed = false) {
    const { unit, adds_up } = this.frame.outcomes[name];
    if (unit === "share" && (!adds_up || this.state.per === "case")) return signed ? points(value) : share(value);
    const amount = value * this.timesOf(name);
    return unit === "money" ? this.cash(amount, signed) : number(amount, signed);
  }

  /** @param {string} name */
  timesOf(name) {
    return this.frame.outcomes[name].adds_up ? this.times : 1;
  }

  /** Net value as people read it. @param {number} value */
  worth(value, signed = false) {
    return this.format(this.frame.value, value, signed);
  }

  /** Spend as people read it. @param {number} value */
  spend(value) {
    return this.format(this.frame.spend, value);
  }
}
