import hashlib
import json
import subprocess
import sys

import pytest

from policy_sim.border import InputError
from policy_sim.policy import (
    Guard,
    Lever,
    Provenance,
    Seal,
    make_record,
    parse_record,
    record_content,
    seal_of,
)
from policy_sim.policy.record import changes


def content_of(policy):
    return json.loads(seal_of(policy).content)


def test_a_seal_is_the_sha_256_of_its_content(current):
    seal = seal_of(current, Provenance(seed=3))
    assert hashlib.sha256(seal.content.encode()).hexdigest() == seal.sha256
    # one form for every language: sorted keys, no blanks, whole numbers without a point
    assert json.dumps(json.loads(seal.content), sort_keys=True, separators=(",", ":")) == seal.content
    assert '"refund":25' in seal.content
    assert '"seed":3' in seal.content
    assert seal_of(current).sha256 != seal.sha256


def test_the_same_policy_has_the_same_seal_however_it_was_built(current):
    turned = current.model_copy(
        update={
            "tiers": tuple(
                tier.model_copy(update={"limits": dict(reversed(list(tier.limits.items())))}) for tier in current.tiers
            )
        }
    )
    assert seal_of(turned) == seal_of(current)
    assert turned.fingerprint == current.fingerprint


def test_a_record_comes_back(current):
    provenance = Provenance(scenario="online_retail", seed=1)
    record = parse_record(record_content(current, provenance), "x")
    assert (record.policy, record.provenance, record.changes, record.warning) == (current, provenance, (), "")
    assert record.is_sealed
    assert not make_record(current).is_sealed


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda p: p.with_limit(Lever("agent", "credit"), 40.0), ["tiers.agent.limits.credit 10 -> 40"]),
        (lambda p: p.with_limit(Lever("lead", "refund"), float("inf")), ["tiers.lead.limits.refund 150 -> no_limit"]),
        (
            lambda p: p.with_limit(Lever("agent", "refund", "wrong_item", "loyal"), 40.0),
            ["exceptions.agent.wrong_item.loyal.limits.refund nothing -> 40"],
        ),
        (
            lambda p: p.model_copy(update={"guards": p.guards[:1]}),
            ["guards.prior_claims.manager.at_least 4 -> nothing"],
        ),
        (lambda p: p.model_copy(update={"owner": "Ana"}), ["owner nothing -> Ana"]),
        (lambda p: p.model_copy(update={"guards": p.guards[::-1]}), ["the order of exceptions or guards"]),
        (
            lambda p: p.model_copy(update={"guards": (*p.guards, Guard(fact="suspicion", at_least=0.9, to="lead"))}),
            ["guards.suspicion.lead#2.at_least nothing -> 0.9"],
        ),
    ],
)
def test_changes_are_named(current, change, expected):
    assert list(changes(content_of(current), content_of(change(current)))) == expected


def test_seals_that_are_none(current):
    def sealed(text):
        return Seal(sha256=hashlib.sha256(text.encode()).hexdigest(), content=text)

    with pytest.raises(InputError, match=r"p\.json: the seal itself was changed"):
        make_record(current, None, Seal(sha256="0" * 64, content="x"), "p.json")
    for text in ("x", "[]", "{}", '{"policy": 3}'):
        with pytest.raises(InputError, match=r"p\.json: the seal holds no policy"):
            make_record(current, None, sealed(text), "p.json")


def test_policies_alone_load_nothing_heavy():
    code = (
        "import sys, policy_sim.policy; print([name for name in ('numpy', 'scipy', 'pandas') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
