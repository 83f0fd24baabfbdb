"""Tables of replayed stories: which claims hold, money on both sides of each option, what asking costs.

In: replays. Out: tables for a terminal. Left to others: printing them (`cli`).
"""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from typing import Final

from rich.padding import Padding
from rich.table import Table

from policy_sim.policy import NO_LIMIT
from policy_sim.show.terminal.tables import new_table, prose
from policy_sim.show.wording import WAYS, format_limit, format_money, format_share, ways_words
from policy_sim.study import Replay
from policy_sim.study.stories import ENOUGH, KeepUntil
from policy_sim.words import LIMIT_KINDS

__all__ = ["of_stories", "of_story"]

#: Heads of tables of claims; the last is the future value of a customer for whom the claim holds.
_CLAIM_HEADS: Final = ("", "true in", "holds", "if worth")


def of_stories(replays: Sequence[Replay]) -> list[Table]:
    """Return the claims of all stories: in which share of the draws each is true, and whether it holds."""
    draws = len(replays[0].payoffs.draws)
    table = new_table(f"Stories, and in how many of {ways_words(draws)} their claims are true", _CLAIM_HEADS)
    for replay in replays:
        table.add_row(f"{replay.story.name}: {replay.story.title}", "", "", "", style="bold")
        _add_claims(table, replay)
    failing = sum(int((~replay.claims["holds"]).sum()) for replay in replays)
    count = sum(len(replay.claims) for replay in replays)
    verdict = f"{count - failing} of {count} claims hold: true in {format_share(ENOUGH)} of them or more."
    return [table, prose("", f"{verdict} The last column says for which future values of the customer they would.")]


def of_story(replay: Replay) -> list[Table]:
    """Return one story: what is told, money on both sides of each option, limits needed, cost of asking, claims."""
    story, currency = replay.story, replay.currency
    limits = ", ".join(
        f"{LIMIT_KINDS[name].title} {format_limit(limit, currency)}" for name, limit in replay.limits_needed.items()
    )
    worth = format_money(float(story.case["future_value"]), currency)
    claims = new_table(f"\nClaims (the customer's future value here: {worth})", _CLAIM_HEADS)
    _add_claims(claims, replay)
    keep = [] if replay.keep is None else [prose("\nKeep it or send it back", _keep_words(replay.keep, currency))]
    beyond = [prose("\nBeyond the best limits", story.beyond_limits)] if story.beyond_limits else []
    return [
        prose(f"{story.title} ({story.name}, {story.scenario})", story.told),
        *_options(replay),
        prose("\nLimits needed to give it unasked", limits),
        *beyond,
        _asking(replay),
        claims,
        *keep,
        prose("\nNot in the model", story.left_out),
    ]


def _options(replay: Replay) -> list[Table]:
    """Return what could have been done, what it brings to both sides, and how far it is ahead of what was given."""
    currency, rows = replay.currency, replay.to_frame().to_dict("records")
    options = new_table("\nWhat could have been done", ("", ""))
    sides = new_table(
        f"\nMoney on both sides, a mean of all {WAYS}",
        ("", "customer gets", "hours", "stays", "remedies", "time", "payoff"),
    )
    against = new_table("\nPayoff against given", ("", "mean", "likely", "ahead in"))
    for row in rows:
        name = str(row["option"]) + ("" if row["adequate"] else " *")
        options.add_row(name, f"{row['title']}: {row['remedies']}" if row["option"] == "best" else str(row["title"]))
        sides.add_row(
            name,
            format_money(row["worth"] - row["trouble"], currency),
            f"{row['hours']:,.0f}",
            format_share(row["chance_kept"]),
            *(format_money(row[column], currency) for column in ("remedy_cost", "labour", "payoff")),
        )
        if row["option"] != "given":
            low, high = (format_money(row[f"against_given_{end}"], currency, True) for end in ("low", "high"))
            mean, ahead = format_money(row["against_given"], currency, True), format_share(row["beats_given"])
            against.add_row(name, mean, f"{low} to {high}", ahead)
    is_adequate = all(row["adequate"] for row in rows)
    return [options, sides, prose("", _notes(replay, is_adequate)), against]


def _notes(replay: Replay, is_adequate: bool) -> str:
    """Say how to read the options; `is_adequate` is whether each of them gives what the customer must get."""
    notes = (
        "Gets: worth less trouble. Hours: from the failure until all is there. Time: of all who work on it. "
        f"Likely: 90% of {ways_words(len(replay.payoffs.draws))}."
    )
    unasked = float(replay.payoffs.cases.surfaces[0])
    if unasked < 1:
        notes += f" Only {format_share(unasked)} come by themselves: what is given on request reaches nobody else."
    if not is_adequate:
        notes += " *: less than the customer must get, there to measure by."
    return notes


def _asking(replay: Replay) -> Table:
    """Return what it costs to ask first for what was given."""
    currency = replay.currency
    table = new_table("\nWhat waiting for a yes does to what was given", ("", "hours", "payoff", "against", "likely"))
    for row in replay.cost_of_asking.to_dict("records"):
        is_first = row["tier"] == replay.payoffs.scenario.tiers[0]
        low, high = (format_money(row[f"against_agent_{end}"], currency, True) for end in ("low", "high"))
        table.add_row(
            f"{row['tier']} decides" + (" at once" if is_first else ""),
            f"{row['hours']:,.0f}",
            format_money(row["payoff"], currency),
            "" if is_first else format_money(row["against_agent"], currency, True),
            "" if is_first else f"{low} to {high}",
        )
    return table


def _keep_words(keep: KeepUntil, currency: str) -> str:
    """Say up to which item price keeping pays; past all prices that were tried it is not known how far."""
    limit, low, high = (
        f"past {format_limit(keep.prices[-1], currency)}" if price == NO_LIMIT else format_limit(round(price), currency)
        for price in (keep.limit, *keep.likely)
    )
    return f"Keeping beats sending back up to an item price of {limit} (likely: {low} to {high})."


def _add_claims(table: Table, replay: Replay) -> None:
    for claim in replay.claims.to_dict("records"):
        words = Padding(str(claim["says"]), (0, 0, 0, 2))
        verdict = "yes" if claim["holds"] else "NO"
        between = _worth_words(claim["holds_from"], claim["holds_to"], replay.currency)
        table.add_row(words, format_share(claim["share"]), verdict, between)


def _worth_words(low: float, high: float, currency: str) -> str:
    """Say for which future values of the customer (money) a claim holds."""
    if high == 0:
        return "none"
    least, most = (format_limit(round(value) if isfinite(value) else value, currency) for value in (low, high))
    if isfinite(high):
        return f"up to {most}" if low == 0 else f"{least} to {most}"
    return "any" if low == 0 else f"from {least}"
