import json
import os

import jsonschema
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from policy_sim.assumptions import load_scenario
from policy_sim.border import InputError, shipped
from policy_sim.policy import (
    NO_LIMIT,
    Lever,
    Policy,
    Provenance,
    load_policy,
    load_record,
    parse_record,
    record_content,
)
from policy_sim.publish import FORMATS, export_policy, import_policy, read_file, render
from policy_sim.publish.schema import render_schema

SCENARIO = load_scenario("online_retail")
READABLE = [name for name in FORMATS if name not in ("html", "pdf")]


@pytest.mark.parametrize("kind", READABLE)
def test_nothing_is_lost_on_the_way(tmp_path, random, kind):
    path = tmp_path / f"policy{FORMATS[kind].ending}"

    @settings(
        derandomize=True,
        deadline=None,
        database=None,
        max_examples=15 if kind in ("dmn", "jdm", "xlsx") else 60,
        suppress_health_check=list(HealthCheck),
    )
    @given(policy=random.policies(), provenance=random.provenances)
    def keeps_everything(policy, provenance):
        data = render(policy, kind, SCENARIO, provenance)
        path.write_bytes(data)
        record = read_file(path).record
        assert record.policy == policy
        assert record.provenance == provenance
        assert record.policy.fingerprint == policy.fingerprint
        assert (record.changes, record.is_sealed) == ((), True)
        if kind != "xlsx":  # a workbook says when it was made
            assert render(record.policy, kind, SCENARIO, record.provenance) == data

    keeps_everything()


def test_yaml_and_json_are_policy_files_like_any_other(tmp_path, random):
    @settings(derandomize=True, deadline=None, database=None, max_examples=40, suppress_health_check=list(HealthCheck))
    @given(policy=random.policies(), kind=st.sampled_from(["json", "yaml"]))
    def reads(policy, kind):
        path = tmp_path / f"policy.{kind}"
        text = export_policy(policy, path, kind)
        assert path.read_text(encoding="utf-8") == text
        assert load_policy(path, SCENARIO) == policy
        assert import_policy(path, SCENARIO) == policy

    reads()


def test_the_published_schema_is_the_one_of_the_program():
    assert (shipped("data/schemas") / "policy.schema.json").read_text(encoding="utf-8") == render_schema()


def test_every_export_fits_the_schema(random):
    validator = jsonschema.Draft202012Validator(json.loads(render_schema()))

    @settings(derandomize=True, deadline=None, database=None, max_examples=40, suppress_health_check=list(HealthCheck))
    @given(policy=random.policies(), provenance=random.provenances)
    def fits(policy, provenance):
        validator.validate(json.loads(export_policy(policy, provenance=provenance)))

    fits()
    for path in shipped("data/policies").glob("*.yaml"):
        validator.validate(yaml.safe_load(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("tiers", 0, "limits", "refund"), -5),
        (("tiers", 0, "limits", "refund"), "25"),
        (("tiers", 0, "limits", "refnd"), 5),
        (("guards", 0, "fact"), "suspicon"),
        (("status",), "lively"),
        (("version",), 0),
        (("format",), "policy_sim.policy/2"),
    ],
)
def test_the_schema_refuses_what_the_program_refuses(place, value):
    content = json.loads(export_policy(load_policy("current", SCENARIO)))
    inner = content
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    assert not jsonschema.Draft202012Validator(json.loads(render_schema())).is_valid(content)


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("rules",), []),
        (("rules", 0, "failure"), "Wrong item"),
        (("rules", 0, "asks"), ["mony"]),
        (("rules", 0, "when"), {"price": {"below": 3}}),
        (("rules", 0, "when", "item_price"), {}),
        (("rules", 0, "when", "item_price", "below"), -1),
        (("rules", 0, "when", "item_price", "below"), "45"),
        (("rules", 0, "give"), "full_refund"),
        (("rules", 0, "gives"), []),
    ],
)
def test_the_schema_refuses_what_no_playbook_is(with_playbook, place, value):
    content = json.loads(export_policy(with_playbook))
    validator = jsonschema.Draft202012Validator(json.loads(render_schema()))
    validator.validate(content)
    inner = content["playbook"]
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    assert not validator.is_valid(content)
    with pytest.raises(InputError, match="playbook"):
        parse_record(content, "p.json")


@pytest.mark.parametrize("field", ["title", "owner"])
@pytest.mark.parametrize("sign", ["\x00", "\n", "\t", "\x7f", "\x85", "\ufffe"])
def test_control_characters_are_refused(tmp_path, field, sign):
    content = json.loads(export_policy(load_policy("current", SCENARIO))) | {field: f"a{sign}b"}
    del content["seal"]
    (tmp_path / "p.json").write_text(json.dumps(content))
    with pytest.raises(InputError, match=rf"text holds the control character .*{field}"):
        import_policy(tmp_path / "p.json", SCENARIO)


def test_a_changed_file_says_what_was_changed(tmp_path):
    path = tmp_path / "policy.json"
    approved = Policy.model_validate(
        load_policy("current", SCENARIO).content
        | {"version": 4, "status": "approved", "approved_by": "Ana", "approved_on": "2026-11-01"}
    )
    content = record_content(approved, Provenance(seed=3))
    content["tiers"][0]["limits"]["credit"] = 40
    content["guards"][0]["at_least"] = 0.7
    path.write_text(json.dumps(content))
    record = load_record(path)
    assert record.warning.startswith("this file was changed after export: ")
    assert record.changes == (
        "guards.suspicion.lead.at_least 0.6 -> 0.7",
        "tiers.agent.limits.credit 10 -> 40",
    )
    # nobody has approved this
    assert (record.policy.status, record.policy.version, record.policy.approved_by) == ("draft", 5, "")


