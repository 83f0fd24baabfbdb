"""A column that is added to words.py costs in the kernels what it costs in the oracle, and what agents believe."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path


def test_a_further_column_costs_in_the_kernels_what_it_costs_in_the_oracle():
    # compiled code that was kept for the columns there are has to do for one more
    script = Path(__file__).with_name("scratch_column.py")
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    measured = json.loads(done.stdout)
    assert measured["believed"] < 1e-10
    assert measured["summed"] < 1e-9
    assert abs(measured["cost"] - 7.70) < 1e-9
    assert 0 < measured["more"] < 7.70
