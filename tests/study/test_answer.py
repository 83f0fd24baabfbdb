"""The answer: held against what the policies come to by themselves."""

from __future__ import annotations

import pytest

from policy_sim import compare, evaluate, load_policy, load_scenario
from policy_sim.policy import Lever, Policy
from policy_sim.study import Answer, Sample, Setting, find_answer, prepare, recommend


@pytest.fixture(scope="module")
def setting() -> Setting:
    return prepare(load_scenario("online_retail"), sample=Sample(cases=300, draws=7, seed=1))


@pytest.fixture(scope="module")
def in_force(setting: Setting) -> Policy:
    return load_policy("current", setting.scenario)


@pytest.fixture(scope="module")
def answer(setting: Setting, in_force: Policy) -> Answer:
    return find_answer(in_force, setting.payoffs)


def test_it_is_what_is_recommended_elsewhere(answer: Answer, setting: Setting, in_force: Policy) -> None:
    recommendation = recommend(in_force, setting.payoffs)
    assert answer.policy == recommendation.policy
    assert answer.worth.change == pytest.approx(float(recommendation.gain.per_year().mean()), rel=1e-12)
    assert (answer.worth.low, answer.worth.high) == pytest.approx(recommendation.gain.interval_per_year(), rel=1e-12)


def test_every_limit_that_moves_is_there_once_with_what_would_be_missing(
    answer: Answer, setting: Setting, in_force: Policy
) -> None:
    best, levers = answer.policy, [Lever(move.tier, move.limit) for move in answer.moves]
    others = [Lever(tier, name) for tier in best.tier_names[:-1] for name in best.tiers[0].limits]
    moved = [lever for lever in others if best.limit(*_of(lever)) != in_force.limit(*_of(lever))]
    assert sorted(map(str, levers)) == sorted(map(str, moved))
    whole = evaluate(best, setting.payoffs)
    for move, lever in zip(answer.moves, levers, strict=True):
        assert (move.in_force, move.best) == (in_force.limit(*_of(lever)), best.limit(*_of(lever)))
        assert move.low <= move.best
        lowest, highest = best.bounds(lever)
        if lowest <= move.in_force <= highest:
            left = evaluate(best.with_limit(lever, move.in_force), setting.payoffs)
            assert move.worth.change == pytest.approx(float(compare(whole, left).per_year().mean()), abs=1e-6)
    changes = [move.worth.change for move in answer.moves]
    assert changes == sorted(changes, reverse=True)


def test_it_can_be_written_down_and_read_again(answer: Answer) -> None:
    assert Answer.model_validate_json(answer.model_dump_json()) == answer


def _of(lever: Lever) -> tuple[str, str]:
    return lever.tier, lever.limit
