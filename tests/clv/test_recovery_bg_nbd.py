import math
import sys
import time
from dataclasses import replace
from functools import partial
from multiprocessing import Pool

import numpy as np
import pytest
from scipy.special import logit, roots_genlaguerre, roots_jacobi

from policy_sim.border import InputError
from policy_sim.clv import BgNbdFit, BoundaryWarning, CustomerSummary, RecoverySummary, fit_bg_nbd
from policy_sim.clv.recovery_bg_nbd import RecoveryBgNbdFit, fit_recovery_bg_nbd
from policy_sim.clv.recovery_bg_nbd_likelihood import UniqueCustomers, total_log_likelihood

NAMES = ("ordinary", "nothing", "apology", "refund")
TRUE_MEANS = (0.10, 0.45, 0.25, 0.12)
TRUTH = RecoveryBgNbdFit(
    r=0.8,
    alpha_weeks=8.0,
    a=np.array([0.5, 1.35, 0.75, 0.36]),
    b=np.array([4.5, 1.65, 2.25, 2.64]),
    class_names=NAMES,
    failure_shares=np.array([0.032, 0.028, 0.02]),
)
DELTA = math.log(1.15) / 52

# x, t_x, T, n, last, log-likelihood, P(alive), DERT at 15 % a year (worked out by a prototype)
CASES = [
    (0, 0, 52, (0, 0, 0, 0), -1, -1.6119224164, 1.0, 2.905577),
    (0, 0, 52, (0, 1, 0, 0), 1, -0.5803060359, 0.1960367022, 0.580629),
    (3, 30, 52, (2, 0, 1, 0), 2, -11.9191687192, 0.3459092511, 3.305511),
    (3, 30, 52, (3, 1, 0, 0), 0, -13.0028921473, 0.6962000090, 7.043565),
    (5, 40, 52, (3, 2, 0, 0), 1, -18.0115151902, 0.3498320459, 4.590498),
]


def summary_of(*rows, names=NAMES):
    x, t_x, T, n, last = zip(*(row[:5] for row in rows), strict=True)
    return RecoverySummary(
        frequency=np.array(x, dtype=float),
        recency_weeks=np.array(t_x, dtype=float),
        age_weeks=np.array(T, dtype=float),
        chances=np.array(n, dtype=float).reshape(len(rows), -1),
        last=np.array(last),
        class_names=names,
    )


def without_failures(summary: CustomerSummary) -> RecoverySummary:
    return RecoverySummary(
        frequency=summary.frequency,
        recency_weeks=summary.recency_weeks,
        age_weeks=summary.age_weeks,
        chances=summary.frequency[:, None],
        last=np.where(summary.frequency > 0, 0, -1),
        class_names=("ordinary",),
    )


def working_of(fit):
    sizes = (fit.a + fit.b)[: 2 if fit.a.size > 1 else 1]
    return np.array([math.log(fit.r), math.log(fit.alpha_weeks), *logit(fit.drop_out), *np.log(sizes)])


def total_at(working, summary):
    return total_log_likelihood(working, UniqueCustomers.of(summary))[0]


def lived(fit, age, horizon, rng):
    """Return the summary of one customer who lives by the story, whether she is alive, and what she buys later."""
    rate = rng.gamma(fit.r, 1 / fit.alpha_weeks)
    leaving = rng.beta(fit.a, fit.b)
    classes = np.concatenate([[1 - fit.failure_shares.sum()], fit.failure_shares]).cumsum()
    x, t_x, n, last, later, is_alive, was_alive, clock = 0, 0.0, np.zeros(fit.a.size), -1, 0, True, True, 0.0
    is_first = True
    while clock <= age + horizon:
        c = int(np.searchsorted(classes, rng.random() * classes[-1]))
        is_chance = c > 0 or not is_first
        if clock <= age and is_chance:
            n[c] += 1
            last = c
        if clock <= age and not is_first:
            x, t_x = x + 1, clock
        later += clock > age
        if is_chance and rng.random() < leaving[c]:
            is_alive = False
            was_alive = was_alive and clock > age
            break
        is_first = False
        clock += rng.exponential(1 / rate)
    return (x, t_x, age, tuple(n), last), was_alive or is_alive, later


@pytest.mark.parametrize("case", CASES)
def test_worked_values(case):
    summary = summary_of(case)
    assert total_at(working_of(TRUTH), summary) == pytest.approx(case[5], abs=5e-11)
    assert TRUTH.probability_alive(summary)[0] == pytest.approx(case[6], abs=5e-11)
    assert TRUTH.dert(0.15, summary)[0] == pytest.approx(case[7], abs=5.1e-7)


