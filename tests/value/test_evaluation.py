from dataclasses import replace

import numpy as np
import pytest

from policy_sim.assumptions import central, draw_assumptions, load_scenario
from policy_sim.border import InputError, shipped
from policy_sim.policy import NO_LIMIT, Guard, Lever, authority, load_policy
from policy_sim.service import caught_share
from policy_sim.value import STYLES, compare, decide, evaluate, interval, rules_of, value_cases
from policy_sim.value.handling import Handling
from policy_sim.value.scoring import score
from policy_sim.words import LIMITS, MEASURES, OUTCOMES


@pytest.fixture(scope="module")
def current(scenario):
    return load_policy("current", scenario)


@pytest.fixture(scope="module")
def outcome(current, shipped_payoffs):
    return evaluate(current, shipped_payoffs)


def test_agrees_with_the_oracle(oracle, payoffs, random_policy):
    rng = np.random.default_rng(11)
    known = {}
    for _ in range(6):
        policy = random_policy(rng, payoffs)
        found = evaluate(policy, payoffs)
        expected = oracle.evaluate_plainly(policy, payoffs, LIMITS, known)
        assert set(expected) == set(OUTCOMES)
        for name in OUTCOMES:
            # a cent a case is the smallest amount that means anything: 1e-9 of it where the mean is near 0
            np.testing.assert_allclose(found.per_case(name), expected[name], rtol=1e-9, atol=1e-11, err_msg=name)


@pytest.mark.parametrize("name", ["current", "generous", "ask_first"])
def test_shipped_policies_agree_with_the_oracle(oracle, scenario, shipped_payoffs, name):
    policy = load_policy(name, scenario)
    expected = oracle.evaluate_plainly(policy, shipped_payoffs, LIMITS)
    for outcome in OUTCOMES:
        np.testing.assert_allclose(evaluate(policy, shipped_payoffs).per_case(outcome), expected[outcome], rtol=1e-9)


@pytest.mark.parametrize("name", sorted(path.stem for path in shipped("data/scenarios").glob("*.yaml")))
def test_every_shipped_scenario_agrees_with_the_oracle(oracle, random_cases, random_policy, name):
    scenario = load_scenario(name)
    rng = np.random.default_rng(18)
    cases = random_cases(scenario, rng, 80, given=())
    payoffs = value_cases(scenario, cases, draw_assumptions(scenario, 3, seed=4))
    middle, known = oracle.middle(scenario), {}
    for i in range(0, len(cases), 8):
        bundles = oracle.resolutions(scenario, cases.failures[cases.failure[i]])
        assert payoffs.choice_sets.counts[i] == len(bundles)
        for a, bundle in enumerate(bundles):
            for k, tier in enumerate(scenario.tiers):
                expected = float(oracle.payoff(scenario, cases, i, bundle, tier, middle))
                assert payoffs.agent_view.payoff[k, i, a] == pytest.approx(expected, rel=1e-11, abs=1e-10)
    for policy in (load_policy("current", scenario), *(random_policy(rng, payoffs) for _ in range(3))):
        found, expected = evaluate(policy, payoffs), oracle.evaluate_plainly(policy, payoffs, LIMITS, known)
        for outcome in OUTCOMES:
            np.testing.assert_allclose(
                found.per_case(outcome), expected[outcome], rtol=1e-9, atol=1e-11, err_msg=outcome
            )


def test_who_handles_a_case_agrees_with_the_oracle(oracle, payoffs, random_policy):
    rng = np.random.default_rng(12)
    for _ in range(3):
        policy = random_policy(rng, payoffs)
        handling = Handling.of(policy, payoffs)
        for i in range(0, len(payoffs.cases), 3):
            tier, choice = oracle.handle(policy, payoffs, i, LIMITS)
            assert handling.tier[i] == tier
            said = oracle.by_the_book(policy, payoffs, i, tier, LIMITS)
            following = tuple(a if said is None else said for a in choice) if policy.playbook else ()
            assert tuple(handling.choice[i]) == choice + following


