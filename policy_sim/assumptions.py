"""Assumptions: every number that the simulation takes on trust, and the scenario files that hold them.

In: a scenario file (YAML) in which each number has value, unit, range and source. Out: `Scenario`, joint `Draws`.
Left to others: what remedies and failures do to a case (`service`), who may decide (`policy`).
"""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from policy_sim.border import Described, check_at_least, parse_model, unknown
from policy_sim.changing import changed_assumption, lower_shares, read_value
from policy_sim.extending import extended_content, scenario_file
from policy_sim.failures import ACTS, Failure, Remedy, Rule, compose
from policy_sim.segments import Segment, check_segments
from policy_sim.uncertain import GROUPS, MEASURED_AT, Assumption, Said, Wording, spelled_out
from policy_sim.words import ASKS, COLUMNS, Name, Text

__all__ = [
    "MEASURED_AT",
    "Assumption",
    "Correlation",
    "Draws",
    "Said",
    "Scenario",
    "Segment",
    "Wording",
    "central",
    "draw_assumptions",
    "load_scenario",
]

#: What each part of a scenario must assume; the group of the assumption is the name of the part.
_NEEDED = {
    "shop": (
        "cases_per_year",
        "margin_share",
        "discount_rate_per_year",
        "future_value_factor",
        "unit_cost_share",
        "salvage_share",
        "label_cost",
        "outbound_cost",
        "inspection_cost",
        "sample_price_factor",
    ),
    "cases": (
        "severity_mean",
        "severity_concentration",
        "hours_open_median",
        "hours_open_spread",
        "days_since_purchase_median",
        "days_since_purchase_spread",
        "failures_per_order",
        "claims_per_failure",
        "days_since_failure_median",
        "days_since_failure_spread",
        "suspicious_share",
        "live_share",
        "insists_share",
        "firmness_mean",
        "firmness_concentration",
        "asked_on_top",
        "part_gone_share",
        "first_order_share",
    ),
    "response": (
        "churn_without_failure",
        "severity_weight",
        "wait_weight",
        "effort_weight",
        "base_effort",
        "repeat_weight",
        "double_deviation_weight",
        "double_deviation_half_life_days",
        "bond_weight",
        "first_order_weight",
        "over_compensation_weight",
        "insult_weight",
        "insult_below",
        "mismatch_share",
        "proactive_weight",
        "suspected_weight",
        "paradox",
        "deterred_per_lost",
        "gained_per_delighted",
    ),
    "claiming": ("spread", "publicity", "temptation", "repeat_share", "visible_share", "refused_share"),
    "queue": ("staff", "hours_per_year", "patience_hours"),
}
_NEEDED_PER_FAILURE = (
    "share_of_cases",
    *(ask.assumption for ask in ASKS.values() if ask.assumption),
    "out_of_stock_share",
    "surfaces_share",
    "loss_share",
    "entitlement",
    "churn_without_remedy",
    "compensation_weight",
    "gesture_weight",
    "spend_drop",
)
#: No number of a service is nearer to 0 than this where it has to stay above 0.
_TINY = 1e-12
#: Assumptions that are divided by, or whose logit is taken.
_ABOVE_ZERO = (
    "cases_per_year",
    "loss_share",
    "temptation",
    "churn_without_remedy",
    "severity_mean",
    "severity_concentration",
    "firmness_mean",
    "firmness_concentration",
    "double_deviation_half_life_days",
    "insult_below",
    "sample_price_factor",
    "staff",
    "hours_per_year",
    "patience_hours",
)
#: Shares of the same people: in any group that holds them they may not add up to more than 1.
_SHARES_OF_ONE = ("generous_share", "thrifty_share")
_BELOW_ONE = ("churn_without_remedy", "severity_mean", "firmness_mean", "repeat_share", "first_order_share")
#: Drawn with random numbers of its own: whether a scenario knows of playbooks leaves all other draws as they are.
_DRAWN_APART = "playbook."
#: Parts of a scenario: more than anybody could follow.
_MOST_PARTS = {"tiers": 20, "segments": 50, "failures": 200, "remedies": 1_000, "rules": 1_000, "assumptions": 1_000}
_NEEDED_PER_TIER = (
    "minutes",
    "wait_hours",
    "live_wait_hours",
    "cost_per_minute",
    "lost_contact_share",
    "generous_share",
    "thrifty_share",
)


