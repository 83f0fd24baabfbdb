"""Workbench: the live panel in a notebook.

In: a `Panel`. Out: a widget that holds the exact curves, so that dragging reads them in the browser; the kernel
refreshes the rest right after. Left to others: what the numbers are (`panel`), how they look (workbench.js and .css).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import anywidget
import numpy as np
import traitlets
from IPython.display import display
from ipywidgets import HTML, IntProgress, VBox

from policy_sim.assumptions import LIMITS, load_scenario
from policy_sim.border import InputError
from policy_sim.clv import Transactions
from policy_sim.policy import limit_content, load_policy
from policy_sim.show.panel import SHOWN, LeverView, Panel, limit_number, open_panel
from policy_sim.study import prepare_setting

__all__ = ["Workbench", "open_workbench"]

_HERE = Path(__file__).parent


class Workbench(anywidget.AnyWidget):
    """The panel on screen. `panel` is its state; `limits` is what the person set last."""

    _esm = _HERE / "workbench.js"
    _css = _HERE / "workbench.css"

    frame = traitlets.Dict().tag(sync=True)
    levers = traitlets.Dict().tag(sync=True)
    limits = traitlets.Dict().tag(sync=True)

    def __init__(self, panel: Panel, folder: Path | None = None) -> None:
        self.panel = panel
        self.folder = folder or Path("out")
        super().__init__(frame=_frame(panel), levers={view.name: _sent(view) for view in panel.levers()})
        self.limits = {name: limit_content(panel.policy.limit(panel.tier, name)) for name in LIMITS}
        self.observe(self._refresh, names="limits")
        self.on_msg(self._answer)

    def _refresh(self, change: Mapping[str, Any]) -> None:
        """Bring every curve but that of the limit that moved up to date: its own does not depend on where it stands."""
        before = self.panel.policy
        self.panel = self.panel.with_limits({name: limit_number(value) for name, value in change["new"].items()})
        moved = [
            name
            for name in LIMITS
            if before.limit(self.panel.tier, name) != self.panel.policy.limit(self.panel.tier, name)
        ]
        fresh = {name: self.levers[name] for name in LIMITS}
        for name in LIMITS:
            value = limit_content(self.panel.policy.limit(self.panel.tier, name))
            fresh[name] = {**fresh[name], "value": value} if moved == [name] else _sent(self.panel.lever(name))
        self.levers = fresh

    def _answer(self, _: object, message: Mapping[str, Any], __: object) -> None:
        if message.get("ask") != "export":
            return
        try:
            path, text = self.panel.export(self.folder)
            self.send({"exported": path.name, "place": str(path), "text": text})
        except InputError as error:
            self.send({"problem": str(error)})


def open_workbench(
    scenario: str | Path = "online_retail",
    transactions: Transactions | None = None,
    policy: str | Path = "current",
    cases: int = 20_000,
    draws: int = 200,
    seed: int = 0,
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

    Raises
    ------
    InputError
        If a file or a number does not fit.
    """
    steps = ("Reading transactions", "Fitting customer models", "Drawing cases", "Valuing", "Policies", "Curves")
    words, bar = HTML("Starting"), IntProgress(max=len(steps), description="")
    progress = VBox([words, bar])
    display(progress)  # type: ignore[no-untyped-call]

    def on_step(text: str) -> None:
        words.value, bar.value = f"{text} …", bar.value + 1

    try:
        loaded = load_scenario(scenario)
        in_force = load_policy(policy, loaded)
        setting = prepare_setting(loaded, transactions, cases, draws, seed, on_step)
        on_step("Evaluating policies")
        panel = open_panel(setting, in_force)
        on_step("Drawing exact curves")
        return Workbench(panel)
    finally:
        progress.close()


def _frame(panel: Panel) -> dict[str, object]:
    scenario, policy = panel.setting.scenario, panel.policy
    return {
        "scenario": scenario.title,
        "baseline": panel.baseline.policy.title,
        "tier": panel.tier,
        "next_tier": policy.tier_names[1],
        "currency": policy.currency,
        "cases_per_year": scenario.value("shop.cases_per_year"),
        "cases": len(panel.setting.payoffs.cases),
        "draws": len(panel.setting.payoffs.draws),
        "fingerprint": scenario.fingerprint,
        "order": list(LIMITS),
        "points": panel.points(),
        "base": {name: float(panel.baseline.per_case(name).mean()) for name in SHOWN},
    }


def _sent(view: LeverView) -> dict[str, object]:
    """Return a lever as it goes to the browser: limits as in files, curves as raw float64."""
    shown = {name: limit_content(getattr(view, name)) for name in ("value", "baseline", "best", "lowest", "highest")}
    curves = {
        f"{name}_{kind}": np.ascontiguousarray(values[name]).tobytes()
        for kind, values in (("level", view.level), ("low", view.low), ("high", view.high))
        for name in SHOWN
    }
    return {"name": view.name, "title": view.title, **shown, "limits": view.limits.tobytes(), **curves}
