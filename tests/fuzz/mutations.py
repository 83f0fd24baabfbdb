"""Mutations: what people, programs and accidents make of a good file.

In: plain data, bytes or text that a reader takes, a random generator. Out: the same with something changed.
Left to others: which reader takes it (`readers`), counting what comes of it (`fuzz`).
"""

from __future__ import annotations

import copy
import json
import random
from datetime import date
from typing import Any

import yaml

#: Values that stand where another was meant.
VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2, -0.0, 0.001, 25.005, 1e-320, 1e17, 1e20, 1e300, 1e308, -1e308,
    float("inf"), float("-inf"), float("nan"), 2**31, 2**53 + 1, 2**63 - 1, 2**64, 10**400, -(10**400),
    "", " ", "x", "1", "1e400", "1e-320", "inf", "nan", "²", "٣", "--5", "0x1F", "1_000", "1,5", "9" * 400, "a" * 300,
    "ask", "no_limit", "current", "agent", "manager", "wrong_item", "online_retail", "..", "/", "/dev/zero", "\x00",
    "a\nb", "a\tb", "\x1b[31mred", "\u202eabc", "\ud800", "\ufffe", "😀", "é", "=1+1", "@x", "'", '"', "%s", "{}",
    "a.b.c",
    "2026-02-31", "2026-12-01", "00/00/0000", "true", "null", "~", "<b>", "&amp;", "]]>", "$schema",
    [], {}, [[]], [None], {"": None}, {"x": {}}, [1, 2], ["a", "b"], {"name": "x"}, [[[[[[[[1]]]]]]]], date(2026,
    12, 1),
    {str(k): k for k in range(300)}, list(range(500)), ["a"] * 500,
)  # fmt: skip

#: Pieces of text that mean something to YAML, JSON, CSV or XML.
TOKENS = (
    "!!bool x", "!!timestamp x", '!!int ""', "!!float ''", "!!binary ====", "!!binary aGk=", "!!set {a, b}",
    "!!omap [a: 1]",
    "!!pairs [a: 1]", "!!null x", "!!str", "!!seq a", "!!map a", "!!merge x", "! x", "!x", "!<x>",
    "!!python/object:os.x {}",
    "&a", "*a", "&a [*a]", "<<: *a", "<<: [1]", "<<: 3", "? [1]\n: 2", "? {a: 1}\n: 2", "---", "...", "%YAML 9.9",
    "- ",
    "[" * 40, "{" * 40, ": ", "|", ">", "'", '"', "#", "@", "`", "\t", "\r", "\n", "\r\n", "\x00", "\x1b[2J",
    "\ufeff", "\u2028",
    ",", ";", ",,,,,,", "\n\n\n", "1e999", "-1e999", "1.0e+999", ".inf", "-.inf", ".nan", "NaN", "Infinity",
    "0o17", "1:30",
    "0b1", "12:30:45", "2001-12-14t21:59:43.10-05:00", "9" * 400, "9" * 5000, "0." + "0" * 400 + "1", "<![CDATA[",
    "]]>", "<!DOCTYPE x>",
    "<!ENTITY x 'y'>", "&#0;", "&#x1b;", "&x;", "<a/>", "</a>", "<?xml?>", "\\u0000", "\\ud800", '\\"', "\\",
    "sep=;\n",
)  # fmt: skip

#: What is written where an option wants a number or a word.
OPTION_VALUES = (
    "", " ", "0", "-0", "-1", "--5", "+5", "1", "2", "7", "1.5", "1e3", "1e20", "1e-320", "1e309", "-1e309", "inf",
    "-inf", "nan",
    "NaN", "²", "٣", "½", "1_0", "1,000", "1.000,5", "0x10", "1e", "e1", ".", "-", "5/week", "5/month", "/year",
    "1e300/year",
    "9" * 30, "9" * 400, "9" * 5000, "a" * 300, "a\nb", "\x1b[31m", "\x00", "\ud800", "😀", "=", "=1", "a=b=c", ",",
    ",,", "..", "/",
    "true", "None", "null", "current", "agent.refund", "agent.refund.x", "shop.cases_per_year", "shop.cases_per_year=",
    "shop.cases_per_year=1e13", "shop.cases_per_year=0", "shop.cases_per_year=-1", "queue.staff=2.5",
    "queue.staff=1e12",
    "response.paradox=1e-320", "response.paradox=inf", "shop.margin_share=2", "shop.discount_rate_per_year=0",
    "shop=1",
    "local:0", "local:²", "local:" + "9" * 400, "slurm:jobs=1,cores=1,memory=1GB", "pbs:jobs=²,cores=1,memory=1GB",
    "tcp://",
)  # fmt: skip


