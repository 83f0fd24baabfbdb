"""The plainest possible second implementation of payoffs and evaluation, for the tests to hold the kernels against.

In: a scenario as it stands in its file, cases, draws, a policy. Out: measures of one case under one resolution at one
tier; totals of a policy. Written from DESIGN.md (sections 6 to 8), MATHEMATICS.md D and the docstrings; it reads the
remedies' forms itself and knows nothing of menus, lanes, cents of limits, assignments or padding. Two things the design
leaves open were taken from the kernel: the delighted are the survivors, in proportion to the effect of what they got;
what an opportunist would pocket is net of the customer's trouble.
Left to others: speed.
"""

from __future__ import annotations

import numpy as np

from policy_sim.service import (
    caught_share,
    chance_lost,
    compensation_effect,
    insult,
    learned_claiming,
    over_compensation,
    recency_of_failure,
    spend_multiplier,
    waiting,
)
from policy_sim.words import ASKS, CASE_COLUMNS, LIMIT_KINDS

MEASURES = ("retained", "remedy_cost", "labour", "learned_claiming", "customers_kept", "minutes")
MEASURES += ("supervisor_minutes", "escalated")
STYLES = ("guided", "generous", "thrifty")


_composed = []


def resolutions(scenario, failure):
    """Return the resolutions of a failure: lists of remedy variants, one alternative from each part."""
    for known, of, bundles in _composed:
        # copies of a scenario with other numbers share these
        same = (getattr(known, part) is getattr(scenario, part) for part in ("remedies", "failures", "rules"))
        if of == failure and all(same):
            return bundles
    combined = [[]]
    for alternatives in scenario.failures[failure].resolutions.values():
        combined = [[*sofar, *alternative] for sofar in combined for alternative in alternatives]

    remedy_of = {variant: remedy for remedy in scenario.remedies for variant in scenario.variants(remedy)}

    def has(bundle, name):
        return any(name in (variant, remedy_of[variant]) for variant in bundle)

    kept = []
    for bundle in combined:
        allowed = True
        for rule in scenario.rules:
            if rule.never and all(has(bundle, name) for name in rule.never):
                allowed = False
            if rule.only and has(bundle, rule.only) and not any(has(bundle, name) for name in rule.alongside):
                allowed = False
        if allowed:
            kept.append(bundle)
    _composed.append((scenario, failure, kept))
    return kept


def middle(scenario):
    """Return every assumption at its central value, by name."""
    return {name: scenario.value(name) for name in scenario.assumption_names}


def draw_of(draws, m, value_ratios=None):
    """Return one draw, or several where m is a slice, by name, with the future values' ratios of each customer."""
    ratios = {} if value_ratios is None else {"value_ratios": value_ratios[:, m]}
    return {name: draws.values[m, j] for j, name in enumerate(draws.names)} | ratios


def all_draws(payoffs):
    """Return all draws of the payoffs by name."""
    return draw_of(payoffs.draws, slice(None), payoffs.draw_arrays.value_ratios[:, : len(payoffs.draws)])


def columns(cases, i, draw):
    """Return the money columns of a case; what its log left out is worked out from the assumptions of the draw."""
    money = {"constant": 1.0}
    for name, column in CASE_COLUMNS.items():
        if not column.in_forms:
            continue
        money[name] = cases.columns[name][i]
        if name in cases.assumed:
            base, assumptions = column.filled_from
            money[name] = money[base]
            for assumption in assumptions:
                money[name] = money[name] * draw[assumption]
    return money


def coefficient(text, draw):
    if text is None:
        return 0.0
    if text in ("1", "-1"):
        return float(text)
    return -draw[text[1:]] if text.startswith("-") else draw[text]


def sizes(scenario):
    """Return for each variant of a remedy: the remedy, and its amount as (column, factor)."""
    found = {}
    for name, remedy in scenario.remedies.items():
        if not remedy.amounts and not remedy.shares_of_price:
            found[name] = (remedy, ("constant", 0.0))
        for amount in remedy.amounts:
            found[f"{name}_{amount:g}"] = (remedy, ("constant", amount))
        for share in remedy.shares_of_price:
            found[f"{name}_{100 * share:g}"] = (remedy, ("item_price", share))
    return found


def money_of(form, amount, money, draw):
    """Return what a linear form comes to for one case."""
    total = 0.0
    for column, text in form.items():
        of = amount[1] * money[amount[0]] if column == "amount" else money[column]
        total = total + coefficient(text, draw) * of
    return total


