"""What the tests of `publish` share: the scenario, shipped policies, strategies of random policies.

In: the shipped scenario. Out: fixtures. Not here: what is expected of them.
"""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
from pathlib import Path

import pytest

from policy_sim.policy import Lever, load_policy
from policy_sim.publish import vocabulary_of


def _load(name):
    # by path: tests are no package
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def random():
    return _load("policies")


@pytest.fixture(scope="session")
def scenario(random):
    return random.SCENARIO


@pytest.fixture(scope="session")
def vocabulary(scenario):
    return vocabulary_of(scenario)


@pytest.fixture(scope="session")
def current(scenario):
    return load_policy("current", scenario)


@pytest.fixture(scope="session")
def rich(current):
    """A policy with exceptions of every kind, beside its two guards."""
    policy = current.with_limit(Lever("agent", "refund", "wrong_item", "loyal"), 50.0)
    policy = policy.with_limit(Lever("agent", "refund", "wrong_item"), 12.5)
    policy = policy.with_limit(Lever("agent", "keep_item", "defective_item"), 15.0)
    policy = policy.with_limit(Lever("agent", "credit", None, "first_time"), 0.0)
    return policy.with_limit(Lever("lead", "total_cost"), 300.0).with_limit(Lever("agent", "total_cost"), 99.99)


@pytest.fixture(scope="session")
def with_playbook(scenario):
    """A policy with guards and a playbook, written by hand."""
    return load_policy(Path(__file__).with_name("with_playbook.yaml"), scenario)


@pytest.fixture(scope="session")
def node_folder(tmp_path_factory):
    """A folder in which Node finds what runs DMN; skipped only where there is no Node."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("no Node")
    folder = tmp_path_factory.mktemp("node")
    shutil.copy(Path(__file__).parent / "node" / "package.json", folder)
    command = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return folder
