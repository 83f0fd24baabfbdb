from pathlib import Path

import pytest

from policy_sim.clv import read_transactions, summarise

CDNOW = Path(__file__).resolve().parents[2] / "data" / "cdnow" / "transactions.csv"
CALIBRATION_END = "1997-09-30"


@pytest.fixture(scope="session")
def cdnow():
    return read_transactions(CDNOW)


@pytest.fixture(scope="session")
def cdnow_calibration(cdnow):
    return summarise(cdnow, CALIBRATION_END)
