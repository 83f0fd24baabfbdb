import pytest

from policy_sim.border import InputError
from policy_sim.policy import ASK, Guard, Lever, LimitException, Playbook
from policy_sim.publish import check, refuse_broken
from policy_sim.publish.check import check_rows
from policy_sim.publish.table import decision_rows
from policy_sim.study import Sample, prepare


def kinds(findings):
    return [(finding.severity, finding.kind) for finding in findings]


@pytest.fixture(scope="session")
def payoffs(scenario):
    return prepare(scenario, sample=Sample(cases=500, draws=2)).payoffs


def test_shipped_policies_are_fit(scenario, current, payoffs):
    assert check(current, scenario) == []
    assert check(current, scenario, payoffs) == []


def test_a_gap_and_an_overlap(current, vocabulary):
    rows = decision_rows(current, vocabulary)
    holed = check_rows(rows[:5] + rows[6:], current, vocabulary)
    assert kinds(holed) == [("error", "gap")]
    assert "no rule decides the case" in holed[0].words
    twice = check_rows([*rows, rows[3]], current, vocabulary)
    assert kinds(twice) == [("error", "overlap")]
    assert "rules 4 and 29 both decide the case failure late_delivery" in twice[0].words


def test_limits_that_fall(scenario, current):
    low = current.with_limit(Lever("lead", "refund"), 20.0).with_limit(Lever("lead", "credit", "wrong_item"), 5.0)
    words = [finding.words for finding in check(low, scenario)]
    assert len(words) == 2
    assert "the refund limit falls from 25 (agent) to 20 (lead)" in words[0]
    assert "wrong_item, first_time and 2 more" in words[1]
    with pytest.raises(InputError, match=r"policy 'current' is not published: the refund limit falls .*and 1 more"):
        refuse_broken(low, scenario)


@pytest.mark.parametrize(
    ("guards", "expected"),
    [
        ((Guard(fact="suspicion", at_least=0.6, to="lead"), Guard(fact="suspicion", at_least=0.8, to="lead")), 1),
        ((Guard(fact="suspicion", at_least=0.6, to="manager"), Guard(fact="suspicion", at_least=0.6, to="lead")), 1),
        ((Guard(fact="suspicion", at_least=0.6, to="lead"), Guard(fact="suspicion", at_least=0.8, to="manager")), 0),
        ((Guard(fact="suspicion", at_least=1.1, to="lead"),), 1),
        ((Guard(fact="prior_claims", at_least=0, to="lead"),), 1),
        ((Guard(fact="prior_claims", at_least=4, to="lead"),) * 2, 1),
    ],
)
def test_guards_that_never_fire(scenario, current, guards, expected):
    findings = check(current.model_copy(update={"guards": guards}), scenario)
    assert kinds(findings) == [("warning", "never fires")] * expected


def test_exceptions_that_never_fire_or_change_nothing(scenario, current):
    policy = current.with_limit(Lever("agent", "refund", None, "loyal"), 30.0)
    for failure in scenario.failures:
        policy = policy.with_limit(Lever("agent", "refund", failure, "loyal"), 40.0)
    assert kinds(check(policy, scenario)) == [("warning", "never fires")]
    same = current.with_limit(Lever("agent", "refund", "wrong_item"), 25.0)
    findings = check(same, scenario)
    assert kinds(findings) == [("warning", "changes nothing")]
    assert (
        "exceptions[0] (agent, wrong_item, any): its refund limit says what the more general rule" in findings[0].words
    )


def test_limits_that_ask_first_makes_pointless(scenario, current):
    findings = check(current.with_limit(Lever("agent", "total_cost"), ASK), scenario)
    assert "the limits for refund, credit, replacement, goodwill never fire" in findings[0].words


def test_foreign_currency_and_unknown_names(scenario, current):
    unknown = (LimitException(tier="agent", failure="wrong_itm", limits={"refund": 5.0}),)
    findings = check(current.model_copy(update={"currency": "EUR", "exceptions": unknown}), scenario)
    assert kinds(findings) == [("error", "currency"), ("error", "names")]
    assert "did you mean 'wrong_item'?" in findings[1].words