def test_all_customers_at_once_are_each_on_their_own():
    together = summary_of(*CASES, *CASES[::-1])
    np.testing.assert_allclose(TRUTH.dert(0.15, together)[:5], [case[7] for case in CASES], atol=5.1e-7)
    np.testing.assert_allclose(TRUTH.dert(0.15, together)[5:], TRUTH.dert(0.15, together)[:5][::-1], rtol=1e-13)
    expected = 2 * sum(case[5] for case in CASES)
    assert total_at(working_of(TRUTH), together) == pytest.approx(expected, abs=1e-9)


def test_a_failure_is_worth_what_the_customer_is_worth_right_after_it():
    just_now = summary_of((3, 40, 40, (1, 1, 1, 0), 2))
    values = TRUTH.value_at_failure(
        0.15, [3], [40], [(1, 1, 0, 0)], margin_share=0.3, expected_spend=100, recovery_costs=[0, 5, 40]
    )
    first_of_all = summary_of((0, 0, 0, (0, 0, 1, 0), 2))
    at_once = TRUTH.value_at_failure(
        0.15,
        [0, 3],
        [0, 40],
        [(0, 0, 0, 0), (1, 1, 0, 0)],
        margin_share=0.3,
        expected_spend=[50, 100],
        recovery_costs=[0, 5, 40],
    )
    assert at_once.dert[0, 1] == pytest.approx(TRUTH.dert(0.15, first_of_all)[0], rel=1e-13)
    np.testing.assert_allclose(at_once.value[1], values.value[0], rtol=1e-13)
    assert values.survival[0, 1] == pytest.approx(TRUTH.probability_alive(just_now)[0], rel=1e-13)
    assert values.dert[0, 1] == pytest.approx(TRUTH.dert(0.15, just_now)[0], rel=1e-13)
    assert values.expected_purchases[0, 1] == pytest.approx(TRUTH.expected_purchases(52, just_now)[0], rel=1e-13)


def test_without_failures_it_is_bg_nbd_on_cdnow(cdnow_calibration):
    rounded = replace(
        cdnow_calibration,
        recency_weeks=cdnow_calibration.recency_weeks.round(2),
        age_weeks=cdnow_calibration.age_weeks.round(2),
    )
    plain, summary = fit_bg_nbd(rounded), without_failures(rounded)
    fit = fit_recovery_bg_nbd(summary, concentration_prior=False)
    assert fit.log_likelihood == pytest.approx(-9582.42556, abs=5e-6)
    parameters = (fit.r, fit.alpha_weeks, fit.a[0], fit.b[0])
    assert parameters == pytest.approx((0.24259, 4.41353, 0.79289, 2.42575), abs=5e-6)
    assert parameters == pytest.approx((plain.r, plain.alpha_weeks, plain.a, plain.b), rel=1e-7)
    assert fit.standard_errors["r"] == pytest.approx(plain.standard_errors["r"], rel=1e-5)
    assert fit.aic == pytest.approx(plain.aic)
    assert fit.bic == pytest.approx(plain.bic)
    history = (rounded.frequency, rounded.recency_weeks, rounded.age_weeks)
    np.testing.assert_allclose(fit.probability_alive(summary), plain.probability_alive(*history), rtol=1e-6)
    np.testing.assert_allclose(fit.dert(0.15, summary), plain.dert(0.15, *history), rtol=1e-6)
    np.testing.assert_allclose(fit.expected_purchases(39, summary), plain.expected_purchases(39, *history), rtol=1e-6)


def test_predictions_equal_those_of_bg_nbd_where_nothing_fails():
    plain = BgNbdFit(0.243, 4.414, 0.793, 2.426)
    fit = RecoveryBgNbdFit(
        r=0.243, alpha_weeks=4.414, a=[0.793], b=[2.426], class_names=("ordinary",), failure_shares=[]
    )
    history = np.array([[2, 0, 26, 400, 3], [30.43, 0, 38, 38.9, 0.01], [38.86, 38.86, 39, 39, 0.02]])
    summary = without_failures(CustomerSummary.of_histories(*history))
    np.testing.assert_allclose(fit.dert(0.15, summary), plain.dert(0.15, *history), rtol=1e-8)
    assert fit.dert(0.15, summary)[0] == pytest.approx(5.1695539284, abs=1e-8)
    for horizon in (0.5, 52, 2000):
        expected = plain.expected_purchases(horizon, *history)
        np.testing.assert_allclose(fit.expected_purchases(horizon, summary), expected, rtol=1e-8)
    assert (fit.expected_purchases(0, summary) == 0).all()


