"""Engines: what real rules engines answer when they execute a published file.

In: the bytes of a file, cases as names and numbers. Out: for each case the outputs of the table, or `None` where the
engine failed. Left to others: which cases (`conformity`), what the answers should be (`policy`).
"""

from __future__ import annotations

import json
import logging
import shutil
import subprocess
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from policy_sim.border import InputError, not_installed
from policy_sim.policy import GIVEN
from policy_sim.publish.table import OUTPUTS

__all__ = ["ENGINES", "Answer", "Case", "run_engine"]

Case = Mapping[str, Any]
Answer = Mapping[str, Any] | None

_NODE_SCRIPT = Path(__file__).parent / "templates" / "run_dmn.mjs"
_NODE_SECONDS = 120


def run_engine(engine: str, data: bytes, cases: Sequence[Case]) -> list[Answer]:
    """Execute a file with one of `ENGINES` on every case.

    Raises
    ------
    InputError
        If the engine is not installed, or refuses the file.
    """
    return ENGINES[engine](data, cases)


def _zen(data: bytes, cases: Sequence[Case]) -> list[Answer]:
    try:
        import zen
    except ImportError:
        raise not_installed("zen-engine", "engines") from None
    try:
        decision = zen.ZenEngine().create_decision(data.decode())
        decision.validate()
    except (RuntimeError, ValueError, TypeError) as error:
        raise InputError(
            f"zen-engine refuses the file: {str(error).splitlines()[0]}; export it anew "
            "(policy-sim export --format jdm)"
        ) from None
    answers: list[Answer] = []
    for case in cases:
        try:
            answers.append(_outputs(decision.evaluate(dict(case))["result"]))
        except RuntimeError:
            answers.append(None)
    return answers


def _py_dmn_rules(data: bytes, cases: Sequence[Case]) -> list[Answer]:
    with _hushed():
        try:
            import pyDMNrules
        except ImportError:
            raise not_installed("pyDMNrules", "conformity") from None
        engine = pyDMNrules.DMN()
        status = engine.useXML(data.decode())
        if "errors" in status:
            raise InputError(
                f"pyDMNrules refuses the file: {status['errors'][0]}; export it anew (policy-sim export --format dmn)"
            )
        answers: list[Answer] = []
        for case in cases:
            status, decided = engine.decide(dict(case))
            # a list where several rules were carried out, the last one last
            decided = decided[-1] if isinstance(decided, list) else decided
            answers.append(None if "errors" in status else _outputs(decided["Result"]))
    return answers


def _feelin(data: bytes, cases: Sequence[Case]) -> list[Answer]:
    node = shutil.which("node")
    if node is None:
        raise InputError("feelin needs Node, which is not installed; install it, or choose another engine")
    question = json.dumps({"xml": data.decode(), "cases": [dict(case) for case in cases]})
    try:
        # modules are looked for beside where the command was given
        script = _NODE_SCRIPT.read_text(encoding="utf-8")
        done = subprocess.run(
            [node, "--input-type=module", "-e", script],
            input=question, capture_output=True, text=True, timeout=_NODE_SECONDS, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise InputError(f"feelin took more than {_NODE_SECONDS} s; try fewer cases") from None
    if "ERR_MODULE_NOT_FOUND" in done.stderr:
        raise InputError("feelin is not installed here; install it with: npm install dmn-moddle @bpmn-io/feelin")
    if done.returncode:
        problem = next((line for line in done.stderr.splitlines() if "Error" in line), "it stopped without a word")
        raise InputError(f"feelin refuses the file: {problem}; export it anew (policy-sim export --format dmn)")
    return [_outputs(answer) for answer in json.loads(done.stdout)]


#: Engines by name: each takes a file and cases.
ENGINES: dict[str, Callable[[bytes, Sequence[Case]], list[Answer]]] = {
    "zen-engine": _zen,
    "pyDMNrules": _py_dmn_rules,
    "feelin": _feelin,
}


def _outputs(answer: Any) -> Answer:
    """Return the outputs of the tables from what an engine answered; None where one of the first is missing.

    A second table, which says what to give, is there if the policy has a playbook.
    """
    if not isinstance(answer, Mapping) or any(name not in answer for name in OUTPUTS):
        return None
    return {name: answer[name] for name in (*OUTPUTS, *GIVEN) if name in answer}


@contextmanager
def _hushed() -> Iterator[None]:
    """Keep an engine's log and warnings off the screen: what it says of a case is in its status."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)
