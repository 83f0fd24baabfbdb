"""A small run of the fuzzer, the same every time: whatever is not read is refused in one line."""

import fuzz
import pytest
from readers import READERS


@pytest.mark.parametrize("name", READERS)
def test_spoilt_input_is_read_or_refused(name, tmp_path):
    slow = ("scenario", "story", "design", "option", "policy XLSX", "policy DMN")
    outcomes = [fuzz.outcome_of(name, number, 15, tmp_path) for number in range(8 if name in slow else 40)]
    assert set(outcomes) <= {"read", "refused"}, next(kind for kind in outcomes if kind not in ("read", "refused"))


def test_good_input_is_read(tmp_path, monkeypatch):
    """What the fuzzer spoils is good before: otherwise it would only show that nonsense is refused."""
    monkeypatch.setattr("mutations.mutated_data", lambda content, rng: content)
    monkeypatch.setattr("mutations.mutated_text", lambda text, rng: text)
    monkeypatch.setattr("mutations.mutated_bytes", lambda data, rng: data)
    monkeypatch.setattr("mutations.mutated_table", lambda rows, rng: rows)
    for name in READERS:
        # as some separators, casts and kinds of files are chosen at random, not every one has to be read
        outcomes = {fuzz.outcome_of(name, number, 1, tmp_path) for number in range(6)}
        assert "read" in outcomes, name


def test_the_same_seed_makes_the_same_inputs(tmp_path):
    first, again = ([fuzz.outcome_of("policy CSV", n, 3, tmp_path) for n in range(20)] for _ in range(2))
    assert first == again
