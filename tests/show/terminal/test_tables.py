"""Tables: names stand left, numbers right; without heads there is no head."""

from __future__ import annotations

from policy_sim.show.terminal.tables import new_table, prose


def test_columns_without_a_head_are_for_names() -> None:
    table = new_table("Title", ("", "a case", "a year"))
    assert [column.justify for column in table.columns] == ["left", "right", "right"]
    assert table.show_header
    assert table.title == "Title"


def test_prose_is_a_table_without_a_head() -> None:
    table = prose("Title", "Words.")
    assert not table.show_header
    assert list(table.columns[0].cells) == ["Words."]
