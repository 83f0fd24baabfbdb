"""The modules of the page: small, checked, one script, and without a word of Python's in them."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from policy_sim.show.live.script import PAGE, script_of
from policy_sim.words import LIMIT_KINDS, OUTCOMES

HERE = Path(__file__).parent / "node"
MODULES = sorted(PAGE.glob("*.js"))
EVERY_SCRIPT = sorted(PAGE.parent.rglob("*.js"))
MOST_LINES, MOST_LINES_OF_A_FUNCTION = 150, 120
#: Older ones do not read what stands in the modules.
LEAST_MAJOR = {"tsc": 5, "eslint": 9}


def functions_of(text: str) -> dict[int, int]:
    """Return how many lines each function takes, by its first line: to the bracket that is indented as that line is."""
    lines = text.splitlines()
    lengths = {}
    for i, line in enumerate(lines):
        if re.search(r"(=>|\))\s*[{(\[]$", line) and not re.match(r"\s*(if|for|while|else|switch|\} else)\b", line):
            indent = line[: len(line) - len(line.lstrip())]
            end = next((k for k in range(i + 1, len(lines)) if re.match(rf"{indent}[}}\])]", lines[k])), len(lines) - 1)
            lengths[i + 1] = end - i + 1
    return lengths


def test_functions_are_found_whole() -> None:
    text = "function one(a) {\n  if (a) {\n    two();\n  }\n}\n"
    text += "const two = () => {\n  three((b) => {\n    b();\n  });\n};\n"
    assert functions_of(text) == {1: 5, 6: 5, 7: 3}


@pytest.mark.parametrize("path", EVERY_SCRIPT, ids=lambda path: path.name)
def test_no_module_and_no_function_is_long(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    lengths = functions_of(text)
    assert max(lengths.values(), default=0) <= MOST_LINES_OF_A_FUNCTION
    if path in MODULES:
        assert len(text.splitlines()) <= MOST_LINES
        assert all(words in text.split("\n\n")[0] for words in ("In:", "Out:", "Left to others:"))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_the_page_knows_no_limit_and_no_outcome_by_name(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for words in (*LIMIT_KINDS.values(), *OUTCOMES.values()):
        assert not re.search(rf"[\"'`.]{words.name}\b", text), words.name
        assert f'"{words.title}' not in text
        assert f"`{words.title}" not in text
    assert "Remedy" not in text


@pytest.mark.parametrize("entry", ["panel.js", "shared.js"])
def test_modules_become_one_script(entry: str) -> None:
    script = script_of(entry)
    assert not re.search(r"^(import|export)\b", script, re.MULTILINE)
    seen = []
    for line in script.splitlines():
        if made := re.match(r'modules\["(\w+\.js)"\] = ', line):
            seen.append(made.group(1))
        if used := re.search(r'= modules\["(\w+\.js)"\];', line):
            assert used.group(1) in seen[:-1], f"{used.group(1)} comes too late for {seen[-1]}"
    assert len(seen) == len(set(seen))
    assert seen[-1] == entry
    assert ("shared_table.js" in seen) == (entry == "shared.js")


def test_a_script_holds_what_its_module_imports(tmp_path: Path) -> None:
    (tmp_path / "one.js").write_text(
        'import { TWO, two } from "./two.js";\n\nexport class One {}\nconst three = two(TWO);\n'
    )
    (tmp_path / "two.js").write_text("export const TWO = 2;\nexport async function two(a) {\n  return a;\n}\n")
    assert script_of("one.js", tmp_path) == (
        "const modules = {};\n"
        'modules["two.js"] = (() => {\nconst TWO = 2;\nasync function two(a) {\n  return a;\n}\n'
        "return { TWO, two };\n})();\n"
        'modules["one.js"] = (() => {\nconst { TWO, two } = modules["two.js"];\n\n'
        "class One {}\nconst three = two(TWO);\nreturn { One };\n})();\n"
    )


def test_every_module_is_in_the_shared_file() -> None:
    script = script_of("shared.js")
    assert [path.name for path in MODULES if f'modules["{path.name}"] = ' not in script] == []


def command_of(name: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return where a checker is: on this machine if it is young enough, else installed for this run."""
    if path := shutil.which(name):
        said = subprocess.run([path, "--version"], capture_output=True, text=True, check=True).stdout
        version = re.search(r"(\d+)\.", said)
        if version is not None and int(version.group(1)) >= LEAST_MAJOR[name]:
            return path
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip(f"no {name} that is young enough, and no Node with npm to install it")
    folder = tmp_path_factory.mktemp("page_checkers")
    shutil.copy(HERE / "package.json", folder)
    command = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return str(folder / "node_modules" / ".bin" / name)


def check(*command: str) -> None:
    done = subprocess.run(command, cwd=PAGE.parents[3], capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_types_fit(tmp_path_factory: pytest.TempPathFactory) -> None:
    check(command_of("tsc", tmp_path_factory), "--project", str(HERE / "tsconfig.json"))


def test_the_linter_has_nothing_to_say(tmp_path_factory: pytest.TempPathFactory) -> None:
    config = str(HERE / "eslint.config.mjs")
    check(command_of("eslint", tmp_path_factory), "--config", config, "--max-warnings", "0", str(PAGE))
