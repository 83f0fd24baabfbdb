"""The pictures of a playbook hold the numbers of the study, and no words lie on others."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

from policy_sim.policy import PlaybookRule
from policy_sim.policy.playbook_words import condition_words, give_words, titles_of
from policy_sim.show.figures.gap import plot_gap
from policy_sim.show.figures.playbook import (
    _Node,
    _node,
    figures_of_playbook,
    plot_following,
    plot_rules,
    plot_tree,
)
from policy_sim.study import PlaybookStudy
from policy_sim.words import GAP_PARTS


def assert_words_are_apart(figure: Figure) -> None:
    figure.draw_without_rendering()
    for axis in figure.axes:
        texts: list[Text] = [text for text in axis.texts if text.get_text()]
        boxes = [text.get_window_extent() for text in texts]
        for box in boxes:
            assert figure.bbox.x0 - 1 <= box.x0 <= box.x1 <= figure.bbox.x1 + 1
        for one, other in combinations(boxes, 2):
            assert not one.padded(-1).overlaps(other.padded(-1))


def test_value_against_rules(playbook_study: PlaybookStudy) -> None:
    figure = plot_rules(playbook_study)
    table, drawn = playbook_study.to_frame(), {line.get_marker(): line for line in figure.axes[0].lines}
    for mark, column in (("o", "added"), ("s", "added_if_all")):
        np.testing.assert_allclose(drawn[mark].get_ydata(), table[column])
    assert any("enough" in text.get_text() or "no rule" in text.get_text() for text in figure.axes[0].texts)
    assert_words_are_apart(figure)


def test_value_against_who_follows(playbook_study: PlaybookStudy) -> None:
    figure = plot_following(playbook_study)
    table = playbook_study.shares_to_frame()
    np.testing.assert_allclose(figure.axes[0].lines[0].get_ydata(), table["added"])
    assert_words_are_apart(figure)


def test_the_tree_has_every_rule_with_its_money(playbook_study: PlaybookStudy) -> None:
    figure = plot_tree(playbook_study)
    tree, money = figure.axes
    words = [" ".join(text.get_text().split()) for text in tree.texts]
    titles = titles_of(playbook_study.in_force.payoffs.scenario)
    for told in playbook_study.rules:
        assert give_words(told.rule, titles) in words
        assert titles.failures[told.rule.failure] in words
    bars = sorted(bar.get_width() for bar in money.patches)
    assert bars == pytest.approx(sorted(told.gain.per_year().mean() for told in playbook_study.rules))
    assert_words_are_apart(figure)


def test_steps_of_the_gap_lead_from_one_to_the_next(playbook_study: PlaybookStudy) -> None:
    figure = plot_gap([("In force", playbook_study.gap), ("Then", playbook_study.gap_left)])
    yearly = playbook_study.gain.cases_per_year
    first, second = figure.axes
    for axis, gap in ((first, playbook_study.gap), (second, playbook_study.gap_left)):
        bars = axis.patches[1:]
        assert len(bars) == len(GAP_PARTS)
        widths = [step.gained.mean() * yearly for step in gap.steps]
        assert [bar.get_width() for bar in bars] == pytest.approx(widths)
        ends = [bar.get_x() + bar.get_width() for bar in bars]
        assert [bar.get_x() for bar in bars[1:]] == pytest.approx(ends[:-1])
    # both end at the best of every case
    tops = [axis.patches[-1].get_x() + axis.patches[-1].get_width() for axis in (first, second)]
    assert tops[0] == pytest.approx(tops[1])
    assert_words_are_apart(figure)


def test_all_figures_have_names(playbook_study: PlaybookStudy) -> None:
    assert set(figures_of_playbook(playbook_study)) == {"gap", "value_of_rules", "value_of_following", "tree"}


def leaves(node: _Node) -> list[list[str]]:
    """Return what stands on the way to each leaf."""
    if node.rule is not None:
        return [[]]
    return [[words, *rest] for words, branch in node.branches for rest in leaves(branch)]


def test_a_tree_is_read_back_from_its_leaves() -> None:
    whens = (
        {"item_price": {"below": 30}, "prior_purchases": {"below": 2}},
        {"item_price": {"below": 30}, "prior_purchases": {"at_least": 2}},
        {"item_price": {"at_least": 30, "below": 60}},
        {"item_price": {"at_least": 60}},
    )
    rules = [PlaybookRule.model_validate({"failure": "any", "when": when, "give": ()}) for when in whens]
    tree = _node(list(enumerate(rules)), "USD")
    assert tree.leaves() == [0, 1, 2, 3]
    assert leaves(tree) == [
        ["under $30", "fewer than 2 orders"],
        ["under $30", "2 orders or more"],
        ["$30 or more", "under $60"],
        ["$30 or more", "$60 or more"],
    ]


def test_rules_that_hang_on_what_is_asked_for_and_rules_that_overlap() -> None:
    def rule(**said: object) -> PlaybookRule:
        return PlaybookRule.model_validate({"failure": "any", "give": (), **said})

    asks = [rule(asks=("money",)), rule(asks=("anything", "thing", "more"))]
    assert leaves(_node(list(enumerate(asks)), "USD")) == [["asks for money"], ["asks for something else"]]
    overlapping = [rule(when={"item_price": {"below": 30}}), rule(when={"item_price": {"below": 50}}), rule()]
    assert leaves(_node(list(enumerate(overlapping)), "USD")) == [
        [condition_words(overlapping[0], "USD")],
        [condition_words(overlapping[1], "USD")],
        ["else"],
    ]
