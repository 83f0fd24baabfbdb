import json
from datetime import date

import pandas as pd
import pytest

from policy_sim.border import InputError
from policy_sim.policy import Lever, Policy, Versions, authority, decide_by_date, load_versions, record_content


def version(current, number, status="live", first=None, last=None, refund=25.0):
    content = current.with_limit(Lever("agent", "refund"), refund).content | {
        "version": number,
        "status": status,
        "effective_from": first,
        "effective_until": last,
    }
    if status != "draft":
        content |= {"approved_by": "Ana", "approved_on": "2026-01-01"}
    return Policy.model_validate(content)


@pytest.fixture
def folder(current, tmp_path):
    for policy in (
        version(current, 1, "retired", "2026-01-01", "2026-03-31", 10),
        version(current, 2, "live", "2026-03-01", refund=20),
        version(current, 3, "live", "2026-06-01", refund=30),
        version(current, 4, "approved", "2026-07-01", refund=40),
        version(current, 5, "draft", refund=50),
    ):
        text = json.dumps(record_content(policy))
        (tmp_path / f"v{policy.version}.json").write_text(text)
        (tmp_path / f"v{policy.version}.yaml").write_text(text)  # JSON is YAML
    (tmp_path / "policy.schema.json").write_text("{}")
    (tmp_path / "card.html").write_text("")
    return tmp_path


@pytest.mark.parametrize(
    ("day", "refund"),
    [
        ("2026-01-01", 10),
        ("2026-02-28", 10),
        ("2026-03-01", 20),  # the newer one, although the older one had a month left
        ("2026-05-31", 20),
        ("2026-06-01", 30),
        (date(2026, 8, 1), 30),  # approved and draft decide nothing
    ],
)
def test_an_order_keeps_the_rule_of_its_day(folder, scenario, day, refund):
    versions = load_versions(folder, scenario)
    may = authority(versions, "late_delivery", "loyal", as_of=day)
    assert may.limits["agent"]["refund"].value == refund


def test_many_orders_each_by_its_day(folder, scenario, segments):
    days = ["2026-06-01", "2026-01-01", "2026-03-01", "2026-01-01"]
    cases = pd.DataFrame(
        {
            "failure": "late_delivery",
            "segment": "loyal",
            "asked_for": "refund",
            "amount": 15.0,
            "suspicion": 0.0,
            "prior_claims": 0,
            "order_date": days,
        }
    )
    versions = load_versions(folder, scenario)
    for orders in (cases, cases.assign(order_date=pd.to_datetime(cases["order_date"]))):
        decided = decide_by_date(versions, scenario.failures, segments, orders)
        assert list(decided["version"]) == [3, 1, 2, 1]
        assert list(decided["tier"]) == ["agent", "lead", "agent", "lead"]
        assert list(decided["return_waived"]) == [False] * 4
    with pytest.raises(InputError, match="no column 'order_date'"):
        decide_by_date(versions, scenario.failures, segments, cases.drop(columns="order_date"))
    with pytest.raises(InputError, match="was live on 2025-01-01"):
        decide_by_date(versions, scenario.failures, segments, cases.assign(order_date="2025-01-01"))


def test_before_the_first_version(folder, scenario):
    versions = load_versions(folder, scenario)
    with pytest.raises(InputError, match=r"no version of policy 'current' was live on 2025-12-31 \(found: ver"):
        authority(versions, "late_delivery", "loyal", as_of="2025-12-31")
    with pytest.raises(InputError, match=r"date of the order is '31\.12\.2025'; expected year-month-day"):
        authority(versions, "late_delivery", "loyal", as_of="31.12.2025")


def test_a_single_policy_by_date(current):
    live = version(current, 2, "live", "2026-03-01")
    assert authority(live, "late_delivery", "loyal", as_of="2026-03-01").starts_at == "agent"
    with pytest.raises(InputError, match="was live on 2026-02-28"):
        authority(live, "late_delivery", "loyal", as_of="2026-02-28")
    with pytest.raises(InputError, match="version 1 draft"):
        authority(current, "late_delivery", "loyal", as_of="2026-02-28")


def test_today_without_a_date(current):
    assert authority(Versions((version(current, 1, "live", "2000-01-01"),)), "late_delivery", "loyal").starts_at


def test_a_version_that_was_changed_decides_nothing(folder, scenario):
    path = folder / "v2.json"
    path.write_text(path.read_text().replace('"refund": 20', '"refund": 200', 1))
    with pytest.raises(InputError, match=r"v2\.json: this file was changed after export: .*refund 20 -> 200"):
        load_versions(folder, scenario)


def test_one_version_with_two_contents(folder, scenario, current):
    (folder / "v9.json").write_text(json.dumps(record_content(version(current, 2, "live", "2026-03-01", refund=21))))
    with pytest.raises(InputError, match=r"v9\.json and v2\.yaml hold different content as version 2"):
        load_versions(folder, scenario)


def test_several_policies_in_one_folder(folder, scenario, current):
    other = version(current, 2, "live", "2026-03-01").model_copy(update={"name": "other"})
    (folder / "other.json").write_text(json.dumps(record_content(other)))
    with pytest.raises(InputError, match="policies of several names"):
        load_versions(folder, scenario)
    assert len(load_versions(folder, scenario, "current").policies) == 5
    with pytest.raises(InputError, match="holds no version of policy 'mine'"):
        load_versions(folder, scenario, "mine")
    with pytest.raises(InputError, match="is not a folder"):
        load_versions(folder / "card.html", scenario)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (
            {"status": "live", "approved_by": "", "effective_from": "2026-01-01"},
            "approved_by and approved_on",
        ),
        ({"status": "live", "effective_from": None}, "effective_from is missing"),
        ({"status": "retired", "effective_from": "2026-01-01"}, "effective_until is missing"),
        (
            {"status": "live", "effective_from": "2026-02-01", "effective_until": "2026-01-01"},
            "is before",
        ),
        ({"effective_from": "1/2/2026"}, "must be year-month-day"),
        ({"version": 0}, "version"),
        ({"status": "lively"}, "status"),
    ],
)
def test_lives_that_make_no_sense(current, change, expected):
    content = current.content | {"approved_by": "Ana", "approved_on": "2026-01-01"} | change
    with pytest.raises(ValueError, match=expected):
        Policy.model_validate(content)


def test_a_changed_copy_is_a_draft(current):
    live = version(current, 2, "live", "2026-03-01")
    moved = live.with_limit(Lever("agent", "refund"), 5.0)
    assert (moved.version, moved.status, moved.approved_by, moved.effective_from) == (3, "draft", "", None)
    assert moved.with_limit(Lever("agent", "credit"), 5.0).version == 3
