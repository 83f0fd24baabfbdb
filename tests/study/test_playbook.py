"""The study of a playbook: what it says of its rules is what leaving them out, or others instead, brings."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from policy_sim import Payoffs, evaluate, load_policy, load_scenario
from policy_sim.border import InputError
from policy_sim.policy import Playbook
from policy_sim.study import PlaybookStudy, Sample, prepare, study_playbook
from policy_sim.value import compare, everybody_follows, find_gap, with_playbook

RULES = 3


@pytest.fixture(scope="module")
def payoffs() -> Payoffs:
    return prepare(load_scenario("online_retail"), sample=Sample(cases=300, draws=12)).payoffs


@pytest.fixture(scope="module")
def study(payoffs: Payoffs) -> PlaybookStudy:
    return study_playbook(load_policy("current", payoffs.scenario), payoffs, RULES, 1)


def test_there_is_one_difference_for_every_number_of_rules(study: PlaybookStudy) -> None:
    assert len(study.by_rules) == len(study.by_rules_if_all) == RULES + 1
    for count, difference in enumerate(study.by_rules):
        playbook = difference.outcome.policy.playbook
        assert len(playbook.rules if playbook else ()) <= count
        assert difference.baseline.policy == study.in_force.policy
    assert study.by_rules[0].outcome.policy.playbook is None
    assert study.by_rules[0].per_year() == pytest.approx(study.by_rules_if_all[0].per_year())
    assert study.policy.playbook is not None
    assert study.policy == study.gain.outcome.policy
    assert len(study.rules) == len(study.policy.playbook.rules) == RULES
    assert study.guidance.per_year().mean() == pytest.approx(
        study.by_rules[-1].per_year().mean() - study.by_rules[0].per_year().mean()
    )


def test_what_is_found_is_what_all_who_follow_get(study: PlaybookStudy, payoffs: Payoffs) -> None:
    everybody = everybody_follows(payoffs)
    net = evaluate(study.policy, everybody).per_case()
    assert study.by_rules_if_all[-1].outcome.per_case() == pytest.approx(net)
    assert study.by_share[-1].per_case() == pytest.approx(study.by_rules_if_all[-1].per_case())
    # prices stand for the queue in the search: near it, not the same
    assert net.mean() == pytest.approx(study.best.found[-1], abs=0.5)


def test_a_rule_is_worth_what_is_missing_without_it(study: PlaybookStudy, payoffs: Payoffs) -> None:
    assert study.policy.playbook is not None
    everybody = everybody_follows(payoffs)
    for n, told in enumerate(study.rules):
        rules = study.policy.playbook.rules
        assert told.rule == rules[n]
        without = with_playbook(study.policy, Playbook(rules=rules[:n] + rules[n + 1 :]))
        gain = evaluate(study.policy, payoffs).per_case() - evaluate(without, payoffs).per_case()
        assert told.gain.per_case() == pytest.approx(gain, abs=1e-9)
        assert told.runner_up is not None
        assert told.ahead is not None
        other = rules[n].model_copy(update={"give": told.runner_up})
        instead = with_playbook(study.policy, Playbook(rules=(*rules[:n], other, *rules[n + 1 :])))
        ahead = evaluate(study.policy, everybody).per_case() - evaluate(instead, everybody).per_case()
        assert told.ahead.per_case() == pytest.approx(ahead, abs=1e-9)
        for share in (told.cases_share, told.possible_share, told.as_today, told.stability):
            assert 0 <= share <= 1
    assert sum(told.cases_share for told in study.rules) <= 1


def test_shares_of_the_gain_are_of_what_can_be_reached(study: PlaybookStudy, payoffs: Payoffs) -> None:
    gap = find_gap(study.in_force.policy, payoffs)
    reachable = sum(gap.step(name).gained.mean() for name in ("guards", "handing_over", "taste", "limits"))
    assert study.share_of_gain(study.gain) == pytest.approx(study.gain.per_case().mean() / reachable)
    assert study.share_of_gain(study.by_rules_if_all[-1]) < 1
    assert 0 < study.held_out_share_of_gain < 1
    # the way from the policy in force to the best of every case is as long as what the rules go and what is left of it
    costs = study.policy.playbook is not None
    ahead = study.by_rules_if_all[-1].per_case().mean()
    left = study.gap_left.total_per_case().mean()
    draws = everybody_follows(payoffs).draws
    minutes = draws["playbook.lookup_minutes"] * draws["agent.cost_per_minute"] * payoffs.cases.surfaces.mean()
    paid = costs * (minutes + draws["playbook.training_cost"] / draws["shop.cases_per_year"]).mean()
    assert ahead + paid + left == pytest.approx(study.gap.total_per_case().mean())


def test_how_few_rules_are_enough(study: PlaybookStudy) -> None:
    enough, last = study.enough(), study.by_rules_if_all[-1].outcome
    for count, difference in enumerate(study.by_rules_if_all):
        more = compare(last, difference.outcome)
        is_more = more.told_apart() and more.per_case().mean() > 0
        if count < enough:
            assert is_more
    assert enough == RULES or not compare(last, study.by_rules_if_all[enough].outcome).told_apart()


def test_following_more_is_the_difference_of_the_shares(study: PlaybookStudy) -> None:
    table = study.shares_to_frame().set_index("share")
    mean, low, high = study.worth_of_following(0.3, 0.8)
    assert mean == pytest.approx(table["per_year"].iloc[8] - table["per_year"].iloc[3])
    assert low < mean < high
    assert table["added"].iloc[0] < 0  # training is paid, and nobody follows
    assert table["added"].iloc[10] == pytest.approx(study.to_frame()["added_if_all"].iloc[-1])


def test_everything_is_plain_data(study: PlaybookStudy) -> None:
    told = json.loads(json.dumps(study.to_dict(), allow_nan=False))
    assert {"rules", "net_value", "share_of_gain", "held_out_share_of_gain", "bound", "enough", "gap"} <= set(told)
    assert [rule["rule"] for rule in told["rules"]] == list(range(1, RULES + 1))
    assert told["net_value"]["per_year"] == pytest.approx(study.gain.per_year().mean())
    assert len(told["by_number_of_rules"]) == RULES + 1
    assert set(study.tables()) >= {"rules", "gap"}


def test_limits_are_the_given_ones_where_so_wanted(study: PlaybookStudy, payoffs: Payoffs) -> None:
    policy = load_policy("current", payoffs.scenario)
    few = payoffs.take(np.arange(0, 300, 4))
    given = study_playbook(policy, few, 1, 0, limits="given")
    assert given.policy.tiers == policy.tiers
    assert given.by_rules[0].per_case() == pytest.approx(0)
    again = study_playbook(policy, few, 1, 0, limits="given")
    assert given.to_dict() == again.to_dict()
    assert study.policy.tiers != policy.tiers


def test_limits_from_nowhere_are_refused(payoffs: Payoffs) -> None:
    with pytest.raises(InputError, match="way to limits 'worst'"):
        study_playbook(load_policy("current", payoffs.scenario), payoffs, 1, 0, limits="worst")


def test_without_other_customers_nothing_is_held_out(study: PlaybookStudy, payoffs: Payoffs) -> None:
    alone = replace(study, held_out_share_of_gain=np.nan)
    assert alone.to_dict()["held_out_share_of_gain"] is None
