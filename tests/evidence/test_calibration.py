"""Calibration finds the truth of simulated firms, and says what it cannot know."""

from __future__ import annotations

import numpy as np
import pytest

from policy_sim.assumptions import MEASURED_AT, draw_assumptions, load_scenario
from policy_sim.border import InputError
from policy_sim.evidence.calibration import calibrate
from policy_sim.evidence.case_log import read_case_log
from policy_sim.evidence.confounding import sensitivity
from policy_sim.evidence.measured_scenario import measured_content, write_measured
from policy_sim.evidence.observed import Observed
from policy_sim.evidence.posterior import Estimate, Posterior
from policy_sim.evidence.predictive import predictive_check
from policy_sim.evidence.priors import on_own_scale
from policy_sim.evidence.recoveries import compare_recoveries
from policy_sim.evidence.repeat_claims import NOT_TOLD, repeat_claims
from policy_sim.evidence.shares import counted_shares
from tests.evidence.conftest import Firm


def covered(learned, truth):
    rows = learned.to_frame().set_index("assumption").drop(index="response.insult_weight")
    return [row["low"] <= truth[name] <= row["high"] for name, row in rows.iterrows()]


def test_intervals_hold_the_truth(firm, learned, told_scenario, tmp_path):
    second = Firm(told_scenario, tmp_path, cases=2500, seed=8)
    hits = covered(learned, firm.truth)
    hits += covered(calibrate(second.log, second.orders, told_scenario), second.truth)
    # 68 intervals of 90 %, of which those of one log hang together
    assert np.mean(hits) > 0.75
    assert learned.is_reliable
    # a log of so many cases tells what matters most
    left = dict(zip(learned.names, learned.width_left, strict=True))
    assert left["response.wait_weight"] < 0.8
    assert left["response.churn_without_failure"] < 0.5
    assert learned.process["r"] == pytest.approx(firm.world.rate_shape, rel=0.15)
    assert learned.process["alpha_weeks"] == pytest.approx(firm.world.rate_weeks, rel=0.15)


def test_draws_come_from_where_the_posterior_is(learned):
    # which is skew, so that its mean is not its maximum; the closest normal distribution is nearer to it
    posterior = Posterior(learned.observed.likelihood(), learned.observed.parameters, ())
    maximum, covariance = posterior.maximum()
    middle, closest = posterior.closest_normal(maximum, covariance, np.random.default_rng(1))
    spread = np.sqrt(np.diag(closest))
    mean = learned.weights @ learned.all_z
    off_middle, off_maximum = (np.sqrt((((at - mean) / spread) ** 2).mean()) for at in (middle, maximum))
    assert off_middle < 0.75 * off_maximum


def test_customers_come_back_as_expected(learned):
    check = predictive_check(learned)
    assert check.share_within > 0.7
    deciles = check.to_frame().query("by == 'decile'")
    assert deciles["expected"].is_monotonic_increasing
    assert np.corrcoef(deciles["seen"], deciles["expected"])[0, 1] > 0.9
    whole = check.to_frame().query("by == 'failure'")
    assert (whole["cases"] @ whole["seen"]) == pytest.approx(whole["cases"] @ whole["expected"], rel=0.06)
    with pytest.raises(InputError, match="no case was followed for 5000 days; the longest: 7"):
        predictive_check(learned, days=5000)


def test_other_studies_have_their_say(firm, learned):
    name = "late_delivery.compensation_weight"
    told = calibrate(firm.log, firm.orders, firm.scenario, further=[Estimate(name, 1.2, 0.02)])
    place = told.names.index(name)
    assert told.quantile(name, 0.5) == pytest.approx(1.2, abs=0.05)
    assert told.width_left[place] < 0.2 * learned.width_left[place]
    with pytest.raises(InputError, match=r"unknown assumption 'late\.compensation_weight'"):
        calibrate(firm.log, firm.orders, firm.scenario, further=[Estimate("late.compensation_weight", 1, 1)])
    with pytest.raises(InputError, match="error 0; expected a number and a standard error above 0"):
        calibrate(firm.log, firm.orders, firm.scenario, further=[Estimate(name, 1, 0)])


