"""How fast published limits can be followed: one case, a million from Parquet, the import that a script pays for.

In: the shipped scenario and policy. Out: a table of times, and of what each comes to in its bound.
Not here: whether the answers are right (tests/policy/test_decision.py, tests/publish/test_conformity.py).
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table
from timing import shortest

from policy_sim.assumptions import load_scenario
from policy_sim.policy import Decider, Policy, authority, decide_table, load_policy
from policy_sim.publish import FORMATS, difference, render, vocabulary_of
from policy_sim.words import ASKED_FOR, ASKS

SCENARIO = load_scenario("online_retail")
POLICY: Policy = load_policy("current", SCENARIO)
NAMES = vocabulary_of(SCENARIO)
WITH_PLAYBOOK: Policy = load_policy(Path(__file__).parents[1] / "publish" / "with_playbook.yaml", SCENARIO)
FACTS = {"suspicion": 0.2, "prior_claims": 1.0, "item_price": 30.0, "prior_purchases": 3.0, "in_stock": 0.0}
#: What the columns of many cases hold besides where the policy has a playbook.
SEEN = ("hours_open", "severity", "days_since_purchase", "in_stock", "part_available", "live", "prior_purchases")
COUNT = 1_000_000


def one_case(decider: Decider) -> float:
    def work() -> None:
        for _ in range(10_000):
            decider.decide("wrong_item", "loyal", "refund", 30.0, FACTS, "thing")

    return shortest(work, 5) / 10_000


def authority_of_one_case() -> float:
    def work() -> None:
        for _ in range(500):
            authority(POLICY, "wrong_item", "loyal", FACTS)

    return shortest(work, 5) / 500


def a_million(decider: Decider, folder: Path) -> float:
    rng = np.random.default_rng(0)
    path = folder / "cases.parquet"
    pd.DataFrame(
        {
            "failure": rng.choice(NAMES.failures, COUNT),
            "segment": rng.choice(NAMES.segments, COUNT),
            "asked_for": rng.choice(ASKED_FOR, COUNT),
            "amount": np.round(rng.gamma(2, 40, COUNT), 2),
            "suspicion": rng.random(COUNT),
            "prior_claims": rng.poisson(0.5, COUNT),
        }
        | ({} if decider.policy.playbook is None else _seen(rng))
    ).to_parquet(path)

    def work() -> None:
        cases = pd.read_parquet(path)
        cases.join(decide_table(decider, cases)).to_parquet(folder / "decided.parquet")

    return shortest(work, 3)


def _seen(rng: np.random.Generator) -> dict[str, object]:
    columns = {name: rng.integers(0, 60, COUNT) for name in SEEN}
    return columns | {"item_price": np.round(rng.gamma(2, 20, COUNT), 2), "ask": rng.choice(list(ASKS), COUNT)}


def light_import() -> float:
    # time of the processor: what else the machine does at that moment is no part of it
    code = "import time; t = time.process_time(); import policy_sim.policy; print(time.process_time() - t)"

    def run() -> float:
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        return float(done.stdout)

    return min(run() for _ in range(7))


def main() -> None:
    decider = Decider(POLICY, NAMES.failures, NAMES.segments)
    guided = Decider(WITH_PLAYBOOK, NAMES.failures, NAMES.segments)
    with tempfile.TemporaryDirectory() as folder:
        bounded = [
            ("decide one case", one_case(decider), 50e-6),
            ("decide one case, with a playbook", one_case(guided), 50e-6),
            (f"decide {COUNT:,} cases, Parquet to Parquet", a_million(decider, Path(folder)), 3.0),
            (f"the same {COUNT:,}, with a playbook", a_million(guided, Path(folder)), 6.0),
            ("import policy_sim.policy alone", light_import(), 0.150),
        ]
    others = [
        ("authority() of one case, the reference", authority_of_one_case()),
        ("make a policy ready to decide", shortest(lambda: Decider(POLICY, NAMES.failures, NAMES.segments), 5)),
        ("diff of two policies", shortest(lambda: difference(POLICY, load_policy("generous", SCENARIO), SCENARIO), 5)),
        *((f"render {name}", shortest(lambda name=name: render(POLICY, name, SCENARIO), 2)) for name in FORMATS),
    ]
    table = Table("what", "time", "bound", "time / bound", title="Publishing")
    for words, seconds, bound in bounded:
        table.add_row(words, _time_text(seconds), _time_text(bound), f"{seconds / bound:.2f}")
    for words, seconds in others:
        table.add_row(words, _time_text(seconds), "", "")
    Console().print(table)


def _time_text(seconds: float) -> str:
    if seconds < 1e-3:
        return f"{1e6 * seconds:.1f} µs"
    return f"{1e3 * seconds:.1f} ms" if seconds < 1 else f"{seconds:.2f} s"


if __name__ == "__main__":
    main()
