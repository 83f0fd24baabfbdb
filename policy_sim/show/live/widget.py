"""Widget: the live panel in a notebook or in the application.

In: a `Panel`. Out: a widget that answers what the screen asks. The screen holds the curve of each limit, so that
dragging reads it in the browser; the kernel brings the rest up to date right after, the most urgent first.
Left to others: what the numbers are (`state`), which words go with them (`frame`), how they look (`page/`).
"""

from __future__ import annotations

import tempfile
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import anywidget
import numpy as np
import traitlets

from policy_sim.border import InputError, Progress, unknown
from policy_sim.policy import ASK, Lever, Policy
from policy_sim.publish import import_policy
from policy_sim.show.live.answer import answer_content, work_out_answer
from policy_sim.show.live.assuming import Readings, most_moving, read_assumed, what_fits, with_texts
from policy_sim.show.live.before import WAITING, before_words, change_words
from policy_sim.show.live.exports import Exports
from policy_sim.show.live.frame import frame_content, general_limits, lever_rows, preset_rows
from policy_sim.show.live.guidance import playbook_content
from policy_sim.show.live.reproduce import Origin, origin_of, reproduce_content
from policy_sim.show.live.script import script_of
from policy_sim.show.live.state import CurveView, Panel, limit_number
from policy_sim.show.live.telling import Telling as _Telling
from policy_sim.show.live.within_budget import budget_in
from policy_sim.show.live.worker import Cancelled, PriorityWorker
from policy_sim.study import Setting

__all__ = ["Workbench", "curve_message"]

_HERE = Path(__file__).parent
_MOST_SEEN = 100  # curves that are kept for when somebody goes back
_LONGEST_NAME = 200  # bytes of a file's

# what ranges of assumptions move, for those that are shown first
_OF_RECOMMENDED = "what the recommended limits bring over the policy in force"
_OF_IN_HAND = "what this policy brings over the one that it is compared with"

# priorities: what is in hand before what is beside it, what is beside it before what takes long
_VIEW, _MEANS, _IN_HAND, _CASE, _NEAR, _FAR = range(6)
# how much work gives way to the moves of all visitors: how sure a curve is, and searches and studies
_BESIDE, _BEHIND = 5, 10
_RECOMMEND, _RULES, _GAP, _FRONTIER, _BREAK_EVENS = range(5)


