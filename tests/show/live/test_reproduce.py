"""What is said to give the figures of the screen again does so: the texts are run as they stand."""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pandas as pd
import pytest

from policy_sim import (
    NO_LIMIT,
    Lever,
    export_policy,
    load_policy,
    load_scenario,
    read_cases,
    read_transactions,
    threshold_curve,
)
from policy_sim.cli import main
from policy_sim.policy import Playbook
from policy_sim.show.live.reproduce import Origin, origin_of, reproduce_content
from policy_sim.show.live.state import Panel, open_panel
from policy_sim.show.wording import format_money
from policy_sim.study import Sample, Setting, prepare
from policy_sim.words import OUTCOMES, TILES

SMALL = Sample(cases=100, draws=5, seed=3)
BOOK = Playbook.model_validate(
    {
        "rules": [
            {
                "failure": "late_delivery",
                "when": {"item_price": {"at_least": 20, "below": 80}},
                "give": ["apology_note"],
            },
        ]
    }
)


@pytest.fixture(scope="module")
def setting() -> Setting:
    return prepare(load_scenario("online_retail"), sample=SMALL)


@pytest.fixture(scope="module")
def panel(setting: Setting) -> Panel:
    return open_panel(setting, load_policy("current", setting.scenario))


def texts_of(panel: Panel, *args: Any, **named: Any) -> dict[str, str]:
    return {block["name"]: block["text"] for block in reproduce_content(panel, *args, **named)["blocks"]}


def words_of(text: str, folder: Path) -> list[list[str]]:
    """Paste lines into a shell, in which `policy-sim` only says what it was called with."""
    stub = "policy-sim() { printf '%s\\037' \"$@\"; printf '\\036'; }\n"
    done = subprocess.run(["bash", "-e", "-c", stub + text], cwd=folder, capture_output=True, text=True, check=True)
    return [call.split("\037")[:-1] for call in done.stdout.split("\036")[:-1]]


def command(words: list[str]) -> str:
    """Run a command as the command line does, in this process."""
    said = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    with (
        patch.object(sys, "argv", ["policy-sim", *words]),
        contextlib.redirect_stdout(said),
        contextlib.redirect_stderr(io.StringIO()) as odd,
        pytest.raises(SystemExit) as end,
    ):
        main()
    assert end.value.code == 0, odd.getvalue()
    said.flush()
    return said.buffer.getvalue().decode()  # type: ignore[attr-defined]


def tables_of(said: str) -> list[pd.DataFrame]:
    """Return the one or two tables of outcomes that lines of Python print; a curve may come after them."""
    parts = ["\n".join(part.splitlines()[: len(OUTCOMES) + 1]) for part in said.split("outcome")[1:3]]
    return [pd.read_csv(io.StringIO(f"outcome{part}"), sep=r"\s+").set_index("outcome") for part in parts]


def python(text: str) -> list[pd.DataFrame]:
    """Run lines of Python in this process."""
    with contextlib.redirect_stdout(io.StringIO()) as said:
        exec(text, {})
    return tables_of(said.getvalue())


def check(panel: Panel, texts: Mapping[str, str], folder: Path) -> None:
    """Run both texts, and hold what they print against the screen."""
    calls = words_of(texts["command"], folder)
    with contextlib.chdir(folder):
        said = [json.loads(command([*words, "--json"])) for words in calls if words[0] in ("evaluate", "diff")]
        tables = python(texts["python"])
    hold_against(panel, said, tables)


def hold_against(panel: Panel, said: list[Any], tables: list[pd.DataFrame]) -> None:
    view, yearly = panel.view(), panel.setting.scenario.value("shop.cases_per_year")
    assert said[0]["scenario_fingerprint"] == panel.setting.scenario.fingerprint
    is_compared = panel.policy != panel.baseline.policy
    assert len(said) == len(tables) == (2 if is_compared else 1)
    for name in TILES:
        shown = view["outcomes"][name]
        assert said[0]["policy"][name]["per_case"] == pytest.approx(shown["level"], rel=1e-12)
        assert tables[0].loc[name, "per_case"] == pytest.approx(shown["level"], rel=1e-4, abs=1e-5)
        if not is_compared:
            assert (shown["change"], shown["low"], shown["high"]) == (0, 0, 0)
            continue
        row = said[1]["outcomes"][name]
        for key, end in (("change", "per_year"), ("low", "per_year_low"), ("high", "per_year_high")):
            assert row[end] == pytest.approx(shown[key] * yearly, rel=1e-9, abs=1e-6)
            assert tables[1].loc[name, end] == pytest.approx(shown[key] * yearly, rel=1e-4, abs=1e-2)


