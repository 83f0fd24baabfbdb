"""Reproduce: the screen as command lines and as lines of Python that give the same figures.

In: a panel, what it was opened with, what was assumed otherwise since. Out: blocks of text to copy. Left to others: how
they look (`page/reproduce_dialog.js`), how a screen is cited (`page/citing.js`).
"""

from __future__ import annotations

import json
import math
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from policy_sim.policy import ASK, NO_LIMIT, Lever, Policy, load_shipped_policies
from policy_sim.show.live.state import FRONTIER_CASES, FRONTIER_POINTS, Panel
from policy_sim.words import LIMITS

__all__ = ["Origin", "origin_of", "reproduce_content"]

#: Files of policies that are no files yet.
_IN_HAND, _BASELINE = "policy_in_hand.yaml", "compared_with.yaml"
_END = "END_OF_POLICY"
_COLUMNS = 'columns = ["outcome", "per_case", "per_year", "per_year_low", "per_year_high"]'
_TABLE = "[columns].to_string(index=False)"
_ABOUT = {
    "command": "Paste it into a terminal. Each line says how much is drawn, and from which seed.",
    "files": (
        "Paste it into a terminal. Its first lines save {} in the folder where you are; on Windows save what stands "
        "between the marks {} by hand."
    ),
    "python": "Paste it into a notebook or a file.",
    "unknown_log": "Put the path of your own log, read as you read it, in place of {}.",
}


@dataclass(frozen=True)
class Origin:
    """What a panel was opened with, in the words of the command line.

    Attributes
    ----------
    scenario, policy
        Names, or paths as they were given.
    cases, draws, seed
        How many cases were drawn from the log (or the file of real cases), draws of the assumptions, the seed.
    assumed
        Values that assumptions were given at the start, by name: numbers, or texts as `--set` takes them.
    transactions
        Path of the log as it was given, none for the sample that travels with the package.
    reading
        What `read_transactions` was told besides, by name.
    model
        Model of purchases, none where it is the usual one.
    is_log_named
        Whether `transactions` is a path that somebody gave; else it stands for a log that was read by hand.
    """

    scenario: str
    policy: str
    cases: str
    draws: int
    seed: int
    assumed: Mapping[str, float | str] = field(default_factory=dict)
    transactions: str | None = None
    reading: Mapping[str, Any] = field(default_factory=dict)
    model: str | None = None
    is_log_named: bool = True

    @property
    def is_drawn(self) -> bool:
        """Whether cases are drawn, not read from a file of real ones."""
        return self.cases.isdigit()


def origin_of(panel: Panel) -> Origin:
    """Return what a panel says of itself, where nobody has said what it was opened with."""
    setting = panel.setting
    cases, draws = len(setting.payoffs.cases), len(setting.payoffs.draws)
    return Origin(setting.scenario.name, panel.approved.name, str(cases), draws, setting.seed)


def reproduce_content(
    panel: Panel,
    origin: Origin,
    assumed: Mapping[str, float | str] | None = None,
    lever: Lever | None = None,
) -> dict[str, Any]:
    """Return what gives the figures of the screen again.

    Parameters
    ----------
    panel
        Policy in hand, baseline.
    origin
        What it was opened with.
    assumed
        What was assumed otherwise on screen, by name; texts are handed on as they are.
    lever
        The limit in hand, whose curve is on screen.

    Returns
    -------
    dict
        blocks: each with name, title, about (what to do with it) and text; notes: what is not quite the same, if any.
    """
    assumed = {**origin.assumed, **(assumed or {})}
    twice = [name for name in assumed if name in origin.assumed and origin.assumed[name] != assumed[name]]
    notes = [
        f"{name} was {origin.assumed[name]} at the start and was changed since; only what holds now is set, so its "
        "range may be narrower"
        for name in twice
    ]
    if len(panel.payoffs.cases) > FRONTIER_CASES:
        notes.append(
            f"The line of the best policies is searched on {FRONTIER_CASES:,} of the cases on screen, on all by "
            "the command: its policies may differ a little."
        )
    blocks = [_command_block(panel, origin, assumed, lever)]
    if origin.is_drawn or origin.transactions is None:
        blocks.append(_python_block(panel, origin, assumed, lever))
    else:
        notes.append("Real cases valued by a log of orders are read on the command line alone.")
    return {"blocks": blocks, "notes": notes}


