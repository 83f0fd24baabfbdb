"""Hostile input on the command line: one line, exit status 2, no traceback, whatever the file,
the name or the value."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., tuple[int, str, str]]
FILES = Path(__file__).with_name("hostile")
SMALL = ("--cases", "400", "--draws", "7")
LONG = "a" * 300


def the_line(run: Run, *words: str) -> str:
    status, out, err = run(*words)
    lines = [line for line in err.splitlines() if line.strip()]
    assert (status, out, len(lines)) == (2, "", 1), err
    assert lines[0].startswith("policy-sim: ")
    assert lines[0].isprintable()
    return lines[0]


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (("scenario", "show", "alias_bomb.yaml"), "holds more than"),
        (("scenario", "show", "alias_bomb_title.yaml"), "holds more than"),
        (("sweep", "design_bomb.yaml", "--dry-run"), "holds more than"),
        (("stories", "alias_bomb.yaml"), "holds more than"),
        (("import", "alias_bomb.yaml"), "alias"),
        *(((*command, file), "cannot be read as") for file in ("bool.yaml", "int.yaml") for command in (
            ("scenario", "show"), ("evaluate",), ("import",), ("stories",), ("check", "--rules-only"),
            ("sweep", "--dry-run"))),
        (("decide", "current", "bigint.csv"), "item_price is '9999"),
        (("decide", "current", "ml.csv"), r"a\nb"),
        (("decide", "current", "case_ts.parquet"), "future_value is '1997-01-01"),
        (("decide", "current", "dict.parquet", "--rules-only"), "column 'failure'"),
        (("import", "fail_11_000.xlsx"), "1e+308"),
        (("import", "fail_11_004.json"), "1e+308"),
        (("import", "far_cell.xlsx"), "column 16,384"),
        (("import", "seal_verhuge.json"), "the seal holds no policy"),
        (("import", "seal_vernull.json"), "the seal holds no policy"),
    ],
)  # fmt: skip
def test_hostile_files(run: Run, tmp_path: Path, words: tuple[str, ...], wanted: str) -> None:
    for file in FILES.iterdir():
        shutil.copy(file, tmp_path)
    assert wanted in the_line(run, *words)


def test_odd_metadata_are_not_followed(run: Run) -> None:
    status, out, _ = run("decide", "current", str(FILES / "meta.parquet"))
    assert status == 0
    assert out.count("\n") == 2


@pytest.mark.parametrize(
    "words",
    [
        ("evaluate", LONG), ("evaluate", f"{LONG}.yaml"), ("import", f"{LONG}.json"), ("scenario", "show", LONG),
        ("decide", "current", f"{LONG}.csv"), ("decide", "current", f"{LONG}.csv", "--rules-only"),
        ("decide", LONG, "x.csv", "--rules-only"), ("run", "--cases", LONG), ("sweep", LONG, "--dry-run"),
        ("stories", LONG), ("conform", f"{LONG}.dmn"), ("approve", f"{LONG}.json", "--by", "A"),
        ("fit", "--covariates", f"{LONG}.csv", "--model", "pareto-nbd"), ("fit", "k.csv", "--model", f"{LONG}"),
        ("fit", f"{LONG}.csv", "--model", "contracts"), ("diff", "current", LONG, "--rules-only"),
        ("export", "current", "--out", LONG), ("export", "current", "--all", "--out", LONG), ("run", "--out", LONG),
        ("share", f"{LONG}/panel.html"), ("optimize", "--out", LONG), ("sweep", "first_look", "--out", LONG),
        ("playbook", "--out", LONG), ("playbook", "--figures", LONG), ("playbook", "--limits", LONG),
        ("curve", LONG), ("curve", "agent.refund", "--failure", LONG), ("run", "--model", LONG), ("run",
        "--scenario", LONG),
    ],
)  # fmt: skip
def test_names_of_300_characters(run: Run, words: tuple[str, ...]) -> None:
    assert len(the_line(run, *words)) < 1_500


@pytest.mark.parametrize("name", ["a\nb", "a\x1b[31mb", "a\rb", "\u202eb", "\x9b31m"])
def test_names_are_shown_escaped(run: Run, name: str) -> None:
    for words in (("evaluate", name), ("run", "--scenario", name), ("decide", "current", name), ("curve", name)):
        assert "\\" in the_line(run, *words)


OPTIONS = [
    *((("run", f"--cases={value}"), "cases") for value in
      ("²", "--5", "-1", "0", "1e20", "1e-320", "inf", "nan", "", " ", "2.5", "9" * 400, "1e309")),
    *((("run", f"--draws={value}"), "--draws") for value in ("²", "--5", "0", "-1", "1e20", "", "inf", "1e6",
    "9" * 30, "9" * 5000)),
    *((("run", f"--seed={value}"), "--seed") for value in ("²", "-1", "", "nan", "9" * 30, "1.5")),
    *((("run", "--set", f"shop.cases_per_year={value}"), "shop.cases_per_year") for value in
      ("²", "--5", "", "inf", "nan", "1e20", "1e-320", "1e309", "-1", "1_0", "9" * 400)),
    *((("run", "--set", value), "--set") for value in ("", "=", "=5", "x", "shop.cases_per_year")),
    *((("optimize", *SMALL, f"--budget={value}"), "--budget") for value in
      ("²", "--5", "", "inf", "nan", "1e-320", "1e20", "1e309/year", "5/²", "0", "-1")),
    *((("optimize", *SMALL, f"--escalation-minutes={value}"), "--escalation-minutes") for value in ("²", "", "inf",
    "1e-320")),
    *((("optimize", *SMALL, f"--round-to={value}"), "round") for value in ("²", "", "inf", "nan", "1e-320", "1e20",
    "-5")),
    *((("optimize", *SMALL, f"--at-most-exceptions={value}"), "exceptions") for value in ("²", "", "1e20", "-1",
    "9" * 30)),
    *((("playbook", *SMALL, f"--budget={value}"), "--budget") for value in ("²", "", "inf", "0", "-1")),
    *((("playbook", *SMALL, f"--rules={value}"), "--rules") for value in ("²", "", "0", "-1", "41", "9" * 30)),
    *((("playbook", *SMALL, f"--depth={value}"), "--depth") for value in ("²", "", "-1", "4", "1.5")),
    *((("playbook", *SMALL, f"--seconds={value}"), "--seconds") for value in ("²", "", "nan", "inf", "0", "-1")),
    *((("frontier", *SMALL, f"--points={value}"), "") for value in ("²", "", "1e20", "-1", "9" * 30)),
    *((("what-matters", *SMALL, f"--agent-cases={value}"), "") for value in ("²", "nan", "1e20")),
    *((("check", "current", "--rules-only", f"--guard-share={value}"), "--guard-share") for value in ("²", "",
    "inf", "nan", "-1", "2")),
    *((("conform", "none.dmn", f"--cases={value}"), "--cases") for value in ("²", "", "0", "1e20", "9" * 30)),
    *((("stories", f"--draws={value}"), "--draws") for value in ("²", "0", "", "9" * 30)),
    *((("fit", "--model", "bg-bb", f"--period={value}"), "period") for value in ("²", "--5", "-1", "0", "1e20",
    "nan", "9" * 5000)),
    *((("sweep", "first_look", "--out", "o", f"--workers={value}"), "workers") for value in ("²", "", "0", "-1",
    "9" * 9)),
    *((("sweep", "first_look", "--out", "o", f"--cluster={value}"), "cluster") for value in
      ("", "²", "local:²", "local:0", "local:" + "9" * 400, "slurm:jobs=²,cores=1,memory=1GB",
      "slurm:jobs=1e20,cores=1,memory=1GB")),
    *((("app", f"--port={value}"), "--port") for value in ("²", "", "-1", "65536", "1e20")),
    *((("app", f"--ready={value}"), "--ready") for value in ("²", "-1", "9" * 30)),
    *((("app", f"--idle-minutes={value}"), "--idle-minutes") for value in ("²", "0", "nan", "inf", "-1", "1e20")),
    *((("lab", f"--port={value}"), "--port") for value in ("²", "-1", "0", "65536")),
    *((("export", "current", f"--format={value}"), "format") for value in ("", ",", "²", "a\nb")),
]  # fmt: skip


@pytest.mark.parametrize(
    ("words", "wanted"), OPTIONS, ids=lambda part: part if isinstance(part, str) else " ".join(part)[:60]
)
def test_values_of_options(run: Run, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], wanted: str) -> None:
    monkeypatch.setattr("policy_sim.study.draw_setting", _no_work, raising=False)
    assert wanted in the_line(run, *words)


def _no_work(*arguments: object, **options: object) -> None:
    raise AssertionError("work was begun")


@pytest.mark.parametrize(
    ("system", "command"),
    [("slurm", "sbatch"), ("pbs", "qsub"), ("sge", "qsub"), ("lsf", "bsub"), ("htcondor", "condor_submit")],
)
def test_absent_batch_systems(run: Run, monkeypatch: pytest.MonkeyPatch, system: str, command: str) -> None:
    monkeypatch.setenv("PATH", "")
    line = the_line(run, "sweep", "first_look", "--out", "o", "--cluster", f"{system}:jobs=1,cores=1,memory=1GB")
    assert f"'{command}', which is not on this machine" in line


def shell(line: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a line of the shell in which `policy-sim` is this program."""
    program = f'{sys.executable} -c "from policy_sim.cli import main; main()"'
    return subprocess.run(
        ["bash", "-c", line.replace("policy-sim", program)],
        cwd=folder, env={**os.environ, **environment}, capture_output=True, text=True, check=False, encoding="utf-8",
    )  # fmt: skip


