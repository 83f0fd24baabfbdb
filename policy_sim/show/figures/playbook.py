"""Figures of a playbook: its rules as a tree with money at each, value against rules, value against who follows.

In: a study of a playbook. Out: matplotlib figures. Left to others: the numbers (`study.playbook`), the gap
(`show.figures.gap`).
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from policy_sim.policy import PlaybookRule, Stretch
from policy_sim.policy.playbook_words import condition_words, give_words, titles_of
from policy_sim.show.figures.drawing import (
    ACCENT,
    COST,
    GAIN,
    MUTED,
    RULE,
    TEXT,
    finish,
    money_ticks,
    new_figure,
    quiet,
)
from policy_sim.show.figures.gap import plot_gap
from policy_sim.show.wording import format_money, format_share
from policy_sim.study import PlaybookStudy
from policy_sim.words import ASKS

__all__ = ["figures_of_playbook", "plot_following", "plot_rules", "plot_tree"]

_WIDTH_OF_A_LEAF = 34  # letters
_WIDTH_OF_A_BRANCH = 22


def figures_of_playbook(study: PlaybookStudy) -> dict[str, Figure]:
    """Return all figures by the names of their files; the tree only where there are rules."""
    figures = {
        "gap": plot_gap([("In force", study.gap), ("With limits and rules, if all follow", study.gap_left)]),
        "value_of_rules": plot_rules(study),
        "value_of_following": plot_following(study),
    }
    return figures | ({"tree": plot_tree(study)} if study.rules else {})


def plot_rules(study: PlaybookStudy) -> Figure:
    """Draw what rules add a year to the limits alone over the number of rules: as people follow, and if all do."""
    table, currency = study.to_frame(), study.policy.currency
    share = format_share(study.followed_share())
    figure = new_figure(7.2, 4.2)
    axis = figure.subplots()
    counts = table["rules"].to_numpy()
    lines = (
        ("added_if_all", GAIN, "s--", "if all follow"),
        ("added", ACCENT, "o-", f"if {share} follow"),
    )
    for mean, colour, mark, words in lines:
        axis.fill_between(counts, table[f"{mean}_low"], table[f"{mean}_high"], color=colour, alpha=0.14, linewidth=0)
        axis.plot(counts, table[mean], mark, color=colour, markerfacecolor="white", markersize=6, linewidth=1.6)
        axis.annotate(
            words, (counts[-1], table[mean].iloc[-1]), xytext=(9, 0), textcoords="offset points", va="center",
            color=colour, fontsize=9,
        )  # fmt: skip
    enough = study.enough()
    axis.axvline(enough, color=MUTED, linewidth=0.9, linestyle=":")
    words = {0: "no rule can be told apart", 1: "1 rule is enough"}.get(enough, f"{enough} rules are enough")
    axis.annotate(
        words, (enough, 1), xycoords=("data", "axes fraction"), xytext=(4, -3), textcoords="offset points", va="top",
        fontsize=9, color=TEXT,
    )  # fmt: skip
    axis.axhline(0, color=MUTED, linewidth=0.8)
    axis.set_xticks(counts[:: max(len(counts) // 10, 1)])
    axis.set_xlim(-0.2, counts[-1] * 1.24 + 0.2)
    axis.margins(y=0.12)
    axis.set_xlabel("rules at most (0: limits alone)")
    _name_money(axis, study)
    axis.yaxis.set_major_formatter(money_ticks(currency))
    quiet(axis)
    finish(figure, "bands: 90 %, by assumptions and cases, paired; each number of rules has its own best rules")
    return figure


def plot_following(study: PlaybookStudy) -> Figure:
    """Draw what the rules add a year to the limits alone over the share of people who follow them."""
    table, currency = study.shares_to_frame(), study.policy.currency
    figure = new_figure(7.2, 3.8)
    axis = figure.subplots()
    axis.fill_between(table["share"], table["added_low"], table["added_high"], color=ACCENT, alpha=0.14, linewidth=0)
    axis.plot(table["share"], table["added"], color=ACCENT, linewidth=1.6)
    assumed = study.in_force.payoffs.draws["playbook.followed_share"]
    low, high = np.quantile(assumed, [0.05, 0.95])
    axis.axvspan(low, high, color=MUTED, alpha=0.12, linewidth=0)
    axis.axvline(float(assumed.mean()), color=MUTED, linewidth=0.9, linestyle=":")
    axis.annotate(
        f"assumed: {format_share(float(assumed.mean()))}", (float(assumed.mean()), 1), va="top", fontsize=9,
        xycoords=("data", "axes fraction"), xytext=(4, -3), textcoords="offset points", color=TEXT,
    )  # fmt: skip
    axis.axhline(0, color=MUTED, linewidth=0.8)
    axis.set_xlim(0, 1)
    axis.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{100 * x:.0f}%"))
    axis.set_xlabel("share of people who follow the rules")
    _name_money(axis, study)
    axis.yaxis.set_major_formatter(money_ticks(currency))
    axis.margins(y=0.14)
    quiet(axis)
    finish(figure, "band: 90 %, by assumptions and cases, paired; grey: 90 % of what is assumed of who follows")
    return figure


def plot_tree(study: PlaybookStudy) -> Figure:
    """Draw the rules of each failure as a tree from left to right, and beside each leaf what it brings a year."""
    # extract the data
    titles, currency = titles_of(study.in_force.payoffs.scenario), study.policy.currency
    order, rows = [], 0
    roots: list[tuple[str, _Node]] = []
    for failure in dict.fromkeys(each.rule.failure for each in study.rules):
        own = [n for n, each in enumerate(study.rules) if each.rule.failure == failure]
        root = _node([(n, study.rules[n].rule) for n in own], currency)
        roots.append((titles.failures[failure], root))
        order += root.leaves()
    rows = len(order)
    depth = max(root.depth() for _, root in roots)
    # draw
    figure = new_figure(6.2 + 1.9 * depth, 1.2 + 0.62 * rows)
    tree, money = figure.subplots(1, 2, sharey=True, width_ratios=[3.4 + 1.9 * depth, 2.4])
    tree.set_axis_off()
    tree.set_xlim(0, depth + 3.0)
    tree.set_ylim(rows - 0.5, -0.5)
    places = {n: place for place, n in enumerate(order)}
    gives = [give_words(each.rule, titles) for each in study.rules]
    for title, root in roots:
        at = root.place(places)
        tree.text(0.0, at, textwrap.fill(title, 16), va="center", fontsize=10, color=TEXT, fontweight="bold")
        _draw_node(tree, root, 0.95, at, places, gives, depth + 1.0)
    for place in range(1, rows):
        if study.rules[order[place]].rule.failure != study.rules[order[place - 1]].rule.failure:
            for axis in (tree, money):
                axis.axhline(place - 0.5, color=RULE, linewidth=0.8)
    for place, n in enumerate(order):
        gain = study.rules[n].gain
        mean, ends = float(gain.per_year().mean()), gain.interval_per_year()
        is_sure = gain.told_apart()
        colour = GAIN if mean >= 0 else COST
        money.barh(
            place, mean, height=0.5, color=colour if is_sure else "white", edgecolor=colour,
            hatch=None if is_sure else "////", linewidth=0.8,
        )  # fmt: skip
        right = max(mean, 0.0)
        if math.isfinite(ends[0]):
            money.plot(ends, [place, place], color="white", linewidth=3.2, solid_capstyle="butt")
            money.plot(ends, [place, place], color=TEXT, linewidth=1.3, solid_capstyle="butt")
            right = max(right, ends[1])
        money.annotate(
            format_money(mean, currency, True), (right, place), xytext=(5, 0), textcoords="offset points", va="center",
            fontsize=9, color=TEXT,
        )  # fmt: skip
    money.axvline(0, color=TEXT, linewidth=0.9)
    low, high = money.get_xlim()
    money.set_xlim(low, high + 0.35 * (high - low))
    money.xaxis.set_major_locator(MaxNLocator(4))
    money.xaxis.set_major_formatter(money_ticks(currency))
    quiet(money)
    money.grid(visible=False, axis="y")
    money.grid(axis="x", color=RULE, linewidth=0.6)
    money.tick_params(axis="y", length=0, labelleft=False)
    money.set_title(f"each rule brings a year ({currency})", loc="left", fontsize=9, color=MUTED)
    share = format_share(study.followed_share())
    note = "lines: 90 %, by assumptions and cases; hatched: not told apart from none, or too few cases"
    finish(figure, f"if {share} follow; {note}")
    return figure


@dataclass(frozen=True)
class _Node:
    """Rules of a failure: one alone, or branches with what they hang on, in words."""

    rule: int | None
    branches: tuple[tuple[str, _Node], ...] = ()

    def leaves(self) -> list[int]:
        """Return places of the rules below, from the top."""
        return [self.rule] if self.rule is not None else [n for _, node in self.branches for n in node.leaves()]

    def depth(self) -> int:
        """Return how many branchings are below."""
        return 1 + max(node.depth() for _, node in self.branches) if self.branches else 0

    def place(self, places: Mapping[int, int]) -> float:
        """Return how far down it is drawn: in the middle of what it branches into."""
        if self.rule is not None:
            return places[self.rule]
        ends = [node.place(places) for _, node in self.branches]
        return (ends[0] + ends[-1]) / 2


def _node(rules: Sequence[tuple[int, PlaybookRule]], currency: str) -> _Node:
    """Return the tree that rules (place, rule) are leaves of: a cut that no rule lies across, then the same again.

    Rules that overlap, or that nothing of the kind parts, become branches side by side in their order.
    """
    if len(rules) == 1:
        n, rule = rules[0]
        words = condition_words(rule, currency)
        return _Node(None, ((words, _Node(n)),)) if words else _Node(n)
    for (low_words, low), (high_words, high) in _cuts(rules, currency):
        if low and high and len(low) + len(high) == len(rules):
            return _Node(None, ((low_words, _node(low, currency)), (high_words, _node(high, currency))))
    return _Node(None, tuple((condition_words(rule, currency) or "else", _Node(n)) for n, rule in rules))


_Side = tuple[str, list[tuple[int, PlaybookRule]]]


def _cuts(rules: Sequence[tuple[int, PlaybookRule]], currency: str) -> Iterator[tuple[_Side, _Side]]:
    """Yield both sides of every cut that some rule has: words, and the rules there without what the words say."""
    ends = {
        (fact, end): None
        for _, rule in rules
        for fact, stretch in rule.when.items()
        for end in (stretch.at_least, stretch.below)
        if end is not None
    }
    for fact, end in ends:
        below, above = Stretch(below=end), Stretch(at_least=end)
        low = [(n, _freed(rule, fact, end)) for n, rule in rules if _stretch(rule, fact).ends[1] <= end]
        high = [(n, _freed(rule, fact, end)) for n, rule in rules if _stretch(rule, fact).ends[0] >= end]
        yield (_words(fact, below, currency), low), (_words(fact, above, currency), high)
    for ask, kind in ASKS.items():
        own = [(n, rule.model_copy(update={"asks": ()})) for n, rule in rules if rule.asks == (ask,)]
        rest = tuple(other for other in ASKS if other != ask)
        others = [
            (n, rule.model_copy(update={"asks": () if rule.asks == rest else rule.asks}))
            for n, rule in rules
            if rule.asks and ask not in rule.asks
        ]
        yield (kind.sentence, own), ("asks for something else", others)


def _stretch(rule: PlaybookRule, fact: str) -> Stretch:
    return rule.when.get(fact, Stretch(at_least=0.0))


def _words(fact: str, stretch: Stretch, currency: str) -> str:
    return condition_words(PlaybookRule(failure="any", when={fact: stretch}, give=()), currency)


def _freed(rule: PlaybookRule, fact: str, end: float) -> PlaybookRule:
    """Return the rule without an end of a stretch that is said already."""
    kept = {name: each for name, each in rule.when.items() if name != fact}
    stretch = rule.when[fact]
    at_least = None if stretch.at_least == end else stretch.at_least
    below = None if stretch.below == end else stretch.below
    if at_least is not None or below is not None:
        kept[fact] = Stretch(at_least=at_least, below=below)
    return rule.model_copy(update={"when": kept})


def _draw_node(
    axis: Axes, node: _Node, x: float, at: float, places: Mapping[int, int], gives: Sequence[str], end: float
) -> None:
    """Draw what a node branches into, each branch with its words above its line, leaves with what is given."""
    if node.rule is not None:
        axis.plot([x, end], [at, at], color=MUTED, linewidth=0.8, linestyle=":")
        axis.text(
            end + 0.06, at, textwrap.fill(gives[node.rule], _WIDTH_OF_A_LEAF), va="center", fontsize=9, color=TEXT,
            linespacing=1.2,
        )  # fmt: skip
        return
    for words, branch in node.branches:
        own = branch.place(places)
        axis.plot([x, x, x + 1.0], [at, own, own], color=MUTED, linewidth=0.9)
        axis.text(
            x + 0.06, own - 0.05, textwrap.fill(words, _WIDTH_OF_A_BRANCH), va="bottom", fontsize=8, color=ACCENT,
            linespacing=1.1,
        )  # fmt: skip
        _draw_node(axis, branch, x + 1.0, own, places, gives, end)


def _name_money(axis: Axes, study: PlaybookStudy) -> None:
    currency, limits = study.policy.currency, float(study.by_rules[0].per_year().mean())
    axis.set_ylabel(f"added a year to the limits alone ({currency})")
    if limits:
        words = f"0: the limits alone, {format_money(limits, currency, True)} against “{study.in_force.policy.title}”"
        axis.set_title(words, loc="left", fontsize=9, color=MUTED)
