// What the modules of the page hand to each other, and what comes from Python (policy_sim.show.live).

/** Money, or one of the two words of policy files. */
export type Limit = number | "ask" | "no_limit";
/** By tier and limit. */
export type Limits = Readonly<Record<string, Readonly<Record<string, Limit>>>>;
/** What a policy is compared with: one of the presets, or limits and rules of its own. */
export type Baseline = { readonly preset?: string; readonly limits?: Limits; readonly playbook?: Playbook | null };
export type Hand = { readonly tier: string; readonly limit: string };
export type Per = "case" | "month" | "year";
export type Tab = "limits" | "rules";
export type Split = "parts" | "failures" | "segments";

/** A rule as it stands in policy files. */
export interface Rule {
  readonly failure: string;
  readonly when?: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly asks?: readonly string[];
  readonly give: readonly string[];
  readonly why?: string;
}
export interface Playbook {
  readonly rules: readonly Rule[];
}
/** What a person may change of a policy: its limits, and what to give. */
export interface Terms {
  readonly limits: Limits;
  readonly playbook: Playbook | null;
}
export interface Choice {
  readonly give: readonly string[];
  readonly title: string;
}

/** An end of a rule's stretch that may be moved. */
export interface RuleNumber {
  readonly fact: string;
  readonly end: string;
  readonly value: number;
  readonly title: string;
}
export interface RuleWords {
  readonly failure: string;
  readonly failure_title: string;
  readonly when: string;
  readonly give: string;
  readonly why: string;
  readonly numbers: readonly RuleNumber[];
}
export interface Branch {
  readonly words: string;
  readonly failure?: string;
  readonly children?: readonly Branch[];
  readonly rule?: number;
}
/** What a playbook says, in words. */
export interface Book {
  readonly rules: readonly RuleWords[];
  readonly failures: readonly Branch[];
}
/** Money a year with the ends of its interval; `doubt` where nothing can be told from them. */
export interface Yearly {
  readonly change: number;
  readonly low: number;
  readonly high: number;
  readonly doubt: string;
}
export type RuleRow = Yearly & {
  readonly share: number;
  readonly possible: number;
  readonly as_today: number;
  readonly mark: string;
  readonly sureness: string;
};
export interface Guidance {
  readonly limits: Yearly;
  readonly rules?: Yearly;
  readonly rules_if_all?: Yearly;
  readonly followed: number | null;
  readonly followed_range: readonly [number, number] | null;
  readonly rows: readonly RuleRow[];
  readonly shares: readonly (Yearly & { readonly share: number })[];
}
export type Effect = Yearly & { readonly words: readonly string[]; readonly against: string };
export interface GapView {
  readonly rows: readonly (Omit<Yearly, "doubt"> & Named & { readonly sentence: string })[];
  readonly cases: number;
}
/** What holds for the policy in hand at the time, by `contextOf`. */
export type Known<T> = T & { readonly context: string };

export interface Currency {
  readonly code: string;
  readonly sign: string;
  readonly spoken: string;
}

export interface Outcome {
  readonly title: string;
  readonly unit: "money" | "share" | "minutes";
  readonly sign: number;
  readonly less_is_better: boolean;
  readonly adds_up: boolean;
  readonly note: string;
}

export interface FrameLever extends Hand {
  readonly title: string;
  readonly axis: string;
  readonly does: string;
  readonly top: number;
  readonly stops: readonly number[];
}

/** A limit on screen, with every place where its slider can stand. */
export interface Lever extends FrameLever {
  readonly key: string;
  readonly places: readonly Limit[];
}

export interface Named {
  readonly name: string;
  readonly title: string;
}
export interface Preset extends Named, Terms {}
/** A policy on the plane of spend and value: both under the names of their outcomes. */
export type Point = { readonly title?: string; readonly is_recommended?: boolean } & { readonly [outcome: string]: any };

export interface CaseField extends Named {
  readonly choices?: readonly Named[];
  readonly [attribute: string]: any;
}

