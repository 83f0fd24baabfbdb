"""Skeletons: scenario files of one's own to begin with, in which all that must be filled in stands with its meaning.

In: the scenario that is extended, names of a failure or a remedy of one's own, which numbers to write out.
Out: the text of a YAML file that loads as it stands; every number in it is marked as assumed and to be replaced.
Left to others: reading such a file (`assumptions`), saying what is still to be replaced (`faults`).
"""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterable, Sequence

from policy_sim.assumptions import Scenario, load_scenario
from policy_sim.border import InputError, unknown
from policy_sim.failures import Failure
from policy_sim.faults import TO_REPLACE
from policy_sim.fitting import NEEDED_PER_FAILURE
from policy_sim.uncertain import Assumption
from policy_sim.words import LIMIT_KINDS

__all__ = ["OWN_NUMBERS", "scenario_skeleton", "title_of_name"]

#: Groups of which a skeleton of a whole business writes out what is a decision or a known fact.
OWN_NUMBERS = ("shop", "queue")
#: Has no bearing on a log of one's own.
_OF_THE_SAMPLE = "shop.sample_price_factor"
_NAME = re.compile(r"[a-z][a-z0-9_]{0,59}")
_WIDTH = 116
#: The limit that credit counts against: the one on which an amount of its own is drawn.
_CREDIT = next(
    kind.name
    for kind in LIMIT_KINDS.values()
    if not (kind.counts_item_price or kind.covers_everything or kind.beyond_owed)
)


def scenario_skeleton(
    extends: str,
    name: str,
    failure: str | None = None,
    remedy: str | None = None,
    like: str | None = None,
    currency: str | None = None,
    has_own_numbers: bool = False,
    base: Scenario | None = None,
) -> str:
    """Return a scenario file (YAML, with comments) to begin with.

    Parameters
    ----------
    extends
        The scenario that it extends: a name, or a path as it is to stand in the file.
    name
        What it is called: small letters, digits and underscores.
    failure, remedy
        A kind of failure, and a remedy, of one's own that it describes.
    like
        The failure of the extended scenario from which numbers are taken over, and to which the remedy is added; else
        the first one that is flawed but accepted, as most are that nothing is sent again for.
    currency
        Its currency, where that is another: amounts are then taken over one for one, each to be replaced.
    has_own_numbers
        Whether it writes out the decisions and known facts of a business: volume, margin, roster.
    base
        The extended scenario, where it is not found by `extends` from here.

    Raises
    ------
    InputError
        If a name cannot be one, or is there already, or there is no such scenario or failure.
    """
    base = load_scenario(extends) if base is None else base
    for kind, own, taken in (
        ("scenario", name, ()),
        ("failure", failure, (*base.failures, *base.assumptions)),
        ("remedy", remedy, tuple(base.remedies)),
    ):
        _check_name(kind, own, taken, base.name)
    if like is not None and like not in base.failures:
        raise unknown("failure", like, list(base.failures), f"--like; scenario {base.name}")
    model = like or _first_accepted(base)
    is_converted = currency is not None and currency != base.currency
    parts = [_head(extends, name, base, currency if is_converted else None, failure, remedy)]
    groups = _groups(base, model, failure, remedy, currency, has_own_numbers)
    if groups:
        parts.append("assumptions:\n" + "".join(_group(group, lines, base) for group, lines in groups.items()))
    if remedy:
        parts.append(_remedy(remedy))
    if failure or remedy:
        parts.append(_failures(base, model, failure, remedy))
    return "\n".join(parts)


def _groups(
    base: Scenario, model: str, failure: str | None, remedy: str | None, currency: str | None, has_own_numbers: bool
) -> dict[str, list[str]]:
    """Return by group the numbers that are written out, each as its lines."""
    names = [
        f"{group}.{key}"
        for group in (OWN_NUMBERS if has_own_numbers else ())
        for key, number in base.assumptions[group].items()
        if number.distribution == "chosen" and f"{group}.{key}" != _OF_THE_SAMPLE
    ]
    if currency not in (None, base.currency):
        names += [name for name in base.assumption_names if _is_in_money(base, name)]
    groups: dict[str, list[str]] = {}
    for name in dict.fromkeys(names):
        groups.setdefault(name.partition(".")[0], []).append(_number(base, name, currency))
    if remedy:
        groups.setdefault("remedy", []).extend(_remedy_numbers(remedy))
    if failure:
        groups[failure] = [_number(base, f"{model}.{key}", currency) for key in NEEDED_PER_FAILURE]
    return groups


