"""Card: one page for each tier, to be read at arm's length: what you may do, up to what, when to ask, what to say.

In: a policy, its scenario and provenance. Out: HTML for A4 and Letter, or PDF. Left to others: files (`files`), how it
looks (`templates/card.html`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from policy_sim.assumptions import Scenario
from policy_sim.border import InputError, unknown
from policy_sim.policy import ASK, NO_LIMIT, Guard, Policy, Provenance, seal_of
from policy_sim.publish.table import money_text
from policy_sim.words import LIMITS

__all__ = ["PAPERS", "framed", "pdf_problem", "render_card", "render_card_pdf"]

#: Paper that the card fits, by its name in CSS.
PAPERS = ("A4", "letter")

#: What a limit is called on the card, as something to do.
_ACTS = {
    "refund": "Money back",
    "credit": "Store credit",
    "keep_item": "Keep the item",
    "replacement": "Send a new one",
}

#: Prices of the worked cases before they are brought to the scenario's price level: those below which a quarter, half
#: and three quarters of the orders of the shipped sample lie.
_PRICES = (14.49, 25.99, 42.97)

_FACTS = {
    "suspicion": "The tool shows a risk score of {} or more.",
    "prior_claims": "This customer has {} or more claims in the last 12 months.",
    "prior_failures": "Things went wrong {} times or more before.",
    "item_price": "The item cost {} or more.",
    "days_since_purchase": "The order is {} days old or older.",
    "severity": "The harm is rated {} or more.",
}

_SAY = (
    "I am sorry this went wrong. Here is what I can do for you right now.",
    "You choose: which of these two helps you more?",
    "Is there anything else I can put right?",
)
_SAY_IF_ASKING = "This one is above what I can give. I will ask, and I will get back to you today."
_DO_NOT_SAY = (
    ("“The policy says …”", "Say what you can do."),
    ("“Sorry” a second time with nothing to give", "One sorry, then a remedy."),
    ("“You should have …”", "Nobody wins that talk."),
    ("“There is nothing I can do.”", "Find one thing that you can do."),
)


@dataclass(frozen=True)
class _Cell:
    """One limit as it stands on the card: words, and a kind for its look."""

    text: str
    kind: str


def render_card(policy: Policy, scenario: Scenario, provenance: Provenance | None = None, paper: str = "A4") -> str:
    """Return the card as HTML that needs nothing else: a page for each tier.

    Raises
    ------
    InputError
        If the paper is unknown.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined

    if paper not in PAPERS:
        raise unknown("paper", paper, PAPERS)
    environment = Environment(
        loader=PackageLoader("policy_sim.publish"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    came_from = provenance or Provenance()
    pages = [_page(policy, scenario, tier) for tier in policy.tier_names]
    return environment.get_template("card.html").render(
        policy=policy, provenance=came_from, pages=pages, paper=paper, acts=[_ACTS[name] for name in _acts(scenario)],
        do_not_say=_DO_NOT_SAY, sha256=seal_of(policy, came_from).sha256,
    )  # fmt: skip


def render_card_pdf(
    policy: Policy, scenario: Scenario, provenance: Provenance | None = None, paper: str = "A4"
) -> bytes:
    """Return the card as tagged PDF.

    Raises
    ------
    InputError
        If WeasyPrint is not installed, or lacks the libraries of the system that it draws with.
    """
    problem = pdf_problem()
    if problem:
        raise InputError(problem)
    from weasyprint import HTML

    html = render_card(policy, scenario, provenance, paper)
    written: bytes = HTML(string=html, url_fetcher=_nothing_from_outside).write_pdf(pdf_variant="pdf/ua-1")
    return written


def pdf_problem() -> str:
    """Return why no PDF can be made here, and how to mend that; empty where it can."""
    try:
        import weasyprint  # noqa: F401
    except ImportError:
        return (
            "a PDF needs WeasyPrint, which is not installed; install it with: pip install 'policy-sim[pdf]', or print "
            "the HTML card from a browser"
        )
    except OSError:
        return (
            "a PDF needs Pango, which WeasyPrint draws with and does not find here; install it (Debian: libpango-1.0-0 "
            "libpangoft2-1.0-0 libharfbuzz-subset0), or print the HTML card from a browser"
        )
    return ""


def framed(card: str, height: int = 900) -> str:
    """Return HTML that shows a card within another page, so that neither changes how the other looks.

    Parameters
    ----------
    card
        What `render_card` returned.
    height
        Of the frame, in pixels.
    """
    style = f"width: 100%; height: {height}px; border: 1px solid #777"
    return f'<div><iframe title="Agent card" sandbox style="{style}" srcdoc="{escape(card)}"></iframe></div>'


def _nothing_from_outside(url: str, *_: Any, **__: Any) -> Any:
    raise ValueError(f"the card fetches nothing, found {url}")


def _page(policy: Policy, scenario: Scenario, tier: str) -> dict[str, Any]:
    names = policy.tier_names
    next_tier = None if tier == names[-1] else names[names.index(tier) + 1]
    return {
        "tier": tier,
        "article": "an" if tier[0] in "aeiou" else "a",
        "next_tier": next_tier,
        "is_last": next_tier is None,
        "say": _SAY if next_tier is None else (*_SAY[:2], _SAY_IF_ASKING, _SAY[2]),
        "rows": _rows(policy, scenario, tier),
        "has_no_authority": _asks_for_everything(policy, scenario, tier),
        "together": _together(policy, tier),
        "guards": [_guard_sentence(guard, policy.currency) for guard in policy.guards if _catches(policy, guard, tier)],
        "handed_up": [guard for guard in policy.guards if _catches(policy, guard, tier)],
        "cases": _cases(policy, scenario, tier),
    }


def _catches(policy: Policy, guard: Guard, tier: str) -> bool:
    return policy.tier_names.index(guard.to) > policy.tier_names.index(tier)


def _asks_for_everything(policy: Policy, scenario: Scenario, tier: str) -> bool:
    return tier != policy.tier_names[-1] and all(
        policy.limit(tier, "total_cost", failure, segment.name) == ASK
        for failure in scenario.failures
        for segment in scenario.segments
    )


def _together(policy: Policy, tier: str) -> str | None:
    """Return what everything given may cost together, where there is one such limit for all cases."""
    if tier == policy.tier_names[-1]:
        return None
    limit = policy.tier(tier).limits["total_cost"]
    return None if limit in (ASK, NO_LIMIT) else f"{_money(limit)} {policy.currency}"


def _rows(policy: Policy, scenario: Scenario, tier: str) -> list[dict[str, Any]]:
    """Return a row for each failure, or for failures that are alike where there would be too many for one page."""
    rows: list[dict[str, Any]] = []
    for failure, described in scenario.failures.items():
        drawn = _draws_on(scenario, failure)
        alike: dict[tuple[_Cell, ...], list[str]] = {}
        for segment in scenario.segments:
            cells = tuple(_cell(policy, tier, name, failure, segment.name, name in drawn) for name in _acts(scenario))
            alike.setdefault(cells, []).append(segment.title)
        for cells, segments in alike.items():
            whom = "" if len(alike) == 1 else ", ".join(segments)
            rows.append({"failures": [described.title], "whom": whom, "cells": cells})
    if len(rows) <= 8:
        return rows
    merged: dict[tuple[object, ...], dict[str, Any]] = {}
    for row in rows:
        key = (row["whom"], row["cells"])
        there = merged.setdefault(key, {**row, "failures": []})
        there["failures"] = [*there["failures"], *row["failures"]]
    return list(merged.values())


def _acts(scenario: Scenario) -> list[str]:
    """Return the limits of the table: those that the remedies for any failure draw on."""
    drawn = {name for failure in scenario.failures for name in _draws_on(scenario, failure)}
    return [name for name in _ACTS if name in drawn]


def _draws_on(scenario: Scenario, failure: str) -> set[str]:
    """Return the limits that the remedies for a failure draw on."""
    home = {variant: name for name in scenario.remedies for variant in scenario.variants(name)}
    named = {
        home[variant]
        for alternatives in scenario.failures[failure].resolutions.values()
        for alternative in alternatives
        for variant in alternative
    }
    return {limit for name in named for limit in scenario.remedies[name].uses}


def _cell(policy: Policy, tier: str, name: str, failure: str, segment: str, is_drawn_on: bool) -> _Cell:
    if not is_drawn_on:
        return _Cell("–", "none")
    limit = policy.limit(tier, name, failure, segment)
    # a limit of 0 gives nothing that costs: to an agent that is the same as asking
    if limit <= 0 or policy.limit(tier, "total_cost", failure, segment) == ASK:
        return _Cell("Ask", "ask")
    return _Cell("Any", "any") if limit == NO_LIMIT else _Cell(_money(limit), "money")


def _guard_sentence(guard: Guard, currency: str) -> str:
    amount = f"{guard.at_least:g}"
    if guard.fact == "item_price":
        amount = f"{_money(guard.at_least)} {currency}"
    return f"{_FACTS[guard.fact].format(amount)} Pass it to the {_spoken(guard.to)}."


def _cases(policy: Policy, scenario: Scenario, tier: str) -> list[dict[str, Any]]:
    """Return the three commonest failures worked: what a person of this tier does about an order of that price."""
    commonest = sorted(scenario.failures, key=lambda each: -scenario.value(f"{each}.share_of_cases"))[: len(_PRICES)]
    segment = scenario.segments[-1]
    level = scenario.value("shop.sample_price_factor")
    differing = {
        failure
        for failure in commonest
        if len({tuple(policy.limit(tier, name, failure, each.name) for name in LIMITS) for each in scenario.segments})
        > 1
    }
    return [
        {
            "title": scenario.failures[failure].title,
            "whom": f"Customer: {segment.title.lower()}" if failure in differing else "",
            "price": f"{_money(price)} {policy.currency}",
            "steps": _steps(policy, scenario, tier, failure, segment.name, price),
        }
        for failure, price in zip(commonest, (_round_price(each * level) for each in _PRICES), strict=False)
    ]


def _round_price(price: float) -> float:
    """Return a price that is easy to keep in mind: 1, 5, 10, 50 ... according to its size."""
    unit = 1 if price < 20 else 5 if price < 100 else 10 if price < 500 else 50
    return float(max(unit, unit * round(price / unit)))


def _steps(policy: Policy, scenario: Scenario, tier: str, failure: str, segment: str, price: float) -> list[str]:
    drawn, currency = _draws_on(scenario, failure), policy.currency
    may, ask = [], []
    whole = {
        "refund": "give all the money back",
        "replacement": "send a new one",
        "keep_item": "let them keep the item",
    }
    for name in (each for each in LIMITS if each in drawn):
        limit = policy.limit(tier, name, failure, segment)
        if policy.limit(tier, "total_cost", failure, segment) == ASK:
            limit = ASK
        if name == "credit":
            if limit == NO_LIMIT:
                may.append("give store credit")
            elif limit > 0:
                may.append(f"give up to {_money(limit)} {currency} of store credit")
            continue
        if limit >= price:
            may.append(whole[name])
        elif name == "refund" and limit > 0:
            may.append(f"give up to {_money(limit)} {currency} back")
            ask.append(whole[name])
        else:
            ask.append(whole[name])
    higher = _spoken(policy.tier_names[min(policy.tier_names.index(tier) + 1, len(policy.tier_names) - 1)])
    steps = [f"You may {_or(may)}."] if may else ["You may not give anything by yourself."]
    if ask:
        steps.append(f"Ask the {higher} to {_or(ask)}.")
    return steps


def _or(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])}, or {words[-1]}"


def _money(limit: float) -> str:
    whole = money_text(round(100 * limit))
    head, _, tail = whole.partition(".")
    return f"{int(head):,}" + (f".{tail}" if tail else "")


def _spoken(name: str) -> str:
    return name.replace("_", " ")
