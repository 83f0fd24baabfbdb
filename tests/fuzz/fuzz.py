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


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--count", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--only", choices=list(READERS))
    words = parser.parse_args()
    counts: Counter[tuple[str, str]] = Counter()
    kinds: dict[str, list[str]] = {}
    with tempfile.TemporaryDirectory() as place:
        for number, name in names_of(words.count, words.first):
            chosen = words.only or name
            outcome = outcome_of(chosen, number, words.seed, Path(place))
            if outcome not in ("read", "refused"):
                key = outcome.split(": ")[0]
                kinds.setdefault(key, []).append(f"{chosen} {number}: {outcome}")
                if len(kinds[key]) == 1:
                    print(f"UNEXPECTED {chosen} --first {number}: {outcome}", flush=True)
                outcome = "unexpected"
            counts[chosen, outcome] += 1
            if (number + 1) % 5_000 == 0:
                print(f"{number + 1:,} inputs, {sum(map(len, kinds.values())):,} unexpected", flush=True)
    print(f"{'reader':24}{'inputs':>9}{'read':>9}{'refused':>9}{'unexpected':>12}")
    for name in [*READERS, "all"]:
        row = Counter({key[1]: n for key, n in counts.items() if key[0] == name})
        if name == "all":
            row = sum((Counter({key[1]: n}) for key, n in counts.items()), Counter())
        if row:
            print(f"{name:24}{row.total():9,}{row['read']:9,}{row['refused']:9,}{row['unexpected']:12,}")
    for key, examples in kinds.items():
        print(f"{len(examples):6,} {key}\n       {examples[0]}")
    sys.exit(1 if kinds else 0)


if __name__ == "__main__":
    main()