def test_predictions_equal_those_of_bg_nbd_at_extreme_parameters():
    rng = np.random.default_rng(0)
    for _ in range(40):
        r, alpha, a, b = 10 ** rng.uniform((-1.3, -1, -4, -4), (1.3, 2.5, 4, 4))
        x, T = rng.integers(0, 60), rng.uniform(0, 100)
        history = (x, 0.8 * T if x else 0.0, T)
        plain = BgNbdFit(r, alpha, a, b)
        fit = RecoveryBgNbdFit(r=r, alpha_weeks=alpha, a=[a], b=[b], class_names=("ordinary",), failure_shares=[])
        summary = summary_of((*history, (x,), 0 if x else -1), names=("ordinary",))
        assert fit.dert(0.01, summary)[0] == pytest.approx(plain.dert(0.01, *history), rel=2e-8, abs=1e-200)
        for horizon in (10, 300):
            expected = plain.expected_purchases(horizon, *history)
            assert fit.expected_purchases(horizon, summary)[0] == pytest.approx(expected, rel=2e-8, abs=1e-200)


@pytest.mark.parametrize(("x", "t_x", "T", "n", "last"), [(3, 30, 52, (2, 1), 1), (0, 0, 20, (0, 0), -1)])
def test_dert_against_direct_integration(x, t_x, T, n, last):
    """Given rate and chances she leaves at rate lambda h, h = sum of q_c p_c, so DERT is lambda/(delta+lambda h)."""
    fit = RecoveryBgNbdFit(
        r=0.8, alpha_weeks=8, a=[1.5, 2.0], b=[4.5, 2.5], class_names=NAMES[:2], failure_shares=[0.08]
    )

    def beta_rule(a, b):
        nodes, weights = roots_jacobi(100, b - 1, a - 1)
        return (nodes + 1) / 2, weights / weights.sum()

    p0, w0 = beta_rule(fit.a[0], fit.b[0] + n[0])
    p1, w1 = beta_rule(fit.a[1], fit.b[1] + n[1])
    rate, w = roots_genlaguerre(100, fit.r + x - 1)
    rate = (rate / (fit.alpha_weeks + T))[:, None, None]
    leaving = 0.92 * p0[None, :, None] + 0.08 * p1[None, None, :]
    given_alive = np.einsum("i,j,k,ijk", w / w.sum(), w0, w1, rate / (DELTA + rate * leaving))
    summary = summary_of((x, t_x, T, n, last), names=NAMES[:2])
    assert fit.dert(0.15, summary)[0] == pytest.approx(given_alive * fit.probability_alive(summary)[0], rel=1e-6)


def test_discount_to_nothing_leaves_the_purchases():
    """By parts: int e^(-delta t) dN(t) = delta int e^(-delta t) N(t) dt."""
    summary = summary_of(CASES[3])
    nodes, weights = np.polynomial.laguerre.laggauss(40)
    total = sum(w * TRUTH.expected_purchases(float(u / DELTA), summary)[0] for u, w in zip(nodes, weights, strict=True))
    assert TRUTH.dert(0.15, summary)[0] == pytest.approx(total, rel=1e-4)


def test_predictions_against_lives_that_were_lived():
    rng = np.random.default_rng(12)
    fit = replace(TRUTH, failure_shares=np.array([0.12, 0.1, 0.08]))
    lives = [lived(fit, age, 30.0, rng) for age in np.repeat([10.0, 40.0], 10_000)]
    rows, is_alive, later = zip(*lives, strict=True)
    summary = summary_of(*rows)
    chance, purchases = fit.probability_alive(summary), fit.expected_purchases(30.0, summary)
    is_alive, later = np.array(is_alive, dtype=float), np.array(later, dtype=float)
    for group in (-1, 0, 1, 2, 3):
        member = summary.last == group
        count = member.sum()
        assert count > 500
        error = is_alive[member] - chance[member]
        assert abs(error.mean()) <= 4 * error.std() / math.sqrt(count)
        error = later[member] - purchases[member]
        assert abs(error.mean()) <= 4 * error.std() / math.sqrt(count)


def test_simulation_lives_by_the_same_story():
    rng = np.random.default_rng(5)
    drawn = TRUTH.simulate(np.full(40_000, 40.0), rng)
    by_hand = summary_of(*(lived(TRUTH, 40.0, 0.0, rng)[0] for _ in range(10_000)))
    for column in range(4):
        first, second = drawn.chances[:, column], by_hand.chances[:, column]
        spread = math.sqrt(first.var() / first.size + second.var() / second.size)
        assert abs(first.mean() - second.mean()) < 4 * spread
    first, second = drawn.recency_weeks, by_hand.recency_weeks
    spread = math.sqrt(first.var() / first.size + second.var() / second.size)
    assert abs(first.mean() - second.mean()) < 4 * spread