def test_same_seed_same_answer(firm, learned):
    again = calibrate(firm.log, firm.orders, firm.scenario)
    assert again.to_frame().equals(learned.to_frame())


def test_a_scenario_holds_what_was_learned(learned, firm, tmp_path):
    content = measured_content(learned, "online_retail", "mine", counted_shares(firm.log, firm.scenario))
    made = write_measured(tmp_path / "mine.yaml", content, firm.scenario)
    read = load_scenario(tmp_path / "mine.yaml")
    for name, is_told in zip(learned.names, learned.is_told, strict=True):
        assumption = read.assumption(name)
        assert (assumption.trust == "own") == is_told
        if is_told:
            assert assumption.value == pytest.approx(learned.quantile(name, 0.5), abs=2e-6)
            assert assumption.quantiles[MEASURED_AT.index(0.95)] == pytest.approx(
                learned.quantile(name, 0.95), abs=1e-5
            )
            assert "calibrated from" in assumption.source
            assert made.assumption(name) == assumption
    share = read.assumption("late_delivery.share_of_cases")
    assert share.value == pytest.approx((firm.log.cases.failure == 0).mean(), abs=1e-6)
    # joint draws hang together as the posterior does
    draws = draw_assumptions(read, 2000)
    first, second = "late_delivery.churn_without_remedy", "late_delivery.compensation_weight"
    places = [learned.names.index(name) for name in (first, second)]
    covariance = learned.covariance_z[np.ix_(places, places)]
    wanted = covariance[0, 1] / np.sqrt(covariance[0, 0] * covariance[1, 1])
    assert abs(wanted) > 0.2
    assert np.corrcoef(draws[first], draws[second])[0, 1] == pytest.approx(wanted, abs=0.08)
    low, high = np.quantile(draws[first], [0.05, 0.95])
    assert (low, high) == pytest.approx([learned.quantile(first, share) for share in (0.05, 0.95)], abs=0.01)


def test_what_nobody_recorded_may_mislead_and_the_bound_holds_the_truth(told_scenario, tmp_path):
    # angry customers leave more often, and agents see it and give more: compensation looks worse than it is
    strength = 0.6
    firm = Firm(told_scenario, tmp_path, cases=4000, seed=3, confounding=strength, noticed=2.0)
    learned = calibrate(firm.log, firm.orders, told_scenario)
    names = [name for name in learned.names if name.endswith(".compensation_weight")]
    unseen = sensitivity(learned, [strength]).to_frame().set_index("assumption")
    # an unseen thing of strength gamma bears at most gamma
    assert all(unseen.loc[name, "low"] <= firm.truth[name] <= unseen.loc[name, "high"] for name in names)
    widths = unseen["high"] - unseen["low"]
    assert all(widths[name] > learned.quantile(name, 0.95) - learned.quantile(name, 0.05) for name in names)
    with pytest.raises(InputError, match="strength of an unseen confounder is -1; expected logits, above 0"):
        sensitivity(learned, [-1.0])


def test_a_log_that_cannot_tell_says_so(told_scenario, tmp_path):
    small = Firm(told_scenario, tmp_path, cases=60, seed=2)  # so few that not even amounts are determined
    learned = calibrate(small.log, small.orders, told_scenario)
    says = learned.to_frame().set_index("assumption")["says"]
    assert (says == "this log cannot tell").sum() > 15
    content = measured_content(learned, "online_retail")
    assert len(content["correlation"]["names"]) < 20
    few = small.log.take(np.arange(20))
    with pytest.raises(InputError, match="20 cases say what was given; expected 30 or more"):
        calibrate(few, small.orders, told_scenario)