/** What stays while limits move. */
export interface Frame {
  readonly scenario: string;
  readonly scenario_fingerprint: string;
  readonly version: string;
  readonly currency: Currency;
  readonly cases_per_year: number;
  readonly year: string;
  readonly cases: number;
  readonly draws: number;
  readonly tiers: readonly string[];
  readonly levers: readonly FrameLever[];
  readonly hand: Hand;
  readonly limits: Limits;
  readonly playbook: Playbook | null;
  readonly menus: Readonly<Record<string, readonly Choice[]>>;
  readonly followed: string;
  /** Whether rules stay as they are: in a shared file that has some. */
  readonly has_fixed_rules?: boolean;
  readonly approved: string;
  readonly presets: readonly Preset[];
  readonly points: readonly Point[];
  readonly base: Readonly<Record<string, number>>;
  readonly exceptions: readonly string[];
  readonly guards: readonly string[];
  readonly outcomes: Readonly<Record<string, Outcome>>;
  readonly value: string;
  readonly spend: string;
  readonly tiles: readonly string[];
  readonly parts: readonly string[];
  readonly curve_columns: readonly string[];
  readonly stories: readonly Named[];
  readonly case_fields: readonly CaseField[];
}

/** An outcome per case: its level, and its change against the baseline with the ends of the interval. */
export interface Level {
  readonly level: number;
  readonly change: number;
  readonly low: number;
  readonly high: number;
  readonly too_few?: boolean;
}
export type LevelNow = Level & { readonly ahead: number };

export interface SplitRow extends Named {
  readonly share: number;
  readonly change: number;
}

export interface View {
  readonly outcomes: Readonly<Record<string, Level>>;
  readonly ahead: number;
  readonly failures: readonly SplitRow[];
  readonly segments: readonly SplitRow[];
  readonly fingerprint: string;
  readonly book: Book;
}

export interface CurveContent extends Hand {
  readonly best: Limit;
  readonly flat: readonly [Limit, Limit];
  readonly arrays: readonly string[];
}

export interface Curve {
  readonly serial: number;
  readonly best: Limit;
  readonly flat: readonly [Limit, Limit];
  readonly steps: number;
  readonly limits: ArrayLike<number>;
  /** None while only the means are known; `low` and `high` are empty then. */
  readonly ahead: ArrayLike<number> | null;
  readonly level: Readonly<Record<string, ArrayLike<number>>>;
  readonly low: Readonly<Record<string, ArrayLike<number>>>;
  readonly high: Readonly<Record<string, ArrayLike<number>>>;
}

export interface MindRow extends Named {
  readonly unit: string;
  readonly side: string;
  readonly today: number;
  readonly low: number;
  readonly high: number;
  readonly turns_at: number | null;
  readonly today_words: string;
  readonly low_words: string;
  readonly high_words: string;
  readonly turns_at_words: string;
  readonly difference_low: number;
  readonly difference_today: number;
  readonly difference_high: number;
}

export interface Resolution {
  readonly title: string;
  readonly words: string;
  readonly cost: number;
  readonly kept: number;
  readonly net: number;
  readonly stops: readonly string[];
  readonly is_chosen: boolean;
}

export interface CaseView {
  readonly facts: Readonly<Record<string, any>>;
  readonly words: string;
  readonly currency: Currency;
  readonly tier: string;
  readonly is_first: boolean;
  readonly because: string;
  readonly rule: string;
  readonly follows: boolean;
  readonly resolutions: readonly Resolution[];
}

export interface AssumptionRow extends Named {
  readonly group: string;
  readonly value: number;
  readonly unit: string;
  readonly words: string;
  readonly source: string;
  readonly trust: string;
}

export interface Trust {
  readonly name: string;
  readonly mark: string;
  readonly words: string;
  readonly count: number;
}

export interface Review {
  readonly name: string;
  readonly version: number;
  readonly findings: readonly { readonly severity: string; readonly words: string }[];
  readonly verdict: string;
  readonly steps: readonly { readonly words: string; readonly more_generous: string; readonly example: string }[];
  readonly rules: readonly string[];
  readonly formats: readonly (Named & { readonly is_usual: boolean; readonly problem: string })[];
}

