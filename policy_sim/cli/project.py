"""Projects: what stands in a folder of one's own to begin with, and how it gets there.

In: answers to a few questions. Out: a folder with a log of orders, a scenario, a policy, cases and a notebook, written
whole or not at all. Left to others: asking (`starting`), what a scenario holds (`skeletons`).
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from policy_sim.assumptions import Scenario

__all__ = ["Project", "check_empty", "lay_out"]

#: Prices of example cases, in the currency of the scenario.
_EXAMPLE_PRICES = (42.5, 19.99, 88, 31.2, 120, 64, 15.5)
_FUTURE_VALUE = 120


@dataclass(frozen=True)
class Project:
    """What a project begins with.

    Attributes
    ----------
    name
        What it is called, in files: small letters, digits and underscores.
    extends
        The scenario that its own extends, as it is to stand in the file.
    base
        The same, as it was read.
    currency
        Of all amounts.
    orders, log, mapping
        Own files that are copied: a log of orders, a log of cases, and what the columns of the orders mean; None where
        an example stands in.
    """

    name: str
    extends: str
    base: Scenario
    currency: str
    orders: Path | None = None
    log: Path | None = None
    mapping: Path | None = None

    @property
    def names(self) -> dict[str, str]:
        """The names of its files, by what they are."""
        names = {
            "scenario": "scenario.yaml",
            "policy": "policy.yaml",
            "notebook": "explore.ipynb",
            "about": "README.md",
        }
        names |= {"orders": f"orders{_ending(self.orders)}", "log": f"cases{_ending(self.log)}"}
        return names | ({"mapping": "mapping.yaml"} if self.mapping else {})


def check_empty(folder: Path) -> None:
    """See that a project may be laid out in a folder.

    Raises
    ------
    InputError
        If something is there already, or nothing can be written.
    """
    from policy_sim.border import InputError, check_place

    try:
        first = next(iter(sorted(folder.iterdir())), None) if folder.is_dir() else None
    except OSError as error:
        raise InputError(f"'{folder}' cannot be looked into: {error.strerror}; name another folder") from None
    if first is not None:
        raise InputError(
            f"'{folder}' is not empty (it holds '{first.name}'); name a folder that is empty, or a new one"
        )
    check_place(folder / "scenario.yaml")


def lay_out(project: Project, folder: Path) -> None:
    """Write a project into a folder: all of it is made beside, then put in place.

    Raises
    ------
    InputError
        If nothing can be written there, or one of the files is none.
    """
    from policy_sim.border import InputError

    texts = _texts(project)
    copies = {"orders": project.orders, "log": project.log, "mapping": project.mapping}
    target = folder.absolute()
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name[:100]}.") as beside:
            whole = Path(beside) / "project"
            whole.mkdir()
            for what, text in texts.items():
                (whole / project.names[what]).write_text(text, encoding="utf-8", newline="\n")
            for what, source in copies.items():
                if source is not None:
                    shutil.copyfile(source, whole / project.names[what])
            if target.exists():  # an empty folder, which somebody may be in: it stays, and is filled
                for file in sorted(whole.iterdir()):
                    os.replace(file, target / file.name)
            else:
                os.replace(whole, target)
    except OSError as error:
        raise InputError(f"cannot write '{folder}': {error.strerror or error}; choose another place") from None


def _texts(project: Project) -> Mapping[str, str]:
    from policy_sim.skeletons import scenario_skeleton

    texts = {
        "scenario": scenario_skeleton(
            project.extends, project.name, currency=project.currency, has_own_numbers=True, base=project.base
        ),
        "policy": _policy(project),
        "notebook": _notebook(project),
        "about": _about(project),
    }
    if project.orders is None:
        texts["orders"] = _orders(project)
    if project.log is None:
        texts["log"] = _cases(project)
    return texts


def _orders(project: Project) -> str:
    """Return the sample of orders, at prices of the scenario's business."""
    from policy_sim.border import shipped

    with (shipped("data/cdnow") / "transactions.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    factor = project.base.value("shop.sample_price_factor")
    for row in rows:
        row["amount"] = f"{factor * float(row['amount']):.2f}"
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _policy(project: Project) -> str:
    """Return the policy in force that travels with the program, under the project's name and in its currency."""
    from policy_sim.border import shipped

    text = (shipped("data/policies") / "current.yaml").read_text(encoding="utf-8")
    text = re.sub(r"^name: .*$", f"name: {project.name}", text, count=1, flags=re.MULTILINE)
    text = re.sub(r"^currency: .*$", f"currency: {project.currency}", text, count=1, flags=re.MULTILINE)
    return (
        "# The policy in force: what each tier may give without asking, a number, ask, or no_limit. These are limits\n"
        f"# of a typical retailer, to be replaced by your own; amounts are in {project.currency}.\n{text}"
    )


def _cases(project: Project) -> str:
    lines = ["case,failure,item_price,future_value"]
    for number, failure in enumerate(project.base.failures):
        price = _EXAMPLE_PRICES[number % len(_EXAMPLE_PRICES)]
        lines.append(f"{1001 + number},{failure},{price:g},{_FUTURE_VALUE + 10 * number}")
    return "\n".join(lines) + "\n"


def _about(project: Project) -> str:
    from policy_sim.skeletons import title_of_name

    names = project.names
    orders = (
        "your log of orders, copied" if project.orders else "example orders (CDNOW, 1997-98): put your own in place"
    )
    log = "your log of cases, copied" if project.log else "example cases, one for each failure: put your own in place"
    read = f"--transactions {names['orders']}" + (f" --mapping {names['mapping']}" if project.mapping else "")
    rows = [
        (names["scenario"], f"extends {project.base.name}; numbers to be replaced by your own, each with its meaning"),
        (names["policy"], "the policy in force"),
        (names["orders"], orders),
        (names["log"], log),
        (names["notebook"], "the main job in a notebook"),
    ]
    table = "\n".join(f"| `{name}` | {words} |" for name, words in rows)
    common = f"--scenario {names['scenario']} --policy {names['policy']}"
    return f"""\
# {title_of_name(project.name)}

| file | what it is |
|---|---|
{table}

In this folder:

```sh
policy-sim scenario check {names["scenario"]}        # what is still to be replaced
policy-sim run {common} {read}
policy-sim run {common} --cases {names["log"]}      # the cases themselves instead of drawn ones
policy-sim app {common} {read}
```
"""


def _notebook(project: Project) -> str:
    names = project.names
    mapping = f', mapping="{names["mapping"]}"' if project.mapping else ""
    cells = [
        (
            "markdown",
            "# How far may our agents go without asking?\n\nThe scenario says what is assumed, the log who our "
            "customers are, the policy what is in force. Few cases and draws keep a first look quick: raise them for "
            "what you will rely on.",
        ),
        (
            "code",
            "import policy_sim as ps\n\n"
            f'scenario = ps.load_scenario("{names["scenario"]}")\n'
            f'log = ps.read_transactions("{names["orders"]}", currency=scenario.currency{mapping})\n'
            f'in_force = ps.load_policy("{names["policy"]}", scenario)\n'
            "setting = ps.prepare(scenario, log, ps.Sample(cases=2_000, draws=50, seed=0))",
        ),
        ("markdown", "## What the policy in force brings, per case and per year"),
        ("code", "now = ps.evaluate(in_force, setting.payoffs)\nnow.to_frame()"),
        ("markdown", "## The best limits, and what they are worth against it"),
        (
            "code",
            "best = ps.best_limits(in_force, setting.payoffs)\n"
            "gain = ps.compare(ps.evaluate(best.policy, setting.payoffs), now)\n"
            "gain.to_frame()",
        ),
        (
            "markdown",
            "**Next**: the live panel on the same files, in a cell of its own (it needs the extra `app`): `from "
            "policy_sim.show.live.widget import open_workbench`, then "
            f'`open_workbench("{names["scenario"]}", log, "{names["policy"]}")`.',
        ),
    ]
    return (
        json.dumps(
            {
                "cells": [_cell(number, kind, text) for number, (kind, text) in enumerate(cells)],
                "metadata": {
                    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
                    "language_info": {"name": "python"},
                },
                "nbformat": 4,
                "nbformat_minor": 5,
            },
            indent=1,
        )
        + "\n"
    )


def _cell(number: int, kind: str, text: str) -> dict[str, object]:
    cell: dict[str, object] = {
        "cell_type": kind,
        "id": f"cell-{number}",
        "metadata": {},
        "source": text.splitlines(keepends=True),
    }
    return cell | ({"execution_count": None, "outputs": []} if kind == "code" else {})


def _ending(path: Path | None) -> str:
    return ".csv" if path is None else "".join(path.suffixes[-2:] if path.suffix == ".gz" else [path.suffix]) or ".csv"
