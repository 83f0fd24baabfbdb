"""The mix of styles is recovered from what it gave, with errors that are as large as they say."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize

from policy_sim.assumptions import load_scenario
from policy_sim.border import InputError
from policy_sim.policy import load_policy
from policy_sim.study import Sample, prepare, style_mix
from policy_sim.value import STYLES, Handling
from policy_sim.words import LIMITS

COLUMNS = ["refund", "credit"]
TRUE = np.array([0.5, 0.35, 0.15])


@pytest.fixture(scope="module")
def world():
    scenario = load_scenario("online_retail")
    payoffs = prepare(scenario, sample=Sample(cases=1500, draws=8)).payoffs
    policy = load_policy("generous", scenario)
    handling = Handling.of(policy, payoffs)
    uses = payoffs.uses[np.arange(len(handling.tier))[:, None], handling.choice]
    would_give = np.maximum(uses[..., [LIMITS.index(name) for name in COLUMNS]], 0) / 100
    return policy, payoffs, handling, would_give


def drawn(would_give, rng, scatter):
    """Let people of the true mix decide, and write down what they gave, a little off."""
    style = rng.choice(len(STYLES), size=len(would_give), p=TRUE)
    amounts = would_give[np.arange(len(style)), style]
    return pd.DataFrame(np.abs(amounts + rng.normal(0, scatter, amounts.shape)), columns=COLUMNS)


@pytest.mark.parametrize("scatter", [0.0, 0.8])
def test_known_shares_are_recovered_with_their_errors(world, scatter):
    policy, payoffs, handling, would_give = world
    rng = np.random.default_rng(3)
    estimates, errors = [], []
    for _ in range(60):
        mix = style_mix(policy, payoffs, drawn(would_give, rng, scatter)).to_frame()
        agents = mix[mix["tier"] == "agent"]
        estimates.append(agents["share"])
        errors.append(agents["error"])
    assert list(agents["style"]) == list(STYLES)
    assert agents["cases"].iloc[0] == (handling.tier == 0).sum() >= agents["telling"].iloc[0] > 500
    estimates, errors = np.array(estimates), np.array(errors)
    np.testing.assert_allclose(estimates.sum(axis=1), 1)
    spread = estimates.std(axis=0)
    # 60 repetitions: the mean is off by a seventh of the spread or so, the spread itself by a tenth
    assert (np.abs(estimates.mean(axis=0) - TRUE) < 0.45 * spread + 0.005).all()
    np.testing.assert_allclose(errors.mean(axis=0), spread, rtol=0.3)


def test_it_is_the_maximum_of_the_likelihood_that_is_written_down(world):
    policy, payoffs, handling, would_give = world
    given = drawn(would_give, np.random.default_rng(8), 2.0)
    mix = style_mix(policy, payoffs, given).to_frame()
    agents = mix[mix["tier"] == "agent"]
    telling = (handling.tier == 0) & (would_give != would_give[:, :1]).any(axis=(1, 2))
    distance = ((given.to_numpy()[telling, None] - would_give[telling]) ** 2).sum(axis=-1)

    def minus_log_likelihood(at):
        share = np.exp([0.0, *at[:2]]) / np.exp([0.0, *at[:2]]).sum()
        density = share * np.exp(-distance / (2 * np.exp(2 * at[2]))) / np.exp(2 * at[2])
        return -np.log(density.sum(axis=1)).sum()

    best = minimize(
        minus_log_likelihood, [0.0, -1.0, 0.5], method="Nelder-Mead", options={"xatol": 1e-7, "fatol": 1e-9}
    )
    share = np.exp([0.0, *best.x[:2]]) / np.exp([0.0, *best.x[:2]]).sum()
    np.testing.assert_allclose(agents["share"], share, atol=1e-4)
    assert agents["scatter"].iloc[0] == pytest.approx(np.exp(best.x[2]), rel=1e-4)


def test_one_style_alone_and_nobody_at_all(world):
    policy, payoffs, handling, would_give = world
    generous = pd.DataFrame(would_give[:, STYLES.index("generous")], columns=COLUMNS)
    mix = style_mix(policy, payoffs, generous)
    agents = mix.to_frame().query("tier == 'agent'")
    np.testing.assert_allclose(agents["share"], [0, 1, 0], atol=1e-6)
    # at the edge there is no error to speak of, and a tier without telling cases has no shares
    assert agents["error"].isna().all()
    few = style_mix(policy, payoffs.take(np.flatnonzero(handling.tier == 0)), generous[handling.tier == 0])
    assert few.to_frame().query("tier == 'manager'")["share"].isna().all()
    assert json.loads(json.dumps(few.to_dict(), allow_nan=False))["shares"][-1]["share"] is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda given: given.rename(columns={"refund": "refunds"}), r"unknown limit 'refunds' \(did you mean 'refund'"),
        (lambda given: given.iloc[1:], "2 columns and 1499 rows; expected a column for one limit or more"),
        (lambda given: given[[]], "0 columns"),
        (lambda given: given.assign(credit=-1.0), "row 1, column 'credit' is -1; expected money, 0 or more"),
        (lambda given: given.assign(credit=np.nan), "column 'credit' is nan"),
    ],
)
def test_what_cannot_be_read_is_refused(world, change, message):
    policy, payoffs, _, would_give = world
    given = pd.DataFrame(would_give[:, 0], columns=COLUMNS)
    with pytest.raises(InputError, match=message):
        style_mix(policy, payoffs, change(given))
