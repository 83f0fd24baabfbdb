"""Numbers of assumptions as people read them, and what is said of each assumption of the shipped scenarios."""

from __future__ import annotations

import re

import numpy as np
import pytest

from policy_sim.assumptions import Scenario, load_scenario
from policy_sim.border import InputError, shipped
from policy_sim.service import customers_moved
from policy_sim.show.assumption_words import (
    assumption_unit,
    assumption_value,
    picture_words,
    plain_unit,
    quantity_words,
    range_words,
    sentence_words,
    turn_words,
)

SHIPPED = sorted(path.stem for path in shipped("data/scenarios").glob("*.yaml"))
#: What no head of service has ever said.
JARGON = re.compile(r"\w_\w|\w\.[a-z]\w*_|logit|\bratio\b|kernel|\bdraws\b|pseudo-count|\bNone\b|\bnan\b|\bnull\b|[{}]")


@pytest.mark.parametrize(
    ("value", "unit", "said", "counted", "spoken"),
    [
        (0.0725, "share of item price", "7.25%", "of item price", "7.25%"),
        (12.1, "USD per parcel", "$12.10", "per parcel", "$12.10"),
        (40.0, "USD", "$40", "", "$40"),
        (4.0, "CHF per parcel", "CHF 4", "per parcel", "CHF 4"),
        (0.6104, "logits per unit of effort", "0.61", "weight", "0.61"),
        (20902.3, "cases per year", "20,902", "cases per year", "20,902"),
        (1.2, "ratio", "1.2 times", "", "1.2 times"),
        (1.1, "ratio to the unit cost", "1.1 times", "the unit cost", "1.1 times"),
        (4.0, "pseudo-count of a beta distribution", "4", "evenness", "4"),
        (0.8, "standard deviation of log hours", "0.8", "spread", "0.8"),
        (96.0, "hours", "96", "hours", "4 days"),
        (36.0, "hours", "36", "hours", "36 hours"),
        (1.0, "hours", "1", "hours", "1 hour"),
        (0.2, "hours", "0.2", "hours", "12 minutes"),
        (0.5, "minutes per case", "0.5", "minutes per case", "30 seconds"),
        (0.0, "hours", "0", "hours", "0 hours"),
        (9.0, "supervisor minutes", "9", "supervisor minutes", "9 minutes"),
        (1000.0, "hours per year", "1,000", "hours per year", "1,000 hours"),
        (0.3, "days", "0.3", "days", "7.2 hours"),
    ],
)
def test_values_and_units_of_assumptions(value: float, unit: str, said: str, counted: str, spoken: str) -> None:
    assert assumption_value(value, unit) == said
    assert assumption_unit(unit) == counted
    assert quantity_words(value, unit) == spoken


def test_a_bare_number_keeps_its_unit() -> None:
    assert plain_unit("USD per parcel") == "USD per parcel"
    assert plain_unit("share of item price") == "share of item price"
    assert plain_unit("ratio to the unit cost") == "times the unit cost"


@pytest.mark.parametrize("name", SHIPPED)
def test_every_assumption_says_what_it_is_and_what_its_number_means(name: str) -> None:
    scenario = load_scenario(name)
    titles = [scenario.title_of(full_name) for full_name in scenario.assumption_names]
    assert len(set(titles)) == len(titles)
    for full_name, title in zip(scenario.assumption_names, titles, strict=True):
        said, assumption = scenario.said(full_name), scenario.assumption(full_name)
        assert said.title, full_name
        assert said.sentence, full_name
        texts = [title, assumption_unit(assumption.unit), assumption.source]
        for value in (assumption.value, *assumption.range):
            texts += [sentence_words(scenario, full_name, value), turn_words(scenario, full_name, value)]
        for text in texts:
            assert not JARGON.search(text), (full_name, text)


@pytest.mark.parametrize("name", SHIPPED)
def test_a_heavier_weight_loses_or_keeps_more_customers(name: str) -> None:
    """Else "fewer than" would not say on which side of a break-even one is."""
    scenario = load_scenario(name)
    pictured = [known for known in scenario.assumption_names if scenario.said(known).picture]
    assert {f"response.{weight}_weight" for weight in ("wait", "severity", "effort")} <= set(pictured)
    for full_name in pictured:
        low, high = scenario.assumption(full_name).range
        moved = [customers_moved(scenario, full_name, value) for value in np.linspace(low, high, 5)]
        assert np.all(np.diff(np.abs(moved)) > 0), (full_name, moved)
        assert max(moved) <= 0 or min(moved) >= 0, (full_name, moved)


