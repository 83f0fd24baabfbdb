import json
import warnings

import numpy as np
import pandas as pd
import pytest

from policy_sim.border import InputError
from policy_sim.clv import (
    FIT_MODELS,
    PURCHASE_MODELS,
    BoundaryWarning,
    ContractsReport,
    FitRequest,
    OpportunitiesReport,
    PurchasesReport,
    RecoveriesReport,
    compare_models,
    fit_bg_nbd,
    fit_gamma_gamma,
    fit_model,
    fit_pareto_nbd_covariates,
    fit_shifted_beta_geometric,
    future_values,
    opportunities_per_year,
    read_contracts,
    refuse_other_options,
    summarise,
)

MONEY = {"margin_share": 0.3, "discount_rate_per_year": 0.15}
UNTIL = "1997-09-30"


def as_json(report):
    """Return the report's plain data, if JSON takes it as it is."""
    content = report.to_dict()
    assert json.loads(json.dumps(content, allow_nan=False)) == content
    return content


@pytest.fixture
def contracts(tmp_path):
    path = tmp_path / "contracts.csv"
    renewals = np.repeat(np.arange(5), [300, 120, 60, 30, 90])
    pd.DataFrame({"renewals": renewals, "active": (renewals == 4).astype(int)}).to_csv(path, index=False)
    return path


@pytest.fixture
def failed_orders(tmp_path, cdnow):
    path = tmp_path / "failed.csv"
    orders = np.random.default_rng(0).choice(cdnow.amount.size, 500, replace=False)
    recovery = np.where(np.arange(500) % 2, "refund", "nothing")
    table = cdnow.to_frame().loc[orders, ["customer", "date"]].assign(recovery=recovery)
    table.to_csv(path, index=False)
    return path


def test_purchases(cdnow, cdnow_calibration):
    report = fit_model(FitRequest(model="bg-nbd", log=cdnow, until=UNTIL, **MONEY))
    assert isinstance(report, PurchasesReport)
    purchases, spend = fit_bg_nbd(cdnow_calibration), fit_gamma_gamma(cdnow_calibration)
    values = future_values(cdnow_calibration, purchases, spend, **MONEY)
    assert report.comparison is None
    pd.testing.assert_frame_equal(report.to_frame(), values.to_frame())
    assert as_json(report) == {
        **purchases.to_dict(),
        "spend": spend.to_dict(),
        "mean_future_value": float(values.future_value.mean()),
        "currency": "USD",
    }
    # the published fit
    assert {name: round(value, 3) for name, value in report.purchases.parameters.items()} == {
        "r": 0.243, "alpha_weeks": 4.414, "a": 0.793, "b": 2.426,
    }  # fmt: skip


def test_the_best_model(cdnow):
    report = fit_model(FitRequest(log=cdnow, **MONEY))
    best = compare_models(cdnow).best
    assert report.comparison.best == best
    assert report.purchases.parameters == PURCHASE_MODELS[best](cdnow).parameters
    assert report.fits == (report.purchases, report.spend)
    assert "comparison" not in as_json(report)


def test_the_best_model_is_chosen_on_the_whole_log_and_fitted_up_to_a_day(cdnow, cdnow_calibration):
    report = fit_model(FitRequest(log=cdnow, until=UNTIL, **MONEY))
    assert report.comparison.best == compare_models(cdnow).best
    assert report.purchases.parameters == PURCHASE_MODELS[report.comparison.best](cdnow_calibration).parameters


@pytest.mark.parametrize("model", ["pareto-nbd", "auto"])
def test_covariates(model, cdnow, cdnow_calibration, tmp_path):
    covariates = pd.DataFrame(
        {"size": np.random.default_rng(1).normal(size=cdnow.labels.size)}, index=pd.Index(cdnow.labels, name="customer")
    )
    covariates[::-1].to_csv(tmp_path / "about.csv")
    report = fit_model(FitRequest(model=model, log=cdnow, until=UNTIL, covariates=tmp_path / "about.csv", **MONEY))
    expected = fit_pareto_nbd_covariates(cdnow_calibration, covariates)
    assert report.purchases.parameters == pytest.approx(expected.parameters, rel=1e-9)
    dert = expected.at(covariates).dert(0.15, *cdnow_calibration.history)
    np.testing.assert_allclose(report.future_values.dert, dert, rtol=1e-9)
    assert list(as_json(report)["parameters"])[4:] == ["purchase_size", "dropout_size"]


def test_opportunities(cdnow):
    report = fit_model(FitRequest(model="bg-bb", log=cdnow, period=4, **MONEY))
    assert isinstance(report, OpportunitiesReport)
    content = as_json(report)
    assert content["model"] == "BG/BB"
    assert content["period"] == 4
    assert (1 + content["discount_rate_per_opportunity"]) ** opportunities_per_year(4) == pytest.approx(1.15)
    assert content["mean_dert"] == pytest.approx(report.to_frame()["dert"].mean())
    assert list(content["dert_quantiles"]) == ["0.05", "0.5", "0.95", "0.995"]
    assert list(report.to_frame().columns) == ["customer", "dert", "orders_per_year", "probability_alive"]
    by_month = FitRequest(model="bg-bb", log=cdnow, **MONEY)
    assert by_month.length_of_period == "month"


