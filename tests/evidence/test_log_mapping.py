"""Mappings that a person fills in, and ids that are hashed."""

from __future__ import annotations

import hashlib
import hmac
import json
import stat
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
import yaml

from policy_sim.assumptions import Scenario
from policy_sim.border import InputError
from policy_sim.evidence import BuiltLog, build_log, find_salt, read_case_mapping
from policy_sim.evidence.hashing import SALT_VARIABLE, hashed

Build = Callable[..., BuiltLog]
HEAD = "Id,Requester,Requester email,Assignee,Group,Status,Priority,Via,Created at,Solved at,Order number [txt],"
HEAD += "Failure reason [list],Resolution [list]\n"
ODD = (
    HEAD
    + """\
1,Ann,Ann@x.org,Joe,EMEA,Parked,P1,Pigeon,2024-01-12 10:00:00,2024-01-12 12:00:00,1001,Wrong colour,Made it good
2,Bob,bob@x.org,Joe,EMEA,Closed,P1,Pigeon,2024-02-12 10:00:00,2024-02-12 12:00:00,1002,"Yes: [a] #b",Made it good
3,Bob,bob@x.org,Joe,EMEA,Closed,P1,Pigeon,2024-02-12 10:00:00,2024-02-12 12:00:00,1002,"Yes: [a] #b",Made it good
"""
)


def test_every_unknown_word_stands_in_the_draft_and_is_taken_back(
    put: Callable[..., Path], scenario: Scenario, tmp_path: Path
) -> None:
    draft = tmp_path / "mapping.yaml"
    known = "4,Ann,ann@x.org,Joe,Support,Closed,High,Mail,2024-01-12 10:00:00,,1001,Wrong item,nothing\n"
    folder = put(tickets=ODD + known,
                 orders="customer,email,order,date,amount\nann,ann@x.org,1001,2024-01-01,20\n"
                        "bob,bob@x.org,1002,2024-02-01,30\n")  # fmt: skip
    first = build_log(folder, scenario, draft=draft)
    assert (first.report.cases, first.report.unknown["failures"]) == (1, {"Wrong colour": 1, "Yes: [a] #b": 2})
    text = draft.read_text()
    content = yaml.safe_load(text)
    assert content["failures"] == {"Yes: [a] #b": "?", "Wrong colour": "?"}  # the most frequent first
    assert "'Yes: [a] #b': '?' # 2" in text
    assert build_log(folder, scenario, draft).report.cases == 1  # what is not filled in stays unknown
    content["failures"] = {"Yes: [a] #b": "wrong_item", "Wrong colour": "none"}
    content |= {"remedies": {"Made it good": "full_refund + keep_item"}, "tiers": {"EMEA": "lead"},
                "priorities": {"P1": 0.9}, "channels": {"Pigeon": False}, "statuses": {"Parked": True}}  # fmt: skip
    filled = tmp_path / "filled.yaml"
    filled.write_text(yaml.safe_dump(content))
    second = build_log(folder, scenario, filled, draft=tmp_path / "none.yaml")
    cases = second.table.set_index("case")
    assert cases.loc["3", ["failure", "resolution", "tier", "severity", "live"]].tolist() == [
        "wrong_item", "full_refund + keep_item", "lead", 0.9, 0.0,
    ]  # fmt: skip
    assert (second.report.unknown, (tmp_path / "none.yaml").exists()) == ({}, False)
    assert second.report.set_aside["tickets"][0].says == "'Wrong colour' is no failure"


def test_columns_that_a_person_names(build: Build) -> None:
    odd = "Nr,Wer,Wann,Was,Bestellung\n1,Ann@X.org,2024-01-12 10:00,Lost in transit,1001\n"
    mapping = {
        "files": {"help*.csv": {"kind": "tickets", "columns": {"case": "Nr", "email": "wer", "opened": "Wann",
                                                               "reason": "Was", "order": "Bestellung"}}},
        "time_zone": "Europe/Berlin",
    }  # fmt: skip
    from policy_sim.evidence import CaseLogMapping

    log = build(helpdesk=odd, mapping=CaseLogMapping.model_validate(mapping))
    assert log.table[["case", "customer", "failure", "opened"]].to_numpy().tolist() == [
        ["1", "ann", "lost_parcel", "2024-01-12T09:00:00Z"]
    ]


def test_a_file_can_be_left_out_and_corrected(build: Build) -> None:
    from policy_sim.evidence import CaseLogMapping

    ticket = HEAD + "1,A,ann@x.org,Joe,Support,Closed,High,Mail,2024-01-12 10:00:00,,1001,Question,Lost in transit\n"
    mapping = CaseLogMapping.model_validate(
        {"files": {"tickets.csv": {"columns": {"reason": "Resolution [list]", "remedy": None}},
                   "more.csv": {"kind": "none"}}}
    )  # fmt: skip
    log = build(tickets=ticket, more=ticket, mapping=mapping)
    assert log.table["failure"].tolist() == ["lost_parcel"]
    assert log.report.left_alone == {"more.csv": "the mapping says so"}


def test_a_mapping_reads_what_it_writes(tmp_path: Path) -> None:
    path = tmp_path / "m.yaml"
    path.write_text("failures: {a: none, b: '?'}\nchannels: {c: true}\npriorities: {d: '?', e: 1}\nday_first: true\n")
    mapping = read_case_mapping(path)
    assert (mapping.failures["b"], mapping.channels["c"], mapping.priorities["e"]) == ("?", True, 1)


def test_hashed_ids_are_those_of_the_standard() -> None:
    ids = pd.Series(["ann", "", "ann", "bob"])
    expected = hmac.new(b"salt" * 8, b"ann", hashlib.sha256).hexdigest()[:32]
    found = hashed(ids, b"salt" * 8).tolist()
    assert (found[0], found[1], found[2]) == (expected, "", expected)
    assert found[3] not in ("", expected)


def test_nothing_of_a_hashed_log_names_a_customer(build: Build) -> None:
    tickets = ODD.replace("Wrong colour", "Wrong item")
    orders = "customer,email,order,date,amount\n"
    orders += "Ann@X.org,Ann@X.org,1001,2024-01-01,20\nann@x.org,ann@x.org,1001,2024-01-02,20\n"
    orders += "bob@x.org,bob@x.org,1002,2024-02-01,30\nzoe@x.org,,1003,2024-02-01,-30\n"
    log = build(tickets=tickets, orders=orders, salt=b"a salt of some length")
    told = "".join((log.table.to_csv(), log.set_aside.to_csv(), log.orders_to_frame().to_csv(),
                    json.dumps(log.report.to_dict())))  # fmt: skip
    assert len(log.set_aside)
    for name in ("ann@", "ann,", "bob", "zoe", "@"):
        assert name not in told.lower(), name
    ids = set(log.table["customer"])
    assert ids <= set(log.orders_to_frame()["customer"])  # the same in both
    assert b"a salt of some length" not in told.encode()
    assert "salt of" not in repr(log)
    other = build(tickets=tickets, orders=orders, salt=b"another salt of some length")
    assert not ids & set(other.table["customer"])


def test_a_salt_is_made_kept_and_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(SALT_VARIABLE, raising=False)
    path = tmp_path / "log.salt"
    salt, words = find_salt(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert salt.decode() not in words
    assert find_salt(path)[0] == salt
    path.write_text("short")
    with pytest.raises(InputError, match="has 5 characters; expected 16 or more"):
        find_salt(path)
    monkeypatch.setenv(SALT_VARIABLE, "from the environment")
    assert find_salt(path)[0] == b"from the environment"
