"""Files: which kinds of files people write, and the tables that they bring.

In: models and readers. Out: what `fields` makes a page of; pages for tables. Left to others: the pages' form
(`fields`).
"""

from __future__ import annotations

from pathlib import Path

from documentation.fields import Kind
from policy_sim.assumptions import Scenario, load_scenario
from policy_sim.evidence.log_columns import FLAGS, MOMENTS, TEXTS
from policy_sim.evidence.log_mapping import CaseLogMapping, read_case_mapping
from policy_sim.evidence.resolutions import AMOUNTS
from policy_sim.orders.mapping import LogMapping, read_mapping
from policy_sim.orders.roles import ROLES
from policy_sim.policy import Policy, load_policy
from policy_sim.study.stories import Story, load_story
from policy_sim.sweep.design import Design, load_design, resolve_design
from policy_sim.words import CASE_COLUMNS, LIMIT_KINDS

#: Orders, as a log of them has columns: role and what stands in the column.
ORDER_COLUMNS = {
    "customer": "who bought: an id, a name or an e-mail; needed",
    "email": "the e-mail, where the id is another column",
    "other_customer": "an id that may tell customers apart better than the first",
    "date": "when: any usual form; needed",
    "amount": "how much, refunds below 0; needed, unless there are quantity and unit_price",
    "order": "the number of the order: rows of one number are one order",
    "reference": "of a refund, the number of the order that it is of",
    "status": "what became of it; only sales count",
    "kind": "what kind of row it is: sale, refund, fee",
    "currency": "of the amount; several need --only-currency or --rates",
    "paid_back": "money paid back of this order",
    "quantity": "pieces",
    "unit_price": "price of one",
    "cancelled": "when it was cancelled; such orders do not count",
}
#: Cases: what stands in each column that is no number of `CASE_COLUMNS`.
CASE_TEXTS = {
    "case": "id, as text; rows are numbered where left out",
    "customer": "id, as in the log of orders, hashed on request; needed to calibrate",
    "order": "number of the order that failed",
    "failure": "a failure of the scenario; needed",
    "resolution": "what was given: variants joined by ` + `; `nothing`; empty where unknown; needed to calibrate",
    "tier": "who decided, a tier of the scenario",
    "agent": "who decided, a person",
    "channel": "the way it came in, in the help desk's words",
    "ask": "what was asked for: `money`, `thing`, `more` or `anything`",
    "currency": "of the amounts; must be the scenario's",
    "opened": "when it was opened, an ISO time in UTC",
    "resolved": "when it was answered",
    "satisfied": "when the customer said to be satisfied",
    "escalated": "0 or 1: passed on",
    "exception": "0 or 1: beyond the policy in force",
}
CASE_NUMBERS = {
    "item_price": "price of what failed; needed",
    "unit_cost": "what the item cost the firm",
    "salvage_value": "what the item still brings when it comes back",
    "return_shipping": "postage of its way back",
    "outbound_shipping": "postage to the customer",
    "restocking": "looking over what comes back",
    "severity": "how bad it is, from 0 to 1",
    "hours_open": "hours since it went wrong until somebody answers",
    "days_since_purchase": "days since the order",
    "prior_purchases": "orders of the customer so far, the one that failed included",
    "prior_failures": "earlier orders of the customer on which something went wrong",
    "days_since_failure": "days since the failure before, where there was one",
    "prior_claims": "claims of the customer in the last 12 months",
    "suspicion": "risk score, from 0 to 1",
    "surfaces": "chance that the customer comes by themselves; 1 in a log of cases",
    "live": "1 on the phone or in chat, 0 in writing",
    "firmness": "share of what was asked for that something else must be worth to be accepted instead",
    "in_stock": "1 where the item can be sent again",
    "part_available": "1 where a spare part is at hand",
    "future_value": "margin of the customer from now on, right after the order that failed; needed, unless a log of "
    "orders lies beside the cases",
}

_AS_POLICY = "\n```sh\n.venv/bin/policy-sim check service_desk.yaml\n```\n"
_AS_SCENARIO = "\n```sh\n.venv/bin/policy-sim scenario check ./our_shop.yaml\n```\n"
_AS_STORY = "\n```sh\n.venv/bin/policy-sim stories ./late_gift.yaml\n```\n"
_AS_DESIGN = "\n```sh\n.venv/bin/policy-sim sweep by_market.yaml --dry-run\n```\n"
_AS_COLUMNS = """
<!-- write orders.csv -->
```csv
Kunde;Datum;Summe;Zustand
a1;2026-01-03;19,90;bezahlt
a2;2026-01-05;45,00;storniert
a1;2026-02-11;22,50;versandt
```

```sh
.venv/bin/policy-sim orders orders.csv --mapping columns.yaml
```
"""
_AS_WORDS = """
```python
from policy_sim.evidence import read_case_mapping

print(read_case_mapping("our_words.yaml").window_days)
```
"""


def _policy(path: Path) -> object:
    return load_policy(path, load_scenario("online_retail"))


def _words(path: Path) -> object:
    mapping = read_case_mapping(path)
    mapping.check(load_scenario("online_retail"), f"mapping '{path}'")
    return mapping