def test_sums_by_failure_and_segment(outcome, shipped_payoffs):
    cases = shipped_payoffs.cases
    assert outcome.sums.shape == (6, 3, len(MEASURES), 3)
    assert outcome.counts.sum() == len(cases)
    assert outcome.counts[2, 1] == ((cases.failure == 2) & (cases.segment == 1)).sum()
    escalated = outcome.sums[:, :, MEASURES.index("escalated")]
    assert (escalated >= 0).all()
    assert (escalated <= outcome.counts[..., None] * (1 + 1e-12)).all()
    draws = shipped_payoffs.draws
    ratios = shipped_payoffs.draw_arrays.value_ratios[:, : len(draws)]
    some = value_cases(shipped_payoffs.scenario, cases.take(cases.failure == 2), draws, ratios)
    alone = evaluate(outcome.policy, some)
    np.testing.assert_allclose(alone.sums[2], outcome.sums[2], rtol=1e-12, atol=1e-9)
    assert alone.counts[3].sum() == 0


def test_outcomes_hang_together(outcome, scenario):
    money = outcome.per_case("retained")
    for spent in ("remedy_cost", "labour", "learned_claiming"):
        money = money - outcome.per_case(spent)
    np.testing.assert_allclose(outcome.per_case(), money)
    np.testing.assert_allclose(outcome.per_year(), 20_000 * outcome.per_case())
    assert ((outcome.per_case("customers_kept") > 0) & (outcome.per_case("customers_kept") < 1)).all()
    assert ((outcome.per_case("escalated") > 0) & (outcome.per_case("escalated") < 1)).all()
    # whoever is passed on takes minutes of supervisors, and these are part of all minutes
    assert (outcome.per_case("supervisor_minutes") > 0).all()
    assert (outcome.per_case("supervisor_minutes") < outcome.per_case("minutes")).all()
    with pytest.raises(InputError, match=r"unknown outcome 'net_valu' \(did you mean 'net_value'\?\)"):
        outcome.per_case("net_valu")
    table = outcome.to_frame().set_index("outcome")
    assert list(table.index) == list(OUTCOMES)
    assert table.loc["net_value", "per_case"] == pytest.approx(outcome.per_case().mean())
    assert (table["per_case_low"] <= table["per_case_high"]).all()
    assert set(table["currency"]) == {"USD"}


def test_evaluation_is_pure(current, shipped_payoffs, outcome):
    np.testing.assert_array_equal(evaluate(current, shipped_payoffs).sums, outcome.sums)


def test_progress_is_told(current, shipped_payoffs):
    told = []
    evaluate(current, shipped_payoffs, on_progress=lambda *step: told.append(step))
    assert told == [("Evaluating", 1, 1)]


def reached(policy, payoffs):
    """Return (draws,) the share of customers whom a policy reaches: those who ask, and all where it gives unasked."""
    handling = Handling.of(policy, payoffs)
    unasked = payoffs.menu.proactive[payoffs.cases.failure[:, None], handling.choice]
    share = np.where(unasked, 1.0, payoffs.cases.surfaces[:, None])
    style = payoffs.style[handling.arrays.tiers[handling.tier], :, : len(payoffs.draws)]
    return np.einsum("ns,nsm->m", share, style) / len(share)


def test_ask_first_escalates_everything_and_no_limit_nothing(scenario, shipped_payoffs):
    policy = load_policy("ask_first", scenario)
    found = evaluate(policy, shipped_payoffs).per_case("escalated")
    np.testing.assert_allclose(found, reached(policy, shipped_payoffs), rtol=1e-12)
    for limit in LIMITS:
        policy = policy.with_limit(Lever("agent", limit), NO_LIMIT)
    assert (evaluate(policy, shipped_payoffs).per_case("escalated") == 0).all()


def test_an_entitlement_that_cannot_be_met_gets_the_most_there_is_from_the_last_tier(unmet_payoffs, random_policy):
    options, cases = unmet_payoffs.choice_sets, unmet_payoffs.cases
    unmet = ~options.adequate.any(axis=1)
    assert 5 < unmet.sum() < len(cases)
    rng = np.random.default_rng(13)
    for _ in range(5):
        policy = random_policy(rng, unmet_payoffs)
        handling = Handling.of(policy, unmet_payoffs)
        assert (handling.tier[unmet] == len(policy.tiers) - 1).all()
        for i in np.flatnonzero(unmet):
            best = int(np.argmax(unmet_payoffs.agent_view.worth[i, : options.counts[i]]))
            assert set(handling.choice[i]) == {best}


