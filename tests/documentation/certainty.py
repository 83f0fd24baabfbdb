"""Certainty: the page that says how sure the whole is and why, with figures that are worked out.

In: the shipped online shop and the sample of orders. Out: a page. Left to others: the model (model card), what
calibration adds (its page).
"""

from __future__ import annotations

from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import policy_sim as ps
from policy_sim.assumptions import Scenario
from policy_sim.border import shipped
from policy_sim.clv import fit_bg_nbd, fit_pareto_nbd, summarise
from policy_sim.show.figures.decision_analysis import plot_tornado
from policy_sim.show.figures.drawing import saved
from policy_sim.show.figures.limits import plot_curves
from policy_sim.show.wording import format_limit, format_money
from policy_sim.study import DecisionAnalysis, analyse_decision
from policy_sim.value import BestLimits
from policy_sim.words import LIMIT_KINDS

PAGE = "docs/explanation/how-sure.md"
PICTURE = "docs/pictures/what_moves_the_gain.png"
CURVES = "docs/pictures/curves.png"
#: Limits of the agents whose curves are drawn.
_DRAWN = ("keep_item", "replacement")
_SAMPLE = ps.Sample(cases=600, draws=100, seed=0)
_MOST = 6
#: Log-likelihoods of the first 39 weeks of the CDNOW sample at the maximum, as they were published.
_CALIBRATION_END = "1997-09-30"
_PUBLISHED = {
    "BG/NBD": (-9_582.4, "Fader, Hardie and Lee 2005, table 2"),
    "Pareto/NBD": (-9_595.0, "the same"),
}


@cache
def _worked_out() -> tuple[BestLimits, ps.Policy, DecisionAnalysis]:
    scenario = ps.load_scenario("online_retail")
    setting = ps.prepare(scenario, sample=_SAMPLE)
    in_force = ps.load_policy("current", scenario)
    best = ps.best_limits(in_force, setting.payoffs)
    named = best.policy.model_copy(update={"name": "best", "title": "Best limits"})
    return best, in_force, analyse_decision(setting.payoffs, named, in_force, customers=setting.customers)


def pictures() -> dict[str, bytes]:
    """Return the pictures as PNG, by their place: what moves the gain, and curves of limits."""
    best, _, analysis = _worked_out()
    curves = {limit: best.curves[limit] for limit in _DRAWN}
    return {
        PICTURE: saved(plot_tornado(analysis.sensitivity, _MOST))["png"],
        CURVES: saved(plot_curves(curves, analysis.outcomes[0]))["png"],
    }


def curve_words() -> str:
    """Return what the picture of curves shows, in a sentence with its numbers."""
    best, in_force, _ = _worked_out()
    said = [
        f"{LIMIT_KINDS[limit].title}: best at {format_limit(best.policy.limit('agent', limit), best.policy.currency)}, "
        f"today {format_limit(in_force.limit('agent', limit), best.policy.currency)}"
        for limit in _DRAWN
    ]
    return f"Net value a year by two limits of the agents. {'. '.join(said)}"


def page() -> str:
    """Return the page."""
    scenario, (_, _, analysis) = ps.load_scenario("online_retail"), _worked_out()
    return "".join(
        (
            "# How sure the whole is, and why\n\nThe figures of this page are worked out by a command and kept "
            f"current by a test: {_SAMPLE.cases:,} cases of the shipped online shop, {_SAMPLE.draws} draws, seed "
            f"{_SAMPLE.seed}. It is a small sample; `policy-sim what-matters` says the same of yours.\n",
            _numbers(scenario),
            _one_answer(scenario, analysis),
            _arithmetic(),
            _UNSAID,
        )
    )


def _numbers(scenario: Scenario) -> str:
    held = [scenario.assumption(name) for name in scenario.assumption_names]
    trust = Counter((assumption.trust, assumption.distribution == "chosen") for assumption in held)
    rows = "".join(
        f"| {words} | {trust[name, False]} | {trust[name, True]} |\n"
        for name, words in (
            ("own", "`own`: measured on your own cases"),
            ("measured", "`measured` elsewhere"),
            ("calibrated", "`calibrated` to a published aggregate"),
            ("assumed", "`assumed`: judgement"),
        )
    )
    judged = trust["assumed", False] + trust["assumed", True]
    return (
        f"\n## What it rests on\n\nOf {len(held)} numbers {judged} are judgement until somebody measures them "
        "([every one with its source](../reference/assumptions.md)). Those that vary from draw to draw widen the "
        "intervals; those that are held are decisions, or facts that you know of your own business.\n\n"
        f"| trust | vary | held |\n|---|---|---|\n{rows}"
    )