@pytest.mark.parametrize("backend", ["nonsense", "Qt9Agg", "module", "\N{SNOWMAN}"])
def test_unknown_back_ends_of_matplotlib(tmp_path: Path, backend: str) -> None:
    done = shell("policy-sim run --cases 9", tmp_path, MPLBACKEND=backend)
    assert done.returncode == 2
    assert done.stderr.strip().startswith("policy-sim: matplotlib knows no back end")
    assert done.stderr.strip().count("\n") == 0
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    "words",
    ["export current", "scenario show online_retail", "scenario show online_retail --json",
    "check current --rules-only", "--help",
     "diff current generous --rules-only"],
)  # fmt: skip
def test_full_standard_output(tmp_path: Path, words: str) -> None:
    done = shell(f"policy-sim {words} > /dev/full", tmp_path)
    assert done.returncode == 2
    assert done.stderr.strip().splitlines()[-1].startswith("policy-sim: cannot read or write the result: No space left")
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr


def test_full_standard_error_and_readers_that_leave(tmp_path: Path) -> None:
    done = shell("policy-sim evaluate none 2> /dev/full", tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", "")
    done = shell("policy-sim scenario show online_retail | true", tmp_path)
    assert done.stderr == ""


def test_full_devices_to_write_to(tmp_path: Path) -> None:
    (tmp_path / "full").symlink_to("/dev/full")
    done = shell("policy-sim export current --out full", tmp_path)
    assert done.returncode == 2
    assert done.stderr == "policy-sim: cannot write 'full': No space left on device; choose another place with --out\n"
    assert (tmp_path / "full").is_symlink()


def test_terminals_that_know_ascii_only(tmp_path: Path) -> None:
    policy = (FILES.parents[2] / "data" / "policies" / "current.yaml").read_text(encoding="utf-8")
    (tmp_path / "p.yaml").write_text(policy.replace("Policy in force", "Größe 😀"), encoding="utf-8")
    plain = shell("policy-sim export p.yaml --format yaml", tmp_path)
    for environment in ({"PYTHONIOENCODING": "ascii"}, {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}):
        # files and what is piped on are UTF-8 wherever they are made
        done = shell("policy-sim export p.yaml --format yaml", tmp_path, **environment)
        assert (done.returncode, done.stdout) == (0, plain.stdout)
        both = "policy-sim scenario show online_retail; policy-sim diff current p.yaml --rules-only"
        done = shell(both, tmp_path, **environment)
        assert done.returncode == 0, done.stderr
        assert "Traceback" not in done.stderr
        done = shell("policy-sim evaluate Größe", tmp_path, **environment)
        assert done.returncode == 2
        assert "policy-sim: unknown policy" in done.stderr