def _design(path: Path) -> object:
    return resolve_design(load_design(path))


KINDS = (
    Kind(
        "policy",
        "Policy",
        "Who may decide what: what `policy-sim evaluate`, `check`, `export` and all that ask for a policy take, as "
        "YAML or JSON. A limit is money in whole cents, `ask` (not even nothing without asking) or `no_limit`. What "
        "`export` adds (`$schema`, `format`, `provenance`, `seal`) is not for people to write. "
        "[How one becomes files for others](../../how-to/publish-a-policy.md).",
        Policy,
        {"service_desk.yaml": _AS_POLICY},
        _policy,
        {
            "Policy.version": 0,
            "Policy.title": "",
            "Policy.status": "released",
            "Policy.effective_from": "soon",
            "Policy.effective_until": "2026-01-31",
            "Policy.approved_on": "02/20/2026",
            "Policy.approved_by": "",
            "Policy.tiers": [{"name": "manager"}],
            "Tier.limits": {"refund": -5},
            "LimitException.tier": "manager",
            "LimitException.failure": "lost_parcels",
            "LimitException.segment": "regulars",
            "LimitException.limits": {"refund": 25.005},
            "Guard.fact": "prior_claim",
            "Guard.to": "agent",
            "Stretch.below": 0,
            "PlaybookRule.when": {"price": {"below": 40}},
            "PlaybookRule.asks": ["refund"],
            "PlaybookRule.give": ["full_refund", "bouquet"],
            "PlaybookRule.failure": "wrong_items",
        },
    ),
    Kind(
        "scenario",
        "Scenario",
        "A business: what goes wrong, what can be given, and every number that is taken on trust; what `--scenario` "
        "takes. [Which numbers there have to be](../assumptions.md), [how to add a "
        "failure](../../how-to/add-a-failure.md) and [a remedy](../../how-to/add-a-remedy.md). What is inherited by "
        "`extends` need not be said again; lists are replaced as a whole, all else is joined by name.",
        Scenario,
        {"our_shop.yaml": _AS_SCENARIO, "by_orders.yaml": ""},
        load_scenario,
        {
            "Scenario.tiers": ["agent", "agent"],
            "Scenario.title": "",
            "Scenario.remedies": {"bouquet": {"titel": "Bouquet"}},
            "Scenario.failures": {"billing_error": {"title": "Billed wrongly"}},
            "Assumption.value": 99,
            "Assumption.range": [30, 18],
            "Assumption.unit": "",
            "Assumption.source": "",
            "Assumption.sentence": "a bouquet costs {money}",
            "Assumption.title": "",
            "Assumption.picture": {"wait": [0, 24]},
            "Assumption.trust": "certain",
            "Assumption.quantiles": [0.1, 0.7],
            "Segment.title": "",
            "Segment.future_value_up_to": 200,
            "Segment.prior_purchases_up_to": 5,
            "Remedy.title": "",
            "Remedy.said": "a bouquet",
            "Remedy.kind": "flowers",
            "Remedy.needs": "flowers",
            "Remedy.amounts": [20, 20],
            "Remedy.shares_of_price": [30],
            "Remedy.cost": {"constant": 22},
            "Remedy.worth": {"price": 1},
            "Remedy.trouble": {"constant": "remedy.troubles"},
            "Remedy.gain": {"amount": 2},
            "Remedy.uses": {"credits": {"amount": 1}},
            "Remedy.minutes": 3,
            "Remedy.supervisor_minutes": "remedy.bouquet_minute",
            "Remedy.lead_hours": 24,
            "Remedy.effort": 0.1,
            "Remedy.gesture": "remedy.bouquet_gestures",
            "Failure.title": "",
            "Failure.matched_by": [],
            "Failure.resolutions": {"money": [["overcharge_back"]]},
            "Rule.never": ["bouquet"],
            "Rule.only": "flowers",
            "Rule.alongside": [],
            "Rule.because": "",
            "Correlation.names": ["response.wait_weight"],
            "Correlation.matrix": [[1, 2], [2, 1]],
            "Wording.failures": {"loss_share": {"sentence": "the customer loses it"}},
            "Wording.tiers": {"minutes": {"words": "a case takes {value}"}},
            "Said.title": "",
            "Said.sentence": "the customer loses it",
            "Said.picture": {"gestures": [0, 1]},
        },
        further=(
            (
                "extends",
                "name or file",
                "The scenario from which everything is taken that the file does not say.",
                "`extends: online_retail`",
            ),
        ),
    ),
    Kind(
        "story",
        "Story",
        "One case, replayed: what `policy-sim stories` takes. "
        "[Six of them come along](../../tutorials/replay-a-story.md).",
        Story,
        {"late_gift.yaml": _AS_STORY},
        load_story,
        {
            "Story.title": "",
            "Story.told": "",
            "Story.left_out": "",
            "Story.scenario": "online_retailer",
            "Story.case": {"failure": "late_delivery", "price": 35},
            "Story.options": {"given": {"title": "An apology", "remedies": ["apology_note"]}},
            "Option.remedies": ["apology"],
            "Option.title": "",
            "Option.tier": "boss",
            "Option.case": {"hours": 36},
            "Claim.says": "",
            "Claim.better": "sooner",
            "Claim.worse": "sooner",
        },
    ),
    Kind(
        "sweep-design",
        "Design of a sweep",
        "Which runs a sweep makes: what `policy-sim sweep` takes. "
        "[Sweep many scenarios](../../how-to/sweep-many-scenarios.md) reads the results.",
        Design,
        {
            "by_market.yaml": _AS_DESIGN,
            "screening.yaml": "",
            "shares.yaml": "",
            "anywhere.yaml": "",
            "just_these.yaml": "",
        },
        _design,
        {
            "Design.title": "",
            "Design.runs": {"method": "random", "count": 100},
            "Design.scenario": [],
            "Design.policy": "currrent",
            "Design.against": "currrent",
            "Design.outcomes": ["profit"],
            "Design.cases": 0,
            "FullFactorial.factors": {"agent.refunds": [20, 40]},
            "Factor.values": ["none", 20],
            "Factor.range": [60, 20],
            "Sobol.count": 20,
            "Saltelli.count": 100,
            "Morris.levels": 5,
            "Listed.rows": [],
            "Cross.of": [],
        },
    ),
    Kind(
        "columns",
        "Columns of a log of orders",
        "Which column of a log is what, where it is not found by its name: what `--mapping` of `run`, `fit` and "
        "`orders` takes. `policy-sim orders LOG --write-mapping FILE` writes one to correct.",
        LogMapping,
        {"columns.yaml": _AS_COLUMNS},
        read_mapping,
        {"LogMapping.columns": {"buyer": "Kunde"}, "LogMapping.count": "bezahlt"},
    ),
    Kind(
        "words",
        "Words of a company",
        "What the files and words of a company mean: what `policy-sim log build --mapping` takes; it writes one to "
        "fill in for whatever it does not understand. [How the log is "
        "built](../../how-to/calibrate-your-own-cases.md).",
        CaseLogMapping,
        {"our_words.yaml": _AS_WORDS},
        _words,
        {
            "CaseLogMapping.failures": {"courier late": "late"},
            "CaseLogMapping.remedies": {"voucher": "gift_card_11"},
            "CaseLogMapping.tiers": {"team leads": "leads"},
            "CaseLogMapping.asks": {"wants money": "refund"},
            "CaseLogMapping.priorities": {"urgent": 9},
            "CaseLogMapping.channels": {"hotline": "phone"},
            "CaseLogMapping.statuses": {"duplicate": "closed"},
            "FileMapping.kind": "cases",
            "FileMapping.shape": "zendesks",
            "FileMapping.columns": ["case", "customer"],
        },
    ),
)


