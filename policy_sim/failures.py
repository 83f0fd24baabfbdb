"""Failures: what goes wrong and what can be done about it, as a scenario's file describes it.

In: parts of a scenario file. Out: checked `Failure`, `Remedy` and `Rule`.
Left to others: whether they fit together (`assumptions`), what they come to for a case (`service`).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Collection, Mapping, Sequence
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, WithJsonSchema, field_validator, model_validator

from policy_sim.border import Described, InputError, unknown
from policy_sim.currencies import amount_words
from policy_sim.words import EVERYTHING, GOODWILL, LIMIT_KINDS, LIMITS, NEEDS, RemedyKind, Text

__all__ = ["ACTS", "Failure", "Form", "Remedy", "Rule"]

#: What a remedy takes of people and time: each is 0, 1, or an assumption.
ACTS = ("minutes", "supervisor_minutes", "lead_hours", "effort", "gesture")


def _coefficient(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError(f"coefficient is {value!r}; expected 1, -1 or the name of an assumption")
    if isinstance(value, int | float) and value not in (1, -1):
        raise ValueError(
            f"coefficient {value:g} has no unit and no source; make it an assumption and put its name here "
            "(only 1 and -1 may stand as numbers)"
        )
    return f"{value:g}" if isinstance(value, int | float) else value


#: "1", "-1", the name of an assumption, or that name with a minus sign before it.
Coefficient = Annotated[str, BeforeValidator(_coefficient), WithJsonSchema({"type": "string", "format": "coefficient"})]
_Alternatives = Annotated[tuple[tuple[str, ...], ...], Field(min_length=1)]
#: A linear form in the case's columns; "amount" stands for the amount of the remedy.
Form = Mapping[str, Coefficient]


class Remedy(Described):
    """One atomic act: linear forms in the case's columns, so that a new remedy needs no code.

    A form gives, by column of the case, what one unit of it counts: 1, -1 or the name of an assumption, which a minus
    sign may precede; `amount` stands for the remedy's own amount.
    """

    title: Text = Field(description="What people read.")
    said: Text | None = Field(
        None,
        description='What a person would say is given, where the title does not do; "{}" stands for the amount.',
    )
    kind: RemedyKind | None = Field(
        None,
        description="What it is made of; where that does not match what the failure took (matched_by), customers feel "
        "it as less. Left out for acts that give nothing by themselves.",
    )
    proactive: bool = Field(
        False, description="Given before the customer complains, and so to those too who never would."
    )
    in_line: bool = Field(False, description="The customer waits for a supervisor with it, as in an escalation.")
    comes_first: bool = Field(
        False, description="It has to arrive before all else is sent: an item that is asked back."
    )
    needs: str | None = Field(
        None, description=f"Column of the case without which it cannot be given: {' or '.join(NEEDS)}."
    )
    amounts: tuple[Annotated[float, Field(gt=0)], ...] = Field(
        (), description="Money; each makes a variant, named after it: loyalty_points_5."
    )
    shares_of_price: tuple[Annotated[float, Field(gt=0, le=1)], ...] = Field(
        (), description="Instead of amounts: shares of the item's price, each a variant; 0.2 makes partial_refund_20."
    )
    cost: Form = Field({}, description="What it costs the firm, in money, as a form.")
    worth: Form = Field({}, description="What the customer gets by it, in money, as a form.")
    trouble: Form = Field({}, description="What it costs the customer, in money, as a form.")
    gain: Form | None = Field(
        None, description="What an opportunist would gain, as a form; its worth where left out. Trouble comes off."
    )
    uses: Mapping[str, Form] = Field(
        {}, description="By limit, how much of it the remedy uses, as a form; whoever gives it must be allowed so much."
    )
    minutes: Coefficient | None = Field(None, description="Minutes of whoever decides.")
    supervisor_minutes: Coefficient | None = Field(
        None, description="Minutes of supervisors, who also handle escalations."
    )
    lead_hours: Coefficient | None = Field(None, description="Hours until it arrives.")
    effort: Coefficient | None = Field(None, description="What it asks of the customer, from 0 to 1.")
    gesture: Coefficient | None = Field(None, description="How strong a gesture it is, from 0 to 1.")

    @field_validator("uses", mode="before")
    @classmethod
    def _uses_known_limits(cls, uses: object) -> object:
        if isinstance(uses, Mapping):
            for limit in uses:
                if limit not in LIMITS or limit in (EVERYTHING, GOODWILL):
                    own = [name for name in LIMITS if name not in (EVERYTHING, GOODWILL)]
                    raise ValueError(str(unknown("limit", limit, own)))
        return uses

    @field_validator("needs")
    @classmethod
    def _needs_a_known_column(cls, needs: str | None) -> str | None:
        if needs is not None and needs not in NEEDS:
            raise ValueError(str(unknown("column that a remedy may need", needs, NEEDS)))
        return needs

    @model_validator(mode="after")
    def _says_its_amount(self) -> Self:
        has_sizes = bool(self.amounts or self.shares_of_price)
        if self.said is not None and self.said.count("{}") != has_sizes:
            expected = 'holds "{}" once, for the amount' if has_sizes else 'has no amount, so no "{}"'
            raise ValueError(f"said is '{self.said}'; expected words in which the remedy {expected}")
        return self

    def words(self, currency: str) -> tuple[str, ...]:
        """Return what a person would say is given, of each variant: "store credit of $10", "20% of the price back"."""
        if self.said is None:
            first = self.title.split(maxsplit=1)[0] if self.title.strip() else ""
            # a title begins a line, what is said goes on in one; short forms such as DVD stay
            is_short_form = len(first) > 1 and first.isupper()
            said = self.title if is_short_form else self.title[0].lower() + self.title[1:]
            said += " of {}" if self.amounts else " of {} of the price" if self.shares_of_price else ""
        else:
            said = self.said
        sizes = [amount_words(amount, currency) for amount in self.amounts]
        sizes += [f"{100 * share:g}%" for share in self.shares_of_price]
        return tuple(said.replace("{}", size) for size in sizes) or (said,)

    @property
    def waives_return(self) -> bool:
        """Whether the customer keeps the item with it: it draws on a limit that says so."""
        return any(LIMIT_KINDS[limit].waives_return for limit in self.uses)

    @property
    def does_nothing(self) -> bool:
        """Whether giving it would change nothing, for the customer, the firm or an opportunist."""
        forms = (self.cost, self.worth, self.trouble, self.gain or {})
        takes_or_gives = any(map(len, forms)) or any(getattr(self, act) is not None for act in ACTS)
        return not (takes_or_gives or self.proactive or self.in_line)

    @property
    def brings_item_back(self) -> bool:
        """Whether the item comes back with it: its cost counts what the item brings then."""
        return "salvage_value" in self.cost

    def forms(self) -> dict[str, Form]:
        """Return all linear forms of the remedy by their place in the file."""
        named: dict[str, Form] = {"cost": self.cost, "worth": self.worth, "trouble": self.trouble}
        if self.gain is not None:
            named["gain"] = self.gain
        return named | {f"uses.{limit}": form for limit, form in self.uses.items()}


class Failure(Described):
    """A kind of thing that goes wrong, how customers see it, and the resolutions that make sense for it."""

    title: Text = Field(description="What people read.")
    shape: Literal["rejected", "accepted"] = Field(
        description="How compensation works: the service was useless to the customer (rejected), so that little does "
        "nothing, or flawed but accepted (accepted), so that the first part does most."
    )
    matched_by: Annotated[tuple[RemedyKind, ...], Field(min_length=1)] = Field(
        description="Kinds of remedy that match what the customer lost."
    )
    resolutions: Mapping[str, _Alternatives] = Field(
        description="Named parts, each a list of alternatives, each a list of remedies ([] for nothing); every "
        "combination of one alternative from each part is a resolution, unless a rule leaves it out."
    )


class Rule(Described):
    """Leaves out combinations that make no sense: remedies `never` together, or one `only` alongside one of others."""

    never: tuple[str, ...] = Field((), description="Two remedies or more that are never given together.")
    only: str | None = Field(None, description="A remedy that is given only where one of others is.")
    alongside: tuple[str, ...] = Field((), description="With only: the others, one of which must be given.")
    because: Text = Field(description="Why, in words.")

    @model_validator(mode="after")
    def _says_one_thing(self) -> Self:
        forbids = len(self.never) >= 2 and self.only is None and not self.alongside
        demands = not self.never and self.only is not None and len(self.alongside) >= 1
        if not (forbids or demands):
            raise ValueError(
                "a rule has either `never` with two remedies or more, or `only` with `alongside`; write one of these"
            )
        return self

    @property
    def names(self) -> tuple[str, ...]:
        """Every remedy or variant that the rule names."""
        return (*self.never, *((self.only,) if self.only else ()), *self.alongside)


#: Combinations of a failure's alternatives: a few dozen make sense.
_MOST_COMBINATIONS = 20_000


def compose(
    name: str, failure: Failure, rules: Sequence[Rule], remedy_of_variant: Mapping[str, str], where: str
) -> list[tuple[str, ...]]:
    """Return the resolutions of a failure: one alternative from each part, unless a rule leaves the combination out.

    Raises
    ------
    InputError
        If there are more than make sense, or the rules leave every combination out.
    """
    count = math.prod(map(len, failure.resolutions.values()))
    if count > _MOST_COMBINATIONS:
        raise InputError(
            f"the parts of failure '{name}' make {count:,} resolutions ({where}); expected at most "
            f"{_MOST_COMBINATIONS:,}, take alternatives or parts out"
        )
    combinations = itertools.product(*failure.resolutions.values())
    bundles = [tuple(itertools.chain(*combination)) for combination in combinations]

    def makes_sense(bundle: tuple[str, ...]) -> bool:
        named = {*bundle, *(remedy_of_variant[variant] for variant in bundle)}
        return not any(_leaves_out(rule, named) for rule in rules)

    sensible = [bundle for bundle in bundles if makes_sense(bundle)]
    if not sensible:
        raise InputError(
            f"the rules leave out every resolution of failure '{name}' ({where}, {len(bundles)} "
            "combinations); take a rule away, or add an alternative that they allow"
        )
    return sensible


def _leaves_out(rule: Rule, named: Collection[str]) -> bool:
    if rule.only is None:
        return all(name in named for name in rule.never)
    return rule.only in named and not any(name in named for name in rule.alongside)
