"""Words: every limit, outcome, case column and guard fact once, with all that is said about it anywhere.

In: nothing. Out: frozen records, and the tuples of names that follow from them; light to import, without numpy.
Left to others: what a scenario assumes about them (`assumptions`), how numbers are written (`show.wording`).

A further limit, outcome or column of a case is a further record here: screens, figures, files and checks follow.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

__all__ = [
    "ASKED_FOR",
    "ASKS",
    "CASE_COLUMNS",
    "COLUMNS",
    "DAYS_PER_YEAR",
    "EVERYTHING",
    "GAP_PARTS",
    "GOODWILL",
    "GUARDS",
    "GUARD_FACTS",
    "LIMITS",
    "LIMIT_KINDS",
    "MEASURES",
    "MOVED",
    "NEEDS",
    "OUTCOMES",
    "PARTS",
    "RETURN_PARTS",
    "RULE_FACTS",
    "SIMPLICITY",
    "SPARED",
    "TILES",
    "AskKind",
    "CaseColumn",
    "GapPart",
    "GuardFact",
    "LimitKind",
    "Name",
    "OutcomeKind",
    "RemedyKind",
    "ReturnPart",
    "RuleFact",
    "SparedKind",
    "Text",
    "form_columns",
    "resolution_name",
]

#: How tiers, failures, remedies, assumptions and the like are named in files.
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]

#: What files say in words: titles, sources, reasons.
Text = Annotated[str, Field(min_length=1, max_length=600)]

#: What a remedy is made of, and what a failure takes from a customer.
RemedyKind = Literal["money", "credit", "goods", "service"]


def resolution_name(given: Iterable[str]) -> str:
    """Return the name of a resolution: the variants of remedies that are given together, "nothing" for none."""
    return " + ".join(given) or "nothing"


#: The one length of a year.
DAYS_PER_YEAR = 365.25


@dataclass(frozen=True)
class LimitKind:
    """A dimension in which a tier's authority is limited.

    Attributes
    ----------
    title
        What it is called on screens and in figures.
    axis
        What is measured along the axis of its curve.
    sentence
        What an agent may do, before the amount: "let customers keep items up to".
    act
        The same as a heading of the agents' card: something to do.
    counts_item_price
        Whether what draws on it draws the price of the item; else it draws an amount of its own.
    all_of_it, some_of_it
        What an agent does where the limit covers the price of the item (any amount, where the limit does not count
        that), and where it covers a part ("{}" stands for the amount); `some_of_it` is empty where a part makes no
        sense.
    covers_everything
        Whether every resolution draws its whole cost on the limit. "Ask" on such a limit is no authority at all.
    beyond_owed
        Whether every resolution draws on it what it gives beyond what the customer is owed, in whatever form, with what
        a gesture costs and the time of supervisors that it takes.
    is_owed
        Whether what is drawn on it counts only up to what the customer is owed.
    waives_return
        Whether what draws on it lets the customer keep the item.
    search_rank
        Place in the order in which the search for the best limits moves it; None where it stays.
    grid_points
        Values between "ask" and "no limit" at which that search begins; with 0 it begins at the limit in force.
    """

    name: str
    title: str
    axis: str
    sentence: str
    act: str = ""
    counts_item_price: bool = True
    all_of_it: str = ""
    some_of_it: str = ""
    covers_everything: bool = False
    beyond_owed: bool = False
    is_owed: bool = False
    waives_return: bool = False
    search_rank: int | None = None
    grid_points: int = 4


#: Limits that a policy sets, and that remedies draw on, by name, in the order of every array with a limit axis.
LIMIT_KINDS: Mapping[str, LimitKind] = {
    kind.name: kind
    for kind in (
        LimitKind(
            name="refund",
            title="Refund",
            axis="Most that may be refunded",
            sentence="refund up to",
            act="Money back",
            all_of_it="give all the money back",
            some_of_it="give up to {} back",
            is_owed=True,
            search_rank=3,
            grid_points=6,
        ),
        LimitKind(
            name="credit",
            title="Store credit",
            axis="Most that may be credited",
            sentence="give store credit up to",
            act="Store credit",
            counts_item_price=False,
            all_of_it="give store credit",
            some_of_it="give up to {} of store credit",
            search_rank=2,
            grid_points=5,
        ),
        LimitKind(
            name="keep_item",
            title="Keep the item",
            axis="Price of the item that the customer may keep",
            sentence="let customers keep items up to",
            act="Keep the item",
            all_of_it="let them keep the item",
            waives_return=True,
            search_rank=1,
            grid_points=6,
        ),
        LimitKind(
            name="replacement",
            title="Replacement",
            axis="Price of the item that may be replaced",
            sentence="replace items up to",
            act="Send a new one",
            all_of_it="send a new one",
            search_rank=4,
        ),
        LimitKind(
            name="goodwill",
            title="Goodwill",
            axis="Most that may be given beyond what is owed",
            sentence="give beyond what is owed up to",
            act="Beyond what is owed",
            counts_item_price=False,
            all_of_it="give more than is owed",
            some_of_it="give up to {} more than is owed",
            beyond_owed=True,
            search_rank=5,
            grid_points=0,
        ),
        LimitKind(
            name="total_cost",
            title="Cost in all",
            axis="Cost of everything given in a case",
            sentence="spend in all up to",
            counts_item_price=False,
            covers_everything=True,
            search_rank=6,
            grid_points=0,
        ),
    )
}

LIMITS = tuple(LIMIT_KINDS)
#: The limit that every resolution draws its whole cost on.
(EVERYTHING,) = (kind.name for kind in LIMIT_KINDS.values() if kind.covers_everything)
#: The limit that every resolution draws on with what it gives beyond what is owed.
(GOODWILL,) = (kind.name for kind in LIMIT_KINDS.values() if kind.beyond_owed)
#: What can be asked for: something that draws on one of the limits.
ASKED_FOR = LIMITS
#: Limits that the search for the best ones moves unless told otherwise, in its order.
MOVED = tuple(
    name for _, name in sorted((kind.search_rank, kind.name) for kind in LIMIT_KINDS.values() if kind.search_rank)
)


@dataclass(frozen=True)
class OutcomeKind:
    """A quantity that a policy brings.

    Attributes
    ----------
    unit
        "money", "share" (0-1) or "minutes", per case.
    sign
        With which it counts in net value; 0 where it does not.
    less_is_better
        Whether a policy with less of it is the better one.
    tile
        Place of its tile on the first screen, from 1; 0 where it has none.
    adds_up
        Whether people ask for it a month or a year; else it is a property of a case, whatever the period.
    note
        Said after its title where the parts of net value are shown.
    """

    name: str
    title: str
    unit: Literal["money", "share", "minutes"]
    sign: int = 0
    less_is_better: bool = False
    tile: int = 0
    adds_up: bool = True
    note: str = ""


#: Everything that a policy can be asked for, by name; net value is worked out from the others.
OUTCOMES: Mapping[str, OutcomeKind] = {
    outcome.name: outcome
    for outcome in (
        OutcomeKind("net_value", "Net value", "money", tile=1),
        OutcomeKind("retained", "Customer value kept", "money", sign=1),
        OutcomeKind("remedy_cost", "Remedy cost", "money", sign=-1, less_is_better=True, tile=2),
        OutcomeKind("labour", "Handling time", "money", sign=-1, less_is_better=True),
        OutcomeKind(
            "learned_claiming",
            "Extra claims",
            "money",
            sign=-1,
            less_is_better=True,
            tile=6,
            note="as word gets round",
        ),
        OutcomeKind("customers_kept", "Customers kept", "share", tile=3),
        OutcomeKind("escalated", "Asked a supervisor", "share", less_is_better=True, tile=4, adds_up=False),
        OutcomeKind("minutes", "Minutes per case", "minutes", less_is_better=True, tile=5, adds_up=False),
        OutcomeKind("supervisor_minutes", "Supervisor minutes", "minutes", less_is_better=True),
    )
}

#: What is added up over cases, in the order of every array with a measure axis.
MEASURES = tuple(name for name in OUTCOMES if name != "net_value")
#: What net value is made of, with the sign that it counts with.
PARTS = {outcome.name: outcome.sign for outcome in OUTCOMES.values() if outcome.sign}
#: Outcomes with a tile on the first screen, in order.
TILES = tuple(name for _, name in sorted((outcome.tile, outcome.name) for outcome in OUTCOMES.values() if outcome.tile))


@dataclass(frozen=True)
class SparedKind:
    """Something that limits can be asked to spare: a bound on it, or the other axis of a frontier.

    Attributes
    ----------
    outcome
        The outcome that measures it.
    axis
        What is measured along the axis of a frontier.
    head
        The same as the head of a column, in one word.
    one_more
        What a price of it is the price of.
    """

    name: str
    outcome: str
    axis: str
    head: str
    one_more: str


#: What can be spared, by the name that people give it.
SPARED: Mapping[str, SparedKind] = {
    kind.name: kind
    for kind in (
        SparedKind(
            name="budget",
            outcome="remedy_cost",
            axis="remedy cost a year",
            head="remedies",
            one_more="unit of money more for remedies",
        ),
        SparedKind(
            name="escalation_minutes",
            outcome="supervisor_minutes",
            axis="supervisor minutes a year",
            head="minutes",
            one_more="supervisor minute more",
        ),
        SparedKind(
            name="learned_claiming",
            outcome="learned_claiming",
            axis="lost to extra claims a year",
            head="extra claims",
            one_more="unit of money more lost to extra claims",
        ),
    )
}


@dataclass(frozen=True)
class ReturnPart:
    """Something that speaks for letting the customer keep an item, or for asking it back.

    Attributes
    ----------
    title
        What it is called in figures.
    when_kept
        What becomes of it where the item is kept.
    """

    name: str
    title: str
    when_kept: str


#: What tells keeping an item from returning it, by name, in the order in which people add it up.
RETURN_PARTS: Mapping[str, ReturnPart] = {
    part.name: part
    for part in (
        ReturnPart("label", "return label", "label saved"),
        ReturnPart("inspection", "inspection", "inspection saved"),
        ReturnPart("restocking", "restocking", "restocking saved"),
        ReturnPart("salvage", "salvage", "salvage given up"),
        ReturnPart("customer", "customer value", "customer value"),
        ReturnPart("learned_claiming", "extra claims", "extra claims"),
    )
}


@dataclass(frozen=True)
class GapPart:
    """Something that keeps a policy from the best resolution of every case.

    Attributes
    ----------
    title
        What it is called in figures.
    sentence
        What would be different without it.
    """

    name: str
    title: str
    sentence: str


#: What a policy loses to the best resolution of every case, by name, in the order in which it is taken away.
GAP_PARTS: Mapping[str, GapPart] = {
    part.name: part
    for part in (
        GapPart("guards", "Guards", "no case is passed on because of a guard, and extra claims get through"),
        GapPart("handing_over", "Handing over and waiting", "whoever answers settles the case at once"),
        GapPart("taste", "What people choose", "everybody gives the best of what whoever decides may give"),
        GapPart("limits", "Limits", "nobody has a limit"),
        GapPart("entitlements", "What customers accept", "customers accept less than they are owed, or asked for"),
        GapPart("luck", "Not knowing how it turns out", "whoever decides knows how the assumptions turn out"),
    )
}

#: Titles of the policies from the simplest to the best choice in every case, by the names in `BestLimits.simplicity`.
SIMPLICITY: Mapping[str, str] = {
    "given": "in force",
    "one limit for all": "the same limits for all",
    "rounded": "the same, rounded",
    "limits of its own for each cell": "own limits wherever it pays",
    "oracle": "the best of each case",
}


@dataclass(frozen=True)
class CaseColumn:
    """A number that a case carries.

    Attributes
    ----------
    unit
        "money", "share" (0-1), "hours", "days" or "count"; all are 0 or more.
    in_forms
        Whether the linear forms of remedies (cost, worth, uses) may name it.
    default
        What fills it where a log leaves it out: a number, or the name of an assumption; None where a log must have it,
        unless `filled_from` says how.
    filled_from
        The column that fills it, "constant" for 1, and the assumptions that this one is multiplied by. It then moves
        with the assumptions from draw to draw.
    rules_out
        Whether remedies may need it: where it is below a half, those that do cannot be given.
    """

    name: str
    unit: Literal["money", "share", "hours", "days", "count"]
    in_forms: bool = False
    default: float | str | None = None
    filled_from: tuple[str, tuple[str, ...]] | None = None
    rules_out: bool = False

    @property
    def is_required(self) -> bool:
        """Whether a case log has to have it."""
        return self.default is None and self.filled_from is None


#: Numbers of a case, by name; names and indices (case, failure, segment, customer) come besides.
CASE_COLUMNS: Mapping[str, CaseColumn] = {
    column.name: column
    for column in (
        CaseColumn("item_price", "money", in_forms=True),
        CaseColumn("unit_cost", "money", in_forms=True, filled_from=("item_price", ("shop.unit_cost_share",))),
        CaseColumn("salvage_value", "money", in_forms=True, filled_from=("unit_cost", ("shop.salvage_share",))),
        CaseColumn("return_shipping", "money", in_forms=True, filled_from=("constant", ("shop.label_cost",))),
        CaseColumn("outbound_shipping", "money", in_forms=True, filled_from=("constant", ("shop.outbound_cost",))),
        CaseColumn("restocking", "money", in_forms=True, filled_from=("constant", ("shop.inspection_cost",))),
        CaseColumn("severity", "share", default="cases.severity_mean"),
        CaseColumn("hours_open", "hours", default="cases.hours_open_median"),
        CaseColumn("days_since_purchase", "days", default="cases.days_since_purchase_median"),
        CaseColumn("prior_purchases", "count", default=1.0),
        CaseColumn("prior_failures", "count", default=0.0),
        CaseColumn("days_since_failure", "days", default="cases.days_since_failure_median"),
        CaseColumn("prior_claims", "count", default=0.0),
        CaseColumn("suspicion", "share", default=0.0),
        CaseColumn("surfaces", "share", default=1.0),
        CaseColumn("live", "share", default="cases.live_share"),
        CaseColumn("firmness", "share", default="cases.firmness_mean"),
        CaseColumn("in_stock", "share", default=1.0, rules_out=True),
        CaseColumn("part_available", "share", default=1.0, rules_out=True),
        CaseColumn("future_value", "money"),
    )
}


def form_columns() -> tuple[str, ...]:
    """Return the columns that the linear forms of remedies may name; "constant" stands for 1."""
    return ("constant", *(column.name for column in CASE_COLUMNS.values() if column.in_forms))


COLUMNS = form_columns()
#: Columns that a remedy may need.
NEEDS = tuple(column.name for column in CASE_COLUMNS.values() if column.rules_out)


@dataclass(frozen=True)
class AskKind:
    """What a customer asks for when something went wrong.

    Attributes
    ----------
    kind
        What is asked for in kind; None where any kind will do.
    assumption
        Ending of the assumption that says how many ask for it, of each failure; the rest ask for nothing in particular.
    asks_for_more
        Whether more is asked for than what was lost.
    sentence
        How a rule of a playbook says that it is for customers who ask for this.
    """

    name: str
    sentence: str
    kind: RemedyKind | None = None
    assumption: str | None = None
    asks_for_more: bool = False


#: What customers ask for, by name, in the order in which it is numbered.
ASKS: Mapping[str, AskKind] = {
    ask.name: ask
    for ask in (
        AskKind("anything", "asks for nothing in particular"),
        AskKind("money", "asks for money", kind="money", assumption="asks_money_share"),
        AskKind("thing", "asks for the thing", kind="goods", assumption="asks_thing_share"),
        AskKind("more", "asks for more than was lost", assumption="asks_more_share", asks_for_more=True),
    )
}


@dataclass(frozen=True)
class GuardFact:
    """A column of a case at which a guard may look.

    Attributes
    ----------
    sentence
        How the agents' card says that a guard catches a case; "{}" stands for the value.
    catches
        The same in a few words, for screens and findings.
    hints_at_abuse
        Whether a guard looks at it because the customer may be lying.
    """

    name: str
    sentence: str
    catches: str
    hints_at_abuse: bool = False

    @property
    def unit(self) -> str:
        """Unit of the column."""
        return CASE_COLUMNS[self.name].unit


#: Facts of a case that a guard may look at, by name, in the order of published tables.
GUARDS: Mapping[str, GuardFact] = {
    fact.name: fact
    for fact in (
        GuardFact(
            "suspicion", "The tool shows a risk score of {} or more.", "looks suspicious (score {} or more)", True
        ),
        GuardFact(
            "prior_claims",
            "This customer has {} or more claims in the last 12 months.",
            "{} claims or more in 12 months",
            True,
        ),
        GuardFact("prior_failures", "Things went wrong {} times or more before.", "{} failures before or more"),
        GuardFact("item_price", "The item cost {} or more.", "an item of {} or more"),
        GuardFact("days_since_purchase", "The order is {} days old or older.", "an order {} days old or older"),
        GuardFact("severity", "The harm is rated {} or more.", "harm of {} or more, from 0 to 1"),
    )
}

GUARD_FACTS = tuple(GUARDS)


@dataclass(frozen=True)
class RuleFact:
    """A column of a case that whoever decides sees before deciding, so that a rule of a playbook may hang on it.

    Attributes
    ----------
    title
        What it is called on screens and in files.
    below, at_least
        How a rule says that it is for cases below a value, and from one on; "{}" stands for the value.
    is_yes_or_no
        Whether it is 0 or 1; `below` then says that it is not so, and `at_least` that it is.
    """

    name: str
    title: str
    below: str
    at_least: str
    is_yes_or_no: bool = False

    @property
    def unit(self) -> str:
        """Unit of the column."""
        return CASE_COLUMNS[self.name].unit


#: Facts that rules of a playbook may hang on, by name, in the order in which they are said.
RULE_FACTS: Mapping[str, RuleFact] = {
    fact.name: fact
    for fact in (
        RuleFact("item_price", "Price of the item", "under {}", "{} or more"),
        RuleFact("prior_purchases", "Orders so far", "fewer than {} orders", "{} orders or more"),
        RuleFact("days_since_purchase", "Days since the order", "less than {} days old", "{} days old or older"),
        RuleFact("hours_open", "Hours since it went wrong", "within {} hours", "{} hours old or older"),
        RuleFact("severity", "Harm, from 0 to 1", "harm below {}", "harm of {} or more"),
        RuleFact("prior_failures", "Failures before", "fewer than {} failures before", "{} failures before or more"),
        RuleFact("prior_claims", "Claims before", "fewer than {} claims before", "{} claims before or more"),
        RuleFact("live", "On the phone or in chat", "in writing", "on the phone or in chat", is_yes_or_no=True),
        RuleFact("in_stock", "In stock", "not in stock", "in stock", is_yes_or_no=True),
        RuleFact("part_available", "Spare part at hand", "no spare part", "spare part at hand", is_yes_or_no=True),
    )
}
