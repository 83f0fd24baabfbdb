"""Commands about scenarios: which there are, and what one of them assumes.

In: options. Out: tables or JSON. Left to others: reading scenarios (`assumptions`), how they read (`show`).
"""

from __future__ import annotations

from collections import Counter
from typing import Annotated

import typer

from policy_sim.cli.completion import scenario_names
from policy_sim.cli.console import print_json, print_parts
from policy_sim.cli.options import AsJson

__all__ = ["scenarios", "show"]


def scenarios(as_json: AsJson = False) -> None:
    """The scenarios that travel with the program: what goes wrong there, how far their numbers can be trusted."""
    from policy_sim.assumptions import load_scenario
    from policy_sim.border import read_yaml, shipped
    from policy_sim.show.terminal.scenarios import of_scenarios

    files = sorted(shipped("data/scenarios").glob("*.yaml"))
    loaded = [load_scenario(file) for file in files]
    # the name as it stands in the file: a loaded scenario holds what it took over
    extended = {scenario.name: read_yaml(file).get("extends") for scenario, file in zip(loaded, files, strict=True)}
    if not as_json:
        print_parts([of_scenarios(loaded, extended)])
        return
    print_json(
        [
            {
                "name": scenario.name,
                "title": scenario.title,
                "description": scenario.description,
                "extends": extended[scenario.name],
                "failures": list(scenario.failures),
                "assumptions": Counter(scenario.assumption(name).trust for name in scenario.assumption_names),
            }
            for scenario in loaded
        ]
    )


def show(
    scenario: Annotated[
        str, typer.Argument(help="Name of a scenario, or its YAML file.", autocompletion=scenario_names)
    ],
    as_json: AsJson = False,
) -> None:
    """Every assumption with value, unit, range, trust and source; what remedies are made of; how many resolutions."""
    from policy_sim.assumptions import load_scenario
    from policy_sim.show.terminal.scenarios import of_scenario

    loaded = load_scenario(scenario)
    if as_json:
        counts = {failure: len(loaded.resolutions(failure)) for failure in loaded.failures}
        content = loaded.model_dump(mode="json")
        print_json(content | {"resolution_counts": counts, "fingerprint": loaded.fingerprint})
    else:
        print_parts(of_scenario(loaded))
