"""One visitor's kernel: opens the panel the way `policy-sim app` was asked to.

In: the folder that the application prepared, named by the environment. Out: the live panel, and how far it has come,
written to that folder. Left to others: serving it (`app`), what the panel is (`widget`).
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from policy_sim.border import write_whole

if sys.platform != "win32":
    import fcntl

if TYPE_CHECKING:
    from policy_sim.clv import Transactions
    from policy_sim.show.live.widget import Workbench

__all__ = ["VISIT_FOLDER", "WAITING", "Visit", "open_visit"]

#: What a page says while other panels are worked out.
WAITING = "Waiting for others to be done"

#: Name of the environment variable with the folder that holds `visit.json`.
VISIT_FOLDER = "POLICY_SIM_VISIT_FOLDER"


@dataclass(frozen=True)
class Visit:
    """What every visitor's panel starts from: words only, so that it can be handed to another process."""

    scenario: str
    policy: str
    cases: int
    draws: int
    seed: int
    #: Where relative paths belong.
    folder: str
    #: Path of the log and how to read it; None for the sample.
    log: Mapping[str, str | bool | None] | None = None
    #: Where exported files are written, besides being downloaded; None for nowhere.
    exports: str | None = None
    #: Model of purchases that is fitted to the log.
    model: str = "bg-nbd"
    #: What the command line was told, as `reproduce.Origin` has it; None where nothing is to be said of it.
    origin: Mapping[str, Any] | None = None

    def write(self, folder: Path) -> None:
        """Put it where `open_visit` looks for it."""
        write_whole(folder / "visit.json", json.dumps(asdict(self)))

    def transactions(self) -> Transactions | None:
        """Read the log, if there is one.

        Raises
        ------
        InputError
            If it cannot be used.
        """
        from policy_sim.assumptions import load_scenario
        from policy_sim.clv import read_transactions

        if self.log is None:
            return None
        return read_transactions(**self.log, currency=load_scenario(self.scenario).currency)  # type: ignore[arg-type]


def open_visit() -> Workbench:
    """Return the live panel; to be called once, in a kernel that the application started."""
    folder = Path(os.environ[VISIT_FOLDER])
    visit = Visit(**json.loads((folder / "visit.json").read_text(encoding="utf-8")))
    # set by Voila in each kernel
    report = folder / f"kernel_{os.environ['VOILA_KERNEL_ID']}.json"

    def say(state: str, words: str, **numbers: float) -> None:
        write_whole(report, json.dumps({"state": state, "words": words, **numbers}))

    say("starting", WAITING, since=time.time())
    with _turn(folder):
        began = time.time()
        say("starting", "Working out values, curves and the best limits", since=began)
        # the load of these libraries is part of what takes turns
        from policy_sim.show.live.opening import open_workbench
        from policy_sim.show.live.reproduce import Origin

        os.chdir(visit.folder)
        origin = None if visit.origin is None else Origin(**visit.origin)
        sample = (visit.cases, visit.draws, visit.seed)
        workbench = open_workbench(
            *(visit.scenario, visit.transactions(), visit.policy, *sample),
            model=visit.model,
            folder=visit.exports,
            has_visitors=True,
            origin=origin,
        )
    say("ready", "", seconds=time.time() - began)
    return workbench


@contextmanager
def _turn(folder: Path) -> Iterator[None]:
    """Take turns: panels that are all worked out at once would leave nothing to those that are on screen already."""
    count = max(1, (os.cpu_count() or 2) - 1)
    with ExitStack() as stack:
        if sys.platform != "win32":
            locks = [stack.enter_context((folder / f"turn_{i}").open("w")) for i in range(count)]
            while not any(_is_taken(lock.fileno()) for lock in locks):
                time.sleep(0.1)
        yield


def _is_taken(lock: int) -> bool:
    """Whether this process has the lock now; the system gives it back when the process ends, however it ends."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
