"""Decision table: who may decide what is asked for, and what to give, in thousands or millions of cases at once.

In: a policy or its versions, the failures and segments that there are, a table of cases. Out: the same rows with who
decides each and why, or why it is not decided. Left to others: a single case (`decision`), reading files (`cells`).

A case gets the answer that the published tables give it in a rules engine: one that lacks what is needed, be it for who
decides or for what to give, is not decided, and keeps no other case from being decided.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from policy_sim.border import InputError, unknown
from policy_sim.cells import distinct, read_numbers, shortened, words_about
from policy_sim.policy.decision import MOST_CENTS, Decider, Recommendation
from policy_sim.policy.versions import Versions
from policy_sim.words import ASKED_FOR, ASKS, LIMIT_KINDS, resolution_name

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Words = NDArray[np.object_]

__all__ = [
    "GIVEN",
    "NOT_DECIDED",
    "NOT_DECIDED_RULE",
    "NO_RULE",
    "REASON",
    "decide_by_date",
    "decide_table",
    "give_text",
]

#: The tier of a case that cannot be decided: a name that no tier can bear.
NOT_DECIDED = "not decided"
NOT_DECIDED_RULE = (
    "this case cannot be decided: a fact is missing, unknown, negative or no number, or the currency is another"
)
#: What the playbook says of a case, where a policy has one: what to give, and the rule that says so.
GIVEN = ("give", "playbook_rule")
#: What to give where no rule is for a case: a name that no remedy can bear.
NO_RULE = "no rule"
#: The column that says what is wrong with a case that is not decided; empty where it is.
REASON = "not_decided_because"


def decide_table(decider: Decider, cases: pd.DataFrame, has_commas: bool = False) -> pd.DataFrame:
    """Decide many cases at once.

    Parameters
    ----------
    decider
        The policy made ready.
    cases
        Columns failure, segment, asked_for, amount, and the facts that guards look at, and rules of the playbook for
        the failure of a case; where those look at what the customer asks for, ask (of `ASKS`). Where there is a column
        currency, only cases in that of the policy are decided. Numbers may be text.
    has_commas
        Whether a comma may stand before decimals in text.

    Returns
    -------
    pandas.DataFrame
        Same index; columns tier, limit (as text: 25, 12.50, ask), rule, return_waived, starts_at, because, as in
        `Decision`, and `REASON`. A case that cannot be decided has the tier `NOT_DECIDED`. Where the policy has a
        playbook, columns `GIVEN` come before the reason, what to give as text: remedies joined by " + ", "nothing", or
        `NO_RULE`; as in `Decision`, limits are not looked at for it.

    Raises
    ------
    InputError
        If a column is missing that every case needs.
    """
    import numpy as np
    import pandas as pd

    _check_columns(cases, ("failure", "segment", "asked_for", "amount"))
    ladder = decider.ladder
    reasons = _Reasons(len(cases))
    if "currency" in cases.columns:
        currency = decider.policy.currency
        reasons.add(words_about(cases["currency"], lambda value: _currency_problem(value, currency)))
    cell, failure = _cells(decider, cases, reasons)
    asked, problems = _whole_cents(cases["amount"], has_commas)
    reasons.add(problems)
    start, problems = _starts(decider, cases, has_commas)
    reasons.add(problems)
    if decider.policy.playbook is not None:
        said, said_place, problems = _said(decider, cases, failure, has_commas)
        reasons.add(problems)
    first_tier = np.array([position for position, _ in ladder.starts])[start]
    all_answers = list(decider.answers.values())
    most_cents = np.array([[most for most, _ in answers] for answers in all_answers])
    tier = first_tier.copy()
    for k in range(len(ladder.tiers) - 1):
        tier += (tier == k) & (asked > most_cents[cell, k])
    place = cell * len(ladder.tiers) + tier
    answered = [answer for answers in all_answers for _, answer in answers]
    waived = np.array([LIMIT_KINDS[asked_for].waives_return for asked_for in ASKED_FOR])
    is_decided = reasons.words == ""

    def column_of(words: Sequence[str], places: NDArray[np.int64], otherwise: str = NOT_DECIDED) -> pd.Categorical:
        return _categories([*words, otherwise], np.where(is_decided, places, len(words)))

    given = {}
    if decider.policy.playbook is not None:
        given["give"] = column_of([give_text(each.give) for each in said], said_place)
        given["playbook_rule"] = column_of([each.playbook_rule for each in said], said_place, NOT_DECIDED_RULE)
    return pd.DataFrame(
        {
            "tier": column_of(ladder.tiers, tier),
            "limit": column_of([_limit_text(limit) for _, limit, _, _ in answered], place),
            "rule": column_of([rule for _, _, rule, _ in answered], place, NOT_DECIDED_RULE),
            "return_waived": waived[cell % len(ASKED_FOR)] & is_decided,
            "starts_at": column_of(ladder.tiers, first_tier),
            "because": column_of([because for _, because in ladder.starts], start, NOT_DECIDED_RULE),
            **given,
            REASON: reasons.words,
        },
        index=cases.index,
    )


def _cells(decider: Decider, cases: pd.DataFrame, reasons: _Reasons) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return for each case its place among the decider's answers (0 where a name is none), and that of its failure.

    The place of a failure is -1 where it is none; what is wrong is added to the reasons.
    """
    import numpy as np

    cell = np.zeros(len(cases), dtype=np.int64)
    failure = cell
    for column, valid in (("failure", decider.failures), ("segment", decider.segments), ("asked_for", ASKED_FOR)):
        codes, problems = _codes(cases[column], column, valid)
        reasons.add(problems)
        cell = cell * len(valid) + codes
        if column == "failure":
            failure = np.where(problems == "", codes, -1)
    return cell, failure


