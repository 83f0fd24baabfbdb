"""Share: the panel as one file that needs nothing else, neither a kernel nor a network.

In: a panel. Out: an HTML file. It holds the exact curve of every limit at every place where its slider can stand, and a
table of some cases with all that may be chosen for them: for several limits moved at once, the page works out the
difference from those. Left to others: drawing, and choosing from the table (`page/`).
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import zlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from policy_sim.border import InputError, write_whole
from policy_sim.policy import ASK, NO_LIMIT, LimitException, Policy, limit_content
from policy_sim.show.live.frame import frame_content, general_limits
from policy_sim.show.live.reproduce import Origin, origin_of, reproduce_content
from policy_sim.show.live.script import script_of
from policy_sim.show.live.state import SHOWN, SPEND, VALUE, Panel, limit_number
from policy_sim.show.wording import format_money
from policy_sim.value import ChoiceTable, choice_table, spread
from policy_sim.words import LIMITS, MEASURES, PARTS

__all__ = ["MOST_BYTES", "share"]

#: What a shared file may weigh.
MOST_BYTES = 1 << 20

Floats = NDArray[np.float64]

_HERE = Path(__file__).parent
_STEPS = 65_535
_MOST_CENTS = 2**31 - 1
_IN_TABLE = tuple(name for name in MEASURES if name in SHOWN)
_CASES = (1_500, 1_000, 700, 400, 200)  # in the table: as many as fit


def share(panel: Panel, path: str | Path, origin: Origin | None = None) -> Path:
    """Write the panel as it stands into one HTML file of less than `MOST_BYTES`.

    Parameters
    ----------
    panel
        Its policy is the one that is shared; it is compared with the policy in force.
    path
        Where to write; the folder is made where it is missing.
    origin
        What the panel was opened with, for whoever wants its figures again; what it says itself where not given.

    Raises
    ------
    InputError
        If the file would be too large even with few cases, or cannot be written.
    """
    path, panel = Path(path), panel.against(panel.approved)
    content = _content(panel)
    again = reproduce_content(panel, origin or origin_of(panel), lever=panel.first_hand)
    content["shared"] = {"reproduce": again, "months": panel.months(), "chain": panel.chain()}
    content["why"] = panel.chain(panel.answer.policy.name) if panel.answer else None
    content["curves"], arrays = _curves(panel)
    for cases in _CASES:
        table, own = _table(panel, min(cases, len(panel.payoffs.cases)))
        page = _page({**content, "table": table, **_words(panel, table, len(own["cell"]))}, {**arrays, **own})
        if len(page.encode()) < MOST_BYTES:
            write_whole(path, page)
            return path
    raise InputError(f"the shared file would be larger than {MOST_BYTES:,} bytes; show fewer limits ({path})")


def _content(panel: Panel) -> dict[str, Any]:
    shown = _with_the_same_rules(panel)
    return {
        "frame": {**frame_content(shown), "has_fixed_rules": True, "is_shared": True},
        "guidance": panel.rules() if panel.policy.playbook else None,
        "gap": panel.gap(),
        "view": panel.view(),
        "known": [_known(panel, policy) for policy in shown.presets],
        "frontier": panel.frontier(),
        "breakEvens": panel.break_evens(),
        "doubts": panel.doubts(),
        "cases": {story["name"]: panel.case({"story": story["name"]}) for story in panel.stories()},
    }


def _known(panel: Panel, policy: Policy) -> dict[str, Any]:
    """Return the limits of a policy that one may go to, and what they bring, exactly."""
    limits = general_limits(policy, panel)
    numbers = {tier: {name: limit_number(limit) for name, limit in these.items()} for tier, these in limits.items()}
    return {"limits": limits, "view": panel.with_limits(numbers).view()}


def _with_the_same_rules(panel: Panel) -> Panel:
    """Return the panel with those policies to go to that the file can work out, and the one in force."""
    rules = panel.policy.playbook
    fitting = (policy for policy in panel.presets if policy == panel.approved or policy.playbook == rules)
    return replace(panel, presets=tuple(fitting))


def _words(panel: Panel, table: Mapping[str, Any], cases: int) -> dict[str, str]:
    steps = zip(table["signs"], table["low"], table["high"], strict=True)
    step = sum(abs(sign) * (high - low) / _STEPS for sign, low, high in steps)
    finest = format_money(step, panel.policy.currency)
    return {
        "exactly": f"Exact, from all {len(panel.payoffs.cases):,} cases.",
        "roughly": f"Several limits moved: worked out from {cases:,} cases in this file, each to {finest} (less is no "
        "change); sampling alone makes that",
    }


def _curves(panel: Panel) -> tuple[list[dict[str, Any]], dict[str, NDArray[Any]]]:
    """Return every curve where its slider can stand: what describes it, and its arrays by name, seven figures each.

    Levels of seven figures are the change to the policy in force: what does not change is nothing, to the last digit.
    """
    contents: list[dict[str, Any]] = []
    arrays: dict[str, NDArray[Any]] = {}
    for lever, curve in panel.curves(panel.levers).items():
        view = curve.at(np.array([ASK, *panel.stops(lever), NO_LIMIT]))
        contents.append({**view.about, "arrays": list(view.arrays)})
        for name, values in view.arrays.items():
            # what is shown to the dollar a year is stored whole
            is_whole = name == "limits" or name.startswith((VALUE, SPEND))
            outcome = name.removesuffix("_level")
            base = 0.0 if is_whole or outcome == name else float(panel.baseline.per_case(outcome).mean())
            arrays[f"{lever}.{name}"] = values if is_whole else (values - base).astype(np.float32)
    return contents, arrays


def _table(panel: Panel, cases: int) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Return a table of some cases: what describes it, and its arrays by name; values in 65,536 steps."""
    policy, payoffs = panel.policy, panel.payoffs.take(spread(len(panel.payoffs.cases), cases))
    scenario = payoffs.scenario
    shown = [name for name in LIMITS if any(lever.limit == name for lever in panel.levers)]
    table = choice_table(policy, payoffs, shown)
    measures = [MEASURES.index(name) for name in _IN_TABLE]
    low, high = (ends.reshape(len(MEASURES), -1)[measures] for ends in _range_of(table))
    cells = [(failure, segment.name) for failure in scenario.failures for segment in scenario.segments]
    tiers = policy.tier_names[:-1]
    description = {
        "tiers": list(tiers),
        "names": shown,
        "measures": list(_IN_TABLE),
        "signs": [PARTS.get(name, 0.0) for name in _IN_TABLE],
        "styles": table.styles.tolist(),
        "cells": [f"{failure}, {segment}" for failure, segment in cells],
        "overrides": [[[_override(policy, tier, name, *cell) for name in shown] for cell in cells] for tier in tiers],
        "low": low[:, 0].tolist(),
        "high": high[:, 0].tolist(),
    }
    return description, {
        "start": table.start.astype(np.uint8),
        "cell": table.cell.astype(np.uint8),
        "offset": table.offset.astype(np.int32),
        "uses": table.uses[:, [LIMITS.index(name) for name in shown]].clip(-1, _MOST_CENTS).astype(np.int32),
        "rank": table.rank.astype(np.uint8),
        "value": _in_steps(table.value[:, measures], low, high),
        "last": _in_steps(table.last[measures], low, high),
    }


