"""What the page says first: sentences for every kind of answer, and answers that are kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from policy_sim import ASK, NO_LIMIT, load_policy, load_scenario
from policy_sim.policy import Policy
from policy_sim.show.live import answer as module
from policy_sim.show.live.answer import answer_content, look_up_answer, work_out_answer
from policy_sim.study import Answer, Move, Sample, Setting, Worth, prepare


@pytest.fixture(scope="module")
def in_force() -> Policy:
    return load_policy("current", load_scenario("online_retail"))


def worth(change: float, reach: float = 0.0, too_few: bool = False) -> Worth:
    low, high = change - reach, change + reach
    return Worth(change=change, low=low, high=high, told_apart=low > 0, too_few=too_few)


def move(limit: str, best: float, change: float, tier: str = "agent", low: float = 0.0, high: float = 1.0) -> Move:
    return Move(tier=tier, limit=limit, in_force=20.0, best=best, low=low, high=high, worth=worth(change))


def test_the_sentence_says_who_may_do_what_and_what_that_is_worth(in_force: Policy) -> None:
    moves = (
        move("keep_item", 1555.0, 150_000, low=192.57, high=NO_LIMIT),
        move("goodwill", 11.0, 40_000),
        move("replacement", ASK, 30_000, tier="lead"),
        move("credit", 25.0, 1_000),
    )
    content = answer_content(Answer(policy=in_force, worth=worth(238_000, 100_000), moves=moves))
    assert content["sentence"] == (
        "Agents may let customers keep items up to about $195 or more and give up to $11 more than is owed without "
        "asking; leads ask before they replace items"
    )
    assert content["worth"] == "worth $238k a year, likely $138k to $338k"
    assert [row["limit"] for row in content["moves"]] == ["keep_item", "goodwill", "replacement"]
    assert content["moves"][0]["from"] == "$20"
    assert content["moves"][0]["to"] == "about $195 or more"
    assert content["others"] == 1


@pytest.mark.parametrize(
    ("low", "high", "best", "words"),
    [
        (40.11, NO_LIMIT, 500.0, "refund up to about $41 or more"),
        (0.0, NO_LIMIT, 500.0, "refund up to about $0 or more"),
        (ASK, NO_LIMIT, 500.0, "give up to $500 back"),
        (25.0, 30.0, 25.0, "give up to $25 back"),
        (ASK, NO_LIMIT, NO_LIMIT, "refund without limit"),
        (466.32, NO_LIMIT, NO_LIMIT, "refund up to about $470 or more"),
    ],
)
def test_amounts_are_as_narrow_as_they_matter(
    in_force: Policy, low: float, high: float, best: float, words: str
) -> None:
    moves = (move("refund", best, 1_000, low=low, high=high),)
    content = answer_content(Answer(policy=in_force, worth=worth(1_000), moves=moves))
    assert content["sentence"] == f"Agents may {words} without asking"


def test_what_cannot_be_told_is_not_told(in_force: Policy) -> None:
    moves = (move("refund", 40.0, 2_000),)
    unsure = answer_content(Answer(policy=in_force, worth=worth(2_000, 5_000), moves=moves))
    assert unsure["worth"].startswith("cannot be told apart from those in force")
    few = answer_content(Answer(policy=in_force, worth=worth(2_000, too_few=True), moves=moves))
    assert few["worth"] == "worth $2.00k a year, too few cases to tell"
    nothing = answer_content(Answer(policy=in_force, worth=worth(0.0), moves=()))
    assert nothing["sentence"] == "The limits in force are as good as any that were found"
    assert (nothing["moves"], nothing["worth"]) == ([], "")
    boundless = Worth(change=1.0, low=-float("inf"), high=float("inf"), told_apart=False, too_few=True)
    content = answer_content(Answer(policy=in_force, worth=boundless, moves=moves))
    assert (content["low"], content["high"]) == (None, None)


@pytest.fixture(scope="module")
def setting() -> Setting:
    return prepare(load_scenario("online_retail"), sample=Sample(cases=60, draws=3))


def test_an_answer_is_kept_for_what_it_follows_from(
    in_force: Policy, setting: Setting, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "user_cache_path", lambda *_, **__: tmp_path)
    assert look_up_answer(in_force, setting) is None
    answer = work_out_answer(in_force, setting)
    monkeypatch.setattr(module, "find_answer", None)  # it is not looked for again
    assert look_up_answer(in_force, setting) == work_out_answer(in_force, setting) == answer

    other = in_force.model_copy(update={"title": "Another"})
    assert look_up_answer(other, setting) is None
    dearer = prepare(setting.scenario.with_values({"shop.future_value_factor": 1.1}), sample=Sample(60, 3))
    assert look_up_answer(in_force, dearer) is None
    monkeypatch.setattr(module, "_program", lambda: "another program")
    assert look_up_answer(in_force, setting) is None


def test_what_is_no_answer_is_worked_out_anew(
    in_force: Policy, setting: Setting, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "user_cache_path", lambda *_, **__: tmp_path)
    answer = work_out_answer(in_force, setting)
    (kept,) = (tmp_path / "answers").glob("*.json")
    for text in ("", "[]", '{"policy": 1}', "\x00"):
        kept.write_text(text)
        assert work_out_answer(in_force, setting) == answer
        assert look_up_answer(in_force, setting) == answer
    monkeypatch.setattr(module, "user_cache_path", lambda *_, **__: kept)  # a file: nothing can be kept in it
    assert work_out_answer(in_force, setting) == answer
