"""Words: the tuples that follow from the records, and that nobody counts or orders them by hand."""

from __future__ import annotations

from policy_sim.assumptions import load_scenario
from policy_sim.value import response_kernels
from policy_sim.words import (
    CASE_COLUMNS,
    COLUMNS,
    EVERYTHING,
    GUARDS,
    LIMIT_KINDS,
    LIMITS,
    MEASURES,
    MOVED,
    OUTCOMES,
    PARTS,
    TILES,
)


def test_records_bear_the_name_that_they_are_found_by():
    for records in (LIMIT_KINDS, OUTCOMES, CASE_COLUMNS, GUARDS):
        assert [record.name for record in records.values()] == list(records)


def test_names_that_files_and_people_know_have_not_changed():
    assert LIMITS == ("refund", "credit", "keep_item", "replacement", "goodwill", "total_cost")
    assert MOVED == ("keep_item", "credit", "refund", "replacement", "goodwill")
    assert EVERYTHING == "total_cost"
    assert COLUMNS[:3] == ("constant", "item_price", "unit_cost")
    assert len(COLUMNS) == 7
    assert TILES == ("net_value", "remedy_cost", "customers_kept", "escalated", "minutes", "learned_claiming")
    assert PARTS == {"retained": 1, "remedy_cost": -1, "labour": -1, "learned_claiming": -1}


def test_kernels_sum_what_there_is_a_word_for():
    assert response_kernels.MEASURES == MEASURES


def test_guards_look_at_columns_of_a_case():
    assert set(GUARDS) <= set(CASE_COLUMNS)
    for fact in GUARDS.values():
        assert fact.sentence.count("{}") == 1


def test_what_fills_a_column_is_there():
    scenario = load_scenario("online_retail")
    for column in CASE_COLUMNS.values():
        names = column.filled_from[1] if column.filled_from else ()
        names += (column.default,) if isinstance(column.default, str) else ()
        for name in names:
            assert name in scenario.assumption_names
        if column.filled_from:
            # columns are filled in order: what fills one stands before it
            base = column.filled_from[0]
            assert base == "constant" or list(CASE_COLUMNS).index(base) < list(CASE_COLUMNS).index(column.name)
