import json

import numpy as np
import pytest

from policy_sim.border import InputError
from policy_sim.clv import PURCHASE_MODELS, compare_models, fit_purchases, summarise


@pytest.fixture(scope="module")
def comparison(cdnow):
    return compare_models(cdnow, until="1997-09-30")


def test_the_table_against_a_plain_count(cdnow, comparison):
    early, whole = summarise(cdnow, "1997-09-30"), summarise(cdnow)
    bought = whole.frequency - early.frequency  # all customers of this log bought before that day
    history = (early.frequency, early.recency_weeks, early.age_weeks)
    assert comparison.horizon_weeks == 39
    for name, fit in comparison.fits.items():
        foretold = fit.expected_purchases(39, *history)
        row = comparison.table.loc[name]
        assert row["mean_absolute_error"] == pytest.approx(np.abs(foretold - bought).mean())
        assert row["log_likelihood"] == pytest.approx(fit.log_likelihood)
        # the likelihood of each customer adds up to that of the fit
        assert fit.log_likelihoods(*history).sum() == pytest.approx(fit.log_likelihood, rel=1e-10)
    assert list(comparison.table["holdout_log_likelihood"]) == sorted(
        comparison.table["holdout_log_likelihood"], reverse=True
    )
    assert comparison.best == comparison.table.index[0]


def test_tracking_starts_at_the_log_and_ends_at_the_total(cdnow, comparison):
    tracking = comparison.tracking
    assert tracking["actual"].iloc[-1] == summarise(cdnow, "1998-06-24").frequency.sum()  # 77 whole weeks
    early = summarise(cdnow, "1997-09-30")
    weeks, counts = np.unique(early.age_weeks + 77 - 38.857142857, return_counts=True)  # 272 days to that day
    for name, fit in comparison.fits.items():
        # what newcomers are expected to have bought by the end of week 77, one joining day after the other
        expected = sum(n * float(fit.expected_purchases(float(w), 0, 0, 0)) for w, n in zip(weeks, counts, strict=True))
        assert tracking[name].iloc[-1] == pytest.approx(expected, rel=1e-3)
        assert (np.diff(tracking[name]) >= 0).all()


def test_by_frequency_holds_every_customer_once(comparison):
    assert comparison.by_frequency["customers"].sum() == 2357
    assert comparison.by_frequency["frequency"].tolist() == [0, 1, 2, 3, 4, 5, 6, 7]


def test_the_best_model_by_name(cdnow):
    assert fit_purchases(cdnow, "auto").model == PURCHASE_MODELS[compare_models(cdnow).best](cdnow).model
    assert fit_purchases(cdnow, "pareto-nbd").model == "Pareto/NBD"


def test_bad_input(cdnow):
    with pytest.raises(InputError, match=r"unknown model 'bgnbd' \(did you mean 'bg-nbd'\?\)"):
        fit_purchases(cdnow, "bgnbd")
    with pytest.raises(InputError, match="unknown model 'weibull'"):
        compare_models(cdnow, ["weibull"])
    with pytest.raises(InputError, match="no day of the log comes after"):
        compare_models(cdnow, until="1998-06-30")
    with pytest.raises(InputError, match="needs a whole log"):
        fit_purchases(summarise(cdnow), "auto")


def test_as_a_table_and_as_plain_data(comparison):
    table = comparison.to_frame()
    assert table["model"].tolist() == comparison.table.index.tolist()
    assert table.columns.tolist() == ["model", *comparison.table.columns]
    content = comparison.to_dict()
    assert json.loads(json.dumps(content)) == content
    assert content["best"] == content["models"][0]["model"] == comparison.best
    assert content["calibration_end"] == "1997-09-30"
    assert [row["week"] for row in content["tracking"]] == comparison.tracking["week"].tolist()
    assert content["by_frequency"][0]["frequency"] == 0


def test_the_customers_are_those_of_the_whole_log(cdnow, comparison):
    np.testing.assert_array_equal(comparison.customers.frequency, summarise(cdnow).frequency)
