"""Exporting: what should be seen before a policy is published: the card, what changes, what to mind.

In: the policy as it would be published, the one in force, what the step is worth, where it comes from. Out: plain data
for the page. Left to others: writing the files (`publish`), how it looks (`page/export_dialog.js`).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from policy_sim.border import Progress
from policy_sim.policy import Policy, Provenance
from policy_sim.publish import FORMATS, PolicyChanges, check, difference, policy_changes, render_card
from policy_sim.show.assumption_words import quantity_words
from policy_sim.show.wording import format_money, likely_words
from policy_sim.value import Difference
from policy_sim.words import OUTCOMES

__all__ = ["review_content"]

_VALUE = "net_value"
#: Changed assumptions that are named one by one.
_NAMED = 3


def review_content(
    policy: Policy,
    in_force: Policy,
    effect: Difference,
    provenance: Provenance,
    assumed: Mapping[str, float | str] | None = None,
    on_progress: Progress | None = None,
) -> dict[str, Any]:
    """Return what should be seen before publishing.

    Parameters
    ----------
    policy
        As it would be published: the next version of the one in force.
    in_force
        With which it is compared.
    effect
        What the one is worth against the other.
    provenance
        As it would be written into the files.
    assumed
        Assumptions that were changed on screen, by name.
    on_progress
        Told how far counting cases is.

    Returns
    -------
    dict
        name and version; card: the page that agents get, as HTML; verdict; worth: net value a year in words; changes:
        a sentence for each thing that changes, and whether somebody loses something by it; together: how many cases a
        year come out otherwise; warnings: severity and words, what must be mended first; steps: every difference in
        what may be given, with what it says, in which policy agents may do more, and an example; rules: how what to
        give differs; formats, each with its title, whether it is one of the usual ones, and what stands in its way
        (empty: nothing).
    """
    payoffs = effect.outcome.payoffs
    scenario = payoffs.scenario
    differing = difference(in_force, policy, scenario)
    changes = policy_changes(in_force, policy, scenario, payoffs, on_progress)
    findings = check(policy, scenario, payoffs)
    errors = [_warning("error", finding.words) for finding in findings if finding.severity == "error"]
    minor = [_warning("warning", finding.words) for finding in findings if finding.severity != "error"]
    is_same = policy == in_force
    return {
        "name": policy.name,
        "version": policy.version,
        "card": render_card(policy, scenario, provenance),
        "verdict": "the policy in force, unchanged" if is_same else differing.verdict,
        "worth": "" if is_same else _worth_words(effect, in_force),
        "changes": [{"words": change.sentence, "is_loss": bool(change.loser)} for change in changes.changes],
        "together": changes.together,
        "warnings": [
            *errors,
            *(_warning("warning", words) for words in _losses(changes)),
            *([] if is_same else (_warning("warning", words) for words in _doubts(effect))),
            *(_warning("warning", words) for words in _assumed_words(assumed or {}, effect)),
            *minor,
        ],
        "steps": [
            {"words": step.words, "more_generous": step.more_generous, "example": step.example_words}
            for step in differing.steps
        ],
        "rules": list(differing.playbook),
        "formats": [
            {"name": known.name, "title": known.title, "is_usual": known.is_usual, "problem": known.problem()}
            for known in FORMATS.values()
        ],
    }


def _warning(severity: str, words: str) -> dict[str, str]:
    return {"severity": severity, "words": words}


def _worth_words(effect: Difference, in_force: Policy) -> str:
    money = partial(format_money, currency=in_force.currency, signed=True)
    likely = likely_words(effect, _VALUE, money, is_yearly=True)
    sure = likely if effect.too_few() or not effect.told_apart() else f"likely {likely}"
    title = OUTCOMES[_VALUE].title
    return f"{title} a year against “{in_force.title}”: {money(float(effect.per_year().mean()))}, {sure}."


def _losses(changes: PolicyChanges) -> list[str]:
    return [*changes.losses, *filter(None, [changes.passed_up])]


def _doubts(effect: Difference) -> list[str]:
    """Say where the step is worth nothing that can be told, or less than nothing."""
    if effect.too_few():
        return ["The cases are too few to tell what this is worth."]
    if not effect.told_apart():
        return ["What this is worth cannot be told apart from nothing."]
    return ["It is worth less than the policy in force."] if effect.per_year().mean() < 0 else []


def _assumed_words(assumed: Mapping[str, float | str], effect: Difference) -> list[str]:
    if not assumed:
        return []
    scenario = effect.outcome.payoffs.scenario
    assumption_texts = [
        f"{scenario.title_of(name)}: "
        + (value if isinstance(value, str) else quantity_words(value, scenario.assumption(name).unit))
        for name, value in assumed.items()
    ]
    more = [f"{len(assumption_texts) - _NAMED} more"] if len(assumption_texts) > _NAMED else []
    named = "; ".join([*assumption_texts[:_NAMED], *more])
    return [f"Assumptions were changed ({named}): what it is worth, and how many cases it touches, holds under these."]
