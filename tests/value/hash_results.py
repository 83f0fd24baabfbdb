"""Results of the compiled loops, as digests: whether kept code gives the same bits as code that was just compiled.

In: nothing (the cache of compiled code is where NUMBA_CACHE_DIR says). Out: on standard output, a digest a line.
Left to others: comparing them (test_reproducible.py), which runs this in processes of their own.
"""

from __future__ import annotations

import hashlib

import numpy as np

from policy_sim import Lever, Sample, evaluate, load_policy, load_scenario, prepare, threshold_curve
from policy_sim.value.expected import Expected, load_of


def main() -> None:
    scenario = load_scenario("online_retail")
    payoffs = prepare(scenario, sample=Sample(cases=300, draws=60)).payoffs
    policy = load_policy("current", scenario)
    outcome = evaluate(policy, payoffs)
    curve = threshold_curve(outcome, Lever("agent", "refund"))
    expected = Expected.of(policy, payoffs, load_of(policy, payoffs))
    found = {
        "agent_view": payoffs.agent_view.payoff,
        "evaluate": outcome.sums,
        "curve": curve.sums,
        "expected": expected.table,
        "along": expected.along(policy, Lever("agent", "keep_item"))[1],
    }
    for name, values in found.items():
        print(name, hashlib.sha256(np.ascontiguousarray(values).tobytes()).hexdigest())


if __name__ == "__main__":
    main()
