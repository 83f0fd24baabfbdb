"""Designs: which runs a sweep makes.

In: a YAML file, or a `Design` made in Python. Out: `Design`, checked; its rows, one for each run.
Left to others: the points of samples (`samples`), evaluating runs (`runs`), writing the results (`folder`).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, PlainSerializer, Tag, model_validator

from policy_sim.assumptions import Scenario, load_scenario
from policy_sim.border import InputError, find_file, is_file, parse_model, read_yaml, unknown
from policy_sim.policy import ASK, NO_LIMIT, Policy, load_policy
from policy_sim.policy.limits import is_whole_cents, limit_content
from policy_sim.sweep.samples import latin_hypercube, morris_trajectories, saltelli, sobol_sequence
from policy_sim.words import LIMITS, OUTCOMES, Name

__all__ = [
    "Cross",
    "Design",
    "Factor",
    "FullFactorial",
    "LatinHypercube",
    "Listed",
    "Morris",
    "ResolvedDesign",
    "Saltelli",
    "Sobol",
    "blocks_of",
    "load_design",
    "resolve_design",
    "rows_of",
]

Floats = NDArray[np.float64]

#: Outcomes about a limit, as in `best.agent.keep_item`.
ABOUT_LIMITS = ("best", "enough")
_MOST_ROWS = 10_000_000


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


def _factor(value: object) -> object:
    """Expand the short forms of a factor: nothing for the assumption's own distribution, a list for values."""
    return {} if value is None else {"values": value} if isinstance(value, list | tuple) else value


def _value(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError(f"found {value!r}; expected a number, 'ask', 'no_limit', or a name")
    if isinstance(value, str):
        return {"ask": ASK, "no_limit": NO_LIMIT}.get(value, value)
    return float(value)


#: The value of a factor in a row: a number, a limit in words (held as a number), or a name.
Value = Annotated[float | str, BeforeValidator(_value), PlainSerializer(limit_content)]


class Factor(_Frozen):
    """What varies over the runs: some values, a range, or neither, for an assumption with its own distribution.

    A factor without anything is written as its name and a colon; a list stands for its values.
    """

    values: Annotated[tuple[Value, ...], Field(min_length=1)] | None = Field(
        None, description="Numbers, names, ask or no_limit, one by one."
    )
    range: tuple[float, float] | None = Field(None, description="Lower and upper end, instead of values.")
    levels: Annotated[int, Field(ge=2, le=1000)] = Field(
        5, description="How many values a full factorial takes, evenly spaced over the range or the distribution."
    )
    round_to: Annotated[float, Field(gt=0)] | None = Field(None, description="Values are rounded to multiples of it.")

    @property
    def listed(self) -> tuple[float | str, ...] | None:
        """The values, where they are listed one by one."""
        return self.values

    @model_validator(mode="after")
    def _says_one_thing(self) -> Self:
        if self.listed is not None and self.range is not None:
            raise ValueError("a factor has both values and a range; keep one of them")
        if self.range is not None and not (-math.inf < self.range[0] < self.range[1] < math.inf):
            low, high = self.range
            raise ValueError(f"range is [{low:g}, {high:g}]; expected two finite numbers, the first below the second")
        return self


FactorEntry = Annotated[Factor, BeforeValidator(_factor)]
Factors = Annotated[Mapping[str, FactorEntry], Field(min_length=1)]
PowerOf2 = Annotated[int, Field(ge=2, le=2**20)]


class _Sampled(_Frozen):
    factors: Factors = Field(description="What varies, by name.")

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.factors)

    def points(self, seed: int) -> Floats:
        raise NotImplementedError


class _CountedInPowers(_Sampled):
    count: PowerOf2 = Field(description="How many points, a power of 2.")

    @model_validator(mode="after")
    def _count_is_a_power(self) -> Self:
        if self.count & (self.count - 1):
            below = 1 << (self.count.bit_length() - 1)
            raise ValueError(f"count is {self.count}; expected a power of 2, such as {below} or {2 * below}")
        return self


class FullFactorial(_Sampled):
    """Every combination of the factors' values."""

    method: Literal["full_factorial"] = Field("full_factorial", description="Says that it is one.")