def test_what_is_left_out_is_said(firm):
    table = firm.simulated.cases.copy()
    table.loc[table.index[:40], "resolution"] = ""
    table.loc[table.index[40:65], "customer"] = "nobody"
    table.loc[table.index[65:75], "severity"] = np.nan
    table["resolved"] = table["resolved"].astype(object).where(np.arange(len(table)) % 50 > 0, None)
    log, unused = read_case_log(table, firm.scenario)
    assert unused.empty
    remarks = " ".join(calibrate(log, firm.orders, firm.scenario).observed.remarks)
    assert "40 cases do not say what was given: left out" in remarks
    assert "25 cases are left out: its customer has no order" in remarks
    assert "severity is missing in 10 cases" in remarks
    assert "do not say when they were answered" in remarks


def test_priors_are_the_ranges_of_the_scenario(told_scenario):
    rng = np.random.default_rng(0)
    for name in ("late_delivery.churn_without_remedy", "response.wait_weight", "response.paradox"):
        assumption = told_scenario.assumption(name)
        z = rng.standard_normal(4000)
        values = np.array([on_own_scale(assumption, at).value for at in z])
        assert values.min() >= assumption.range[0]
        assert values.max() <= assumption.range[1]
        wanted = assumption.quantile(np.array([0.1, 0.5, 0.9]))
        np.testing.assert_allclose(np.quantile(values, [0.1, 0.5, 0.9]), wanted, rtol=0.05)
        for at in (-2.0, -0.3, 0.4, 1.7):
            point, step = on_own_scale(assumption, at), 1e-5
            after, before = (on_own_scale(assumption, at + sign * step) for sign in (1, -1))
            assert point.slope == pytest.approx((after.value - before.value) / (2 * step), rel=1e-6)
            assert point.curvature == pytest.approx((after.slope - before.slope) / (2 * step), rel=1e-5, abs=1e-8)


def test_another_model_of_the_same_orders_loses_as_many(learned):
    table = compare_recoveries(learned).to_frame().set_index("recovery")
    assert set(table.index) <= {"goods", "money", "credit", "service", "nothing"}
    assert table["cases"].sum() == len(learned.observed.log)
    many = table[table["cases"] > 300]
    assert len(many) >= 2
    assert (np.abs(many["by_drop_out"] - many["by_response"]) < 3 * many["error"] + 0.02).all()


def test_repeat_claims_are_counted_by_what_was_given_before(learned, firm):
    found = repeat_claims(learned.observed)
    table = found.to_frame().set_index(["by", "group"])
    # every order is one chance to claim: those before any case, and those after one
    follow, log = learned.observed.follow_up, learned.observed.follow_up.transactions
    is_case = np.zeros(len(log.date), dtype=bool)
    is_case[follow.place] = True
    ends = np.flatnonzero(log.customer[1:] != log.customer[:-1]) + 1
    earlier = np.concatenate([np.cumsum(run) - run for run in np.split(is_case, ends)])
    counted = log.date <= log.date.max() - np.timedelta64(found.days_left_out, "D")
    assert 15 < found.days_left_out < 40
    for answer, here in (("no", earlier == 0), ("yes", earlier > 0)):
        assert table.loc[("case before", answer), "orders"] == (here & counted).sum()
        assert table.loc[("case before", answer), "claims"] == (here & counted & is_case).sum()
    for by in ("loss made good", "remedy"):
        assert table.loc[by]["orders"].sum() == (counted & (earlier > 0)).sum()
        assert table.loc[by]["claims"].sum() == (counted & is_case & (earlier > 0)).sum()
    # nobody is taught here: one in so many orders fails, whatever was given
    true = firm.scenario.value("cases.failures_per_order")
    shares = table[table["orders"] > 300]
    assert ((shares["low"] - 0.01 < true) & (true < shares["high"] + 0.01)).all()
    assert "do not claim more often" in found.says()
    assert "It does not rise" in found.says()
    assert found.says().endswith(NOT_TOLD)


def test_taught_claims_show_where_much_was_given(told_scenario, tmp_path):
    taught = Firm(told_scenario, tmp_path, cases=2500, seed=5, taught=0.2)
    found = repeat_claims(Observed.of(taught.log, taught.orders, told_scenario))
    assert found.says().startswith("Customers who have had a case claim more often (")
    assert "It rises with what was made good: " in found.says()
