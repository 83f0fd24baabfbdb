"""Decisions: which tier may decide what is asked for in a case, quickly, for one case or for millions.

In: a policy, the failures and segments that there are, cases with what is asked for. Out: `Decision`, or a table.
Left to others: what each tier may give (`ladder`), and the same in plain steps (`authority`); what is best (`value`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, NamedTuple

from policy_sim.border import InputError, numbers_of, unknown
from policy_sim.policy.authority import Authority
from policy_sim.policy.ladder import Ladder, to_cents
from policy_sim.policy.limits import ASK, Policy, limit_content
from policy_sim.policy.versions import Versions
from policy_sim.words import ASKED_FOR, EVERYTHING, LIMIT_KINDS

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

__all__ = ["MOST_CENTS", "Decider", "Decision", "amount_in_cents", "decide_by_date", "decide_table", "decision_of"]

#: The largest amount that may be asked for; a limit above it is never reached.
MOST_CENTS = 10**15


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
        self._ladder = Ladder(policy)
        self.facts = self._ladder.facts
        # by failure, segment and what is asked for, in the order of their product: for each tier the most that it may
        # give in cents, and what is said where it decides
        self._answers = {
            (failure, segment, asked_for): [
                (rung.most_cents, (rung.tier, limit_content(rung.limit), rung.rule, kind.waives_return))
                for rung in self._ladder.rungs(failure, segment, asked_for)
            ]
            for failure in self.failures
            for segment in self.segments
            for asked_for, kind in ((name, LIMIT_KINDS[name]) for name in ASKED_FOR)
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
        answers = self._answers.get((failure, segment, asked_for))
        if answers is None:
            raise self._unknown(failure, segment, asked_for)
        asked = amount_in_cents(amount)
        facts = facts or {}
        for fact in self.facts:
            value = facts.get(fact)
            if value is None or value != value:
                raise InputError(f"the fact '{fact}' of the case is missing; a guard of the policy looks at it")
        start, because = self._ladder.start(facts)
        position = start
        while asked > answers[position][0]:  # the last tier has no limit
            position += 1
        return Decision(*answers[position][1], self._ladder.tiers[start], because)

    def _unknown(self, failure: str, segment: str, asked_for: str) -> InputError:
        for kind, name, valid in (("failure", failure, self.failures), ("segment", segment, self.segments)):
            if name not in valid:
                return unknown(kind, name, valid, "the case")
        return unknown("thing asked for", asked_for, ASKED_FOR, "the case")


def decision_of(may: Authority, asked_for: str, amount: float) -> Decision:
    """Return who may decide what is asked for, read from the authority of a case: the plain reference.

    A tier that must ask for whatever costs anything (`ask` on the limit of `EVERYTHING`) must ask for all it gives.
    """
    for tier in may.limits:  # the one that stops the loop is the answer
        limits = may.limits[tier]
        limit = limits[asked_for]
        if amount_in_cents(amount) <= to_cents(limit.value) and limits[EVERYTHING].value != ASK:
            break
    is_waived = LIMIT_KINDS[asked_for].waives_return
    return Decision(tier, limit_content(limit.value), limit.rule, is_waived, may.starts_at, may.because)


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
    ladder = decider._ladder
    cell = np.zeros(len(cases), dtype=np.int64)
    for column, valid in (("failure", decider.failures), ("segment", decider.segments), ("asked_for", ASKED_FOR)):
        cell = cell * len(valid) + _codes(cases[column], column, valid)
    asked = _whole_cents(cases)
    start = ladder.start_places({fact: _numbers(cases, fact) for fact in ladder.facts}, len(cases))
    first_tier = np.array([position for position, _ in ladder.starts])[start]
    all_answers = list(decider._answers.values())
    most_cents = np.array([[most for most, _ in answers] for answers in all_answers])
    tier = first_tier.copy()
    for k in range(len(ladder.tiers) - 1):
        tier += (tier == k) & (asked > most_cents[cell, k])
    place = cell * len(ladder.tiers) + tier
    said = [answer for answers in all_answers for _, answer in answers]
    waived = np.array([LIMIT_KINDS[asked_for].waives_return for asked_for in ASKED_FOR])
    return pd.DataFrame(
        {
            "tier": _categories(ladder.tiers, tier),
            "limit": _categories([_limit_text(limit) for _, limit, _, _ in said], place),
            "rule": _categories([rule for _, _, rule, _ in said], place),
            "return_waived": waived[cell % len(ASKED_FOR)],
            "starts_at": _categories(ladder.tiers, first_tier),
            "because": _categories([because for _, because in ladder.starts], start),
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
        columns = ", ".join(map(str, cases.columns))
        raise InputError(f"cases have no column 'order_date'; found: {columns}; add it, as versions decide by that day")
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


def amount_in_cents(amount: float, where: str = "") -> int:
    """Return an amount of money in whole cents.

    Parameters
    ----------
    amount
        Money, 0 or more.
    where
        Said after the amount in messages: " (row 3)".

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
    if whole < 0 or whole > MOST_CENTS or amount < 0:
        raise InputError(f"amount is {amount!r}{where}; it must be money, 0 or more")
    if abs(exact - whole) > 1e-6 * max(1.0, abs(whole) * 1e-6):
        raise InputError(f"amount is {amount!r}{where}; it must be whole cents, round it as you will pay it out")
    return whole


