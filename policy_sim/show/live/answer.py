"""Answer: what the page says first: what the limits should be, what that is worth, what it hangs on.

In: an `Answer` of the study; a setting. Out: sentences and numbers as plain data; the answer, worked out or as it was
kept. Left to others: the search (`study`), how it looks (`page/answer.js`).
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any

from platformdirs import user_cache_path
from pydantic import ValidationError

from policy_sim.border import Progress, write_whole
from policy_sim.policy import ASK, NO_LIMIT, Policy
from policy_sim.show.wording import NOT_TOLD_APART, TOO_FEW, format_limit, format_money
from policy_sim.study import Answer, Move, Setting, Worth, find_answer, provenance_of
from policy_sim.words import LIMIT_KINDS

__all__ = ["answer_content", "look_up_answer", "work_out_answer"]

_MOST_MOVES = 3
_WORTH_A_WORD = 0.05  # of what all limits that move are worth, each alone
_MOST_KEPT = 100  # the latest


def answer_content(answer: Answer) -> dict[str, Any]:
    """Return the answer as the page says it.

    preset: name of the recommended policy; sentence: what should be, and worth: what that brings, or that nothing can
    be told; change, low, high (money a year) and whether that is told apart; moves: the weightiest limits, each with
    tier, limit, what it is and should be in words, and what it is worth; others: how many more limits move.
    """
    currency, moves = answer.policy.currency, _weighty(answer.moves)
    return {
        "preset": answer.policy.name,
        "sentence": _sentence(moves, currency),
        "worth": _worth_words(answer.worth, currency) if moves else "",
        **_numbers(answer.worth),
        "moves": [
            {
                "tier": move.tier,
                "limit": move.limit,
                "title": LIMIT_KINDS[move.limit].title,
                "from": format_limit(move.in_force, currency),
                "to": _amount(move, currency),
                "worth": format_money(move.worth.change, currency, True),
                **_numbers(move.worth),
            }
            for move in moves
        ],
        "others": len(answer.moves) - len(moves),
    }


def look_up_answer(in_force: Policy, setting: Setting) -> Answer | None:
    """Return the answer as it was kept, None where it was not.

    It is kept under everything that it follows from: scenario, data, model of purchases, seed, how much was drawn, the
    policy in force, and the program itself.
    """
    with suppress(OSError, ValidationError, UnicodeDecodeError):
        return Answer.model_validate_json(_place(in_force, setting).read_bytes())
    return None


def work_out_answer(in_force: Policy, setting: Setting, on_progress: Progress | None = None) -> Answer:
    """Return the answer as it was kept, else search for it, and keep it where that can be written.

    Parameters
    ----------
    in_force
        The policy in force.
    on_progress
        Called as the search goes on, where there is one.
    """
    answer = look_up_answer(in_force, setting)
    if answer is None:
        answer = find_answer(in_force, setting.payoffs, on_progress)
        with suppress(OSError):
            _keep(answer, _place(in_force, setting))
    return answer


def _keep(answer: Answer, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, answer.model_dump_json())
    latest = sorted(path.parent.glob("*.json"), key=lambda kept: kept.stat().st_mtime, reverse=True)
    for old in latest[_MOST_KEPT:]:
        old.unlink(missing_ok=True)


def _place(in_force: Policy, setting: Setting) -> Path:
    """Return where an answer is kept: among what this user's programs keep and can do without."""
    parts = [
        _program(),
        setting.scenario.model_dump_json(),
        provenance_of(setting).model_dump_json(),
        "" if setting.customers is None else setting.customers.purchases.model,
        in_force.model_dump_json(),
    ]
    key = hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]
    return user_cache_path("policy_sim", appauthor=False) / "answers" / f"{key}.json"


@cache
def _program() -> str:
    """Return a digest of the program: another one may answer otherwise."""
    digest = hashlib.sha256()
    for module in sorted(Path(__file__).parents[2].rglob("*.py")):
        digest.update(module.read_bytes())
    return digest.hexdigest()


def _weighty(moves: Sequence[Move]) -> Sequence[Move]:
    """Return the limits of which the answer speaks: the weightiest, if they weigh anything."""
    least = _WORTH_A_WORD * sum(max(move.worth.change, 0.0) for move in moves)
    return [move for move in moves if move.worth.change > max(least, 0.0)][:_MOST_MOVES]


def _sentence(moves: Sequence[Move], currency: str) -> str:
    if not moves:
        return "The limits in force are as good as any that were found"
    tiers = sorted({move.tier: None for move in moves}, key=[move.tier for move in moves].index)
    ordered = sorted(moves, key=lambda move: tiers.index(move.tier))
    clauses = [_clause(tier, list(of_tier), currency) for tier, of_tier in groupby(ordered, lambda move: move.tier)]
    sentence = "; ".join(clauses)
    return sentence[:1].upper() + sentence[1:]


def _clause(tier: str, moves: Sequence[Move], currency: str) -> str:
    may = [_act(move, currency) for move in moves if move.best != ASK]
    asks = [LIMIT_KINDS[move.limit].sentence.removesuffix(" up to") for move in moves if move.best == ASK]
    parts = []
    if may:
        parts.append(f"may {_listed(may)} without asking")
    if asks:
        parts.append(f"ask before they {_listed(asks)}")
    return f"{tier}s {' and '.join(parts)}"


def _act(move: Move, currency: str) -> str:
    kind, amount = LIMIT_KINDS[move.limit], _amount(move, currency)
    if amount == format_limit(NO_LIMIT, currency):
        return f"{kind.sentence.removesuffix(' up to')} without limit"
    if amount == format_limit(move.best, currency) and kind.some_of_it:
        return kind.some_of_it.format(amount)
    return f"{kind.sentence} {amount}"


def _amount(move: Move, currency: str) -> str:
    """Return what a limit should be: where all that is higher is as good, from where on."""
    if move.best == ASK or move.high != NO_LIMIT or not math.isfinite(move.low):
        return format_limit(move.best, currency)
    step = 1 if move.low < 100 else 10.0 ** math.floor(math.log10(move.low)) / 20
    return f"about {format_limit(math.ceil(move.low / step) * step, currency)} or more"


def _listed(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def _worth_words(worth: Worth, currency: str) -> str:
    change, low, high = (format_money(value, currency) for value in (worth.change, worth.low, worth.high))
    if worth.too_few:
        return f"worth {change} a year, {TOO_FEW}"
    if not worth.told_apart:
        return f"{NOT_TOLD_APART} from those in force, {change} a year, likely {low} to {high}"
    return f"worth {change} a year, likely {low} to {high}"


def _numbers(worth: Worth) -> dict[str, Any]:
    ends = {name: end if math.isfinite(end) else None for name, end in (("low", worth.low), ("high", worth.high))}
    return {"change": worth.change, **ends, "is_told_apart": worth.told_apart}
