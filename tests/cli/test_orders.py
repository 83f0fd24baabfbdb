"""The command that looks at a log."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

Run = Callable[..., tuple[int, str, str]]

LOG = """order_id,customer_id,order_date,status,order_total,billing_email
1,0,2024-01-05,completed,10.00,ann@example.org
2,0,2024-02-05,completed,20.00,bob@example.org
3,0,2024-02-06,completed,30.00,Ann@example.org
4,9,2024-03-05,cancelled,45.00,cid@example.org
5,9,2024-03-06,completed,15.00,cid@example.org
5,9,2024-03-06,completed,15.00,cid@example.org
6,9,2204-03-07,completed,5.00,cid@example.org
"""


def test_a_log_is_looked_at(run: Run, tmp_path: Path) -> None:
    log, unused = tmp_path / "shop.csv", tmp_path / "unused.csv"
    log.write_text(LOG)
    status, out, err = run("orders", str(log), "--set-aside", str(unused))
    assert status == 0
    assert out.startswith("3 customers, 4 orders, 2024-01-05 to 2024-03-06, 75.00 USD in all")
    assert "shop.csv, line 8: 2204-03-07" in out
    assert "Wrote 2 rows" in err
    assert [line.split(",")[1].strip('" ') for line in unused.read_text().splitlines()[1:]] == ["line 5", "line 8"]


def test_as_plain_data(run: Run, tmp_path: Path) -> None:
    log = tmp_path / "shop.csv"
    log.write_text(LOG)
    status, out, _ = run("orders", str(log), "--json")
    content = json.loads(out)
    assert (status, content["customers"], content["orders"], content["amount"]) == (0, 3, 4, 75.0)
    assert {entry["kind"] for entry in content["set_aside"]} == {"status", "dates"}
    assert {entry["kind"] for entry in content["warnings"]} == {"customers", "lines"}


def test_a_mapping_is_written_and_taken(run: Run, tmp_path: Path) -> None:
    log, mapping = tmp_path / "shop.csv", tmp_path / "mapping.yaml"
    log.write_text(LOG)
    assert run("orders", str(log), "--write-mapping", str(mapping))[0] == 0
    mapping.write_text(mapping.read_text().replace("customer: customer_id", "customer: billing_email"))
    status, out, _ = run("orders", str(log), "--mapping", str(mapping), "--count", "completed,cancelled")
    assert status == 0
    assert out.startswith("3 customers, 5 orders")


def test_what_cannot_be_used_is_one_line(run: Run, tmp_path: Path) -> None:
    log = tmp_path / "shop.csv"
    log.write_text(
        LOG.replace("billing_email", "currency").replace("cid@example.org", "EUR").replace("@example.org", "")
    )
    for words, message in (
        ((), "currencies by column 'currency'"),
        (("--only-currency", "JPY"), "no row of shop.csv is in JPY"),
        (("--count", "sold"), "--count names 'sold'"),
        (("--status-column", "stat"), "unknown column 'stat'"),
        (("--returns", "keep"), "unknown treatment of returns 'keep'"),
        (("--rates", str(tmp_path / "none.csv")), "none.csv"),
        (("--mapping", str(tmp_path / "none.yaml")), "none.yaml"),
    ):
        status, out, err = run("orders", str(log), *words)
        assert (status, out) == (2, "")
        assert message in err.strip().splitlines()[-1]
