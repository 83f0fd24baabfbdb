"""Numbers as people read them."""

import ast
import math
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import policy_sim
from policy_sim.show.wording import (
    format_limit,
    format_money,
    format_number,
    format_share,
    ways_words,
)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "$0.00"),
        (1.384, "$1.38"),
        (9.996, "$10.00"),
        (11.47, "$11.47"),
        (286.6, "$287"),
        (999.6, "$1.00k"),
        (-7431, "−$7.43k"),
        (63_400, "$63.4k"),
        (188_118, "$188k"),
        (999_600, "$1.00M"),
        (3_902_000, "$3.90M"),
        (2.5e9, "$2.50bn"),
    ],
)
def test_money_has_three_figures(value: float, text: str) -> None:
    assert format_money(value, "USD") == text


def test_signs_are_shown_where_a_change_is_meant() -> None:
    assert format_money(12.5, "EUR", signed=True) == "+€12.50"
    assert format_money(-0.001, "USD", signed=True) == "$0.00"
    assert format_money(5, "CHF") == "CHF 5.00"
    assert format_share(0.1274) == "12.7%"
    assert format_share(-0.073, signed=True) == "−7.3%"
    assert format_share(0.0001, signed=True) == "0%"
    assert format_share(0.55) == "55%"
    assert format_share(0.07, signed=True) == "+7%"
    assert format_share(1.0) == "100%"
    assert format_number(35_923.4) == "35,923"
    assert format_number(-0.25, signed=True) == "−0.2"


def test_limits_are_money_or_words() -> None:
    assert format_limit(25, "USD") == "$25"
    assert format_limit(11.47, "USD") == "$11.47"
    assert format_limit(1250, "USD") == "$1,250"
    assert format_limit(math.inf, "USD") == "no limit"
    assert format_limit(-math.inf, "USD") == "ask first"


def sentences(path: Path) -> Iterator[str]:
    """Yield the texts in a module that have a blank in them, but docstrings."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    silent = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        is_text = isinstance(node, ast.Constant) and isinstance(node.value, str)
        if is_text and id(node) not in silent and " " in str(node.value):
            yield str(node.value)


def test_draws_are_called_ways_the_assumptions_may_turn_out() -> None:
    assert ways_words(1_200) == "1,200 ways the assumptions may turn out"
    assert ways_words(1) == "1 way the assumptions may turn out"
    package = Path(policy_sim.__file__).parent
    for folder in ("show", "cli"):
        for path in (package / folder).rglob("*.py"):
            # what the page says is read by tests/plain_words; shape, key and option stay
            faults = [text for text in sentences(path) if re.search(r"(of|the|all|in|[0-9]|^) ?draws\b", text)]
            assert not faults, f"{path}: {faults}"
