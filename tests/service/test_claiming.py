import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy_sim.service import caught_share, learned_claiming
from policy_sim.service.claiming import GENUINE_SCORE, OPPORTUNIST_SCORE

PLAIN = {"spread": 0.3, "publicity": 0.3, "repeat_share": 0.3, "temptation": 40.0}
NO_GUARDS = {"suspicion_at_least": np.inf, "claims_at_least": np.inf, "visible_share": 0.5, "repeat_share": 0.3}


def test_one_cost_by_hand():
    # .3 * .3 / .7 extra claims for each genuine case, 63 % of them tempted by 40, each of which costs 25
    expected = 0.09 / 0.7 * (1 - np.exp(-1)) * 25
    assert learned_claiming(40.0, 25.0, **PLAIN) == pytest.approx(expected, rel=1e-12)


def test_where_there_is_nothing_to_gain_nothing_is_learned():
    assert learned_claiming(0.0, 25.0, **PLAIN) == 0
    assert learned_claiming(-10.0, 25.0, **PLAIN) == 0
    # nor does it cost anything where the resolution costs nothing, or earns something
    assert learned_claiming(40.0, 0.0, **PLAIN) == 0
    assert learned_claiming(40.0, -3.0, **PLAIN) == 0
    for silent in ("spread", "publicity"):
        assert learned_claiming(40.0, 25.0, **PLAIN | {silent: 0.0}) == 0


def test_where_nothing_holds_people_back_everybody_claims():
    assert learned_claiming(1e9, 25.0, **PLAIN) == pytest.approx(0.09 / 0.7 * 25)
    assert learned_claiming(1e-12, 25.0, **PLAIN) == pytest.approx(0.09 / 0.7 * 25 * 1e-12 / 40, rel=1e-9)
    # whoever got through comes back: half of them make it two claims each, nine of ten make it ten
    once = learned_claiming(40.0, 25.0, **PLAIN | {"repeat_share": 0.0})
    for repeat, times in ((0.5, 2), (0.9, 10)):
        again = learned_claiming(40.0, 25.0, **PLAIN | {"repeat_share": repeat})
        assert again == pytest.approx(times * once, rel=1e-12)


@pytest.mark.parametrize(
    ("name", "low", "high", "sign"),
    [("spread", 0.1, 0.5, 1), ("publicity", 0.1, 0.5, 1), ("repeat_share", 0.1, 0.5, 1), ("temptation", 20, 80, -1)],
)
def test_what_moves_the_cost(name, low, high, sign):
    few, many = (learned_claiming(30.0, 20.0, **PLAIN | {name: value}) for value in (low, high))
    assert sign * (many - few) > 0


def test_more_to_gain_and_dearer_claims_cost_more():
    money = np.linspace(0, 300, 301)
    by_gain = learned_claiming(money, 20.0, **PLAIN)
    assert (np.diff(by_gain) > 0).all()
    assert (np.diff(by_gain, 2) < 0).all()
    np.testing.assert_allclose(learned_claiming(30.0, money, **PLAIN), learned_claiming(30.0, 1.0, **PLAIN) * money)


def test_without_a_guard_nothing_is_caught():
    assert caught_share(**NO_GUARDS) == 0
    assert caught_share(**NO_GUARDS | {"repeat_share": 0.0}) == 0


def test_a_guard_at_nothing_catches_everything():
    assert caught_share(**NO_GUARDS | {"suspicion_at_least": 0.0}) == 1
    assert caught_share(**NO_GUARDS | {"claims_at_least": 0.0}) == 1
    # no score is above 1
    assert caught_share(**NO_GUARDS | {"suspicion_at_least": 1.0}) == 0


def test_caught_by_claims_alone_in_closed_form():
    for at_least, power in ((1, 1), (2, 2), (3, 3), (2.5, 3), (4, 4)):
        caught = caught_share(**NO_GUARDS | {"claims_at_least": at_least})
        assert caught == pytest.approx(0.3**power, rel=1e-12)


