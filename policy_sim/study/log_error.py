"""Error of the log: how far a difference between policies hangs on which customers happen to be in the log.

In: customers with their log, payoffs of cases drawn from it, two policies. Out: a standard error, money a year. Left to
others: the error of the sample of cases by itself (`risk`), what is assumed (the draws).

Cases that are drawn anew from one log say nothing of other logs: the customers in it are the sample. So customers are
drawn from the log with replacement, the models fitted to them, and the same number of cases drawn from those, again and
again. The draws of the assumptions hold a part of that already, the error of the models' parameters: it is taken off.
"""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from policy_sim.assumptions import Draws, central
from policy_sim.border import InputError
from policy_sim.clv import Transactions
from policy_sim.policy import Policy
from policy_sim.study.prepare import Customers, Sample, cases_of, fit_customers, thinned
from policy_sim.value import Payoffs, compare, evaluate, value_cases

__all__ = ["error_of_log"]

Floats = NDArray[np.float64]

_LOGS = 20  # that are drawn: their standard deviation is known within a sixth
_CASES = 4_000  # at most, drawn from each
_DRAWS = 100  # at most, of the models' parameters


def error_of_log(
    payoffs: Payoffs, customers: Customers, policy: Policy, baseline: Policy, logs: int = _LOGS, seed: int = 0
) -> float:
    """Return the standard error of a difference in net value (money a year) because the log's customers are a sample.

    Parameters
    ----------
    payoffs
        Of cases drawn from the customers; all assumptions at their central values here, but for the models' parameters.
    customers
        Whose log it is.
    policy, baseline
        The two policies, held as they are.
    logs
        How many logs are drawn, 3 or more.
    seed
        The same seed gives the same logs.

    Raises
    ------
    InputError
        If fewer than 3 of the logs that were drawn can carry the models.

    Notes
    -----
    sqrt(max(b^2 - m^2, 0)): b is the standard deviation over logs of as many customers, drawn with replacement, the
    models fitted anew to each; m that over the draws of the models' parameters alone, which the standard deviation over
    all draws holds as well. b holds the drawing of cases too.

    References
    ----------
    Efron and Tibshirani 1993 (bootstrap of units that are observed several times).
    """
    scenario, rng = payoffs.scenario, np.random.default_rng([seed, 6])
    model = customers.purchases.model.lower().replace("/", "-")
    gains = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a log that leaves parameters open is one that might have been
        for n in range(logs):
            try:
                other = fit_customers(_drawn_again(customers.transactions, rng), scenario, model)
                count = min(_CASES, len(payoffs.cases))
                cases = cases_of(scenario, other, Sample(cases=count, seed=seed + n))[1]
            except InputError:
                continue
            gains.append(_gain(value_cases(scenario, cases, central(scenario)), policy, baseline))
    if len(gains) < 3:
        raise InputError(f"{len(gains)} of {logs} logs drawn from this one can carry the models; use a longer log")
    some = thinned(payoffs, _CASES, _DRAWS)
    middle = central(scenario)
    draws = Draws(middle.names, np.repeat(middle.values, len(some.draws), axis=0))
    of_models = _gain(some.under(draws, some.value_ratios), policy, baseline)
    known = float(np.var(of_models, ddof=1)) if len(of_models) > 1 else 0.0
    return float(np.sqrt(max(float(np.var(np.concatenate(gains), ddof=1)) - known, 0.0)))


def _gain(payoffs: Payoffs, policy: Policy, baseline: Policy) -> Floats:
    """Return (draws,) the difference in net value a year."""
    return compare(evaluate(policy, payoffs), evaluate(baseline, payoffs)).per_year()


def _drawn_again(log: Transactions, rng: np.random.Generator) -> Transactions:
    """Return a log of as many customers, drawn with replacement; whoever is drawn twice is two people."""
    count = len(log.labels)
    edges = np.searchsorted(log.customer, np.arange(count + 1))
    drawn = np.sort(rng.integers(0, count, count))
    sizes = np.diff(edges)[drawn]
    rows = np.repeat(edges[drawn] - np.cumsum(sizes) + sizes, sizes) + np.arange(sizes.sum())
    return replace(
        log,
        labels=np.char.zfill(np.arange(count).astype(np.str_), len(str(count))),
        customer=np.repeat(np.arange(count), sizes),
        date=log.date[rows],
        amount=log.amount[rows],
    )