def tables_page() -> str:
    """Return the page of the tables that people bring: orders, cases, cases to decide."""
    numbers = "".join(
        f"| `{name}` | {column.unit} | {CASE_NUMBERS[name]} | {_filled(name)} |\n"
        for name, column in CASE_COLUMNS.items()
    )
    texts = "".join(f"| `{name}` | {CASE_TEXTS[name]} |\n" for name in (*TEXTS, *MOMENTS, *FLAGS))
    given = "".join(f"| `{name}` | {LIMIT_KINDS[name].title}: what was given of it, money |\n" for name in AMOUNTS)
    orders = "".join(f"| `{role}` | {ORDER_COLUMNS[role]} |\n" for role in ROLES)
    return f"""# Tables that people bring

CSV with any usual separator, Parquet or XLSX. Columns of other names are left alone.

## A log of orders

What `--transactions`, `fit` and `orders` take: a row for each order, or for each of its lines. Columns are found by
their usual names, or by the export that the file is; where they are not, options or [a file](columns.md) name them.
`policy-sim orders LOG` says how a log was read, with counts.

| column | what stands in it |
|---|---|
{orders}
## Cases

What `run --cases`, `decide` and `calibrate` take: a row for each case; `policy-sim log build` writes it and
`policy-sim log check` says what is wrong with it. What is empty or absent is filled, and counted.

| column | what stands in it |
|---|---|
{texts}{given}
Numbers, all of them 0 or more:

| column | unit | what stands in it | where it is left out |
|---|---|---|---|
{numbers}
## Cases to decide by rules alone

What `decide --rules-only` takes: `failure`, `segment`, `asked_for` (a limit), `amount`, and the facts that guards and
the playbook look at; `order_date` where versions follow one another, `currency` where there are several, `ask` for a
playbook. All other columns come back as they stand ([a list of
cases](../../how-to/publish-a-policy.md#a-list-of-cases)).
"""


def _filled(name: str) -> str:
    column = CASE_COLUMNS[name]
    if column.filled_from is not None:
        first, factors = column.filled_from
        return " times ".join(f"`{part}`" for part in (*(() if first == "constant" else (first,)), *factors))
    if column.default is None:
        return "an error"
    return f"`{column.default}`" if isinstance(column.default, str) else f"{column.default:g}"