def test_caught_by_score_alone_in_closed_form():
    # survival of beta(1, 11.5) in closed form; of beta(7, 3): P(binomial(9, x) <= 6)
    x = 0.6
    hides = (1 - x) ** 11.5
    shows = 1 - (36 * x**7 * (1 - x) ** 2 + 9 * x**8 * (1 - x) + x**9)
    for visible in (0.0, 0.5, 1.0):
        caught = caught_share(**NO_GUARDS | {"suspicion_at_least": x, "visible_share": visible})
        assert caught == pytest.approx(visible * shows + (1 - visible) * hides, rel=1e-12)


def test_each_draw_has_its_own_share():
    visible, repeat = np.array([0.2, 0.5, 0.8]), np.array([0.1, 0.3, 0.5])
    guards = {"suspicion_at_least": 0.5, "claims_at_least": 3.0}
    together = caught_share(**guards, visible_share=visible, repeat_share=repeat)
    alone = [caught_share(**guards, visible_share=v, repeat_share=r) for v, r in zip(visible, repeat, strict=True)]
    np.testing.assert_array_equal(together, alone)


@settings(derandomize=True, deadline=None, database=None, max_examples=200)
@given(
    suspicion=st.tuples(st.floats(0, 1), st.floats(0, 1)).map(sorted),
    claims=st.tuples(st.floats(0, 10), st.floats(0, 10)).map(sorted),
    visible=st.tuples(st.floats(0, 1), st.floats(0, 1)).map(sorted),
    repeat=st.tuples(st.floats(0, 0.99), st.floats(0, 0.99)).map(sorted),
)
def test_a_stricter_guard_catches_no_less(suspicion, claims, visible, repeat):
    def caught(n_suspicion, n_claims, n_visible, n_repeat):
        return caught_share(
            suspicion_at_least=suspicion[n_suspicion],
            claims_at_least=claims[n_claims],
            visible_share=visible[n_visible],
            repeat_share=repeat[n_repeat],
        )

    middle = caught(0, 0, 0, 0)
    assert 0 <= middle <= 1
    assert caught(1, 0, 0, 0) <= middle + 1e-12
    assert caught(0, 1, 0, 0) <= middle + 1e-12
    # opportunists that show, or that come back, are easier to catch
    assert caught(0, 0, 1, 0) >= middle - 1e-12
    assert caught(0, 0, 0, 1) >= middle - 1e-12


@pytest.mark.parametrize(("suspicion", "claims"), [(0.6, 4), (0.3, np.inf), (np.inf, 2), (0.5, 1)])
def test_caught_is_what_a_simulation_of_claims_catches(suspicion, claims):
    # opportunists, each with a geometric number of claims one after the other, and a score of the kind that it has
    rng = np.random.default_rng(8)
    visible_share, repeat_share = 0.4, 0.45
    claims_of = rng.geometric(1 - repeat_share, 200_000)
    before = np.concatenate([np.arange(count) for count in claims_of])
    shows = rng.random(len(before)) < visible_share
    score = np.where(shows, rng.beta(*OPPORTUNIST_SCORE, len(before)), rng.beta(*GENUINE_SCORE, len(before)))
    simulated = ((score >= suspicion) | (before >= claims)).mean()
    caught = caught_share(
        suspicion_at_least=suspicion, claims_at_least=claims, visible_share=visible_share, repeat_share=repeat_share
    )
    # claims of one opportunist go together, so the standard error is that of opportunists, not of claims
    assert simulated == pytest.approx(caught, abs=5 * np.sqrt(1 / 4 / len(claims_of)))


def test_the_score_tells_well_but_not_perfectly():
    # means as the scenario's drawn cases have them: .08 and .7
    assert GENUINE_SCORE[0] / sum(GENUINE_SCORE) == pytest.approx(0.08)
    assert OPPORTUNIST_SCORE[0] / sum(OPPORTUNIST_SCORE) == pytest.approx(0.7)
