"""Remedies and resolutions in the words of a person."""

import pytest

from policy_sim.assumptions import load_scenario
from policy_sim.border import InputError, parse_model, shipped
from policy_sim.failures import Remedy

SHIPPED = sorted(path.stem for path in shipped("data/scenarios").glob("*.yaml"))


@pytest.mark.parametrize("name", SHIPPED)
def test_resolutions_are_said_as_a_person_would(name):
    scenario = load_scenario(name)
    for failure in scenario.failures:
        bundles = scenario.resolutions(failure)
        words = [scenario.resolution_words(bundle) for bundle in bundles]
        assert len(set(words)) == len(bundles)
        assert all(
            said and "_" not in said and "{" not in said and said[0] in f"{said[0].lower()}0123456789" for said in words
        )
    assert scenario.resolution_words(()) == "nothing"


@pytest.mark.parametrize(
    ("content", "currency", "words"),
    [
        ({"title": "Store credit", "amounts": [5, 12.5]}, "USD", ("store credit of $5", "store credit of $12.50")),
        ({"title": "Store credit", "amounts": [500]}, "KRW", ("store credit of KRW 500",)),
        ({"title": "Credit", "shares_of_price": [0.125]}, "EUR", ("credit of 12.5% of the price",)),
        ({"title": "Part of it", "said": "{} back", "shares_of_price": [0.2]}, "USD", ("20% back",)),
        ({"title": "DVD with it"}, "USD", ("DVD with it",)),
        ({"title": "A test together"}, "USD", ("a test together",)),
        ({"title": "Customer keeps the item", "said": "keep the item"}, "USD", ("keep the item",)),
    ],
)
def test_remedies_in_words(content, currency, words):
    assert Remedy.model_validate(content).words(currency) == words


@pytest.mark.parametrize(
    "content",
    [
        {"title": "A", "said": "{} back"},
        {"title": "A", "said": "back", "amounts": [5]},
        {"title": "A", "said": "{} and {} back", "amounts": [5]},
    ],
)
def test_remedies_whose_words_do_not_fit(content):
    with pytest.raises(InputError, match=r"said is .*; expected words in which the remedy"):
        parse_model(Remedy, content, "x")
