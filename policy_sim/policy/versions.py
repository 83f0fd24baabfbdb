"""Versions: a folder of policies, and which of them decides an order placed on a given day.

In: a folder of exported policies (JSON, YAML). Out: `Versions`, in force by the date of the order.
Left to others: what the one in force says (`authority`), approving and writing versions (`publish`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from policy_sim.border import InputError, guarded, is_file, is_folder
from policy_sim.policy.limits import Policy
from policy_sim.policy.record import load_record, seal_of

if TYPE_CHECKING:
    from policy_sim.assumptions import Scenario

__all__ = ["Versions", "load_versions", "order_date"]


@dataclass(frozen=True)
class Versions:
    """Versions of one policy, each version once, the lowest first."""

    policies: tuple[Policy, ...]

    def __post_init__(self) -> None:
        names = sorted({policy.name for policy in self.policies})
        if len(names) != 1:
            raise InputError(f"expected versions of one policy, found {len(names)}: {', '.join(names) or 'none'}")
        numbers = [policy.version for policy in self.policies]
        if numbers != sorted(set(numbers)):
            raise InputError(f"versions of policy '{names[0]}' are {numbers}; expected each once, the lowest first")

    def in_force(self, as_of: date | str) -> Policy:
        """Return the policy that decides an order placed on that day: the newest that was live then.

        Raises
        ------
        InputError
            If no version was live on that day.
        """
        day = order_date(as_of)
        for policy in reversed(self.policies):
            if _was_live(policy, day):
                return policy
        lives = "; ".join(_life_words(policy) for policy in self.policies)
        raise InputError(
            f"no version of policy '{self.policies[0].name}' was live on {day} (found: {lives}); an order of that day "
            "has to be decided by hand, or a version made live from then on"
        )


def load_versions(folder: str | Path, scenario: Scenario, name: str | None = None) -> Versions:
    """Read all versions of a policy from a folder; the same version may lie there as JSON and as YAML.

    Parameters
    ----------
    folder
        Where exported files lie; other kinds of files are passed over.
    scenario
        Its tiers, failures and segments are the ones that the policies may name.
    name
        Of the policy; needed where the folder holds several.

    Raises
    ------
    InputError
        If a file cannot be read or was changed after export, or two files hold different content as one version.
    """
    place = Path(folder)
    if not is_folder(place):
        raise InputError(f"'{folder}' is not a folder; give one that holds the versions of a policy (JSON, YAML)")
    by_version: dict[int, tuple[Policy, str, str]] = {}  # with the seal, and the file that it was read from
    with guarded(f"folder '{folder}'", "a folder that can be opened"):
        paths = sorted(place.iterdir())
    for path in paths:
        if not _may_hold_a_policy(path):
            continue
        record = load_record(path)
        if name not in (None, record.policy.name):
            continue
        if record.changes:
            raise InputError(f"{path.name}: {record.warning}; put the exported file back, or export a new version")
        policy = record.policy
        policy.check_names(scenario, path.name)
        seal = seal_of(policy).sha256
        other = by_version.get(policy.version)
        if other is not None and other[0].name == policy.name and other[1] != seal:
            raise InputError(
                f"{path.name} and {other[2]} hold different content as version {policy.version} of policy "
                f"'{policy.name}'; remove one, or give it another version"
            )
        if other is not None and other[0].name != policy.name:
            raise InputError(f"folder '{folder}' holds policies of several names; say which one is meant")
        by_version[policy.version] = (policy, seal, path.name)
    if not by_version:
        raise InputError(f"folder '{folder}' holds no version of {f'policy {name!r}' if name else 'a policy'}")
    return Versions(tuple(by_version[version][0] for version in sorted(by_version)))


def order_date(day: date | str) -> date:
    """Return a day from a date or its text: "2026-12-01".

    Raises
    ------
    InputError
        If it is no day of the calendar.
    """
    if isinstance(day, date):
        return date(day.year, day.month, day.day)
    try:
        return date.fromisoformat(str(day))
    except ValueError:
        raise InputError(f"date of the order is '{day}'; expected year-month-day, for example 2026-12-01") from None


def _was_live(policy: Policy, day: date) -> bool:
    first, last = policy.effective_from, policy.effective_until
    return policy.status in ("live", "retired") and (first is None or first <= day) and (last is None or day <= last)


def _life_words(policy: Policy) -> str:
    dates = [f"from {policy.effective_from}"] if policy.effective_from else []
    dates += [f"until {policy.effective_until}"] if policy.effective_until else []
    return " ".join([f"version {policy.version} {policy.status}", *dates])


def _may_hold_a_policy(path: Path) -> bool:
    if path.name.startswith(".") or path.name.endswith((".schema.json", ".jdm.json")):
        return False
    return is_file(path) and path.suffix in (".json", ".yaml", ".yml")