class Correlation(Described):
    """How assumptions that were measured together hang together: correlations of their normal scores."""

    names: Annotated[tuple[str, ...], Field(min_length=2)]
    matrix: tuple[tuple[float, ...], ...]

    @model_validator(mode="after")
    def _is_a_correlation(self) -> Self:
        count, matrix = len(self.names), np.array([row for row in self.matrix if len(row) == len(self.names)])
        if len(set(self.names)) < count or matrix.shape != (count, count) or len(self.matrix) != count:
            raise ValueError(f"expected {count} names, none twice, and a matrix of as many rows and columns")
        is_one = np.allclose(np.diag(matrix), 1, atol=1e-6) and np.allclose(matrix, matrix.T, atol=1e-6)
        if not is_one or np.linalg.eigvalsh(matrix)[0] < 1e-9:
            raise ValueError("the matrix must be symmetric and positive definite, with ones along its diagonal")
        return self


class Scenario(Described):
    """A named set of assumptions, failures and remedies; `rules` leave combinations of remedies out.

    `correlation` is there where assumptions were measured together, on one log: draws follow it. `wording` says once
    how assumptions are said that every failure, or every tier, has; one that says it itself goes before.
    """

    name: Name
    title: Text
    description: Text
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    assumptions: Mapping[Name, Mapping[Name, Assumption]]
    tiers: Annotated[tuple[Name, ...], Field(min_length=2)]
    segments: Annotated[tuple[Segment, ...], Field(min_length=1)]
    remedies: Mapping[Name, Remedy]
    failures: Annotated[Mapping[Name, Failure], Field(min_length=1)]
    rules: tuple[Rule, ...] = ()
    correlation: Correlation | None = None
    wording: Wording = Wording()

    @model_validator(mode="after")
    def _parts_fit_together(self) -> Self:
        for part, most in _MOST_PARTS.items():
            count = len(getattr(self, part))
            if count > most:
                raise ValueError(f"the scenario has {count:,} {part}; it must have at most {most:,}, take some out")
        self._check_assumptions()
        for name, remedy in self.remedies.items():
            self._check_remedy(name, remedy)
        self._check_names_of_remedies()
        self._check_tiers_and_segments()
        self._check_joint_values()
        return self

    def _check_assumptions(self) -> None:
        needed = dict(_NEEDED)
        needed |= dict.fromkeys(self.failures, _NEEDED_PER_FAILURE)
        needed |= dict.fromkeys(self.tiers, _NEEDED_PER_TIER)
        for group, names in needed.items():
            for name in names:
                if name not in self.assumptions.get(group, {}):
                    raise ValueError(f"the assumption '{group}.{name}' is missing; add it under assumptions.{group}")
                self._check_domain(f"{group}.{name}", self.assumptions[group][name].range)

    def _check_names_of_remedies(self) -> None:
        variants = [variant for name in self.remedies for variant in self.variants(name)]
        seen: set[str] = set()
        for variant in variants:
            if variant in seen:
                raise ValueError(f"remedies has two variants '{variant}' (a name, and an amount); rename one")
            seen.add(variant)
        for failure, described in self.failures.items():
            for part, alternatives in described.resolutions.items():
                for remedy_name in (name for alternative in alternatives for name in alternative):
                    if remedy_name not in seen:
                        where = f"failures.{failure}.resolutions.{part}"
                        raise ValueError(str(unknown("remedy", remedy_name, variants, where)))
        for position, rule in enumerate(self.rules):
            for name in rule.names:
                if name not in seen and name not in self.remedies:
                    raise ValueError(str(unknown("remedy", name, [*self.remedies, *variants], f"rules[{position}]")))

    def _check_tiers_and_segments(self) -> None:
        for kind, names in (("tiers", self.tiers), ("segments", tuple(segment.name for segment in self.segments))):
            if len(set(names)) < len(names):
                raise ValueError(f"{kind} holds a name twice ({', '.join(names)}); rename or remove one")
        check_segments(self.segments)

    def _check_joint_values(self) -> None:
        if not any(self.value(f"{failure}.share_of_cases") > 0 for failure in self.failures):
            raise ValueError("every failure has a share_of_cases of 0; give one of them a share above 0")
        for failure in self.failures:
            asks = [f"{failure}.{ask.assumption}" for ask in ASKS.values() if ask.assumption]
            asking = sum(map(self.value, asks))
            if asking > 1 + 1e-12:
                raise ValueError(
                    f"the shares of what customers ask for after {failure} ({', '.join(asks)}) add up to {asking:g}; "
                    "they must add up to at most 1, lower one of them"
                )
        for name in self.correlation.names if self.correlation else ():
            if name not in self.assumption_names:
                raise ValueError(str(unknown("assumption", name, self.assumption_names, "correlation")))
        staff = self.value("queue.staff")
        if staff != round(staff):
            raise ValueError(f"queue.staff is {staff:g}; it must be a whole number of people, round it")
        for group, shares in self._shares_of_one().items():
            if sum(share.highest for share in shares.values()) > 1 + 1e-12:
                tops = " and ".join(f"{group}.{name} (up to {share.highest:g})" for name, share in shares.items())
                raise ValueError(f"the ranges of {tops} may not add up to more than 1; lower one of them")

    def _shares_of_one(self) -> dict[str, dict[str, Assumption]]:
        """Return by group the shares of styles, which all are shares of the same people."""
        groups = {
            group: {name: members[name] for name in _SHARES_OF_ONE if name in members}
            for group, members in self.assumptions.items()
        }
        return {group: shares for group, shares in groups.items() if len(shares) > 1}

    @staticmethod
    def _check_domain(name: str, bounds: tuple[float, float]) -> None:
        low, high = bounds
        member = name.split(".")[1]
        if member in _ABOVE_ZERO and low < _TINY:
            raise ValueError(f"the range of '{name}' is [{low:g}, {high:g}]; it is divided by, so it must stay above 0")
        if member in _BELOW_ONE and high >= 1:
            raise ValueError(
                f"the range of '{name}' is [{low:g}, {high:g}]; it must stay below 1, as nothing is certain"
            )

    def _check_remedy(self, name: str, remedy: Remedy) -> None:
        columns = [*COLUMNS, "amount"]
        if remedy.amounts and remedy.shares_of_price:
            raise ValueError(f"remedies.{name} has both amounts and shares_of_price; keep one of them")
        if len(set(self.variants(name))) < len(self.variants(name)):
            raise ValueError(f"remedies.{name} has an amount twice; remove one")
        for place, form in remedy.forms().items():
            for column, coefficient in form.items():
                if column not in columns:
                    raise ValueError(str(unknown("column", column, columns, f"remedies.{name}.{place}")))
                if column == "amount" and not (remedy.amounts or remedy.shares_of_price):
                    raise ValueError(f"remedies.{name}.{place} uses 'amount', but the remedy has no amounts; add them")
                self._check_coefficient(coefficient, f"remedies.{name}.{place}.{column}")
        for place in ACTS:
            coefficient = getattr(remedy, place)
            if coefficient is not None:
                self._check_coefficient(coefficient, f"remedies.{name}.{place}")

    def _check_coefficient(self, coefficient: str, place: str) -> None:
        if coefficient.removeprefix("-") != "1" and coefficient.removeprefix("-") not in self.assumption_names:
            raise ValueError(str(unknown("assumption", coefficient.removeprefix("-"), self.assumption_names, place)))

    @property
    def assumption_names(self) -> tuple[str, ...]:
        """Full names ("response.severity_weight") of all assumptions, in the order of the file."""
        return tuple(f"{group}.{name}" for group, members in self.assumptions.items() for name in members)

    def assumption(self, name: str) -> Assumption:
        """Return the assumption of that full name.

        Raises
        ------
        InputError
            If there is none.
        """
        group, _, member = name.partition(".")
        found = self.assumptions.get(group, {}).get(member)
        if found is None:
            raise unknown("assumption", name, self.assumption_names, f"scenario {self.name}")
        return found

    def said(self, name: str) -> Said:
        """Return how an assumption is said: by itself, else as every failure or tier says it; may hold nothing.

        Raises
        ------
        InputError
            If there is no assumption of that full name.
        """
        own = self.assumption(name)
        group, _, member = name.partition(".")
        of_all = self.wording.failures if group in self.failures else self.wording.tiers if group in self.tiers else {}
        common = of_all.get(member, Said())
        spoken = own if own.sentence else common
        return Said(title=own.title or common.title, sentence=spoken.sentence, picture=spoken.picture)

    def group_title(self, group: str) -> str:
        """Return what a group of assumptions is about: "How customers answer", the title of a failure, the tier."""
        title = self.failures[group].title if group in self.failures else GROUPS.get(group, group.replace("_", " "))
        return f"{title[:1].upper()}{title[1:]}"

    def title_of(self, name: str) -> str:
        """Return what an assumption is called: "How much customers mind waiting"; of a failure or a tier, after it.

        A name that has no title is spelled out ("Claiming: spread"), and so is one that the scenario does not know: a
        factor of a sweep.
        """
        group, _, member = name.partition(".")
        is_known = member in self.assumptions.get(group, {})
        title = self.said(name).title if is_known else None
        if title is None:
            return spelled_out(name)
        return f"{self.group_title(group)}: {title}" if group in (*self.failures, *self.tiers) else title

    def value(self, name: str) -> float:
        """Return the central value of an assumption by its full name."""
        return self.assumption(name).value

    def variants(self, remedy: str) -> tuple[str, ...]:
        """Return the names of a remedy's variants: one for each amount, or the remedy itself."""
        described = self.remedies[remedy]
        sizes = described.amounts or tuple(100 * share for share in described.shares_of_price)
        return tuple(f"{remedy}_{size:g}" for size in sizes) or (remedy,)

    @property
    def remedy_of_variant(self) -> dict[str, str]:
        """The remedy that each variant is one of, by the variant's name."""
        return {variant: remedy for remedy in self.remedies for variant in self.variants(remedy)}

    def resolutions(self, failure: str) -> list[tuple[str, ...]]:
        """Return the resolutions of a failure, each the variants of remedies that are given together.

        Raises
        ------
        InputError
            As `failures.compose` does.
        """
        where = f"scenario {self.name}"
        return compose(failure, self.failures[failure], self.rules, self.remedy_of_variant, where)

    @property
    def variant_words(self) -> dict[str, str]:
        """What a person would say is given with each variant, by its name: "store credit of $10"."""
        spoken = ((name, remedy.words(self.currency)) for name, remedy in self.remedies.items())
        return {
            variant: said for name, words in spoken for variant, said in zip(self.variants(name), words, strict=True)
        }

    def resolution_words(self, bundle: Iterable[str]) -> str:
        """Return what a person would say is given with variants together: "full refund, keep the item"; "nothing"."""
        return ", ".join(map(self.variant_words.__getitem__, bundle)) or "nothing"

    @property
    def cells(self) -> tuple[tuple[str, str], ...]:
        """Every failure with every segment, in the order in which cells are numbered."""
        return tuple((failure, segment.name) for failure in self.failures for segment in self.segments)

    def check_cell(self, failure: str | None, segment: str | None, where: str = "") -> None:
        """Check that a failure and a segment, if any, are known.

        Raises
        ------
        InputError
            Naming the one that is not, with the nearest valid name.
        """
        segments = [known.name for known in self.segments]
        if failure is not None and failure not in self.failures:
            raise unknown("failure", failure, list(self.failures), where)
        if segment is not None and segment not in segments:
            raise unknown("segment", segment, segments, where)

    def with_values(self, values: Mapping[str, float | str]) -> Scenario:
        """Return a copy in which some assumptions have other central values or ranges; see `changed_by`.

        What had to be lowered besides is said by a warning.

        Raises
        ------
        InputError
            As for `changed_by`.
        """
        scenario, remarks = self.changed_by(values)
        for remark in remarks:
            warnings.warn(remark, stacklevel=2)
        return scenario

    def changed_by(self, values: Mapping[str, float | str]) -> tuple[Scenario, tuple[str, ...]]:
        """Return a copy in which some assumptions have other central values or ranges, and what was lowered for it.

        Shares of the same people may not add up to more than 1, nor may the upper ends of their ranges: those are
        lowered where that is needed, first of shares that are not set (and their values with them).

        Parameters
        ----------
        values
            By full name a number in the unit of the assumption, to which its range grows, or a text as people type it:
            "7%", "$7", or a range, "5 to 9" (see `typed.read_typed`, `changing.changed_assumption`).

        Returns
        -------
        tuple
            The scenario; a sentence for each share that was lowered.

        Raises
        ------
        InputError
            If a name is unknown, a value cannot be used, or shares add up to more than 1.
        """
        changed = {group: dict(members) for group, members in self.assumptions.items()}
        for name, value in values.items():
            old = self.assumption(name)
            group, member = name.split(".")
            changed[group][member] = changed_assumption(name, old, read_value(name, value, old))
        remarks: list[str] = []
        for group in self._shares_of_one():
            if any(name.startswith(f"{group}.") for name in values):
                remarks += lower_shares(group, changed[group], _SHARES_OF_ONE, list(values))
        # checked anew as a whole: assumptions bear on each other
        content = {**dict(self), "assumptions": changed}
        return parse_model(Scenario, content, f"scenario '{self.name}', changed"), tuple(remarks)

    @property
    def fingerprint(self) -> str:
        """Eight hexadecimal digits that change with any content of the scenario but how assumptions are said.

        Titles and sentences change no number, and a scenario that has none keeps the digits it always had.
        """
        words = {group: {key: set(Said.model_fields) for key in members} for group, members in self.assumptions.items()}
        content = self.model_dump_json(exclude={"wording": True, "assumptions": words})
        return hashlib.sha256(content.encode()).hexdigest()[:8]


