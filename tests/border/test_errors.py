"""Messages are one line that any terminal can show, whatever a name holds."""

import pytest

from policy_sim.border import InputError, nearest, one_line, unknown


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