def given(scenario, cases, i, bundle, draw):
    """Return money, acts and uses of a bundle of remedies for one case."""
    money = columns(cases, i, draw)
    acts = ("minutes", "supervisor_minutes", "effort", "gesture")
    total = dict.fromkeys(("cost", "worth", "felt", "trouble", "gain", "first_hours", "lead_hours", *acts), 0.0)
    total["proactive"] = False
    matched = scenario.failures[cases.failures[cases.failure[i]]].matched_by
    uses = {}
    known = sizes(scenario)
    for variant in bundle:
        remedy, amount = known[variant]
        worth = money_of(remedy.worth, amount, money, draw)
        total["cost"] = total["cost"] + money_of(remedy.cost, amount, money, draw)
        total["worth"] = total["worth"] + worth
        strange = remedy.kind is not None and remedy.kind not in matched
        total["felt"] = total["felt"] + worth * (1 - draw["response.mismatch_share"] * strange)
        leg = "first_hours" if remedy.comes_first else "lead_hours"
        total[leg] = np.maximum(total[leg], coefficient(remedy.lead_hours, draw))
        total["proactive"] = total["proactive"] or remedy.proactive
        total["trouble"] = total["trouble"] + money_of(remedy.trouble, amount, money, draw)
        gain = worth if remedy.gain is None else money_of(remedy.gain, amount, money, draw)
        total["gain"] = total["gain"] + gain
        for quantity in acts:
            total[quantity] = total[quantity] + coefficient(getattr(remedy, quantity), draw)
        for limit, form in remedy.uses.items():
            uses[limit] = uses.get(limit, 0.0) + money_of(form, amount, money, draw)
    total["lead_hours"] = total["lead_hours"] + total["first_hours"]
    uses["total_cost"] = total["cost"]
    failure = cases.failures[cases.failure[i]]
    lost_share, price = draw[f"{failure}.loss_share"], cases.item_price[i]
    owed = draw[f"{failure}.entitlement"] * lost_share * price
    if "refund" in uses:
        uses["refund"] = np.minimum(uses["refund"], owed)
    # beyond what is owed, in whatever form but items that are kept; who sends the item back gives back what it is worth
    beyond, gestures = -owed, 0.0
    a_minute = draw[f"{scenario.tiers[1]}.cost_per_minute"]
    for remedy, amount in (known[variant] for variant in bundle):
        if "keep_item" not in remedy.uses:
            written = [form for limit, form in remedy.uses.items() if not LIMIT_KINDS[limit].counts_item_price]
            beyond = beyond + money_of((written or [remedy.worth])[0], amount, money, draw)
        if "salvage_value" in remedy.cost:
            beyond = beyond - (1 - lost_share) * price
        if remedy.kind == "service":
            gestures = gestures + money_of(remedy.cost, amount, money, draw)
        gestures = gestures + coefficient(remedy.supervisor_minutes, draw) * a_minute
    goodwill = np.maximum(beyond, 0.0) + gestures
    if np.max(goodwill) >= 0.005:
        uses["goodwill"] = goodwill
    total["gesture"] = np.minimum(total["gesture"], 1.0)
    return total, uses


def adequate(scenario, cases, i):
    """Return for each resolution of case i whether it may be chosen: it is there, keeps the promise, is accepted."""
    failure = cases.failures[cases.failure[i]]
    draw = middle(scenario)
    lost_money = draw[f"{failure}.loss_share"] * cases.item_price[i]
    owed = draw[f"{failure}.entitlement"] * lost_money
    ask = list(ASKS)[cases.ask[i]]
    wanted = lost_money * (1 + draw["cases.asked_on_top"]) if ask == "more" else lost_money
    possible, welcome = [], []
    for bundle in resolutions(scenario, failure):
        total, _ = given(scenario, cases, i, bundle, draw)
        remedies = [sizes(scenario)[variant] for variant in bundle]
        there = all(remedy.needs is None or cases.columns[remedy.needs][i] >= 0.5 for remedy, _ in remedies)
        too_late = total["proactive"] and cases.surfaces[i] == 1
        possible.append(bool(there and total["worth"] >= owed - 0.005 and not too_late))
        money = columns(cases, i, draw)
        cash = sum(money_of(remedy.worth, amount, money, draw) for remedy, amount in remedies if remedy.kind == "money")
        gets = total["worth"] - total["trouble"]
        as_asked = {
            "anything": True,
            "money": cash >= wanted - 0.005,
            "thing": any(remedy.kind == "goods" for remedy, _ in remedies),
            "more": gets >= wanted - 0.005,
        }[ask]
        won_over = cases.firmness[i] < 1 and gets >= cases.firmness[i] * wanted - 0.005
        welcome.append(possible[-1] and bool(as_asked or won_over))
    return welcome if any(welcome) else possible