def load_scenario(scenario: str | Path) -> Scenario:
    """Read a scenario: the path of a file, or the name of one that travels with the package.

    A file that `extends` another (by its name, or its path from there) only says what differs: mappings are merged
    member by member, null takes a member away.

    Raises
    ------
    InputError
        If the file is missing or anything in it does not fit; the message names the place.
    """
    path = scenario_file(scenario)
    return parse_model(Scenario, extended_content(path), path.name)


@dataclass(frozen=True)
class Draws:
    """Joint samples of all assumptions of a scenario.

    Attributes
    ----------
    names
        Full names of the assumptions.
    values
        Array (draws, assumptions), each in the unit of its assumption.
    """

    names: tuple[str, ...]
    values: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, name: str) -> NDArray[np.float64]:
        """Return the draws (draws,) of one assumption."""
        return self.values[:, self.names.index(name)]


def draw_assumptions(scenario: Scenario, count: int = 200, seed: int = 0) -> Draws:
    """Draw all assumptions jointly: a Latin hypercube through each one's distribution.

    They are independent of each other but for those that the scenario's `correlation` names: their draws are put in
    the order of correlated normal scores, which leaves each one's own distribution as it was.

    Parameters
    ----------
    scenario
        Whose assumptions to draw.
    count
        Number of draws, 1 or more.
    seed
        The same seed gives the same draws.

    Raises
    ------
    InputError
        If `count` is below 1 or `seed` below 0.

    References
    ----------
    Iman and Conover 1982 (order).
    """
    check_at_least(1, "number of draws", count, "--draws")
    check_at_least(0, "seed", seed, "--seed")
    from scipy.stats import qmc  # heavy, as above

    names = scenario.assumption_names
    apart = np.array([name.startswith(_DRAWN_APART) for name in names])
    probability = np.empty((count, len(names)))
    for stream, own in ((1, ~apart), (2, apart)):
        sampler = qmc.LatinHypercube(d=int(own.sum()), rng=np.random.default_rng([seed, stream]))
        probability[:, own] = sampler.random(count)
    if scenario.correlation is not None:
        _put_in_order(probability, scenario.correlation, names)
    columns = [scenario.assumption(name).quantile(probability[:, j]) for j, name in enumerate(names)]
    return Draws(names, np.column_stack(columns))


def _put_in_order(probability: NDArray[np.float64], correlation: Correlation, names: Sequence[str]) -> None:
    """Put the probabilities (draws, assumptions) of correlated assumptions in the order of correlated scores."""
    from scipy.special import ndtri

    places = [names.index(name) for name in correlation.names]
    scores = ndtri(probability[:, places]) @ np.linalg.cholesky(np.array(correlation.matrix)).T
    for column, place in enumerate(places):
        ranks = np.argsort(np.argsort(scores[:, column], kind="stable"), kind="stable")
        probability[:, place] = np.sort(probability[:, place])[ranks]


def central(scenario: Scenario) -> Draws:
    """Return the one draw in which every assumption has its central value, which is what agents go by."""
    names = scenario.assumption_names
    return Draws(names, np.array([[scenario.value(name) for name in names]]))
