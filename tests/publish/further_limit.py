"""A further kind of limit: a record in words.py and policy files that give it, through all that is done with limits.

In: a folder to write to. Out: on standard output, as JSON, what came of it. Left to others: what it should be
(test_further_limit.py), which runs this in a process of its own, as words are read once, when they are imported.
"""

from __future__ import annotations

import json
import sys
import types
from pathlib import Path

import yaml

import policy_sim

RECORD = """
        LimitKind(
            name="waived_fee",
            title="Fee waived",
            axis="Most that may be waived",
            sentence="waive fees up to",
            act="Waive the fee",
            counts_item_price=False,
            all_of_it="waive the fee",
            some_of_it="waive up to {} of the fee",
        ),
"""


def load_words() -> None:
    """Import `policy_sim.words` as it would be with the record, before anything else reads it."""
    path = Path(policy_sim.__file__).with_name("words.py")
    before, first, rest = path.read_text(encoding="utf-8").partition(
        '        LimitKind(\n            name="total_cost"'
    )
    assert first, "the record is put in before the one of total_cost"
    words = types.ModuleType("policy_sim.words")
    words.__file__ = str(path)
    sys.modules["policy_sim.words"] = words
    policy_sim.words = words
    exec(compile(before + RECORD + first + rest, str(path), "exec"), vars(words))


def write_files(folder: Path) -> tuple[Path, Path]:
    """Write a scenario in which a remedy draws on the new limit, and a policy that gives it."""
    from policy_sim.border import shipped

    scenario = yaml.safe_load((shipped("data/scenarios") / "online_retail.yaml").read_text(encoding="utf-8"))
    scenario["remedies"]["shipping_refund"]["uses"] = {"waived_fee": {"outbound_shipping": 1}}
    policy = yaml.safe_load((shipped("data/policies") / "current.yaml").read_text(encoding="utf-8"))
    for tier, limit in zip(policy["tiers"], (3.5, 20), strict=False):
        tier["limits"]["waived_fee"] = limit
    exception = {"tier": "agent", "failure": "wrong_item", "limits": {"waived_fee": "ask"}}
    contents = {"scenario.yaml": scenario, "policy.yaml": policy | {"exceptions": [exception]}}
    for name, content in contents.items():
        (folder / name).write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    return folder / "scenario.yaml", folder / "policy.yaml"


def main(folder: Path) -> dict[str, object]:
    load_words()
    import pandas as pd

    from policy_sim.assumptions import draw_assumptions, load_scenario
    from policy_sim.policy import ASK, NO_LIMIT, Decider, Lever, authority, decide_table, load_policy
    from policy_sim.policy.decision import decision_of
    from policy_sim.publish import FORMATS, check, conform, difference, read_file, render, vocabulary_of
    from policy_sim.service import read_cases
    from policy_sim.value import evaluate, threshold_curve, value_cases

    paths = write_files(folder)
    scenario = load_scenario(paths[0])
    policy = load_policy(paths[1], scenario)
    lever = Lever("agent", "waived_fee")
    asking, free = (policy.with_limit(lever, limit) for limit in (ASK, NO_LIMIT))

    cases = pd.DataFrame({"failure": ["late_delivery"] * 40, "item_price": range(10, 50), "future_value": [90.0] * 40})
    payoffs = value_cases(scenario, read_cases(cases, scenario), draw_assumptions(scenario, 4, seed=0))
    worth = [float(evaluate(version, payoffs).per_case().mean()) for version in (asking, free)]
    curve = threshold_curve(evaluate(policy, payoffs), lever)

    names = vocabulary_of(scenario)
    facts = {"suspicion": 0.0, "prior_claims": 0.0}
    decider = Decider(policy, names.failures, names.segments)
    asked = pd.DataFrame(
        {"failure": "late_delivery", "segment": "loyal", "asked_for": "waived_fee", "amount": [3.5, 3.51]} | facts
    )
    decisions = [decider.decide("late_delivery", "loyal", "waived_fee", amount, facts) for amount in asked["amount"]]
    may = authority(policy, "late_delivery", "loyal", facts)

    files, agreeing = {}, {}
    for kind, ending in ((name, known.ending) for name, known in FORMATS.items()):
        if kind == "pdf":  # the card that html is, on paper
            continue
        path = folder / f"exported{ending}"
        path.write_bytes(render(policy, kind, scenario))
        if kind != "html":
            record = read_file(path).record
            files[kind] = record.policy == policy and not record.changes
        if kind not in ("html", "dmn"):  # DMN has the cells of JDM; its engine takes a minute
            agreeing[kind] = all(result.holds for result in conform(path, scenario, 10))
    return {
        "curve_ends": [float(curve.per_case()[k].mean()) for k in (0, -1)],
        "worth": worth,
        "tiers": [decision.tier for decision in decisions],
        "table_tiers": decide_table(decider, asked)["tier"].tolist(),
        "reference_tiers": [decision_of(may, "waived_fee", amount).tier for amount in asked["amount"]],
        "files": files,
        "agreeing": agreeing,
        "findings": [finding.words for finding in check(policy, scenario, payoffs)],
        "steps": [step.words for step in difference(policy, free, scenario).steps],
        "card": (folder / "exported.card.html").read_text(encoding="utf-8"),
    }


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]))))
