"""Discovery: a box that was hidden is found again, and told in words."""

from __future__ import annotations

import numpy as np
import pytest

from policy_sim.border import InputError
from policy_sim.sweep.design import Design, rows_of
from policy_sim.sweep.discovery import discover
from policy_sim.sweep.results import SweepResults

DESIGN = Design(
    name="hidden",
    against="current",
    outcomes=("gain",),
    runs={
        "method": "latin_hypercube",
        "count": 2000,
        "factors": {
            "policy": {"values": ["ask_first", "generous"]},
            "response.paradox": {"range": [0, 1]},
            "response.wait_weight": {"range": [0, 1]},
            "response.bond_weight": {"range": [0, 1]},
        },
    },
)


@pytest.fixture
def hidden() -> SweepResults:
    table = rows_of(DESIGN).reset_index()
    loses = (table["policy"] == "generous") & (table["response.paradox"] > 0.6)
    return SweepResults(DESIGN, table.assign(gain=np.where(loses, -5.0, 7.0)))


def test_a_hidden_box_is_found_and_told(hidden: SweepResults) -> None:
    discovery = discover(hidden)
    assert discovery.bad_share == pytest.approx(0.2, abs=0.02)
    box = discovery.boxes[0]
    assert set(box.limits) == {"policy", "response.paradox"}
    assert box.limits["policy"] == ("generous",)
    assert box.limits["response.paradox"][0] == pytest.approx(0.6, abs=0.03)
    assert box.coverage > 0.95
    assert box.density > 0.95
    assert discovery.words.startswith("The policy loses money in 20% of 2,000 runs. ")
    assert "policy is generous and response.paradox is at least 0.6" in discovery.words
    assert discovery.to_frame().set_index("factor").loc["policy", "among"] == "generous"
    inside = box.holds(hidden.table)
    assert (hidden.table.loc[inside, "gain"] < 0).mean() == pytest.approx(box.density)


def test_other_questions_may_be_asked(hidden: SweepResults) -> None:
    above = discover(hidden, "gain", above=0, factors=["response.wait_weight"])
    assert above.words.startswith(f"gain is above 0 in {above.bad_share:.0%} of 2,000 runs. ")
    assert above.words.endswith("No range of the factors tells these runs from the others.")
    assert discover(hidden, "gain", below=-100).boxes == ()


def test_what_cannot_be_asked_is_refused(hidden: SweepResults) -> None:
    for wrong, words in (
        ({"outcome": "gian"}, "did you mean 'gain'?"),
        ({"below": 0, "above": 1}, "keep one of them"),
        ({"factors": ["response.paradx"]}, "did you mean 'response.paradox'?"),
    ):
        with pytest.raises(InputError) as refusal:
            discover(hidden, **wrong)
        assert words in str(refusal.value)
    still = hidden._replace(table=hidden.table.assign(**dict.fromkeys(DESIGN.runs.names, 1)))
    with pytest.raises(InputError, match="none of the factors varies"):
        discover(still)
