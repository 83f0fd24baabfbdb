"""Options: a group stands for its options, each with its own default, in one order everywhere."""

from __future__ import annotations

import inspect
import subprocess
import sys
from typing import Annotated

import pytest
import typer

from policy_sim.cli import COMMANDS
from policy_sim.cli.options import AsJson, LogReading, LogSource, PolicyInForce, Sample, ScenarioSource, with_groups

NINE_DRAWS = Sample(draws=9)
#: Options of groups, with what they must be wherever they stand.
SHARED = {
    "transactions": None,
    "customer_column": None,
    "date_column": None,
    "amount_column": None,
    "day_first": False,
    "model": "bg-nbd",
    "scenario": "online_retail",
    "assume": None,
}


def test_a_group_is_replaced_by_its_options_and_comes_back_filled() -> None:
    seen = {}

    def command(
        name: str, *, log: LogSource, sample: Sample = NINE_DRAWS, source: ScenarioSource, as_json: AsJson = False
    ) -> None:
        seen.update(name=name, log=log, sample=sample, source=source, as_json=as_json)

    flat = with_groups(command)
    assert list(inspect.signature(flat).parameters) == [
        "name", "transactions", "customer_column", "date_column", "amount_column", "status_column", "order_column",
        "mapping", "day_first", "count", "returns", "only_currency", "rates", "cases", "scenario", "model", "assume",
        "draws", "seed", "as_json",
    ]  # fmt: skip
    assert inspect.signature(flat).parameters["draws"].default == 9
    app = typer.Typer()
    app.command()(flat)
    app(["x", "--customer-column", "who", "--cases", "5", "--set", "a=1", "--set", "b=2"], standalone_mode=False)
    assert seen == {
        "name": "x",
        "log": LogSource(None, LogReading("who")),
        "sample": Sample("5", 9, 0),
        "source": ScenarioSource("online_retail", ["a=1", "b=2"]),
        "as_json": False,
    }


def test_options_of_the_command_itself_keep_their_place() -> None:
    def command(
        *,
        before: Annotated[int, typer.Option()] = 1,
        sample: Sample,
        policy: PolicyInForce = "current",
        source: ScenarioSource,
        after: Annotated[int, typer.Option()] = 2,
    ) -> None:
        """Do nothing."""

    names = list(inspect.signature(with_groups(command)).parameters)
    assert names == ["before", "cases", "policy", "scenario", "assume", "draws", "seed", "after"]


@pytest.mark.parametrize("name", COMMANDS)
def test_shared_options_are_the_same_in_every_command(name: str) -> None:
    command = with_groups(COMMANDS[name])
    assert command.__doc__
    for option, parameter in inspect.signature(command).parameters.items():
        if option in SHARED:
            assert parameter.default == SHARED[option]
        if option in ("cases", "draws", "seed"):
            assert isinstance(parameter.annotation.__metadata__[0], typer.models.ParameterInfo)


def test_help_loads_nothing_heavy() -> None:
    heavy = ("numpy", "pandas", "pydantic", "yaml", "scipy", "numba", "matplotlib", "rich.console")
    script = (
        "import sys; sys.argv = ['policy-sim', '--help']\n"
        "from policy_sim.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        f"sys.exit(str([name for name in {heavy} if name in sys.modules] or ''))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert "what-matters" in done.stdout
    assert done.stderr.strip() == ""


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (("run", "--nope"), "see policy-sim run --help"),
        (("scenario", "nope"), "see policy-sim scenario --help"),
        (("init",), "see policy-sim init --help"),
        (("nope",), "see policy-sim --help"),
    ],
)
def test_words_that_fit_no_command_name_the_help_that_says_more(run, words, wanted):
    status, out, said = run(*words)
    assert (status, out) == (2, "")
    assert said.endswith(f"; {wanted}\n")
    assert len(said.splitlines()) == 1
