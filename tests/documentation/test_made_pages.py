"""The pages that are made are current, and the model card names what there is and all of it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from documentation import commands, fields, files
from documentation.write import ANEW, PAGES, ROOT, SHOWN
from policy_sim.assumptions import load_scenario
from policy_sim.evidence.log_columns import FLAGS, MOMENTS, TEXTS
from policy_sim.orders.roles import ROLES
from policy_sim.words import CASE_COLUMNS

CARD = ROOT / "docs" / "explanation" / "model-card.md"
#: Groups of which the card names every number.
EXPLAINED = ("response", "claiming", "queue", "playbook")


@pytest.mark.parametrize("place", PAGES)
def test_a_page_that_is_made_is_current(place):
    assert (ROOT / place).read_text(encoding="utf-8") == PAGES[place](), f"write it anew: {ANEW}"


@pytest.mark.parametrize("picture", SHOWN)
def test_a_picture_shows_what_its_page_says(picture):
    place, words = SHOWN[picture]
    text = (ROOT / place).read_text(encoding="utf-8")
    assert f"![{words()}](../pictures/{Path(picture).name})" in text, f"draw it anew: {ANEW}"
    assert (ROOT / picture).is_file()


def test_no_page_is_left_of_what_is_made_no_more():
    made = {ROOT / place for place in PAGES}
    assert set((ROOT / "docs" / "reference" / "files").iterdir()) <= made


@pytest.mark.parametrize("kind", files.KINDS, ids=lambda kind: kind.name)
def test_examples_are_read_as_they_stand_and_say_every_field(kind):
    for example in kind.examples:
        kind.read(fields.EXAMPLES / example)
    for name, schema in fields.models_of(kind).items():
        for field, node in schema.get("properties", {}).items():
            assert node.get("description", "").endswith("."), f"{name}.{field} has no description in its model"


def test_columns_of_tables_are_those_that_there_are():
    assert set(files.ORDER_COLUMNS) == set(ROLES)
    assert set(files.CASE_TEXTS) == {*TEXTS, *MOMENTS, *FLAGS}
    assert set(files.CASE_NUMBERS) == set(CASE_COLUMNS)


def test_every_command_has_an_example_and_all_but_servers_have_one_that_is_run():
    examples = commands.examples_of_pages()
    assert set(commands.commands()) <= set(examples)
    assert {name for name in commands.commands() if not examples[name].is_run} == {"app", "lab"}


def test_the_model_card_names_all_that_customers_answer_by_and_nothing_else():
    text = CARD.read_text(encoding="utf-8")
    scenario = load_scenario("online_retail")
    assert set(re.findall(r"`(\w+\.\w+)`", text)) <= set(scenario.assumption_names)
    words = set(re.findall(r"\w+", text))
    groups = (*EXPLAINED, next(iter(scenario.failures)), scenario.tiers[0])
    assert {name for group in groups for name in scenario.assumptions[group]} - words == {"share_of_cases"}