def hold_beside(panel: Panel, said: Mapping[str, Any]) -> None:
    """Hold what could turn the choice, the first months and the frontier against the screen."""
    turning = {row["name"]: row["turns_at"] for row in panel.break_evens() if row["turns_at"] is not None}
    rows = said["break-evens"]["break_evens"]
    assert {row["assumption"]: row["break_even"] for row in rows if row["break_even"] is not None} == turning
    shown = panel.months()
    assert said["months"]["even_after_months"] == shown["even"]
    assert [row["cash_so_far"] for row in said["months"]["months"]] == [row["cash_so_far"] for row in shown["rows"]]
    line = [row for row in said["frontier"]["policies"] if row["on_frontier"]]
    yearly = panel.setting.scenario.value("shop.cases_per_year")
    for name in ("remedy_cost", "net_value"):
        assert [row[name] for row in line] == pytest.approx([yearly * point[name] for point in panel.frontier()])


def test_the_policy_in_force(panel: Panel, tmp_path: Path) -> None:
    texts = texts_of(panel, origin_of(panel))
    assert "<<" not in texts["command"]
    assert len(texts["python"].splitlines()) <= 8
    check(panel, texts, tmp_path)


def test_two_limits_moved_against_another_policy(panel: Panel, tmp_path: Path) -> None:
    """In processes of their own, as whoever copies the texts would run them."""
    keep = Lever("agent", "keep_item")
    moved = panel.with_limits({"agent": {"keep_item": 30.0, "credit": 25.5}, "lead": {"refund": NO_LIMIT}})
    moved = moved.against(panel.presets[2])
    texts = texts_of(moved, origin_of(panel), lever=keep)
    assert texts["command"].count("<<") == 1
    assert len(texts["python"].splitlines()) <= 14
    program = f"'{sys.executable}' -c 'from policy_sim.cli import main; main()'"
    typed = f'policy-sim() {{ if [ $1 = diff ]; then {program} "$@" --json; fi; }}\n' + texts["command"]
    done = {"cwd": tmp_path, "capture_output": True, "text": True, "check": True}
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    compared = json.loads(subprocess.run(["bash", "-e", "-c", typed], env=environment, **done).stdout)
    (tmp_path / "screen.py").write_text(texts["python"])
    printed = subprocess.run([sys.executable, "screen.py"], env=environment, **done).stdout
    with contextlib.chdir(tmp_path):
        calls = {words[0]: words for words in words_of(texts["command"], tmp_path)}
        evaluated, curve = command(calls["evaluate"]), command(calls["curve"])
        beside = {name: json.loads(command([*calls[name], "--json"])) for name in ("break-evens", "months", "frontier")}
    hold_beside(moved, beside)
    steps = pd.read_csv(io.StringIO(curve))
    assert len(steps) == len(threshold_curve(moved.outcome, keep).to_frame())
    assert f"[{len(steps)} rows" in printed
    assert format_money(moved.outcome.per_year().mean(), "USD") in evaluated
    own = [{"policy": moved.outcome.to_dict(), "scenario_fingerprint": moved.setting.scenario.fingerprint}, compared]
    hold_against(moved, own, tables_of(printed))


def test_rules_assumptions_and_a_pinned_policy(panel: Panel, tmp_path: Path) -> None:
    assumed = {"shop.future_value_factor": 0.5, "response.wait_weight": 0.3}
    anew = prepare(panel.setting.scenario.with_values(assumed), sample=SMALL)
    pinned = panel.with_limits({"agent": {"credit": 12}}).policy.model_copy(update={"name": "pinned", "title": "A"})
    shown = panel.assuming(anew).with_limits({"agent": {"keep_item": 40}})
    shown = replace(shown, policy=shown.policy.model_copy(update={"playbook": BOOK})).against(pinned)
    texts = texts_of(shown, origin_of(panel), assumed)
    assert texts["command"].count("<<") == 2
    check(shown, texts, tmp_path)


