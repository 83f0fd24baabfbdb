"""Widget: the live panel in a notebook or in the application.

In: a `Panel`. Out: a widget that answers what the screen asks. The screen holds the curve of each limit, so that
dragging reads it in the browser; the kernel brings the rest up to date right after, the most urgent first.
Left to others: what the numbers are (`state`), which words go with them (`frame`), how they look (`page/`).
"""

from __future__ import annotations

import tempfile
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import anywidget
import numpy as np
import traitlets
from IPython.display import display
from ipywidgets import HTML, IntProgress, VBox

from policy_sim.assumptions import load_scenario
from policy_sim.border import InputError, Progress
from policy_sim.clv import Transactions
from policy_sim.policy import ASK, Lever, Policy, load_policy
from policy_sim.publish import import_policy
from policy_sim.show.live.before import WAITING, before_words, scenario_before
from policy_sim.show.live.frame import frame_content, general_limits, lever_rows, preset_rows
from policy_sim.show.live.guidance import playbook_content
from policy_sim.show.live.script import script_of
from policy_sim.show.live.state import CurveView, Panel, limit_number, open_panel
from policy_sim.show.live.worker import PriorityWorker
from policy_sim.study import Sample, Setting, prepare

__all__ = ["Workbench", "curve_message", "open_workbench"]

_HERE = Path(__file__).parent
_MOST_SEEN = 100  # curves that are kept for when somebody goes back
_NOTICEABLE_SECONDS = 0.25  # between two words on how far something is

# priorities: what is in hand before what is beside it, what is beside it before what takes long
_VIEW, _MEANS, _IN_HAND, _CASE, _NEAR, _FAR = range(6)
# how much work gives way to the moves of all visitors: how sure a curve is, and searches and studies
_BESIDE, _BEHIND = 5, 10
_RECOMMEND, _RULES, _GAP, _FRONTIER, _BREAK_EVENS = range(5)