class LatinHypercube(_Sampled):
    """Any number of points; each factor's range is cut into as many slices, and each slice has one point."""

    method: Literal["latin_hypercube"] = Field("latin_hypercube", description="Says that it is one.")
    count: Annotated[int, Field(ge=1, le=_MOST_ROWS)] = Field(description="How many points.")

    def points(self, seed: int) -> Floats:
        """Return (count, factors) of the unit cube."""
        return latin_hypercube(len(self.factors), self.count, seed)


class Sobol(_CountedInPowers):
    """A scrambled Sobol sequence, which fills the space evenly."""

    method: Literal["sobol"] = Field("sobol", description="Says that it is one.")

    def points(self, seed: int) -> Floats:
        """Return (count, factors) of the unit cube."""
        return sobol_sequence(len(self.factors), self.count, seed)


class Saltelli(_CountedInPowers):
    """The points from which Sobol's indices are estimated: `count`, a power of 2, times (factors + 2)."""

    method: Literal["saltelli"] = Field("saltelli", description="Says that it is one.")

    def points(self, seed: int) -> Floats:
        """Return (count * (factors + 2), factors) of the unit cube."""
        return saltelli(len(self.factors), self.count, seed)


class Morris(_Sampled):
    """Trajectories that move one factor at a time: `count` times (factors + 1) points. A cheap screening of factors."""

    method: Literal["morris"] = Field("morris", description="Says that it is one.")
    count: Annotated[int, Field(ge=2, le=100_000)] = Field(description="How many trajectories.")
    levels: Annotated[int, Field(ge=2, le=100, multiple_of=2)] = Field(
        4, description="On how many values of each factor the points lie, an even number."
    )

    def points(self, seed: int) -> Floats:
        """Return (count * (factors + 1), factors) of the unit cube."""
        return morris_trajectories(len(self.factors), self.count, self.levels, seed)


class Listed(_Frozen):
    """Rows that are listed one by one; what a row leaves out stays as in its scenario and policy."""

    method: Literal["list"] = Field("list", description="Says that it is one.")
    rows: Annotated[tuple[Mapping[str, Value], ...], Field(min_length=1)] = Field(
        description="By factor its value, for each run."
    )

    @property
    def names(self) -> tuple[str, ...]:
        """The factors that any row names, in the order of their first mention."""
        return tuple(dict.fromkeys(name for row in self.rows for name in row))


class Cross(_Frozen):
    """Every row of the first part with every row of the others."""

    method: Literal["cross"] = Field("cross", description="Says that it is one.")
    of: Annotated[tuple[Method, ...], Field(min_length=2)] = Field(description="Two parts or more, each a method.")

    @property
    def names(self) -> tuple[str, ...]:
        """The factors of all parts."""
        return tuple(name for part in self.of for name in part.names)

    @model_validator(mode="after")
    def _parts_differ(self) -> Self:
        for name in self.names:
            if self.names.count(name) > 1:
                raise ValueError(f"the factor '{name}' stands in two parts of a cross; take it out of one")
        return self


_METHODS = ("full_factorial", "latin_hypercube", "sobol", "saltelli", "morris", "list", "cross")


def _method(value: object) -> object:
    return value.get("method") if isinstance(value, Mapping) else getattr(value, "method", None)


def _with_known_method(value: object) -> object:
    if _method(value) not in _METHODS:
        raise ValueError(str(unknown("method", _method(value), _METHODS)))
    return value


Method = Annotated[
    Annotated[FullFactorial, Tag("full_factorial")]
    | Annotated[LatinHypercube, Tag("latin_hypercube")]
    | Annotated[Sobol, Tag("sobol")]
    | Annotated[Saltelli, Tag("saltelli")]
    | Annotated[Morris, Tag("morris")]
    | Annotated[Listed, Tag("list")]
    | Annotated[Cross, Tag("cross")],
    Discriminator(_method),
    BeforeValidator(_with_known_method),
]
Cross.model_rebuild()