def decide_by_date(
    versions: Versions,
    failures: Iterable[str],
    segments: Iterable[str],
    cases: pd.DataFrame,
    has_commas: bool = False,
) -> pd.DataFrame:
    """Decide many cases, each by the version that was live when its order was placed.

    Parameters
    ----------
    versions
        All versions of the policy.
    failures, segments
        All that there are.
    cases, has_commas
        As for `decide_table`, with the column order_date (text such as 2026-12-01, or dates).

    Returns
    -------
    pandas.DataFrame
        As from `decide_table`, with the version that decided, none where no version was live on that day. Columns
        `GIVEN` are there if any version has a playbook.

    Raises
    ------
    InputError
        If a column is missing that every case needs.
    """
    import numpy as np
    import pandas as pd

    _check_columns(cases, ("order_date", "failure", "segment", "asked_for", "amount"))
    places, days = distinct(cases["order_date"])
    live = [_live(versions, day) for day in [*days, ""]]  # the last is for code -1
    numbers = np.array([version or 0 for version, _ in live])[places]
    reason = np.array([words for _, words in live], dtype=object)[places]
    order = ["tier", "limit", "rule", "return_waived", "starts_at", "because"]
    order += [*GIVEN, REASON] if any(policy.playbook is not None for policy in versions.policies) else [REASON]
    nothing: dict[str, Any] = dict.fromkeys(order, NOT_DECIDED) | {"return_waived": False}
    nothing |= dict.fromkeys(("rule", "because", "playbook_rule"), NOT_DECIDED_RULE)
    together = pd.DataFrame({name: nothing[name] for name in order}, index=cases.index).astype(object)
    together[REASON] = reason
    names = (tuple(failures), tuple(segments))
    for policy in versions.policies:
        is_its = numbers == policy.version
        if is_its.any():
            decided = decide_table(Decider(policy, *names), cases[is_its], has_commas)
            if policy.playbook is None:
                decided = decided.assign(**_no_playbook(decided))
            together.loc[is_its, order] = decided[order].astype(object).to_numpy()
    version = pd.array(numbers, dtype="Int64")
    version[numbers == 0] = pd.NA
    return together.astype({"return_waived": bool}).assign(version=version)


class _Reasons:
    """Why cases are not decided, in the order in which they are looked through; "" for those that are."""

    def __init__(self, count: int) -> None:
        import numpy as np

        self.words: Words = np.full(count, "", dtype=object)

    def add(self, problems: Words) -> None:
        """Say a further problem of each case; "" where there is none."""
        for row in (problems != "").nonzero()[0]:
            self.words[row] = f"{self.words[row]}; {problems[row]}" if self.words[row] else problems[row]