def lost(scenario, cases, i, draw, effect, over, insulted, gesture, effort, hours, proactive, suspected):
    """Return the chance that the customer of case i is lost, by what was done for them."""
    failure = cases.failures[cases.failure[i]]
    half_life = scenario.value("response.double_deviation_half_life_days")
    weights = ("churn_without_failure", "severity_weight", "wait_weight", "effort_weight", "repeat_weight")
    weights += ("double_deviation_weight", "bond_weight", "first_order_weight", "over_compensation_weight")
    weights += ("insult_weight", "proactive_weight", "suspected_weight")
    return chance_lost(
        effect=effect,
        over=over,
        insulted=insulted,
        gesture=gesture,
        proactive=proactive,
        suspected=suspected,
        effort=effort,
        severity=cases.severity[i],
        hours=hours,
        prior_failures=cases.prior_failures[i],
        recent_failure=recency_of_failure(cases.prior_failures[i], cases.days_since_failure[i], half_life),
        prior_purchases=cases.prior_purchases[i],
        churn_without_remedy=draw[f"{failure}.churn_without_remedy"],
        compensation_weight=draw[f"{failure}.compensation_weight"],
        gesture_weight=draw[f"{failure}.gesture_weight"],
        **{name: draw[f"response.{name}"] for name in weights},
    )


def time_of_people(scenario, tier, draw, total, gone):
    """Return labour, minutes and supervisor minutes of a resolution that is given at a tier."""
    asked = not total["proactive"]
    first, second = scenario.tiers[:2]
    is_first = tier == first
    at_first = draw[f"{first}.minutes"] * asked
    # who gives up in the line takes as many minutes as planned; of whom contact is lost before, only the first tier's
    at_tier = (1 - gone) * ((0.0 if is_first else draw[f"{tier}.minutes"]) + total["minutes"])
    at_second = (1 - gone) * total["supervisor_minutes"]
    return {
        "labour": at_first * draw[f"{first}.cost_per_minute"]
        + at_tier * draw[f"{tier}.cost_per_minute"]
        + at_second * draw[f"{second}.cost_per_minute"],
        "minutes": at_first + at_tier + at_second,
        "supervisor_minutes": (0.0 if is_first else at_tier) + at_second,
    }


