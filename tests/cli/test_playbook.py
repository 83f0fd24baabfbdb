"""The command that finds a playbook: what is printed and written is what the library says; what it refuses."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from policy_sim import evaluate, import_policy, load_policy, load_scenario
from policy_sim.study import Sample, prepare
from policy_sim.value import compare

SMALL = ("--cases", "200", "--draws", "5", "--seed", "3")
QUICK = ("--rules", "2", "--depth", "1", "--limits", "given", "--facts", "item_price,ask")
Run = Callable[..., tuple[int, str, str]]


def test_what_is_printed_and_written_is_the_library_s(run: Run, tmp_path: Path) -> None:
    status, out, err = run("playbook", *SMALL, *QUICK, "--json", "--out", "mine.json", "--figures", "figures")
    assert status == 0
    result = json.loads(out)
    scenario = load_scenario("online_retail")
    policy = import_policy(tmp_path / "mine.json", scenario)
    assert policy.playbook is not None
    assert [list(rule.give) for rule in policy.playbook.rules] == [rule["give"] for rule in result["rules"]]
    assert {fact for rule in policy.playbook.rules for fact in rule.when} <= {"item_price"}
    assert policy.tiers == load_policy("current", scenario).tiers
    assert policy.version == 2
    payoffs = prepare(scenario, sample=Sample(cases=200, draws=5, seed=3)).payoffs
    gain = compare(evaluate(policy, payoffs), evaluate(load_policy("current", scenario), payoffs))
    assert result["net_value"]["per_year"] == pytest.approx(gain.per_year().mean())
    assert 0 < result["share_of_gain"] < 1
    assert {"held_out_share_of_gain", "bound", "enough"} <= set(result)
    content = json.loads((tmp_path / "mine.json").read_text())
    assert "provenance" in json.dumps(content)
    names = {path.name for path in (tmp_path / "figures").iterdir()}
    assert {"tree.png", "gap.svg", "value_of_rules.png", "value_of_following.png", "rules.csv", "gap.csv"} <= names
    assert {Path(path).name for path in result["files"]} == names
    assert "mine.json" in err


def test_the_screen_says_it_in_a_sentence(run: Run) -> None:
    status, out, _ = run("playbook", *SMALL, *QUICK)
    assert status == 0
    assert "A playbook of 2 rules adds" in " ".join(out.split())
    assert "The rules (the first that holds says what to give)" in out
    assert max(map(len, out.splitlines())) <= 80


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--rules", "0"), "--rules is 0; it must be from 1 to 40"),
        (("--depth", "4"), "--depth is 4; it must be from 0 to 3"),
        (("--limits", "bets"), "did you mean 'best'"),
        (("--robust", "median"), "median"),
        (("--facts", "item_prize"), "item_price"),
        (("--budget", "much"), "--budget much is not an amount"),
        (("--budget", "1/year"), "no rules keep to a budget of 1 a year"),
        (("--policy", "nobody"), "nobody"),
        (("--set", "playbook.followed_share=200"), "playbook.followed_share"),
    ],
)
def test_what_cannot_be_used_is_one_line(run: Run, words: tuple[str, ...], said: str) -> None:
    status, out, err = run("playbook", *SMALL, "--rules", "1", "--depth", "0", "--limits", "given", *words)
    assert status == 2
    assert out == ""
    assert said in err
    assert len(err.strip().splitlines()) == 1
