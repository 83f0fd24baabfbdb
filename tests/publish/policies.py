"""Random policies for property-based tests.

In: hypothesis. Out: strategies of policies that fit the scenario online_retail, with any life, and of provenance.
Left to others: what must hold for them.
"""

from datetime import date

from hypothesis import strategies as st

from policy_sim.assumptions import load_scenario
from policy_sim.policy import (
    ASK,
    NO_LIMIT,
    ExpectedEffect,
    ExpectedSpending,
    Guard,
    LimitException,
    Playbook,
    Policy,
    Provenance,
    Tier,
)
from policy_sim.words import ASKS, GUARD_FACTS, LIMITS, RULE_FACTS

SCENARIO = load_scenario("online_retail")
TEXT = st.characters(categories=["L", "M", "N", "P", "S", "Zs"])
limits = st.one_of(
    st.sampled_from([ASK, NO_LIMIT, 0.0, 0.01, 19.99, 1234.0, 12345.67]),
    st.integers(0, 10**9).map(lambda cents: cents / 100),
    st.floats(0.001, 1e6).map(lambda amount: round(amount, 2)),
)
# money of lower tiers first: a file whose limits fall is refused when it is read
ladders = st.lists(limits, min_size=2, max_size=2).map(sorted)
places = st.tuples(
    st.sampled_from([None, *SCENARIO.failures]),
    st.sampled_from([None, *(segment.name for segment in SCENARIO.segments)]),
).filter(any)
days = st.dates(date(2000, 1, 1), date(2100, 1, 1))


@st.composite
def lives(draw):
    status = draw(st.sampled_from(["draft", "approved", "live", "retired"]))
    first, last = sorted([draw(days), draw(days)])
    return {
        "version": draw(st.integers(1, 1000)),
        "owner": draw(st.one_of(st.just(""), st.text(TEXT, max_size=20))),
        "status": status,
        "effective_from": first if status in ("live", "retired") else None,
        "effective_until": last if status == "retired" else None,
        "approved_by": "" if status == "draft" else draw(st.text(TEXT, min_size=1, max_size=20).filter(str.strip)),
        "approved_on": None if status == "draft" else draw(days),
    }


ends = st.one_of(st.sampled_from([0.5, 1.0, 2.0, 45.0, 80.5]), st.floats(0.001, 1e4).map(lambda value: round(value, 4)))


@st.composite
def stretches(draw):
    low, high = sorted(draw(st.lists(ends.filter(bool), min_size=2, max_size=2, unique=True)))
    kind = draw(st.integers(0, 2))
    return {} | ({"at_least": low} if kind != 1 else {}) | ({"below": high} if kind != 0 else {})


@st.composite
def playbooks(draw):
    rules = []
    for _ in range(draw(st.integers(1, 4))):
        # of few failures, so that several rules are for one
        failure = draw(st.sampled_from(list(SCENARIO.failures)[:3]))
        facts = draw(st.lists(st.sampled_from(list(RULE_FACTS)), max_size=3, unique=True))
        rules.append(
            {
                "failure": failure,
                "when": {fact: draw(stretches()) for fact in facts},
                "asks": draw(st.lists(st.sampled_from(list(ASKS)), max_size=2, unique=True)),
                "give": draw(st.sampled_from(SCENARIO.resolutions(failure))),
                "why": draw(st.one_of(st.just(""), st.sampled_from(["=1+1", "-1", "'x"]), st.text(TEXT, max_size=20))),
            }
        )
    return Playbook.model_validate({"rules": rules})


@st.composite
def policies(draw, place_count=1):
    general = {limit: draw(ladders) for limit in LIMITS}
    exceptions = []
    for failure, segment in draw(st.lists(places, max_size=place_count, unique=True)):
        # of one place only, for both tiers: so they cannot cross another exception
        chosen = draw(st.lists(st.sampled_from(LIMITS), min_size=1, max_size=3, unique=True))
        ladder = {limit: draw(ladders) for limit in chosen}
        exceptions += [
            LimitException(
                tier=tier, failure=failure, segment=segment, limits={name: pair[k] for name, pair in ladder.items()}
            )
            for k, tier in enumerate(("agent", "lead"))
        ]
    guards = draw(
        st.lists(
            st.builds(
                Guard,
                fact=st.sampled_from(GUARD_FACTS),
                at_least=st.one_of(st.sampled_from([0.0, 0.5, 4.0, 1.125]), st.floats(0.001, 1e4)),
                to=st.sampled_from(["lead", "manager"]),
            ),
            max_size=3,
        )
    )
    return Policy(
        name=draw(st.from_regex(r"[a-z][a-z0-9_]{0,20}", fullmatch=True)),
        title=draw(
            st.one_of(
                st.sampled_from(["=1+1", "+1", "-1", "@x", "'=1", "''", "yes", "1e5", "007", " a ", "a;b"]),
                st.text(TEXT, min_size=1, max_size=50),
            )
        ),
        currency="USD",
        tiers=(
            *(
                Tier(name=tier, limits={name: pair[k] for name, pair in general.items()})
                for k, tier in enumerate(("agent", "lead"))
            ),
            Tier(name="manager"),
        ),
        exceptions=tuple(exceptions),
        guards=tuple(guards),
        playbook=draw(st.one_of(st.none(), playbooks())),
        **draw(lives()),
    )


money = st.floats(-1e9, 1e9).map(lambda value: round(value, 2))
provenances = st.builds(
    Provenance,
    scenario=st.sampled_from([None, "online_retail"]),
    scenario_fingerprint=st.sampled_from([None, "1234e567", "00001234", "abcdef01"]),
    data_fingerprint=st.sampled_from([None, "1234567890123456"]),
    seed=st.one_of(st.none(), st.integers(0, 10**6)),
    case_count=st.one_of(st.none(), st.integers(1, 10**6)),
    draw_count=st.none(),
    expected_effect=st.one_of(
        st.none(), st.builds(ExpectedEffect, against=st.just("current"), per_year=money, low=money, high=money)
    ),
    expected_spending=st.one_of(
        st.none(), st.builds(ExpectedSpending, remedy_cost=money, budget=money.filter(lambda value: value > 0))
    ),
)
