"""Shows the panel by a policy_sim that differs in one thing: the record of an outcome in words.py asks for a tile.

In: a folder, and what to write into it: "frame" for that of the widget (frame.json), "panel" for a shared file
(panel.html). A process of its own, since the rest of the package reads words.py when it is imported.
"""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path

RECORD = 'OutcomeKind("supervisor_minutes", "Supervisor minutes", "minutes", less_is_better=True)'
WITH_TILE = RECORD.replace("less_is_better=True", "less_is_better=True, tile=7")


def change_words(folder: Path) -> None:
    """Let everything that follows read a changed words.py."""
    package = importlib.util.find_spec("policy_sim")
    assert package is not None
    assert package.submodule_search_locations is not None
    text = (Path(package.submodule_search_locations[0]) / "words.py").read_text(encoding="utf-8")
    assert text.count(RECORD) == 1
    changed = folder / "words.py"
    changed.write_text(text.replace(RECORD, WITH_TILE), encoding="utf-8")
    spec = importlib.util.spec_from_file_location("policy_sim.words", changed)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules["policy_sim.words"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)


def write(folder: Path, what: str) -> None:
    """Write what the widget would send, or the shared file."""
    from policy_sim import load_policy, load_scenario
    from policy_sim.show.live.share import share
    from policy_sim.show.live.state import open_panel
    from policy_sim.show.live.widget import Workbench
    from policy_sim.study import Sample, prepare

    scenario = load_scenario("online_retail")
    panel = open_panel(prepare(scenario, sample=Sample(200, 5, 1)), load_policy("current", scenario))
    if what == "frame":
        (folder / "frame.json").write_text(json.dumps(Workbench(panel).frame), encoding="utf-8")
    else:
        share(panel, folder / "panel.html")


if __name__ == "__main__":
    into = Path(sys.argv[1])
    change_words(into)
    write(into, sys.argv[2])
