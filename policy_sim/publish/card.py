"""Card: a page for each tier, to be read at arm's length: what you may do, up to what, when to ask, what to say.

In: a policy, its scenario and provenance. Out: HTML for A4 and Letter, or PDF; with a playbook a page's back says what
to give. Left to others: files (`files`), what the back says (`card_back`), how it looks (`templates/card.html`).
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, NamedTuple

from policy_sim.assumptions import Scenario
from policy_sim.border import InputError, not_installed, unknown
from policy_sim.policy import ASK, ASK_CENTS, NO_LIMIT, NO_LIMIT_CENTS, Guard, Ladder, Policy, Provenance, seal_of
from policy_sim.publish.card_back import back_of
from policy_sim.publish.table import money_text
from policy_sim.segments import segment_words
from policy_sim.words import EVERYTHING, GOODWILL, GUARDS, LIMIT_KINDS, LIMITS, LimitKind

__all__ = ["PAPERS", "Marks", "framed", "marks_of", "pdf_problem", "read_marks", "render_card", "render_card_pdf"]

#: Paper that the card fits, by its name in CSS.
PAPERS = ("A4", "letter")

#: Prices of the worked cases before they are brought to the scenario's price level: those below which a quarter, half
#: and three quarters of the orders of the shipped sample lie.
_PRICES = (14.49, 25.99, 42.97)

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


_MARKS = re.compile(rb"Policy ([a-z0-9_]+), version (\d+), ([a-z]+), fingerprint ([0-9a-f]{8}), rules ([0-9a-f]{8})")
_PDF_STREAM = re.compile(rb"stream\r?\n(.*?)endstream", re.DOTALL)
_LARGEST_STREAM = 5_000_000


class Marks(NamedTuple):
    """Which policy a file says: name, version and state, fingerprints of all of it and of its rules alone."""

    name: str
    version: int
    status: str
    fingerprint: str
    rules: str


def marks_of(policy: Policy) -> Marks:
    """Return the marks of a policy."""
    return Marks(policy.name, policy.version, policy.status, policy.fingerprint, policy.rules_fingerprint)


def read_marks(data: bytes) -> Marks | None:
    """Return the marks that a card (HTML, PDF) bears; None where it bears none."""
    parts = [data]
    for stream in _PDF_STREAM.finditer(data) if data.startswith(b"%PDF") else ():
        try:
            parts.append(zlib.decompressobj().decompress(stream[1], _LARGEST_STREAM))
        except zlib.error:
            continue  # not packed: it stands in the data as it is
    for part in parts:
        borne = _MARKS.search(part)
        if borne:
            name, version, status, fingerprint, rules = (text.decode() for text in borne.groups())
            return Marks(name, int(version), status, fingerprint, rules)
    return None


@dataclass(frozen=True)
class _Cell:
    """One limit as it stands on the card: words, and a kind for its look."""

    text: str
    kind: str


def render_card(policy: Policy, scenario: Scenario, provenance: Provenance | None = None, paper: str = "A4") -> str:
    """Return the card as HTML that needs nothing else: a page for each tier, with a playbook its back after it.

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
    # a card may be written for another scenario than the policy was worked out in, whose title is not at hand
    worked_out_in = scenario.title if came_from.scenario == scenario.name else came_from.scenario
    marks = "Policy {}, version {}, {}, fingerprint {}, rules {}".format(*marks_of(policy))
    pages = [_page(policy, scenario, tier) for tier in policy.tier_names]
    whole_items = [kind.act for kind in LIMIT_KINDS.values() if kind.counts_item_price and not kind.some_of_it]
    return environment.get_template("card.html").render(
        policy=policy, provenance=came_from, worked_out_in=worked_out_in, pages=pages,
        back=back_of(policy, scenario), paper=paper,
        acts=[kind.act for kind in _kinds(scenario)],
        whole_items=whole_items, do_not_say=_DO_NOT_SAY, sha256=seal_of(policy, came_from).sha256, marks=marks,
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
        return str(not_installed("a PDF needs WeasyPrint, which", "pdf", ", or print the HTML card from a browser"))
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
    ladder = Ladder(policy)
    position, last = ladder.tiers.index(tier), len(ladder.tiers) - 1
    passing_on = [guard for guard in policy.guards if ladder.tiers.index(guard.to) > position]
    return {
        "tier": tier,
        "article": "an" if tier[0] in "aeiou" else "a",
        "next_tier": None if position == last else ladder.tiers[position + 1],
        "is_last": position == last,
        "say": _SAY if position == last else (*_SAY[:2], _SAY_IF_ASKING, _SAY[2]),
        "rows": _rows(ladder, scenario, position),
        "has_no_authority": _has_no_authority(ladder, scenario, position),
        "together": _together(policy, tier),
        "guards": [_guard_sentence(guard, policy.currency) for guard in passing_on],
        "cases": _cases(policy, scenario, position),
    }


def _has_no_authority(ladder: Ladder, scenario: Scenario, position: int) -> bool:
    """Tell whether a tier must ask for everything, in every case."""
    return all(
        ladder.rungs(failure, segment.name, EVERYTHING)[position].most_cents == ASK_CENTS
        for failure in scenario.failures
        for segment in scenario.segments
    )


def _together(policy: Policy, tier: str) -> str | None:
    """Return what everything given may cost together, where there is one such limit for all cases."""
    limit = policy.tier(tier).limits.get(EVERYTHING, NO_LIMIT)
    return None if limit in (ASK, NO_LIMIT) else f"{_money(limit)} {policy.currency}"


def _rows(ladder: Ladder, scenario: Scenario, position: int) -> list[dict[str, Any]]:
    """Return a row for each failure, or for failures that are alike where there would be too many for one page."""
    rows: list[dict[str, Any]] = []
    words = segment_words(scenario.segments, scenario.currency)
    for failure, described in scenario.failures.items():
        drawn = _draws_on(scenario, failure)
        alike: dict[tuple[_Cell, ...], list[str]] = {}
        for segment in scenario.segments:
            cells = tuple(
                _cell(ladder.rungs(failure, segment.name, kind.name)[position].most_cents, kind.name in drawn)
                for kind in _kinds(scenario)
            )
            alike.setdefault(cells, []).append(f"{segment.title} ({words[segment.name]})")
        for cells, segments in alike.items():
            whom = "" if len(alike) == 1 else ", ".join(segments)
            rows.append({"failures": [described.title], "whom": whom, "cells": cells})
    if len(rows) <= 8:
        return rows
    merged: dict[tuple[object, ...], dict[str, Any]] = {}
    for row in rows:
        key = (row["whom"], row["cells"])
        shared = merged.setdefault(key, {**row, "failures": []})
        shared["failures"] = [*shared["failures"], *row["failures"]]
    return list(merged.values())


def _kinds(scenario: Scenario) -> list[LimitKind]:
    """Return the limits that have a column: those that the remedies for any failure draw on."""
    drawn = {kind for failure in scenario.failures for kind in _draws_on(scenario, failure)}
    return [kind for kind in LIMIT_KINDS.values() if kind.act and kind.name in drawn]


def _draws_on(scenario: Scenario, failure: str) -> set[str]:
    """Return the limits that the remedies for a failure draw on; whatever is given may go beyond what is owed."""
    home = {variant: name for name in scenario.remedies for variant in scenario.variants(name)}
    named = {
        home[variant]
        for alternatives in scenario.failures[failure].resolutions.values()
        for alternative in alternatives
        for variant in alternative
    }
    return {limit for name in named for limit in scenario.remedies[name].uses} | {GOODWILL}


def _cell(most_cents: int, is_drawn_on: bool) -> _Cell:
    if not is_drawn_on:
        return _Cell("–", "none")
    # a limit of 0 gives nothing that costs: to an agent that is the same as asking
    if most_cents <= 0:
        return _Cell("Ask", "ask")
    return _Cell("Any", "any") if most_cents == NO_LIMIT_CENTS else _Cell(_cents(most_cents), "money")


def _guard_sentence(guard: Guard, currency: str) -> str:
    fact = GUARDS[guard.fact]
    amount = f"{_money(guard.at_least)} {currency}" if fact.unit == "money" else f"{guard.at_least:g}"
    return f"{fact.sentence.format(amount)} Pass it to the {_spoken(guard.to)}."


def _cases(policy: Policy, scenario: Scenario, position: int) -> list[dict[str, Any]]:
    """Return the three commonest failures worked: what a person of this tier does about an order of that price."""
    ladder, tier = Ladder(policy), policy.tier_names[position]
    commonest = sorted(scenario.failures, key=lambda failure: -scenario.value(f"{failure}.share_of_cases"))
    segments, last = [segment.name for segment in scenario.segments], scenario.segments[-1]
    whom = f"Customer: {last.title.lower()} ({segment_words(scenario.segments, scenario.currency)[last.name]})"
    level = scenario.value("shop.sample_price_factor")
    cases = []
    for failure, sample_price in zip(commonest, _PRICES, strict=False):
        price = _round_price(sample_price * level)
        limits = {tuple(policy.limit(tier, kind, failure, segment) for kind in LIMITS) for segment in segments}
        cases.append(
            {
                "title": scenario.failures[failure].title,
                "whom": whom if len(limits) > 1 else "",
                "price": f"{_money(price)} {policy.currency}",
                "steps": _steps(ladder, scenario, position, failure, price),
            }
        )
    return cases


def _round_price(price: float) -> float:
    """Return a price that is easy to keep in mind: 1, 5, 10, 50 ... according to its size."""
    unit = 1 if price < 20 else 5 if price < 100 else 10 if price < 500 else 50
    return float(max(unit, unit * round(price / unit)))


def _steps(ladder: Ladder, scenario: Scenario, position: int, failure: str, price: float) -> list[str]:
    """Return what a tier may do by itself about an item of that price, bought by the last segment, and what it asks."""
    may, ask = [], []
    drawn = _draws_on(scenario, failure)
    for kind in (kind for kind in LIMIT_KINDS.values() if kind.name in drawn):
        most_cents = ladder.rungs(failure, scenario.segments[-1].name, kind.name)[position].most_cents
        covers_all = most_cents >= (round(100 * price) if kind.counts_item_price else NO_LIMIT_CENTS)
        if covers_all:
            may.append(kind.all_of_it)
        elif kind.some_of_it and most_cents > 0:
            may.append(kind.some_of_it.format(f"{_cents(most_cents)} {scenario.currency}"))
        if kind.counts_item_price and not covers_all:
            ask.append(kind.all_of_it)
    higher = _spoken(ladder.tiers[min(position + 1, len(ladder.tiers) - 1)])
    steps = [f"You may {_or(may)}."] if may else ["You may not give anything by yourself."]
    if ask:
        steps.append(f"Ask the {higher} to {_or(ask)}.")
    return steps


def _or(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])}, or {words[-1]}"


def _money(amount: float) -> str:
    return _cents(round(100 * amount))


def _cents(cents: int) -> str:
    """Return whole cents as money, with separators of thousands."""
    whole, _, rest = money_text(cents).partition(".")
    return f"{int(whole):,}" + (f".{rest}" if rest else "")


def _spoken(name: str) -> str:
    return name.replace("_", " ")
