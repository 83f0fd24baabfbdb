"""Bad input: one clear line on standard error, exit status 2, and no file written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from policy_sim.border import shipped

SMALL = ("--cases", "400", "--draws", "7", "--seed", "3")
LOG = "customer,date,amount\n" + "".join(
    f"c{i % 40},2025-{1 + i % 12:02d}-{1 + i % 27:02d},{10 + (7 * i) % 53}.5\n" for i in range(0, 400, 3)
)
SCENARIO = (shipped("data/scenarios") / "online_retail.yaml").read_text()
POLICY = (shipped("data/policies") / "current.yaml").read_text()
Run = Callable[..., tuple[int, str, str]]
OWN = ("run", "--transactions", "l.csv")
RECOVERED = ("fit", "--model", "recovery-bg-nbd", "--recoveries", "r.csv")
CONTRACTS = ("fit", "k.csv", "--model", "contracts")
OPTIMIZE = ("optimize", *SMALL)


def replaced(text: str, old: str, new: str) -> str:
    assert old in text
    return text.replace(old, new, 1)


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
    "set to a range that falls": (
        "x",
        "",
        ("run", "--set", "shop.label_cost=9..5"),
        ("shop.label_cost", "'9..5' falls; type $5 to $9"),
    ),
    "set with a decimal comma": (
        "x",
        "",
        ("run", "--set", "shop.label_cost=5,5"),
        ("shop.label_cost", "write decimals with a dot"),
    ),
    "set in another unit": (
        "x",
        "",
        ("run", "--set", "shop.label_cost=5%"),
        ("shop.label_cost", "USD per parcel", "for example $9"),
    ),
    "set to a range of what cases are drawn by": (
        "x",
        "",
        ("run", "--set", "shop.margin_share=30% to 40%"),
        ("shop.margin_share", "type one number"),
    ),
    "set to more than all": ("x", "", ("run", "--set", "shop.unit_cost_share=150"), ("'150' is above 100%",)),
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
    "scenario without a name": ("x", "", ("scenario", "show"), ("Missing argument", "--help")),
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
        ("--recoveries is for --model recovery-bg-nbd, not for bg-nbd",),
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
    for words in wanted:
        assert words in lines[0], lines[0]
    assert not (tmp_path / "out").exists()
    assert not (tmp_path / "broken").exists()