def _whole_cents(cases: pd.DataFrame) -> NDArray[np.float64]:
    """Return the amounts of all cases in whole cents; the first that is none is named as `amount_in_cents` does."""
    import numpy as np

    amount = _numbers(cases, "amount")
    cents = np.rint(100 * amount)
    is_wrong = (amount < 0) | (100 * amount > MOST_CENTS)
    is_wrong |= np.abs(100 * amount - cents) > 1e-6 * np.maximum(1, np.abs(cents) * 1e-6)
    if is_wrong.any():
        row = int(np.argmax(is_wrong))
        amount_in_cents(float(amount[row]), f" (row {row + 1})")
    return np.asarray(cents)


def _limit_text(limit: float | str) -> str:
    return limit if isinstance(limit, str) else f"{limit:.2f}".removesuffix(".00")


def _categories(words: Sequence[str], places: NDArray[np.int64]) -> pd.Categorical:
    """Return a column of words, by the place of each among all that there are; the same words may stand twice."""
    import numpy as np
    import pandas as pd

    distinct = list(dict.fromkeys(words))
    code = np.array([distinct.index(word) for word in words])
    return pd.Categorical.from_codes(code[places], categories=pd.Index(distinct, dtype=object))


def _codes(column: pd.Series, name: str, valid: tuple[str, ...]) -> NDArray[np.int64]:
    """Return for each name in a column its place among the valid ones."""
    import numpy as np
    import pandas as pd

    try:
        named = pd.Categorical(column)
    except TypeError:  # lists and the like cannot be told apart, and are no names
        named = pd.Categorical(column.astype(str))
    # the last place is for code -1: nothing there
    place = np.append(pd.Index(valid).get_indexer(named.categories), -1)
    codes = np.asarray(place[named.codes], dtype=np.int64)
    if (codes < 0).any():
        row = int(np.argmax(codes < 0))
        raise unknown(name, column.iloc[row], valid, f"row {row + 1}")
    return codes


def _numbers(cases: pd.DataFrame, name: str) -> NDArray[np.float64]:
    import numpy as np

    values = numbers_of(cases[name])
    if np.isnan(values).any():
        row = int(np.argmax(np.isnan(values)))
        cell = cases[name].iloc[row]
        held = "is empty" if cell is None or cell != cell else f"holds text or the like, {str(cell)!r},"
        raise InputError(f"column '{name}' of the cases {held} in row {row + 1}; it must hold a number")
    return values