export interface Entry {
  readonly text: string;
  readonly byKeysOn: string;
  readonly limits: Limits;
  readonly playbook: Playbook | null;
  readonly baseline: Baseline;
  readonly assumed: Readonly<Record<string, number>>;
}

export interface Order {
  readonly limits: Limits;
  readonly playbook: Playbook | null;
  readonly baseline: Baseline;
  readonly at: number;
}

/** Everything that changes while somebody works with the panel. */
export interface State {
  readonly id: string;
  readonly frame: Frame;
  readonly levers: readonly Lever[];
  readonly limits: Limits;
  readonly playbook: Playbook | null;
  readonly baseline: Baseline;
  readonly hand: Hand;
  readonly tab: Tab;
  readonly per: Per;
  readonly split: Split;
  readonly assumed: Readonly<Record<string, number>>;
  /** Money a year; null where there is none. */
  readonly budget: number | null;
  /** Limits that the budget holds, by key. */
  readonly onBudget: Readonly<Record<string, boolean>>;
  readonly pinned: Terms | null;
  /** What B is while A is shown. */
  readonly aside: Terms | null;
  readonly history: readonly Entry[];
  readonly at: number;
  /** How many times the limits were sent, what was sent by order, and the order whose view is awaited. */
  readonly count: number;
  readonly orders: ReadonlyMap<string, Order>;
  readonly pending: string;
  /** Whether the limits have moved since they were sent. */
  readonly isDirty: boolean;
  readonly isSettled: boolean;
  /** Curves by key, each with the limits and baseline for which it holds. */
  readonly curves: ReadonlyMap<string, { readonly curve: Curve; readonly context: string }>;
  readonly view: (View & { readonly context: string }) | null;
  readonly frontier: readonly Point[] | null;
  readonly minds: { readonly rows: readonly MindRow[]; readonly context: string; readonly words?: string };
  readonly shownCase: CaseView | null;
  /** What was in hand when the search for rules began, while it lasts. */
  readonly seeking: Terms | null;
  /** The preset with the rules that were found, and the assumptions by which they were. */
  readonly found: { readonly preset: string; readonly assumed: string } | null;
  /** The place of the rule that is being changed. */
  readonly editing: number | null;
  /** The share of people who follow that is looked at; null for the one that is assumed. */
  readonly following: number | null;
  readonly effect: Known<{ readonly effect: Effect | null }> | null;
  readonly guidance: Known<Guidance> | null;
  readonly gap: Known<GapView> | null;
  /** What was last asked about the rules in hand, by `contextOf`. */
  readonly lookedAt: string;
}

export interface Store {
  readonly state: State;
  change(part: Partial<State>): void;
}

export interface Model {
  get(name: "frame"): Frame;
  send(message: object): void;
  on(event: string, listen: Listen): void;
  off(event: string, listen: Listen): void;
  reconnect?(): void;
}
export type Listen = (message: any, buffers?: readonly any[]) => void;

/** A part of the screen with a heading, a picture and a table; its width is read when it changes. */
export interface Section {
  readonly root: HTMLElement;
  readonly title: HTMLElement;
  readonly note: HTMLElement;
  readonly svg: SVGSVGElement;
  readonly table: HTMLTableElement;
  readonly body: HTMLElement;
  width: number;
  ground: { readonly key: string; readonly layer: SVGElement; readonly scale: any } | null;
}

export type Acts = ReturnType<typeof import("./acts.js").actsOf>;
export type Reading = import("./reading.js").Reading;

/** What every part may call on. */
export interface Bench {
  readonly id: string;
  readonly store: Store;
  acts: Acts;
  read(): Reading;
  ask(message: object): void;
  say(text: string, isProblem?: boolean): void;
  open(content: readonly Node[]): void;
  closeDialog(): void;
  show(): void;
}
