"""The command `fit`: what it prints is what the models say."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from policy_sim import load_scenario
from policy_sim.clv import (
    BoundaryWarning,
    ContractSummary,
    fit_bg_bb,
    fit_shifted_beta_geometric,
    read_transactions,
    summarise_opportunities,
)
from policy_sim.study import read_default_log

FIT_KEYS = {"model", "parameters", "standard_errors", "log_likelihood", "aic", "bic", "customers"}
Run = Callable[..., tuple[int, str, str]]


def test_fit_prints_published_parameters(run: Run) -> None:
    status, out, _ = run("fit", "--model", "bg-nbd", "--until", "1997-09-30", "--json")
    assert status == 0
    fitted = json.loads(out)
    published = {"r": 0.243, "alpha_weeks": 4.414, "a": 0.793, "b": 2.426}
    assert {name: round(value, 3) for name, value in fitted["parameters"].items()} == published
    assert round(fitted["log_likelihood"], 1) == -9582.4
    assert fitted["customers"] == 2357
    assert set(fitted["standard_errors"]) == set(fitted["parameters"])
    status, out, _ = run("fit", "--model", "auto")
    assert "log-lik. after" in out
    assert "pareto-nbd" in out
    assert "highest tenth" in out


def test_fit_with_covariates(run: Run, tmp_path: Path) -> None:
    log = read_default_log(load_scenario("online_retail"))
    firsts = np.append(0, np.flatnonzero(np.diff(log.customer)) + 1)
    rows = [f"{label},{amount / 100}" for label, amount in zip(log.labels, log.amount[firsts], strict=True)]
    (tmp_path / "about.csv").write_text("\n".join(["customer,first_amount", *reversed(rows)]))
    status, out, _ = run("fit", "--model", "pareto-nbd", "--covariates", "about.csv", "--until", "1997-09-30", "--json")
    assert status == 0
    fitted = json.loads(out)
    # a nested model cannot fit worse than the plain one
    assert fitted["log_likelihood"] > -9594.98
    assert fitted["parameters"]["purchase_first_amount"] > 0
    (tmp_path / "about.csv").write_text("\n".join(["customer,first_amount", *rows[1:]]))
    status, _, err = run("fit", "--model", "pareto-nbd", "--covariates", "about.csv")
    assert status == 2
    assert "lack 1 of 2,357 customers, such as '00004'" in err
    status, _, err = run("fit", "--model", "bg-nbd", "--covariates", "about.csv")
    assert status == 2
    assert "--covariates is for --model pareto-nbd" in err


def test_fit_of_opportunities(run: Run, tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    active = np.arange(30)[None, :] < rng.geometric(rng.beta(1, 6, 300))[:, None]  # months until each left
    bought = active & (rng.random(active.shape) < rng.beta(2, 3, 300)[:, None])
    bought[:, 0] = True
    months = np.arange("2023-07", "2026-01", dtype="datetime64[M]")
    rows = [f"c{i},{months[k]}-05,10" for i, k in np.argwhere(bought)]
    (tmp_path / "log.csv").write_text("\n".join(["customer,date,amount", *rows]))
    words = ("fit", "log.csv", "--model", "bg-bb", "--until", "2025-12-31")
    status, out, _ = run(*words, "--json")
    assert status == 0
    fitted = json.loads(out)
    assert set(fitted) >= FIT_KEYS
    summary = summarise_opportunities(read_transactions(tmp_path / "log.csv"), "month", "2025-12-31")
    expected = fit_bg_bb(summary)
    assert fitted["model"] == "BG/BB"
    assert fitted["parameters"] == pytest.approx(expected.parameters)
    monthly = 1.15 ** (1 / 12) - 1
    assert fitted["discount_rate_per_opportunity"] == pytest.approx(monthly)
    dert = expected.dert(monthly, summary.frequency, summary.recency, summary.opportunities)
    assert fitted["mean_dert"] == pytest.approx(dert.mean())
    status, out, _ = run("fit", "--model", "bg-bb", "--period", "4", "--set", "shop.discount_rate_per_year=0.2")
    assert status == 0
    assert "Orders to come (at most one in 4 weeks, discount 20% a year)" in out
    assert "highest hundredth" in out


def test_fit_with_failures_and_recoveries(run: Run, tmp_path: Path) -> None:
    log = read_default_log(load_scenario("online_retail"))
    failed = np.random.default_rng(0).choice(len(log.amount), 500, replace=False)
    rows = [f"{log.labels[log.customer[k]]},{log.date[k]},{('refund', 'nothing')[i % 2]}" for i, k in enumerate(failed)]
    (tmp_path / "failed.csv").write_text("\n".join(["Customer,Date,Recovery", *rows[:9], "", *rows[9:]]))
    words = ("fit", "--model", "recovery-bg-nbd", "--recoveries", "failed.csv", "--until", "1998-06-30")
    status, out, _ = run(*words, "--json")
    assert status == 0
    fitted = json.loads(out)
    assert set(fitted) >= FIT_KEYS
    assert fitted["customers"] == 2357
    lost = {row["recovery"]: row for row in fitted["loss_after_recovery"]}
    assert list(lost) == ["ordinary", "nothing", "refund"]
    assert fitted["parameters"]["drop_out[refund]"] == lost["refund"]["mean_drop_out"]
    worth = {row["recovery"]: row["value"] for row in fitted["mean_at_failure"]}
    # nothing but chance tells these two apart: who is lost less is worth more
    assert (worth["refund"] > worth["nothing"]) == (lost["refund"]["mean_drop_out"] < lost["nothing"]["mean_drop_out"])
    assert "random given what is recorded" in fitted["caveats"][0]
    status, out, _ = run(*words)
    assert status == 0
    for phrase in ("failure_concentration", "Chance to lose a customer", "before its cost", "come out too low"):
        assert phrase in out


def test_fit_of_contracts(run: Run, tmp_path: Path) -> None:
    renewals, due = np.arange(400) % 7, 6
    rows = [f"c{i},{k},{'no' if k < due else 'Yes'}" for i, k in enumerate(renewals)]
    (tmp_path / "contracts.csv").write_text("\n".join(["customer,renewals,active", *rows]))
    words = ("fit", "contracts.csv", "--model", "contracts", "--period", "year")
    status, out, err = run(*words, "--json")
    assert status == 0
    fitted = json.loads(out)
    assert set(fitted) >= FIT_KEYS
    assert fitted["customers"] == 400
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", BoundaryWarning)
        expected = fit_shifted_beta_geometric(ContractSummary.of_customers(renewals, renewals == due))
    assert fitted["parameters"] == pytest.approx(expected.parameters)
    assert "do not determine" in err  # they leave ever more readily, which the model cannot show
    assert [row["derl"] for row in fitted["tenures"]] == pytest.approx(expected.derl(0.15, np.arange(7)))
    status, out, _ = run(*words)
    assert status == 0
    assert "renewals a year apart" in out
    assert "6 renewals" in out
