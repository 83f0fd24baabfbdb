"""Commands that study a decision: what is printed and written is what the library says."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from policy_sim import Lever, evaluate, import_policy, load_policy, load_scenario, threshold_curve
from policy_sim.border import shipped
from policy_sim.show.live.state import open_panel
from policy_sim.study import Sample, analyse_decision, load_story, prepare, replay
from policy_sim.sweep.results import read_sweep
from policy_sim.value import best_limits, compare, keep_or_return

SMALL = ("--cases", "400", "--draws", "7", "--seed", "3")
POLICY = (shipped("data/policies") / "current.yaml").read_text()
Run = Callable[..., tuple[int, str, str]]
OPTIMIZE = ("optimize", *SMALL)
TWO = ("--limits", "keep_item,credit")
ALONE = (*TWO, "--tiers", "agent")
DESIGN = """name: small
policy: generous
against: current
cases: 60
outcomes: [gain, customers_kept]
runs:
  method: full_factorial
  factors: {scenario: [online_retail, quick_service], agent.refund: [ask, 10, 20], response.paradox: {levels: 2}}
"""


def test_the_main_job_writes_policy_tables_and_figures(run: Run, tmp_path: Path) -> None:
    status, out, _ = run("run", *SMALL, "--json")
    assert status == 0
    result = json.loads(out)
    names = {path.name for path in (tmp_path / "out").iterdir()}
    figures = {
        f"{name}.{kind}" for name in ("curves", "value_against_cost", "where_the_money_goes") for kind in ("png", "svg")
    }
    assert names == {"policy.json", "outcomes.csv", "differences.csv", "curves.csv"} | figures
    assert {Path(path).name for path in result["files"]} == names
    # what is printed is what the library says
    scenario = load_scenario("online_retail")
    setting = prepare(scenario, sample=Sample(cases=400, draws=7, seed=3))
    payoffs = setting.payoffs
    policy = import_policy(tmp_path / "out" / "policy.json", scenario)
    # there is one recommendation: the panel's
    recommended = open_panel(setting, load_policy("current", scenario)).with_recommended().presets[-1]
    assert (recommended.name, recommended.tiers) == ("recommended", policy.tiers)
    difference = compare(evaluate(policy, payoffs), evaluate(load_policy("current", scenario), payoffs))
    gain = difference.per_year()
    printed = result["recommended"]["difference"]["net_value"]
    assert printed["per_year"] == pytest.approx(gain.mean())
    assert (printed["per_year_low"], printed["per_year_high"]) == pytest.approx(difference.interval_per_year())
    low, high = np.quantile(gain, [0.05, 0.95])
    assert printed["per_year_low"] < low < high < printed["per_year_high"]
    assert gain.mean() > 0


def test_the_screen_fits_eighty_characters_and_says_how_sure(run: Run) -> None:
    status, out, _ = run("run", *SMALL)
    assert status == 0
    assert "Recommended limits" in out
    assert "likely" in out
    tables = [line for line in out.splitlines() if not line.startswith(("Wrote", "BG/NBD", "Future", "Online"))]
    assert max(map(len, tables)) <= 80


def test_one_s_own_log(run: Run, tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text(
        "Client;Bought on;Paid\n"
        + "".join(f"c{i % 40};{1 + i % 27}.{1 + i % 12}.2025;{10 + (7 * i) % 53},50 €\n" for i in range(0, 400, 3))
        + "c1;28.12.2025;-20,00 €\n"
    )
    columns = ("--customer-column", "Client", "--date-column", "Bought on", "--amount-column", "Paid")
    status, out, err = run("run", *SMALL, "--transactions", "log.csv", *columns, "--json")
    assert status == 0
    assert json.loads(out)["customers"]["count"] == 40
    assert "1 row with negative amounts (returns, -20.00 USD in all) was left out" in err


def test_a_curve_has_every_breakpoint_and_is_the_library_s(run: Run) -> None:
    status, out, _ = run("curve", "agent.keep_item", "--failure", "wrong_item", *SMALL)
    assert status == 0
    rows = list(csv.DictReader(io.StringIO(out)))
    scenario = load_scenario("online_retail")
    payoffs = prepare(scenario, sample=Sample(cases=400, draws=7, seed=3)).payoffs
    outcome = evaluate(load_policy("current", scenario), payoffs)
    curve = threshold_curve(outcome, Lever("agent", "keep_item", "wrong_item"))
    assert len(rows) == len(curve.limits)
    assert rows[0]["limit"] == ""
    assert [float(row["net_value"]) for row in rows] == pytest.approx(curve.per_case().mean(axis=1))
    assert {"limit", "net_value", "remedy_cost", "escalated_share"} <= set(rows[0])


def test_square_brackets_are_text_and_nothing_else(run: Run, tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("extends: online_retail\ntitle: 'Shop [bold] [/no]'\n")
    (tmp_path / "policy.yaml").write_text(POLICY.replace("title: Policy in force", "title: 'In force [/no]'"))
    status, out, _ = run("scenario", "show", "mine.yaml")
    assert status == 0
    assert "Shop [bold] [/no]" in out
    status, out, _ = run("evaluate", "policy.yaml", *SMALL)
    assert status == 0
    assert "In force [/no]" in out


def test_the_same_seed_gives_the_same_result(run: Run) -> None:
    first, second = (run("evaluate", "current", *SMALL, "--json")[1] for _ in range(2))
    assert first == second


def test_an_assumption_can_be_set(run: Run) -> None:
    _, out, _ = run("evaluate", "current", *SMALL, "--json", "--set", "shop.cases_per_year=1000")
    net = json.loads(out)["policy"]["net_value"]
    assert net["per_year"] == pytest.approx(1000 * net["per_case"])


def test_an_assumption_can_be_set_to_a_range(run: Run) -> None:
    words = ("evaluate", "generous", *SMALL, "--json", "--set")
    status, out, err = run(*words, "shop.label_cost=0..60", "--set", "shop.unit_cost_share=50")
    assert status == 0
    assert "Note: shop.label_cost=0..60 is read as $0 to $60, most likely $6, as before" in err
    assert "Note: shop.unit_cost_share=50 is read as 50%" in err
    scenario = load_scenario("online_retail").with_values({"shop.label_cost": "$0 to $60", "shop.unit_cost_share": 0.5})
    setting = prepare(scenario, sample=Sample(cases=400, draws=7, seed=3))
    outcome = evaluate(load_policy("generous", scenario), setting.payoffs)
    assert json.loads(out)["policy"]["net_value"]["per_case"] == pytest.approx(outcome.per_case().mean())
    _, _, err = run(*words, "agent.generous_share=0.95")
    assert "Note: agent.thrifty_share is taken to be 0.05 at most" in err


def test_what_matters_is_the_library_s(run: Run, tmp_path: Path) -> None:
    words = ("what-matters", "--policy", "generous", *SMALL[:2], "--draws", "30", "--seed", "3")
    status, out, _ = run(*words, "--json", "--out", "analysis")
    assert status == 0
    result = json.loads(out)
    scenario = load_scenario("online_retail")
    payoffs = prepare(scenario, sample=Sample(cases=400, draws=30, seed=3)).payoffs
    names = ("current", "ask_first", "generous")
    study = analyse_decision(payoffs, *(load_policy(name, scenario) for name in ("generous", "current")),
                         [load_policy("ask_first", scenario)], seed=3)  # fmt: skip
    assert [row["policy"] for row in result["risk"]] == list(names)
    assert [row["difference"] for row in result["risk"]] == pytest.approx(list(study.risk["difference"]))
    assert result["errors"]["from_cases"] == pytest.approx(study.errors.from_cases)
    assert result["evpi"]["value"] == pytest.approx(study.evpi.value)
    assert [row["evppi"] for row in result["evppi"]] == pytest.approx(list(study.evppi["evppi"]))
    assert result["pilot_on"] == study.pilot_on
    assert result["tornado"][0]["swing"] == pytest.approx(study.sensitivity.tornado()["swing"][0])
    assert {row["against"] for row in result["break_evens"]} == {"current", study.runner_up.name}
    written = {path.name for path in (tmp_path / "analysis").iterdir()}
    figures = {
        f"{name}.{kind}" for name in ("tornado", "worth_of_knowing", "policy_differences") for kind in ("png", "svg")
    }
    tables = {"risk.csv", "tornado.csv", "break_evens.csv", "worth_of_knowing.csv", "pilots.csv"}
    assert written == figures | tables == {Path(path).name for path in result["files"]}


def test_what_matters_on_a_screen(run: Run, tmp_path: Path) -> None:
    status, out, _ = run("what-matters", *SMALL)
    assert status == 0
    for words in (
        "“Recommended” against “Policy in force”",
        "mean of the worst tenth",
        "from which customers are in the log",
        "What the difference hangs on",
        "on 400 of the cases",
        "Knowing everything is worth",
        "A pilot to see the gain itself",
        "Half of the agents by each policy",
    ):
        assert words in " ".join(out.split())
    assert "all else as today" in out or "no assumption flips it" in out
    lines = [line for line in out.splitlines() if not line.startswith(("Online", "Why", "One at", "Know", "A pilot"))]
    assert max(map(len, [line for line in lines if "flips" not in line])) <= 100
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (("--policy", "current"), ("'current' is weighed against itself", "--against")),
        (("--policy", "generos"), ("unknown policy 'generos'", "did you mean 'generous'")),
        (("--agent-cases", "0"), ("in a week are 0", "above 0")),
        (("--cases", "1"), ("one case only",)),
        (("--draws", "0"), ("--draws",)),
    ],
)
def test_what_matters_of_bad_input(words: tuple[str, ...], wanted: tuple[str, ...], run: Run, tmp_path: Path) -> None:
    status, out, err = run("what-matters", *(SMALL if words[0] not in SMALL else ()), *words, "--out", "analysis")
    assert (status, out) == (2, "")
    lines = [line for line in err.splitlines() if line.strip()]
    assert len(lines) == 1
    for words in wanted:
        assert words in lines[0]
    assert not (tmp_path / "analysis").exists()


def test_optimize_is_the_library_s_and_writes_the_policy(run: Run, tmp_path: Path) -> None:
    words = (*OPTIMIZE, *ALONE, "--by", "failure", "--at-most-exceptions", "1", "--round-to", "5")
    status, out, err = run(*words, "--json", "--out", "best.json")
    assert status == 0
    assert "Wrote best.json" in err
    content = json.loads(out)
    scenario = load_scenario("online_retail")
    setting = prepare(scenario, sample=Sample(cases=400, draws=7, seed=3))
    in_force = load_policy("current", scenario)
    wishes = {"by": ("failure",), "at_most_exceptions": 1, "round_to": 5}
    best = best_limits(in_force, setting.payoffs, ("keep_item", "credit"), ("agent",), **wishes)
    written = import_policy(tmp_path / "best.json", scenario)
    assert (written.tiers, written.exceptions) == (best.policy.tiers, best.policy.exceptions)
    assert len(content["exceptions"]) == 1
    assert content["agreeing_starts"] == best.agreeing_starts
    assert [row["net_value"] for row in content["simplicity"]] == pytest.approx(list(best.simplicity["net_value"]))
    assert {(row["tier"], row["limit"]) for row in content["limits"]} == {
        ("agent", limit) for limit in ("keep_item", "credit")
    }
    gain = evaluate(written, setting.payoffs).per_year() - evaluate(in_force, setting.payoffs).per_year()
    assert content["difference"]["net_value"]["per_year"] == pytest.approx(gain.mean())
    assert content["ignoring_learned_claiming"]["difference"]["net_value"]["per_year"] <= 0.02 * gain.mean()
    assert [row["cases"] for row in content["held_out"]] == ["fitted", "held_out", "lost"]
    assert (content["binding"], content["against"], content["policy"]["name"]) == (None, "current", "recommended")


def test_optimize_keeps_to_bounds_and_says_so(run: Run) -> None:
    status, out, _ = run(*OPTIMIZE, *ALONE, "--budget", "32000/month", "--robust", "cvar", "--out", "within.json")
    assert status == 0
    spending = json.loads(Path("within.json").read_text(encoding="utf-8"))["provenance"]["expected_spending"]
    assert spending["remedy_cost"] <= spending["budget"] == 384_000
    assert max(map(len, out.splitlines())) <= 80
    words = " ".join(out.split())
    for phrase in (
        "Limits of every tier that could move", "Price of simplicity", "the best of each case", "too few cases to tell",
        "Supervisors under", "$384k a year for remedies: ", "If extra claims were ignored", "fitted to",
        "searches from different limits ended as high",
    ):  # fmt: skip
        assert phrase in words
    assert "Exceptions" not in words


def test_first_months_are_said_and_written(run: Run, tmp_path: Path) -> None:
    status, out, err = run("months", "generous", "--cases", "100", "--draws", "5", "--months", "6", "--out", "along")
    assert status == 0
    assert "Wrote months.csv, months.png, months.svg to along/" in err
    assert max(map(len, out.splitlines())) <= 80
    words = " ".join(out.split())
    assert "“Generous” takes the place of “Policy in force” today" in words
    assert "after 6 months" in words
    with (tmp_path / "along" / "months.csv").open() as file:
        assert [row["month"] for row in csv.DictReader(file)] == list("123456")


def test_break_evens_are_said_and_written(run: Run, tmp_path: Path) -> None:
    small = ("--cases", "100", "--draws", "5")
    status, out, err = run("break-evens", "generous", *small, "--out", "along")
    assert status == 0
    assert "Wrote break_evens.csv, tornado.csv, tornado.png, tornado.svg to along/" in err
    assert "“Generous” against “Policy in force”" in out
    assert "What the difference hangs on" in out
    status, _, err = run("break-evens", "current", *small)
    assert (status, err.count("\n")) == (2, 1)
    assert "'current' and 'current' say the same" in err


def test_frontier_is_written_and_shown(run: Run, tmp_path: Path) -> None:
    words = ("frontier", *SMALL, *TWO, "--over", "learned_claiming", "--points", "3")
    status, out, err = run(*words, "--json", "--out", "along")
    assert status == 0
    assert "Wrote frontier.csv, frontier.png, frontier.svg to along/" in err
    assert {path.name for path in (tmp_path / "along").iterdir()} == {"frontier.csv", "frontier.png", "frontier.svg"}
    policies = json.loads(out)["policies"]
    names = [row["policy"] for row in policies if not row["on_frontier"]]
    assert names == ["current", "ask_first", "generous"]
    assert len(policies) - len(names) <= 3
    assert policies[0]["price"] is None
    assert {"learned_claiming", "net_value", "gain_low", "gain_high", "agent.keep_item"} <= set(policies[0])
    status, out, _ = run(*words[:-2])
    assert status == 0
    assert max(map(len, out.splitlines())) <= 80
    assert "Policy in force" in out
    assert "Limits of the agent" in out


def test_keep_compares_formula_and_simulation(run: Run, tmp_path: Path) -> None:
    status, out, _ = run("keep", *SMALL, "--json", "--out", "answers")
    assert status == 0
    assert {path.name for path in (tmp_path / "answers").iterdir()} == {"keep.csv", "keep.png", "keep.svg"}
    payoffs = prepare(load_scenario("online_retail"), sample=Sample(cases=400, draws=7, seed=3)).payoffs
    for row in json.loads(out)["failures"]:
        answer = keep_or_return(payoffs, row["failure"])
        assert row["keep_below"] == pytest.approx(answer.keep_below)
        assert row["customer"] == pytest.approx(answer.components["customer"])
    status, out, _ = run("keep", *SMALL)
    assert max(map(len, out.splitlines())) <= 80
    for phrase in ("keep below", "label saved", "in all", "wrong item"):
        assert phrase in out


def test_stories_say_which_claims_hold(run: Run) -> None:
    status, out, _ = run("stories", "--draws", "40")
    assert status == 0
    assert max(map(len, out.splitlines())) <= 80
    for name in ("air_purifier", "cooker_lid", "drive_thru", "late_mover", "lost_adapter", "wrong_dresses"):
        assert f"{name}: " in out
    assert "NO" in out
    assert "claims hold" in out
    status, out, _ = run("stories", "--draws", "40", "--json")
    replays = json.loads(out)
    expected = replay(load_story(replays[-1]["story"]), draws=40)
    assert [claim["share"] for claim in replays[-1]["claims"]] == list(expected.claims["share"])
    assert [claim["holds_to"] for claim in replays[-1]["claims"]][:2] == ["no_limit", "no_limit"]


@pytest.mark.parametrize("story", sorted(path.stem for path in shipped("data/stories").glob("*.yaml")))
def test_a_story_has_money_on_both_sides(run: Run, story: str) -> None:
    status, out, _ = run("stories", story, "--draws", "40", "--seed", "3")
    assert status == 0
    assert max(map(len, out.splitlines())) <= 80
    for words in ("customer gets", "payoff", "Limits needed", "waiting for a yes", "Claims", "Not in the model"):
        assert words in out
    assert ("Keeping beats sending back up to" in out) == (story == "wrong_dresses")
    assert ("Beyond the best limits" in out) == bool(load_story(story).beyond_limits)
    expected = replay(load_story(story), draws=40, seed=3)
    status, out, _ = run("stories", story, "--draws", "40", "--seed", "3", "--json")
    content = json.loads(out)
    assert content["limits_needed"] == expected.limits_needed
    assert [option["payoff"] for option in content["options"]] == pytest.approx(list(expected.to_frame()["payoff"]))
    assert (content["keep_until"] is not None) == (story == "wrong_dresses")


def test_one_s_own_story(run: Run, tmp_path: Path) -> None:
    text = (shipped("data/stories") / "cooker_lid.yaml").read_text(encoding="utf-8")
    (tmp_path / "mine.yaml").write_text(text.replace("item_price: 60", "item_price: 90"), encoding="utf-8")
    status, out, _ = run("stories", "mine.yaml", "--draws", "5", "--json")
    assert status == 0
    assert json.loads(out)["case"]["item_price"] == 90
    (tmp_path / "mine.yaml").write_text(text.replace("worse: nothing", "worse: nothin"), encoding="utf-8")
    status, out, err = run("stories", "mine.yaml")
    assert (status, out) == (2, "")
    assert err.strip().count("\n") == 0
    assert "unknown option 'nothin' (did you mean 'nothing'?)" in err
    assert "unknown story 'cooker' (did you mean 'cooker_lid'?)" in run("stories", "cooker")[2]


def test_a_sweep_fills_a_folder_and_goes_on_there(run: Run, tmp_path: Path) -> None:
    (tmp_path / "small.yaml").write_text(DESIGN)
    status, out, _ = run("sweep", "small.yaml", "--dry-run", "--json")
    assert status == 0
    assert (json.loads(out)["runs"], json.loads(out)["found"]) == (12, 0)
    assert not (tmp_path / "swept").exists()
    status, out, _ = run("sweep", "small.yaml", "--out", "swept", "--workers", "1")
    assert status == 0
    assert out == "12 of 12 runs are in swept/.\n"
    table = read_sweep(tmp_path / "swept")
    assert len(table) == 12
    assert table["gain"].notna().all()
    status, out, _ = run("sweep", "small.yaml", "--out", "swept")
    assert out == "12 of 12 runs are in swept/, 12 of them were there already.\n"
    status, out, _ = run("sweep", "small.yaml", "--out", "swept", "--dry-run")
    assert out == "12 runs, all of them done.\n"


def test_a_sweep_says_what_failed(run: Run, tmp_path: Path) -> None:
    (tmp_path / "some.yaml").write_text(
        "name: some\ncases: 60\nruns: {method: list, rows: [{agent.refund: 1}, {agent.refund: -1}]}\n"
    )
    status, out, _ = run("sweep", "some.yaml", "--out", "swept", "--json")
    assert status == 0
    said = json.loads(out)
    assert (said["done"], said["failed"]) == (2, 1)
    assert "agent.refund: limit is -1" in said["errors"][0]
    _, out, _ = run("sweep", "some.yaml", "--out", "swept")
    assert "1 of them failed; each is written down with its inputs and its error." in out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("frist_look", "--out", "x"), "unknown design 'frist_look' (did you mean 'first_look'?)"),
        (("first_look",), "a sweep needs a folder for its results; give --out FOLDER (or --dry-run)"),
        (
            ("first_look", "--out", "x", "--workers", "0"),
            "number of workers is 0; it must be 1 or more, at most 1,000 (--workers)",
        ),
        (("first_look", "--out", "x", "--cluster", "slrm"), "unknown cluster 'slrm' (did you mean 'slurm'?)"),
    ],
)
def test_a_sweep_that_cannot_be_is_refused_in_one_line(run: Run, words: tuple[str, ...], said: str) -> None:
    status, out, err = run("sweep", *words)
    assert (status, out) == (2, "")
    assert err.strip().startswith(f"policy-sim: {said}")
    assert err.strip().count("\n") == 0


def test_three_cases_are_too_few_and_that_is_said(run: Run, tmp_path: Path) -> None:
    rows = ("late_delivery,60,300", "wrong_item,40,250", "defective_item,80,700")
    (tmp_path / "three.csv").write_text("\n".join(["failure,item_price,future_value", *rows]))
    words = ("--cases", "three.csv", "--draws", "7")
    status, out, _ = run("run", *words)
    assert status == 0
    assert "3 cases are too few to tell: it takes" in out
    assert max(map(len, (line for line in out.splitlines() if not line.startswith("Wrote")))) <= 80
    # of nine outcomes and three policies none has an interval
    assert out.count("too few cases to tell") >= 10
    status, out, _ = run("run", *words, "--json")
    net_value = json.loads(out)["recommended"]["difference"]["net_value"]
    assert net_value["too_few_cases"] is True
    assert net_value["told_apart"] is False
    status, out, _ = run("frontier", *words)
    assert "too few" in out


def test_one_case_has_no_interval_at_all(run: Run, tmp_path: Path) -> None:
    (tmp_path / "one.csv").write_text("failure,item_price,future_value\nwrong_item,10000000,10000000\n")
    status, out, _ = run("run", "--cases", "one.csv", "--draws", "7", "--json")
    assert status == 0
    net_value = json.loads(out)["recommended"]["difference"]["net_value"]
    assert (net_value["per_year_low"], net_value["per_year_high"]) == (None, None)


def test_the_model_is_chosen_and_named_alike(run: Run) -> None:
    _, fitted, _ = run("fit", "--json")
    _, out, _ = run("evaluate", "current", "--cases", "200", "--draws", "3", "--json")
    _, other, _ = run("evaluate", "current", "--cases", "200", "--draws", "3", "--model", "mbg-nbd", "--json")
    assert json.loads(fitted)["model"] in json.loads(out)["customers"]["models"]
    assert "MBG/NBD" in json.loads(other)["customers"]["models"]
