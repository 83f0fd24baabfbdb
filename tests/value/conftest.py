"""What the tests of `value` share: the oracle, random cases and policies, ten small settings that differ widely.

In: the shipped scenario and its data. Out: fixtures. Not here: what is expected of them.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from policy_sim.assumptions import draw_assumptions, load_scenario
from policy_sim.policy import ASK, NO_LIMIT, Guard, Lever, LimitException, Playbook, Policy, Tier
from policy_sim.service import read_cases
from policy_sim.study import Sample, prepare
from policy_sim.value import value_cases
from policy_sim.words import ASKS, LIMITS, RULE_FACTS

COSTS = ("unit_cost", "salvage_value", "return_shipping", "outbound_shipping", "restocking")


@pytest.fixture(scope="session")
def oracle():
    # by path: tests are no package
    spec = importlib.util.spec_from_file_location("oracle", Path(__file__).with_name("oracle.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def scenario():
    """The shipped scenario with more supervisors than anybody has to wait for: what that does has tests of its own."""
    return load_scenario("online_retail").with_values({"queue.staff": 1000})


@pytest.fixture(scope="session")
def with_styles():
    return set_styles


def set_styles(scenario, generous, thrifty):
    """Hold every tier at exactly this mix in every draw, anything from 0 to 1."""
    shares = {"generous_share": generous, "thrifty_share": thrifty}
    held = {name: {"value": value, "range": (0.0, 1.0), "distribution": "chosen"} for name, value in shares.items()}
    tiers = {
        tier: {name: kept.model_copy(update=held.get(name, {})) for name, kept in scenario.assumptions[tier].items()}
        for tier in scenario.tiers
    }
    return scenario.model_copy(update={"assumptions": {**scenario.assumptions, **tiers}})


@pytest.fixture(scope="session")
def random_cases():
    return make_cases


def make_cases(scenario, rng, count, round_share=0.5, given=COSTS):
    """Draw cases with half of the prices round, so that breakpoints of several cases fall together; costs as data."""
    round_prices = rng.choice([5.0, 10.0, 12.5, 20.0, 25.0, 50.0, 99.99, 100.0], count)
    prices = np.where(rng.random(count) < round_share, round_prices, np.round(rng.lognormal(3.5, 0.9, count), 2))
    columns = {
        "failure": rng.choice(list(scenario.failures), count),
        "item_price": prices,
        "future_value": np.round(rng.lognormal(3.5, 1.2, count), 2),
        "severity": rng.random(count),
        "hours_open": rng.lognormal(3, 1, count),
        "days_since_purchase": rng.lognormal(2, 1, count),
        "prior_purchases": rng.integers(0, 12, count),
        "prior_failures": rng.integers(0, 6, count),
        "prior_claims": rng.integers(0, 6, count),
        "suspicion": np.round(rng.random(count) ** 3, 2),
        "days_since_failure": rng.lognormal(4, 1, count),
        "surfaces": rng.choice([1.0, 1.0, 0.4, 0.05], count),
        "unit_cost": np.round(prices * rng.uniform(0.3, 0.7, count), 2),
        "salvage_value": np.round(prices * rng.uniform(0, 0.6, count), 2),
        "return_shipping": np.round(rng.uniform(0, 12, count), 2),
        "outbound_shipping": rng.choice([0.0, 5.0, 6.0, 7.35], count),
        "restocking": rng.choice([0.0, 2.0, 4.0], count),
        "live": rng.choice([1.0, 0.0, 0.5], count),
        "ask": rng.choice(list(ASKS), count),
        "firmness": rng.choice([1.0, 0.9, 0.5, 0.0], count),
        "in_stock": rng.choice([1.0, 1.0, 0.0], count),
        "part_available": rng.choice([1.0, 0.0], count),
    }
    return read_cases(
        pd.DataFrame({name: column for name, column in columns.items() if name in given or name not in COSTS}), scenario
    )


@pytest.fixture(scope="session")
def random_limit():
    return make_limit


def make_limit(rng, breakpoints):
    """Draw a limit in money: ask, any amount, 0, on a breakpoint, a cent beside one, or anywhere."""
    kind = rng.integers(0, 8)
    near = rng.choice(breakpoints) / 100
    beside = (0.01, -0.01, 0.004, -0.004)[rng.integers(0, 4)]
    limit = [ASK, NO_LIMIT, 0.0, near, near, max(near + beside, 0.0), rng.uniform(0, 150), rng.uniform(0, 30)][kind]
    # whole cents, as limits are: the cent below permits the same
    return float(limit) if np.isinf(limit) else float(np.floor(100 * limit + 1e-6) / 100)


@pytest.fixture(scope="session")
def random_policy():
    return make_policy


def make_policy(rng, payoffs):
    """Draw a policy with exceptions and guards; limits may well fall from a tier to the next, which is only unwise."""
    scenario = payoffs.scenario
    names = [("agent", "lead", "manager"), ("agent", "lead", "manager"), ("agent", "manager"), ("lead", "manager")]
    tiers = names[rng.integers(0, len(names))]
    breakpoints = [
        points[points >= 0] for points in (np.unique(payoffs.choice_sets.uses[..., d]) for d in range(len(LIMITS)))
    ]
    # nothing may draw on a limit in some trades
    breakpoints = [points if len(points) else np.array([1000]) for points in breakpoints]

    def limits(chosen):
        return {LIMITS[d]: make_limit(rng, breakpoints[d]) for d in chosen}

    def loosened(chosen):
        # total_cost is drawn on by everything: mostly open, or nothing else would ever matter
        return limits(chosen) | (
            {"total_cost": NO_LIMIT} if LIMITS.index("total_cost") in chosen and rng.random() < 0.7 else {}
        )

    exceptions = {}
    for _ in range(rng.integers(0, 6)):
        failure = rng.choice([None, *scenario.failures])
        segment = rng.choice([None, *payoffs.cases.segments])
        if failure is None and segment is None:
            continue
        place = (tiers[rng.integers(0, len(tiers) - 1)], failure, segment)
        exceptions[place] = loosened(rng.choice(len(LIMITS), rng.integers(1, 4), replace=False))
    guards = [
        Guard(fact=fact, at_least=float(level), to=tiers[rng.integers(1, len(tiers))])
        for fact, level in [
            ("suspicion", rng.choice([0.2, 0.5, 0.9])),
            ("prior_claims", rng.choice([3, 4, 5])),
            ("item_price", rng.choice([25.0, 99.99, 100.0])),
            ("severity", 0.9),
            ("prior_failures", 5),
            ("days_since_purchase", 30.0),
        ]
        if rng.random() < 0.2
    ]
    return Policy(
        name="random",
        title="Random",
        currency=scenario.currency,
        tiers=tuple(
            Tier(name=name, limits=loosened(range(len(LIMITS))) if name != tiers[-1] else {}) for name in tiers
        ),
        exceptions=tuple(
            LimitException(tier=tier, failure=failure, segment=segment, limits=chosen)
            for (tier, failure, segment), chosen in exceptions.items()
        ),
        guards=tuple(guards),
        playbook=make_playbook(rng, payoffs) if rng.random() < 0.4 else None,
    )


def make_playbook(rng, payoffs):
    """Draw a playbook of rules that overlap, leave gaps, and say much that cannot be given."""
    scenario, columns = payoffs.scenario, payoffs.cases.columns
    rules = []
    for _ in range(rng.integers(1, 12)):
        failure = str(rng.choice(list(scenario.failures)))
        when = {}
        for fact in rng.choice(list(RULE_FACTS), rng.integers(0, 3), replace=False):
            low, high = sorted(float(value) for value in rng.choice(columns[str(fact)], 2))
            ends = [{"at_least": low}, {"below": high + 0.5}, {"at_least": low, "below": high + 0.5}]
            when[str(fact)] = ends[rng.integers(0, 3)]
        asks = [str(ask) for ask in rng.choice(list(ASKS), rng.integers(1, 4), replace=False)]
        bundles = scenario.resolutions(failure)
        give = bundles[rng.integers(0, len(bundles))]
        rules.append({"failure": failure, "when": when, "asks": asks if rng.random() < 0.3 else (), "give": give})
    return Playbook.model_validate({"rules": rules})


@pytest.fixture(scope="session")
def random_lever():
    return make_lever


def make_lever(rng, policy, payoffs):
    """Draw a lever of any tier but the last: for all cases, for a failure, for a segment, for both."""
    tier = policy.tier_names[rng.integers(0, len(policy.tiers) - 1)]
    failure = rng.choice([None, *payoffs.scenario.failures]) if rng.random() < 0.4 else None
    segment = rng.choice([None, *payoffs.cases.segments]) if rng.random() < 0.4 else None
    return Lever(tier, LIMITS[rng.integers(0, len(LIMITS))], failure, segment)


#: Scenario, number of cases, number of draws, what is given of the cases; the draws straddle the kernels' lanes.
_VARIANTS = {
    "shipped": (lambda s: s, 300, 3),
    "guided": (lambda s: set_styles(s, 0, 0), 150, 4),
    "generous and thrifty": (lambda s: set_styles(s, 0.5, 0.5), 150, 1),
    "mostly generous": (lambda s: s.with_values({"agent.generous_share": 0.7, "agent.thrifty_share": 0.2}), 200, 41),
    "entitlements that cannot be met": (
        lambda s: s.with_values({f"poor_service.{name}": 1.0 for name in ("entitlement", "loss_share")}),
        200,
        3,
    ),
    "no entitlements": (lambda s: s.with_values({f"{f}.entitlement": 0.0 for f in s.failures}), 200, 3),
    "dear escalations, quick learners": (
        lambda s: s.with_values(
            {"lead.lost_contact_share": 0.3, "manager.wait_hours": 200, "claiming.spread": 3, "claiming.temptation": 5}
        ),
        200,
        40,
    ),
}


@pytest.fixture(scope="session", params=list(_VARIANTS))
def payoffs(request, scenario):
    """Valued cases of one setting after the other."""
    return _value(request.param, scenario)


@pytest.fixture(scope="session")
def shipped_payoffs(scenario):
    """Valued cases of the shipped scenario, drawn from the CDNOW log."""
    return _value("shipped", scenario)


@pytest.fixture(scope="session")
def unmet_payoffs(scenario):
    """Valued cases of which some have no adequate resolution."""
    return _value("entitlements that cannot be met", scenario)


_made = {}


def _value(name, scenario):
    if name not in _made:
        change, count, draws = _VARIANTS[name]
        changed = change(scenario)
        if name == "shipped":
            _made[name] = prepare(changed, sample=Sample(cases=count, draws=draws)).payoffs
        else:
            rng = np.random.default_rng([7, list(_VARIANTS).index(name)])
            given = COSTS[: rng.integers(0, len(COSTS) + 1)]
            cases = make_cases(changed, rng, count, round_share=rng.uniform(0.2, 0.9), given=given)
            _made[name] = value_cases(changed, cases, draw_assumptions(changed, draws, seed=3))
    return _made[name]
