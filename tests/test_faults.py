"""Everything that is wrong with a scenario's file is named at once, with the line where it stands."""

from __future__ import annotations

import copy

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from policy_sim.assumptions import load_scenario
from policy_sim.border import InputError
from policy_sim.faults import check_scenario_file
from policy_sim.fitting import NEEDED_PER_FAILURE
from policy_sim.skeletons import scenario_skeleton

COMPLETE = yaml.safe_load(scenario_skeleton("online_retail", "own", failure="billing_error"))
#: All that a failure of one's own needs, by its place.
NEEDED = [
    *(("failures", "billing_error", key) for key in ("title", "shape", "matched_by", "resolutions")),
    *(("assumptions", "billing_error", name) for name in NEEDED_PER_FAILURE),
    *(
        ("assumptions", "billing_error", name, key)
        for name in NEEDED_PER_FAILURE
        for key in ("value", "unit", "range", "source")
    ),
]


def written(folder, content):
    path = folder / "own.yaml"
    path.write_text(content if isinstance(content, str) else yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    return path


def without(places):
    content = copy.deepcopy(COMPLETE)
    for place in sorted(places, key=len, reverse=True):
        here = content
        for key in place[:-1]:
            here = here[key]
        del here[place[-1]]
    return content


@settings(max_examples=30)
@given(places=st.sets(st.sampled_from(NEEDED), min_size=1, max_size=25))
def test_whatever_is_missing_is_named_at_once(places, tmp_path_factory):
    report = check_scenario_file(written(tmp_path_factory.mktemp("own"), without(places)))
    # what is missing with a whole number needs no line of its own
    outer = {place for place in places if not any(place[:depth] in places for depth in range(1, len(place)))}
    assert len(report.faults) == len(outer)
    for place in outer:
        (line,) = [fault for fault in report.faults if f"{'.'.join(place)}: " in fault]
        assert f"'{place[-1]}'" in line
        assert "is missing" in line
        assert "add" in line
    assert report.scenario is None


def test_a_failure_of_one_s_own_takes_one_round_instead_of_sixteen(tmp_path):
    path = written(tmp_path, {"extends": "online_retail", "name": "own", "failures": {"billing_error": {}}})
    report = check_scenario_file(path)
    assert len(report.faults) == 4 + len(NEEDED_PER_FAILURE)
    assert report.faults[0].startswith("own.yaml, line 4, failures.billing_error.title: 'title' is missing")
    (loss,) = [fault for fault in report.faults if "loss_share" in fault]
    assert "(what the customer loses) is missing; expected share of item price, elsewhere 0.1 to 1: add " in loss
    # what is to be added can be pasted in as it stands
    added = [yaml.safe_load(fault.split(": add ", 1)[1]) for fault in report.faults[4:]]
    numbers = {name: number for line in added for name, number in line.items()}
    assert list(numbers) == list(NEEDED_PER_FAILURE)
    failure = COMPLETE["failures"]["billing_error"]
    content = {"extends": "online_retail", "failures": {"billing_error": failure}}
    load_scenario(written(tmp_path, content | {"assumptions": {"billing_error": numbers}}))


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("remedies: { gift: { title: Gift } }", ["line 2, remedies.gift: ", "no worth, gesture or cost"]),
        ("remedies: { gift: { titel: Gift } }", ["gift.titel: unexpected entry 'titel'", "gift.title: 'title' is mis"]),
        ("remedies: { coupon: null }", ["coupon_10", "rules[4], taken over from what it extends: unknown remedy"]),
        ("remedies: { cupon: null }", ["line 2, remedies.cupon: unknown member to take away by null 'cupon'"]),
        (
            "assumptions: { queue: { staff: { value: 1.5 } }, shop: { margin_share: { value: 7 } } }\ncolour: blue",
            [
                "line 2, assumptions.queue.staff: queue.staff is 1.5",
                "line 2, assumptions.shop.margin_share: value 7 lies outside its range [0.2, 0.5]",
                "line 3, colour: unexpected entry 'colour'",
            ],
        ),
        (
            "assumptions:\n  shop:\n    label_cost: { value: six }\n    L: { value: 6 }\nfailures:\n  lost_parcel: 5",
            [
                "line 4, assumptions.shop.label_cost.value: found 'six': expected a number",
                "assumptions.shop.L.[key]: found 'L'",
                "line 7, failures.lost_parcel: found 5",
            ],
        ),
        (
            "tiers: [agent]\nname: Own\nsegments: []",
            ["line 2, tiers: ", "line 3, name: ", "line 4, segments: ", "again"],
        ),
        ("assumptions: null", ["line 2, assumptions: 'assumptions' is missing", "what else is wrong"]),
        ("assumptions: 5", ["line 2, assumptions: found 5", "what else is wrong cannot be seen before"]),
        (
            "rules: [{ never: [coupon], because: x }, { only: a, alongside: [b], because: y }]",
            ["[0]: a rule", "[1]: unk"],
        ),
    ],
)
def test_what_is_wrong_is_named_at_once(tmp_path, text, wanted):
    report = check_scenario_file(written(tmp_path, f"extends: online_retail\n{text}\n"))
    for words in wanted:
        assert any(words in fault for fault in report.faults), (words, report.faults)
    assert all(fault.startswith("own.yaml") and "\n" not in fault for fault in report.faults)
    with pytest.raises(InputError):
        load_scenario(tmp_path / "own.yaml")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (
            "assumptions: { billing_error: { loss_share: { value: 1, unit: x, range: [0, 1], source: y } } }",
            "no failure, tier or remedy is called 'billing_error', so its number counts nowhere; add failures.bil",
        ),
        (
            "assumptions: { remedy: { gift: { value: 1, unit: x, range: [0, 1], source: y } } }",
            "line 2, assumptions.remedy.gift: no remedy goes by it, so it counts nowhere",
        ),
        ("remedies: { gift: { title: Gift, worth: { constant: 1 } } }", "no failure has it among its resolutions"),
        ("remedies: { gift: { title: Gift, worth: { constant: 1 } } }", "it costs nothing and uses no limit"),
        ("remedies: { gift: { title: Gift, cost: { constant: 1 } } }", "customers notice nothing of it"),
    ],
)
def test_what_looks_forgotten_is_said(tmp_path, text, wanted):
    report = check_scenario_file(written(tmp_path, f"extends: online_retail\n{text}\n"))
    assert report.faults == ()
    assert any(wanted in remark for remark in report.remarks), report.remarks
    assert report.scenario == load_scenario(tmp_path / "own.yaml")


