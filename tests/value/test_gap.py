"""The gap to the best of every case: its parts add up, and each is what plain loops over the cases come to."""

from __future__ import annotations

import numpy as np
import pytest

from policy_sim import evaluate, load_policy
from policy_sim.policy import Playbook
from policy_sim.service import caught_share
from policy_sim.value import everybody_follows, find_gap, with_playbook
from policy_sim.words import GAP_PARTS, LIMITS, NEEDS

STYLES = ("guided", "generous", "thrifty")


@pytest.fixture(scope="module")
def policy(scenario):
    return load_policy("current", scenario)


@pytest.fixture(scope="module")
def few(shipped_payoffs):
    return shipped_payoffs.take(np.arange(0, 300, 10))


@pytest.fixture(scope="module")
def gap(policy, few):
    return find_gap(policy, few)


def test_parts_are_what_plain_loops_come_to(oracle, policy, few, gap):
    cases, scenario, draw = few.cases, few.scenario, oracle.all_draws(few)
    at_least = {guard.fact: guard.at_least for guard in policy.guards if guard.fact in ("suspicion", "prior_claims")}
    caught = caught_share(
        suspicion_at_least=at_least.get("suspicion", np.inf),
        claims_at_least=at_least.get("prior_claims", np.inf),
        visible_share=draw["claiming.visible_share"],
        repeat_share=draw["claiming.repeat_share"],
    )
    through = 1 - caught * draw["claiming.refused_share"]
    first, levels = scenario.tiers[0], {name: [] for name in ("in_force", *GAP_PARTS)}

    def net(i, a, tier, suspected=False, claimed=1.0):
        bundle = oracle.resolutions(scenario, cases.failures[cases.failure[i]])[a]
        each = oracle.measures(scenario, cases, i, bundle, tier, draw, suspected)
        spent = each["remedy_cost"] + each["labour"] + claimed * each["learned_claiming"]
        return each["retained"] - spent + np.zeros(len(few.draws))

    def mixed(tier, choice, worth):
        generous, thrifty = draw[f"{tier}.generous_share"], draw[f"{tier}.thrifty_share"]
        return sum(
            share * worth(a) for share, a in zip((1 - generous - thrifty, generous, thrifty), choice, strict=True)
        )

    for i in range(len(cases)):
        k, choice = oracle.handle(policy, few, i, LIMITS)
        free = policy.model_copy(update={"guards": ()})
        k_free = oracle.handle(free, few, i, LIMITS)[0]
        suspected = any(getattr(cases, fact)[i] >= level for fact, level in at_least.items())
        is_guarded = any(getattr(cases, guard.fact)[i] >= guard.at_least for guard in policy.guards)
        tier = policy.tiers[k].name
        levels["in_force"].append(mixed(tier, choice, lambda a: net(i, a, tier, suspected, through)))  # noqa: B023
        # whoever a guard has passed on is settled by the first tier instead
        settled = first if is_guarded else tier
        assert is_guarded or k_free == k
        levels["guards"].append(mixed(settled, choice, lambda a: net(i, a, settled)))  # noqa: B023
        levels["handing_over"].append(mixed(first, choice, lambda a: net(i, a, first)))  # noqa: B023
        everything = range(int(few.menu.counts[cases.failure[i]]))
        needed = few.menu.needs[cases.failure[i]]
        lacking = [d for d, name in enumerate(NEEDS) if cases.columns[name][i] < 0.5]
        late = few.menu.proactive[cases.failure[i]] & (cases.surfaces[i] >= 1)
        possible = [a for a in everything if not late[a] and not any(needed[a, d] for d in lacking)]
        worth = {a: net(i, a, first) for a in possible}
        adequate = [a for a in possible if few.adequate[i, a]]
        assert adequate
        own = [a for a in adequate if oracle.is_within(policy, few, i, a, k, LIMITS)]
        for name, allowed in (("taste", own), ("limits", adequate), ("entitlements", possible)):
            levels[name].append(worth[max(allowed, key=lambda a: worth[a].mean())])
        levels["luck"].append(np.max(list(worth.values()), axis=0))
    means = {name: np.mean(rows, axis=0) for name, rows in levels.items()}
    before = means["in_force"]
    for name in GAP_PARTS:
        np.testing.assert_allclose(gap.step(name).per_case(), means[name] - before, rtol=1e-7, atol=1e-7)
        before = means[name]


def test_parts_add_up_and_the_best_of_every_case_is_the_same_for_all(policy, shipped_payoffs, random_policy):
    rng, payoffs = np.random.default_rng(3), shipped_payoffs
    tops = []
    for compared in (policy, *(random_policy(rng, payoffs) for _ in range(4))):
        gap = find_gap(compared, payoffs)
        outcome = evaluate(compared, payoffs)
        costs = 0.0
        if compared.playbook:  # whose costs the best of every case has, too
            names = ("followed_share", "lookup_minutes", "training_cost")
            share, minutes, training = (payoffs.draws[f"playbook.{name}"] for name in names)
            costs = share * minutes * payoffs.cases.surfaces.mean() * payoffs.draws["agent.cost_per_minute"]
            costs = costs + training / payoffs.draws["shop.cases_per_year"]
        if compared.tier_names[0] == policy.tier_names[0]:
            tops.append(outcome.per_case() + gap.total_per_case() + costs)
        means = {step.name: step.per_case().mean() for step in gap.steps}
        assert list(means) == list(GAP_PARTS)
        # each of these only adds to what may be given, or to what is known
        assert min(means[name] for name in ("limits", "entitlements", "luck")) >= -1e-9
        assert means["taste"] >= -1e-9
    np.testing.assert_allclose(tops, np.broadcast_to(tops[0], np.shape(tops)), rtol=1e-9)
    assert len(tops) > 1


def test_what_can_be_gained_leaves_out_what_nobody_can_reach(gap):
    parts = gap.to_dict()
    reachable = sum(parts[name]["per_case"] for name in ("guards", "handing_over", "taste", "limits"))
    assert gap.attainable() == pytest.approx(reachable)
    assert gap.attainable() < gap.total_per_case().mean()
    assert parts["cases"] == 30
    low, high = gap.step("taste").interval_per_year()
    assert low <= parts["taste"]["per_year"] <= high


def test_a_playbook_that_gives_the_best_leaves_nothing_to_taste(policy, few):
    """One case: a rule that gives its best within the limits, and everybody follows."""
    one = everybody_follows(few.take(np.array([4])))
    taste = find_gap(policy, one).step("taste").per_case().mean()
    failure = one.cases.failures[one.cases.failure[0]]
    left = [
        find_gap(with_playbook(policy, Playbook.model_validate({"rules": [{"failure": failure, "give": give}]})), one)
        .step("taste").per_case().mean()
        for give in one.scenario.resolutions(failure)
    ]  # fmt: skip
    assert taste > 0.01
    assert min(left) == pytest.approx(0, abs=1e-9)
