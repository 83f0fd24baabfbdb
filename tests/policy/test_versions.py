from datetime import date

import pytest

from policy_sim.border import InputError
from policy_sim.policy import Lever, Policy, Versions, authority


@pytest.fixture
def versions(version):
    return Versions(
        (
            version(1, "retired", "2026-01-01", "2026-03-31", 10),
            version(2, "live", "2026-03-01", refund=20),
            version(3, "live", "2026-06-01", refund=30),
            version(4, "approved", "2026-07-01", refund=40),
            version(5, "draft", refund=50),
        )
    )


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
def test_an_order_keeps_the_rule_of_its_day(versions, day, refund):
    may = authority(versions, "late_delivery", "loyal", as_of=day)
    assert may.limits["agent"]["refund"].value == refund


def test_before_the_first_version(versions):
    with pytest.raises(InputError, match=r"no version of policy 'current' was live on 2025-12-31 \(found: ver"):
        authority(versions, "late_delivery", "loyal", as_of="2025-12-31")
    with pytest.raises(InputError, match=r"date of the order is '31\.12\.2025'; expected year-month-day"):
        authority(versions, "late_delivery", "loyal", as_of="31.12.2025")


def test_a_single_policy_by_date(current, version):
    live = version(2, "live", "2026-03-01")
    assert authority(live, "late_delivery", "loyal", as_of="2026-03-01").starts_at == "agent"
    with pytest.raises(InputError, match="was live on 2026-02-28"):
        authority(live, "late_delivery", "loyal", as_of="2026-02-28")
    with pytest.raises(InputError, match="version 1 draft"):
        authority(current, "late_delivery", "loyal", as_of="2026-02-28")


def test_today_without_a_date(version):
    assert authority(Versions((version(1, "live", "2000-01-01"),)), "late_delivery", "loyal").starts_at


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


def test_a_changed_copy_is_a_draft(version):
    live = version(2, "live", "2026-03-01")
    moved = live.with_limit(Lever("agent", "refund"), 5.0)
    assert (moved.version, moved.status, moved.approved_by, moved.effective_from) == (3, "draft", "", None)
    assert moved.with_limit(Lever("agent", "credit"), 5.0).version == 3


def test_the_next_version_of_another(current, version):
    live = version(2, "live", "2026-03-01")
    assert live.as_next_version_of(live) == live
    assert live.as_draft().as_next_version_of(live) == live
    for before in (current, live):
        moved = before.with_limit(Lever("agent", "refund"), 5.0).as_next_version_of(before)
        assert (moved.version, moved.status, moved.effective_from) == (before.version + 1, "draft", None)
        assert moved.as_next_version_of(before) == moved


def test_fingerprints_of_all_and_of_the_rules_alone(current, version):
    live = version(1, "live", "2026-03-01")
    assert live.fingerprint != current.fingerprint
    assert live.rules_fingerprint == current.rules_fingerprint
    moved = version(1, "live", "2026-03-01", refund=26)
    assert moved.rules_fingerprint != live.rules_fingerprint