def measures(scenario, cases, i, bundle, tier, draw, suspected=False, queue=(0.0, 0.0)):
    """Return the measures of case i under a bundle of remedies that is given at a tier (by name).

    `queue` is how many hours escalations wait, and the share who give up.
    """
    failure = cases.failures[cases.failure[i]]
    total, _ = given(scenario, cases, i, bundle, draw)
    loss = draw[f"{failure}.loss_share"] * max(cases.item_price[i], 0.01)
    compensation = (total["felt"] - total["trouble"]) / loss
    effect = compensation_effect(compensation, scenario.failures[failure].shape)
    base_effort = draw["response.base_effort"]
    value = cases.future_value[i] * draw["shop.future_value_factor"]
    if "value_ratios" in draw:
        value = value * draw["value_ratios"][cases.customer[i]]
    newcomer = cases.new_customer_value * draw["shop.future_value_factor"]

    def retained(delta, effect):
        # against customers to whom nothing had happened: some of them leave, too, and their value knows it
        delta = 1 - (1 - delta) / (1 - draw["response.churn_without_failure"])
        spend = spend_multiplier(effect, draw[f"{failure}.spend_drop"], draw["response.paradox"])
        deterred = draw["response.deterred_per_lost"] * delta * newcomer
        gained = draw["response.gained_per_delighted"] * (1 - delta) * effect * newcomer
        return value * (1 - delta) * spend + gained - deterred

    asked = not total["proactive"]
    in_line = any(sizes(scenario)[variant][0].in_line for variant in bundle)
    passed_on = tier != scenario.tiers[0]
    live = cases.live[i]
    turnaround = live * draw[f"{tier}.live_wait_hours"] + (1 - live) * draw[f"{tier}.wait_hours"]
    hours = turnaround + queue[0] * passed_on
    known = (scenario, cases, i, draw)
    delta = lost(
        *known,
        effect,
        over_compensation(compensation),
        insult(compensation, draw["response.insult_below"]),
        total["gesture"],
        total["effort"] + base_effort * asked,
        cases.hours_open[i] * asked + turnaround + total["lead_hours"] + queue[0] * (in_line or passed_on),
        not asked,
        suspected and asked,
    )
    # whoever does not come back for the answer has waited and gets nothing; whoever never asks has not even waited
    delta_empty = lost(*known, 0.0, 0.0, 0.0, 0.0, base_effort, cases.hours_open[i] + hours, False, suspected)
    delta_silent = lost(*known, 0.0, 0.0, 0.0, 0.0, 0.0, cases.hours_open[i], False, False)
    # contact can only be lost with who has come
    gone = draw[f"{tier}.lost_contact_share"] * asked
    away = 1 - (1 - gone) * (1 - queue[1] * passed_on * asked)
    # an opportunist has the trouble too
    learned = learned_claiming(
        total["gain"] - total["trouble"],
        total["cost"],
        **{name: draw[f"claiming.{name}"] for name in ("spread", "publicity", "repeat_share", "temptation")},
    )
    found = {
        "retained": (1 - away) * retained(delta, effect) + away * retained(delta_empty, 0.0),
        "remedy_cost": (1 - away) * total["cost"],
        "learned_claiming": (1 - away) * learned,
        "customers_kept": (1 - away) * (1 - delta) + away * (1 - delta_empty),
        "escalated": float(passed_on),
        **time_of_people(scenario, tier, draw, total, gone),
    }
    nothing = dict.fromkeys(MEASURES, 0.0)
    nothing |= {"retained": retained(delta_silent, 0.0), "customers_kept": 1 - delta_silent}
    reached = cases.surfaces[i] if asked else 1.0
    return {name: np.asarray(reached * found[name] + (1 - reached) * nothing[name]) for name in MEASURES}


def payoff(scenario, cases, i, bundle, tier, draw):
    """Return retained value less remedies, labour and learned claiming."""
    each = measures(scenario, cases, i, bundle, tier, draw)
    return each["retained"] - each["remedy_cost"] - each["labour"] - each["learned_claiming"]


def limit_in_force(policy, tier, limit, failure, segment):
    """Return a limit in money: failure and segment before failure before segment before the tier's own."""
    best, value = 0, policy.tier(tier).limits[limit]
    for exception in policy.exceptions:
        meant = exception.tier == tier and limit in exception.limits
        if meant and exception.failure in (None, failure) and exception.segment in (None, segment):
            how_special = 2 * (exception.failure is not None) + (exception.segment is not None)
            if how_special > best:
                best, value = how_special, exception.limits[limit]
    return value


def is_within(policy, payoffs, i, a, k, names):
    """Tell whether the k-th tier may give resolution a for case i, as far as limits go."""
    cases = payoffs.cases
    failure, segment = cases.failures[cases.failure[i]], cases.segments[cases.segment[i]]
    within = True
    for d, limit in enumerate(names):
        cents = payoffs.choice_sets.uses[i, a, d]
        # below 0: the resolution does not draw on this limit
        if k < len(policy.tiers) - 1 and cents >= 0:
            in_force = limit_in_force(policy, policy.tiers[k].name, limit, failure, segment)
            within = within and cents <= 100 * in_force + 1e-6
    return within


def by_the_book(policy, payoffs, i, k, names):
    """Return the resolution that the playbook says for case i if the k-th tier may give it, else None."""
    cases = payoffs.cases
    failure, ask = cases.failures[cases.failure[i]], list(ASKS)[cases.ask[i]]
    for rule in policy.playbook.rules if policy.playbook else ():
        holds = rule.failure == failure and (not rule.asks or ask in rule.asks)
        for fact, stretch in rule.when.items():
            value = cases.columns[fact][i]
            holds = holds and (stretch.at_least is None or value >= stretch.at_least)
            holds = holds and (stretch.below is None or value < stretch.below)
        if holds:
            a = [sorted(bundle) for bundle in resolutions(payoffs.scenario, failure)].index(sorted(rule.give))
            can = payoffs.choice_sets.adequate[i, a] and is_within(policy, payoffs, i, a, k, names)
            return a if can else None
    return None


