"""Commands on policies as files: they go out, come back, are checked, compared, approved and decided by."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from policy_sim import import_policy, load_policy, load_scenario
from policy_sim.border import shipped

SMALL = ("--cases", "400", "--draws", "7", "--seed", "3")
POLICY = (shipped("data/policies") / "current.yaml").read_text()
Run = Callable[..., tuple[int, str, str]]


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
    assert (
        "this file was changed after export: tiers.agent.limits.credit 10 -> 40; it counts as a draft, version 2" in err
    )
    status, _, err = run("import", "p.csv", "--unchanged", "--out", "p.yaml")
    assert status == 2
    assert len(err.splitlines()) == 1

    assert run("check", "p.yaml", "--rules-only")[0] == 0
    status, _, err = run("approve", "p.yaml", "--by", "Ana", "--on", "2026-11-20", "--live", "--from", "2026-12-01")
    assert (status, err) == (0, "current version 2 is live, by Ana on 2026-11-20; wrote p.yaml\n")
    approved = import_policy(tmp_path / "p.yaml", load_scenario("online_retail"))
    assert (approved.status, approved.approved_by, str(approved.effective_from)) == ("live", "Ana", "2026-12-01")
    status, _, err = run("approve", "current", "--by", "Ana")
    assert status == 2
    assert "export the policy first" in err
    status, _, err = run("export", "current", "--format", "yaml", "--out", "p.yaml")
    assert status == 2
    assert "holds version 2 of 'current', newer than 1" in err
    assert run("export", "current", "--format", "yaml", "--out", "p.yaml", "--force")[0] == 0
    assert "status: live" in (tmp_path / "p.yaml.previous").read_text()


def test_conform_runs_engines(run: Run, tmp_path: Path) -> None:
    assert run("export", "current", "--format", "jdm", "--out", "p.jdm.json")[0] == 0
    status, out, _ = run("conform", "p.jdm.json", "--cases", "100", "--json")
    (answer,) = json.loads(out)
    assert (status, answer["engine"], answer["holds"]) == (0, "zen-engine", True)
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
    assert content["changes"]["changes"][0]["sentence"] == (
        "Agents no longer need a lead to refund between $25 and $150."  # without cases there is nothing to count
    )


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