class Workbench(anywidget.AnyWidget):
    """The panel on screen; `panel` is its state.

    The screen asks by messages, each answered by one or more: `show` (limits, baseline, limit in hand) by view, curves
    in the mean, the same again with how sure they are, and break-evens, `take` (limit in hand) by its curve first,
    `study`, `find_rules`, `rules`, `case`, `assumptions`, `within_budget`, `read_assumed`, `assume`,
    `assume_what_fits`, `cancel`, `review`, `export`, `load`, `chain`, `months`, `reproduce`.
    """

    _esm = script_of("panel.js") + 'export default modules["panel.js"];\n'
    _css = _HERE / "workbench.css"

    frame = traitlets.Dict().tag(sync=True)

    def __init__(
        self,
        panel: Panel,
        folder: Path | None = Path("out"),
        prepare: Callable[[Mapping[str, float | str], Progress], Setting] | None = None,
        prepare_before: Callable[[Mapping[str, float | str], Progress], Setting] | None = None,
        has_visitors: bool = False,
        origin: Origin | None = None,
    ) -> None:
        """Begin with a panel.

        Parameters
        ----------
        panel
            What to show first.
        folder
            Where exports are written, besides being downloaded; None to download them only.
        prepare
            Makes the setting anew with some assumptions changed (by name), and reports its progress.
        prepare_before
            Does the same by the assumptions from before some were measured here; not given where none were.
        has_visitors
            Whether several people come to see it, by a token: each export gets a folder of its own, and a link says
            what it takes to open it.
        origin
            What the panel was opened with, for whoever wants its figures again; what it says itself where not given.
        """
        self.panel = panel
        self.origin = origin or origin_of(panel)
        self._exports, self._has_visitors = Exports(folder, are_apart=has_visitors), has_visitors
        self._prepare, self._prepare_before = prepare, prepare_before
        self._scenario = panel.setting.scenario  # as it was loaded, whatever is assumed since
        self._assumed: dict[str, float | str] = {}
        self._assumed_words = ""  # what came of the last change
        self._matter: dict[str, list[str]] = {}  # the assumptions that move most what a policy brings, by which one
        self._before: tuple[dict[str, float | str], Setting] | None = None  # what was assumed then, what came of it
        self._lock = threading.RLock()
        self._hand = panel.levers[0]
        self._fresh: set[Lever] = set()
        self._weighed = ""  # the order for which break-evens have been told
        self._seen: OrderedDict[tuple[str, ...], tuple[dict[str, Any], list[bytes]]] = OrderedDict()
        self._quick = PriorityWorker(self._tell_problem)
        self._beside = PriorityWorker(self._tell_problem, _BESIDE)
        self._slow = PriorityWorker(self._tell_problem, _BEHIND)
        super().__init__(frame=self._frame_of(panel))
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
            "within_budget": lambda asked: self._slow.add(_RECOMMEND, "budget", partial(self._tell_within, asked)),
            "case": self._case,
            "assumptions": self._assumptions,
            "read_assumed": self._read_assumed,
            "assume": self._assume,
            "assume_what_fits": self._assume_what_fits,
            "cancel": self._cancel,
            "review": lambda asked: self._quick.add(_IN_HAND, "review", self._tell_review),
            "export": lambda asked: self._quick.add(_IN_HAND, "export", partial(self._tell_exported, asked)),
            "load": self._load,
            "months": self._months,
            "chain": lambda asked: self._quick.add(_CASE, "chain", partial(self._tell_chain, asked)),
            "reproduce": lambda asked: self._quick.add(_IN_HAND, "reproduce", self._tell_reproduced),
        }
        if message.get("ask") not in answers:
            return
        self.send({"kind": "heard", "order": message.get("order", "")})
        try:
            answers[message["ask"]](message)
        except Exception as error:  # whatever a page sends, it is told what is wrong with it
            self._tell_problem(error, str(message.get("order", "")))

    def _frame_of(self, panel: Panel) -> dict[str, Any]:
        return {
            **frame_content(panel),
            "has_visitors": self._has_visitors,
            "is_writing": self._exports.folder is not None,
        }

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
            self._slow.drop("months")
            moved = {lever for lever in panel.levers if _limit(panel, lever) != _limit(before, lever)}
            is_guided_otherwise = panel.policy.playbook != before.policy.playbook
            if wanted != panel.baseline.policy or len(moved) > 1 or is_guided_otherwise:
                self._fresh = set()
            elif moved:
                self._fresh &= moved  # a limit's own curve does not depend on where it stands
        self._quick.add(_VIEW, "policy", self._by_order(order, partial(self._tell_view, wanted, order)))
        self._quick.add(_MEANS, "policy", partial(self._tell_means, order))

    def _take(self, asked: Mapping[str, Any]) -> None:
        self._hand = Lever(*asked["hand"])
        if self._hand not in self._fresh:
            self._beside.add(_IN_HAND, "policy", partial(self._tell_curves, [self._hand], str(asked["order"])))

    def _cancel(self, asked: Mapping[str, Any]) -> None:
        self._drop_what_takes_long()

    def _drop_what_takes_long(self) -> None:
        for about in ("assume", "study", "policy", "before", "rules", "budget", "guidance", "months"):
            self._slow.drop(about)
        for kind in ("found", "found_within"):  # a search that waits has not begun to say anything
            self.send({"kind": kind, "preset": ""})

    def _study(self, asked: Mapping[str, Any]) -> None:
        """Find the recommended policy, what could turn it, and the frontier, once for a setting."""
        self._slow.add(_RECOMMEND, "ahead", lambda check: self.panel.kept.look_ahead(self.panel.policy, check))
        if self.panel.answer is None:
            self._slow.add(_RECOMMEND, "study", self._tell_recommended)
        self._slow.add(_RULES, "study", self._tell_doubts)
        self._slow.add(_FRONTIER, "study", self._tell_frontier)

    def _policy_of(self, baseline: Mapping[str, Any]) -> Policy:
        """Return the policy that the screen compares with: a preset by name, or limits of its own."""
        if "preset" in baseline:
            named = [policy for policy in self.panel.presets if policy.name == baseline["preset"]]
            if not named:
                raise unknown("policy", baseline["preset"], [policy.name for policy in self.panel.presets])
            return named[0]
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
        unknown = [lever for lever in stale if self._key(panel, lever) not in self._seen]
        self._tell_curves([lever for lever in stale if lever not in unknown], order, check)
        if unknown:
            means = panel.mean_curves()
            check()
            for lever in unknown:
                content, buffers = curve_message(means[lever])
                self.send({"kind": "curve", "order": order, **content}, buffers)
        with self._lock:
            check()
            self._beside.add(_NEAR, "policy", partial(self._tell_curves, unknown, order))
            self._beside.add(_FAR, "policy", partial(self._tell_settled, order))

    def _tell_curves(self, levers: Sequence[Lever], order: str, check: Callable[[], None]) -> None:
        """Tell curves with how sure they are, that in hand first, but those that have been told."""
        panel = self.panel
        in_order = sorted(levers, key=lambda lever: lever != self._hand)
        keys = {lever: self._key(panel, lever) for lever in in_order if lever not in self._fresh}
        with self._lock:
            known = {lever: self._seen[key] for lever, key in keys.items() if key in self._seen}
        unknown = [lever for lever in keys if lever not in known]
        if unknown:
            curves = panel.curves(unknown, lambda words, done, of: check())
            known |= {lever: curve_message(curve) for lever, curve in curves.items()}
        for lever, key in keys.items():
            content, buffers = known[lever]
            with self._lock:
                self._seen[key] = content, buffers
                self._seen.move_to_end(key)
                if len(self._seen) > _MOST_SEEN:
                    self._seen.popitem(last=False)
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

    def _case(self, asked: Mapping[str, Any]) -> None:
        self._quick.drop("case")  # the one before is not waited for any more
        order = str(asked.get("order", ""))
        self._quick.add(_CASE, "case", self._by_order(order, partial(self._tell_case, asked, order)))

    def _by_order(self, order: str, work: Callable[[Callable[[], None]], None]) -> Callable[[Callable[[], None]], None]:
        """Return a piece of work whose problems are told as those of an order, which the screen waits for."""

        def told(check: Callable[[], None]) -> None:
            try:
                work(check)
            except Cancelled:
                raise
            except Exception as error:
                self._tell_problem(error, order)

        return told

    def _tell_case(self, asked: Mapping[str, Any], order: str, check: Callable[[], None]) -> None:
        content = self.panel.case(asked["facts"])
        check()
        self.send({"kind": "case", "order": order, "facts": asked["facts"], **content})

    def _tell_break_evens(self, order: str, check: Callable[[], None]) -> None:
        with _Telling(self, "Asking what would change our mind", check) as on_progress:
            rows = self.panel.break_evens(on_progress)
        self._matter[_OF_IN_HAND] = most_moving(rows)
        self._weighed = order
        self.send({"kind": "break_evens", "order": order, "rows": rows})

    def _tell_recommended(self, check: Callable[[], None]) -> None:
        with _Telling(self, "Searching the best limits", check) as on_progress:
            answer = work_out_answer(self.panel.approved, self.panel.setting, on_progress)
        panel = self._change(lambda panel: panel.answered(answer))
        self._tell_presets(panel)
        self.send({"kind": "answer", "answer": answer_content(answer)})

    def _tell_presets(self, panel: Panel) -> None:
        rows = {"presets": preset_rows(panel), "points": panel.points(), "levers": lever_rows(panel)}
        self.send({"kind": "presets", **rows})

    def _tell_within(self, asked: Mapping[str, Any], check: Callable[[], None]) -> None:
        def search(on_progress: Progress) -> Panel:
            budget = budget_in(asked)
            if budget is None:
                raise InputError("no budget is set; set one first")
            return self.panel.with_best_within(budget, on_progress)

        self._tell_search("found_within", "Searching the best limits within the budget", search, check)

    def _tell_found(self, asked: Mapping[str, Any], check: Callable[[], None]) -> None:
        def search(on_progress: Progress) -> Panel:
            return self.panel.with_best_rules(bool(asked["are_limits_best"]), on_progress)

        self._tell_search("found", "Finding the rules", search, check)

    def _tell_search(
        self, kind: str, words: str, search: Callable[[Progress], Panel], check: Callable[[], None]
    ) -> None:
        """Tell which policy a search has added as the last of those to go to; none where it was given up."""
        try:
            with _Telling(self, words, check) as on_progress:
                searched = search(on_progress)
            check()
        except BaseException:
            self.send({"kind": kind, "preset": ""})
            raise
        panel = self._change(lambda panel: replace(panel, presets=searched.presets))
        self._tell_presets(panel)
        self.send({"kind": kind, "preset": searched.presets[-1].name})

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

    def _months(self, asked: Mapping[str, Any]) -> None:
        """Say what the policy in hand costs month by month as it starts."""
        self._slow.drop("months")
        self._slow.drop("policy")  # whoever looks at months waits for these
        self._slow.add(_RULES, "months", partial(self._tell_months, str(asked["order"])))
        if self._weighed != asked["order"]:
            self._slow.add(_BREAK_EVENS, "policy", partial(self._tell_break_evens, str(asked["order"])))

    def _tell_months(self, order: str, check: Callable[[], None]) -> None:
        with _Telling(self, "Following customers month by month", check) as on_progress:
            content = self.panel.months(on_progress)
        self.send({"kind": "months", "order": order, **content})

    def _tell_doubts(self, check: Callable[[], None]) -> None:
        """Say what would turn the answer, whatever is in hand."""
        with _Telling(self, "Asking what would turn the answer", check) as on_progress:
            rows = self.panel.doubts(on_progress)
        self._matter[_OF_RECOMMENDED] = most_moving(rows)
        self.send({"kind": "doubts", "rows": rows})
        self.send({"kind": "matter", "matter": self._what_matters()})

    def _tell_frontier(self, check: Callable[[], None]) -> None:
        with _Telling(self, "Drawing the frontier", check) as on_progress:
            points = self.panel.frontier(on_progress)
        self.send({"kind": "frontier", "points": points})

    def _assumptions(self, asked: Mapping[str, Any]) -> None:
        prepare = self._prepare_before
        rows = with_texts(self.panel.assumptions(), self._scenario, self._assumed)
        about = {"trusts": self.panel.trusts(), "before": WAITING if prepare else "", "changed": self._assumed_words}
        self.send({"kind": "assumptions", "rows": rows, "matter": self._what_matters(), **about})
        if prepare is not None:
            self._slow.drop("before")
            self._slow.add(_RECOMMEND, "before", partial(self._tell_before, prepare))

    def _what_matters(self) -> dict[str, Any]:
        """Return the assumptions to show first, and of what their ranges move most; none where that is not known."""
        known = ({"of": of, "names": self._matter[of]} for of in (_OF_RECOMMENDED, _OF_IN_HAND) if self._matter.get(of))
        return next(known, {"of": "", "names": []})

    def _tell_before(
        self, prepare: Callable[[Mapping[str, float | str], Progress], Setting], check: Callable[[], None]
    ) -> None:
        panel, assumed = self.panel, self._assumed
        if self._before is None or self._before[0] != assumed:
            with _Telling(self, "Valuing by the assumptions before calibration", check) as on_progress:
                self._before = assumed, prepare(assumed, on_progress)
        check()
        self.send({"kind": "before", "words": before_words(panel, self._before[1])})

    def _read_assumed(self, asked: Mapping[str, Any]) -> None:
        readings = read_assumed(self._scenario, asked["values"])
        self.send({"kind": "readings", **readings.content, "is_taken": False, "is_refused": False})

    def _assume(self, asked: Mapping[str, Any]) -> None:
        if self._prepare is None:
            raise InputError("this panel was opened without a way to change assumptions; use open_workbench")
        readings = read_assumed(self._scenario, asked["values"])
        is_fit = readings.is_fit
        self.send({"kind": "readings", **readings.content, "is_taken": is_fit, "is_refused": not is_fit})
        if is_fit:
            self._drop_what_takes_long()
            self._slow.add(_RECOMMEND, "assume", partial(self._tell_assumed, readings, self._prepare))

    def _assume_what_fits(self, asked: Mapping[str, Any]) -> None:
        """Assume what a link says as far as it fits, and say what was left out and why."""
        fitting, left_out = what_fits(self._scenario, asked["values"])
        if left_out:
            self.send({"kind": "left_out", "parts": left_out})
        if fitting:
            self._assume({"values": fitting})
        else:
            self._study({})

    def _tell_assumed(
        self,
        readings: Readings,
        prepare: Callable[[Mapping[str, float | str], Progress], Setting],
        check: Callable[[], None],
    ) -> None:
        with _Telling(self, "Valuing by the changed assumptions", check) as on_progress:

            def show(words: str, done: int, of: int) -> None:
                on_progress(words, done, of + 1)

            setting = prepare(readings.assumed, show)
            check()
            with self._lock:
                for worker in (self._quick, self._beside):
                    worker.drop("policy")
                self._fresh = set()
                before = self.panel
                panel = self._change(lambda panel: panel.assuming(setting))
                self._assumed = readings.assumed
                self._matter = {}  # what mattered before may not now
            self._assumed_words = " ".join(filter(None, (change_words(before, panel), readings.content["remark"])))
        panel.mean_curves()  # so that the first move after this is as quick as any
        self.frame = self._frame_of(panel)
        told = {"values": readings.assumed, "words": self._assumed_words, "rows": panel.assumptions()}
        self.send({"kind": "assumed", "frame": self.frame, **told})

    def _tell_review(self, check: Callable[[], None]) -> None:
        with _Telling(self, "Counting cases that come out otherwise", check) as on_progress:
            review = self.panel.review(self._assumed, on_progress)
        self.send({"kind": "review", **review})

    def _tell_exported(self, asked: Mapping[str, Any], check: Callable[[], None]) -> None:
        formats, budget = [str(name) for name in asked["formats"]], budget_in(asked)
        with _Telling(self, "Writing", check):
            done = self._exports.write(self.panel, formats, budget)
        told = {"files": list(done.files), "place": done.place, "download": done.download}
        self.send({"kind": "exported", **told}, [done.content])

    def _tell_chain(self, asked: Mapping[str, Any], check: Callable[[], None]) -> None:
        preset = asked.get("preset")
        content = self.panel.chain(None if preset is None else str(preset))
        self.send({"kind": "chain", "outcome": str(asked["outcome"]), **content})

    def _tell_reproduced(self, check: Callable[[], None]) -> None:
        self.send({"kind": "reproduce", **reproduce_content(self.panel, self.origin, self._assumed, self._hand)})

    def _load(self, asked: Mapping[str, Any]) -> None:
        name, text = _plain_name(str(asked["name"])), str(asked["text"])
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / name
            path.write_bytes(text.encode("utf-8", "surrogatepass"))
            try:
                policy = import_policy(path, self.panel.setting.scenario)
            except InputError as error:  # about their file, not about where it lay here
                raise InputError(str(error).replace(str(path), name)) from None
        loaded = self.panel.with_limits({tier.name: tier.limits for tier in policy.tiers[:-1]})
        limits, playbook = general_limits(loaded.policy, loaded), playbook_content(policy.playbook)
        self.send({"kind": "loaded", "limits": limits, "playbook": playbook, "name": name})

    def _tell_problem(self, error: Exception, order: str = "") -> None:
        # of any error one line, no longer than a screen holds
        words = error if isinstance(error, InputError) else InputError(f"the calculation failed: {error!r}")
        self.send({"kind": "problem", "words": str(words), "order": order})


