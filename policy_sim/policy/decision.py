"""Decisions: which tier may decide what is asked for in a case, quickly, for one case or for millions.

In: a policy, the failures and segments that there are, cases with what is asked for. Out: `Decision`, or a table.
Left to others: the limits in force with the rule that set each (`authority`, the reference); what is best (`value`).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, NamedTuple

from policy_sim.border import InputError, unknown
from policy_sim.policy.authority import Authority, authority, guard_words
from policy_sim.policy.limits import ASK, NO_LIMIT, Policy, limit_content
from policy_sim.policy.versions import Versions
from policy_sim.words import ASKED_FOR, GUARD_FACTS

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

__all__ = ["Decider", "Decision", "cents", "decide_by_date", "decide_table", "decision_of", "limit_cents"]

_ENDLESS = 1 << 62


class Decision(NamedTuple):
    """Who may decide what is asked for in a case, and why.

    Attributes
    ----------
    tier
        The lowest tier that may decide it.
    limit
        That tier's limit in force, as it stands in files: a number, "ask" or "no_limit".
    rule
        The rule that set the limit, in plain words.
    return_waived
        Whether the customer keeps the item: that is what was asked for.
    starts_at, because
        The tier that looks at the case first, and why.
    """

    tier: str
    limit: float | str
    rule: str
    return_waived: bool
    starts_at: str
    because: str

    def to_frame(self) -> pd.DataFrame:
        """Return one row with all of it."""
        import pandas as pd

        return pd.DataFrame([self.to_dict()])

    def to_dict(self) -> dict[str, object]:
        """Return the same as plain data."""
        return self._asdict()


class Decider:
    """A policy made ready to decide many single cases.

    Parameters
    ----------
    policy
        The policy.
    failures, segments
        All that there are; a case of any other is refused.

    Attributes
    ----------
    facts
        What must be known of each case, because a guard looks at it.
    """

    def __init__(self, policy: Policy, failures: Iterable[str], segments: Iterable[str]) -> None:
        self.policy = policy
        self.failures, self.segments = tuple(failures), tuple(segments)
        names = policy.tier_names
        self.facts = tuple(fact for fact in GUARD_FACTS if any(guard.fact == fact for guard in policy.guards))
        # the highest tier first, and of one tier the first guard: the one that is named
        order = sorted(policy.guards, key=lambda guard: -names.index(guard.to))
        self._guards = [(each.fact, each.at_least, names.index(each.to), guard_words(each)) for each in order]
        self._first = f"every case starts with the {names[0]}"
        self._ladders = {
            (failure, segment, asked_for): _ladder(authority(policy, failure, segment), asked_for)
            for failure in self.failures
            for segment in self.segments
            for asked_for in ASKED_FOR
        }

    def decide(
        self, failure: str, segment: str, asked_for: str, amount: float, facts: Mapping[str, float] | None = None
    ) -> Decision:
        """Return who may decide what is asked for.

        Parameters
        ----------
        failure, segment
            What went wrong, for whom.
        asked_for
            One of `ASKED_FOR`: what is asked for draws on this limit.
        amount
            By how much, in the policy's currency: for keep_item and replacement, the price of the item.
        facts
            Every number that a guard of the policy looks at (`facts`).

        Raises
        ------
        InputError
            If a name is unknown, the amount is not money, or a fact that a guard looks at is missing.
        """
        ladder = self._ladders.get((failure, segment, asked_for))
        if ladder is None:
            raise self._unknown(failure, segment, asked_for)
        asked = cents(amount)
        start, because = 0, self._first
        if self._guards:
            given = facts or {}
            for fact in self.facts:
                value = given.get(fact)
                if value is None or value != value:
                    raise InputError(f"the fact '{fact}' of the case is missing; a guard of the policy looks at it")
            for fact, at_least, to, words in self._guards:
                if given[fact] >= at_least:
                    start, because = to, words
                    break
        for k in range(start, len(ladder)):
            if asked <= ladder[k][0]:
                break
        _, tier, limit, rule = ladder[k]
        return Decision(tier, limit, rule, asked_for == "keep_item", self.policy.tier_names[start], because)

    def _unknown(self, failure: str, segment: str, asked_for: str) -> InputError:
        for kind, name, valid in (("failure", failure, self.failures), ("segment", segment, self.segments)):
            if name not in valid:
                return unknown(kind, name, valid, "the case")
        return unknown("thing asked for", asked_for, ASKED_FOR, "the case")


def decision_of(may: Authority, asked_for: str, amount: float) -> Decision:
    """Return who may decide what is asked for, read from the authority of a case: the plain reference.

    A tier that has to ask for whatever costs anything (`ask` on total_cost) has to ask for everything.
    """
    for tier in may.limits:  # the one that stops the loop is the answer
        limits = may.limits[tier]
        limit = limits[asked_for]
        if cents(amount) <= limit_cents(limit.value) and limits["total_cost"].value != ASK:
            break
    return Decision(tier, limit_content(limit.value), limit.rule, asked_for == "keep_item", may.starts_at, may.because)


def decide_table(decider: Decider, cases: pd.DataFrame) -> pd.DataFrame:
    """Decide many cases at once.

    Parameters
    ----------
    decider
        The policy made ready.
    cases
        Columns failure, segment, asked_for, amount, and every fact that a guard looks at.

    Returns
    -------
    pandas.DataFrame
        Same index; columns tier, limit (as text: 25, 12.50, ask), rule, return_waived, starts_at, because, as in
        `Decision`.

    Raises
    ------
    InputError
        Naming the first row that cannot be decided.
    """
    import numpy as np
    import pandas as pd

    for column in ("failure", "segment", "asked_for", "amount", *decider.facts):
        if column not in cases.columns:
            raise InputError(
                f"cases have no column '{column}'; found: {', '.join(map(str, cases.columns))}; add it, as the policy "
                "needs it to decide"
            )
    names = decider.policy.tier_names
    cell = np.zeros(len(cases), dtype=np.int64)
    for column, valid in (("failure", decider.failures), ("segment", decider.segments), ("asked_for", ASKED_FOR)):
        cell = cell * len(valid) + _codes(cases[column], column, valid)
    amount = _numbers(cases, "amount")
    asked = np.rint(100 * amount)
    wrong = (amount < 0) | (np.abs(100 * amount - asked) > 1e-6 * np.maximum(1, np.abs(asked) * 1e-6)) | (amount > 1e13)
    if wrong.any():
        row = int(np.argmax(wrong))
        cents(float(amount[row]), f" (row {row + 1})")
    guard = np.full(len(cases), len(decider._guards), dtype=np.int64)
    facts = {fact: _numbers(cases, fact) for fact in decider.facts}
    for k in reversed(range(len(decider._guards))):
        fact, at_least, _, _ = decider._guards[k]
        guard = np.where(facts[fact] >= at_least, k, guard)
    starts = np.array([to for _, _, to, _ in decider._guards] + [0])[guard]
    ladders = list(decider._ladders.values())
    tops = np.array([[step[0] for step in ladder] for ladder in ladders])
    tier = starts.copy()
    for k in range(len(names) - 1):
        tier += (tier == k) & (asked > tops[cell, k])
    step = cell * len(names) + tier
    flat = [each for ladder in ladders for each in ladder]

    def told(words: list[object], codes: NDArray[np.int64]) -> pd.Categorical:
        kinds = list(dict.fromkeys(words))
        place = np.array([kinds.index(word) for word in words])
        return pd.Categorical.from_codes(place[codes], categories=pd.Index(kinds, dtype=object))

    waived = np.array([asked_for == "keep_item" for asked_for in ASKED_FOR])
    return pd.DataFrame(
        {
            "tier": told(list(names), tier),
            "limit": told([_limit_text(each[2]) for each in flat], step),
            "rule": told([each[3] for each in flat], step),
            "return_waived": waived[cell % len(ASKED_FOR)],
            "starts_at": told(list(names), starts),
            "because": told([*(words for *_, words in decider._guards), decider._first], guard),
        },
        index=cases.index,
    )


def decide_by_date(
    versions: Versions, failures: Iterable[str], segments: Iterable[str], cases: pd.DataFrame
) -> pd.DataFrame:
    """Decide many cases, each by the version that was live when its order was placed.

    Parameters
    ----------
    versions
        All versions of the policy.
    failures, segments
        All that there are.
    cases
        As for `decide_table`, with the column order_date (text such as 2026-12-01, or dates).

    Returns
    -------
    pandas.DataFrame
        As from `decide_table`, with the version that decided; rows in the order of the cases, numbered from 0.

    Raises
    ------
    InputError
        If no version was live on a day, or a case cannot be decided.
    """
    import pandas as pd

    if "order_date" not in cases.columns:
        found = ", ".join(map(str, cases.columns))
        raise InputError(f"cases have no column 'order_date'; found: {found}; add it, as versions decide by that day")
    cases = cases.reset_index(drop=True)
    places, days = pd.factorize(cases["order_date"])
    if (places < 0).any():
        raise InputError(f"column 'order_date' of the cases is empty in row {int((places < 0).argmax()) + 1}; fill it")
    numbers = pd.Series([versions.in_force(_day(day)).version for day in days]).to_numpy()[places]
    names = (tuple(failures), tuple(segments))
    parts = [
        decide_table(Decider(policy, *names), cases[numbers == policy.version])
        .astype(str)
        .assign(version=policy.version)
        for policy in versions.policies
        if (numbers == policy.version).any()
    ]
    together = pd.concat(parts).loc[cases.index]
    return together.assign(return_waived=together["return_waived"] == "True")


def _day(value: object) -> date | str:
    return value.date() if isinstance(value, datetime) else str(value)


def cents(amount: float, where: str = "") -> int:
    """Return an amount of money in whole cents.

    Raises
    ------
    InputError
        If it is negative, no number, or holds a fraction of a cent.
    """
    try:
        exact = 100 * amount
        whole = round(exact)
    except (TypeError, ValueError, OverflowError):
        raise InputError(f"amount is {amount!r}{where}; it must be money, 0 or more") from None
    if whole < 0 or whole > 1e15 or amount < 0:
        raise InputError(f"amount is {amount!r}{where}; it must be money, 0 or more")
    if abs(exact - whole) > 1e-6 * max(1.0, abs(whole) * 1e-6):
        raise InputError(f"amount is {amount!r}{where}; it must be whole cents, round it as you will pay it out")
    return whole


def limit_cents(limit: float) -> int:
    """Return a limit in whole cents: -1 where there is no authority, a number beyond any amount where no limit."""
    if limit == ASK:
        return -1
    return _ENDLESS if limit == NO_LIMIT else min(math.floor(100 * limit + 1e-6), _ENDLESS)


def _ladder(may: Authority, asked_for: str) -> list[tuple[int, str, float | str, str]]:
    """Return for each tier the most that it may decide in cents, its name, the limit in force and its rule."""
    ladder = []
    for tier, limits in may.limits.items():
        limit = limits[asked_for]
        most = -1 if limits["total_cost"].value == ASK else limit_cents(limit.value)
        ladder.append((most, tier, limit_content(limit.value), limit.rule))
    return ladder


def _limit_text(limit: float | str) -> str:
    return limit if isinstance(limit, str) else f"{limit:.2f}".removesuffix(".00")


def _codes(column: pd.Series, name: str, valid: tuple[str, ...]) -> NDArray[np.int64]:
    import numpy as np
    import pandas as pd

    coded = pd.Categorical(column)
    # the last place is for code -1: nothing there
    place = np.append(pd.Index(valid).get_indexer(coded.categories), -1)
    found = np.asarray(place[coded.codes], dtype=np.int64)
    if (found < 0).any():
        row = int(np.argmax(found < 0))
        raise unknown(name, column.iloc[row], valid, f"row {row + 1}")
    return found


def _numbers(cases: pd.DataFrame, name: str) -> NDArray[np.float64]:
    import numpy as np

    try:
        values = np.asarray(cases[name].to_numpy(), dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError(f"column '{name}' of the cases holds text; it must hold numbers") from None
    if np.isnan(values).any():
        row = int(np.argmax(np.isnan(values)))
        raise InputError(f"column '{name}' of the cases is empty in row {row + 1}; it must hold a number")
    return values
