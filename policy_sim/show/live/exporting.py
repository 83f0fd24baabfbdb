"""Exporting: what should be seen before a policy is published.

In: the policy as it would be published, the one in force, the valued cases. Out: plain data for the page. Left to
others: writing the files (`publish`), how it looks (`page/export_dialog.js`).
"""

from __future__ import annotations

from typing import Any

from policy_sim.policy import Policy
from policy_sim.publish import FORMATS, check, difference
from policy_sim.value import Payoffs

__all__ = ["review_content"]


def review_content(policy: Policy, in_force: Policy, payoffs: Payoffs) -> dict[str, Any]:
    """Return what should be seen before publishing.

    Parameters
    ----------
    policy
        As it would be published: the next version of the one in force.
    in_force
        With which it is compared.
    payoffs
        The valued cases, for warnings.

    Returns
    -------
    dict
        findings: severity and words of what is wrong; verdict and steps: how it differs from the policy in force, each
        step with what it says, in which policy agents may do more, and an example; rules: how what to give differs;
        name and version; formats, each with its title, whether it is one of the usual ones, and what stands in its way
        (empty: nothing).
    """
    scenario = payoffs.scenario
    changed = difference(in_force, policy, scenario)
    findings = check(policy, scenario, payoffs)
    return {
        "name": policy.name,
        "version": policy.version,
        "findings": [{"severity": finding.severity, "words": finding.words} for finding in findings],
        "verdict": changed.verdict if policy != in_force else "the policy in force, unchanged",
        "steps": [
            {"words": step.words, "more_generous": step.more_generous, "example": step.example_words}
            for step in changed.steps
        ],
        "rules": list(changed.playbook),
        "formats": [
            {"name": known.name, "title": known.title, "is_usual": known.is_usual, "problem": known.problem()}
            for known in FORMATS.values()
        ],
    }
