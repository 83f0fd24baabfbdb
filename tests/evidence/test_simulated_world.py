"""The simulated world is the one that it says it is: every quantity against its law, its facts against a plain twin."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from policy_sim.assumptions import central, load_scenario
from policy_sim.border import InputError
from policy_sim.evidence.simulated_world import AMOUNTS_GIVEN, simulate_log
from policy_sim.evidence.true_response import TrueResponse
from policy_sim.evidence.world import RESPONSE_SHAPES, Agent, Customers, World, draw_truth, future_value_after_order
from policy_sim.orders import read_transactions
from policy_sim.policy import load_policy
from policy_sim.service import compensation_effect, insult, over_compensation, read_cases
from policy_sim.value import STYLES, Handling, value_cases
from policy_sim.words import ASKS, CASE_COLUMNS, LIMITS

#: Bounds that a right simulation passes but once in some ten thousand seeds; the seeds here are fixed.
SIGMAS = 4.0
FEW = 1e-4
#: Spend drops so large that a sample shows them.
MARKED = {"late_delivery.spend_drop": 0.5, "wrong_item.spend_drop": 0.4, "response.paradox": 0.3}


@pytest.fixture(scope="module")
def oracle():
    place = Path(__file__).parents[1] / "value" / "oracle.py"
    spec = importlib.util.spec_from_file_location("oracle_of_value", place)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def scenario():
    return load_scenario("online_retail")


@pytest.fixture(scope="module")
def policy(scenario):
    return load_policy("current", scenario)


@pytest.fixture(scope="module")
def log(scenario, policy):
    return simulate_log(scenario, policy, cases=6000, seed=3, world=World(values=MARKED))


def cases_of(log, scenario):
    """Return the cases as `read_cases` reads them from the log, with what guided agents went by."""
    seen = log.unseen[log.unseen["is_recorded"]]
    worth = {"future_value": seen["future_value"].to_numpy(), "new_customer_value": log.truth["new_customer_value"]}
    return read_cases(log.cases.assign(**worth), scenario)


def within(found, expected, error):
    assert abs(found - expected) <= SIGMAS * error, f"{found:.4f} is not {expected:.4f} +- {error:.4f}"


def test_the_same_seed_gives_the_same_log(scenario, policy):
    first, same, other = (simulate_log(scenario, policy, cases=150, seed=seed) for seed in (7, 7, 8))
    for part in ("orders", "cases", "unseen"):
        pd.testing.assert_frame_equal(getattr(first, part), getattr(same, part))
        assert not getattr(first, part).equals(getattr(other, part))
    assert first.truth == same.truth
    assert first.truth["response.wait_weight"] != other.truth["response.wait_weight"]
    assert json.loads(json.dumps(first.to_dict())) == first.to_dict()


def test_the_log_has_the_form_of_a_case_log(log, scenario, policy):
    cases = log.cases
    assert 6000 <= len(cases) <= 6010
    assert log.counts["cases"] == len(cases)
    assert log.counts["orders"] == len(log.orders)
    assert f"{len(cases):,} cases" in log.summary
    assert cases["case"].is_unique
    assert log.orders["order"].is_unique
    assert set(cases["failure"]) == set(scenario.failures)
    assert set(cases["tier"]) <= set(policy.tier_names)
    assert set(cases["ask"]) <= set(ASKS)
    facts = [name for name, column in CASE_COLUMNS.items() if name in cases and not column.filled_from]
    assert len(facts) == 13
    assert not cases.isna().any().any()
    assert (cases["opened"] <= cases["resolved"]).all()
    assert cases["opened"].is_monotonic_increasing
    assert (cases["escalated"] == (cases["tier"] != scenario.tiers[0])).all()
    assert ((cases["live"] == 1) == cases["channel"].isin(["phone", "chat"])).all()
    assert set(AMOUNTS_GIVEN) < set(LIMITS)
    given = cases[list(AMOUNTS_GIVEN)]
    assert (given >= 0).all().all()
    assert given["refund"][cases["resolution"].str.contains("full_refund")].gt(0).all()
    assert (given["keep_item"] == np.where(cases["resolution"].str.contains("keep_item"), cases["item_price"], 0)).all()


def test_orders_are_read_as_any_others(log):
    read = read_transactions(log.orders)
    assert read.reading.rows == len(log.orders)
    assert read.reading.set_aside == ()
    assert read.amount.sum() == pytest.approx(log.orders["amount"].sum())


def test_facts_are_those_of_the_orders_and_cases_before(log):
    cases, orders = log.cases, log.orders
    behind = cases.merge(orders, on="order", suffixes=("", "_of_order"), validate="one_to_one")
    assert (behind["customer"] == behind["customer_of_order"]).all()
    assert (behind["item_price"] == behind["amount"]).all()
    days = (behind["opened"] - behind["date"]) / pd.Timedelta(days=1)
    np.testing.assert_allclose(days, behind["days_since_purchase"], atol=2 / 86400)
    count = pd.Series((orders.groupby("customer").cumcount() + 1).to_numpy(), index=orders["order"])
    assert (cases["order"].map(count) == cases["prior_purchases"]).all()
    before = cases.groupby("customer")
    assert (before.cumcount() == cases["prior_failures"]).all()
    since = (cases["opened"] - before["opened"].shift(1)) / pd.Timedelta(days=1)
    known = since.notna()
    np.testing.assert_allclose(since[known], cases["days_since_failure"][known], atol=2 / 86400)
    assert (cases["prior_claims"] <= cases["prior_failures"]).all()
    assert (cases["prior_claims"] < cases["prior_failures"]).any()


def test_failures_come_in_their_shares(log, scenario):
    counts = log.counts
    failing = scenario.value("cases.failures_per_order")
    # failures that would have been told after the last day are not counted
    within(counts["failures"] / counts["orders"], failing, 0.004)
    shares = np.array([scenario.value(f"{name}.share_of_cases") for name in scenario.failures])
    told = shares * [scenario.value(f"{name}.surfaces_share") for name in scenario.failures]
    for name, share in zip(scenario.failures, told / told.sum(), strict=True):
        within((log.cases["failure"] == name).mean(), share, np.sqrt(share * (1 - share) / len(log.cases)))
    silent = 1 - told.sum() / shares.sum()
    within(counts["silent_failures"] / counts["failures"], silent, np.sqrt(silent * (1 - silent) / counts["failures"]))


def test_customers_leave_with_their_true_chance(log):
    seen = log.unseen
    for _, part in seen.groupby(pd.qcut(seen["delta"], 10)):
        within(part["left"].sum(), part["delta"].sum(), np.sqrt((part["delta"] * (1 - part["delta"])).sum()))
    assert (seen["left"] == seen["days_until_next_order"].isna()).all()
    assert log.counts["left_after_case"] == seen["left"].sum()


def test_the_true_chance_is_that_of_the_model_on_what_the_log_says(log, scenario, policy, oracle):
    """Whoever knows the truth works delta out of the log alone: the world is well specified."""
    cases, truth = cases_of(log, scenario), log.truth
    suspected = Handling.of(policy, value_cases(scenario, cases, central(scenario))).arrays.suspected
    assert suspected.any()
    for i in [*range(0, len(cases), 97), *np.flatnonzero(suspected)[:5]]:
        row = log.cases.iloc[i]
        names = [" + ".join(bundle) or "nothing" for bundle in oracle.resolutions(scenario, row["failure"])]
        bundle = oracle.resolutions(scenario, row["failure"])[names.index(row["resolution"])]
        total, _ = oracle.given(scenario, cases, i, bundle, truth)
        loss = truth[f"{row['failure']}.loss_share"] * row["item_price"]
        compensation = (total["felt"] - total["trouble"]) / loss
        effect = compensation_effect(compensation, scenario.failures[row["failure"]].shape)
        wait = "live_wait_hours" if row["live"] else "wait_hours"
        waited = truth[f"{row['tier']}.{wait}"]
        delta = oracle.lost(
            scenario,
            cases,
            i,
            truth,
            effect,
            over_compensation(compensation),
            insult(compensation, truth["response.insult_below"]),
            total["gesture"],
            truth["response.base_effort"] + total["effort"],
            row["hours_open"] + waited + total["lead_hours"],
            False,
            suspected[i],
        )
        assert log.unseen["delta"][i] == pytest.approx(float(delta), rel=1e-9)
        assert log.unseen["compensation"][i] == pytest.approx(float(compensation), rel=1e-9)
        assert (row["resolved"] - row["opened"]) / pd.Timedelta(hours=1) == pytest.approx(waited, abs=2 / 3600)
        drop = truth[f"{row['failure']}.spend_drop"]
        spends = 1 - drop + (drop + truth["response.paradox"]) * effect
        assert log.unseen["multiplier"][i] == pytest.approx(float(spends), rel=1e-9)


def test_who_stays_orders_after_an_exponential_time(log):
    stayed = log.unseen[~log.unseen["left"]]
    times = stayed["days_until_next_order"] / 7 * stayed["orders_per_week"]
    assert stats.kstest(times, "expon").pvalue > FEW


def test_the_orders_show_who_came_back_and_when(log):
    cases = log.cases.assign(left=log.unseen["left"], days=log.unseen["days_until_next_order"])
    orders = log.orders.sort_values("date")
    later = pd.merge_asof(
        cases.sort_values("resolved"), orders, left_on="resolved", right_on="date", by="customer", direction="forward"
    )
    assert later["date"][later["left"]].isna().all()
    came = later["date"].notna()
    days = (later["date"] - later["resolved"]) / pd.Timedelta(days=1)
    np.testing.assert_allclose(days[came], later["days"][came], atol=2 / 86400)
    end = np.datetime64("2024-01-01") + np.timedelta64(World().days, "D")
    gone = ~came & ~later["left"]
    assert (
        later["resolved"][gone] + pd.to_timedelta(later["days"][gone], unit="D") > end - np.timedelta64(2, "s")
    ).all()


def test_later_amounts_are_multiplied(log):
    cases = log.cases.assign(**log.unseen[["multiplier", "mean_amount", "left"]])
    later = pd.merge_asof(
        cases.sort_values("resolved"),
        log.orders.sort_values("date"),
        left_on="resolved",
        right_on="date",
        by="customer",
        direction="forward",
    ).dropna(subset="amount")
    ratio = later["amount"] / (later["mean_amount"] * later["multiplier"])
    within(ratio.mean(), 1.0, 1 / np.sqrt(World().amount_shape * len(ratio)))
    for _, part in later.groupby(pd.qcut(later["multiplier"], 4)):
        spent = (part["amount"] / part["mean_amount"]).mean()
        within(spent, part["multiplier"].mean(), part["multiplier"].mean() / np.sqrt(World().amount_shape * len(part)))
    assert later["multiplier"].min() < 0.7


def test_agents_decide_in_their_styles(log):
    assert len({agent["name"] for agent in log.truth["agents"]}) == len(log.truth["agents"]) == 24 + 8 + 2
    styles = log.cases.assign(style=log.unseen["style"])
    checked = 0
    for agent in log.truth["agents"]:
        own = styles["style"][styles["agent"] == agent["name"]]
        assert set(styles["tier"][styles["agent"] == agent["name"]]) <= {agent["tier"]}
        for style in STYLES:
            share = agent["shares"][style]
            if len(own) * share * (1 - share) > 5:
                within((own == style).mean(), share, np.sqrt(share * (1 - share) / len(own)))
                checked += 1
    assert checked > 50
    mixes = {tuple(agent["shares"].values()) for agent in log.truth["agents"] if agent["tier"] == "agent"}
    assert len(mixes) == 24


def test_tier_and_resolution_are_what_the_policy_allows(log, scenario, policy):
    cases = cases_of(log, scenario)
    payoffs = value_cases(scenario, cases, central(scenario))
    handling = Handling.of(policy, payoffs)
    assert (np.array(policy.tier_names)[handling.tier] == log.cases["tier"]).all()
    style = np.array([STYLES.index(name) for name in log.unseen["style"]])
    chosen = handling.choice[np.arange(len(cases)), style]
    names = [payoffs.menu.names[failure][a] for failure, a in zip(cases.failure, chosen, strict=True)]
    assert names == log.cases["resolution"].to_list()


def test_the_truth_lies_in_the_ranges_and_moves_with_the_seed(scenario):
    drawn = []
    for seed in range(60):
        truth, names = draw_truth(scenario, World(), np.random.default_rng(seed))
        drawn.append([truth[name][0] for name in names])
        assert all(truth[name][0] == scenario.value(name) for name in truth.names if name not in names)
    assert len(names) == 10 + 4 * len(scenario.failures)
    for name, values in zip(names, np.transpose(drawn), strict=True):
        low, high = scenario.assumption(name).range
        assert low <= values.min() < values.max() <= high
        even = scenario.assumption(name).quantile(np.linspace(0.0005, 0.9995, 1000))
        within(values.mean(), even.mean(), even.std() / np.sqrt(len(values)))


def test_a_value_that_is_set_leaves_the_others(scenario):
    drawn, _ = draw_truth(scenario, World(), _rng())
    truth, names = draw_truth(scenario, World(values={"response.paradox": 0.05, "agent.wait_hours": 4.0}), _rng())
    assert (truth["response.paradox"][0], truth["agent.wait_hours"][0]) == (0.05, 4.0)
    assert "agent.wait_hours" in names
    differing = {name for name in truth.names if truth[name][0] != drawn[name][0]}
    assert differing == {"response.paradox", "agent.wait_hours"}


def test_the_worth_of_a_customer_is_that_of_their_orders(scenario):
    """The closed form against customers who are followed until nobody is left."""
    rng = np.random.default_rng(5)
    count, rate, churn, mean = 40_000, 0.02, 0.3, 50.0
    time, worth, going = np.zeros(count), np.zeros(count), np.arange(count)
    yearly = 1 + scenario.value("shop.discount_rate_per_year")
    for _ in range(60):
        going = going[rng.random(going.size) >= churn]
        time[going] += rng.exponential(1 / rate, going.size)
        worth[going] += mean * scenario.value("shop.margin_share") * yearly ** -(time[going] / 365.25)
    one = np.ones(1)
    customer = Customers(arrival=0 * one, rate=one * rate, churn=one * churn, gamma_rate=one, mean_amount=one * mean)
    within(worth.mean(), future_value_after_order(customer, scenario)[0], worth.std() / np.sqrt(count))


def _rng():
    return np.random.default_rng(1)


# options


def test_what_agents_see_and_no_log_holds(scenario, policy):
    plain = simulate_log(scenario, policy, cases=2000, seed=4)
    confounded = simulate_log(scenario, policy, cases=2000, seed=4, world=World(confounding=1.0, noticed=1.0))
    for log, is_moved in ((plain, False), (confounded, True)):
        seen, high = log.unseen, log.unseen["u"] > 0
        assert stats.kstest(seen["u"], "norm").pvalue > FEW
        left = seen["left"][high].mean() - seen["left"][~high].mean()
        generous = (seen["style"] == "generous")[high].mean() - (seen["style"] == "generous")[~high].mean()
        assert (left > 0.1) == is_moved
        assert (generous > 0.1) == is_moved
        assert is_moved or abs(left) < SIGMAS * np.sqrt(1 / len(seen))
        within(seen["left"].sum(), seen["delta"].sum(), np.sqrt((seen["delta"] * (1 - seen["delta"])).sum()))
    unnoticed = simulate_log(scenario, policy, cases=2000, seed=4, world=World(confounding=1.0, noticed=0.0))
    high = unnoticed.unseen["u"] > 0
    is_generous = unnoticed.unseen["style"] == "generous"
    assert abs(is_generous[high].mean() - is_generous[~high].mean()) < SIGMAS * np.sqrt(1 / len(high))


def test_gamma_is_added_to_the_logits_of_loss(log, scenario):
    cases = cases_of(log, scenario)
    count, zero = len(cases), np.zeros(len(cases))
    truth, _ = draw_truth(scenario, World(), _rng())
    u = np.random.default_rng(2).standard_normal(count)
    resolution = np.zeros(count, dtype=np.int64)
    floor = np.full(count, 0.1)

    def logits(gamma):
        answer = TrueResponse(scenario, truth, confounding=gamma).to_resolution(cases, resolution, zero, zero, floor, u)
        caused = (answer.delta - floor) / (1 - floor)
        return np.log(caused / (1 - caused))

    np.testing.assert_allclose(logits(0.7) - logits(0.0), 0.7 * u, atol=1e-9)


def test_shapes_of_the_response(log, scenario):
    cases = cases_of(log, scenario)
    truth, _ = draw_truth(scenario, World(), _rng())
    a = np.array([np.arange(len(cases)) % 5]).ravel()
    zero = np.zeros(len(cases))
    answers, c = {}, TrueResponse(scenario, truth).compensation(cases, a)
    drop = np.array([truth[f"{name}.spend_drop"][0] for name in scenario.failures])[cases.failure]
    span = drop + truth["response.paradox"][0]
    for shape in RESPONSE_SHAPES:
        answers[shape] = TrueResponse(scenario, truth, shape).to_resolution(cases, a, zero, zero, zero + 0.1, zero)
    effect = {shape: (answer.multiplier - 1 + drop) / span for shape, answer in answers.items()}
    is_rejected = np.array([failure.shape == "rejected" for failure in scenario.failures.values()])[cases.failure]
    rejected, accepted = (compensation_effect(c, shape) for shape in ("rejected", "accepted"))
    np.testing.assert_allclose(effect["assumed"], np.where(is_rejected, rejected, accepted), atol=1e-9)
    np.testing.assert_allclose(effect["swapped"], np.where(is_rejected, accepted, rejected), atol=1e-9)
    np.testing.assert_allclose(effect["linear"], np.clip(c / 1.5, 0, 1), atol=1e-9)
    np.testing.assert_allclose(effect["all_or_nothing"], c >= 1, atol=1e-9)
    for shape in ("swapped", "linear", "all_or_nothing"):
        more = effect[shape] > effect["assumed"] + 1e-9
        assert (answers[shape].delta[more] < answers["assumed"].delta[more]).all()
    swapped = simulate_log(scenario, load_policy("current", scenario), cases=60, world=World(response_shape="swapped"))
    assert swapped.truth["world"]["response_shape"] == "swapped"


def test_customers_may_differ_in_how_easily_they_leave(scenario, policy):
    alike = simulate_log(scenario, policy, cases=1000, seed=6)
    assert (alike.unseen["churn_without_failure"] == alike.truth["response.churn_without_failure"]).all()
    varied = simulate_log(scenario, policy, cases=1000, seed=6, world=World(churn_concentration=5.0))
    own = varied.unseen["churn_without_failure"]
    # who leaves easily has fewer orders, and fewer cases
    assert own.nunique() > 800
    assert 0.01 < own.mean() < alike.unseen["churn_without_failure"][0]
    assert own.std() > 0.05
    within(varied.unseen["left"].sum(), varied.unseen["delta"].sum(), np.sqrt(len(own) / 4))


def test_mild_cases_may_go_unrecorded(scenario, policy):
    log = simulate_log(scenario, policy, cases=1500, seed=6, world=World(unrecorded_share=0.3))
    seen = log.unseen
    within(1 - seen["is_recorded"].mean(), 0.3, np.sqrt(0.3 * 0.7 / len(seen)))
    assert log.counts["unrecorded"] == (~seen["is_recorded"]).sum() == (seen["case"] == "").sum()
    assert seen["case"][seen["is_recorded"]].to_list() == log.cases["case"].to_list()
    assert log.cases["severity"].mean() > 0.5 + SIGMAS * 0.25 / np.sqrt(len(seen))
    assert (log.cases.groupby("customer").cumcount() == log.cases["prior_failures"]).all()
    assert (log.cases["prior_claims"] <= log.cases["prior_failures"]).all()
    assert log.unrecorded["order"].to_list() == seen["order"][~seen["is_recorded"]].to_list()
    assert not set(log.unrecorded["order"]) & set(log.cases["order"])
    assert list(log.unrecorded) == list(log.cases)
    on_record = seen[seen["is_recorded"]]
    assert on_record["order"].to_list() == log.cases["order"].to_list()


def test_prices_may_end_in_99(scenario, policy):
    log = simulate_log(scenario, policy, cases=200, seed=6, world=World(heaped_share=1.0))
    assert np.allclose(log.orders["amount"] % 1, 0.99)
    some = simulate_log(scenario, policy, cases=200, seed=6, world=World(heaped_share=0.5)).orders["amount"]
    within(np.isclose(some % 1, 0.99).mean(), 0.505, 0.5 / np.sqrt(len(some)))
    yen = scenario.model_copy(update={"currency": "JPY"}).with_values({"shop.sample_price_factor": 20})
    whole = simulate_log(yen, policy.model_copy(update={"currency": "JPY"}), cases=50, world=World(heaped_share=1.0))
    assert (whole.orders["amount"] % 100 == 99).all()


def test_nobody_orders_twice_a_day_unless_told(log, scenario, policy):
    def same_day(orders):
        return orders.assign(day=orders["date"].dt.floor("D")).duplicated(["customer", "day"]).mean()

    assert same_day(log.orders) == 0
    eager = simulate_log(scenario, policy, cases=500, world=World(several_a_day=True))
    assert 0.004 < same_day(eager.orders) < 0.02


def test_who_was_given_much_may_claim_without_a_cause(log, scenario, policy):
    assert log.counts["without_cause"] == 0
    taught = simulate_log(scenario, policy, cases=3000, world=World(taught=0.3))
    unseen = taught.unseen
    assert taught.counts["without_cause"] == (~unseen["has_cause"]).sum() > 300
    assert (
        taught.counts["failures"]
        == len(unseen)
        + sum(taught.counts[name] for name in ("silent_failures", "still_open"))
        - taught.counts["without_cause"]
    )
    causeless = taught.cases[~unseen["has_cause"].to_numpy()]
    # they were given something before, and no remedy for nothing moves them
    assert (causeless["prior_failures"] > 0).all()
    np.testing.assert_array_equal(
        unseen.loc[~unseen["has_cause"], "delta"], unseen.loc[~unseen["has_cause"], "churn_without_failure"]
    )
    assert (unseen.loc[~unseen["has_cause"], "multiplier"] == 1).all()


def test_a_second_policy_takes_over_half_way(scenario, policy):
    second = load_policy("generous", scenario)
    log = simulate_log(scenario, policy, cases=1000, seed=6, world=World(second_policy=second))
    assert log.truth["world"]["second_policy"] == "generous"
    cases = cases_of(log, scenario)
    payoffs = value_cases(scenario, cases, central(scenario))
    is_late = (log.cases["opened"] >= np.datetime64("2024-01-01") + np.timedelta64(731 * 12, "h")).to_numpy()
    assert 0.4 < is_late.mean() < 0.8
    for rows, one in ((~is_late, policy), (is_late, second)):
        tier = np.array(one.tier_names)[Handling.of(one, payoffs).tier]
        assert (tier[rows] == log.cases["tier"][rows]).all()
        assert (tier[~rows] != log.cases["tier"][~rows]).any()


@pytest.mark.parametrize(
    "options",
    [{"rate_shape": 0.243, "rate_weeks": 4.414}, {"rate_shape": 0.01}, {"days": 5}, {"churn_concentration": 0.01}],
)
def test_worlds_far_from_the_usual_one(scenario, policy, options):
    log = simulate_log(scenario, policy, cases=80, world=World(**options))
    assert 80 <= len(log.cases) <= 90
    days = World(**options).days
    assert log.orders["date"].max() < np.datetime64("2024-01-01") + np.timedelta64(days, "D")
    assert log.cases["resolved"].max() <= np.datetime64("2024-01-01") + np.timedelta64(days, "D")


def test_agents_may_be_alike_or_named(scenario, policy):
    alike = simulate_log(scenario, policy, cases=50, agents=6, world=World(habit_concentration=None))
    mixes = {tuple(agent["shares"].values()) for agent in alike.truth["agents"] if agent["tier"] == "agent"}
    assert len(mixes) == 1
    team = [Agent("Ana", "agent", (0.0, 1.0, 0.0)), Agent("Lee", "lead", (0.0, 0.0, 1.0))]
    team.append(Agent("Mo", "manager", (1.0, 0.0, 0.0)))
    log = simulate_log(scenario, policy, cases=300, agents=team)
    styles = log.cases.assign(style=log.unseen["style"]).groupby("agent")["style"].unique()
    assert styles["Ana"].tolist() == ["generous"]
    assert styles["Lee"].tolist() == ["thrifty"]
    with pytest.raises(InputError, match="nobody decides at tier 'lead' of policy current"):
        simulate_log(scenario, policy, cases=10, agents=team[:1])
    with pytest.raises(InputError, match=r"style shares of agent 'Bo'.*add up to 1"):
        Agent("Bo", "agent", (0.5, 0.1, 0.1))
    with pytest.raises(InputError, match="number of agents is 0"):
        simulate_log(scenario, policy, cases=10, agents=0)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"unrecorded_share": 0.8}, "unrecorded_share of the simulated world is 0.8; expected 0 to 0.5"),
        ({"confounding": float("nan")}, "confounding of the simulated world is nan"),
        ({"rate_weeks": 0.0}, "rate_weeks of the simulated world is 0"),
        ({"churn_concentration": -1.0}, "churn_concentration of the simulated world is -1"),
        ({"response_shape": "linaer"}, "linaer.*did you mean 'linear'"),
        ({"taught": 2.0}, "taught of the simulated world is 2; expected 0 to 1"),
        ({"first_day": "soon"}, "first_day of the simulated world is 'soon'"),
    ],
)
def test_worlds_that_cannot_be(options, words):
    with pytest.raises(InputError, match=words):
        World(**options)


def test_logs_that_cannot_be(scenario, policy):
    with pytest.raises(InputError, match="number of cases is 0"):
        simulate_log(scenario, policy, cases=0)
    with pytest.raises(InputError, match=r"at most 10,000,000"):
        simulate_log(scenario, policy, cases=10_000_001)
    with pytest.raises(InputError, match=r"did you mean 'response.paradox'"):
        simulate_log(scenario, policy, cases=10, world=World(values={"response.paradoks": 0.1}))
    with pytest.raises(InputError, match=r"share must lie within 0 and 1.*paradox"):
        simulate_log(scenario, policy, cases=10, world=World(values={"response.paradox": 2.0}))
    with pytest.raises(InputError, match=r"must stay below 1, as nothing is certain"):
        simulate_log(scenario, policy, cases=10, world=World(values={"wrong_item.churn_without_remedy": 1.0}))
    flawless = scenario.with_values({"cases.failures_per_order": 0.0})
    with pytest.raises(InputError, match="no case comes about in scenario online_retail"):
        simulate_log(flawless, policy, cases=10)


def test_progress_is_reported(scenario, policy):
    heard = []
    log = simulate_log(scenario, policy, cases=100, on_progress=lambda *words: heard.append(words))
    assert heard[-1] == ("Simulating customers", 100, 100)
    assert log.to_frame() is log.cases


@pytest.mark.parametrize("name", ["quick_service", "moving_service"])
def test_other_scenarios(name):
    other = load_scenario(name)
    log = simulate_log(other, load_policy("current", other), cases=300, seed=2)
    assert set(log.cases["failure"]) <= set(other.failures)
    assert 0 < log.unseen["left"].mean() < 1