def recover(seed, count):
    rng = np.random.default_rng(seed)
    fit = fit_recovery_bg_nbd(TRUTH.simulate(rng.uniform(26, 78, count), rng))
    table = fit.loss_after_recovery
    return table["mean_drop_out"].to_numpy(), table["standard_error"].to_numpy()


def test_class_means_come_back_from_simulations():
    means, errors = (np.array(column) for column in zip(*(recover(seed, 5_000) for seed in range(6)), strict=True))
    distance = (means - TRUE_MEANS) / errors
    assert (np.abs(distance) < 3.5).all()
    assert np.abs(distance.mean(axis=0)).max() < 3.5 / math.sqrt(6)
    spread = means.std(axis=0, ddof=1) / errors.mean(axis=0)
    assert ((spread > 0.3) & (spread < 2.2)).all()
    assert (errors[:, 1:] < 0.04).all()


def test_the_result():
    rng = np.random.default_rng(9)
    summary = TRUTH.simulate(rng.uniform(26, 78, 5_000), rng)
    fit = fit_recovery_bg_nbd(summary)
    assert fit.message.startswith("converged")
    assert list(fit.parameters)[:3] == ["r", "alpha_weeks", "drop_out[ordinary]"]
    assert list(fit.parameters)[-2:] == ["concentration", "failure_concentration"]
    assert fit.working_names[:3] == ("ln r", "ln alpha_weeks", "logit drop_out[ordinary]")
    assert (fit.a + fit.b)[1:] == pytest.approx(np.full(3, (fit.a + fit.b)[1]))
    purchases = summary.frequency.sum() + 5_000
    assert fit.failure_shares == pytest.approx(summary.chances[:, 1:].sum(axis=0) / purchases)
    assert fit.log_likelihood == pytest.approx(total_at(working_of(fit), summary), rel=1e-13)
    assert fit.aic == pytest.approx(16 - 2 * fit.log_likelihood)
    table = fit.loss_after_recovery
    assert list(table.columns) == ["recovery", "mean_drop_out", "standard_error", "chances", "customers"]
    assert list(table["recovery"]) == list(NAMES)
    assert list(table["chances"]) == list(summary.chances.sum(axis=0))
    assert (table["customers"] <= table["chances"]).all()
    text = str(fit)
    for words in ("penalised fit", "come out too small", "random given what is recorded", "come out too low"):
        assert words in text
    for name in NAMES:
        assert name in text

    free = fit_recovery_bg_nbd(summary, concentration_prior=False, failure_shares=[0.1, 0, 0])
    assert free.log_likelihood >= fit.log_likelihood
    assert "penalised" not in str(free)
    assert list(free.failure_shares) == [0.1, 0, 0]


def test_drawn_parameters_spread_as_their_errors():
    rng = np.random.default_rng(10)
    fit = fit_recovery_bg_nbd(TRUTH.simulate(rng.uniform(26, 78, 5_000), rng))
    drawn = fit.draw_parameters(rng, 1_000)
    assert drawn[0].class_names == NAMES
    for k, name in enumerate(fit.parameters):
        values = np.array([draw.parameters[name] for draw in drawn])
        on_scale = logit(values) if name.startswith("drop_out") else np.log(values)
        assert on_scale.std() == pytest.approx(math.sqrt(fit.covariance[k, k]), rel=0.12)
        middle = fit.parameters[name]
        centre = logit(middle) if name.startswith("drop_out") else math.log(middle)
        assert abs(on_scale.mean() - centre) < 5 * on_scale.std() / math.sqrt(1_000)


def test_parameters_go_to_their_working_scales_and_back():
    working = working_of(TRUTH)
    np.testing.assert_allclose(TRUTH.working_parameters, working)
    for fit in (TRUTH.at_working(working), TRUTH.with_parameters(list(TRUTH.parameters.values()))):
        assert fit.parameters == pytest.approx(TRUTH.parameters)
        np.testing.assert_allclose(fit.b, TRUTH.b)
    # a class after which everybody left is known so badly that draws reach a chance of 1 as far as numbers go
    working[4] = 800.0
    assert TRUTH.at_working(working).drop_out[2] == pytest.approx(1.0)


def test_fewer_failures_ahead_are_worth_more():
    summary = summary_of(*CASES)
    worse = TRUTH.with_failure_shares([0.08, 0.0, 0.0])
    assert (worse.dert(0.15, summary) < TRUTH.dert(0.15, summary)).all()
    assert (worse.expected_purchases(52, summary) < TRUTH.expected_purchases(52, summary)).all()
    assert worse.probability_alive(summary) == pytest.approx(TRUTH.probability_alive(summary))