def test_an_unmet_entitlement_is_named(scenario, unmet_payoffs):
    table = decide(load_policy("current", scenario), unmet_payoffs)
    unmet = ~unmet_payoffs.choice_sets.adequate.any(axis=1)
    assert set(table["tier"][unmet]) == {"manager"}
    assert set(table["recommended"][unmet]) == {"partial_refund_50 + managers_call + gift_card_25"}


def test_compare_refuses_different_payoffs(scenario, current, outcome, shipped_payoffs):
    again = value_cases(scenario, shipped_payoffs.cases, shipped_payoffs.draws)
    with pytest.raises(InputError, match="policies 'current' and 'current' were evaluated on different payoffs"):
        compare(evaluate(current, again), outcome)


def test_differences_are_paired(scenario, outcome, shipped_payoffs):
    other = evaluate(load_policy("generous", scenario), shipped_payoffs)
    difference = compare(other, outcome)
    for name in OUTCOMES:
        np.testing.assert_array_equal(difference.per_case(name), other.per_case(name) - outcome.per_case(name))
        np.testing.assert_allclose(
            difference.per_year(name), other.per_year(name) - outcome.per_year(name), rtol=1e-9, atol=1e-6
        )
    table = difference.to_frame().set_index("outcome")
    assert table.loc["net_value", "per_case"] == pytest.approx(difference.per_case().mean())
    low, high = difference.interval("remedy_cost")
    assert table.loc["remedy_cost", "told_apart"] == (low > 0 or high < 0)
    same = compare(outcome, outcome)
    assert not same.told_apart()
    assert (same.per_case() == 0).all()


def test_interval():
    values = np.arange(101.0)
    assert interval(values) == pytest.approx((5, 95))
    assert interval(np.array([3.0])) == (3.0, 3.0)


def with_guards(policy, *guards):
    return policy.model_copy(update={"guards": tuple(Guard(fact=f, at_least=x, to=to) for f, x, to in guards)})


def by_measure(payoffs, handling):
    """Return {measure: (draws,) total} of what a policy does, which may be made to suspect others, or to catch less."""
    assignments = handling.assignments(np.zeros(len(payoffs.cases), dtype=np.int64))
    sums = score(payoffs, handling.arrays, assignments, 1, payoffs.draw_arrays)[0]
    return dict(zip(MEASURES, sums, strict=True))


@pytest.mark.parametrize(
    ("guards", "suspicion", "claims"),
    [
        ((("suspicion", 0.5, "lead"),), 0.5, np.inf),
        ((("prior_claims", 3, "manager"),), np.inf, 3),
        ((("suspicion", 0.6, "lead"), ("prior_claims", 4, "manager")), 0.6, 4),
        # the strictest of several counts, wherever it leads
        ((("suspicion", 0.9, "manager"), ("suspicion", 0.2, "lead")), 0.2, np.inf),
        # whoever guards against something else catches nobody
        ((("item_price", 25.0, "lead"), ("severity", 0.9, "manager"), ("prior_failures", 2, "lead")), np.inf, np.inf),
        ((), np.inf, np.inf),
    ],
)
def test_guards_let_fewer_learned_claims_through_and_keep_fewer_honest_customers(
    current, payoffs, guards, suspicion, claims
):
    policy = with_guards(current, *guards)
    handling = Handling.of(policy, payoffs)
    cases, draws = payoffs.cases, payoffs.draws
    suspects = (cases.suspicion >= suspicion) | (cases.prior_claims >= claims)
    np.testing.assert_array_equal(handling.arrays.suspected, suspects)
    assert suspects.any() == bool(min(suspicion, claims) < np.inf)
    caught = caught_share(
        suspicion_at_least=suspicion,
        claims_at_least=claims,
        visible_share=draws["claiming.visible_share"],
        repeat_share=draws["claiming.repeat_share"],
    )
    through = 1 - caught * draws["claiming.refused_share"]
    np.testing.assert_array_equal(handling.arrays.claimed[: len(draws)], through)
    found = by_measure(payoffs, handling)
    arrays = handling.arrays
    arrays = arrays._replace(suspected=np.zeros_like(suspects), claimed=np.ones_like(arrays.claimed))
    trusting = replace(handling, arrays=arrays)
    plain = by_measure(payoffs, trusting)
    np.testing.assert_allclose(found["learned_claiming"], through * plain["learned_claiming"], rtol=1e-12)
    if suspects.any():
        assert (found["learned_claiming"] < plain["learned_claiming"]).all()
        assert (found["customers_kept"] < plain["customers_kept"]).all()
        assert (found["retained"] < plain["retained"]).all()
    # on nothing else does it depend what is thought of a customer; where nobody is suspected, on nothing at all
    others = set(MEASURES) - {"learned_claiming", "customers_kept", "retained"} if suspects.any() else set(MEASURES)
    for name in others:
        np.testing.assert_array_equal(found[name], plain[name])


