"""Fuzzer: spoilt input to every reader, and what comes of it.

In: how many inputs, a seed. Out: counts by reader; for whatever is neither read nor refused in one line the reader, the
number of the input and where it came from. Left to others: the readers (`readers`), the spoiling (`mutations`).

    python tests/fuzz/fuzz.py --count 200000 --seed 1
    python tests/fuzz/fuzz.py --only "policy CSV" --seed 1 --first 1234 --count 1

The same seed makes the same inputs, whichever of them are run.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import traceback
import warnings
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from policy_sim.border import InputError

sys.path.insert(0, str(Path(__file__).parent))
from readers import READERS


def names_of(count: int, first: int = 0) -> Iterable[tuple[int, str]]:
    """Yield the number and the reader of each input: as often as its weight says, in turn."""
    wheel = [name for name, (_, weight) in READERS.items() for _ in range(weight)]
    random.Random(0).shuffle(wheel)
    for number in range(first, first + count):
        yield number, wheel[number % len(wheel)]


def outcome_of(name: str, number: int, seed: int, folder: Path) -> str:
    """Spoil one input and hand it to its reader: "read", "refused", or what went wrong and where."""
    rng = random.Random(f"{seed} {name} {number}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of results that are not whole, and the like
            READERS[name][0](folder, rng)
    except InputError as error:
        message = str(error)
        is_line = message.isprintable() or not set("\n\r\x1b\x00") & set(message)
        return "refused" if is_line and message.strip() and len(message) < 10_000 else f"not one line: {message[:80]!r}"
    except Exception as error:  # that is what is looked for
        frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "policy_sim" in frame.filename]
        last = frames[-1] if frames else traceback.extract_tb(error.__traceback__)[-1]
        where = f"{Path(last.filename).name}:{last.lineno} {last.name}"
        return f"{type(error).__name__} in {where}: {str(error)[:100]!r}"
    return "read"


def run(count: int, seed: int, first: int = 0, only: str | None = None) -> tuple[Counter[tuple[str, str]], list[str]]:
    """Return how many inputs each reader read, refused or did something else with, and all of the last kind.

    Ctrl-C ends it early, with what has come of it so far.
    """
    counts: Counter[tuple[str, str]] = Counter()
    unexpected: list[str] = []
    with tempfile.TemporaryDirectory() as place, suppress(KeyboardInterrupt):
        for number, name in names_of(count, first):
            chosen = only or name
            outcome = outcome_of(chosen, number, seed, Path(place))
            if outcome not in ("read", "refused"):
                unexpected.append(f"{outcome} (--only '{chosen}' --first {number} --count 1)")
                print(f"UNEXPECTED {unexpected[-1]}", flush=True)
                outcome = "unexpected"
            counts[chosen, outcome] += 1
            if (number + 1) % 5_000 == 0:
                print(f"{number + 1:,} inputs, {len(unexpected):,} unexpected", flush=True)
    return counts, unexpected


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--count", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--only", choices=list(READERS))
    words = parser.parse_args()
    counts, unexpected = run(words.count, words.seed, words.first, words.only)
    kinds = ("read", "refused", "unexpected")
    print(f"{'reader':24}{'inputs':>10}" + "".join(f"{kind:>12}" for kind in kinds))
    for name in (*READERS, "all"):
        row = [sum(n for (reader, kind), n in counts.items() if kind == of and name in (reader, "all")) for of in kinds]
        if sum(row):
            print(f"{name:24}{sum(row):10,}" + "".join(f"{n:12,}" for n in row))
    sys.exit(1 if unexpected else 0)


if __name__ == "__main__":
    main()