def at_failure(**change):
    arguments = {"frequency": [3], "age_weeks": [40], "chances": [(1, 1, 0, 0)], "margin_share": 0.3}
    arguments |= {"expected_spend": 100, "recovery_costs": [0, 5, 10]} | change
    return TRUTH.value_at_failure(0.15, **arguments)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: replace(TRUTH, r=-1), "parameter r of recovery-aware BG/NBD is -1; it must be a number above 0"),
        (lambda: replace(TRUTH, a=np.array([1, 1, 0, 1])), "parameter a of recovery-aware BG/NBD is 0"),
        (lambda: replace(TRUTH, b=np.ones(3)), r"b of recovery-aware BG/NBD has shape \(3,\); expected \(4,\)"),
        (lambda: TRUTH.with_failure_shares([0.5, 0.5, 0.5]), "failure_shares are 0.5, 0.5, 0.5"),
        (lambda: TRUTH.dert(0, summary_of(CASES[0])), "discount_rate_per_year is 0"),
        (lambda: TRUTH.expected_purchases(-1, summary_of(CASES[0])), "horizon_weeks is -1"),
        (
            lambda: TRUTH.dert(0.1, summary_of(CASES[0], names=("ordinary", "a", "b", "c"))),
            "the customers have classes ordinary, a, b, c, the fit ordinary, nothing",
        ),
        (lambda: TRUTH.draw_parameters(np.random.default_rng(1), 2), "errors of recovery-aware BG/NBD are unknown"),
        (lambda: at_failure(margin_share=0), "margin_share is 0"),
        (lambda: at_failure(chances=[(0, 1, 0, 0)]), "1 chances to drop out before this failure"),
        (lambda: at_failure(recovery_costs=[1, 2]), r"recovery_costs has shape \(2,\); expected \(1, 3\)"),
        (lambda: at_failure(expected_spend=-1), "expected_spend holds -1"),
        (lambda: fit_recovery_bg_nbd(summary_of(CASES[0])), "found 1, expected at least 2"),
        (lambda: fit_recovery_bg_nbd(summary_of(CASES[0], CASES[1])), "none of the 2 customers bought on a second day"),
        (lambda: fit_recovery_bg_nbd(summary_of(*CASES)), "class 'refund' never occurs among the 5 customers"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(InputError, match=message):
        call()


def test_failures_too_few_to_tell():
    rng = np.random.default_rng(2)
    loyal = replace(TRUTH, b=TRUTH.b * np.array([1, 1, 1, 1e6]), failure_shares=np.array([0.05, 0.05, 0.002]))
    with pytest.warns(BoundaryWarning, match=r"do not determine drop_out\[refund\].*put rare classes together"):
        fit_recovery_bg_nbd(loyal.simulate(rng.uniform(26, 78, 2_000), rng))


def test_nobody_leaves_after_an_ordinary_purchase():
    rng = np.random.default_rng(3)
    loyal = replace(TRUTH, a=TRUTH.a * np.array([1e-7, 1, 1, 1]))
    with pytest.warns(BoundaryWarning, match="drop-out chance after an ordinary purchase went to 0"):
        fit_recovery_bg_nbd(loyal.simulate(rng.uniform(26, 78, 1_000), rng))


def recover_often(seed_count, customer_count=20_000, processes=2):
    """Print in how many simulations the true means lie within 2 standard errors: all of them, and each class."""
    begun = time.perf_counter()
    with Pool(processes) as pool:
        recovered = pool.map(partial(recover, count=customer_count), range(1000, 1000 + seed_count), chunksize=1)
    means, errors = (np.array(column) for column in zip(*recovered, strict=True))
    is_near = np.abs(means - TRUE_MEANS) <= 2 * errors
    print(f"{customer_count:,} customers, {seed_count} seeds, {time.perf_counter() - begun:.0f} s")
    print(f"all {len(NAMES)} true means within 2 standard errors: {is_near.all(axis=1).sum()} of {seed_count}")
    for k, name in enumerate(NAMES):
        print(
            f"  {name:<10} true {TRUE_MEANS[k]:.2f}  mean estimate {means[:, k].mean():.4f}  "
            f"spread {means[:, k].std(ddof=1):.4f}  mean s.e. {errors[:, k].mean():.4f}  "
            f"within 2 s.e.: {is_near[:, k].sum()} of {seed_count}"
        )


if __name__ == "__main__":
    recover_often(int(sys.argv[1]) if len(sys.argv) > 1 else 100)
