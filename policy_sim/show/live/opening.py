"""Opening the live panel: everything it needs is prepared first, with a progress bar.

In: names of a scenario and a policy, perhaps one's own log. Out: the panel on screen.
Left to others: what it answers (`widget`), what the numbers are (`state`).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from IPython.display import display
from ipywidgets import HTML, IntProgress, VBox

from policy_sim.assumptions import load_scenario
from policy_sim.border import Progress
from policy_sim.clv import Transactions
from policy_sim.policy import load_policy
from policy_sim.show.live.answer import look_up_answer, work_out_answer
from policy_sim.show.live.before import scenario_before
from policy_sim.show.live.reproduce import Origin
from policy_sim.show.live.state import open_panel
from policy_sim.show.live.widget import Workbench
from policy_sim.study import Sample, Setting, prepare

__all__ = ["open_workbench"]


def open_workbench(
    scenario: str | Path = "online_retail",
    transactions: Transactions | None = None,
    policy: str | Path = "current",
    cases: int = 20_000,
    draws: int = 200,
    seed: int = 0,
    model: str = "bg-nbd",
    folder: str | Path | None = "out",
    has_visitors: bool = False,
    origin: Origin | None = None,
) -> Workbench:
    """Prepare everything, with a progress bar, and return the live panel; the notebook's stop button cancels.

    Parameters
    ----------
    scenario, policy
        Files, or names of shipped ones; the policy is the one in force, from which the panel starts.
    transactions
        Your own log; the CDNOW sample where it is not given.
    cases, draws, seed
        How many cases are drawn from the log, how many joint draws of the assumptions, from which seed.
    model
        Model of purchases that is fitted to the log, as `study.prepare` takes it: a name, or "auto".
    folder
        Where exports are written, besides being downloaded; None to download them only.
    has_visitors
        Whether several people come to see it, by a token: each export gets a folder of its own in there, and the best
        limits are searched before the panel is shown, instead of while it is.
    origin
        How the same is asked for on the command line, where that is more than is said here.

    Raises
    ------
    InputError
        If a file or a number does not fit.
    """
    words, bar = HTML("Starting"), IntProgress(description="")
    progress = VBox([words, bar])
    display(progress)  # type: ignore[no-untyped-call]

    def show(text: str, done: int, of: int) -> None:
        words.value, bar.max, bar.value = f"{text} …", of + 1, done

    try:
        loaded = load_scenario(scenario)
        in_force = load_policy(policy, loaded)
        sample = Sample(cases, draws, seed)
        setting = prepare(loaded, transactions, sample, model=model, on_progress=show)
        words.value = "Evaluating policies …"
        panel = open_panel(setting, in_force)
        find = work_out_answer if has_visitors else look_up_answer
        answer = find(in_force, setting)
        panel = panel.answered(answer) if answer else panel
        panel.mean_curves()  # so that the first move is as quick as any
        log = setting.customers.transactions if setting.customers else transactions

        def prepare_anew(values: Mapping[str, float | str], on_progress: Progress) -> Setting:
            # what had to be lowered besides was said when they were read
            return prepare(loaded.changed_by(values)[0], transactions, sample, model=model, on_progress=on_progress)

        before = scenario_before(scenario)

        def prepare_before(values: Mapping[str, float | str], on_progress: Progress) -> Setting:
            assert before is not None
            return prepare(before.changed_by(values)[0], log, sample, model=model, on_progress=on_progress)

        asked = origin or Origin(
            *(str(scenario), str(policy), str(cases), draws, seed),
            transactions=None if transactions is None else "orders.csv",
            model=None if model == "bg-nbd" else model,
            is_log_named=transactions is None,
        )
        place = None if folder is None else Path(folder)
        return Workbench(panel, place, prepare_anew, prepare_before if before else None, has_visitors, asked)
    finally:
        progress.close()
