"""The command line as its user meets it: results on standard output, one line and exit status 2 for bad input."""

from __future__ import annotations

import csv
import io
import json
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from policy_sim import Lever, evaluate, import_policy, load_policy, load_scenario, threshold_curve
from policy_sim.border import shipped
from policy_sim.cli import main
from policy_sim.clv import (
    BoundaryWarning,
    ContractSummary,
    fit_bg_bb,
    fit_shifted_beta_geometric,
    read_transactions,
    summarise_opportunities,
)
from policy_sim.study import Sample, analyse_decision, load_story, prepare, read_default_log, replay
from policy_sim.sweep.results import read_sweep
from policy_sim.value import best_limits, keep_or_return

SMALL = ("--cases", "400", "--draws", "7", "--seed", "3")
LOG = "customer,date,amount\n" + "".join(
    f"c{i % 40},2025-{1 + i % 12:02d}-{1 + i % 27:02d},{10 + (7 * i) % 53}.5\n" for i in range(0, 400, 3)
)
SCENARIO = (shipped("data/scenarios") / "online_retail.yaml").read_text()
POLICY = (shipped("data/policies") / "current.yaml").read_text()

FIT_KEYS = {"model", "parameters", "standard_errors", "log_likelihood", "aic", "bic", "customers"}

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """Run the command line in an empty folder; gives exit status, standard output and standard error."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")

    def call(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["policy-sim", *words])
        with pytest.raises(SystemExit) as stopped:
            main()
        printed = capsys.readouterr()
        code = stopped.value.code
        return (code if isinstance(code, int) else 0), printed.out, printed.err

    return call


def test_the_main_job_writes_policy_tables_and_figures(run: Run, tmp_path: Path) -> None:
    status, out, _ = run("run", *SMALL, "--json")
    assert status == 0
    result = json.loads(out)
    names = {path.name for path in (tmp_path / "out").iterdir()}
    figures = {
        f"{name}.{kind}" for name in ("curves", "value_against_cost", "where_the_money_goes") for kind in ("png", "svg")
    }
    assert names == {"policy.json", "outcomes.csv", "differences.csv", "curves.csv"} | figures
    assert {Path(path).name for path in result["files"]} == names
    # what is printed is what the library says
    scenario = load_scenario("online_retail")
    payoffs = prepare(scenario, sample=Sample(cases=400, draws=7, seed=3)).payoffs
    policy = import_policy(tmp_path / "out" / "policy.json", scenario)
    gain = evaluate(policy, payoffs).per_year() - evaluate(load_policy("current", scenario), payoffs).per_year()
    printed = result["recommended"]["difference"]["net_value"]
    assert printed["per_year"] == pytest.approx(gain.mean())
    assert [printed["per_year_low"], printed["per_year_high"]] == pytest.approx(np.quantile(gain, [0.05, 0.95]))
    assert gain.mean() > 0


def test_the_screen_fits_eighty_characters_and_says_how_sure(run: Run) -> None:
    status, out, _ = run("run", *SMALL)
    assert status == 0
    assert "Recommended limits" in out
    assert "likely" in out
    tables = [line for line in out.splitlines() if not line.startswith(("Wrote", "BG/NBD", "Future", "Online"))]
    assert max(map(len, tables)) <= 80


def test_one_s_own_log(run: Run, tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text(
        "Client;Bought on;Paid\n"
        + "".join(f"c{i % 40};{1 + i % 27}.{1 + i % 12}.2025;{10 + (7 * i) % 53},50 €\n" for i in range(0, 400, 3))
        + "c1;28.12.2025;-20,00 €\n"
    )
    columns = ("--customer-column", "Client", "--date-column", "Bought on", "--amount-column", "Paid")
    status, out, err = run("run", *SMALL, "--transactions", "log.csv", *columns, "--json")
    assert status == 0
    assert json.loads(out)["customers"]["count"] == 40
    assert "1 row with negative amounts (returns, -20.00 USD in all) was left out" in err


def test_a_curve_has_every_breakpoint_and_is_the_library_s(run: Run) -> None:
    status, out, _ = run("curve", "agent.keep_item", "--failure", "wrong_item", *SMALL)
    assert status == 0
    rows = list(csv.DictReader(io.StringIO(out)))
    scenario = load_scenario("online_retail")
    payoffs = prepare(scenario, sample=Sample(cases=400, draws=7, seed=3)).payoffs
    outcome = evaluate(load_policy("current", scenario), payoffs)
    curve = threshold_curve(outcome, Lever("agent", "keep_item", "wrong_item"))
    assert len(rows) == len(curve.limits)
    assert rows[0]["limit"] == ""
    assert [float(row["net_value"]) for row in rows] == pytest.approx(curve.per_case().mean(axis=1))
    assert {"limit", "net_value", "remedy_cost", "escalated_share"} <= set(rows[0])


def test_square_brackets_are_text_and_nothing_else(run: Run, tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("extends: online_retail\ntitle: 'Shop [bold] [/no]'\n")
    (tmp_path / "policy.yaml").write_text(POLICY.replace("title: Policy in force", "title: 'In force [/no]'"))
    status, out, _ = run("scenario", "show", "mine.yaml")
    assert status == 0
    assert "Shop [bold] [/no]" in out
    status, out, _ = run("evaluate", "policy.yaml", *SMALL)
    assert status == 0
    assert "In force [/no]" in out


def test_evaluate_decide_export(run: Run, tmp_path: Path) -> None:
    status, out, _ = run("evaluate", "generous", *SMALL, "--json")
    assert status == 0
    assert json.loads(out)["policy"]["net_value"]["unit"] == "money"
    status, out, _ = run("evaluate", "generous", *SMALL)
    assert "Net value" in out

    (tmp_path / "cases.csv").write_text(
        "case,failure,item_price,future_value\nA-1,wrong_item,20,90\nA-2,wrong_item,200,90\n"
    )
    status, out, _ = run("decide", "generous", "cases.csv")
    assert status == 0
    rows = list(csv.DictReader(io.StringIO(out)))
    assert [row["case"] for row in rows] == ["A-1", "A-2"]
    assert rows[0]["tier"] == "agent"
    assert "keep item up to 150 USD" in rows[0]["allowed"]
    assert rows[0]["rules"] == "general limit of the agent"

    assert run("export", "generous", "--format", "json", "--out", "mine.json")[0] == 0
    status, again, _ = run("decide", "mine.json", "cases.csv")
    assert status == 0
    assert again == out


def test_a_policy_goes_out_and_comes_back(run: Run, tmp_path: Path) -> None:
    status, out, err = run("export", "current", "--all", "--out", "pub")
    assert (status, out) == (0, "")
    assert "current_v1.jdm.json" in err
    names = {path.name for path in (tmp_path / "pub").iterdir()}
    assert {"current_v1.xlsx", "current_v1.dmn", "current_v1.card.html", "policy.schema.json"} <= names
    scenario = load_scenario("online_retail")
    for ending in ("json", "yaml", "csv", "xlsx", "dmn"):
        status, out, err = run("import", f"pub/current_v1.{ending}", "--out", "back.yaml")
        assert (status, out, err) == (0, "", "Wrote back.yaml\n")
        assert import_policy(tmp_path / "back.yaml", scenario) == load_policy("current", scenario)
        assert "package_version: 0.1.0\n  scenario: online_retail" in (tmp_path / "back.yaml").read_text()
    status, out, _ = run("import", "pub/current_v1.csv")
    assert "name: current" in out


def test_without_what_draws_pdf(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "weasyprint", None)
    status, _, err = run("export", "current", "--all", "--out", "pub")
    assert status == 0
    assert "Note: a PDF needs WeasyPrint" in err
    assert not list((tmp_path / "pub").glob("*.pdf"))
    status, _, err = run("export", "current", "--format", "pdf", "--out", "card.pdf")
    assert status == 2
    assert len(err.splitlines()) == 1


def test_a_file_that_a_person_changed(run: Run, tmp_path: Path) -> None:
    assert run("export", "current", "--format", "csv", "--out", "p.csv")[0] == 0
    text = (tmp_path / "p.csv").read_text(encoding="utf-8-sig")
    (tmp_path / "p.csv").write_text(text.replace("any,any,25,10,ask", "any,any,25,40,ask"))
    status, _, err = run("import", "p.csv", "--out", "p.yaml")
    assert status == 0
    assert "this file was changed after export: tiers.agent.limits.credit 10 -> 40; it counts as a draft" in err
    status, _, err = run("import", "p.csv", "--unchanged", "--out", "p.yaml")
    assert status == 2
    assert len(err.splitlines()) == 1

    assert run("check", "p.yaml", "--rules-only")[0] == 0
    status, _, err = run("approve", "p.yaml", "--by", "Ana", "--on", "2026-11-20", "--live", "--from", "2026-12-01")
    assert (status, err) == (0, "current version 1 is live, by Ana on 2026-11-20; wrote p.yaml\n")
    approved = import_policy(tmp_path / "p.yaml", load_scenario("online_retail"))
    assert (approved.status, approved.approved_by, str(approved.effective_from)) == ("live", "Ana", "2026-12-01")
    status, _, err = run("approve", "current", "--by", "Ana")
    assert status == 2
    assert "export the policy first" in err
    status, _, err = run("export", "current", "--format", "yaml", "--out", "p.yaml")
    assert status == 2
    assert "with other content, and it is live" in err
    assert run("export", "current", "--format", "yaml", "--out", "p.yaml", "--force")[0] == 0
    assert "status: live" in (tmp_path / "p.yaml.previous").read_text()


def test_conform_runs_engines(run: Run, tmp_path: Path) -> None:
    assert run("export", "current", "--format", "jdm", "--out", "p.jdm.json")[0] == 0
    status, out, _ = run("conform", "p.jdm.json", "--cases", "100", "--json")
    (found,) = json.loads(out)
    assert (status, found["engine"], found["holds"]) == (0, "zen-engine", True)
    text = (tmp_path / "p.jdm.json").read_text()
    (tmp_path / "p.jdm.json").write_text(text.replace('"[0..25.01)"', '"[0..24.99)"', 1))
    status, out, _ = run("conform", "p.jdm.json", "--cases", "100")
    assert status == 1
    assert "zen-engine: for currency USD, failure" in out
    status, _, err = run("conform", "p.jdm.json", "--engine", "pyDMNrules")
    assert status == 2
    assert "pyDMNrules does not run jdm files" in err


def test_check_says_what_is_wrong(run: Run, tmp_path: Path) -> None:
    status, out, _ = run("check", "current", "--cases", "300")
    assert (status, out) == (0, "current: nothing found; every case has one rule that decides it\n")
    (tmp_path / "p.yaml").write_text(POLICY.replace("refund: 150", "refund: 20"))
    status, out, _ = run("check", "p.yaml", "--rules-only")
    assert status == 1
    assert "error: the refund limit falls from 25 (agent) to 20 (lead)" in out
    assert "not fit to be published" in out
    status, _, err = run("export", "p.yaml")
    assert status == 2
    assert "refund limit falls" in err


def test_diff_in_words_and_in_money(run: Run) -> None:
    status, out, _ = run("diff", "current", "generous", *SMALL)
    assert status == 0
    assert "current -> generous: generous allows whatever current allows, and more" in out
    assert "Net value: +" in out
    status, out, _ = run("diff", "current", "generous", "--rules-only", "--json")
    content = json.loads(out)
    assert content["net_value"] is None
    assert content["differences"][0]["example"]["failure"] == "late_delivery"


def test_expected_effect_is_written_into_files(run: Run) -> None:
    status, out, _ = run("export", "generous", "--against", "current", *SMALL)
    assert status == 0
    provenance = json.loads(out)["provenance"]
    assert provenance["expected_effect"]["against"] == "current"
    assert provenance["expected_effect"]["low"] <= provenance["expected_effect"]["per_year"]
    assert (provenance["seed"], provenance["case_count"], provenance["draw_count"]) == (3, 400, 7)
    assert set(provenance) >= {"scenario_fingerprint", "data_fingerprint", "package_version"}


def test_decide_by_the_rules_alone(run: Run, tmp_path: Path) -> None:
    rows = "failure,segment,asked_for,amount,suspicion,prior_claims\n"
    (tmp_path / "cases.csv").write_text(f"{rows}wrong_item,loyal,refund,25,0,0\nwrong_item,loyal,refund,25.01,0,0\n")
    status, out, _ = run("decide", "current", "cases.csv", "--rules-only")
    assert status == 0
    assert [row["tier"] for row in csv.DictReader(io.StringIO(out))] == ["agent", "lead"]
    assert run("export", "current", "--format", "yaml", "--out", "versions/v1.yaml")[0] == 0
    words = ("approve", "versions/v1.yaml", "--by", "Ana", "--live", "--from", "2026-12-01")
    assert run(*words)[0] == 0
    (tmp_path / "dated.csv").write_text(f"order_date,{rows}2026-12-02,wrong_item,loyal,refund,25,0,0\n")
    status, out, _ = run("decide", "versions", "dated.csv", "--rules-only")
    assert (status, [row["version"] for row in csv.DictReader(io.StringIO(out))]) == (0, ["1"])
    assert run("decide", "current", "cases.csv", "--rules-only", "--out", "decided.parquet")[0] == 0
    assert (tmp_path / "decided.parquet").stat().st_size > 0


def test_fit_prints_published_parameters(run: Run) -> None:
    status, out, _ = run("fit", "--model", "bg-nbd", "--until", "1997-09-30", "--json")
    assert status == 0
    fitted = json.loads(out)
    published = {"r": 0.243, "alpha_weeks": 4.414, "a": 0.793, "b": 2.426}
    assert {name: round(value, 3) for name, value in fitted["parameters"].items()} == published
    assert round(fitted["log_likelihood"], 1) == -9582.4
    assert fitted["customers"] == 2357
    assert set(fitted["standard_errors"]) == set(fitted["parameters"])
    status, out, _ = run("fit")
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
    kept = np.arange(30)[None, :] < rng.geometric(rng.beta(1, 6, 300))[:, None]  # months until each left
    bought = kept & (rng.random(kept.shape) < rng.beta(2, 3, 300)[:, None])
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
    assert "Orders to come (at most one in 4 weeks, discount 20.0% a year)" in out
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
    for each in ("failure_concentration", "Chance to lose a customer", "before its cost", "come out too low"):
        assert each in out


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


def test_the_same_seed_gives_the_same_result(run: Run) -> None:
    first, second = (run("evaluate", "current", *SMALL, "--json")[1] for _ in range(2))
    assert first == second


def test_an_assumption_can_be_set(run: Run) -> None:
    _, out, _ = run("evaluate", "current", *SMALL, "--json", "--set", "shop.cases_per_year=1000")
    net = json.loads(out)["policy"]["net_value"]
    assert net["per_year"] == pytest.approx(1000 * net["per_case"])


def test_scenarios_are_listed(run: Run) -> None:
    status, out, _ = run("scenarios", "--json")
    assert status == 0
    listed = {each["name"]: each for each in json.loads(out)}
    assert set(listed) == {path.stem for path in shipped("data/scenarios").glob("*.yaml")}
    for name, each in listed.items():
        scenario = load_scenario(name)
        assert each["extends"] == (None if name == "online_retail" else "online_retail")
        assert each["failures"] == list(scenario.failures)
        assert sum(each["assumptions"].values()) == len(scenario.assumption_names)
    assert listed["telecom_hardware"]["assumptions"]["measured"] == sum(
        each.trust == "measured"
        for group in load_scenario("telecom_hardware").assumptions.values()
        for each in group.values()
    )
    status, out, _ = run("scenarios")
    assert status == 0
    assert max(map(len, out.splitlines())) <= 80
    for name, each in listed.items():
        row = next(line for line in out.splitlines() if line.startswith(name))
        counts = [each["assumptions"].get(trust, 0) for trust in ("measured", "calibrated", "assumed")]
        assert row.split()[1:5] == [str(number) for number in (len(each["failures"]), *counts)]
        assert each["title"] in out


def test_a_scenario_is_shown_with_all_its_numbers(run: Run) -> None:
    scenario = load_scenario("quick_service")
    status, out, _ = run("scenario", "show", "quick_service")
    assert status == 0
    assert max(map(len, out.splitlines())) <= 80
    words = " ".join(out.split())
    for group, members in scenario.assumptions.items():
        assert f"assumptions.{group}" in words
        for name, assumption in members.items():
            low, high = assumption.range
            number = f"{assumption.value:,.10g} {assumption.unit}; {low:,.10g} to {high:,.10g}"
            assert f"{name} {number}" in words
            assert assumption.source in words
    for name, remedy in scenario.remedies.items():
        assert f"{name} {remedy.title}" in words
    assert "cost: unit_cost 1 worth: item_price 1 uses.replacement: item_price 1 lead_hours: remedy.remake" in words
    assert "proactive: given before anybody asks" in words
    assert "wrong_item Wrong order 34" in words


def test_a_scenario_of_one_s_own_is_shown_as_json(run: Run, tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text(
        "extends: quick_service\nname: own\nassumptions: { shop: { margin_share: { value: 0.6 } } }\n"
    )
    status, out, _ = run("scenario", "show", "own.yaml", "--json")
    assert status == 0
    shown = json.loads(out)
    scenario = load_scenario(tmp_path / "own.yaml")
    assert shown["assumptions"]["shop"]["margin_share"]["value"] == 0.6
    assert shown["fingerprint"] == scenario.fingerprint
    assert shown["resolution_counts"] == {
        "late_delivery": 28, "wrong_item": 34, "defective_item": 34, "poor_service": 31,
    }  # fmt: skip
    assert set(shown["remedies"]) == set(scenario.remedies)


def replaced(text: str, old: str, new: str) -> str:
    assert old in text
    return text.replace(old, new, 1)


OWN = ("run", "--transactions", "l.csv")
RECOVERED = ("fit", "--model", "recovery-bg-nbd", "--recoveries", "r.csv")
CONTRACTS = ("fit", "k.csv", "--model", "contracts")
OPTIMIZE = ("optimize", *SMALL)
BAD: dict[str, tuple[str, str, tuple[str, ...], tuple[str, ...]]] = {
    # name: (file, content, words, what the line must say)
    "missing log": ("x", "", ("run", "--transactions", "nowhere.csv"), ("nowhere.csv", "does not exist")),
    "missing column": ("l.csv", LOG.replace("amount", "colour"), OWN, ("l.csv", "--amount-column")),
    "empty log": ("l.csv", "customer,date,amount\n", OWN, ("l.csv", "no rows")),
    "unreadable date": (
        "l.csv",
        LOG + "c1,the day before,5\n",
        OWN,
        ("136", "the day before"),
    ),
    "one customer": (
        "l.csv",
        "customer,date,amount\na,2025-01-01,5\na,2025-02-01,6\n",
        OWN,
        ("customers; found 1, expected at least 2",),
    ),
    "equal amounts": (
        "l.csv",
        "".join(f"{line.rsplit(',', 1)[0]},{'amount' if not i else 9}\n" for i, line in enumerate(LOG.splitlines())),
        OWN,
        ("all amounts are equal",),
    ),
    "unknown failure": (
        "c.csv",
        "failure,item_price,future_value\nwrong_itme,5,5\n",
        ("decide", "current", "c.csv"),
        ("unknown failure 'wrong_itme'", "did you mean 'wrong_item'", "line 2"),
    ),
    "unknown failure of a curve": (
        "x",
        "",
        ("curve", "agent.refund", "--failure", "late"),
        ("did you mean 'late_delivery'",),
    ),
    "unknown remedy": (
        "s.yaml",
        replaced(SCENARIO, "[full_refund, send_back]", "[full_refnd, send_back]"),
        ("run", "--scenario", "s.yaml"),
        ("unknown remedy 'full_refnd'", "did you mean 'full_refund'", "s.yaml"),
    ),
    "unknown format": ("x", "", ("export", "current", "--format", "jsn"), ("unknown format 'jsn'", "mean 'json'")),
    "several formats without a folder": ("x", "", ("export", "current", "--format", "csv,dmn"), ("--out",)),
    "a policy file of no kind": ("p.exe", "x", ("import", "p.exe"), ("ends in '.exe'",)),
    "a day that is none": (
        "p.yaml",
        POLICY,
        ("approve", "p.yaml", "--by", "Ana", "--on", "1.12.2026"),
        ("'1.12.2026'", "year-month-day"),
    ),
    "live and retired": ("p.yaml", POLICY, ("approve", "p.yaml", "--by", "A", "--live", "--retire"), ("exclude",)),
    "rules without what is asked": (
        "c.csv",
        "failure,segment\nwrong_item,loyal\n",
        ("decide", "current", "c.csv", "--rules-only"),
        ("no column 'asked_for'",),
    ),
    "unknown lever": ("x", "", ("curve", "agent.keepitem"), ("unknown lever", "did you mean 'agent.keep_item'")),
    "unknown tier": (
        "p.yaml",
        replaced(POLICY, "to: lead", "to: led"),
        ("evaluate", "p.yaml"),
        ("unknown tier 'led'", "did you mean 'lead'"),
    ),
    "unknown limit": (
        "p.yaml",
        replaced(POLICY, "keep_item: ask", "keep_itm: ask"),
        ("evaluate", "p.yaml"),
        ("did you mean 'keep_item'",),
    ),
    "unknown policy": ("x", "", ("evaluate", "generos"), ("unknown policy 'generos'", "did you mean 'generous'")),
    "negative limit": (
        "p.yaml",
        replaced(POLICY, "refund: 25", "refund: -5"),
        ("evaluate", "p.yaml"),
        ("-5", "0 or more", "p.yaml", "tiers[0].limits.refund"),
    ),
    "limit not a number": (
        "p.yaml",
        replaced(POLICY, "refund: 25", "refund: .nan"),
        ("evaluate", "p.yaml"),
        ("nan", "tiers[0].limits.refund"),
    ),
    "falling limits": (
        "p.yaml",
        replaced(POLICY, "refund: 150", "refund: 20"),
        ("evaluate", "p.yaml"),
        ("refund limit falls from 25", "'agent'", "'lead'"),
    ),
    "no unit": (
        "s.yaml",
        replaced(SCENARIO, "unit: share of revenue, ", ""),
        ("run", "--scenario", "s.yaml"),
        ("'unit' is missing", "assumptions.shop.margin_share"),
    ),
    "no source": (
        "s.yaml",
        replaced(
            SCENARIO,
            "trust: assumed, distribution: chosen,\n        source:",
            "trust: assumed, distribution: chosen,\n        note:",
        ),
        ("run", "--scenario", "s.yaml"),
        ("assumptions.shop.cases_per_year", "source"),
    ),
    "yaml that builds objects": (
        "p.yaml",
        "!!python/object/apply:os.system ['touch broken']\n",
        ("evaluate", "p.yaml"),
        ("p.yaml", "construct"),
    ),
    "cases not a number": ("x", "", ("run", "--cases", "0"), ("0", "--cases")),
    "set nonsense": ("x", "", ("run", "--set", "shop.cases=3"), ("unknown assumption", "shop.cases_per_year")),
    "unknown model": ("x", "", ("run", "--model", "bgnbd"), ("unknown model 'bgnbd'", "did you mean 'bg-nbd'")),
    "unknown scenario": ("x", "", ("scenario", "show", "quick"), ("unknown scenario", "did you mean 'quick_service'")),
    "missing scenario file": ("x", "", ("scenario", "show", "no.yaml", "--json"), ("'no.yaml' does not exist",)),
    "scenario that is none": ("s.yaml", "- 3\n", ("scenario", "show", "s.yaml"), ("s.yaml", "[3]")),
    "scenario over an unknown one": (
        "s.yaml",
        "extends: quick_servce\n",
        ("scenario", "show", "s.yaml"),
        ("did you mean 'quick_service'", "s.yaml, extends"),
    ),
    "scenario without a name": ("x", "", ("scenario", "show"), ("'scenario'", "--help")),
    "scenario without a word": ("x", "", ("scenario",), ("--help",)),
    "scenarios with a word": ("x", "", ("scenarios", "quick_service"), ("quick_service", "--help")),
    "unknown model to fit": ("x", "", ("fit", "--model", "bgbb"), ("unknown model 'bgbb'", "did you mean 'bg-bb'")),
    "unknown period": (
        "x",
        "",
        ("fit", "--model", "bg-bb", "--period", "months"),
        ("unknown period 'months'", "did you mean 'month'"),
    ),
    "period of no length": ("x", "", ("fit", "--model", "bg-bb", "--period", "0"), ("period is 0", "number of weeks")),
    "period beyond all life": (
        "k.csv",
        "renewals,active\n1,1\n0,0\n2,0\n",
        (*CONTRACTS, "--period", "9" * 30),
        ("period is 999", "weeks from 1 to 5,200"),
    ),
    "period for a model without": (
        "x",
        "",
        ("fit", "--model", "bg-nbd", "--period", "year"),
        ("--period is for --model bg-bb, contracts, not for bg-nbd",),
    ),
    "recoveries for another model": (
        "r.csv",
        "customer,date,recovery\n",
        ("fit", "--recoveries", "r.csv"),
        ("--recoveries is for --model recovery-bg-nbd, not for auto",),
    ),
    "a log's option for contracts": (
        "k.csv",
        "renewals,active\n1,1\n",
        (*CONTRACTS, "--day-first"),
        ("--day-first is for --model bg-nbd",),
    ),
    "no recoveries": ("x", "", RECOVERED[:3], ("--recoveries", "customer,date,recovery")),
    "missing recoveries": ("x", "", RECOVERED, ("file of recoveries 'r.csv' does not exist", "customer,date,recovery")),
    "recoveries without a column": (
        "r.csv",
        "customer,date,remedy\n00004,1997-01-01,refund\n",
        RECOVERED,
        ("r.csv", "no column 'recovery'", "found: customer, date, remedy"),
    ),
    "recovery of no order": (
        "r.csv",
        "customer,date,recovery\n00004,1997-01-02,refund\n",
        RECOVERED,
        ("row 1 of the recoveries", "'00004', 1997-01-02", "belongs to no order"),
    ),
    "no contracts": ("x", "", ("fit", "--model", "contracts"), ("needs a file of contracts", "renewals,active")),
    "missing contracts": ("x", "", CONTRACTS, ("file of contracts 'k.csv' does not exist",)),
    "empty contracts": ("k.csv", "renewals,active\n", CONTRACTS, ("k.csv", "holds no rows")),
    "half a renewal": (
        "k.csv",
        "renewals,active\n1,1\n\n0.5,0\n",
        CONTRACTS,
        ("line 4", "renewals '0.5'", "whole number"),
    ),
    "perhaps active": (
        "k.csv",
        "renewals,active\n1,1\n2,perhaps\n",
        CONTRACTS,
        ("line 3", "active 'perhaps'", "yes or no"),
    ),
    "nobody left": ("k.csv", "renewals,active\n1,1\n2,1\n", CONTRACTS, ("none of the 2 customers left",)),
    "unknown limit to move": ("x", "", (*OPTIMIZE, "--limits", "keepitem"), ("did you mean 'keep_item'",)),
    "no limit to move": ("x", "", (*OPTIMIZE, "--limits", ","), ("no limit to move", "keep_item")),
    "tier to move": ("x", "", (*OPTIMIZE, "--tiers", "agnet"), ("unknown tier 'agnet'", "did you mean 'agent'")),
    "last tier": ("x", "", (*OPTIMIZE, "--tiers", "manager"), ("'manager' is the last one",)),
    "unknown measure": ("x", "", (*OPTIMIZE, "--robust", "cvr"), ("unknown measure of robustness 'cvr'", "'cvar'")),
    "unknown part": ("x", "", (*OPTIMIZE, "--by", "failures"), ("unknown part", "did you mean 'failure'")),
    "amount in words": ("x", "", (*OPTIMIZE, "--budget", "a lot"), ("--budget a lot", "250000/year")),
    "amount a week": ("x", "", (*OPTIMIZE, "--budget", "5/week"), ("--budget 5/week", "year or month")),
    "no minutes": ("x", "", (*OPTIMIZE, "--escalation-minutes", "0"), ("--escalation-minutes 0", "above 0")),
    "minutes that are none": ("x", "", (*OPTIMIZE, "--escalation-minutes", "nan"), ("--escalation-minutes nan",)),
    "too small a budget": ("x", "", (*OPTIMIZE, "--budget", "10", "--limits", "credit"), ("no limits keep to",)),
    "negative exceptions": ("x", "", (*OPTIMIZE, "--at-most-exceptions", "-1"), ("at_most_exceptions is -1",)),
    "rounding to nothing": ("x", "", (*OPTIMIZE, "--round-to", "0"), ("round_to is 0", "a cent or more")),
    "rounding to no number": ("x", "", (*OPTIMIZE, "--round-to", "nan"), ("round_to is nan", "a cent or more")),
    "rounding to no end": ("x", "", (*OPTIMIZE, "--round-to", "inf"), ("round_to is inf", "a cent or more")),
    "unknown thing to spare": ("x", "", ("frontier", *SMALL, "--over", "budgt"), ("did you mean 'budget'",)),
    "one point": ("x", "", ("frontier", *SMALL, "--points", "1"), ("frontier of 1", "2 or more")),
    "nothing to keep": ("x", "", ("keep", *SMALL, "--scenario", "quick_service"), ("'quick_service'", "'send_back'")),
    "unknown option": ("x", "", ("run", "--wheel"), ("--wheel",)),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_one_clear_line(name: str, run: Run, tmp_path: Path) -> None:
    file, content, words, wanted = BAD[name]
    if content:
        (tmp_path / file).write_text(content)
    status, out, err = run(*words)
    assert status == 2
    assert out == ""
    lines = [line for line in err.splitlines() if line.strip()]
    assert len(lines) == 1, err
    assert lines[0].startswith("policy-sim: ")
    for each in wanted:
        assert each in lines[0], lines[0]
    assert not (tmp_path / "out").exists()
    assert not (tmp_path / "broken").exists()


def test_stories_say_which_claims_hold(run: Run) -> None:
    status, out, _ = run("stories", "--draws", "40")
    assert status == 0
    assert max(map(len, out.splitlines())) <= 80
    for name in ("air_purifier", "cooker_lid", "drive_thru", "late_mover", "lost_adapter", "wrong_dresses"):
        assert f"{name}: " in out
    assert "NO" in out
    assert "claims hold" in out
    status, out, _ = run("stories", "--draws", "40", "--json")
    replays = json.loads(out)
    told = replay(load_story(replays[-1]["story"]), draws=40)
    assert [claim["share"] for claim in replays[-1]["claims"]] == list(told.claims["share"])
    assert [claim["holds_to"] for claim in replays[-1]["claims"]] == ["no_limit", "no_limit"]


@pytest.mark.parametrize("story", sorted(path.stem for path in shipped("data/stories").glob("*.yaml")))
def test_a_story_has_money_on_both_sides(run: Run, story: str) -> None:
    status, out, _ = run("stories", story, "--draws", "40", "--seed", "3")
    assert status == 0
    assert max(map(len, out.splitlines())) <= 80
    for words in ("customer gets", "payoff", "Limits needed", "waiting for a yes", "Claims", "Not in the model"):
        assert words in out
    assert ("Keeping beats sending back up to" in out) == (story == "wrong_dresses")
    assert ("come by themselves" in out) == (story == "late_mover")
    told = replay(load_story(story), draws=40, seed=3)
    status, out, _ = run("stories", story, "--draws", "40", "--seed", "3", "--json")
    content = json.loads(out)
    assert content["limits_needed"] == told.limits_needed
    assert [option["payoff"] for option in content["options"]] == pytest.approx(list(told.to_frame()["payoff"]))
    assert (content["keep_until"] is not None) == (story == "wrong_dresses")


def test_one_s_own_story(run: Run, tmp_path: Path) -> None:
    text = (shipped("data/stories") / "cooker_lid.yaml").read_text(encoding="utf-8")
    (tmp_path / "mine.yaml").write_text(text.replace("item_price: 60", "item_price: 90"), encoding="utf-8")
    status, out, _ = run("stories", "mine.yaml", "--draws", "5", "--json")
    assert status == 0
    assert json.loads(out)["case"]["item_price"] == 90
    (tmp_path / "mine.yaml").write_text(text.replace("worse: nothing", "worse: nothin"), encoding="utf-8")
    status, out, err = run("stories", "mine.yaml")
    assert (status, out) == (2, "")
    assert err.strip().count("\n") == 0
    assert "unknown option 'nothin' (did you mean 'nothing'?)" in err
    assert "unknown story 'cooker' (did you mean 'cooker_lid'?)" in run("stories", "cooker")[2]


def test_what_matters_is_the_library_s(run: Run, tmp_path: Path) -> None:
    words = ("what-matters", "--policy", "generous", *SMALL[:2], "--draws", "30", "--seed", "3")
    status, out, _ = run(*words, "--json", "--out", "found")
    assert status == 0
    result = json.loads(out)
    scenario = load_scenario("online_retail")
    payoffs = prepare(scenario, sample=Sample(cases=400, draws=30, seed=3)).payoffs
    names = ("current", "ask_first", "generous")
    study = analyse_decision(payoffs, *(load_policy(name, scenario) for name in ("generous", "current")),
                         [load_policy("ask_first", scenario)], seed=3)  # fmt: skip
    assert [row["policy"] for row in result["risk"]] == list(names)
    assert [row["difference"] for row in result["risk"]] == pytest.approx(list(study.risk["difference"]))
    assert result["errors"]["from_cases"] == pytest.approx(study.errors.from_cases)
    assert result["evpi"]["value"] == pytest.approx(study.evpi.value)
    assert [row["evppi"] for row in result["evppi"]] == pytest.approx(list(study.evppi["evppi"]))
    assert result["pilot_on"] == study.pilot_on
    assert result["tornado"][0]["swing"] == pytest.approx(study.sensitivity.tornado()["swing"][0])
    assert {row["against"] for row in result["break_evens"]} == {"current", study.runner_up.name}
    written = {path.name for path in (tmp_path / "found").iterdir()}
    figures = {
        f"{name}.{kind}" for name in ("tornado", "worth_of_knowing", "policy_differences") for kind in ("png", "svg")
    }
    tables = {"risk.csv", "tornado.csv", "break_evens.csv", "worth_of_knowing.csv", "pilots.csv"}
    assert written == figures | tables == {Path(path).name for path in result["files"]}


def test_what_matters_on_a_screen(run: Run, tmp_path: Path) -> None:
    status, out, _ = run("what-matters", *SMALL)
    assert status == 0
    for words in (
        "“Recommended” against “Policy in force”",
        "worst tenth of draws",
        "from the sample of cases",
        "What the difference hangs on",
        "on 400 of the cases",
        "all else as today",
        "Knowing everything is worth",
        "A pilot to see the gain itself",
        "Half of the agents by each policy",
    ):
        assert words in out
    lines = [line for line in out.splitlines() if not line.startswith(("Online", "Why", "One at", "Know", "A pilot"))]
    assert max(map(len, [line for line in lines if "flips" not in line])) <= 100
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (("--policy", "current"), ("'current' is weighed against itself", "--against")),
        (("--policy", "generos"), ("unknown policy 'generos'", "did you mean 'generous'")),
        (("--agent-cases", "0"), ("in a week are 0", "above 0")),
        (("--cases", "1"), ("one case only",)),
        (("--draws", "0"), ("--draws",)),
    ],
)
def test_what_matters_of_bad_input(words: tuple[str, ...], wanted: tuple[str, ...], run: Run, tmp_path: Path) -> None:
    status, out, err = run("what-matters", *(SMALL if words[0] not in SMALL else ()), *words, "--out", "found")
    assert (status, out) == (2, "")
    lines = [line for line in err.splitlines() if line.strip()]
    assert len(lines) == 1
    for each in wanted:
        assert each in lines[0]
    assert not (tmp_path / "found").exists()


TWO = ("--limits", "keep_item,credit")
ALONE = (*TWO, "--tiers", "agent")


def test_optimize_is_the_library_s_and_writes_the_policy(run: Run, tmp_path: Path) -> None:
    words = (*OPTIMIZE, *ALONE, "--by", "failure", "--at-most-exceptions", "1", "--round-to", "5")
    status, out, err = run(*words, "--json", "--out", "best.json")
    assert status == 0
    assert "Wrote best.json" in err
    found = json.loads(out)
    scenario = load_scenario("online_retail")
    setting = prepare(scenario, sample=Sample(cases=400, draws=7, seed=3))
    in_force = load_policy("current", scenario)
    wishes = {"by": ("failure",), "at_most_exceptions": 1, "round_to": 5}
    best = best_limits(in_force, setting.payoffs, ("keep_item", "credit"), ("agent",), **wishes)
    written = import_policy(tmp_path / "best.json", scenario)
    assert (written.tiers, written.exceptions) == (best.policy.tiers, best.policy.exceptions)
    assert len(found["exceptions"]) == 1
    assert found["agreeing_starts"] == best.agreeing_starts
    assert [row["net_value"] for row in found["simplicity"]] == pytest.approx(list(best.simplicity["net_value"]))
    assert {(row["tier"], row["limit"]) for row in found["limits"]} == {
        ("agent", limit) for limit in ("keep_item", "credit")
    }
    gain = evaluate(written, setting.payoffs).per_year() - evaluate(in_force, setting.payoffs).per_year()
    assert found["difference"]["net_value"]["per_year"] == pytest.approx(gain.mean())
    assert found["ignoring_learned_claiming"]["difference"]["net_value"]["per_year"] <= 1e-6 * gain.mean()
    assert [row["cases"] for row in found["held_out"]] == ["fitted", "held_out", "lost"]
    assert (found["binding"], found["against"], found["policy"]["name"]) == (None, "current", "recommended")


def test_optimize_keeps_to_bounds_and_says_so(run: Run) -> None:
    status, out, _ = run(*OPTIMIZE, *ALONE, "--budget", "28000/month", "--robust", "cvar")
    assert status == 0
    assert max(map(len, out.splitlines())) <= 80
    words = " ".join(out.split())
    for each in (
        "Limits of every tier that could move", "Price of simplicity", "the best of each case", "likely (90% of",
        "Second line under", "$336k a year for remedies: ", "If learned claiming were ignored", "fitted to",
        "searches from different limits ended as high",
    ):  # fmt: skip
        assert each in words
    assert "Exceptions" not in words


def test_frontier_is_written_and_shown(run: Run, tmp_path: Path) -> None:
    words = ("frontier", *SMALL, *TWO, "--over", "learned_claiming", "--points", "3")
    status, out, err = run(*words, "--json", "--out", "along")
    assert status == 0
    assert "Wrote frontier.csv, frontier.png, frontier.svg to along/" in err
    assert {path.name for path in (tmp_path / "along").iterdir()} == {"frontier.csv", "frontier.png", "frontier.svg"}
    policies = json.loads(out)["policies"]
    names = [row["policy"] for row in policies if not row["on_frontier"]]
    assert names == ["current", "ask_first", "generous"]
    assert len(policies) - len(names) <= 3
    assert policies[0]["price"] is None
    assert {"learned_claiming", "net_value", "gain_low", "gain_high", "agent.keep_item"} <= set(policies[0])
    status, out, _ = run(*words[:-2])
    assert status == 0
    assert max(map(len, out.splitlines())) <= 80
    assert "Policy in force" in out
    assert "Limits of the agent" in out


def test_keep_compares_formula_and_simulation(run: Run, tmp_path: Path) -> None:
    status, out, _ = run("keep", *SMALL, "--json", "--out", "kept")
    assert status == 0
    assert {path.name for path in (tmp_path / "kept").iterdir()} == {"keep.csv", "keep.png", "keep.svg"}
    payoffs = prepare(load_scenario("online_retail"), sample=Sample(cases=400, draws=7, seed=3)).payoffs
    for row in json.loads(out)["failures"]:
        found = keep_or_return(payoffs, row["failure"])
        assert row["keep_below"] == pytest.approx(found.keep_below)
        assert row["customer"] == pytest.approx(found.components["customer"])
    status, out, _ = run("keep", *SMALL)
    assert max(map(len, out.splitlines())) <= 80
    for each in ("keep below", "label saved", "in all", "wrong item"):
        assert each in out


DESIGN = """name: small
policy: generous
against: current
cases: 60
outcomes: [gain, customers_kept]
runs:
  method: full_factorial
  factors: {scenario: [online_retail, quick_service], agent.refund: [ask, 10, 20], response.paradox: {levels: 2}}