def _one_answer(scenario: Scenario, analysis: DecisionAnalysis) -> str:
    said: dict[str, Any] = analysis.to_dict()
    best = next(row for row in said["risk"] if row["policy"] == "best")
    money = [_money(scenario, best[f"difference{end}"]) for end in ("", "_low", "_high")]
    errors = said["errors"]
    sources = "".join(
        f"| {words} | {_money(scenario, errors[name])} |\n"
        for name, words in (
            ("from_assumptions", "the assumptions: what nobody has measured"),
            ("from_log", "the log of orders: its customers are a sample"),
            ("from_cases", "the cases: so many were drawn and no more"),
        )
    )
    tornado = "".join(
        f"| {scenario.title_of(row['assumption'])} | {_money(scenario, row['difference_low'])} | "
        f"{_money(scenario, row['difference_high'])} |\n"
        for row in said["tornado"][:_MOST]
    )
    top = ", ".join(
        f"{scenario.title_of(row['assumption'])} {_money(scenario, row['difference_low'])} to "
        f"{_money(scenario, row['difference_high'])}"
        for row in said["tornado"][:3]
    )
    words = f"How far each assumption moves the gain, the one that moves it most on top: {top}"
    turning = [row for row in said["break_evens"] if row["against"] == "current" and row["break_even"] is not None]
    names = ", ".join(scenario.title_of(row["assumption"]) for row in turning)
    turns = (
        f"These would turn the choice by themselves, within their range: {names}."
        if turning
        else (
            "No assumption turns the choice by itself anywhere within its range; several together, or a wrong "
            "formula, may."
        )
    )
    return (
        f"\n## One answer, and how far it may be off\n\nThe best limits bring {money[0]} a year more than the policy "
        f"in force; 90 % interval {money[1]} to {money[2]}. They are better in {100 * best['chance_best']:.0f} % of "
        "the draws. They were chosen on these very cases, so a little of it is luck: `policy-sim optimize` says how "
        f"they do on others. The level of the net value is far less sure ({_money(scenario, best['net_value_low'])} to "
        f"{_money(scenario, best['net_value_high'])}): both policies are valued on the same cases under the same "
        "draws, so most of what is not known falls out of the difference. That is why differences are to be believed "
        f"before levels.\n\nWhere the doubt comes from (standard errors, a year):\n\n| from | error "
        f"|\n|---|---|\n{sources}\nWhat moves the gain most, each alone at the lower and the upper end of its range "
        f"(a tenth of its draws lie beyond), all else as it is:\n\n| assumption | gain at the lower end | at the upper "
        f"|\n|---|---|---|\n{tornado}\n![{words}](../pictures/{Path(PICTURE).name})\n\n{turns}\n"
    )


def _money(scenario: Scenario, value: float) -> str:
    return format_money(value, scenario.currency)


def _arithmetic() -> str:
    log = ps.read_transactions(shipped("data/cdnow/transactions.csv"), currency="USD")
    summary = summarise(log, _CALIBRATION_END)
    fits = {"BG/NBD": fit_bg_nbd(summary), "Pareto/NBD": fit_pareto_nbd(summary)}
    rows = "".join(
        f"| log-likelihood of {name} on CDNOW, 39 weeks | {fit.log_likelihood:,.1f} | {_PUBLISHED[name][0]:,.1f} | "
        f"{_PUBLISHED[name][1]} |\n"
        for name, fit in fits.items()
    )
    return f"""
## Whether it is worked out as it is written

| what | here | published | source |
|---|---|---|---|
{rows}
Each quantity is held against something else: a published number, a closed form, or a second implementation as plain
as can be. The compiled loops agree with numpy formulas on random cases; curves agree with valuing the policy anew at
every limit; the best limits with all pairs of a grid; what is published with what was valued, in real rules engines;
recovery of known parameters and coverage of intervals with simulated customers. The same seed gives the same bytes.
Tests mirror modules ([contributing](../../CONTRIBUTING.md)).
"""


_UNSAID = """
## What no figure here holds

- **The formulas themselves.** Intervals are over the numbers in them, not over their form: that compensation works as
  a multiple of the loss, that logits add up, that learned claiming follows gain. [The model card](model-card.md)
  names the source of each, and where there is none.
- **Cause.** Studies of other trades, and most logs, compare customers to whom different things happened. Only giving at
  random would settle it ([what calibration can say](calibration.md)).
- **Tomorrow.** Ranges are of today's customers; a new competitor, or a policy that becomes known at once, is no draw.
- **Your business.** Until your own cases are in it, the answer is that of a shop like the shipped one.
"""
