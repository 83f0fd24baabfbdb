"""What `import policy_sim` offers, and that it costs next to nothing."""

from __future__ import annotations

import subprocess
import sys

import pytest

import policy_sim

HEAVY = ("numpy", "pandas", "scipy", "pydantic", "yaml", "numba", "matplotlib", "ipywidgets", "distributed")


def test_there_are_at_most_thirty_and_each_is_there() -> None:
    assert len(policy_sim.__all__) <= 30
    assert dir(policy_sim) == sorted(set(policy_sim.__all__))
    for name in policy_sim.__all__:
        assert getattr(policy_sim, name) is not None


def test_what_is_not_there_is_refused_as_python_does() -> None:
    with pytest.raises(AttributeError, match="module 'policy_sim' has no attribute 'evaluatte'"):
        policy_sim.evaluatte  # noqa: B018


def test_importing_it_loads_nothing_heavy() -> None:
    code = f"import sys, policy_sim; print(*(name for name in {HEAVY!r} if name in sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert loaded.stdout.split() == []
