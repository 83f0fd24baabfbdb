"""Doctor: what is there is ok, what is missing is said with how to mend it, and what is vital gives status 1."""

from __future__ import annotations

import importlib.metadata
import json
import socket
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from policy_sim.cli import doctor
from policy_sim.value import kernel_cache

Run = Callable[..., tuple[int, str, str]]
PROJECT = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def finding(what: str) -> doctor.Finding:
    (one,) = [one for one in doctor.examine() if one.what == what]
    return one


def test_where_all_is_there_the_main_job_works(run: Run) -> None:
    status, out, said = run("doctor")
    assert (status, said) == (0, "")
    assert out.splitlines()[-1].endswith("Next: policy-sim run")
    assert out.startswith("ok        Python ")
    status, out, _ = run("doctor", "--json")
    assert status == 0
    report = json.loads(out)
    assert report["works"] is True
    looked_at = {one["what"] for one in report["findings"]}
    assert looked_at >= {
        "packages", "compiled loops", "threads", "this folder", "panel's cache", "figures", "PDF", "browser", "address",
    }  # fmt: skip
    assert {f"extra {name}" for name in doctor._EXTRAS} <= looked_at
    assert set(doctor._EXTRAS) <= set(PROJECT["optional-dependencies"])
    assert all((one["status"] == "ok") == (one["mend"] == "") for one in report["findings"])


@pytest.fixture
def versions(monkeypatch: pytest.MonkeyPatch) -> dict[str, str | None]:
    """Say which version of some packages is installed (None: it is not)."""
    told: dict[str, str | None] = {}
    real = importlib.metadata.version

    def version(name: str) -> str:
        if name not in told:
            return real(name)
        found = told[name]
        if found is None:
            raise importlib.metadata.PackageNotFoundError(name)
        return found

    monkeypatch.setattr(importlib.metadata, "version", version)
    return told


def test_an_optional_package_that_is_missing_names_its_extra(run: Run, versions: dict[str, str | None]) -> None:
    versions |= {"voila": None, "duckdb": "1.0"}
    status, out, _ = run("doctor")
    assert status == 0
    assert "voila is not installed" in out
    assert f"-> {sys.executable} -m pip install -e '{doctor._ROOT}[app]'" in out
    assert finding("extra app").status == "not there"
    assert finding("extra sweeps").status == "to mend"
    assert "duckdb is 1.0, needed is >=1.5" in finding("extra sweeps").found


@pytest.mark.parametrize(("version", "wanted"), [(None, "scipy is not installed"), ("1.2", "scipy is 1.2, needed is")])
def test_a_needed_package_stops_the_main_job(
    run: Run, versions: dict[str, str | None], version: str | None, wanted: str
) -> None:
    versions["scipy"] = version
    status, out, _ = run("doctor")
    assert status == 1
    assert wanted in out
    assert out.splitlines()[-1] == "The main job does not work here: mend packages first."


def test_it_goes_by_what_is_installed_where_there_is_no_checkout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "_project", dict)
    monkeypatch.setattr(
        importlib.metadata,
        "requires",
        lambda name: ["numpy>=99", "voila>=0.5; extra == 'app'", f"{name}[app]; extra == 'x'"],
    )
    monkeypatch.setattr(importlib.metadata, "metadata", lambda name: {"Requires-Python": ">=3.99"})
    assert doctor._requirements() == {"": ["numpy>=99"], "app": ["voila>=0.5"], "x": []}
    assert "needed is >=99" in finding("packages").found
    python = finding("Python")
    assert python.stops
    assert python.mend.startswith("install Python 3.99 or newer")
    assert finding("packages").mend == f"in a clone of the project: {sys.executable} -m pip install '.'"


def test_loops_that_cannot_be_kept_are_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    found = kernel_cache.kernel_cache()
    assert 0 <= found.warm_count <= found.loop_count
    assert found.loop_count > 8
    cold = kernel_cache.KernelCache(tmp_path, 9, 0, is_writable=True)
    monkeypatch.setattr(kernel_cache, "kernel_cache", lambda: cold)
    assert finding("compiled loops").found.startswith(f"0 of 9 are compiled and kept in {tmp_path}; the first run")
    closed = kernel_cache.KernelCache(tmp_path, 9, 3, is_writable=False)
    monkeypatch.setattr(kernel_cache, "kernel_cache", lambda: closed)
    assert finding("compiled loops").status == "to mend"
    assert "NUMBA_CACHE_DIR" in finding("compiled loops").mend

    def nowhere() -> None:
        raise RuntimeError("cannot cache function 'x': no locator available")

    monkeypatch.setattr(kernel_cache, "kernel_cache", nowhere)
    assert finding("compiled loops").stops


def test_places_that_cannot_be_written_to_are_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    one = doctor._writable("this folder", tmp_path / "file", "go elsewhere", stops=True)
    assert (one.status, one.mend, one.stops) == ("to mend", "go elsewhere", True)
    assert doctor._writable("x", tmp_path / "new" / "folder", "").status == "ok"
    assert not (tmp_path / "new").exists()


def test_the_rest_is_told_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor.shutil, "which", lambda program: None)
    monkeypatch.setattr(doctor.webbrowser, "get", lambda: (_ for _ in ()).throw(doctor.webbrowser.Error("none")))
    monkeypatch.setattr(socket.socket, "bind", lambda door, place: (_ for _ in ()).throw(PermissionError(1, "no")))
    monkeypatch.setitem(sys.modules, "weasyprint", None)
    monkeypatch.setattr(doctor, "_of_threads", lambda: (_ for _ in ()).throw(ValueError("odd")))
    assert finding("browser").status == "not there"
    assert finding("address").status == "to mend"
    assert finding("PDF").status == "not there"
    assert "pip install '.[pdf]'" in finding("PDF").mend
    assert finding("threads").found == "odd"
