"""Numbers as people read them."""

import math

import pytest

from policy_sim.show.wording import (
    assumption_title,
    assumption_unit,
    assumption_value,
    limit_text,
    money,
    number,
    share,
)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "$0.00"),
        (1.384, "$1.38"),
        (9.996, "$10.00"),
        (11.47, "$11.47"),
        (286.6, "$287"),
        (999.6, "$1.00k"),
        (-7431, "−$7.43k"),
        (63_400, "$63.4k"),
        (188_118, "$188k"),
        (999_600, "$1.00M"),
        (3_902_000, "$3.90M"),
        (2.5e9, "$2.50bn"),
    ],
)
def test_money_has_three_figures(value: float, text: str) -> None:
    assert money(value, "USD") == text


def test_signs_are_shown_where_a_change_is_meant() -> None:
    assert money(12.5, "EUR", signed=True) == "+€12.50"
    assert money(-0.001, "USD", signed=True) == "$0.00"
    assert money(5, "CHF") == "CHF 5.00"
    assert share(0.1274) == "12.7%"
    assert share(-0.073, signed=True) == "−7.3%"
    assert share(0.0001, signed=True) == "0.0%"
    assert number(35_923.4) == "35,923"
    assert number(-0.25, signed=True) == "−0.2"


def test_limits_are_money_or_words() -> None:
    assert limit_text(25, "USD") == "$25"
    assert limit_text(11.47, "USD") == "$11.47"
    assert limit_text(1250, "USD") == "$1,250"
    assert limit_text(math.inf, "USD") == "no limit"
    assert limit_text(-math.inf, "USD") == "ask first"


@pytest.mark.parametrize(
    ("value", "unit", "said", "counted"),
    [
        (0.0725, "share of item price", "7.25%", "of item price"),
        (12.1, "USD per parcel", "$12.10", "per parcel"),
        (40.0, "USD", "$40", ""),
        (0.6104, "logits per unit of effort", "0.61", "logits per unit of effort"),
        (20902.3, "cases per year", "20,902", "cases per year"),
    ],
)
def test_values_of_assumptions(value, unit, said, counted):
    assert assumption_value(value, unit) == said
    assert assumption_unit(unit) == counted


def test_titles_of_assumptions():
    assert assumption_title("late_delivery.churn_without_remedy") == "Late delivery: churn without remedy"
