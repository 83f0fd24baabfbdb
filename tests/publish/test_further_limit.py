"""A further kind of limit needs a record in words.py, and policy files that give it: nothing else in these rooms."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

import policy_sim
from policy_sim.words import LIMITS

ROOMS = ("policy", "publish")


@pytest.fixture(scope="module")
def outcome(tmp_path_factory):
    script = Path(__file__).with_name("further_limit.py")
    command = [sys.executable, str(script), str(tmp_path_factory.mktemp("further"))]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_it_decides(outcome):
    assert outcome["tiers"] == outcome["table_tiers"] == outcome["reference_tiers"] == ["agent", "lead"]


def test_it_is_valued(outcome):
    asking, free = outcome["worth"]
    assert asking != free
    assert outcome["curve_ends"] == pytest.approx([asking, free], rel=1e-12)


def test_it_is_in_every_file_and_read_back(outcome):
    assert outcome["files"] == dict.fromkeys(("json", "yaml", "csv", "xlsx", "dmn", "jdm"), True)
    assert outcome["agreeing"] == dict.fromkeys(("json", "yaml", "csv", "xlsx", "jdm"), True)


def test_it_is_on_the_card_and_among_the_differences(outcome):
    assert '<th scope="col">Waive the fee</th>' in outcome["card"]
    assert "or waive up to 3.50 USD of the fee." in outcome["card"]
    assert outcome["findings"] == []
    assert [step.split(" USD")[0] for step in outcome["steps"]] == [
        "waived fee above 3.50 up to 20",
        "waived fee above 20",
    ]


def test_no_limit_is_named_in_these_rooms():
    """Neither in code nor in templates; headings of `words.py` are derived."""
    literal = re.compile(rf"""["']({"|".join(LIMITS)})["']""")
    for room in ROOMS:
        for path in Path(policy_sim.__file__).with_name(room).rglob("*"):
            if path.suffix in (".py", ".html", ".mjs"):
                assert not literal.search(path.read_text(encoding="utf-8")), path