def places_of(content: Any) -> list[tuple[Any, ...]]:
    """Return the path of every part of plain data, the whole first."""
    places: list[tuple[Any, ...]] = []
    waiting: list[tuple[tuple[Any, ...], Any]] = [((), content)]
    while waiting:
        place, part = waiting.pop()
        places.append(place)
        inner = part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ()
        waiting += [((*place, key), value) for key, value in inner]
    return places


def at(content: Any, place: tuple[Any, ...]) -> Any:
    for key in place:
        content = content[key]
    return content


def mutated_data(content: Any, rng: random.Random) -> Any:
    """Return plain data with one to three parts replaced, taken away, doubled, renamed or wrapped."""
    content = copy.deepcopy(content)
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        place = rng.choice(places_of(content))
        if not place:
            if rng.random() < 0.05:
                return rng.choice(VALUES)
            continue
        holder, key = at(content, place[:-1]), place[-1]
        kind = rng.randrange(6)
        if kind <= 2:
            holder[key] = copy.deepcopy(rng.choice(VALUES))
        elif kind == 3:
            del holder[key]
        elif isinstance(holder, list):
            holder.insert(rng.randrange(len(holder) + 1), copy.deepcopy(holder[key]))
        elif kind == 4:
            new = rng.choice(VALUES)
            holder["x" if isinstance(new, dict | list | date) or rng.random() < 0.5 else new] = holder.pop(key)
        else:
            holder[key] = [holder[key]] if rng.random() < 0.5 else {"x": holder[key]}
    return content


def mutated_text(text: str, rng: random.Random) -> str:
    """Return text with pieces put in, cut out, doubled or moved."""
    for _ in range(rng.choice((1, 1, 2, 4))):
        start = rng.randrange(len(text) + 1)
        end = min(len(text), start + rng.choice((0, 1, 3, 10, 100)))
        kind = rng.randrange(5)
        if kind <= 1:
            text = text[:start] + rng.choice(TOKENS) + text[end:]
        elif kind == 2:
            text = text[:start] + text[end:]
        elif kind == 3:
            text = text[:end] + text[start:end] * rng.choice((1, 2, 30)) + text[end:]
        else:
            text = text[:start] if rng.random() < 0.3 else text[:start] + str(rng.choice(VALUES)) + text[end:]
    return text


def mutated_bytes(data: bytes, rng: random.Random) -> bytes:
    """Return bytes with some of them changed, cut out or put in."""
    changed = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 5, 20))):
        if not changed:
            break
        start = rng.randrange(len(changed))
        kind = rng.randrange(4)
        if kind <= 1:
            changed[start] = rng.choice((0, 1, 9, 10, 34, 44, 59, 127, 128, 254, 255, rng.randrange(256)))
        elif kind == 2:
            del changed[start : start + rng.choice((1, 4, 64, 4096))]
        else:
            changed[start:start] = rng.randbytes(rng.choice((1, 4, 64)))
    return bytes(changed) if rng.random() < 0.9 else bytes(changed[: rng.randrange(len(changed) + 1)])


def as_file(content: Any, rng: random.Random, kinds: tuple[str, ...]) -> tuple[str, bytes]:
    """Write mutated plain data as YAML or JSON, sometimes with the text or bytes changed too; return the ending."""
    ending = rng.choice(kinds)
    changed = mutated_data(content, rng) if rng.random() < 0.75 else content
    try:
        if ending == "yaml":
            text = yaml.safe_dump(changed, sort_keys=False, allow_unicode=rng.random() < 0.5)
        else:
            text = json.dumps(changed, default=str)
    except (TypeError, ValueError, yaml.YAMLError):
        text = str(changed)
    if changed is content or rng.random() < 0.1:
        text = mutated_text(text, rng)
    data = text.encode("utf-8", "surrogatepass")
    return ending, mutated_bytes(data, rng) if rng.random() < 0.05 else data


def mutated_table(rows: list[dict[str, Any]], rng: random.Random) -> list[dict[str, Any]]:
    """Return the rows of a table with cells, columns or rows changed."""
    rows = copy.deepcopy(rows)
    for _ in range(rng.choice((1, 1, 2, 4))):
        names = list(rows[0]) if rows else []
        if not names:
            return rows
        name, kind = rng.choice(names), rng.randrange(6)
        if kind <= 2:
            rng.choice(rows)[name] = copy.deepcopy(rng.choice(VALUES))
        elif kind == 3:
            value = copy.deepcopy(rng.choice(VALUES))
            for row in rows:
                row[name] = value
        elif kind == 4:
            for row in rows:
                row.pop(name, None)
        else:
            new = rng.choice(("x", "", "a\nb", "failure ", "case", "suspicion", "9" * 300, "order_date"))
            for row in rows:
                row[new] = row.get(name)
    return rows
