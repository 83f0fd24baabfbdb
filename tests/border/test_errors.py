"""Messages are one line that any terminal can show, whatever a name holds."""

import ast
import re
from pathlib import Path

import pytest

from policy_sim.border import InputError, errors, nearest, one_line, unknown


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("a\nb", r"a\nb"),
        ("a\r\nb", r"a\r\nb"),
        ("\x1b[2Jred\x07", r"\x1b[2Jred\x07"),
        ("\x9b31m", r"\x9b31m"),
        ("\u202egpj.exe", r"\u202egpj.exe"),
        ("a\u2028b", r"a\u2028b"),
        ("\udcff.csv", r"\udcff.csv"),
        ("Größe 😀 日本", "Größe 😀 日本"),
        ("a\u00a0b", "a\u00a0b"),
    ],
)
def test_names_are_shown_escaped(name, shown):
    assert one_line(name) == shown
    assert str(InputError(f"file '{name}' is odd")) == f"file '{shown}' is odd"


def test_long_words_and_lines_are_cut():
    message = str(InputError(f"limit '{'9' * 400}' is too large (p.yaml)"))
    assert "(400 characters)" in message
    assert message.endswith("is too large (p.yaml)")
    assert len(message) < 250
    assert len(str(InputError("word " * 100_000))) < 10_000


def test_thousands_of_names_are_neither_compared_nor_listed():
    names = [f"name_{k}" for k in range(50_000)]
    message = str(unknown("failure", "nmae_7", names))
    assert "and 49,800 more" in message
    assert nearest("x" * 10_000, names) == ""
    assert nearest("abc", ["y" * 10_000, "abcd"]) == " (did you mean 'abcd'?)"


#: In the panel, which has its own ways of saying what to do: they stand beside the field that is wrong.
SAID_BY_THE_PANEL = {
    "There is no assumption",
    "cannot be listened on:",
    "the calculation failed:",
}


def texts_of_errors():
    """Yield where an error of input is raised, and the words that stand there, without what is put into them."""
    package = Path(errors.__file__).parents[1]
    for path in sorted(package.rglob("*.py")):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not (isinstance(call, ast.Call) and getattr(call.func, "id", "") == "InputError" and call.args):
                continue
            if isinstance(call.args[0], ast.Constant | ast.JoinedStr | ast.BinOp):
                parts = [part.value for part in ast.walk(call.args[0]) if isinstance(part, ast.Constant)]
                text = "".join(part for part in parts if isinstance(part, str))
                yield f"{path.relative_to(package)}:{call.lineno}", text


def test_every_error_names_the_next_step():
    """What was expected, or after a semicolon what to do. What only passes on another's words has few of its own."""
    said = dict(texts_of_errors())
    assert len(said) > 400
    without = {
        where: text
        for where, text in said.items()
        if not ("; " in text or "expected" in text or len(re.findall(r"[a-z]{2,}", text)) < 3)
    }
    assert {where: text for where, text in without.items() if text.strip(" '") not in SAID_BY_THE_PANEL} == {}