class Workbench(anywidget.AnyWidget):
    """The panel on screen; `panel` is its state.

    The screen asks by messages, each answered by one or more: `show` (limits, baseline, limit in hand) by view, curves
    in the mean, the same again with how sure they are, and break-evens, `take` (limit in hand) by its curve first,
    `study`, `find_rules`, `rules`, `case`, `assumptions`, `assume`, `cancel`, `review`, `export`, `load`.
    """

    _esm = script_of("panel.js") + 'export default modules["panel.js"];\n'
    _css = _HERE / "workbench.css"

    frame = traitlets.Dict().tag(sync=True)

    def __init__(
        self,
        panel: Panel,
        folder: Path | None = None,
        prepare: Callable[[Mapping[str, float], Progress], Setting] | None = None,
        prepare_before: Callable[[Mapping[str, float], Progress], Setting] | None = None,
    ) -> None:
        """Begin with a panel.

        Parameters
        ----------
        panel
            What to show first.
        folder
            Where exports are written; `out` where not given.
        prepare
            Makes the setting anew with some assumptions changed (by name), and reports its progress.
        prepare_before
            Does the same by the assumptions from before some were measured here; not given where none were.
        """
        self.panel = panel
        self.folder = folder or Path("out")
        self._prepare, self._prepare_before = prepare, prepare_before
        self._assumed: dict[str, float] = {}
        self._before: tuple[dict[str, float], Setting] | None = None  # what was assumed then, and what came of it
        self._lock = threading.RLock()
        self._hand = panel.levers[0]
        self._fresh: set[Lever] = set()
        self._weighed = ""  # the order for which break-evens have been told
        self._seen: OrderedDict[tuple[str, ...], tuple[dict[str, Any], list[bytes]]] = OrderedDict()
        self._quick = PriorityWorker(self._tell_problem)
        self._beside = PriorityWorker(self._tell_problem, _BESIDE)
        self._slow = PriorityWorker(self._tell_problem, _BEHIND)
        super().__init__(frame=frame_content(panel))
        self.on_msg(self._answer)

    def wait(self) -> None:
        """Wait until everything that was asked for is there."""
        for worker in (self._quick, self._beside, self._slow, self._quick, self._beside, self._slow):
            worker.wait()

    def _answer(self, _: object, message: Mapping[str, Any], __: object) -> None:
        answers: dict[str, Callable[[Mapping[str, Any]], None]] = {
            "show": self._show,
            "take": self._take,
            "study": self._study,
            "find_rules": lambda asked: self._slow.add(_RECOMMEND, "rules", partial(self._tell_found, asked)),
            "rules": self._look_at_rules,
            "case": lambda asked: self._quick.add(_CASE, "case", lambda check: self._tell_case(asked)),
            "assumptions": self._assumptions,
            "assume": self._assume,
            "cancel": self._cancel,
            "review": lambda asked: self._quick.add(_IN_HAND, "review", self._tell_review),
            "export": lambda asked: self._quick.add(
                _IN_HAND, "export", partial(self._tell_exported, [str(name) for name in asked["formats"]])
            ),
            "load": self._load,
        }
        if message.get("ask") not in answers:
            return
        self.send({"kind": "heard", "order": message.get("order", "")})
        try:
            answers[message["ask"]](message)
        except (InputError, ValueError, TypeError, KeyError) as error:
            self._tell_problem(error, str(message.get("order", "")))

    def _change(self, change: Callable[[Panel], Panel]) -> Panel:
        with self._lock:
            self.panel = change(self.panel)
            return self.panel

    def _show(self, asked: Mapping[str, Any]) -> None:
        limits, order = _limits(asked["limits"]), str(asked["order"])
        wanted = self._policy_of(asked["baseline"])
        with self._lock:
            before = self.panel
            panel = self._change(lambda panel: _with_rules(panel.with_limits(limits), asked))
            self._hand = Lever(*asked["hand"])
            for worker in (self._quick, self._beside, self._slow):
                worker.drop("policy")
            self._slow.drop("guidance")
            moved = {lever for lever in panel.levers if _limit(panel, lever) != _limit(before, lever)}
            is_guided_otherwise = panel.policy.playbook != before.policy.playbook
            if wanted != panel.baseline.policy or len(moved) > 1 or is_guided_otherwise:
                self._fresh = set()
            elif moved:
                self._fresh &= moved  # a limit's own curve does not depend on where it stands
        self._quick.add(_VIEW, "policy", partial(self._tell_view, wanted, order))
        self._quick.add(_MEANS, "policy", partial(self._tell_means, order))

    def _take(self, asked: Mapping[str, Any]) -> None:
        self._hand = Lever(*asked["hand"])
        if self._hand not in self._fresh:
            self._beside.add(_IN_HAND, "policy", partial(self._tell_curve, self._hand, str(asked["order"])))

    def _cancel(self, asked: Mapping[str, Any]) -> None:
        self._drop_what_takes_long()

    def _drop_what_takes_long(self) -> None:
        for about in ("assume", "study", "policy", "before", "rules", "guidance"):
            self._slow.drop(about)
        self.send({"kind": "found", "preset": ""})  # a search that waits has not begun to say anything

    def _study(self, asked: Mapping[str, Any]) -> None:
        """Find the recommended policy and the frontier, once for a setting."""
        self._slow.add(_RECOMMEND, "ahead", lambda check: self.panel.kept.look_ahead(self.panel.policy, check))
        self._slow.add(_RECOMMEND, "study", self._tell_recommended)
        self._slow.add(_FRONTIER, "study", self._tell_frontier)

    def _policy_of(self, baseline: Mapping[str, Any]) -> Policy:
        """Return the policy that the screen compares with: a preset by name, or limits of its own."""
        if "preset" in baseline:
            return next(policy for policy in self.panel.presets if policy.name == baseline["preset"])
        pinned = self.panel.with_limits(_limits(baseline["limits"])).with_rules(baseline.get("playbook")).policy
        return pinned.model_copy(update={"name": "pinned", "title": "A"})

    def _tell_view(self, baseline: Policy, order: str, check: Callable[[], None]) -> None:
        compared = self.panel.against(baseline).baseline
        with self._lock:
            check()
            panel = self._change(lambda panel: replace(panel, baseline=compared))
        view = panel.view()
        check()
        self.send({"kind": "view", "order": order, **view})
        effect = panel.effect()
        check()
        self.send({"kind": "effect", "order": order, "effect": effect})

    def _tell_means(self, order: str, check: Callable[[], None]) -> None:
        """Tell every curve that has changed, in the mean where no more is known; how sure each is comes after that."""
        panel = self.panel
        stale = [lever for lever in panel.levers if lever not in self._fresh]
        known = [lever for lever in stale if self._key(panel, lever) in self._seen]
        for lever in known:
            self._tell_curve(lever, order, check)
        if len(known) < len(stale):
            means = panel.mean_curves()
            check()
            for lever in stale:
                if lever not in known:
                    content, buffers = curve_message(means[lever])
                    self.send({"kind": "curve", "order": order, **content}, buffers)
        with self._lock:
            check()
            for lever in stale:
                if lever not in known:
                    priority = _IN_HAND if lever == self._hand else _NEAR if lever.tier == self._hand.tier else _FAR
                    self._beside.add(priority, "policy", partial(self._tell_curve, lever, order))
            self._beside.add(_FAR, "policy", partial(self._tell_settled, order))

    def _tell_curve(self, lever: Lever, order: str, check: Callable[[], None]) -> None:
        """Tell a curve with how sure it is."""
        if lever in self._fresh:
            return
        panel = self.panel
        key = self._key(panel, lever)
        with self._lock:
            known = self._seen.get(key)
        content, buffers = known or curve_message(panel.curve(lever, lambda words, done, of: check()))
        with self._lock:
            self._seen[key] = content, buffers
            self._seen.move_to_end(key)
            if len(self._seen) > _MOST_SEEN:
                self._seen.popitem(last=False)
        with self._lock:
            check()
            self._fresh.add(lever)
        self.send({"kind": "curve", "order": order, **content}, buffers)

    @staticmethod
    def _key(panel: Panel, lever: Lever) -> tuple[str, ...]:
        """Return what a curve hangs on: not on where its limit stands, so that going back costs nothing."""
        others = panel.policy.with_limit(lever, ASK).model_dump_json()
        return str(lever), others, panel.baseline.policy.model_dump_json(), panel.setting.scenario.fingerprint

    def _tell_settled(self, order: str, check: Callable[[], None]) -> None:
        self.send({"kind": "settled", "order": order})
        with self._lock:
            check()
            # not before: it would take the processors from what the person at the screen waits for
            self._slow.add(_BREAK_EVENS, "policy", partial(self._tell_break_evens, order))

    def _tell_case(self, asked: Mapping[str, Any]) -> None:
        self.send({"kind": "case", "facts": asked["facts"], **self.panel.case(asked["facts"])})

    def _tell_break_evens(self, order: str, check: Callable[[], None]) -> None:
        with _Telling(self, "Asking what would change our mind", check) as on_progress:
            rows = self.panel.break_evens(on_progress)
        self._weighed = order
        self.send({"kind": "break_evens", "order": order, "rows": rows})

    def _tell_recommended(self, check: Callable[[], None]) -> None:
        with _Telling(self, "Searching the best limits", check) as on_progress:
            recommended = self.panel.with_recommended(on_progress)
        panel = self._change(lambda panel: replace(panel, presets=recommended.presets))
        rows = {"presets": preset_rows(panel), "points": panel.points(), "levers": lever_rows(panel)}
        self.send({"kind": "presets", **rows})

    def _tell_found(self, asked: Mapping[str, Any], check: Callable[[], None]) -> None:
        try:
            with _Telling(self, "Finding the rules", check) as on_progress:
                found = self.panel.with_best_rules(bool(asked["are_limits_best"]), on_progress)
            check()
        except BaseException:
            self.send({"kind": "found", "preset": ""})
            raise
        panel = self._change(lambda panel: replace(panel, presets=found.presets))
        rows = {"presets": preset_rows(panel), "points": panel.points(), "levers": lever_rows(panel)}
        self.send({"kind": "presets", **rows})
        self.send({"kind": "found", "preset": found.presets[-1].name})

    def _look_at_rules(self, asked: Mapping[str, Any]) -> None:
        """Say what each rule brings, and what is left to gain, of the policy in hand."""
        order = str(asked["order"])
        self._slow.drop("guidance")
        # whoever looks at rules waits for these, not for what would change our mind
        self._slow.drop("policy")
        self._slow.add(_RULES, "guidance", partial(self._tell_rules, order))
        self._slow.add(_GAP, "guidance", partial(self._tell_gap, order))
        if self._weighed != order:
            self._slow.add(_BREAK_EVENS, "policy", partial(self._tell_break_evens, order))

    def _tell_rules(self, order: str, check: Callable[[], None]) -> None:
        with _Telling(self, "Valuing each rule", check) as on_progress:
            content = self.panel.rules(on_progress)
        self.send({"kind": "rules", "order": order, **content})

    def _tell_gap(self, order: str, check: Callable[[], None]) -> None:
        with _Telling(self, "Splitting what is left to gain", check) as on_progress:
            content = self.panel.gap(on_progress)
        self.send({"kind": "gap", "order": order, **content})

    def _tell_frontier(self, check: Callable[[], None]) -> None:
        with _Telling(self, "Drawing the frontier", check) as on_progress:
            points = self.panel.frontier(on_progress)
        self.send({"kind": "frontier", "points": points})

    def _assumptions(self, asked: Mapping[str, Any]) -> None:
        prepare = self._prepare_before
        told = {"rows": self.panel.assumptions(), "trusts": self.panel.trusts(), "before": WAITING if prepare else ""}
        self.send({"kind": "assumptions", **told})
        if prepare is not None:
            self._slow.drop("before")
            self._slow.add(_RECOMMEND, "before", partial(self._tell_before, prepare))

    def _tell_before(
        self, prepare: Callable[[Mapping[str, float], Progress], Setting], check: Callable[[], None]
    ) -> None:
        panel, assumed = self.panel, self._assumed
        if self._before is None or self._before[0] != assumed:
            with _Telling(self, "Valuing by the assumptions before calibration", check) as on_progress:
                self._before = assumed, prepare(assumed, on_progress)
        check()
        self.send({"kind": "before", "words": before_words(panel, self._before[1])})

    def _assume(self, asked: Mapping[str, Any]) -> None:
        if self._prepare is None:
            raise InputError("this panel was opened without a way to change assumptions; use open_workbench")
        values = {str(name): float(value) for name, value in asked["values"].items()}
        self.panel.setting.scenario.with_values(values)  # says at once what does not fit
        self._drop_what_takes_long()
        self._slow.add(_RECOMMEND, "assume", partial(self._tell_assumed, values, self._prepare))

    def _tell_assumed(
        self,
        values: dict[str, float],
        prepare: Callable[[Mapping[str, float], Progress], Setting],
        check: Callable[[], None],
    ) -> None:
        with _Telling(self, "Valuing by the changed assumptions", check) as on_progress:

            def show(words: str, done: int, of: int) -> None:
                on_progress(words, done, of + 1)

            setting = prepare(values, show)
            check()
            with self._lock:
                for worker in (self._quick, self._beside):
                    worker.drop("policy")
                self._fresh = set()
                panel = self._change(lambda panel: panel.assuming(setting))
                self._assumed = values
        panel.mean_curves()  # so that the first move after this is as quick as any
        self.frame = frame_content(panel)
        self.send({"kind": "assumed", "values": values, "frame": self.frame, "rows": panel.assumptions()})

    def _tell_review(self, check: Callable[[], None]) -> None:
        self.send({"kind": "review", **self.panel.review()})

    def _tell_exported(self, formats: list[str], check: Callable[[], None]) -> None:
        with _Telling(self, "Writing", check):
            paths = self.panel.export(self.folder, formats)
        files = [path.name for path in paths]
        self.send(
            {"kind": "exported", "files": files, "place": str(self.folder)}, [path.read_bytes() for path in paths]
        )

    def _load(self, asked: Mapping[str, Any]) -> None:
        name = Path(str(asked["name"])).name
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / name
            path.write_text(str(asked["text"]), encoding="utf-8")
            policy = import_policy(path, self.panel.setting.scenario)
        loaded = self.panel.with_limits({tier.name: tier.limits for tier in policy.tiers[:-1]})
        limits, playbook = general_limits(loaded.policy, loaded), playbook_content(policy.playbook)
        self.send({"kind": "loaded", "limits": limits, "playbook": playbook, "name": name})

    def _tell_problem(self, error: Exception, order: str = "") -> None:
        words = str(error) if isinstance(error, InputError) else f"the calculation failed: {error!r}"
        self.send({"kind": "problem", "words": words, "order": order})


