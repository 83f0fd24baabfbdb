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
from pydantic import Field, ValidationInfo, model_validator

from policy_sim.border import Described, check_at_least, parse_model, unknown
from policy_sim.changing import changed_assumption, lower_shares, read_value
from policy_sim.extending import extended_content, scenario_file
from policy_sim.failures import Failure, Remedy, Rule, compose
from policy_sim.fitting import SHARES_OF_ONE, faults_of, shares_of_one
from policy_sim.segments import Segment
from policy_sim.uncertain import GROUPS, MEASURED_AT, Assumption, Said, Wording, spelled_out
from policy_sim.words import Name, Text

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

#: Drawn with random numbers of its own: whether a scenario knows of playbooks leaves all other draws as they are.
_DRAWN_APART = "playbook."


class Correlation(Described):
    """How assumptions that were measured together hang together: correlations of their normal scores."""

    names: Annotated[tuple[str, ...], Field(min_length=2)] = Field(
        description="Full names of the assumptions, such as response.paradox."
    )
    matrix: tuple[tuple[float, ...], ...] = Field(
        description="A row and a column for each name: from -1 to 1, ones along the diagonal, positive definite."
    )

    @model_validator(mode="after")
    def _is_a_correlation(self) -> Self:
        count, matrix = len(self.names), np.array([row for row in self.matrix if len(row) == len(self.names)])
        if len(set(self.names)) < count or matrix.shape != (count, count) or len(self.matrix) != count:
            raise ValueError(f"expected {count} names, none twice, and a matrix of as many rows and columns")
        is_one = np.allclose(np.diag(matrix), 1, atol=1e-6) and np.allclose(matrix, matrix.T, atol=1e-6)
        if not is_one or np.linalg.eigvalsh(matrix)[0] < 1e-9:
            raise ValueError(
                "the matrix must be symmetric and positive definite, with ones along its diagonal; mend it"
            )
        return self


class Scenario(Described):
    """A named set of assumptions, failures and remedies."""

    name: Name = Field(description="By which commands and files name it; as its file is called.")
    title: Text = Field(description="What people read.")
    description: Text = Field(description="What business it is, in a sentence or two.")
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] = Field(
        description="Three letters, as in ISO 4217; all money of the scenario is in it."
    )
    assumptions: Mapping[Name, Mapping[Name, Assumption]] = Field(
        description="Every number, by group and name; a group for each failure and each tier among them."
    )
    tiers: Annotated[tuple[Name, ...], Field(min_length=2)] = Field(
        description="Who decides, from the front line up; the last one has no limits."
    )
    segments: Annotated[tuple[Segment, ...], Field(min_length=1)] = Field(
        description="Customers whom a policy may treat alike, from the lowest bound up."
    )
    remedies: Mapping[Name, Remedy] = Field(description="What can be given, by name.")
    failures: Annotated[Mapping[Name, Failure], Field(min_length=1)] = Field(description="What goes wrong, by name.")
    rules: tuple[Rule, ...] = Field((), description="Combinations of remedies that make no sense.")
    correlation: Correlation | None = Field(
        None, description="How assumptions that were measured on one log hang together; draws follow it."
    )
    wording: Wording = Field(
        Wording(),
        description="How assumptions are said that every failure, or every tier, has; their own words go first.",
    )

    @model_validator(mode="after")
    def _parts_fit_together(self, info: ValidationInfo) -> Self:
        collected = info.context.get("faults") if isinstance(info.context, dict) else None
        for fault in faults_of(self):
            if collected is None:
                raise ValueError(fault.words)
            collected.append(fault)
        return self

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
        for group in shares_of_one(self):
            if any(name.startswith(f"{group}.") for name in values):
                remarks += lower_shares(group, changed[group], SHARES_OF_ONE, list(values))
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