class Design(_Frozen):
    """Which runs a sweep makes: the rows of `runs`, each in a scenario under a policy.

    A factor is `scenario` or `policy` (names or files), a limit (`agent.keep_item`: money, "ask", "no_limit") or an
    assumption by its full name. Where a row sets a tier's limit above those of higher tiers, these are raised with it.

    The value of an uncertain assumption in a row is the true one, which nobody knows: agents and limits go by the
    central values, as everywhere. An assumption that is a decision or a known fact ("chosen") is known to everybody.
    """

    name: Name = Field(description="By which commands name it.")
    title: Annotated[str, Field(min_length=1, max_length=300)] = Field("Sweep", description="What people read.")
    runs: Method = Field(description="The method that makes the runs.")
    scenario: str = Field("online_retail", description="The scenario where it is no factor: a name, or a file.")
    policy: str = Field("current", description="The policy where it is no factor: a name, or a file.")
    against: str | None = Field(None, description="The policy that gain compares with.")
    transactions: str | None = Field(None, description="A log of orders; the CDNOW sample where left out.")
    cases: Annotated[int, Field(ge=1)] | str = Field(
        2_000, description="How many cases to draw from the log, or a file of real cases."
    )
    draws: Annotated[int, Field(ge=1, le=100_000)] = Field(
        1,
        description="With 1 every assumption that is no factor has its central value; with more they are drawn "
        "jointly, and outcomes are means with the ends of their 90 % interval.",
    )
    seed: Annotated[int, Field(ge=0)] = Field(0, description="The same seed gives the same bytes.")
    agents_know: bool = Field(
        False, description="Whether agents go by the values of the row, and cases are drawn with them."
    )
    outcomes: Annotated[tuple[str, ...], Field(min_length=1)] = Field(
        ("net_value", "remedy_cost", "customers_kept"),
        description=f"Any of {', '.join(OUTCOMES)} (money and minutes a year, shares of cases); gain, the net value "
        "over that of against; best.agent.keep_item, the limit that would have been best in that row; "
        "enough.agent.keep_item, the lowest that brings all but 1 % of what the limit can (0: ask, or nothing).",
    )

    @model_validator(mode="after")
    def _outcomes_are_known(self) -> Self:
        for name in self.outcomes:
            about, _, lever = name.partition(".")
            if name in OUTCOMES or (about in ABOUT_LIMITS and lever):
                continue
            if name != "gain":
                raise ValueError(str(unknown("outcome", name, [*OUTCOMES, "gain", "best.agent.keep_item"], "outcomes")))
            if self.against is None:
                raise ValueError("the outcome 'gain' needs a policy to be compared with; add: against: current")
        if len(set(self.outcomes)) < len(self.outcomes):
            raise ValueError("outcomes holds a name twice; remove one")
        return self

    @property
    def levers(self) -> tuple[str, ...]:
        """The limits that outcomes are about."""
        parts = (name.partition(".") for name in self.outcomes if name not in OUTCOMES)
        return tuple(dict.fromkeys(lever for about, _, lever in parts if about in ABOUT_LIMITS))

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of the results that hold outcomes."""
        if self.draws == 1:
            return self.outcomes
        with_ends = [(name, f"{name}_low", f"{name}_high") for name in self.outcomes if is_plain(name)]
        return (*itertools.chain.from_iterable(with_ends), *(name for name in self.outcomes if not is_plain(name)))


def is_plain(outcome: str) -> bool:
    """Return whether an outcome has a value in each draw, as all but those about limits have."""
    return outcome in OUTCOMES or outcome == "gain"


def load_design(design: str | Path) -> Design:
    """Read a design: the path of a YAML file, or the name of one that travels with the package.

    Files that it names are looked for beside it first.

    Raises
    ------
    InputError
        If the file is missing or anything in it does not fit; the message names the place.
    """
    path = find_file("design", design, "data/designs", ".yaml")
    read = parse_model(Design, read_yaml(path), path.name)
    _check_listed_limits(read)
    beside = {
        name: str(path.parent / file)
        for name in ("scenario", "policy", "against", "transactions", "cases")
        if isinstance(file := getattr(read, name), str) and is_file(path.parent / file)
    }
    return read.model_copy(update=beside)


class ResolvedDesign(NamedTuple):
    """A design with all that it names.

    Attributes
    ----------
    design
        As it was written.
    scenarios
        By the name that the design gives them.
    policies
        By scenario, then by the name that the design gives them.
    rows
        One row per run, one column per factor; missing where a row leaves a factor as it is.
    """

    design: Design
    scenarios: dict[str, Scenario]
    policies: dict[str, dict[str, Policy]]
    rows: pd.DataFrame


def resolve_design(design: Design) -> ResolvedDesign:
    """Load the scenarios and policies that a design names, and work out its rows.

    Raises
    ------
    InputError
        Naming the first name that is unknown, with the nearest valid one, or a factor without values.
    """
    expanded = _expand(design.runs, design)
    scenarios = {name: load_scenario(name) for name in expanded.names_in("scenario", design.scenario)}
    names = expanded.names_in("policy", design.policy)
    if design.against is not None:
        names = tuple(dict.fromkeys([*names, design.against]))
    policies = {where: {name: load_policy(name, scenario) for name in names} for where, scenario in scenarios.items()}
    for where, scenario in scenarios.items():
        _check_names(design, scenario, next(iter(policies[where].values())))
    return ResolvedDesign(design, scenarios, policies, expanded.resolved(scenarios, design.scenario))


def rows_of(design: Design) -> pd.DataFrame:
    """Return one row per run, one column per factor; missing where a row leaves a factor as it is.

    Raises
    ------
    InputError
        As `resolve_design` does.
    """
    return resolve_design(design).rows


def blocks_of(design: Design, kind: type[Any]) -> tuple[Any, NDArray[np.int64]]:
    """Return the one part of a design that is of a kind of method, and the rows of the design by block.

    A block holds the points of that part for one combination of rows of the other parts of a cross; a design that is
    no cross is one block. The rows have the shape (blocks, points).

    Raises
    ------
    InputError
        If there is no such part, or more than one.
    """
    parts = _leaves(design.runs)
    places = [k for k, part in enumerate(parts) if isinstance(part, kind)]
    if len(places) != 1:
        method = kind.model_fields["method"].default
        raise InputError(
            f"the design {design.name} has {len(places) or 'no'} parts of the method '{method}'; expected one"
        )
    counts = [_expand(part, design).count for part in parts]
    rows = np.moveaxis(np.arange(math.prod(counts)).reshape(counts), places[0], -1)
    return parts[places[0]], rows.reshape(-1, counts[places[0]])


def _leaves(method: Any) -> list[Any]:
    return [leaf for part in method.of for leaf in _leaves(part)] if isinstance(method, Cross) else [method]


def is_lever(name: str) -> bool:
    """Return whether a factor is a limit of a tier; no assumption about a tier has the name of a limit."""
    return name.partition(".")[2] in LIMITS


def _check_names(design: Design, scenario: Scenario, policy: Policy) -> None:
    levers = [f"{tier}.{limit}" for tier in policy.tier_names[:-1] for limit in LIMITS]
    for name in design.runs.names:
        if name in ("scenario", "policy"):
            continue
        if is_lever(name):
            if name not in levers:
                raise unknown("limit", name, levers, f"design {design.name}")
        elif name not in scenario.assumption_names:
            raise unknown("factor", name, ["scenario", "policy", *levers, *scenario.assumption_names], scenario.name)
    for name in design.levers:
        if name not in levers:
            raise unknown("limit", name, levers, f"design {design.name}, outcomes")


def _check_listed_limits(design: Design) -> None:
    """Refuse a limit in fractions of a cent that a person wrote: it would be run with another one."""
    for name, value in _listed_values(design):
        if is_lever(name) and not isinstance(value, str) and math.isfinite(value) and not is_whole_cents(value):
            raise InputError(f"design {design.name}: {name} is {value!r}; a limit must be whole cents, round it")


def _listed_values(design: Design) -> Iterator[tuple[str, float | str]]:
    """Yield every value that a person wrote for a factor; what lies in a range is drawn."""
    for part in _leaves(design.runs):
        if isinstance(part, Listed):
            yield from (entry for row in part.rows for entry in row.items())
        else:
            yield from ((name, value) for name, factor in part.factors.items() for value in factor.listed or ())


@dataclass(frozen=True)
class _Expanded:
    """Rows before assumptions are looked up.

    Attributes
    ----------
    columns
        (rows,) values by factor; numbers from 0 to 1 for those in `places`.
    places
        Factors whose numbers are places in their range or distribution.
    count
        Number of rows.
    """

    columns: dict[str, NDArray[Any]]
    places: dict[str, Factor]
    count: int

    def names_in(self, factor: str, default: str) -> tuple[str, ...]:
        if factor not in self.columns:
            return (default,)
        names = [default if is_missing(value) else value for value in self.columns[factor]]
        for name in names:
            if not isinstance(name, str):
                raise InputError(f"{factor} is {name!r} in a row of the design; expected the name of one, or its file")
        return tuple(dict.fromkeys(names))

    def resolved(self, scenarios: Mapping[str, Scenario], default: str) -> pd.DataFrame:
        out: dict[str, NDArray[Any]] = {}
        where = self.columns.get("scenario", np.full(self.count, default, dtype=object))
        rows_of_scenario = {
            key: np.asarray([(default if is_missing(name) else name) == key for name in where]) for key in scenarios
        }
        for factor, column in self.columns.items():
            if factor in ("scenario", "policy"):
                out[factor] = column
                continue
            values = np.empty(self.count)
            for key, scenario in scenarios.items():
                rows = rows_of_scenario[key]
                values[rows] = self._numbers(factor, column[rows], scenario)
            out[factor] = values
        return pd.DataFrame(out, index=pd.RangeIndex(self.count, name="row"))

    def _numbers(self, name: str, column: NDArray[Any], scenario: Scenario) -> Floats:
        if name in self.places:
            return _values_at(name, self.places[name], column.astype(np.float64), scenario)
        for value in column:
            if isinstance(value, str):
                raise InputError(
                    f"factor '{name}' is {value!r} in a row of the design; expected a number (or ask, no_limit)"
                )
        return column.astype(np.float64)


def is_missing(value: object) -> bool:
    """Return whether a row leaves a factor as it is."""
    return value is None or (isinstance(value, float) and math.isnan(value))


def _expand(method: Any, design: Design) -> _Expanded:
    if isinstance(method, Cross):
        return _crossed([_expand(part, design) for part in method.of])
    if isinstance(method, Listed):
        columns = {name: _objects([row.get(name, math.nan) for row in method.rows]) for name in method.names}
        return _Expanded(columns, {}, len(method.rows))
    for name, factor in method.factors.items():
        _check_factor(name, factor)
    if isinstance(method, FullFactorial):
        parts = []
        for name, factor in method.factors.items():
            values = factor.listed
            if values is not None:
                parts.append(_Expanded({name: _objects(values)}, {}, len(values)))
            else:
                parts.append(_Expanded({name: np.linspace(0, 1, factor.levels)}, {name: factor}, factor.levels))
        return _crossed(parts)
    points = method.points(design.seed)
    columns, places = {}, {}
    for j, (name, factor) in enumerate(method.factors.items()):
        values = factor.listed
        if values is not None:
            chosen = np.minimum((points[:, j] * len(values)).astype(np.int64), len(values) - 1)
            columns[name] = _objects(values)[chosen]
        else:
            columns[name], places[name] = points[:, j], factor
    return _Expanded(columns, places, len(points))


def _check_factor(name: str, factor: Factor) -> None:
    if factor.listed is None and (name in ("scenario", "policy") or (is_lever(name) and factor.range is None)):
        wanted = "values: [...]" if name in ("scenario", "policy") else "values: [...] or range: [0, 100]"
        raise InputError(f"the factor '{name}' says nothing about what it can be; give it {wanted}")


def _objects(values: Sequence[object]) -> NDArray[Any]:
    out = np.empty(len(values), dtype=object)
    out[:] = values
    return out


def _crossed(parts: Sequence[_Expanded]) -> _Expanded:
    counts = [part.count for part in parts]
    count = math.prod(counts)
    if count > _MOST_ROWS:
        raise InputError(f"the design has {count:,} rows; at most {_MOST_ROWS:,} fit, take fewer values or points")
    places = np.unravel_index(np.arange(count), counts)
    columns = {
        name: column[place] for part, place in zip(parts, places, strict=True) for name, column in part.columns.items()
    }
    return _Expanded(columns, {name: factor for part in parts for name, factor in part.places.items()}, count)


def _values_at(name: str, factor: Factor, places: Floats, scenario: Scenario) -> Floats:
    """Return the values of a factor at places (0-1) of its range, or quantiles of its distribution."""
    if factor.range is not None:
        low, high = factor.range
        values = low + (high - low) * places
    else:
        assumption = scenario.assumption(name)
        if assumption.distribution == "chosen":
            # whoever makes it a factor wants to see it vary
            assumption = assumption.model_copy(update={"distribution": "triangular"})
        values = assumption.quantile(places)
    return values if factor.round_to is None else np.round(values / factor.round_to) * factor.round_to