@pytest.fixture(scope="module")
def like_agents(scenario, random_cases):
    """Payoffs under the central assumptions where a lead takes no more than an agent, and nobody waits for one."""
    same = {"minutes": 0, "wait_hours": 0, "live_wait_hours": 0, "lost_contact_share": 0, "cost_per_minute": 0.6}
    same |= {name: scenario.value(f"agent.{name}") for name in ("generous_share", "thrifty_share")}
    alike = scenario.with_values({f"lead.{name}": value for name, value in same.items()})
    return value_cases(alike, random_cases(alike, np.random.default_rng(15), 400), central(alike))


@pytest.fixture(scope="module")
def open_to_all(current):
    """A policy in which agents and leads may give anything."""
    limits = dict.fromkeys(LIMITS, NO_LIMIT)
    tiers = (*(tier.model_copy(update={"limits": limits}) for tier in current.tiers[:-1]), current.tiers[-1])
    return current.model_copy(update={"tiers": tiers})


@pytest.mark.parametrize("fact", ["suspicion", "prior_claims"])
def test_both_sides_of_a_guard_are_counted(open_to_all, like_agents, fact):
    # all may give anything, and a lead is like an agent: only what the guard itself does is left
    policy = with_guards(open_to_all)
    without = evaluate(policy, like_agents)
    saved, left = [], []
    for level in (0.95, 0.6, 0.3) if fact == "suspicion" else (5, 3, 1):
        guarded = evaluate(with_guards(policy, (fact, level, "lead")), like_agents)
        change = compare(guarded, without)
        for name in ("remedy_cost", "labour", "minutes"):
            np.testing.assert_allclose(change.per_case(name), 0, atol=1e-12)
        assert guarded.per_case("escalated")[0] > 0
        saved.append(-float(change.per_case("learned_claiming")[0]))
        left.append(-float(change.per_case("retained")[0]))
        assert change.per_case("customers_kept")[0] < 0
        assert change.per_case()[0] == pytest.approx(saved[-1] - left[-1], rel=1e-9)
    # a stricter guard has more of both
    assert 0 < saved[0] < saved[1] < saved[2] < without.per_case("learned_claiming")[0]
    assert 0 < left[0] < left[1] < left[2]


def test_where_suspicion_does_not_hurt_and_nobody_is_refused_a_guard_changes_nothing(open_to_all, like_agents):
    kind = like_agents.scenario.with_values({"response.suspected_weight": 0.0, "claiming.refused_share": 0.0})
    payoffs = value_cases(kind, like_agents.cases, central(kind))
    guarded = with_guards(open_to_all, ("suspicion", 0.6, "lead"), ("prior_claims", 4, "lead"))
    change = compare(evaluate(guarded, payoffs), evaluate(with_guards(open_to_all), payoffs))
    for name in set(OUTCOMES) - {"escalated", "supervisor_minutes"}:
        np.testing.assert_allclose(change.per_case(name), 0, atol=1e-12, err_msg=name)
    assert change.per_case("escalated")[0] > 0