def test_sentences_hold_the_number_of_today_or_any_other() -> None:
    scenario = load_scenario("online_retail")
    lost = customers_moved(scenario, "response.wait_weight")
    assert picture_words(scenario, "response.wait_weight") == f"{lost:.2g} of 100 customers"
    assert sentence_words(scenario, "response.wait_weight") == f"a day's wait costs about {lost:.2g} of 100 customers"
    fewer = customers_moved(scenario, "response.wait_weight", 0.2)
    assert turn_words(scenario, "response.wait_weight", 0.2) == f"fewer than {fewer:.2g} of 100 customers"
    assert turn_words(scenario, "response.wait_weight", 0.6).startswith("more than ")
    low, high = (customers_moved(scenario, "response.wait_weight", end) for end in (0.1, 0.7))
    assert range_words(scenario, "response.wait_weight") == f"{low:.2g} to {high:.2g} of 100 customers"
    assert range_words(scenario, "remedy.return_trouble") == "$3 to $15"
    assert range_words(scenario, "lead.live_wait_hours") == "3 minutes to 1 hour"
    assert sentence_words(scenario, "shop.label_cost", 8.5) == "a parcel back costs $8.50"
    assert turn_words(scenario, "shop.label_cost", 8.5) == "more than $8.50"
    assert turn_words(scenario, "claiming.publicity", 0.2) == "fewer than 20 of 100"
    assert sentence_words(scenario, "shop.future_value_factor") == "customers are worth exactly what their orders say"
    assert sentence_words(scenario, "remedy.refund_hours") == "money is back after 4 days"
    spread = float(np.exp(scenario.value("cases.hours_open_spread")))
    assert f"at most {spread:.2g} times as long" in sentence_words(scenario, "cases.hours_open_spread")
    with pytest.raises(InputError, match="has no picture"):
        customers_moved(scenario, "shop.label_cost")
    with pytest.raises(InputError, match="unknown assumption"):
        sentence_words(scenario, "shop.lable_cost")


def test_titles_come_from_the_assumption_then_from_all_failures_or_tiers_then_from_its_name() -> None:
    scenario = load_scenario("online_retail")
    assert scenario.title_of("response.wait_weight") == "How much customers mind waiting"
    assert (
        scenario.title_of("late_delivery.churn_without_remedy") == "Delivered late: customers lost if nothing is done"
    )
    assert scenario.title_of("lead.minutes") == "Lead: time for a case"
    assert load_scenario("moving_service").title_of("late_delivery.spend_drop").startswith("Crew late: ")
    wordless = without_words(scenario)
    assert wordless.title_of("late_delivery.loss_share") == "Late delivery: loss share"
    assert wordless.title_of("policy.budget") == "Policy: budget"
    assert sentence_words(wordless, "response.wait_weight") == ""
    assert picture_words(wordless, "shop.salvage_share") == "45% of unit cost"
    assert turn_words(wordless, "shop.salvage_share", 0.2) == "less than 20% of unit cost"
    assert wordless.group_title("response") == "How customers answer"


def test_words_are_no_part_of_the_fingerprint() -> None:
    scenario = load_scenario("online_retail")
    assert without_words(scenario).fingerprint == scenario.fingerprint
    assert scenario.with_values({"response.wait_weight": 0.5}).title_of("response.wait_weight") == (
        "How much customers mind waiting"
    )


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"sentence": "it costs a lot"}, "must hold exactly one of"),
        ({"sentence": "from {value} to {value}"}, "must hold exactly one of"),
        ({"sentence": "it costs {money}"}, "must hold exactly one of"),
        ({"sentence": "it costs {customers}"}, "go together; give both"),
        ({"sentence": "it costs {value}", "picture": {"hours": [0, 24]}}, "go together; give both"),
        ({"picture": {"hours": [0, 24]}}, "add the sentence"),
        ({"sentence": "it costs {customers}", "picture": {"hours": [-1, 24]}}, "both must be 0 to"),
        ({"sentence": "it costs {customers}", "picture": {"weather": [0, 1]}}, "weather"),
        ({"title": ""}, "at least 1 character"),
    ],
)
def test_words_that_do_not_fit_are_named(said: dict[str, object], message: str) -> None:
    content = load_scenario("online_retail").model_dump()
    content["assumptions"]["shop"]["label_cost"] |= {"sentence": None, **said}
    with pytest.raises(ValueError, match=message):
        Scenario.model_validate(content)


def without_words(scenario: Scenario) -> Scenario:
    """Return a scenario as it was before assumptions had titles and sentences."""
    content = scenario.model_dump()
    del content["wording"]
    for members in content["assumptions"].values():
        for assumption in members.values():
            for word in ("title", "sentence", "picture"):
                del assumption[word]
    return Scenario.model_validate(content)
