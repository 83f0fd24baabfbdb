"""What tests of pictures and tables share: one small study of a playbook."""

from __future__ import annotations

import pytest

from policy_sim import load_policy, load_scenario
from policy_sim.study import PlaybookStudy, Sample, Setting, prepare, study_playbook


@pytest.fixture(scope="session")
def playbook_setting() -> Setting:
    return prepare(load_scenario("online_retail"), sample=Sample(cases=400, draws=9))


@pytest.fixture(scope="session")
def playbook_study(playbook_setting: Setting) -> PlaybookStudy:
    """Rules within the limits in force: the best limits take their time, and have tests of their own."""
    payoffs = playbook_setting.payoffs
    return study_playbook(load_policy("current", payoffs.scenario), payoffs, 6, 2, limits="given")