def handle(policy, payoffs, i, names):
    """Return who handles case i (position in the policy) and which resolution each style chooses."""
    scenario, cases, options = payoffs.scenario, payoffs.cases, payoffs.choice_sets
    failure = cases.failures[cases.failure[i]]
    tiers = [tier.name for tier in policy.tiers]
    last = len(tiers) - 1
    start = 0
    for guard in policy.guards:
        if getattr(cases, guard.fact)[i] >= guard.at_least:
            start = max(start, tiers.index(guard.to))
    everything = range(len(resolutions(scenario, failure)))
    for k in range(start, last + 1):
        allowed = [a for a in everything if options.adequate[i, a] and is_within(policy, payoffs, i, a, k, names)]
        if allowed:
            # max and min take the first of equals
            guided = max(allowed, key=lambda a: payoffs.agent_view.payoff[scenario.tiers.index(tiers[k]), i, a])
            first = payoffs.agent_view.payoff[0, i]
            generous = max(allowed, key=lambda a: (payoffs.agent_view.worth[i, a], first[a]))
            thrifty = max(allowed, key=lambda a: (-payoffs.agent_view.cost[i, a], first[a]))
            return k, (guided, generous, thrifty)
    most = max(everything, key=lambda a: payoffs.agent_view.worth[i, a])
    return last, (most, most, most)


def evaluate_plainly(policy, payoffs, names, known=None):
    """Return {outcome: (draws,) mean per case} of a policy; `known` remembers measures between calls.

    What agents see of a case (uses, adequacy, worth, cost, believed payoff) is taken from `payoffs.choice_sets`, which
    test_payoffs holds against this module; everything that is added up is worked out here.
    """
    scenario, cases = payoffs.scenario, payoffs.cases
    known = {} if known is None else known
    draw = all_draws(payoffs)
    at_least = {"suspicion": np.inf, "prior_claims": np.inf}
    for guard in policy.guards:
        if guard.fact in at_least:
            at_least[guard.fact] = min(at_least[guard.fact], guard.at_least)
    caught = caught_share(
        suspicion_at_least=at_least["suspicion"],
        claims_at_least=at_least["prior_claims"],
        visible_share=draw["claiming.visible_share"],
        repeat_share=draw["claiming.repeat_share"],
    )
    handled = [handle(policy, payoffs, i, names) for i in range(len(cases))]

    def add_up(queue, known):
        totals = {name: np.zeros(len(payoffs.draws)) for name in MEASURES}
        for i, (k, choice) in enumerate(handled):
            tier = policy.tiers[k].name
            shares = {style: draw[f"{tier}.{style}_share"] for style in STYLES[1:]}
            shares["guided"] = 1 - shares["generous"] - shares["thrifty"]
            suspected = any(getattr(cases, fact)[i] >= level for fact, level in at_least.items())
            said, following = by_the_book(policy, payoffs, i, k, names), 0.0
            if policy.playbook:
                following = draw["playbook.followed_share"]
                looked_up = following * draw["playbook.lookup_minutes"] * cases.columns["surfaces"][i]
                totals["minutes"] += looked_up
                totals["labour"] += looked_up * draw[f"{scenario.tiers[0]}.cost_per_minute"]
                totals["labour"] += draw["playbook.training_cost"] / draw["shop.cases_per_year"]
            for style, a in zip(STYLES, choice, strict=True):
                for chosen, share in ((a, 1 - following), (a if said is None else said, following)):
                    key = (i, chosen, tier, suspected)
                    if key not in known:
                        bundle = resolutions(scenario, cases.failures[cases.failure[i]])[chosen]
                        known[key] = measures(scenario, cases, i, bundle, tier, draw, suspected, queue)
                    for name in MEASURES:
                        totals[name] += share * shares[style] * known[key][name]
        return totals

    totals = add_up((0.0, 0.0), known)
    handling = draw[f"{scenario.tiers[1]}.minutes"]
    asked = totals["supervisor_minutes"] / len(cases) / handling * draw["shop.cases_per_year"]
    line = waiting(
        draw["queue.staff"], asked / draw["queue.hours_per_year"], handling / 60, draw["queue.patience_hours"]
    )
    if (line.mean_wait_hours > 0).any():
        totals = add_up((line.mean_wait_hours, line.abandoned_share), {})
    totals["learned_claiming"] = totals["learned_claiming"] * (1 - caught * draw["claiming.refused_share"])
    means = {name: total / len(cases) for name, total in totals.items()}
    spent = means["remedy_cost"] + means["labour"] + means["learned_claiming"]
    return means | {"net_value": means["retained"] - spent}
