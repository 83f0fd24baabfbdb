"""The files in docs/published, one of each format, are what the program writes and reads today."""

import re
from pathlib import Path

import pytest

from policy_sim.policy import Decider, load_record
from policy_sim.publish import FORMATS, conform, read_file
from policy_sim.publish.schema import render_schema

FOLDER = Path(__file__).parents[2] / "docs" / "published"
GUIDE = FOLDER.parent / "how-to" / "publish-a-policy.md"


@pytest.mark.parametrize("kind", [name for name in FORMATS if name not in ("html", "pdf")])
def test_examples_hold_the_shipped_policy(current, scenario, kind):
    path = FOLDER / f"current_v1{FORMATS[kind].ending}"
    record = read_file(path).record
    assert (record.policy, record.changes) == (current, ())
    assert record.provenance.expected_effect.against == "ask_first"
    if kind != "dmn":  # takes pyDMNrules a minute
        assert all(result.holds for result in conform(path, scenario, 10))


def test_one_of_each_is_there_and_named_in_the_guide():
    assert (FOLDER / "policy.schema.json").read_text() == render_schema()
    text = GUIDE.read_text(encoding="utf-8")
    for ending in (known.ending for known in FORMATS.values()):
        assert (FOLDER / f"current_v1{ending}").stat().st_size > 500
        assert f"(../published/current_v1{ending})" in text


def test_the_help_desk_of_the_guide(monkeypatch):
    monkeypatch.chdir(FOLDER.parents[1])
    code = re.search(r"```python\n(from pathlib.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL).group(1)
    policy = load_record(FOLDER / "current_v1.json").policy
    desk = Decider(policy, failures=["late_delivery", "wrong_item"], segments=["loyal"])
    facts = {"suspicion": 0.1, "prior_claims": 1}
    assert desk.decide("wrong_item", "loyal", "refund", 42.50, facts).tier == "lead"
    assert 'desk.decide("wrong_item", "loyal", "refund", 42.50, {"suspicion": 0.1, "prior_claims": 1})' in code
    exec(compile(code, GUIDE.name, "exec"), {})
