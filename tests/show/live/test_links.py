"""Links and amounts as the page reads them, run in Node: of any link, what fits opens and the rest is said."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from policy_sim import load_policy, load_scenario
from policy_sim.border import InputError
from policy_sim.currencies import AMOUNTS_A_YEAR
from policy_sim.show.live.frame import frame_content
from policy_sim.show.live.script import PAGE
from policy_sim.show.live.state import open_panel
from policy_sim.show.live.within_budget import budget_in
from policy_sim.study import Sample, prepare

NODE = shutil.which("node")
RULE = {"failure": "wrong_item", "give": ["replacement", "keep_item", "apology_note"]}

#: What stands in a link; how many parts are left out, and words of why.
HOSTILE: dict[str, tuple[Any, int, str]] = {
    "nothing": ({}, 0, ""),
    "no limits": ({"limits": {}}, 0, ""),
    "limits null": ({"limits": None}, 1, "limits are “null”"),
    "limits in a row": ({"limits": [1, 2]}, 1, "limits are “[1,2]”"),
    "a tier that is none": ({"limits": {"agent": 5}}, 1, "limits of Agents are “5”"),
    "an unknown tier": ({"limits": {"boss": {"credit": 5}}}, 1, "no tier “boss”"),
    "an unknown limit": ({"limits": {"agent": {"kredit": 5}}}, 1, "Agents have no limit “kredit”"),
    "not a number": ({"limits": {"agent": {"credit": "NaN"}}}, 1, "“NaN” is no limit"),
    "below nothing": ({"limits": {"agent": {"credit": -1}}}, 1, "“-1” is no limit"),
    "huge": ({"limits": {"agent": {"credit": 1e300}}}, 1, "“1e+300” is no limit"),
    "out of order": ({"limits": {"agent": {"keep_item": 80}, "lead": {"keep_item": 20}}}, 1, "lead’s $20 is below the"),
    "above those in force": ({"limits": {"agent": {"keep_item": 80}}}, 1, "the lead’s $50 is below the agent’s $80"),
    "baseline without limits": ({"baseline": {"limits": {}}}, 1, "what is compared with: no limits"),
    "baseline in part": ({"baseline": {"limits": {"agent": {"credit": 5}}}}, 1, "11 limits are missing"),
    "baseline null": ({"baseline": None}, 1, "what is compared with"),
    "an unknown baseline": ({"baseline": {"preset": "mine"}}, 1, "there is no policy “mine” here"),
    "an inherited baseline": ({"baseline": {"preset": "constructor"}}, 1, "“constructor”"),
    "an unknown hand": ({"hand": {"tier": "agent", "limit": "toString"}}, 1, "limit in hand"),
    "an inherited period": ({"per": "toString"}, 1, "per case, month or year"),
    "an unknown tab": ({"tab": 5}, 1, "no such tab"),
    "assumed null": ({"assumed": None}, 1, "assumptions"),
    "assumed in a row": ({"assumed": [1]}, 1, "assumptions"),
    "assumed in objects": ({"assumed": {"shop.margin": {"value": 3}}}, 1, "“shop.margin” is neither a number nor"),
    "a playbook that is a text": ({"playbook": "all"}, 1, "rules on what to give"),
    "rules in an object": ({"playbook": {"rules": {"failure": 1}}}, 1, "rules on what to give"),
    "one rule of two": ({"playbook": {"rules": [RULE, {"failure": "wrong_item", "give": "all"}]}}, 1, "rule 2"),
    "an inherited failure": ({"playbook": {"rules": [{"failure": "__proto__", "give": []}]}}, 1, "rule 1"),
    "a condition that is none": ({"playbook": {"rules": [{**RULE, "when": {"severity": 3}}]}}, 1, "rule 1"),
    "a budget of nothing": ({"budget": 0}, 1, "budget"),
    "further names": ({"__proto__": {"agent": 1}, "constructor": {}}, 2, "“__proto__” is nothing"),
    "a row": ([1], -1, ""),
    "null": (None, -1, ""),
}


def hash_of(content: Any) -> str:
    text = content if isinstance(content, str) else json.dumps(content)
    return "#ps=" + base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


FITTING = {
    "limits": {"agent": {"keep_item": 20, "credit": "no_limit"}, "lead": {"credit": "no_limit"}},
    "playbook": {"rules": [RULE]},
    "budget": 300_000,
    "per": "month",
    "assumed": {"shop.future_value_factor": 0.5, "shop.margin": "5 to 9"},
}
AMOUNTS: dict[str, float | str | None] = {
    "": None,
    "300k": 300_000,
    " $300,000 ": 300_000,
    "300000": 300_000,
    "USD 0.3M": 300_000,
    "25k a month": 300_000,
    "25,000/month": 300_000,
    "1.5 million": 1_500_000,
    "250000/year": 250_000,
    "much": "“much” is no amount of money; write it like $300,000 or 300k",
    "300.000": "can be read in two ways",
    "30,00": "is no amount of money",
    "3x": "is no size of amounts",
    "3k a week": "is no period",
    "0": "A budget is from $0.01",
    "-5": "is no amount of money",
}
#: Where a slider goes: at a place beside a limit that lies between two, and held by the tiers beside it.
MOVES: list[tuple[dict[str, Any], float | str]] = [
    ({"key": "agent.keep_item", "limit": 49.97, "to": 50}, 49),
    ({"key": "agent.keep_item", "limit": 49.97, "to": 52}, 50),
    ({"key": "agent.keep_item", "limit": 50.4, "to": 50}, 50),
    ({"key": "agent.keep_item", "limit": 50.4, "to": 52}, 51),
    ({"key": "agent.keep_item", "limit": 20, "to": 22}, 21),
    ({"key": "agent.keep_item", "wanted": 80}, 50),
    ({"key": "lead.keep_item", "wanted": "ask"}, "ask"),
    ({"key": "lead.refund", "wanted": 3}, 25),
]


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    if NODE is None:
        pytest.skip("no Node")
    folder = tmp_path_factory.mktemp("page")
    for path in PAGE.glob("*.js"):
        shutil.copy(path, folder)
    (folder / "package.json").write_text('{"type": "module"}')
    scenario = load_scenario("online_retail")
    panel = open_panel(prepare(scenario, sample=Sample(cases=60, draws=4)), load_policy("current", scenario))
    frame = json.loads(json.dumps(frame_content(panel)))
    frame["presets"].append({**frame["presets"][-1], "name": "found", "is_found": True})
    contents = [*(content for content, _, _ in HOSTILE.values()), FITTING]
    links = [hash_of(content) for content in contents]
    junk = ["", "#other=1", "#ps=", "#ps=a", "#ps={}", "#ps=" + "A" * 1_000_000, hash_of('{"limits": NaN}')]
    questions = {
        "frame": frame,
        "links": [*links, *junk],
        "amounts": list(AMOUNTS),
        "moves": [move for move, _ in MOVES],
    }
    (folder / "questions.json").write_text(json.dumps(questions))
    script = Path(__file__).parent / "node" / "links.mjs"
    command = [NODE, str(script), str(folder), str(folder / "questions.json")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return {**json.loads(done.stdout), "frame": frame}


@pytest.mark.parametrize("place", range(len(HOSTILE)), ids=list(HOSTILE))
def test_a_hostile_link_opens_with_what_fits(answers: dict[str, Any], place: int) -> None:
    _, count, why = list(HOSTILE.values())[place]
    read = answers["links"][place]
    if count < 0:
        assert read == "cannot be read"
        return
    assert len(read["left"]) == count, read["left"]
    assert why in read["words"]
    part, frame = read["part"], answers["frame"]
    for limits in (part.get("limits", frame["limits"]), (part.get("baseline") or {}).get("limits") or frame["limits"]):
        assert {tier: sorted(names) for tier, names in limits.items()} == {
            tier: sorted(names) for tier, names in frame["limits"].items()
        }
    # what is out of order is as in force
    assert part.get("limits", frame["limits"])["agent"]["keep_item"] == frame["limits"]["agent"]["keep_item"]
    assert answers["polluted"] is None


def test_a_link_says_all_that_fits(answers: dict[str, Any]) -> None:
    read = answers["links"][len(HOSTILE)]
    assert (read["left"], read["assumed"]) == ([], FITTING["assumed"])
    part = read["part"]
    assert (part["limits"]["agent"]["keep_item"], part["limits"]["lead"]["credit"]) == (20, "no_limit")
    assert (part["budget"], part["per"], part["playbook"]) == (300_000, "month", FITTING["playbook"])


def test_what_is_no_link_is_none_and_what_cannot_be_read_is_said(answers: dict[str, Any]) -> None:
    assert answers["links"][len(HOSTILE) + 1 :] == [None, None, *["cannot be read"] * 5]


def test_a_link_carries_the_budget_and_a_baseline_that_was_found(answers: dict[str, Any]) -> None:
    part = answers["back"]["part"]
    assert answers["back"]["left"] == []
    assert part["budget"] == 300_000
    assert part["baseline"]["limits"] == answers["frame"]["presets"][-1]["limits"]


@pytest.mark.parametrize("place", range(len(AMOUNTS)), ids=list(AMOUNTS))
def test_amounts_are_read_as_people_type_them(answers: dict[str, Any], place: int) -> None:
    expected, read = list(AMOUNTS.values())[place], answers["amounts"][place]
    if isinstance(expected, str):
        assert expected in read["problem"]
    else:
        assert read["amount"] == (None if expected is None else pytest.approx(expected))


def test_limits_go_to_the_next_place_and_stop_at_the_next_tier_s(answers: dict[str, Any]) -> None:
    assert answers["moves"] == [where for _, where in MOVES]


def test_a_search_for_the_answer_that_was_given_up_is_said_and_begun_anew(answers: dict[str, Any]) -> None:
    wanted = {"asked": ["cancel", "shown", "study", "shown"], "between": True, "after": False}
    assert answers["givenUp"] == wanted


def test_what_a_budget_may_be_is_said_by_python(answers: dict[str, Any]) -> None:
    least, most = answers["frame"]["budgets"]
    assert (budget_in({"budget": least}), budget_in({"budget": most})) == AMOUNTS_A_YEAR
    for amount in (0.99 * least, 1.01 * most):
        with pytest.raises(InputError, match="it must be an amount from"):
            budget_in({"budget": amount})