def title_of_name(name: str) -> str:
    """Return what something is called by its name: "billing_error" is "Billing error"."""
    words = name.replace("_", " ")
    return f"{words[:1].upper()}{words[1:]}"


def _check_name(kind: str, name: str | None, taken: Sequence[str], where: str) -> None:
    if name is None:
        return
    if not _NAME.fullmatch(name):
        raise InputError(
            f"{kind} '{name}' cannot be a name; expected small letters, digits and underscores, a letter first, at "
            "most 60, for example billing_error"
        )
    if name in taken:
        raise InputError(
            f"scenario '{where}' has '{name}' already; choose another name for the {kind}, or write in the file only "
            "what differs of it"
        )


def _first_accepted(base: Scenario) -> str:
    accepted = (name for name, described in base.failures.items() if described.shape == "accepted")
    return next(accepted, next(iter(base.failures)))


def _is_in_money(base: Scenario, full_name: str) -> bool:
    return re.match(rf"{base.currency}\b", base.assumption(full_name).unit) is not None


def _head(
    extends: str, name: str, base: Scenario, currency: str | None, failure: str | None, remedy: str | None
) -> str:
    own = " and ".join(f"{kind} {what}" for kind, what in (("the failure", failure), ("the remedy", remedy)) if what)
    about = f"{base.title}, with {own} of our own" if own else f"{base.title}, with our own numbers"
    comment = (
        f"Says only what differs from '{base.name}'; everything else is taken over from there. Numbers are marked as "
        f'assumed, and their source begins with "{TO_REPLACE.strip()}": put your own number, its plausible range and '
        "where it is from in their place, and set trust to own (measured on your own cases), measured (elsewhere), "
        "calibrated or assumed. policy-sim scenario check names what is missing, wrong or still to be replaced."
    )
    lines = [
        *_comment(comment),
        f"extends: {json.dumps(extends)}",
        f"name: {name} # small letters, digits and underscores",
        f"title: {json.dumps(title_of_name(name))} # what people read",
        f"description: {json.dumps(about + '.')} # one or two sentences",
    ]
    if currency:
        lines += [
            f"currency: {currency} # amounts below are those of {base.currency}, taken over one for one",
        ]
    return "\n".join(lines) + "\n"


def _comment(text: str, margin: str = "") -> list[str]:
    width = _WIDTH - len(margin)
    return [f"{margin}# {line}" for line in textwrap.wrap(text, width - 2, break_on_hyphens=False)]


def _group(group: str, lines: Iterable[str], base: Scenario) -> str:
    title = "" if group == "remedy" or group not in base.assumptions else f" # {base.group_title(group)}"
    return f"  {group}:{title}\n" + "".join(lines)


def _number(base: Scenario, full_name: str, currency: str | None) -> str:
    """Return an assumption of the extended scenario written out, to be replaced, with its meaning above it."""
    own, said = base.assumption(full_name), base.said(full_name)
    group, _, name = full_name.partition(".")
    is_money = _is_in_money(base, full_name)
    unit = own.unit
    if currency and is_money:
        unit = currency + unit.removeprefix(base.currency)
    where = f"'{group}' of {base.name}" if group in base.failures else base.name
    one_for_one = ", one for one" if currency not in (None, base.currency) and is_money else ""
    meaning = ": ".join(part for part in (said.title, _blank(said.sentence)) if part)
    return _written(name, meaning, own.model_copy(update={"unit": unit}), f"taken over from {where}{one_for_one}")


def _blank(sentence: str | None) -> str:
    """Return a sentence with dots in place of its number."""
    return re.sub(r"\{\w+\}", "...", sentence or "")


def _written(name: str, meaning: str, number: Assumption, where: str, is_said: bool = False) -> str:
    low, high = number.range
    fields = [f"value: {number.value:.12g}", f"unit: {json.dumps(number.unit, ensure_ascii=False)}"]
    fields += [f"range: [{low:.12g}, {high:.12g}]", "trust: assumed"]
    if number.distribution == "chosen":
        fields.append("distribution: chosen")
    text = f"{meaning or title_of_name(name)} ({number.unit})"
    if number.distribution == "chosen":
        text += "; chosen: draws keep the value"
    lines = [*_comment(text, "    "), f"    {name}:"]
    said = f"title: {json.dumps(number.title)}, sentence: {json.dumps(number.sentence)},"
    lines += [f"      {{ {said}", f"        {', '.join(fields)},"] if is_said else [f"      {{ {', '.join(fields)},"]
    lines.append(f"        source: {json.dumps(TO_REPLACE + where, ensure_ascii=False)} }}")
    return "\n".join(lines) + "\n"


