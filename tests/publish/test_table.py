import re

import pytest
from hypothesis import HealthCheck, given, settings

from policy_sim.policy import Guard, Lever
from policy_sim.policy.decision import amount_in_cents
from policy_sim.publish.check import check_rows
from policy_sim.publish.conformity import boundary_cases, reference
from policy_sim.publish.dmn import table_cells
from policy_sim.publish.table import OUTPUTS, decision_rows, guard_regions, money_text, number_text

SIMPLE = re.compile(r'-|>= \d+(\.\d+)?|\[\d+(\.\d+)?\.\.\d+(\.\d+)?\)|"[A-Za-z_0-9]+"(,"[A-Za-z_0-9]+")*')


def check_against_reference(policy, vocabulary):
    """The plainest second way: `authority()` for every case at, just below and just above every boundary."""
    rows = decision_rows(policy, vocabulary)
    assert check_rows(rows, policy, vocabulary) == []
    for case in boundary_cases(policy, vocabulary):
        row = next(row for row in rows if row.holds(case, amount_in_cents(case["amount"])))
        expected = reference(policy, case)
        assert {name: row.outputs[name] for name in OUTPUTS} == {name: expected[name] for name in OUTPUTS}, case


def test_every_case_has_one_row_that_says_what_authority_says(random, vocabulary):
    @settings(derandomize=True, deadline=None, database=None, max_examples=15, suppress_health_check=list(HealthCheck))
    @given(policy=random.policies(place_count=3))
    def holds(policy):
        check_against_reference(policy, vocabulary)

    holds()


def test_a_rich_policy(rich, vocabulary):
    check_against_reference(rich, vocabulary)


def test_failures_that_are_alike_share_rows(current, rich, vocabulary):
    rows = decision_rows(current, vocabulary)
    assert len(rows) == 28
    assert all(row.failures == vocabulary.failures for row in rows)
    assert {row.failures for row in decision_rows(rich, vocabulary)} >= {("wrong_item",), ("defective_item",)}


def test_guards_are_regions_that_do_not_overlap(current):
    guards = (
        Guard(fact="suspicion", at_least=0.6, to="lead"),
        Guard(fact="prior_claims", at_least=4, to="manager"),
        Guard(fact="suspicion", at_least=0.9, to="manager"),
        Guard(fact="suspicion", at_least=0.95, to="manager"),  # never fires
    )
    regions = guard_regions(current.model_copy(update={"guards": guards}))
    assert [(dict(region.facts), region.starts_at) for region in regions] == [
        ({"prior_claims": (4, None)}, "manager"),
        ({"suspicion": (0.9, None), "prior_claims": (0, 4)}, "manager"),
        ({"suspicion": (0.6, 0.9), "prior_claims": (0, 4)}, "lead"),
        ({"suspicion": (0, 0.6), "prior_claims": (0, 4)}, "agent"),
    ]


def test_a_guard_that_catches_everything_leaves_no_region_below(current):
    everything = current.model_copy(update={"guards": (Guard(fact="severity", at_least=-1, to="lead"),)})
    assert [region.starts_at for region in guard_regions(everything)] == ["lead"]


def test_only_the_simplest_feel(random, vocabulary):
    @settings(derandomize=True, deadline=None, database=None, max_examples=25, suppress_health_check=list(HealthCheck))
    @given(policy=random.policies(place_count=2))
    def simple(policy):
        inputs = 5 + len({guard.fact for guard in policy.guards})
        rows = table_cells(policy, vocabulary)
        for cells in rows:
            assert all(SIMPLE.fullmatch(cell) for cell in cells[:inputs])
            # a quotation mark or a backslash within text ends in nothing in some engines, without a word
            assert all(re.fullmatch(r'true|false|"[^"\\]*"', cell) for cell in cells[inputs:])
        assert rows[-1][:inputs] == ["-"] * inputs
        assert all("-" not in cells[:5] for cells in rows[:-1])

    simple()


def test_ask_for_total_cost_means_ask_for_everything(scenario, vocabulary, current):
    asking = current.with_limit(Lever("agent", "total_cost"), float("-inf"))
    assert all(row.outputs["tier"] != "agent" for row in decision_rows(asking, vocabulary))
    check_against_reference(asking, vocabulary)


@pytest.mark.parametrize(("number", "text"), [(1e-05, "0.00001"), (4.0, "4"), (0.6, "0.6"), (1e16, f"1{16 * '0'}")])
def test_numbers_without_exponents(number, text):
    assert number_text(number) == text


@pytest.mark.parametrize(("whole", "text"), [(0, "0"), (2501, "25.01"), (2510, "25.10"), (5, "0.05"), (100, "1")])
def test_money(whole, text):
    assert money_text(whole) == text