def test_a_seal_that_was_changed_itself(tmp_path):
    path = tmp_path / "policy.json"
    path.write_text(export_policy(load_policy("current", SCENARIO)).replace('\\"credit\\":10', '\\"credit\\":40'))
    with pytest.raises(InputError, match=r"policy\.json: the seal itself was changed"):
        import_policy(path, SCENARIO)


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("policy.exe", b"", "ends in '.exe'; expected a policy as"),
        ("policy.json", b" " * 5_000_001, "holds more than 5,000,000 bytes"),
        ("policy.json", b"[" * 50_000, "nested too deeply"),
        ("policy.yaml", b"a: &a [1]\nb: [*a]\ntiers: *a\n", r"the alias '\*a' stands for another part"),
        ("policy.yaml", b"!!python/object/apply:os.system ['true']", "would construct an object"),
        ("policy.jdm.json", b"{}", "holds no policy_sim.record"),
    ],
)
def test_files_that_are_refused(tmp_path, name, content, expected):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(InputError, match=expected) as caught:
        read_file(path)
    assert "\n" not in str(caught.value)


def test_aliases_cannot_grow(tmp_path):
    lines = ["a0: &a0 [x, x]", *(f"a{k}: &a{k} [{', '.join([f'*a{k - 1}'] * 9)}]" for k in range(1, 12))]
    path = tmp_path / "policy.yaml"
    path.write_text("\n".join([*lines, "tiers: *a11"]))
    with pytest.raises(InputError, match="alias") as caught:
        read_file(path)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize("limit", [1e16, 1e17, 123456789012345680.0])
def test_numbers_that_json_writes_with_an_exponent(tmp_path, limit):
    policy = load_policy("current", SCENARIO).with_limit(Lever("lead", "total_cost"), NO_LIMIT)
    policy = policy.with_limit(Lever("agent", "total_cost"), limit)
    export_policy(policy, tmp_path / "policy.json")
    assert import_policy(tmp_path / "policy.json", SCENARIO) == policy


@pytest.mark.parametrize("title", ["a\u2028b", "\ufeffa", "a\\b", 'a"b', "😀", "'=1", "_x0041_"])
@pytest.mark.parametrize("kind", READABLE)
def test_titles_of_any_signs(tmp_path, title, kind):
    policy = load_policy("current", SCENARIO).model_copy(update={"title": title})
    path = tmp_path / f"policy{FORMATS[kind].ending}"
    path.write_bytes(render(policy, kind, SCENARIO))
    assert import_policy(path, SCENARIO) == policy


@pytest.mark.parametrize("name", ["current", "generous", "ask_first"])
def test_shipped_policies(tmp_path, name):
    policy = load_policy(name, SCENARIO)
    text = export_policy(policy, str(tmp_path / "policy.json"))
    assert import_policy(tmp_path / "policy.json", SCENARIO) == policy
    assert os.listdir(tmp_path) == ["policy.json"]
    # plain JSON for other tools: no Infinity, which many cannot read
    content = json.loads(text, parse_constant=lambda word: pytest.fail(word))
    assert content["format"] == "policy_sim.policy/1"
    assert content["currency"] == "USD"


def test_content():
    content = json.loads(export_policy(load_policy("current", SCENARIO)))
    assert content["tiers"][0] == {
        "name": "agent",
        "limits": {
            "refund": 25.0,
            "credit": 10.0,
            "keep_item": "ask",
            "replacement": 50.0,
            "goodwill": 20.0,
            "total_cost": "no_limit",
        },
    }
    assert content["guards"][0] == {"fact": "suspicion", "at_least": 0.6, "to": "lead"}


def test_an_unknown_format():
    with pytest.raises(InputError, match=r"unknown format 'jsn' \(did you mean 'json'\?\); expected one of: json"):
        export_policy(load_policy("current", SCENARIO), format="jsn")
    with pytest.raises(InputError, match="unknown format 'exe'; expected one of: json, yaml, csv"):
        render(load_policy("current", SCENARIO), "exe", SCENARIO)


@pytest.mark.parametrize("name", ["policy_sim.policy/2", "other", 1, None, ["x"]])
def test_another_format_of_the_file(tmp_path, name):
    path = tmp_path / "policy.json"
    content = json.loads(export_policy(load_policy("current", SCENARIO))) | {"format": name}
    path.write_text(json.dumps(content))
    with pytest.raises(
        InputError, match=r"policy.json has the format '.*'; expected 'policy_sim.policy/1', export it again"
    ):
        import_policy(path, SCENARIO)


@pytest.mark.parametrize("content", ["", "{", "[]", "null", '{"format": "policy_sim.policy/1"}', '"current"'])
def test_files_that_hold_no_policy(tmp_path, content):
    path = tmp_path / "policy.json"
    path.write_text(content)
    with pytest.raises(InputError, match=r"policy\.json") as caught:
        import_policy(path, SCENARIO)
    assert "\n" not in str(caught.value)


def test_a_key_that_stands_twice(tmp_path):
    path = tmp_path / "policy.json"
    path.write_text(export_policy(load_policy("current", SCENARIO)).replace('"refund"', '"refund": 1, "refund"', 1))
    with pytest.raises(InputError, match="the key 'refund' stands twice"):
        import_policy(path, SCENARIO)


def test_a_place_that_cannot_be_written(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=r"cannot write .*choose another place with --out"):
        export_policy(load_policy("current", SCENARIO), tmp_path / "file" / "policy.json")
