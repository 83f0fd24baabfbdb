"""The likelihood is that of its plainest form, its derivatives are its own, and its parts those of published models."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import integrate, stats

from policy_sim.clv import fit_mbg_nbd, summarise
from policy_sim.evidence.features import features_of
from policy_sim.evidence.follow_up import follow_up
from policy_sim.evidence.likelihood import OF_FAILURE, SHARED, Likelihood
from policy_sim.evidence.observed import Observed
from policy_sim.evidence.pareto import smoothed_weights
from policy_sim.evidence.posterior import Posterior
from policy_sim.service import chance_lost


@pytest.fixture(scope="module")
def observed(firm):
    return Observed.of(firm.log, firm.orders, firm.scenario)


@pytest.fixture(scope="module")
def natural(observed):
    rng = np.random.default_rng(1)
    z = 0.5 * rng.standard_normal(observed.likelihood().size)
    return np.array([point.value for point in observed.parameters.points(z)])


def test_gradient_and_hessian_are_differences(observed):
    posterior = Posterior(observed.likelihood(), observed.parameters, ())
    z = 0.4 * np.random.default_rng(2).standard_normal(posterior.likelihood.size)
    total, step = posterior.total(z), 1e-5
    for place in range(len(z)):
        moved = np.zeros(len(z))
        moved[place] = step
        after, before = posterior.total(z + moved), posterior.total(z - moved)
        scale = np.abs(total.gradient).max()
        assert total.gradient[place] == pytest.approx((after.value - before.value) / (2 * step), abs=1e-6 * scale)
        slopes = (after.gradient - before.gradient) / (2 * step)
        np.testing.assert_allclose(total.hessian[place], slopes, atol=1e-6 * np.abs(total.hessian).max())


class Few:
    """Some customers of the firm by themselves, and one whose order is the log's last, so that it ends as it did."""

    def __init__(self, firm, customers):
        log = firm.orders
        last = int(log.customer[np.argmax(log.date)])
        self.customers = np.unique([*customers, last])
        kept = np.isin(log.customer, self.customers)
        position = np.searchsorted(self.customers, log.customer[kept])
        self.orders = replace(
            log,
            labels=log.labels[self.customers],
            customer=position,
            date=log.date[kept],
            amount=log.amount[kept],
        )
        self.log = firm.log.take(np.isin(firm.log.customer, self.orders.labels))
        follow = follow_up(self.log, self.orders)
        # without amounts: they are another part
        self.follow = replace(follow, later_count=0 * follow.later_count)
        self.features = features_of(self.log.take(follow.rows), firm.scenario)
        self.failures = len(firm.scenario.failures)

    def likelihood(self, spend):
        return Likelihood(self.features, self.follow, spend, self.failures)


def without_adjustments(natural, observed):
    first = observed.likelihood().first_adjustment
    return np.delete(natural, np.arange(first, first + len(observed.adjustments)))


def plain_value(few, natural, spend, customers):
    """The likelihood of customers given rate and chance to leave, integrated over both, one by one."""
    likelihood, follow, log = few.likelihood(spend), few.follow, few.orders
    d0 = natural[SHARED.index("churn_without_failure")]
    r, alpha, k = np.exp(natural[likelihood.first_of_buying :])
    # orders stand at noon of their days; nobody orders again on such a day, nor before the answer
    half_a_day = 0.5 / 7
    keep, idle = np.ones(len(log.date)), np.full(len(log.date), half_a_day)
    keep[follow.place] = 1 / (1 + np.exp(likelihood.logits(natural)))
    idle[follow.place] = np.maximum(follow.dead_weeks - half_a_day, half_a_day)
    weeks = (log.date - log.date.min()).astype(float) / 7
    end = weeks.max() + half_a_day
    rates, leaving = stats.gamma(r, scale=1 / alpha).pdf, stats.beta(d0 * k, (1 - d0) * k).pdf
    total = 0.0
    for customer in customers:
        places = np.flatnonzero(log.customer == customer)
        gaps = np.diff(weeks[places]) - idle[places][:-1]
        watched = max(end - weeks[places][-1] - idle[places][-1], 0.0)
        stays = keep[places]

        def given(p, rate, gaps=gaps, watched=watched, stays=stays):
            came_back = np.prod(rate * np.exp(-rate * gaps) * (1 - p) * stays[:-1])
            last = (1 - p) * stays[-1]
            return came_back * (1 - last + last * np.exp(-rate * watched)) * rates(rate) * leaving(p)

        total += np.log(integrate.dblquad(given, 0, 4.0, 0, 1, epsabs=0, epsrel=1e-5)[0])
    return total


