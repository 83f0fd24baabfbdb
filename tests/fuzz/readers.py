"""Readers: every border that files and words cross, each with good input and a way to spoil it.

In: a folder to write into, a random generator. Out: `READERS`: functions that spoil, write and read one input each.
Left to others: how things are spoilt (`mutations`), counting what comes of it (`fuzz`).
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import random
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any
from unittest import mock

import mutations
import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from policy_sim import cli
from policy_sim.assumptions import load_scenario
from policy_sim.border import InputError, shipped
from policy_sim.cells import read_table
from policy_sim.clv.contracts import read_contracts
from policy_sim.clv.recoveries import read_recoveries
from policy_sim.evidence import build_log, check_log, read_case_mapping
from policy_sim.orders import read_transactions
from policy_sim.policy import (
    Decider,
    decide_table,
    load_record,
    parse_record,
    record_content,
)
from policy_sim.publish import FORMATS, difference, load_versions, read_file, render, vocabulary_of
from policy_sim.service import read_cases
from policy_sim.study import load_story
from policy_sim.sweep.design import load_design, resolve_design
from policy_sim.sweep.folder import FORMAT, MANIFEST
from policy_sim.sweep.results import open_sweep

Read = Callable[[Path, random.Random], None]

CASES: list[dict[str, Any]] = [
    {"case": f"c{k}", "failure": failure, "segment": "loyal", "item_price": 20.0 + k, "future_value": 90.5,
    "suspicion": 0.1,
     "prior_claims": k, "prior_purchases": 3}
    for k, failure in enumerate(("wrong_item", "lost_parcel", "late_delivery"))
]  # fmt: skip
ORDERS: list[dict[str, Any]] = [
    {"order_id": k, "customer_id": k % 3, "order_date": f"2025-01-{k + 1:02}", "status": "completed", "currency": "USD",
     "quantity": 1, "order_total": 20.0 + k, "billing_email": f"p{k % 3}@example.org"}
    for k in range(4)
]  # fmt: skip
REQUESTS: list[dict[str, Any]] = [
    {"case": f"{k:04d}", "failure": "wrong_item", "segment": "loyal", "asked_for": kind, "amount": 5.0 * k,
    "suspicion": 0.1,
     "prior_claims": k, "ask": "money", "item_price": 20.0 * k, "prior_purchases": k, "in_stock": 1}
    for k, kind in enumerate(("refund", "credit", "keep_item"))
]  # fmt: skip


@cache
def scenario() -> Any:
    return load_scenario("online_retail")


@cache
def plain(kind: str, name: str) -> Any:
    return yaml.safe_load((shipped(f"data/{kind}") / f"{name}.yaml").read_text(encoding="utf-8"))


@cache
def playbook() -> Any:
    """Return the rules of the example in tests/publish."""
    text = (Path(__file__).parents[1] / "publish" / "with_playbook.yaml").read_text(encoding="utf-8")
    return yaml.safe_load(text)["playbook"]


@cache
def policy() -> Any:
    rich = plain("policies", "current") | {
        "owner": "Ana", "version": 3, "status": "live", "approved_by": "Ana", "approved_on": "2026-11-01",
        "effective_from": "2026-11-02", "playbook": playbook(),
        "exceptions": [
            {"tier": "agent", "failure": "wrong_item", "limits": {"refund": 40}},
            {"tier": "lead", "failure": "wrong_item", "segment": "loyal", "limits": {"keep_item": 60, "refund": 200}},
        ],
    }  # fmt: skip
    return parse_record(rich, "policy").policy


@cache
def exported(kind: str) -> bytes:
    return render(policy(), kind, scenario())


@cache
def decider() -> Any:
    names = vocabulary_of(scenario())
    return Decider(policy(), names.failures, names.segments)


def written(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def use(path: Path, rng: random.Random) -> None:
    """Read a policy file, and where it can be read publish it again."""
    record = read_file(path).record
    record.policy.check_names(scenario(), path.name)
    record.policy.check_order(scenario().failures, [segment.name for segment in scenario().segments], path.name)
    kinds = [name for name in FORMATS if name not in ("html", "pdf")]
    render(record.policy, rng.choice([*kinds, "html"]), scenario(), record.provenance)
    difference(policy(), record.policy, scenario())


def policy_by_hand(folder: Path, rng: random.Random) -> None:
    content = plain("policies", "current")
    content = content | {"playbook": playbook()} if rng.random() < 0.7 else content
    ending, data = mutations.as_file(content, rng, ("yaml", "json"))
    use(written(folder, f"p.{ending}", data), rng)


def policy_exported(folder: Path, rng: random.Random) -> None:
    ending, data = mutations.as_file(json.loads(exported("json")), rng, ("yaml", "json"))
    use(written(folder, f"p.{ending}", data), rng)


def policy_csv(folder: Path, rng: random.Random) -> None:
    if rng.random() < 0.5:
        rows = list(csv.DictReader(io.StringIO(exported("csv").decode())))
        stream = io.StringIO()
        spoilt = mutations.mutated_table(rows, rng)
        writer = csv.DictWriter(stream, list(spoilt[0]) or ["x"], delimiter=rng.choice(",;\t"), extrasaction="ignore")
        writer.writeheader()
        writer.writerows(spoilt)
        data = stream.getvalue().encode("utf-8", "surrogatepass")
    else:
        data = mutations.mutated_text(exported("csv").decode(), rng).encode("utf-8", "surrogatepass")
    use(written(folder, "p.csv", data if rng.random() < 0.9 else mutations.mutated_bytes(data, rng)), rng)


def policy_xlsx(folder: Path, rng: random.Random) -> None:
    data = exported("xlsx")
    if rng.random() < 0.2:
        data = mutations.mutated_bytes(data, rng)
    else:
        stream = io.BytesIO()
        with zipfile.ZipFile(io.BytesIO(data)) as packed, zipfile.ZipFile(stream, "w") as changed:
            names = packed.namelist()
            spoilt = rng.choice(names)
            for name in names:
                content = packed.read(name)
                if name == spoilt:
                    if rng.random() < 0.05:
                        continue
                    content = mutations.mutated_text(content.decode(), rng).encode("utf-8", "surrogatepass")
                changed.writestr(name, content)
        data = stream.getvalue()
    use(written(folder, "p.xlsx", data), rng)


def policy_dmn(folder: Path, rng: random.Random) -> None:
    text = exported("dmn").decode()
    if rng.random() < 0.6:
        head, _, rest = text.partition("<policy:record>")
        held, _, tail = rest.partition("</policy:record>")
        content = mutations.mutated_data(
            json.loads(held.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")), rng
        )
        spoilt = json.dumps(content, default=str).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        text = f"{head}<policy:record>{spoilt}</policy:record>{tail}"
    else:
        text = mutations.mutated_text(text, rng)
    use(written(folder, "p.dmn", text.encode("utf-8", "surrogatepass")), rng)


def policy_jdm(folder: Path, rng: random.Random) -> None:
    content = json.loads(exported("jdm"))
    if rng.random() < 0.8:
        content["policy_sim"] = mutations.mutated_data(content["policy_sim"], rng)
        data = json.dumps(content, default=str).encode()
    else:
        data = mutations.mutated_text(json.dumps(content), rng).encode("utf-8", "surrogatepass")
    use(written(folder, "p.jdm.json", data), rng)


def sealed_record(folder: Path, rng: random.Random) -> None:
    content = record_content(policy())
    held = json.loads(content["seal"]["content"])  # type: ignore[index]
    text = json.dumps(mutations.mutated_data(held, rng), default=str)
    if rng.random() < 0.2:
        text = mutations.mutated_text(text, rng)
    content["seal"] = {"sha256": hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest(), "content": text}
    if rng.random() < 0.3:
        content = mutations.mutated_data(content, rng)
    record = load_record(written(folder, "p.json", json.dumps(content, default=str).encode()))
    str(record.warning)


def versions(folder: Path, rng: random.Random) -> None:
    place = folder / "versions"
    place.mkdir(exist_ok=True)
    written(place, "a.json", exported("json"))
    ending, data = mutations.as_file(json.loads(exported("json")), rng, ("yaml", "json"))
    for old in place.glob("b.*"):
        old.unlink()
    written(place, f"b.{ending}", data)
    load_versions(place, scenario()).in_force("2026-12-01")


def scenario_file(folder: Path, rng: random.Random) -> None:
    whole = plain("scenarios", "online_retail")
    own: dict[str, Any] = {"extends": "online_retail", "name": "mine", "title": "Mine"}
    part = rng.choice([name for name in whole if name not in own])
    own[part] = whole[part]
    ending, data = mutations.as_file(own, rng, ("yaml", "json"))
    loaded = load_scenario(written(folder, f"s.{ending}", data))
    str(loaded.fingerprint)


def story(folder: Path, rng: random.Random) -> None:
    name = rng.choice(("air_purifier", "cooker_lid", "drive_thru"))
    ending, data = mutations.as_file(plain("stories", name), rng, ("yaml", "json"))
    load_story(written(folder, f"t.{ending}", data))


def design(folder: Path, rng: random.Random) -> None:
    content = plain("designs", rng.choice(("first_look", "what_decides")))
    ending, data = mutations.as_file(content, rng, ("yaml", "json"))
    read = load_design(written(folder, f"d.{ending}", data))
    if getattr(read.runs, "count", 1) <= 4096:
        resolve_design(read)


def _table_file(rows: list[dict[str, Any]], folder: Path, rng: random.Random) -> Path:
    spoilt = mutations.mutated_table(rows, rng)
    if rng.random() < 0.5:
        return _parquet(spoilt, folder, rng)
    stream = io.StringIO()
    writer = csv.writer(stream, delimiter=rng.choice(",,,;\t"))
    try:
        writer.writerow(spoilt[0])
        writer.writerows(row.values() for row in spoilt)
        text = stream.getvalue()
    except csv.Error:
        text = str(spoilt)
    if rng.random() < 0.4:
        text = mutations.mutated_text(text, rng)
    data = text.encode("utf-8", "surrogatepass")
    return written(folder, "t.csv", data if rng.random() < 0.9 else mutations.mutated_bytes(data, rng))


def _parquet(rows: list[dict[str, Any]], folder: Path, rng: random.Random) -> Path:
    columns = {}
    for name in rows[0]:
        cells = [row.get(name) for row in rows]
        try:
            columns[name] = pa.array(cells)
        except (pa.ArrowException, OverflowError, TypeError, UnicodeError):
            columns[name] = pa.array([repr(cell) for cell in cells])
        if rng.random() < 0.15:
            try:
                columns[name] = columns[name].cast(
                    rng.choice(
                        (pa.timestamp("ns"), pa.date32(), pa.binary(), pa.decimal128(30, 2), pa.float16(),
                        pa.bool_(), pa.uint8(),
                         pa.dictionary(pa.int8(), pa.string()), pa.large_string(), pa.duration("s"),
                         pa.time64("us"), pa.null())
                    )
                )  # fmt: skip
            except pa.ArrowException:
                columns[name] = pa.array([[cell] for cell in columns[name].to_pylist()])
    path = folder / "t.parquet"
    try:
        table = pa.table(columns)
        if rng.random() < 0.2:
            table = table.replace_schema_metadata({"pandas": rng.choice(("{}", "x", '{"index_columns": [3]}', "\x00"))})
        pq.write_table(table, path)
    except (pa.ArrowException, UnicodeError, OSError):
        pq.write_table(pa.table({"x": [1]}), path)
    if rng.random() < 0.2:
        path.write_bytes(mutations.mutated_bytes(path.read_bytes(), rng))
    return path


def case_table(folder: Path, rng: random.Random) -> None:
    read_cases(_table_file(CASES, folder, rng), scenario())


def request_table(folder: Path, rng: random.Random) -> None:
    decide_table(decider(), read_table("file of cases", _table_file(REQUESTS, folder, rng)).rows)


def order_log(folder: Path, rng: random.Random) -> None:
    read_transactions(_table_file(ORDERS, folder, rng))


def other_table(folder: Path, rng: random.Random) -> None:
    rows = [{"renewals": 1, "active": 1}, {"renewals": 2, "active": 0}]
    other = [{"customer": "a", "date": "2025-01-01", "recovery": "refund"}]
    reader, good = rng.choice(((read_contracts, rows), (read_recoveries, other)))
    reader(_table_file(good, folder, rng))


TICKETS: list[dict[str, Any]] = [
    {"Id": k, "Requester": "A", "Requester email": f"p{k % 3}@example.org", "Assignee": "Joe", "Group": "Support",
     "Tags": "vip", "Status": "Closed", "Priority": "High", "Via": "Mail", "Created at": f"2025-02-{k + 1:02} 10:00:00",
     "Solved at": f"2025-02-{k + 2:02} 10:00:00", "Order number [txt]": k, "Failure reason [list]": "Wrong item",
     "Resolution [list]": given, "Refund amount [dec]": 5.5 * k, "Risk score": 0.5}
    for k, given in enumerate(("full_refund + keep_item", "refund", "nothing", ""))
]  # fmt: skip
REFUNDS: list[dict[str, Any]] = [
    {"Refund ID": f"r{k}", "Order name": f"#{k}", "Email": f"p{k % 3}@example.org", "Created at": f"2025-02-{k + 1:02}",
     "Total refunded": 20.0 + k, "Calculated refund": 20.0, "Order adjustment": -k, "Restock type": "return",
     "Gateway": "card", "Currency": "USD"}
    for k in range(4)
]  # fmt: skip
CASE_LOG: list[dict[str, Any]] = [
    {"case": f"c{k}", "customer": f"p{k % 2}@example.org", "order": k, "failure": "wrong_item", "tier": "agent",
     "resolution": "nothing", "agent": "Joe", "opened": f"2025-02-{k + 1:02}T10:00:00Z", "item_price": 20.5 + k,
     "resolved": f"2025-02-{k + 2:02}T10:00:00Z", "escalated": 0, "refund": 2.0 * k, "severity": 0.5, "ask": "money"}
    for k in range(4)
]  # fmt: skip


def exports(folder: Path, rng: random.Random) -> None:
    """Join exports of which one is spoilt."""
    tables = {"tickets": TICKETS, "refunds": REFUNDS, "orders": ORDERS}
    chosen = rng.choice(list(tables))
    places = [_table_file(tables[chosen], folder, rng)]
    for name, rows in tables.items():
        if name != chosen:
            stream = io.StringIO()
            writer = csv.DictWriter(stream, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
            places.append(written(folder, f"{name}.csv", stream.getvalue().encode()))
    log = build_log(places, scenario(), draft=folder / "draft.yaml", hash_salt=rng.choice((None, b"some salt")))
    if len(log.table) + log.report.set_aside_count["tickets"] != log.report.tickets:
        raise AssertionError("tickets were lost")


def case_mapping(folder: Path, rng: random.Random) -> None:
    content = {
        "files": {"a.csv": {"kind": "tickets", "shape": "zendesk", "columns": {"case": "Id"}, "cents": True}},
        "failures": {"Wrong": "wrong_item"}, "remedies": {"x": "full_refund + keep_item"}, "tiers": {"S": "agent"},
        "priorities": {"P1": 0.5}, "channels": {"Mail": False}, "statuses": {"Gone": False}, "asks": {"cash": "money"},
        "time_zone": "UTC", "day_first": False, "window_days": 90,
    }  # fmt: skip
    ending, data = mutations.as_file(content, rng, ("yaml",))
    mapping = read_case_mapping(written(folder, f"m.{ending}", data))
    mapping.check(scenario(), "m")


def case_log(folder: Path, rng: random.Random) -> None:
    path = _table_file(CASE_LOG, folder, rng)
    orders = folder / "few_orders.csv"
    orders.write_text("customer,order,date,amount\np0@example.org,0,2025-01-01,20\np1@example.org,1,2025-06-01,20\n")
    check_log(path, scenario(), rng.choice((None, orders))).to_dict()


def sweep_folder(folder: Path, rng: random.Random) -> None:
    place = folder / "sweep"
    (place / "runs").mkdir(parents=True, exist_ok=True)
    runs = [{"run": f"r{k}", "row": k, "policy": "current", "net_value": 5.0 * k, "error": ""} for k in range(3)]
    content = {
        "format": FORMAT, "version": "0.1.0", "key": "k", "runs": 3, "design": plain("designs", "first_look"),
        "scenarios": {"online_retail": "cc1"}, "policies": ["current"], "files": [{"file": "runs/t.parquet",
        "runs": 3}],
    }  # fmt: skip
    if rng.random() < 0.6:
        _, data = mutations.as_file(content, rng, ("json",))
    else:
        data = json.dumps(content).encode()
        runs = mutations.mutated_table(runs, rng)
    _parquet(runs, place / "runs", rng)
    written(place, MANIFEST, data)
    open_sweep(place)


class ReachedError(Exception):
    """A command has taken its options and begins to work."""


#: Commands with the option to be spoilt at the end, and what begins their work.
_COMMANDS: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    *((("run", *rest), options) for rest, options in (
        (("--draws", "7"), ("--cases",)), (("--cases", "9"), ("--draws", "--seed", "--set", "--model", "--policy",
        "--scenario")))),
    (("evaluate", "current"), ("--cases", "--draws", "--seed", "--set")),
    (("curve", "agent.refund"), ("--cases", "--failure", "--segment", "--set", "--seed")),
    (("what-matters",), ("--agent-cases", "--cases", "--draws", "--against")),
    (("optimize",), ("--budget", "--escalation-minutes", "--at-most-exceptions", "--round-to", "--limits",
    "--tiers", "--by", "--robust")),
    (("playbook", "--limits", "given", "--rules", "1"), ("--budget", "--depth", "--seconds", "--facts", "--robust",
    "--limits", "--rules")),
    (("frontier",), ("--points", "--over", "--limits")),
    (("keep",), ("--cases", "--draws")),
    (("check", "current"), ("--guard-share", "--cases", "--seed")),
    (("conform", "none.dmn"), ("--cases", "--seed", "--engine")),
    (("stories", "cooker_lid"), ("--draws", "--seed")),
    (("fit",), ("--period", "--model", "--until")),
    (("sweep", "first_look", "--dry-run"), ("--workers",)),
    (("sweep", "first_look", "--out", "out"), ("--workers", "--cluster")),
    (("app",), ("--port", "--ready", "--idle-minutes", "--ip", "--cases", "--draws", "--seed")),
    (("lab",), ("--port",)),
    (("export", "current", "--paper", "A4"), ("--format", "--paper")),
    (("approve", "none.yaml", "--by", "A"), ("--on", "--from", "--until")),
    (("scenario", "show"), ("",)),
)  # fmt: skip
_WORK = (
    "policy_sim.study.prepare", "policy_sim.study.replay", "policy_sim.clv.fit_model",
    "policy_sim.show.live.app.run_app",
    "policy_sim.sweep.folder.job_of", "policy_sim.publish.conform", "os.execv",
)  # fmt: skip


def option(folder: Path, rng: random.Random) -> None:
    """Spoil the value of an option; the work itself is not begun."""
    words, options = rng.choice(_COMMANDS)
    name = rng.choice(options)
    value = rng.choice(mutations.OPTION_VALUES)
    spoilt = [*words, f"{name}={value}" if name else value]
    with (
        _no_work(),
        mock.patch("sys.argv", ["policy-sim", *spoilt]),
        mock.patch("policy_sim.cli.report_error", _refuse),
    ):
        try:
            status = cli._status()
        except (ReachedError, SystemExit):
            return
    if status not in (0, 1, 2):
        raise AssertionError(f"exit status {status} of {spoilt}")


def _no_work() -> Any:
    from contextlib import ExitStack, redirect_stderr, redirect_stdout

    stack = ExitStack()
    stack.enter_context(mock.patch("policy_sim.cli.report_error", _refuse))
    for place in _WORK:
        stack.enter_context(mock.patch(place, side_effect=ReachedError))
    stack.enter_context(redirect_stdout(io.TextIOWrapper(io.BytesIO())))
    stack.enter_context(redirect_stderr(io.StringIO()))
    return stack


def _refuse(words: str) -> None:
    raise InputError(words)


#: Every reader with how many of a hundred inputs it takes.
READERS: dict[str, tuple[Read, int]] = {
    "policy by hand": (policy_by_hand, 22),
    "policy exported": (policy_exported, 8),
    "policy CSV": (policy_csv, 12),
    "policy XLSX": (policy_xlsx, 2),
    "policy DMN": (policy_dmn, 3),
    "policy JDM": (policy_jdm, 3),
    "sealed record": (sealed_record, 18),
    "folder of versions": (versions, 2),
    "scenario": (scenario_file, 1),
    "story": (story, 1),
    "design": (design, 2),
    "cases": (case_table, 9),
    "requests": (request_table, 9),
    "orders": (order_log, 9),
    "exports": (exports, 4),
    "case mapping": (case_mapping, 2),
    "case log": (case_log, 4),
    "contracts, recoveries": (other_table, 4),
    "sweep folder": (sweep_folder, 2),
    "option": (option, 2),
}
