"""EMA Workbench runs the simulation, and gets what we say."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from policy_sim.assumptions import load_scenario
from policy_sim.border import InputError
from policy_sim.policy import load_policy
from policy_sim.sweep.design import Design, resolve_design
from policy_sim.sweep.ema import to_ema_model
from policy_sim.sweep.runs import job_of, run_task

SCENARIO = load_scenario("online_retail")
UNCERTAIN = ("response.paradox", "shop.salvage_share")


def test_perform_experiments_gets_the_same_as_a_sweep() -> None:
    model = to_ema_model(
        SCENARIO,
        load_policy("current", SCENARIO),
        100,
        levers=("agent.keep_item", "agent.credit"),
        uncertainties=UNCERTAIN,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # theirs
        from ema_workbench import perform_experiments

        experiments, outcomes = perform_experiments(model, scenarios=5, policies=2)
    assert len(experiments) == 10
    names = {"agent__keep_item": "agent.keep_item", "agent__credit": "agent.credit"}
    names |= {name.replace(".", "__"): name for name in UNCERTAIN}
    rows = [{ours: row[theirs] for theirs, ours in names.items()} for row in experiments.to_dict("records")]
    job = job_of(resolve_design(Design(name="same", runs={"method": "list", "rows": rows}, cases=100)))
    (task,) = job.tasks()
    table = run_task(job, task)
    for name, values in outcomes.items():
        assert np.allclose(values, table[name], rtol=1e-9)
    # limits may fall where nothing changes between them, assumptions do not
    assert np.ptp(outcomes["net_value"]) > 0
    for name in UNCERTAIN:
        low, high = SCENARIO.assumption(name).range
        assert experiments[name.replace(".", "__")].between(low, high).all()


def test_everything_uncertain_is_taken_where_nothing_is_named() -> None:
    model = to_ema_model(SCENARIO, load_policy("current", SCENARIO), 50)
    uncertain = [name for name in SCENARIO.assumption_names if SCENARIO.assumption(name).distribution != "chosen"]
    assert len(model.uncertainties) == len(uncertain)
    assert len(model.levers) == 6


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"levers": ["agent.refnd"]}, "did you mean 'refund'?"),
        ({"uncertainties": ["response.paradx"]}, "did you mean 'response.paradox'?"),
        ({"outcomes": ["net_vale"]}, "did you mean 'net_value'?"),
    ],
)
def test_unknown_names_are_refused(arguments, words: str) -> None:
    with pytest.raises(InputError) as refusal:
        to_ema_model(SCENARIO, load_policy("current", SCENARIO), 50, **arguments)
    assert words in str(refusal.value)
