// What the modules of the page hand to each other, and what comes from Python (policy_sim.show.live).

/** Money, or one of the two words of policy files. */
export type Limit = number | "ask" | "no_limit";
/** By tier and limit. */
export type Limits = Readonly<Record<string, Readonly<Record<string, Limit>>>>;
/** What a policy is compared with: one of the presets, or limits and rules of its own. */
export type Baseline = { readonly preset?: string; readonly limits?: Limits; readonly playbook?: Playbook | null };
export type Hand = { readonly tier: string; readonly limit: string };
export type Per = "case" | "month" | "year";
export type Tab = "limits" | "rules" | "months";
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
/** A month since the policy in hand began: money and customers more than under the baseline. */
export type MonthRow = { readonly month: number } & { readonly [quantity: string]: number };
/** `problem` alone where it cannot be told. */
export interface MonthsView {
  readonly problem?: string;
  readonly rows: readonly MonthRow[];
  readonly parts: readonly Named[];
  readonly even: number | null;
  readonly even_words: string;
  readonly sentence: string;
  readonly about: string;
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
/** `is_found`: by a search, so that others may not have it. */
export interface Preset extends Named, Terms {
  readonly is_found?: boolean;
}
/** A policy on the plane of spend and value: both under the names of their outcomes. */
export type Point = { readonly name?: string; readonly title?: string; readonly is_recommended?: boolean } & { readonly [outcome: string]: any };

export interface CaseField extends Named {
  readonly choices?: readonly Named[];
  readonly [attribute: string]: any;
}

/** What stays while limits move. */
/** What something brings in net value a year; ends are null where nobody knows them. */
export interface WorthView {
  readonly change: number;
  readonly low: number | null;
  readonly high: number | null;
  readonly is_told_apart: boolean;
}
export type AnswerMove = WorthView & Hand & { readonly title: string; readonly from: string; readonly to: string; readonly worth: string };
/** What should be instead of the policy in force. */
export type AnswerView = WorthView & {
  readonly preset: string;
  readonly sentence: string;
  readonly worth: string;
  readonly moves: readonly AnswerMove[];
  readonly others: number;
};

export interface Frame {
  readonly scenario: string;
  readonly scenario_fingerprint: string;
  readonly version: string;
  readonly currency: Currency;
  /** The least and the most that a budget may be, money a year. */
  readonly budgets: readonly [number, number];
  readonly cases_per_year: number;
  readonly year: string;
  readonly cases: number;
  readonly draws: number;
  readonly seed: number;
  readonly tiers: readonly string[];
  readonly levers: readonly FrameLever[];
  readonly hand: Hand;
  readonly limits: Limits;
  readonly playbook: Playbook | null;
  readonly menus: Readonly<Record<string, readonly Choice[]>>;
  readonly followed: string;
  /** Whether rules stay as they are: in a shared file that has some. */
  readonly has_fixed_rules?: boolean;
  /** Whether others come to see it, by a token, and whether exports are written on the machine where it runs. */
  readonly has_visitors?: boolean;
  readonly is_writing?: boolean;
  /** Whether this is a shared file, which searches nothing. */
  readonly is_shared?: boolean;
  readonly approved: string;
  readonly presets: readonly Preset[];
  readonly points: readonly Point[];
  /** Null while it is being worked out. */
  readonly answer: AnswerView | null;
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
  /** What today's value means, in words; empty where the scenario does not say it. */
  readonly sentence: string;
  /** From where on the other policy wins: "fewer than 5 of 100 customers". */
  readonly turns: string;
  readonly today: number;
  readonly low: number;
  readonly high: number;
  readonly turns_at: number | null;
  readonly today_words: string;
  readonly low_words: string;
  readonly high_words: string;
  readonly turns_at_words: string;
  readonly today_picture: string;
  /** The range in words: "1.2 to 7.7 of 100 customers". */
  readonly between: string;
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
  /** Why the answer is not known for what is in hand, in a shared file. */
  readonly unknown?: string;
}

/** What is assumed otherwise than in the scenario: a number in its unit, or a range as text. */
export type Assumed = Readonly<Record<string, number | string>>;

export interface AssumptionRow extends Named {
  readonly group: string;
  /** What its value means, in words; empty where the scenario does not say it. */
  readonly sentence: string;
  readonly value: number;
  /** What stands in its field: now, and as the scenario has it. */
  readonly text: string;
  readonly own: string;
  readonly unit: string;
  readonly words: string;
  readonly source: string;
  readonly trust: string;
}

/** Assumptions that are shown first, and what their ranges move most. */
export interface Matter {
  readonly names: readonly string[];
  readonly of: string;
}

/** How what was typed was read, or what is wrong with it, by assumption. */
export interface Readings {
  readonly words: Readonly<Record<string, string>>;
  readonly problems: Readonly<Record<string, string>>;
  readonly problem: string;
  readonly remark: string;
  readonly is_taken: boolean;
  readonly is_refused: boolean;
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
  /** The card that agents get, a page of its own. */
  readonly card: string;
  readonly worth: string;
  readonly changes: readonly { readonly words: string; readonly is_loss: boolean }[];
  readonly together: string;
  readonly warnings: readonly { readonly severity: string; readonly words: string }[];
  readonly verdict: string;
  readonly steps: readonly { readonly words: string; readonly more_generous: string; readonly example: string }[];
  readonly rules: readonly string[];
  readonly formats: readonly (Named & { readonly is_usual: boolean; readonly problem: string })[];
}

/** A number under two policies, with its words. */
export interface Both {
  readonly unit: string;
  readonly mine: number;
  readonly base: number;
  readonly mine_words: string;
  readonly base_words: string;
}
/** A number a year on the way to money: that of another step times a factor, or a sum. */
export interface Step extends Named, Both {
  readonly links: readonly string[];
  readonly place: readonly [column: number, row: number];
  readonly factor: (Both & { readonly of: string; readonly title: string }) | null;
  readonly formula: string;
  readonly worked: readonly string[];
  readonly why: string;
  readonly rests_on: readonly string[];
}
/** How the numbers on the tiles come about. */
export interface Chain {
  readonly policy: string;
  readonly baseline: string;
  readonly is_compared: boolean;
  readonly steps: readonly Step[];
  readonly outcomes: Readonly<Record<string, { readonly summary: string; readonly failures: readonly (Both & { readonly title: string; readonly cases_words: string })[] }>>;
  readonly assumptions: Readonly<Record<string, { readonly title: string; readonly value: string; readonly sentence: string; readonly range: string; readonly source: string; readonly trust: string }>>;
}

/** Texts that give the figures of the screen again. */
export interface Reproduced {
  readonly blocks: readonly { readonly name: string; readonly title: string; readonly about: string; readonly text: string }[];
  readonly notes: readonly string[];
}

/** What came of an export: all files, where they were written ("" for nowhere), and what is saved. */
export interface Exported {
  readonly files: readonly string[];
  readonly place: string;
  readonly download: string;
}

export interface Entry {
  readonly text: string;
  readonly byKeysOn: string;
  readonly limits: Limits;
  readonly playbook: Playbook | null;
  readonly baseline: Baseline;
  readonly assumed: Assumed;
  readonly budget: number | null;
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
  readonly assumed: Assumed;
  /** Money a year that is aimed at; null where there is none. */
  readonly budget: number | null;
  /** What was in hand when the search for the best within the budget began, while it lasts. */
  readonly seekingWithin: Terms | null;
  /** What was left out of a link, and why. */
  readonly leftOut: readonly string[];
  readonly pinned: Terms | null;
  /** What B is while A is shown. */
  readonly aside: Terms | null;
  readonly history: readonly Entry[];
  readonly at: number;
  /** Net value per case against the policy in force, by `termsKey`, where it was worked out. */
  readonly worths: ReadonlyMap<string, number>;
  /** The assumptions of the entry that was gone to, until everything is valued by them, and where one stood before. */
  readonly returning: { readonly assumed: Assumed; readonly from: number } | null;
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
  /** What could turn the answer; null where that is being worked out. */
  readonly doubts: readonly MindRow[] | null;
  /** Whether the search for the answer, for what could turn it and for the frontier was given up, as far as it had not come. */
  readonly isStudyCancelled: boolean;
  readonly minds: { readonly rows: readonly MindRow[]; readonly context: string; readonly words?: string };
  /** The answer on screen, with what it holds for, by `caseContextOf`. */
  readonly shownCase: Known<CaseView> | null;
  /** The case whose answer is awaited. */
  readonly askedCase: { readonly order: string; readonly facts: Readonly<Record<string, any>>; readonly context: string } | null;
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
  readonly months: Known<MonthsView> | null;
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