def test_whoever_has_not_asked_is_not_hurt_by_suspicion(current, like_agents):
    # a suspected customer who stays silent is lost as often as any other that does
    cases = like_agents.cases.with_columns({"surfaces": np.zeros(len(like_agents.cases))})
    payoffs = value_cases(like_agents.scenario, cases, central(like_agents.scenario))
    handling = Handling.of(with_guards(current, ("suspicion", 0.3, "lead")), payoffs)
    asked = ~payoffs.menu.proactive[cases.failure[:, None], handling.choice].any(axis=1)
    arrays = handling.arrays
    assert (arrays.suspected & asked).sum() > 10
    for suspected in (arrays.suspected & asked, np.zeros_like(asked)):
        found = by_measure(payoffs, replace(handling, arrays=arrays._replace(suspected=suspected)))
        if suspected.any():
            first = found
    for name in MEASURES:
        np.testing.assert_array_equal(first[name], found[name])


def test_a_limit_of_any_size_can_be_evaluated(current, shipped_payoffs):
    # people write many nines for "any amount"
    huge = current.with_limit(Lever("lead", "refund"), 1e18)
    open_ = current.with_limit(Lever("lead", "refund"), NO_LIMIT)
    np.testing.assert_array_equal(evaluate(huge, shipped_payoffs).sums, evaluate(open_, shipped_payoffs).sums)


def test_a_policy_of_another_scenario_is_refused(current, shipped_payoffs):
    with pytest.raises(InputError, match="policy 'current' is in EUR, scenario 'online_retail' in USD"):
        evaluate(current.model_copy(update={"currency": "EUR"}), shipped_payoffs)
    tiers = (current.tiers[0].model_copy(update={"name": "agnet"}), *current.tiers[1:])
    with pytest.raises(InputError, match=r"unknown tier 'agnet' \(did you mean 'agent'\?\)"):
        evaluate(current.model_copy(update={"tiers": tiers}), shipped_payoffs)


def test_decisions_agree_with_the_guided_choice_and_with_authority(payoffs, random_policy):
    rng = np.random.default_rng(14)
    cases, options = payoffs.cases, payoffs.choice_sets
    for _ in range(2):
        policy = random_policy(rng, payoffs)
        handling = Handling.of(policy, payoffs)
        table = decide(policy, payoffs)
        whose = rules_of(policy.playbook, payoffs)
        assert list(table["case"]) == list(cases.case)
        for i, row in enumerate(table.itertuples()):
            facts = {guard.fact: float(getattr(cases, guard.fact)[i]) for guard in policy.guards}
            may = authority(policy, row.failure, row.segment, facts)
            assert row.starts_at == may.starts_at
            assert row.because == may.because
            assert row.tier == policy.tier_names[handling.tier[i]]
            names = payoffs.menu.names[cases.failure[i]]
            a = names.index(row.recommended)
            # who is guided, and goes by the book where there is one
            assert a == handling.choice[i, len(STYLES) if policy.playbook else 0]
            assert bool(row.playbook_rule) == (whose[i] >= 0)
            assert row.worth == payoffs.agent_view.worth[i, a]
            assert row.remedy_cost == payoffs.agent_view.cost[i, a]
            assert row.payoff == payoffs.agent_view.payoff[payoffs.scenario.tiers.index(row.tier), i, a]
            if not options.adequate[i].any():
                continue

            # what is recommended is allowed, and no tier that looked at it before could have done anything
            def allowed(a, limits, i=i):
                cents = (options.uses[i, a, d] for d in range(len(LIMITS)))
                within = (
                    use < 0 or use <= 100 * limits[name].value + 1e-6 for name, use in zip(LIMITS, cents, strict=True)
                )
                return options.adequate[i, a] and all(within)

            assert allowed(a, may.limits[row.tier])
            for tier in list(may.limits)[: list(may.limits).index(row.tier)]:
                assert not any(allowed(b, may.limits[tier]) for b in range(len(names)))
            for rule in may.limits[row.tier].values():
                assert rule.rule in row.rules
