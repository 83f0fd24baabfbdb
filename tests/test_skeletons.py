"""Skeletons load, check and can be filled in; every number says that it is assumed, and to be replaced."""

from __future__ import annotations

import re

import pytest
import yaml

from policy_sim.assumptions import load_scenario
from policy_sim.border import InputError, shipped
from policy_sim.faults import TO_REPLACE, check_scenario_file
from policy_sim.fitting import NEEDED_PER_FAILURE
from policy_sim.skeletons import scenario_skeleton

SHIPPED = sorted(path.stem for path in shipped("data/scenarios").glob("*.yaml"))
KINDS = [
    {},
    {"failure": "billing_error"},
    {"remedy": "loyalty_points"},
    {"failure": "billing_error", "remedy": "loyalty_points"},
    {"has_own_numbers": True, "currency": "EUR"},
    {"failure": "billing_error", "remedy": "loyalty_points", "has_own_numbers": True, "currency": "JPY"},
]


@pytest.mark.parametrize("base", SHIPPED)
def test_a_skeleton_can_be_used_as_it_stands(base, tmp_path):
    path = tmp_path / "own.yaml"
    extended = load_scenario(base)
    for kind in KINDS:
        text = scenario_skeleton(base, "own", **kind)
        assert max(map(len, text.splitlines())) <= 140
        path.write_text(text, encoding="utf-8")
        report = check_scenario_file(path)
        assert report.faults == ()
        assert report.scenario is not None
        scenario = report.scenario
        assert scenario.name == "own"
        assert set(scenario.failures) - set(extended.failures) == {kind.get("failure", "")} - {""}
        assert set(scenario.remedies) - set(extended.remedies) == {kind.get("remedy", "")} - {""}
        assert scenario.currency == kind.get("currency", extended.currency)
        # whatever stands in the file is assumed, and said to be replaced; the rest is as it was
        content = yaml.safe_load(text)
        own = {f"{group}.{name}" for group, names in content.get("assumptions", {}).items() for name in names}
        for name in scenario.assumption_names:
            number = scenario.assumption(name)
            assert number.source.startswith(TO_REPLACE) == (name in own)
            assert name not in own or number.trust == "assumed"
            assert name in own or number == extended.assumption(name)
        assert len(report.remarks) == bool(own)
        if own:
            assert report.remarks[0].endswith(", ".join(name for name in scenario.assumption_names if name in own))
            assert f"{len(own)} numbers are still as written out" in report.remarks[0]


def test_all_that_must_be_filled_in_has_its_meaning_above_it():
    lines = scenario_skeleton("online_retail", "own", failure="billing_error", like="wrong_item").splitlines()
    base = load_scenario("online_retail")
    for name in NEEDED_PER_FAILURE:
        place = lines.index(f"    {name}:")
        above = lines[:place]
        comment = []
        while above[-1].startswith("    #"):
            comment.insert(0, above.pop().removeprefix("    # "))
        number = base.assumption(f"wrong_item.{name}")
        assert base.said(f"wrong_item.{name}").title in " ".join(comment)
        assert number.unit in " ".join(comment)
        low, high = number.range
        assert f"value: {number.value:g}, " in lines[place + 1]
        assert f"range: [{low:g}, {high:g}], trust: assumed" in lines[place + 1]


def test_amounts_of_another_currency_are_all_written_out():
    base = load_scenario("online_retail")
    content = yaml.safe_load(scenario_skeleton("online_retail", "own", currency="EUR"))["assumptions"]
    in_money = {name for name in base.assumption_names if base.assumption(name).unit.startswith("USD")}
    assert {f"{group}.{name}" for group, members in content.items() for name in members} == in_money
    assert content["shop"]["label_cost"]["unit"] == "EUR per parcel"
    assert content["shop"]["label_cost"]["source"].endswith("taken over from online_retail, one for one")


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ({"failure": "Billing error"}, "failure 'Billing error' cannot be a name; expected small letters"),
        ({"failure": "lost_parcel"}, "scenario 'online_retail' has 'lost_parcel' already"),
        ({"failure": "shop"}, "has 'shop' already"),
        ({"remedy": "coupon"}, "has 'coupon' already"),
        ({"failure": "billing_error", "like": "late_deliver"}, "did you mean 'late_delivery'?"),
        ({"name": "9"}, "scenario '9' cannot be a name"),
    ],
)
def test_names_that_cannot_be_are_refused(words, wanted):
    with pytest.raises(InputError, match=re.escape(wanted)):
        scenario_skeleton("online_retail", **{"name": "own", **words})
