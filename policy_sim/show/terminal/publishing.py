"""Tables of published policies: what is wrong with one, how two differ, whether engines agree with a file.

In: findings, a difference between policies, answers of engines. Out: tables and lines for a terminal.
Left to others: printing them (`cli`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.table import Table

if TYPE_CHECKING:
    from policy_sim.policy import Policy
    from policy_sim.publish import Conformity, Finding, PolicyChanges, PolicyDifference
    from policy_sim.value import Difference

__all__ = ["of_conformity", "of_difference", "of_findings"]


def of_findings(policy: Policy, findings: Sequence[Finding]) -> list[Table | str]:
    """Return everything that is wrong with a policy, a line each, and whether it may be published."""
    lines: list[Table | str] = [f"{finding.severity}: {finding.words}" for finding in findings]
    if not findings:
        return [f"{policy.name}: nothing found; every case has one rule that decides it"]
    counts = Counter(finding.severity for finding in findings)
    summary = ", ".join(f"{count} {severity}{'s' if count > 1 else ''}" for severity, count in counts.items())
    return [*lines, f"{policy.name}: {summary}; {'not fit' if counts['error'] else 'fit'} to be published"]


def of_difference(
    rules: PolicyDifference, money: Difference | None, changes: PolicyChanges | None = None
) -> list[Table | str]:
    """Return how two policies differ.

    Parameters
    ----------
    rules
        In what they allow.
    money
        In net value, of the second against the first; none where nothing was simulated.
    changes
        What the second changes, in sentences; none where the two have different tiers.
    """
    one, two = rules.labels
    parts: list[Table | str] = [f"{one} -> {two}: {rules.verdict}"]
    if changes is not None:
        parts += [f"- {sentence}" for sentence in changes.sentences]
        parts += filter(None, (changes.together, *changes.losses))
    parts += [
        f"  {example.example_words}: {example.first} decides -> {example.second} decides"
        for example in rules.counterexamples
    ]
    if rules.life:
        parts.append(f"Also: {'; '.join(rules.life)}")
    if changes is None:
        parts += rules.playbook
    if rules.steps:
        table = Table("difference", "allows more", "example", title=f"{one} -> {two}", show_lines=True)
        for step in rules.steps:
            table.add_row(step.words, step.more_generous, step.example_words)
        parts.append(table)
    if money is not None:
        effect = money.effect_per_year()
        doubt = "" if effect["told_apart"] else "; it cannot be told from none"
        parts.append(
            f"Net value: {effect['per_year']:+,.0f} {rules.first.currency} a year from {one} to {two} (90 % interval "
            f"{effect['low']:+,.0f} to {effect['high']:+,.0f}){doubt}"
        )
    return parts


def of_conformity(file: str, answers: Sequence[Conformity]) -> list[Table | str]:
    """Return how many cases each engine decides as the policy does, and what is wrong where it does not.

    Parameters
    ----------
    file
        Name of the file that the engines ran.
    answers
        One for each engine.
    """
    table = Table("engine", "cases", "agree", "of which to be refused", title=f"{file} against authority()")
    for answer in answers:
        counts = [f"{count:,}" for count in (answer.cases, answer.agreeing, answer.broken)]
        table.add_row(answer.engine, *(["not run", "", ""] if answer.not_run else counts))
    problems = [f"{answer.engine}: {answer.disagreement or answer.not_run}" for answer in answers if not answer.holds]
    return [table, *problems]
