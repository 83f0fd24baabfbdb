import dataclasses

import numpy as np
import pytest

from policy_sim import evaluate, load_policy, load_scenario
from policy_sim.assumptions import MEASURED_AT, Assumption, Draws, draw_assumptions
from policy_sim.border import InputError
from policy_sim.changing import changed_assumption, is_drawn_once, read_value, reading_words
from policy_sim.study import Sample, prepare
from policy_sim.value import value_cases

COST = Assumption(value=6, unit="USD per parcel", range=(4, 8), source="a tariff")
SHARE = Assumption(value=0.07, unit="share of orders", range=(0.05, 0.16), source="a count")
HELD = Assumption(value=2, unit="people", range=(1, 20), source="the roster", distribution="chosen")
EVEN = Assumption(value=6, unit="hours", range=(4, 8), source="a guess", distribution="uniform")
MEASURED = Assumption(
    value=6,
    unit="hours",
    range=(4, 8),
    source="a log",
    trust="own",
    distribution="measured",
    quantiles=tuple(np.linspace(4, 8, len(MEASURED_AT))),
)


@pytest.mark.parametrize(
    ("old", "value", "central", "span", "distribution", "words"),
    [
        (COST, "7", 7, (4, 8), "triangular", "$7"),
        (COST, 7, 7, (4, 8), "triangular", "$7"),
        (COST, "9.5", 9.5, (4, 9.5), "triangular", "$9.50; plausible now $4 to $9.50"),
        (COST, "5 to 9", 6, (5, 9), "triangular", "$5 to $9, most likely $6, as before"),
        (COST, "6 to 9", 6, (6, 9), "triangular", "$6 to $9, most likely $6, as before"),
        (COST, "7 to 9", 8, (7, 9), "triangular", "$7 to $9, most likely $8, the middle"),
        (SHARE, "0.06", 0.06, (0.05, 0.16), "triangular", "6%; for 0.06% type 0.06%"),
        (SHARE, "6", 0.06, (0.05, 0.16), "triangular", "6%"),
        (SHARE, "6 to 8%", 0.07, (0.06, 0.08), "triangular", "6% to 8%, most likely 7%, as before"),
        (HELD, "3", 3, (1, 20), "chosen", "3"),
        (HELD, "30", 30, (1, 30), "chosen", "30"),
        (HELD, "1-4", 2, (1, 4), "triangular", "1 to 4, most likely 2, at which it was held before"),
        (HELD, "4..7", 6, (4, 7), "triangular", "4 to 7, most likely 6, the middle; it was held at 2"),
        (EVEN, "5 to 9", 6, (5, 9), "uniform", "5 to 9, each value as likely"),
        (MEASURED, "5", 5, (4, 8), "triangular", "5"),
        (MEASURED, "5 to 9", 6, (5, 9), "triangular", "5 to 9, most likely 6, as before"),
    ],
)
def test_what_a_number_or_a_range_makes_of_an_assumption(old, value, central, span, distribution, words):
    name = "queue.staff" if old is HELD else "x.y"
    typed = read_value(name, value, old)
    new = changed_assumption(name, old, typed)
    assert (new.value, new.range, new.distribution, new.trust) == (central, span, distribution, "assumed")
    assert new.source.startswith(f"set by the user (was {old.value:g}: {old.source}")
    assert reading_words(old, new, typed) == words


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (True, "assumption 'x.y' is set to True; expected a number, or a text such as '5 to 9'"),
        (None, "is set to None; expected a number"),
        ([5, 9], r"is set to \[5, 9\]; expected a number"),
        (float("nan"), "is set to nan; it must be a finite number"),
        ("much", r"assumption 'x.y' \(USD per parcel\): 'much' is neither a number nor a range"),
    ],
)
def test_values_that_cannot_be_used_are_refused(value, words):
    with pytest.raises(InputError, match=words):
        read_value("x.y", value, COST)


def test_draws_never_leave_a_range_that_was_typed():
    scenario = load_scenario("online_retail").with_values({"shop.label_cost": "5 to 9", "queue.staff": "2 to 4"})
    draws = draw_assumptions(scenario, 500)
    for name, low, high in (("shop.label_cost", 5, 9), ("queue.staff", 2, 4)):
        assert low <= draws[name].min() < low + 0.3
        assert high - 0.3 < draws[name].max() <= high


def test_a_range_of_a_share_lowers_what_is_left_of_others():
    with pytest.warns(UserWarning, match=r"agent.thrifty_share is taken to be 0.2 at most, not 0.3"):
        changed = load_scenario("online_retail").with_values({"agent.generous_share": "10% to 80%"})
    assert changed.assumption("agent.generous_share").range == (0.1, 0.8)
    assert changed.assumption("agent.thrifty_share").range[1] == pytest.approx(0.2)


@pytest.mark.parametrize("name", ["cases.first_order_share", "shop.margin_share", "wrong_item.share_of_cases"])
def test_a_range_of_what_cases_are_drawn_by_is_refused(name):
    with pytest.raises(InputError, match="cases are drawn once, with one value of this; type one number"):
        load_scenario("online_retail").with_values({name: "10% to 20%"})


@pytest.mark.parametrize("scenario_name", ["online_retail", "moving_service", "quick_service"])
def test_what_cases_are_drawn_by_moves_nothing_from_draw_to_draw(scenario_name):
    scenario = load_scenario(scenario_name)
    payoffs = prepare(scenario, sample=Sample(cases=150, draws=6)).payoffs
    policy = load_policy("current", scenario)

    def net_value(names):
        values = payoffs.draws.values.copy()
        for name in names:
            column = payoffs.draws.names.index(name)
            values[:, column] = np.linspace(*scenario.assumption(name).range, len(values) + 2)[1:-1]
        moved = Draws(payoffs.draws.names, values)
        return evaluate(policy, value_cases(scenario, payoffs.cases, moved)).per_case()

    once = [name for name in scenario.assumption_names if is_drawn_once(name)]
    before = net_value([])
    np.testing.assert_array_equal(net_value(once), before)
    if scenario_name == "online_retail":  # in others some are 0, and so is what they do
        chosen = {name for name in scenario.assumption_names if scenario.assumption(name).distribution == "chosen"}
        assert all((net_value([name]) != before).any() for name in chosen - set(once))


def test_a_reading_is_left_alone():
    with pytest.raises(dataclasses.FrozenInstanceError):
        read_value("x.y", 7, COST).low = 3