def _command_block(
    panel: Panel, origin: Origin, assumed: Mapping[str, float | str], lever: Lever | None
) -> dict[str, Any]:
    files: dict[str, Policy] = {}
    mine = _argument(panel, panel.policy, origin, files, _IN_HAND)
    other = _argument(panel, panel.baseline.policy, origin, files, _BASELINE)
    options = " ".join(map(shlex.quote, _options(origin, assumed)))
    lines = [part for name, policy in files.items() for part in _saved(name, policy)]
    lines.append(f"policy-sim evaluate {shlex.quote(mine)} {options}")
    if mine != other:
        lines.append(f"policy-sim diff {shlex.quote(other)} {shlex.quote(mine)} {options}")
    if mine != other:
        lines.append(f"policy-sim break-evens {shlex.quote(mine)} --against {shlex.quote(other)} {options}")
        if _has_months(origin):
            lines.append(f"policy-sim months {shlex.quote(mine)} --against {shlex.quote(other)} {options}")
    lines.append(f"policy-sim frontier --points {FRONTIER_POINTS} --policy {shlex.quote(origin.policy)} {options}")
    if lever is not None:
        lines.append(f"policy-sim curve {lever.tier}.{lever.limit} --policy {shlex.quote(mine)} {options}")
    about = _ABOUT["files"].format(" and ".join(files), _END) if files else _ABOUT["command"]
    return _block("command", "Command line", about, origin, lines)


def _has_months(origin: Origin) -> bool:
    """Whether customers can be followed: by the usual model of purchases, from a log."""
    return origin.model is None and origin.is_drawn


def _python_block(
    panel: Panel, origin: Origin, assumed: Mapping[str, float | str], lever: Lever | None
) -> dict[str, Any]:
    program = _Program(panel, origin)
    mine, other = program.policy(panel.policy), program.policy(panel.baseline.policy)
    values = f".with_values({_literal(_numbered(assumed))})" if assumed else ""
    lines = [
        f"scenario = load_scenario({_literal(origin.scenario)}){values}",
        program.setting(),
        *program.lines,
        _COLUMNS,
        f"outcome = evaluate({mine}, setting.payoffs)",
        f"print(outcome.to_frame(){_TABLE})",
    ]
    if mine != other:
        lines += [
            f"difference = compare(outcome, evaluate({other}, setting.payoffs))",
            f"print(difference.to_frame(){_TABLE})",
        ]
        program.uses("compare")
    if lever is not None:
        program.uses("Lever", "threshold_curve")
        lines.append(f"print(threshold_curve(outcome, {_lever(lever)}).to_frame())")
    return _block("python", "Python", _ABOUT["python"], origin, [*program.imports(), "", *lines])


def _block(name: str, title: str, about: str, origin: Origin, lines: list[str]) -> dict[str, Any]:
    if not origin.is_log_named:
        about = f"{about} {_ABOUT['unknown_log'].format(origin.transactions)}"
    return {"name": name, "title": title, "about": about, "text": "\n".join(lines) + "\n"}


def _options(origin: Origin, assumed: Mapping[str, float | str]) -> list[str]:
    """Return the words of the command line that say what policies are compared in."""
    words: list[str] = []
    if origin.transactions is not None:
        words += ["--transactions", origin.transactions]
    for name, value in origin.reading.items():
        option = f"--{name.replace('_', '-')}"
        if value is True:
            words.append(option)
        else:
            words += [option, ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)]
    if origin.model is not None:
        words += ["--model", origin.model]
    words += ["--cases", origin.cases, "--draws", str(origin.draws), "--seed", str(origin.seed)]
    words += ["--scenario", origin.scenario]
    for name, value in assumed.items():
        words += ["--set", f"{name}={_figures(value)}"]
    return words


def _argument(panel: Panel, policy: Policy, origin: Origin, files: dict[str, Policy], name: str) -> str:
    """Return how a policy is named on the command line; one that is no file yet is put among those to save."""
    known = _known(panel, origin)
    for word, other in known.items():
        if _says_the_same(policy, other):
            return word
    for file, other in files.items():
        if _says_the_same(policy, other):
            return file
    files[name] = policy
    return name


def _known(panel: Panel, origin: Origin) -> dict[str, Policy]:
    """Return the policies that are files, by the words that name them."""
    shipped = load_shipped_policies(panel.setting.scenario, besides=panel.approved)
    return {origin.policy: panel.approved, **{policy.name: policy for policy in shipped}}


def _says_the_same(policy: Policy, other: Policy) -> bool:
    """Whether two policies decide every case alike by what they say, whatever they are called."""
    names = ("currency", "tiers", "exceptions", "guards", "playbook")
    return all(getattr(policy, name) == getattr(other, name) for name in names)


def _saved(name: str, policy: Policy) -> list[str]:
    """Return lines for a shell that save a policy as a file."""
    return [f"cat > {name} <<'{_END}'", _yaml(policy).rstrip("\n"), _END]


