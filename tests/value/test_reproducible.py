"""The same seed gives the same bits, whoever compiled the loops: this process, or an earlier one that kept them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import policy_sim

KEPT = Path(policy_sim.__file__).parent / "value" / "__pycache__"


def digests(cache):
    script = Path(__file__).with_name("hash_results.py")
    done = subprocess.run(
        [sys.executable, str(script)],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"NUMBA_CACHE_DIR": str(cache)},
    )
    assert done.returncode == 0, done.stderr
    return dict(line.split() for line in done.stdout.splitlines())


def test_kept_code_gives_the_same_bits_as_code_just_compiled(tmp_path):
    # On a fresh clone nothing is kept yet: what is compiled here then serves all other tests.
    is_fresh = not any(KEPT.glob("*.nbi"))
    cache = KEPT if is_fresh else tmp_path
    cold = digests("" if is_fresh else tmp_path)
    assert len(cold) == 5
    assert list(cache.rglob("*.nbc")), "nothing was kept"
    assert digests("" if is_fresh else tmp_path) == cold
