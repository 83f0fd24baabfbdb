"""A policy with a playbook on the command line: out, back, compared, decided by; broken ones end in one line."""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

FILE = Path(__file__).parents[1] / "publish" / "with_playbook.yaml"
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    """The policy with a playbook, in the folder in which commands are run."""
    shutil.copy(FILE, tmp_path / "book.yaml")
    return tmp_path / "book.yaml"


def the_line(run: Run, *words: str) -> str:
    status, out, err = run(*words)
    lines = [line for line in err.splitlines() if line.strip()]
    assert (status, out, len(lines)) == (2, "", 1), err
    assert lines[0].startswith("policy-sim: ")
    assert lines[0].isprintable()
    assert len(lines[0]) < 8_100
    return lines[0]


def test_it_goes_out_and_comes_back(run: Run, policy: Path, tmp_path: Path) -> None:
    assert run("check", "book.yaml", "--rules-only")[0] == 0
    status, _, err = run("export", "book.yaml", "--format", "json,yaml,csv,xlsx,dmn,jdm,html", "--out", "pub")
    assert status == 0, err
    for ending in ("json", "yaml", "csv", "xlsx", "dmn"):
        status, out, err = run("import", f"pub/with_playbook_v1.{ending}", "--out", "back.yaml", "--force")
        assert (status, out, err) == (0, "", "Wrote back.yaml\n"), ending
        content = yaml.safe_load((tmp_path / "back.yaml").read_text())
        assert content["playbook"] == yaml.safe_load(policy.read_text())["playbook"]
    status, out, _ = run("conform", "pub/with_playbook_v1.jdm.json", "--cases", "500", "--json")
    assert status == 0
    assert json.loads(out)[0]["holds"]
    assert run("conform", "pub/with_playbook_v1.csv", "--cases", "500")[0] == 0


def test_what_changed_is_said(run: Run, policy: Path, tmp_path: Path) -> None:
    assert run("export", "book.yaml", "--format", "csv", "--out", "book.csv")[0] == 0
    text = (tmp_path / "book.csv").read_text(encoding="utf-8-sig")
    (tmp_path / "edited.csv").write_text(text.replace("item_price < 45 and", "item_price < 60 and"))
    status, _, err = run("import", "edited.csv", "--out", "mine.yaml")
    assert status == 0
    words = " ".join(err.split())
    assert "playbook rule changed: Wrong item, under $45, fewer than 2 orders, asks for money: full refund" in words
    assert "-> Wrong item, under $60," in words
    assert "it counts as a draft" in words
    status, out, _ = run("diff", "book.yaml", "mine.yaml", "--rules-only")
    assert status == 0
    assert "equal: in every case the same tier may decide" in " ".join(out.split())
    assert "-> Wrong item, under $60, fewer than 2 orders, asks for money: full refund, keep the item" in " ".join(
        out.split()
    )
    status, out, _ = run("diff", "book.yaml", "mine.yaml", "--rules-only", "--json")
    assert len(json.loads(out)["playbook"]) == 1


CASES = """case,failure,segment,asked_for,amount,ask,suspicion,prior_claims,item_price,prior_purchases,in_stock,currency
0007,wrong_item,loyal,refund,30,money,0.1,0,30,1,1,USD
0008,wrong_item,loyal,refund,30,money,0.1,0,,1,1,USD
0009,poor_service,loyal,refund,30,,0.1,0,,,,USD
0010,wrong_item,loyal,refund,30,cash,0.1,0,30,1,1,USD
"""


def test_cases_are_told_what_to_give(run: Run, policy: Path, tmp_path: Path) -> None:
    (tmp_path / "cases.csv").write_text(CASES)
    status, out, err = run("decide", "book.yaml", "cases.csv", "--rules-only")
    assert status == 1
    assert "2 of 4 cases are not decided" in " ".join(err.split())
    rows = list(csv.DictReader(io.StringIO(out)))
    assert [row["give"] for row in rows] == ["full_refund + keep_item", "not decided", "no rule", "not decided"]
    assert rows[0]["playbook_rule"].startswith("Wrong item, under $45")
    assert rows[1]["not_decided_because"] == "the fact 'item_price' is missing; a rule of the playbook looks at it"
    assert rows[3]["not_decided_because"].startswith("unknown ask 'cash'")