"""


def test_a_sweep_fills_a_folder_and_goes_on_there(run: Run, tmp_path: Path) -> None:
    (tmp_path / "small.yaml").write_text(DESIGN)
    status, out, _ = run("sweep", "small.yaml", "--dry-run", "--json")
    assert status == 0
    assert (json.loads(out)["runs"], json.loads(out)["found"]) == (12, 0)
    assert not (tmp_path / "swept").exists()
    status, out, _ = run("sweep", "small.yaml", "--out", "swept", "--workers", "1")
    assert status == 0
    assert out == "12 of 12 runs are in swept/.\n"
    table = read_sweep(tmp_path / "swept")
    assert len(table) == 12
    assert table["gain"].notna().all()
    status, out, _ = run("sweep", "small.yaml", "--out", "swept")
    assert out == "12 of 12 runs are in swept/, 12 of them were there already.\n"
    status, out, _ = run("sweep", "small.yaml", "--out", "swept", "--dry-run")
    assert out == "12 runs, all of them done.\n"


def test_a_sweep_says_what_failed(run: Run, tmp_path: Path) -> None:
    (tmp_path / "some.yaml").write_text(
        "name: some\ncases: 60\nruns: {method: list, rows: [{agent.refund: 1}, {agent.refund: -1}]}\n"
    )
    status, out, _ = run("sweep", "some.yaml", "--out", "swept", "--json")
    assert status == 0
    said = json.loads(out)
    assert (said["done"], said["failed"]) == (2, 1)
    assert "agent.refund: limit is -1" in said["errors"][0]
    _, out, _ = run("sweep", "some.yaml", "--out", "swept")
    assert "1 of them failed; each is written down with its inputs and its error." in out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("frist_look", "--out", "x"), "unknown design 'frist_look' (did you mean 'first_look'?)"),
        (("first_look",), "a sweep needs a folder for its results; give --out FOLDER (or --dry-run)"),
        (("first_look", "--out", "x", "--workers", "0"), "number of workers is 0; it must be 1 or more (--workers)"),
        (("first_look", "--out", "x", "--cluster", "slrm"), "unknown cluster 'slrm' (did you mean 'slurm'?)"),
    ],
)
def test_a_sweep_that_cannot_be_is_refused_in_one_line(run: Run, words: tuple[str, ...], said: str) -> None:
    status, out, err = run("sweep", *words)
    assert (status, out) == (2, "")
    assert err.strip().startswith(f"policy-sim: {said}")
    assert err.strip().count("\n") == 0