def _range_of(table: ChoiceTable) -> tuple[Floats, Floats]:
    everything = np.concatenate([np.moveaxis(table.value, 1, 0).reshape(len(MEASURES), -1), table.last], axis=1)
    return everything.min(axis=1, keepdims=True), everything.max(axis=1, keepdims=True)


def _in_steps(values: Floats, low: Floats, high: Floats) -> NDArray[np.uint16]:
    return np.rint((values - low) / np.maximum(high - low, 1e-12) * _STEPS).astype(np.uint16)


def _override(policy: Policy, tier: str, name: str, failure: str, segment: str) -> float | str | None:
    """Return the limit that an exception sets for a cell, none where the general limit holds."""
    rule = policy.rule_for(tier, name, failure, segment)
    return limit_content(rule.limits[name]) if isinstance(rule, LimitException) else None


def _page(content: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> str:
    directory, packed, at = [], [], 0
    for name, values in arrays.items():
        padding = -at % values.itemsize
        raw = np.ascontiguousarray(values).tobytes()
        directory.append({"name": name, "type": values.dtype.str[1:], "at": at + padding, "count": values.size})
        packed += [bytes(padding), raw]
        at += padding + len(raw)
    everything = {
        **content,
        "directory": directory,
        "packed": base64.b64encode(zlib.compress(b"".join(packed), 9)).decode(),
    }
    script = script_of("shared.js")
    style = (_HERE / "workbench.css").read_text(encoding="utf-8") + "body { margin: 0 }"
    title = html.escape(f"How far may agents go without asking? {content['frame']['scenario']}")
    policy = (
        f"default-src 'none'; script-src '{_digest(script)}'; style-src '{_digest(style)}'; img-src data: blob:; "
        "base-uri 'none'; form-action 'none'"
    )
    # no text can end the script element that holds it
    data = json.dumps(everything, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{html.escape(policy)}">\n'
        f'<meta name="viewport" content="width=device-width,initial-scale=1">\n<title>{title}</title>\n'
        f'<style>{style}</style>\n</head>\n<body>\n<main id="panel"></main>\n'
        f'<script type="application/json" id="content">{data}</script>\n<script type="module">{script}</script>\n'
        "</body>\n</html>\n"
    )


def _digest(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