def test_a_policy_with_exceptions_of_its_own(panel: Panel, tmp_path: Path) -> None:
    other = panel.policy.with_limit(Lever("agent", "refund", "late_delivery"), 60).model_copy(
        update={"name": "mine", "title": "M"}
    )
    shown = panel.against(other)
    texts = texts_of(shown, origin_of(panel))
    assert "Policy.model_validate(" in texts["python"]
    check(shown, texts, tmp_path)


def test_files_of_ones_own_stand_as_they_were_named(panel: Panel, tmp_path: Path) -> None:
    """A policy file, a scenario set otherwise at the start, a log with its columns named, in a folder with a blank."""
    folder = tmp_path / "my shop"
    folder.mkdir()
    in_force = panel.policy.with_limit(Lever("agent", "credit"), 15)
    (folder / "our policy.json").write_text(export_policy(in_force))
    orders = panel.setting.customers.transactions.to_frame().rename(columns={"amount": "paid", "customer": "who"})
    orders.to_csv(folder / "orders of 1997.csv", index=False)
    reading = {"customer_column": "who", "amount_column": "paid", "returns": "net"}
    scenario = load_scenario("online_retail").with_values({"shop.cases_per_year": 8000})
    log = read_transactions(folder / "orders of 1997.csv", currency="USD", **reading)
    shown = open_panel(prepare(scenario, log, SMALL), in_force).with_limits({"agent": {"keep_item": 20}})
    origin = Origin(
        *("online_retail", "our policy.json", "100", 5, 3),
        assumed={"shop.cases_per_year": "8000"},
        transactions="orders of 1997.csv",
        reading=reading,
    )
    check(shown, texts_of(shown, origin), folder)


def test_what_is_typed_is_handed_on_and_quoted(panel: Panel) -> None:
    origin = replace(origin_of(panel), assumed={"shop.label_cost": "5 to 9"})
    content = reproduce_content(panel, origin, {"shop.label_cost": "6 to 9", "shop.margin_share": 0.4})
    texts = {block["name"]: block["text"] for block in content["blocks"]}
    assert "--set 'shop.label_cost=6 to 9' --set shop.margin_share=0.4" in texts["command"]
    assert '.with_values({"shop.label_cost": "6 to 9", "shop.margin_share": 0.4})' in texts["python"]
    (note,) = content["notes"]
    assert note.startswith("shop.label_cost was 5 to 9 at the start and was changed since")


def test_what_somebody_wrote_into_a_policy_is_not_run(panel: Panel, tmp_path: Path) -> None:
    """A link may come from anybody: nothing in it ends the text of the file."""
    why = "END_OF_POLICY $(touch owned) `touch owned` '; touch owned; ' \" \\"
    rule = BOOK.rules[0].model_copy(update={"why": why})
    shown = replace(panel, policy=panel.policy.model_copy(update={"playbook": Playbook(rules=(rule,))}))
    check(shown, texts_of(shown, origin_of(panel)), tmp_path)
    assert not (tmp_path / "owned").exists()


def test_a_log_that_was_read_by_hand_is_asked_for(panel: Panel) -> None:
    origin = replace(origin_of(panel), transactions="orders.csv", is_log_named=False)
    abouts = [block["about"] for block in reproduce_content(panel, origin)["blocks"]]
    assert all("Put the path of your own log" in about for about in abouts)


def test_real_cases_are_read_as_cases(setting: Setting, panel: Panel, tmp_path: Path) -> None:
    setting.payoffs.cases.to_frame().to_csv(tmp_path / "cases.csv", index=False)
    real = prepare(setting.scenario, read_cases(tmp_path / "cases.csv", setting.scenario), Sample(draws=5, seed=3))
    shown = open_panel(real, panel.approved).with_limits({"agent": {"keep_item": 20}})
    origin = replace(origin_of(shown), cases="cases.csv")
    check(shown, texts_of(shown, origin), tmp_path)
    both = reproduce_content(shown, replace(origin, transactions="orders.csv"))
    assert [block["name"] for block in both["blocks"]] == ["command"]
    assert "command line alone" in both["notes"][0]