def _check_columns(cases: pd.DataFrame, needed: Sequence[str]) -> None:
    for column in needed:
        if column not in cases.columns:
            names = ", ".join(map(str, cases.columns))
            why = "versions decide by that day" if column == "order_date" else "the policy needs it to decide"
            raise InputError(f"cases have no column '{column}'; found: {names}; add it, as {why}")


def _currency_problem(value: object, currency: str) -> str:
    if value == currency:
        return ""
    written = f"is {shortened(value)}" if str(value).strip() else "is empty"
    return f"currency {written}; the policy is in {currency}, and nothing is converted"


def _codes(column: pd.Series, name: str, valid: tuple[str, ...]) -> tuple[NDArray[np.int64], Words]:
    """Return for each name in a column its place among the valid ones (0 where it is none), and what is wrong."""
    import numpy as np

    places, values = distinct(column)
    values.append("")  # for code -1
    codes = [valid.index(value) if isinstance(value, str) and value in valid else -1 for value in values]
    words = ["" if code >= 0 else _name_problem(name, value, valid) for code, value in zip(codes, values, strict=True)]
    return np.maximum(codes, 0)[places], np.array(words, dtype=object)[places]


def _name_problem(name: str, value: object, valid: Sequence[str]) -> str:
    if not str(value).strip():
        return f"{name} is empty; expected one of: {', '.join(valid)}"
    return str(unknown(name, value, valid))


def _whole_cents(column: pd.Series, has_commas: bool) -> tuple[Floats, Words]:
    """Return amounts in whole cents (0 where there is none), and what is wrong, as `amount_in_cents` says it."""
    import numpy as np

    amount, problems = read_numbers(column, has_commas)
    exact = 100 * np.where(problems == "", amount, 0.0)
    cents = np.rint(exact)
    is_no_money = (exact < 0) | (exact > MOST_CENTS)
    is_fraction = np.abs(exact - cents) > 1e-6 * np.maximum(1, np.abs(cents) * 1e-6)
    written = column.to_numpy(dtype=object)
    for row in is_no_money.nonzero()[0]:
        problems[row] = f"is {written[row]}; it must be money, from 0 to {MOST_CENTS // 100:,}"
    for row in (is_fraction & ~is_no_money).nonzero()[0]:
        problems[row] = f"is {written[row]}; it must be whole cents, round it as you will pay it out"
    return np.where(problems == "", cents, 0.0), _about("amount", problems)


def _starts(decider: Decider, cases: pd.DataFrame, has_commas: bool) -> tuple[NDArray[np.int64], Words]:
    """Return for each case its place among the ladder's starts, and what is wrong with the facts that it hangs on.

    Guards are asked in order, as in the rows of the published table: a fact that only later guards look at may be
    missing.
    """
    import numpy as np

    ladder = decider.ladder
    facts = {fact: _fact(cases, fact, has_commas) for fact in ladder.facts}
    start = np.full(len(cases), len(ladder.guards), dtype=np.int64)
    reasons = np.full(len(cases), "", dtype=object)
    is_open = np.full(len(cases), True)
    for place, guard in enumerate(ladder.guards):
        values, problems = facts[guard.fact]
        is_unknown = is_open & (problems != "")
        reasons[is_unknown] = problems[is_unknown]
        is_open &= ~is_unknown
        is_caught = is_open & (values >= guard.at_least)
        start[is_caught] = place
        is_open &= ~is_caught
    return start, reasons


