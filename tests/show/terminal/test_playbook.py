"""What the terminal says of a playbook: one sentence first, every rule in words, at most 80 characters wide."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
from rich.console import Console
from rich.table import Table

from policy_sim.policy.playbook_words import playbook_rule_words, titles_of
from policy_sim.show.terminal.gap import two_halves
from policy_sim.show.terminal.playbook import of_playbook
from policy_sim.show.wording import format_money
from policy_sim.study import PlaybookStudy, Setting
from policy_sim.words import GAP_PARTS


def printed(parts: list[Table], width: int = 80) -> str:
    screen = Console(file=io.StringIO(), width=width)
    for part in parts:
        screen.print(part)
    assert isinstance(screen.file, io.StringIO)
    return screen.file.getvalue()


def test_the_first_sentence_says_what_the_playbook_adds(
    playbook_setting: Setting, playbook_study: PlaybookStudy
) -> None:
    lines = printed(of_playbook(playbook_setting, playbook_study), 400).splitlines()
    amount = format_money(float(playbook_study.guidance.per_year().mean()), "USD")
    assert f"A playbook of {len(playbook_study.rules)} rules adds {amount} a year" in lines[1]
    assert "if all of them do" in lines[1]


def test_every_rule_is_there_in_words_and_nothing_is_cut(
    playbook_setting: Setting, playbook_study: PlaybookStudy
) -> None:
    narrow = printed(of_playbook(playbook_setting, playbook_study))
    assert max(map(len, narrow.splitlines())) <= 80
    assert "…" not in narrow
    wide = printed(of_playbook(playbook_setting, playbook_study), 400)
    titles = titles_of(playbook_setting.scenario)
    for number, told in enumerate(playbook_study.rules, start=1):
        assert f"{number}. {playbook_rule_words(told.rule, 'USD', titles)}" in wide
    for part in GAP_PARTS.values():
        assert part.title in wide
    for words in ("Limits stay as they are", "rules are enough", "fitted to half", "80% of people follow instead of"):
        assert words in wide or "No rule can be told apart" in wide


def test_too_few_customers_and_no_rules_are_said(playbook_setting: Setting, playbook_study: PlaybookStudy) -> None:
    alone = replace(playbook_study, held_out_share_of_gain=np.nan, rules=())
    wide = printed(of_playbook(playbook_setting, alone), 400)
    assert "too few customers to find rules with some" in wide
    assert "No rule brings anything" in wide


def test_the_two_halves_are_in_one_sentence(playbook_study: PlaybookStudy) -> None:
    words = two_halves(playbook_study.by_rules[0], playbook_study.gap)
    taste = format_money(float(playbook_study.gap.step("taste").per_year().mean()), "USD")
    assert words.startswith("Better limits bring $0.00 a year; guidance")
    assert f"up to {taste} more" in words
