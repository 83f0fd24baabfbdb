import json
import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from policy_sim.assumptions import LIMITS, load_scenario
from policy_sim.border import InputError
from policy_sim.policy import ASK, NO_LIMIT, Guard, Lever, LimitException, Policy, Tier, load_policy
from policy_sim.publish import FORMATS, export_policy, import_policy

SCENARIO = load_scenario("online_retail")
limits = st.one_of(
    st.sampled_from([ASK, NO_LIMIT, 0.0, 0.01, 19.99]),
    st.integers(0, 10**9).map(lambda cents: cents / 100),
    st.floats(0.001, 1e6),
)
# money of lower tiers first: a file whose limits fall is refused when it is read
ladders = st.lists(limits, min_size=2, max_size=2).map(sorted)
places = st.tuples(
    st.sampled_from([None, *SCENARIO.failures]),
    st.sampled_from([None, *(segment.name for segment in SCENARIO.segments)]),
).filter(any)


@st.composite
def policies(draw):
    general = {limit: draw(ladders) for limit in LIMITS}
    exceptions = []
    for failure, segment in draw(st.lists(places, max_size=1)):
        # of one place only, for both tiers: so they cannot cross another exception
        chosen = draw(st.lists(st.sampled_from(LIMITS), min_size=1, max_size=3, unique=True))
        ladder = {limit: draw(ladders) for limit in chosen}
        exceptions += [
            LimitException(
                tier=tier, failure=failure, segment=segment, limits={name: each[k] for name, each in ladder.items()}
            )
            for k, tier in enumerate(("agent", "lead"))
        ]
    guards = draw(
        st.lists(
            st.builds(
                Guard,
                fact=st.sampled_from(["suspicion", "prior_claims", "item_price"]),
                at_least=st.one_of(st.just(0.0), st.floats(0.001, 1e4)),
                to=st.sampled_from(["lead", "manager"]),
            ),
            max_size=3,
        )
    )
    return Policy(
        name=draw(st.from_regex(r"[a-z][a-z0-9_]{0,20}", fullmatch=True)),
        title=draw(st.text(st.characters(categories=["L", "M", "N", "P", "S", "Zs"]), min_size=1, max_size=50)),
        currency="USD",
        tiers=(
            *(
                Tier(name=tier, limits={name: each[k] for name, each in general.items()})
                for k, tier in enumerate(("agent", "lead"))
            ),
            Tier(name="manager"),
        ),
        exceptions=tuple(exceptions),
        guards=tuple(guards),
    )


@settings(
    derandomize=True,
    deadline=None,
    database=None,
    max_examples=80,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(policy=policies())
def test_nothing_is_lost_on_the_way(tmp_path, policy):
    path = tmp_path / "policy.json"
    text = export_policy(policy, path)
    assert path.read_text(encoding="utf-8") == text
    again = import_policy(path, SCENARIO)
    assert again == policy
    assert again.fingerprint == policy.fingerprint
    assert export_policy(again) == text


@pytest.mark.parametrize("limit", [1e-5, 1e16, 123456789012345680.0])
def test_numbers_that_json_writes_with_an_exponent(tmp_path, limit):
    policy = load_policy("current", SCENARIO).with_limit(Lever("lead", "total_cost"), NO_LIMIT)
    policy = policy.with_limit(Lever("agent", "total_cost"), limit)
    export_policy(policy, tmp_path / "policy.json")
    assert import_policy(tmp_path / "policy.json", SCENARIO) == policy


@pytest.mark.parametrize("title", ["a\x7fb", "a\x85b", "a\u2028b", "a\nb", "\ufeffa", "a\\b", 'a"b', "😀", "a\x00b"])
def test_titles_of_any_signs(tmp_path, title):
    policy = load_policy("current", SCENARIO).model_copy(update={"title": title})
    export_policy(policy, tmp_path / "policy.json")
    assert import_policy(tmp_path / "policy.json", SCENARIO) == policy


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
        "limits": {"refund": 25.0, "credit": 10.0, "keep_item": "ask", "replacement": 50.0, "total_cost": "no_limit"},
    }
    assert content["guards"][0] == {"fact": "suspicion", "at_least": 0.6, "to": "lead"}


def test_an_unknown_format():
    assert FORMATS == ("json",)
    with pytest.raises(InputError, match=r"unknown format 'jsn' \(did you mean 'json'\?\); expected one of: json"):
        export_policy(load_policy("current", SCENARIO), format="jsn")


@pytest.mark.parametrize("found", ["policy_sim.policy/2", "other", 1, None, ["x"]])
def test_another_format_of_the_file(tmp_path, found):
    path = tmp_path / "policy.json"
    content = json.loads(export_policy(load_policy("current", SCENARIO))) | {"format": found}
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