@pytest.mark.parametrize("name", ["online_retail", "quick_service", "moving_service"])
def test_shipped_scenarios_have_no_faults_and_nothing_forgotten(name):
    report = check_scenario_file(name)
    assert report.faults == ()
    # the base holds one that only those give which extend it
    assert all("remedies.queue_transfer: no failure has it" in remark for remark in report.remarks)
    assert report.scenario == load_scenario(name)
    assert report.to_dict()["fingerprint"] == load_scenario(name).fingerprint


@pytest.mark.parametrize(("text", "wanted"), [("", "holds nothing"), ("[1]", "holds a list")])
def test_what_is_no_scenario_at_all_is_said(tmp_path, text, wanted):
    (fault,) = check_scenario_file(written(tmp_path, text)).faults
    assert wanted in fault


def test_aliases_are_mended_each_by_itself(tmp_path):
    text = "a: &number { value: 0.5, unit: share of x, range: [0.9, 0.1], source: y }"
    text = f"extends: online_retail\nassumptions:\n  shop:\n    x: {text.split(': ', 1)[1]}\n    y: *number\n"
    report = check_scenario_file(written(tmp_path, text))
    assert [fault.split(":")[0] for fault in report.faults] == [
        "own.yaml, line 4, assumptions.shop.x",
        "own.yaml, line 5, assumptions.shop.y",
    ]


FULL = yaml.safe_load(scenario_skeleton("online_retail", "own", failure="billing_error", remedy="points"))
FULL |= {
    "segments": [{"name": "few", "title": "Few", "prior_purchases_up_to": 3}, {"name": "many", "title": "Many"}],
    "rules": [{"never": ["points", "coupon"], "because": "enough"}],
    "tiers": ["agent", "lead", "manager"],
    "wording": {"tiers": {"minutes": {"title": "time"}}},
    "correlation": {"names": ["response.paradox", "response.wait_weight"], "matrix": [[1, 0.5], [0.5, 1]]},
}


def places_of(content, place=()):
    for key, value in content.items() if isinstance(content, dict) else enumerate(content):
        yield (*place, key)
        if isinstance(value, dict | list):
            yield from places_of(value, (*place, key))


JUNK = st.one_of(
    st.none() | st.booleans() | st.integers(-5, 10**9) | st.floats(-1e9, 1e9) | st.text("aZ_9 -", max_size=4),
    st.sampled_from(
        [[], {}, [1], ["points_5"], {"a": 1}, {"a": {"b": []}}, [[]], [[[]]], [{"name": "x"}], {"X y": {}}]
    ),
)


@settings(max_examples=25)
@given(changes=st.dictionaries(st.sampled_from(list(places_of(FULL))), JUNK, min_size=1, max_size=4))
def test_whatever_stands_there_is_a_report_that_agrees_with_reading(changes, tmp_path_factory):
    content = copy.deepcopy(FULL)
    for place, value in changes.items():
        here = content
        try:
            for key in place[:-1]:
                here = here[key]
            here[place[-1]] = value
        except (TypeError, KeyError, IndexError):  # an earlier change took that place away
            continue
    path = written(tmp_path_factory.mktemp("own"), content)
    try:
        read = load_scenario(path)
    except InputError:
        read = None
    try:
        report = check_scenario_file(path)
    except InputError:  # what it extends is not there
        assert read is None
        return
    assert report.scenario == read
    assert bool(report.faults) == (read is None)
    assert all("\n" not in line for line in (*report.faults, *report.remarks))