def _said(
    decider: Decider, cases: pd.DataFrame, failure: NDArray[np.int64], has_commas: bool
) -> tuple[list[Recommendation], NDArray[np.int64], Words]:
    """Return all that the playbook may say, for each case the place of what it says of it there, and what is wrong.

    Parameters
    ----------
    decider, cases, has_commas
        As for `decide_table`.
    failure
        For each case its place among the decider's failures; -1 where it is none.
    """
    import numpy as np

    said = [Recommendation()]
    place = np.zeros(len(cases), dtype=np.int64)
    reasons = np.full(len(cases), "", dtype=object)
    for name, (looked_at, hangs_on_ask, rules) in decider.playbook.items():
        rows = (failure == decider.failures.index(name)).nonzero()[0]
        own = cases.iloc[rows]
        problems = _Reasons(len(rows))
        facts = []
        for fact in looked_at:
            values, wrong = _fact(own, fact, has_commas, "a rule of the playbook")
            facts.append(values)
            problems.add(wrong)
        ask = np.zeros(len(rows), dtype=np.int64)
        if hangs_on_ask:
            ask, wrong = _asks(own)
            problems.add(wrong)
        is_open = problems.words == ""
        for rule in rules:
            is_its = is_open.copy()
            for values, (low, high) in zip(facts, rule.ends, strict=True):
                is_its &= (values >= low) & (values < high)
            if rule.asks is not None:
                is_its &= np.array([known in rule.asks for known in ASKS])[ask]
            place[rows[is_its]] = len(said)
            is_open &= ~is_its
            said.append(rule.said)
        reasons[rows] = problems.words
    return said, place, reasons


def _asks(cases: pd.DataFrame) -> tuple[NDArray[np.int64], Words]:
    """Return for each case its place among `ASKS` (0 where it is none), and what is wrong."""
    import numpy as np

    if "ask" not in cases.columns:
        words = "the column 'ask' is missing, and a rule of the playbook looks at it"
        return np.zeros(len(cases), dtype=np.int64), np.full(len(cases), words, dtype=object)
    return _codes(cases["ask"], "ask", tuple(ASKS))


def _no_playbook(cases: pd.DataFrame) -> dict[str, Any]:
    """Return what columns `GIVEN` say of cases that a version without a playbook decides, where it does."""
    import numpy as np

    is_decided = cases["tier"].to_numpy() != NOT_DECIDED
    return {
        "give": np.where(is_decided, NO_RULE, NOT_DECIDED),
        "playbook_rule": np.where(is_decided, "", NOT_DECIDED_RULE),
    }


def give_text(give: Sequence[str] | None) -> str:
    """Return what to give as tables say it: remedies joined by " + ", "nothing", or `NO_RULE`."""
    return NO_RULE if give is None else resolution_name(give)


def _fact(
    cases: pd.DataFrame, fact: str, has_commas: bool, looked_at_by: str = "a guard of the policy"
) -> tuple[Floats, Words]:
    import numpy as np

    if fact not in cases.columns:
        words = f"the fact '{fact}' is missing: there is no such column, and {looked_at_by} looks at it"
        return np.zeros(len(cases)), np.full(len(cases), words, dtype=object)
    values, problems = read_numbers(cases[fact], has_commas)
    written = cases[fact].to_numpy(dtype=object)
    for row in (values < 0).nonzero()[0]:
        problems[row] = f"is {written[row]}; it must be 0 or more"
    problems[problems == "is empty"] = f"is missing; {looked_at_by} looks at it"
    return values, _about(f"the fact '{fact}'", problems)


def _about(subject: str, problems: Words) -> Words:
    for row in (problems != "").nonzero()[0]:
        problems[row] = f"{subject} {problems[row]}"
    return problems


def _live(versions: Versions, day: object) -> tuple[int | None, str]:
    """Return the version that was live on a day, and where there is none, why."""
    text = str(day).strip()
    if not text:
        return None, "order_date is empty; versions decide by that day"
    try:
        return versions.in_force(day.date() if isinstance(day, datetime) else _day_of(text)).version, ""
    except InputError as error:
        return None, str(error)


def _day_of(text: str) -> date | str:
    """Return the day of a date with a time of day, as it stands there; other text as it is."""
    try:
        return datetime.fromisoformat(text).date()
    except ValueError:
        return text


def _limit_text(limit: float | str) -> str:
    return limit if isinstance(limit, str) else f"{limit:.2f}".removesuffix(".00")


def _categories(words: Sequence[str], places: NDArray[np.int64]) -> pd.Categorical:
    """Return a column of words, by the place of each among all that there are; the same words may stand twice."""
    import numpy as np
    import pandas as pd

    words_once = list(dict.fromkeys(words))
    code = np.array([words_once.index(word) for word in words])
    return pd.Categorical.from_codes(code[places], categories=pd.Index(words_once, dtype=object))
