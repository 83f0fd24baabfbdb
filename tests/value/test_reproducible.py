"""The same seed gives the same bits, whoever compiled the loops: this process, or an earlier one that kept them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


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
    cold = digests(tmp_path)
    assert len(cold) == 5
    assert list(tmp_path.rglob("*.nbc")), "nothing was kept"
    assert digests(tmp_path) == cold
