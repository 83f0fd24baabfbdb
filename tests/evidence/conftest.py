"""What tests of a company's own cases share: a scenario, a folder of exports, and a log joined from it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from policy_sim.assumptions import Scenario, load_scenario
from policy_sim.evidence import BuiltLog, build_log

ORDERS = """customer,email,order,date,amount,currency
ann,ann@x.org,1001,2024-01-01,20.00,USD
bob,bob@x.org,1002,2024-02-01,30.00,USD
ann,ann@x.org,1003,2024-03-01,40.00,USD
bob,bob@x.org,1004,2024-04-01,50.00,USD
"""

Build = Callable[..., BuiltLog]


@pytest.fixture(scope="session")
def scenario() -> Scenario:
    return load_scenario("online_retail")


@pytest.fixture
def put(tmp_path: Path) -> Callable[..., Path]:
    """Write files into a folder of their own, by name without ending; returns the folder."""

    def write(**contents: str | bytes) -> Path:
        folder = tmp_path / "exports"
        folder.mkdir(exist_ok=True)
        for name, content in contents.items():
            path = folder / (name if "." in name else f"{name}.csv")
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        return folder

    return write


@pytest.fixture
def build(put: Callable[..., Path], scenario: Scenario) -> Build:
    """Join files that are written into a folder; orders are there if no others are."""

    def call(*, mapping: object = None, salt: bytes | None = None, **contents: str | bytes) -> BuiltLog:
        folder = put(**({"orders": ORDERS} | contents))
        return build_log(folder, scenario, mapping, hash_salt=salt)  # type: ignore[arg-type]

    return call