def _remedy_numbers(remedy: str) -> list[str]:
    """Return what a remedy of one's own goes by: what it costs, what it is worth, time, how kind a gesture it is."""
    words = title_of_name(remedy).lower()
    share = "share of the amount"
    numbers = (
        ("cost_share", f"What {words} cost", "of the amount, {value} are costs", share, 0.6, (0.4, 0.9)),
        ("worth_share", f"What {words} are worth", "to customers, {value} of the amount count", share, 0.7, (0.4, 1.0)),
        ("minutes", f"Time for {words}", "handing out " + words + " takes {value}", "minutes", 1.0, (0.5, 3.0)),
        (
            "gesture",
            f"How kind {words} are",
            words + ": {value} of what a kind gesture can do",
            "share of a full gesture",
            0.2,
            (0.05, 0.5),
        ),
    )
    where = f"a plausible number for {words}, not measured"
    return [
        _written(
            f"{remedy}_{ending}",
            _blank(sentence),
            Assumption(title=title[:80], sentence=sentence, value=value, unit=unit, range=ends, source="-"),
            where,
            is_said=True,
        )
        for ending, title, sentence, unit, value, ends in numbers
    ]


def _remedy(remedy: str) -> str:
    named = f"remedy.{remedy}"
    return f"""\
remedies:
  # Coefficients are 1, -1 or the name of an assumption. Forms (cost, worth, uses ...) are sums over columns of a case:
  # item_price, unit_cost, salvage_value, return_shipping, outbound_shipping, restocking, constant; amount stands for
  # the remedy's own amounts, of which each makes a variant: {remedy}_5, {remedy}_15.
  {remedy}:
    title: {json.dumps(title_of_name(remedy))} # what people read
    kind: credit # money, credit, goods or service: what does not match the loss counts less
    amounts: [5, 15] # in money; or shares_of_price: [0.1, 0.25]; or leave both out
    cost: {{ amount: {named}_cost_share }} # what it costs the firm
    worth: {{ amount: {named}_worth_share }} # what the customer gets
    uses: {{ {_CREDIT}: {{ amount: 1 }} }} # which limit it counts against: {_limits()}
    minutes: {named}_minutes # of whoever decides
    gesture: {named}_gesture # 0 to 1: how kind it is beside what it is worth
    # trouble: {{ constant: {named}_trouble }} # what it costs the customer, in money
    # lead_hours: {named}_hours # until it arrives
    # effort: {named}_effort # 0 to 1: what it asks of the customer
    # needs: in_stock # or part_available: without it it cannot be given
    # proactive: true # given before the customer complains
"""


def _limits() -> str:
    return ", ".join(kind.name for kind in LIMIT_KINDS.values() if not (kind.covers_everything or kind.beyond_owed))


def _failures(base: Scenario, model: str, failure: str | None, remedy: str | None) -> str:
    lines = ["failures:"]
    added = f"      {remedy}: [[], [{remedy}_5], [{remedy}_15]]" if remedy else ""
    if failure:
        lines += _failure(base.failures[model], model, failure)
        if remedy:
            lines += [f"{added} # nothing of it, or one of its amounts"]
    elif remedy:
        lines += _comment("A further part of the resolutions, for each failure after which it may be given:", "  ")
        lines += [f"  {model}:", "    resolutions:", added]
        others = [name for name in base.failures if name != model]
        lines += [f"  # {name}: {{ resolutions: {{ {added.strip()} }} }}" for name in others]
    return "\n".join(lines) + "\n"


def _failure(model: Failure, model_name: str, failure: str) -> list[str]:
    lines = [
        f"  {failure}:",
        f"    title: {json.dumps(title_of_name(failure))} # what people read",
        f"    shape: {model.shape} # rejected: the service was useless to the customer; accepted: flawed, but taken",
        f"    matched_by: [{', '.join(model.matched_by)}] # kinds of remedy that match what was lost: "
        "money, credit, goods, service",
        *_comment(
            f"What may be given, as after {model_name}: one alternative of each part makes a resolution; [] is none.",
            "    ",
        ),
        "    resolutions:",
    ]
    for part, alternatives in model.resolutions.items():
        lines.append(f"      {part}:")
        lines += [f"        - [{', '.join(alternative)}]" for alternative in alternatives]
    return lines
