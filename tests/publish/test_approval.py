from datetime import date

import pytest

from policy_sim.border import InputError
from policy_sim.publish import approve

DAY = date(2026, 11, 1)


def test_from_draft_to_retired(current):
    approved = approve(current, " Ana ", DAY)
    assert (approved.status, approved.approved_by, approved.approved_on) == ("approved", "Ana", DAY)
    assert approved.version == current.version
    live = approve(approved, "Ben", DAY, "live")
    assert (live.status, live.approved_by, live.effective_from) == ("live", "Ben", DAY)
    retired = approve(live, "Cleo", date(2026, 12, 1), "retired", effective_until=date(2026, 12, 31))
    assert (retired.status, retired.effective_from, retired.effective_until) == ("retired", DAY, date(2026, 12, 31))
    assert retired.tiers == current.tiers


def test_today_unless_said(current):
    assert approve(current, "Ana").approved_on == date.today()


@pytest.mark.parametrize(
    ("by", "status", "until", "expected"),
    [
        (" ", "approved", None, "nobody is named as approving"),
        ("Ana", "retired", None, "is draft, so it cannot become retired; expected live or retired"),
        ("Ana", "live", date(2026, 10, 1), "is before effective_from"),
        ("A\nna", "approved", None, "control character"),
    ],
)
def test_what_cannot_be(current, by, status, until, expected):
    with pytest.raises(InputError, match=expected) as caught:
        approve(current, by, DAY, status, effective_until=until)
    assert "\n" not in str(caught.value)