def test_recoveries(cdnow, failed_orders):
    report = fit_model(FitRequest(model="recovery-bg-nbd", log=cdnow, recoveries=failed_orders, **MONEY))
    assert isinstance(report, RecoveriesReport)
    content = as_json(report)
    lost = {row["recovery"]: row["mean_drop_out"] for row in content["loss_after_recovery"]}
    assert list(lost) == ["ordinary", "nothing", "refund"]
    assert content["parameters"]["drop_out[refund]"] == lost["refund"]
    worth = {row["recovery"]: row["value"] for row in content["mean_at_failure"]}
    # nothing but chance tells these two apart: who is lost less is worth more
    assert (worth["refund"] > worth["nothing"]) == (lost["refund"] < lost["nothing"])
    assert worth == dict(report.to_frame()[["recovery", "value"]].itertuples(index=False))
    assert "random given what is recorded" in content["caveats"][0]


def test_contracts(contracts):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", BoundaryWarning)
        report = fit_model(FitRequest(model="contracts", contracts=contracts, period="year", **MONEY))
        expected = fit_shifted_beta_geometric(read_contracts(contracts))
    assert isinstance(report, ContractsReport)
    content = as_json(report)
    assert content["parameters"] == expected.parameters
    assert content["customers"] == 600
    assert content["discount_rate_per_renewal"] == pytest.approx(0.15)
    assert [row["renewals"] for row in content["tenures"]] == [0, 1, 2, 3, 4]
    np.testing.assert_allclose([row["derl"] for row in content["tenures"]], expected.derl(0.15, np.arange(5)))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"model": "bg-nbd"}, ["Fitting customer models", "Working out future values"]),
        ({}, ["Comparing models", "Fitting customer models", "Working out future values"]),
        ({"model": "bg-bb"}, ["Fitting the customer model", "Working out orders to come"]),
    ],
)
def test_progress(cdnow, options, words):
    calls = []
    fit_model(FitRequest(log=cdnow, **options, **MONEY), on_progress=lambda *call: calls.append(call))
    assert calls == [*((word, k, len(words)) for k, word in enumerate(words)), (words[-1], len(words), len(words))]


def test_a_log_is_summarised_once(cdnow, monkeypatch):
    days = []

    def counted(log, until=None):
        days.append(until)
        return summarise(log, until)

    for module in ("fitting", "histories", "comparison", "recoveries"):
        monkeypatch.setattr(f"policy_sim.clv.{module}.summarise", counted)
    fit_model(FitRequest(model="bg-nbd", log=cdnow, **MONEY))
    assert days == [None]
    days.clear()
    fit_model(FitRequest(log=cdnow, **MONEY))  # to the middle for the comparison, to the end for the fit
    assert days == [np.datetime64("1997-09-30"), None]


def test_every_model_of_purchases_can_be_asked_for():
    assert set(PURCHASE_MODELS) < set(FIT_MODELS)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"model": "bgbb"}, r"unknown model 'bgbb' \(did you mean 'bg-bb'\?\); expected one of: bg-nbd, mbg-nbd, "),
        ({"model": "contracts"}, "--model contracts needs a file of contracts; .* renewals,active and a row for each"),
        ({"model": "recovery-bg-nbd"}, "needs the failed orders; give a CSV file of customer,date,recovery"),
        ({"model": "bg-nbd"}, r"model bg-nbd needs a log of purchases; give log=read_transactions\(\.\.\.\)"),
        ({"model": "bg-nbd", "period": "year"}, "--period is for --model bg-bb, contracts, not for bg-nbd; leave one"),
        ({"model": "mbg-nbd", "covariates": "a.csv"}, "--covariates is for --model pareto-nbd, auto, not for mbg-nbd"),
        ({"recoveries": "r.csv"}, "--recoveries is for --model recovery-bg-nbd, not for auto; leave one of them out"),
        (
            {"model": "contracts", "contracts": "k.csv", "until": UNTIL},
            "--until is for --model bg-nbd, mbg-nbd, pareto-nbd, bg-bb, recovery-bg-nbd, auto, not for contracts",
        ),
    ],
)
def test_what_a_model_has_no_use_for_is_refused(options, message):
    with pytest.raises(InputError, match=message):
        FitRequest(**options, **MONEY)


def test_options_of_a_log_are_refused_for_contracts():
    refuse_other_options("bg-nbd", ["until", "customer_column", "day_first"])
    with pytest.raises(InputError, match=r"--customer-column is for --model bg-nbd, .*, not for contracts; leave"):
        refuse_other_options("contracts", ["period", "customer_column", "day_first"])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"model": "bg-bb", "period": "months"}, r"unknown period 'months' \(did you mean 'month'\?\)"),
        ({"model": "bg-nbd", "until": "soon"}, "until is 'soon', which is not a date"),
        ({"model": "bg-nbd", "margin_share": 0.0}, "margin_share is 0.0; it must be above 0"),
        ({"model": "bg-nbd", "discount_rate_per_year": 0.0}, "discount_rate_per_year is 0.0; it must be above 0"),
        ({"covariates": "nowhere.csv"}, "covariates 'nowhere.csv' do not exist"),
        ({"model": "recovery-bg-nbd", "recoveries": "nowhere.csv"}, "file of recoveries 'nowhere.csv' does not exist"),
    ],
)
def test_bad_input(cdnow, options, message):
    with pytest.raises(InputError, match=message):
        fit_model(FitRequest(log=cdnow, **(MONEY | options)))