class _Telling:
    """Tells the screen how far something is and how long it will take, and that it is over."""

    def __init__(self, workbench: Workbench, words: str, check: Callable[[], None]) -> None:
        self.send, self.words, self.check = workbench.send, words, check
        self.began = self.last = time.monotonic()

    def __enter__(self) -> Progress:
        self._tell(0.0)
        return self._on_progress

    def __exit__(self, *_: object) -> None:
        self.send({"kind": "over", "words": self.words})

    def _on_progress(self, _: str, done: int, of: int) -> None:
        self.check()
        if time.monotonic() - self.last > _NOTICEABLE_SECONDS:
            self._tell(done / of)

    def _tell(self, share: float) -> None:
        self.last = time.monotonic()
        left = (self.last - self.began) * (1 - share) / share if share > 0 else None
        self.send({"kind": "busy", "words": self.words, "share": share, "left": left})


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
    words, bar = HTML("Starting"), IntProgress(description="")
    progress = VBox([words, bar])
    display(progress)  # type: ignore[no-untyped-call]

    def show(text: str, done: int, of: int) -> None:
        words.value, bar.max, bar.value = f"{text} …", of + 1, done

    try:
        loaded = load_scenario(scenario)
        in_force = load_policy(policy, loaded)
        sample = Sample(cases, draws, seed)
        setting = prepare(loaded, transactions, sample, on_progress=show)
        words.value = "Evaluating policies …"
        panel = open_panel(setting, in_force)
        panel.mean_curves()  # so that the first move is as quick as any
        log = setting.customers.transactions if setting.customers else transactions

        def prepare_anew(values: Mapping[str, float], on_progress: Progress) -> Setting:
            return prepare(loaded.with_values(values), log, sample, on_progress=on_progress)

        before = scenario_before(scenario)

        def prepare_before(values: Mapping[str, float], on_progress: Progress) -> Setting:
            assert before is not None
            return prepare(before.with_values(values), log, sample, on_progress=on_progress)

        return Workbench(panel, prepare=prepare_anew, prepare_before=prepare_before if before else None)
    finally:
        progress.close()


def curve_message(view: CurveView) -> tuple[dict[str, Any], list[bytes]]:
    """Return a curve as it goes to the screen: what describes it, and its arrays as raw float64 in the order named."""
    arrays = view.arrays
    buffers = [np.ascontiguousarray(values, dtype=np.float64).tobytes() for values in arrays.values()]
    return {**view.about, "arrays": list(arrays)}, buffers


def _limits(content: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, float]]:
    return {tier: {name: limit_number(value) for name, value in limits.items()} for tier, limits in content.items()}


def _with_rules(panel: Panel, asked: Mapping[str, Any]) -> Panel:
    """Return the panel with the playbook that was sent; where none was spoken of, with the one that it has."""
    return panel.with_rules(asked["playbook"]) if "playbook" in asked else panel


def _limit(panel: Panel, lever: Lever) -> float:
    return panel.policy.limit(lever.tier, lever.limit)
