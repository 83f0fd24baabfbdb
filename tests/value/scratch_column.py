"""A further column of a case: a record in words.py, through all that values and chooses.

In: nothing. Out: on standard output, as JSON, the largest relative differences between the kernels and the oracle, and
what the column comes to. Left to others: what they should be (test_scratch_column.py), which runs this in a process of
its own, as words are read once, when they are imported.
"""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

from policy_sim import words

words.CASE_COLUMNS = {
    **words.CASE_COLUMNS,
    "accessory_price": words.CaseColumn("accessory_price", "money", in_forms=True, default=0.0),
}
words.COLUMNS = words.form_columns()

import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402

from policy_sim import draw_assumptions, evaluate, load_policy, load_scenario, read_cases, value_cases  # noqa: E402
from policy_sim.failures import Remedy  # noqa: E402

FAILURE = "wrong_item"


def main() -> None:
    spec = importlib.util.spec_from_file_location("oracle", Path(__file__).with_name("oracle.py"))
    oracle = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(oracle)

    shipped = load_scenario("online_retail")
    accessory = Remedy(title="Accessory", cost={"accessory_price": 1}, worth={"accessory_price": 1})
    given = (("full_refund", "keep_item"), ("full_refund", "keep_item", "accessory"))
    failure = shipped.failures[FAILURE].model_copy(update={"resolutions": {"goods": given}})
    scenario = shipped.model_copy(
        update={
            "remedies": {**shipped.remedies, "accessory": accessory},
            "failures": {**shipped.failures, FAILURE: failure},
        }
    )
    rng = np.random.default_rng(5)
    table = pd.DataFrame(
        {"failure": FAILURE, "item_price": np.round(rng.uniform(10, 80, 60), 2), "future_value": 150.0}
    )
    cases = read_cases(table.assign(accessory_price=7.70), scenario)
    payoffs = value_cases(scenario, cases, draw_assumptions(scenario, 3, seed=4))
    middle, policy = oracle.middle(scenario), load_policy("generous", scenario)
    believed = [
        float(payoffs.agent_view.payoff[k, i, a]) / float(oracle.payoff(scenario, cases, i, bundle, tier, middle)) - 1
        for i in range(0, len(cases), 6)
        for a, bundle in enumerate(given)
        for k, tier in enumerate(scenario.tiers)
    ]
    outcome, expected = evaluate(policy, payoffs), oracle.evaluate_plainly(policy, payoffs, words.LIMITS)
    summed = [np.abs(outcome.per_case(name) / expected[name] - 1).max() for name in ("net_value", "remedy_cost")]
    # the generous ones give it: what remedies cost more than without it
    none = value_cases(scenario, read_cases(table, scenario), draw_assumptions(scenario, 3, seed=4))
    more = outcome.per_case("remedy_cost") - evaluate(policy, none).per_case("remedy_cost")
    print(
        json.dumps(
            {
                "believed": float(np.abs(believed).max()),
                "summed": float(max(summed)),
                "cost": float((payoffs.agent_view.cost[:, 1] - payoffs.agent_view.cost[:, 0]).mean()),
                "more": float(more.mean()),
            }
        )
    )


if __name__ == "__main__":
    main()