def curve_message(view: CurveView) -> tuple[dict[str, Any], list[bytes]]:
    """Return a curve as it goes to the screen: what describes it, and its arrays as raw float64 in the order named."""
    arrays = view.arrays
    buffers = [np.ascontiguousarray(values, dtype=np.float64).tobytes() for values in arrays.values()]
    return {**view.about, "arrays": list(arrays)}, buffers


def _limits(content: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, float]]:
    return {tier: {name: limit_number(value) for name, value in limits.items()} for tier, limits in content.items()}


def _plain_name(name: str) -> str:
    """Return the name of a file without its folders.

    Raises
    ------
    InputError
        If nothing is left that a file could be called.
    """
    plain = name.replace("\\", "/").rpartition("/")[2]
    if plain in ("", ".", "..") or len(plain.encode("utf-8", "replace")) > _LONGEST_NAME or not plain.isprintable():
        raise InputError(
            f"a file cannot be opened under the name '{name}'; give it one of letters and digits, such as policy.json"
        )
    return plain


def _with_rules(panel: Panel, asked: Mapping[str, Any]) -> Panel:
    """Return the panel with the playbook that was sent; where none was spoken of, with the one that it has."""
    return panel.with_rules(asked["playbook"]) if "playbook" in asked else panel


def _limit(panel: Panel, lever: Lever) -> float:
    return panel.policy.limit(lever.tier, lever.limit)