def _content(policy: Policy) -> dict[str, Any]:
    """Return a policy as it stands in files, without what is empty."""
    return {name: value for name, value in policy.content.items() if value not in (None, "", [])}


def _yaml(policy: Policy) -> str:
    text: str = yaml.safe_dump(
        _content(policy), sort_keys=False, allow_unicode=True, width=110, default_flow_style=None
    )
    return text


class _Program:
    """The lines of Python that make policies, and the names that all lines take from the package."""

    def __init__(self, panel: Panel, origin: Origin) -> None:
        self.panel, self.origin = panel, origin
        self.lines: list[str] = []
        self._made: list[tuple[str, Policy]] = []
        self._names: set[str] = {"evaluate", "load_scenario", "prepare", "Sample"}
        self._others: dict[str, str] = {}

    def uses(self, *names: str) -> None:
        """Note names that the lines take from the package."""
        self._names |= set(names)

    def imports(self) -> list[str]:
        """Return the lines that import what is used."""
        names = ", ".join(sorted(self._names, key=lambda name: (not name.isupper(), name[0].islower(), name)))
        return [
            f"from policy_sim import {names}",
            *(f"from {home} import {name}" for name, home in self._others.items()),
        ]

    def setting(self) -> str:
        """Return the line that prepares cases and draws."""
        origin = self.origin
        log = ""
        if not origin.is_drawn:
            self.uses("read_cases")
            log = f", read_cases({_literal(origin.cases)}, scenario)"
        elif origin.transactions is not None:
            self.uses("read_transactions")
            arguments = "".join(f", {name}={_literal(value)}" for name, value in origin.reading.items())
            log = f", read_transactions({_literal(origin.transactions)}, currency=scenario.currency{arguments})"
        cases = f"cases={origin.cases}, " if origin.is_drawn else ""
        model = f", model={_literal(origin.model)}" if origin.model is not None else ""
        sample = f"Sample({cases}draws={origin.draws}, seed={origin.seed})"
        return f"setting = prepare(scenario{log}, sample={sample}{model})"

    def policy(self, policy: Policy) -> str:
        """Return the name under which the lines hold a policy; they make it where none does so far."""
        for name, other in self._made:
            if _says_the_same(policy, other):
                return name
        name = "policy" if not self._made else "baseline"
        self.lines.append(f"{name} = {self._made_from(policy)}")
        self._made.append((name, policy))
        return name

    def _made_from(self, policy: Policy) -> str:
        self.uses("load_policy")
        for word, other in _known(self.panel, self.origin).items():
            if _says_the_same(policy, other):
                return f"load_policy({_literal(word)}, scenario)"
        start = self.panel.approved
        if any(getattr(policy, part) != getattr(start, part) for part in ("tier_names", "exceptions", "guards")):
            self.uses("Policy")
            return f"Policy.model_validate({_literal(_content(policy))})"
        text = f"load_policy({_literal(self.origin.policy)}, scenario)"
        for tier in policy.tier_names[:-1]:
            for limit in LIMITS:
                value = policy.limit(tier, limit)
                if value != start.limit(tier, limit):
                    self.uses("Lever")
                    text += f".with_limit({_lever(Lever(tier, limit))}, {self._limit(value)})"
        if policy.playbook != start.playbook:
            self._others["with_playbook"] = "policy_sim.value"
            playbook = "None"
            if policy.playbook is not None:
                self._others["Playbook"] = "policy_sim.policy"
                playbook = f"Playbook.model_validate({_literal(policy.content['playbook'])})"
            text = f"with_playbook({text}, {playbook})"
        return text

    def _limit(self, value: float) -> str:
        if math.isfinite(value):
            return _figures(value)
        name = {ASK: "ASK", NO_LIMIT: "NO_LIMIT"}[value]
        self.uses(name)
        return name


def _lever(lever: Lever) -> str:
    return f"Lever({_literal(lever.tier)}, {_literal(lever.limit)})"


def _figures(value: float | str) -> str:
    """Return a number in as few figures as hold it exactly; a text as it is."""
    if isinstance(value, str):
        return value
    return str(int(value)) if value == int(value) else repr(float(value))


def _numbered(values: Mapping[str, float | str]) -> dict[str, float | str]:
    """Return values with texts that are plain numbers as numbers, as the command line reads them."""

    def number(value: float | str) -> float | str:
        try:
            return float(value)
        except ValueError:
            return value

    return {name: number(value) for name, value in values.items()}


def _literal(value: object) -> str:
    """Return plain data as Python writes it, whole numbers without a point."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_literal(key)}: {_literal(held)}" for key, held in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_literal, value)) + "]"
    if isinstance(value, float):
        return _figures(value)
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)