RULE = {"failure": "wrong_item", "give": ["full_refund", "keep_item"]}
BROKEN: list[tuple[str, Any, str]] = [
    ("unknown failure", {"rules": [RULE | {"failure": "wrong_itm"}]}, "unknown failure 'wrong_itm' (did you mean"),
    ("unknown fact", {"rules": [RULE | {"when": {"price": {"below": 4}}}]}, "unknown fact 'price'"),
    (
        "at_least above below",
        {"rules": [RULE | {"when": {"item_price": {"at_least": 50, "below": 45}}}]},
        "at_least 50 is not below 45; no case can be both",
    ),
    ("nothing below 0", {"rules": [RULE | {"when": {"item_price": {"below": 0}}}]}, "below is 0"),
    ("a negative end", {"rules": [RULE | {"when": {"item_price": {"below": -1}}}]}, "expected 0 or more"),
    (
        "an endless end",
        {"rules": [RULE | {"when": {"item_price": {"below": float("inf")}}}]},
        "Infinity is not a number",
    ),
    ("no end", {"rules": [RULE | {"when": {"item_price": {}}}]}, "neither at_least nor below is given"),
    ("an end that is text", {"rules": [RULE | {"when": {"item_price": {"below": "much"}}}]}, "found 'much'"),
    ("an end that is true", {"rules": [RULE | {"when": {"item_price": {"below": True}}}]}, "found True"),
    ("a stretch that is none", {"rules": [RULE | {"when": {"item_price": 45}}]}, "found 45"),
    ("no resolution", {"rules": [RULE | {"give": ["full_refund", "coupon_10"]}]}, "unknown resolution of wrong_item"),
    ("no remedy", {"rules": [RULE | {"give": ["gold"]}]}, "unknown resolution of wrong_item 'gold'"),
    ("a remedy twice", {"rules": [RULE | {"give": ["keep_item", "keep_item"]}]}, "the same name stands twice"),
    ("remedies without end", {"rules": [RULE | {"give": [f"r{k}" for k in range(1000)]}]}, "at most 20 entries"),
    ("nothing said of what to give", {"rules": [{"failure": "wrong_item"}]}, "'give' is missing"),
    ("an unknown ask", {"rules": [RULE | {"asks": ["mony"]}]}, "unknown ask 'mony' (did you mean 'money'?)"),
    ("an unknown part", {"rules": [RULE | {"then": 3}]}, "unexpected entry 'then'"),
    ("10,000 rules", {"rules": [RULE] * 10_000}, "at most 200 entries"),
    ("no rule at all", {"rules": []}, "1 or more entries"),
    ("a control character", {"rules": [RULE | {"why": "a\x1b[31mb"}]}, "control character"),
    ("two lines", {"rules": [RULE | {"why": "a\nb"}]}, "control character"),
    ("a reason without end", {"rules": [RULE | {"why": "a" * 5000}]}, "at most 200"),
    ("a list", [RULE], "playbook"),
    ("text", "full_refund", "playbook"),
    ("rules that are a number", {"rules": 5}, "playbook.rules"),
    ("a rule that is nothing", {"rules": [None]}, "playbook.rules[0]"),
    ("a name that is none", {"rules": [RULE | {"failure": "Wrong item; DROP"}]}, "playbook.rules[0].failure"),
]


@pytest.mark.parametrize(("playbook", "expected"), [pytest.param(*case[1:], id=case[0]) for case in BROKEN])
def test_broken_playbooks(run: Run, policy: Path, tmp_path: Path, playbook: object, expected: str) -> None:
    content = yaml.safe_load(policy.read_text()) | {"playbook": playbook}
    (tmp_path / "broken.json").write_text(json.dumps(content))
    for words in (("import", "broken.json"), ("export", "broken.json"), ("diff", "current", "broken.json")):
        assert expected in the_line(run, *words)
    # check says all that is wrong with the names in a policy that can be read at all
    status, out, err = run("check", "broken.json", "--rules-only")
    assert (status, expected in " ".join(f"{out} {err}".split())) in ((1, True), (2, True))


def test_a_playbook_that_hangs_itself_on_an_alias(run: Run, policy: Path, tmp_path: Path) -> None:
    text = policy.read_text().replace("  rules:", "  rules: &r", 1).replace("give: []", "give: *r", 1)
    (tmp_path / "broken.yaml").write_text(text)
    assert "alias" in the_line(run, "import", "broken.yaml")