def test_unknown_tiers(scenario, current):
    tiers = tuple(
        tier.model_copy(update={"name": {"lead": "chief"}.get(tier.name, tier.name)}) for tier in current.tiers
    )
    findings = check(current.model_copy(update={"tiers": tiers, "guards": ()}), scenario)
    assert kinds(findings) == [("error", "tiers")]


def test_guards_that_catch_too_many_genuine_cases(scenario, current, payoffs):
    share = float((payoffs.cases.suspicion >= 0.6).mean())
    assert 0 < share < 0.1
    findings = check(current, scenario, payoffs, guard_share=share / 2)
    assert "looks suspicious (score 0.6 or more): goes to the lead' catches" in findings[0].words
    assert check(current, scenario, payoffs, guard_share=share) == []


def test_entitlements(scenario, current, payoffs):
    strict = current
    for name in ("refund", "credit", "keep_item", "replacement"):
        strict = strict.with_limit(Lever("agent", name), ASK)
    findings = [finding for finding in check(strict, scenario, payoffs) if finding.kind == "entitlement"]
    assert findings
    assert all("the agent can never meet the entitlement for" in finding.words for finding in findings)


def with_rules(policy, rules):
    return policy.model_copy(update={"playbook": Playbook.model_validate({"rules": rules})})


def test_a_playbook_is_fit(with_playbook, scenario):
    assert check(with_playbook, scenario) == []


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ([{"failure": "wrong_itm", "give": []}], "unknown failure 'wrong_itm' (did you mean 'wrong_item'?)"),
        (
            [{"failure": "wrong_item", "give": ["full_refund", "keep_itm"]}],
            "unknown resolution of wrong_item 'full_refund + keep_itm' (did you mean 'full_refund + keep_item'?)",
        ),
        ([{"failure": "late_delivery", "give": ["full_refund", "coupon_10"]}], "unknown resolution of late_delivery"),
    ],
)
def test_rules_that_name_what_there_is_not(current, scenario, rules, expected):
    policy = with_rules(current, [{"failure": "lost_parcel", "give": []}, *rules])
    (finding,) = check(policy, scenario)
    assert (finding.severity, finding.kind) == ("error", "names")
    assert finding.words.startswith(expected)
    assert finding.words.endswith("(policy current, playbook rule 2)")
    with pytest.raises(InputError, match="is not published: unknown"):
        refuse_broken(policy, scenario)


@pytest.mark.parametrize(
    ("first", "second", "never"),
    [
        ({}, {"when": {"item_price": {"below": 20}}}, True),
        ({"asks": ["money", "more"]}, {"asks": ["money"]}, True),
        ({"asks": ["money"]}, {}, False),
        ({"when": {"item_price": {"below": 40}}}, {"when": {"item_price": {"below": 20}}}, True),
        ({"when": {"item_price": {"below": 40}}}, {"when": {"item_price": {"below": 41}}}, False),
        ({"when": {"item_price": {"at_least": 0}}}, {}, True),
        ({"failure": "lost_parcel"}, {}, False),
        ({"when": {"severity": {"at_least": 0.5}}}, {"when": {"live": {"at_least": 1}}}, False),
    ],
)
def test_rules_that_never_fire(current, scenario, first, second, never):
    rules = [{"failure": "wrong_item", "give": []} | rule for rule in (first, second)]
    findings = check(with_rules(current, rules), scenario)
    assert bool(findings) == never
    assert all("never fires: rule 1 holds wherever it does, and comes first" in finding.words for finding in findings)


def test_a_rule_for_what_is_never_so(current, scenario):
    (finding,) = check(
        with_rules(current, [{"failure": "wrong_item", "when": {"in_stock": {"at_least": 2}}, "give": []}]), scenario
    )
    assert "never fires: in_stock is never above 1; lower it" in finding.words