def test_it_is_the_plain_integral_over_rates_and_chances_to_leave(observed, natural, firm):
    with_case = firm.orders.customer[observed.follow_up.place]
    few = Few(firm, [0, 1, *with_case[[0, 40]]])
    own = without_adjustments(natural, observed)
    plain = plain_value(few, own, observed.spend, range(len(few.customers)))
    assert few.likelihood(observed.spend).total(own).value == pytest.approx(plain, rel=1e-4)


def test_without_cases_it_is_mbg_nbd(observed, natural, firm):
    with_case = np.unique(firm.orders.customer[observed.follow_up.place])
    without = np.setdiff1d(np.arange(len(firm.orders.labels)), with_case)[:300]
    few = Few(firm, [*without, with_case[3]])
    own = without_adjustments(natural, observed)
    d0 = own[SHARED.index("churn_without_failure")]
    r, alpha, k = np.exp(own[few.likelihood(observed.spend).first_of_buying :])
    summary = summarise(few.orders)
    fit = fit_mbg_nbd(summarise(firm.orders)).with_parameters([r, alpha, d0 * k, (1 - d0) * k])
    have_none = np.isin(few.customers, without)
    x, recency, age = (column[have_none] for column in summary.history)
    # nobody orders again on the day of an order: half a day less for each that was followed by another
    published = fit.log_likelihoods(x, recency - 0.5 / 7 * x, age - 0.5 / 7 * x).sum()
    others = plain_value(few, own, observed.spend, np.flatnonzero(~have_none))
    assert few.likelihood(observed.spend).total(own).value == pytest.approx(published + others, rel=1e-5)


def test_logits_are_those_of_the_response_model(observed, natural, firm):
    scenario, features = firm.scenario, observed.features
    likelihood = observed.likelihood()
    shared = dict(zip(SHARED, natural, strict=False))
    eta = likelihood.logits(natural)
    adjusted = sum(
        natural[likelihood.first_adjustment + place] * column
        for place, column in enumerate(observed.adjustments.values())
    )
    for i in (0, 7, 100, 700):
        f = int(features.failure[i])
        at = len(SHARED) + f * len(OF_FAILURE)
        churn = 1 / (1 + np.exp(-(natural[at] + adjusted[i])))
        cases = observed.log.cases
        delta = chance_lost(
            effect=features.effect[i],
            over=features.over[i],
            insulted=features.insulted[i],
            gesture=features.gesture[i],
            proactive=0,
            suspected=0,
            severity=cases.severity[i],
            hours=24 * (2 * np.exp(features.weighted["wait_weight"][i]) - 1),
            effort=0.5 + features.weighted["effort_weight"][i],
            prior_failures=cases.prior_failures[i],
            recent_failure=features.weighted["double_deviation_weight"][i],
            prior_purchases=cases.prior_purchases[i],
            churn_without_remedy=churn,
            compensation_weight=natural[at + 1],
            gesture_weight=natural[at + 2],
            proactive_weight=0,
            suspected_weight=0,
            **{name: shared[name] for name in SHARED if name != "paradox"},
        )
        d0 = shared["churn_without_failure"]
        assert d0 + (1 - d0) / (1 + np.exp(-eta[i])) == pytest.approx(float(delta), rel=1e-12)
    assert scenario.failures


def test_pareto_k_knows_tails():
    rng = np.random.default_rng(3)
    # ratios of a distribution with tail index k: exponential of k times an exponential variable
    for k in (0.2, 0.5, 0.9):
        found = np.mean([smoothed_weights(k * rng.exponential(size=4000))[1] for _ in range(20)])
        assert found == pytest.approx(k, abs=0.1)
    weights, k = smoothed_weights(np.zeros(500))
    assert (weights == 1 / 500).all()
    assert k == 0
    weights, k = smoothed_weights(rng.normal(size=1000))
    assert weights.sum() == pytest.approx(1)
    assert k < 0.7
