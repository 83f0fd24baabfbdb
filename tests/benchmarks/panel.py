"""How fast the panel's numbers follow a move, without a browser; run by hand, prints a table.

A move: one limit anywhere on its slider, at random. Tiles: what the policy brings, with intervals, by failure and
segment. Means: every mark and mean curve of every limit. Bands: how sure each of them is. On as many threads as there
are processors, and with one alone; then five visitors, one of whom has started a long search, all on the same
processors, each in a process of its own as in the application.

Milliseconds of the processors say what it takes whatever else the machine does: on n quiet ones an n-th of it at best.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator

import numpy as np
from rich.console import Console
from rich.table import Table

from policy_sim import ASK, NO_LIMIT, load_policy, load_scenario
from policy_sim.policy import Lever
from policy_sim.show.live.state import Panel, open_panel
from policy_sim.show.live.worker import PriorityWorker
from policy_sim.study import Sample, prepare

CASES, DRAWS, MOVES = 20_000, 200, 60
VISITORS, REST_SECONDS = 5, 1.0
Times = dict[str, list[tuple[float, float]]]
WANTED = {"tiles": 150, "tiles and means": 150, "bands": 500}


def moves(panel: Panel, seed: int) -> Iterator[tuple[Panel, Lever]]:
    """Move one limit after the other, within what the tiers beside it may give; give the panel, and the limit."""
    rng = np.random.default_rng(seed)
    while True:
        lever = panel.levers[rng.integers(len(panel.levers))]
        low, high = panel.policy.bounds(lever)
        places = [limit for limit in (ASK, *panel.stops(lever), NO_LIMIT) if low <= limit <= high]
        panel = panel.with_limits({lever.tier: {lever.limit: places[rng.integers(len(places))]}})
        yield panel, lever


def measure(panel: Panel, seed: int = 0, rest: float = 0.0) -> Times:
    """Return milliseconds of each kind, and milliseconds of the processors."""
    panel.mean_curves()
    times: Times = {name: [] for name in WANTED}
    for _, (moved, lever) in zip(range(MOVES), moves(panel, seed), strict=False):
        began, spent = time.perf_counter(), time.process_time()

        def note(name: str, began: float = began, spent: float = spent) -> None:
            times[name].append((1_000 * (time.perf_counter() - began), 1_000 * (time.process_time() - spent)))

        moved.view()
        note("tiles")
        moved.mean_curves()
        note("tiles and means")
        # the curve of the limit that was moved stays
        moved.curves([other for other in moved.levers if other != lever])
        note("bands")
        time.sleep(rest)
    return times


def panel_of() -> Panel:
    scenario = load_scenario("online_retail")
    setting = prepare(scenario, sample=Sample(cases=CASES, draws=DRAWS))
    return open_panel(setting, load_policy("current", scenario))


def visit(number: int) -> None:
    """Be one of several visitors: wait for the others, move; the first one searches the best rules meanwhile."""
    panel = panel_of()
    panel.mean_curves()
    print("ready", flush=True)
    sys.stdin.readline()
    if number == 0:
        searching = PriorityWorker(lambda error: print(error, file=sys.stderr), niceness=10)
        searching.add(0, "search", lambda check: (panel.with_recommended(lambda *_: check()), None)[1])
        print("{}", flush=True)
        sys.stdin.readline()
        return
    times = measure(panel, number, REST_SECONDS)
    print(json.dumps(times), flush=True)


def five_at_once() -> Times:
    """Return milliseconds of each kind that all but the visitor who searches have waited."""
    command = [sys.executable, __file__, "visit"]
    visitors = [
        subprocess.Popen([*command, str(n)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for n in range(VISITORS)
    ]
    for one in visitors:
        assert one.stdout is not None
        while one.stdout.readline() != "ready\n":
            pass
    for one in visitors:
        assert one.stdin is not None
        one.stdin.write("go\n")
        one.stdin.flush()
    told = [json.loads(one.stdout.readline()) for one in visitors if one.stdout is not None]
    for one in visitors:
        one.kill()
        one.wait()
    return {name: [tuple(ms) for each in told for ms in each.get(name, ())] for name in WANTED}


def main() -> None:
    """Measure everything, one after the other, and print it as it comes."""
    heads = ("where", "what", "moves", "median, ms", "p95, ms", "wanted, ms", "processors: median", "p95")

    def add(where: str, times: Times, factor: int) -> None:
        table = Table(*heads, title=f"After a move: {CASES:,} cases, {DRAWS} draws")
        for name, values in times.items():
            if values:
                (middle, spent), (most, spent_most) = np.quantile(values, (0.5, 0.95), axis=0)
                ends = (f"{middle:.0f}", f"{most:.0f}", str(factor * WANTED[name]), f"{spent:.0f}", f"{spent_most:.0f}")
                table.add_row(where, name, str(len(values)), *ends)
        Console().print(table)

    panel = panel_of()
    processors = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    add(f"{len(processors) or os.cpu_count()} processors", measure(panel), 1)
    Console().print(f"kept between moves after {MOVES} of them: {panel.kept.bytes / 2**20:.0f} MiB")
    if processors:
        os.sched_setaffinity(0, processors[:1])
        add("one processor", measure(panel_of(), 1), 2)
        os.sched_setaffinity(0, processors)
        add("five visitors", five_at_once(), 1)


if __name__ == "__main__":
    visit(int(sys.argv[2])) if sys.argv[1:2] == ["visit"] else main()
