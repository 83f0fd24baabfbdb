"""From a log of cases to a scenario, and on: calibrate, and run on a log of cases with a log of orders."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from policy_sim.assumptions import load_scenario
from policy_sim.evidence.simulated_world import simulate_log
from policy_sim.policy import load_policy


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("firm")
    scenario = load_scenario("online_retail")
    firm = simulate_log(scenario, load_policy("current", scenario), cases=900, seed=4)
    firm.cases.to_parquet(folder / "cases.parquet")
    firm.orders.to_csv(folder / "orders.csv", index=False)
    return folder


@pytest.fixture
def call(run):
    return lambda *words: run(*(str(word) for word in words))


def test_from_a_log_to_a_scenario_and_on(call, files, tmp_path):
    mine, aside = tmp_path / "mine.yaml", tmp_path / "aside.csv"
    status, out, _ = call(
        *("calibrate", files / "cases.parquet", "--transactions", files / "orders.csv", "--policy", "current"),
        *("--out", mine, "--figures", tmp_path / "figures", "--set-aside", aside, "--json"),
    )
    assert status == 0
    result = json.loads(out)
    assert result["cases"] > 850
    assert {row["assumption"] for row in result["assumptions"]} > {"response.wait_weight", "late_delivery.spend_drop"}
    assert {row["tier"] for row in result["styles"]["shares"]} == {"agent", "lead", "manager"}
    assert pd.read_csv(aside).empty
    names = {path.name for path in (tmp_path / "figures").iterdir()}
    assert names >= {"learned.png", "came_back.svg", "assumptions.csv", "check.csv", "unseen.csv"}
    scenario = load_scenario(mine)
    assert scenario.assumption("agent.generous_share").trust == "own"
    assert scenario.assumption("late_delivery.share_of_cases").trust == "own"
    # every other command takes it, and the log itself
    status, out, _ = call(
        *("run", "--cases", files / "cases.parquet", "--transactions", files / "orders.csv", "--scenario", mine),
        *("--draws", "8", "--out", tmp_path / "out", "--json"),
    )
    assert status == 0
    assert json.loads(out)["cases"] > 850
    assert set(json.loads(out)["recommended"]["limits"]) == {"agent", "lead"}
    status, out, _ = call("evaluate", "current", "--cases", "200", "--draws", "8", "--scenario", mine, "--json")
    assert status == 0
    status, out, _ = call("scenario", "show", mine)
    assert status == 0
    assert "own" in out


def test_the_screen_says_what_was_learned(call, files, tmp_path):
    status, out, _ = call(
        "calibrate", files / "cases.parquet", "--transactions", files / "orders.csv", "--out", tmp_path / "mine.yaml"
    )
    assert status == 0
    *screen, _ = out.splitlines()  # the last line names a file, however long
    assert max(map(len, screen)) <= 80
    for words in ("What the log has taught", "width left", "cannot tell", "Pareto k", "Came back within 180 days"):
        assert words in out
    assert f"--scenario {tmp_path / 'mine.yaml'}" in " ".join(out.split())


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (("nowhere.csv", "--transactions", "orders.csv"), "nowhere.csv' does not exist"),
        (("cases.parquet", "--transactions", "nowhere.csv"), "nowhere.csv"),
        (("cases.parquet", "--transactions", "orders.csv", "--policy", "mine"), "mine"),
        (("orders.csv", "--transactions", "orders.csv"), "has no column 'resolution'"),
        (("cases.parquet",), "--transactions"),
        (("cases.parquet", "--transactions", "orders.csv", "--out", "cases.parquet/mine.yaml"), "cases.parquet"),
    ],
)
def test_what_cannot_be_used_is_one_line(run, files, tmp_path, words, wanted):
    given = [str(files / word) if word.endswith((".csv", ".parquet", "mine.yaml")) else word for word in words]
    given += [] if "--out" in words else ["--out", str(tmp_path / "mine.yaml")]
    status, out, said = run("calibrate", *given)
    assert status == 2
    assert wanted in said
    assert len(said.strip().splitlines()) == 1
    assert out == ""
    assert not (tmp_path / "mine.yaml").exists()
