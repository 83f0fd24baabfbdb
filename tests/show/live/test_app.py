"""What the application refuses, in one line and before anything is prepared; and that its files travel."""

from __future__ import annotations

import json
import socket
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from traitlets.config import Config

from policy_sim import load_scenario
from policy_sim.border import InputError
from policy_sim.cli import main
from policy_sim.show.live.app import AppSettings, run_app
from policy_sim.show.live.doors import is_of_panel
from policy_sim.show.live.visit import VISIT_FOLDER, Visit, open_visit

PAGE = Path(__file__).parents[3] / "policy_sim" / "show" / "live" / "app_page"


@pytest.fixture
def visit(tmp_path: Path) -> Visit:
    return Visit("online_retail", "current", 400, 7, 0, str(tmp_path))


def say_nothing(_: str) -> None:
    """Stand in for the terminal."""


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"ip": "somewhere"}, "--ip somewhere is not an address"),
        ({"port": 70_000}, "--port 70000 is not a port"),
        ({"ready_count": -1}, "--ready -1 is below 0"),
        ({"idle_minutes": 0.0}, "--idle-minutes 0 is not above 0"),
        ({"idle_minutes": float("nan")}, "--idle-minutes nan is not above 0"),
    ],
)
def test_settings_that_make_no_sense_are_refused(wrong: dict[str, object], words: str) -> None:
    with pytest.raises(InputError, match=words):
        AppSettings(**wrong)  # type: ignore[arg-type]


def test_only_this_machine_is_listened_to_unless_asked() -> None:
    assert AppSettings().is_local
    assert AppSettings(ip="::1").is_local
    assert not AppSettings(ip="0.0.0.0").is_local


def test_a_port_in_use_is_named(visit: Visit) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(InputError, match=f"port {port} on 127.0.0.1 is in use.*--port"):
            run_app(visit, AppSettings(port=port), say_nothing, say_nothing)


def test_an_address_of_another_machine_is_named(visit: Visit) -> None:
    with pytest.raises(InputError, match=r"this machine has no address 192\.0\.2\.1"):
        run_app(visit, AppSettings(ip="192.0.2.1", port=0), say_nothing, say_nothing)


@pytest.mark.parametrize(("ip", "warnings"), [("127.0.0.1", 0), ("0.0.0.0", 1)])
def test_who_listens_for_others_is_told(ip: str, warnings: int, visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    class Server:
        def __init__(self, config: Config) -> None:
            self.token = config.Voila.token

        def begin(self, listening: socket.socket, _: Path, on_listening: Callable[[], None]) -> None:
            with listening:
                assert listening.getsockname()[0] == ip
                on_listening()

    monkeypatch.setattr("policy_sim.show.live.app._Server", Server)
    monkeypatch.setenv(VISIT_FOLDER, "")  # put back afterwards
    said: list[str] = []
    shown: list[str] = []
    run_app(visit, AppSettings(ip=ip, port=0, open_browser=False, ready_count=0), said.append, shown.append)
    assert len(said) == warnings
    assert all("not only for this machine" in words for words in said)
    (url,) = shown
    assert len(url.partition("?token=")[2]) >= 32


@pytest.mark.parametrize(("words", "place"), [((), None), (("--exports", "taken/away"), "taken/away")])
def test_exports_are_written_only_where_a_folder_is_named(
    words: tuple[str, ...], place: str | None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    visits: list[Visit] = []
    monkeypatch.setattr("policy_sim.show.live.app.run_app", lambda visit, *_, **__: visits.append(visit))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["policy-sim", "app", "--no-browser", *words])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code in (0, None)
    assert [visit.exports for visit in visits] == [place]


def test_the_model_of_purchases_is_handed_to_every_visit(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    visits: list[Visit] = []
    monkeypatch.setattr("policy_sim.show.live.app.run_app", lambda visit, *_, **__: visits.append(visit))
    monkeypatch.chdir(tmp_path)
    for name, status in (("mbg-nbd", (0, None)), ("bgnbd", (2,))):
        monkeypatch.setattr(sys, "argv", ["policy-sim", "app", "--no-browser", "--model", name])
        with pytest.raises(SystemExit) as stopped:
            main()
        assert stopped.value.code in status
    assert [(visit.model, visit.origin["model"]) for visit in visits if visit.origin] == [("mbg-nbd", "mbg-nbd")]
    assert "did you mean 'bg-nbd'" in capsys.readouterr().err
    visits[0].write(tmp_path)
    monkeypatch.setenv(VISIT_FOLDER, str(tmp_path))
    monkeypatch.setenv("VOILA_KERNEL_ID", "1")
    asked: list[dict[str, object]] = []
    monkeypatch.setattr("policy_sim.show.live.opening.open_workbench", lambda *_, **named: asked.append(named))
    open_visit()
    assert [named["model"] for named in asked] == ["mbg-nbd"]


def a_message(kind: str, channel: str = "shell", **content: object) -> bytes:
    parts = [channel.encode(), json.dumps({"msg_type": kind}).encode(), b"{}", b"{}", json.dumps(content).encode()]
    begins = [8 * (len(parts) + 2)]
    for part in parts:
        begins.append(begins[-1] + len(part))
    return b"".join([number.to_bytes(8, "little") for number in (len(begins), *begins)] + parts)


def test_only_what_a_panel_sends_passes_to_a_kernel() -> None:
    for kind in ("kernel_info_request", "comm_info_request", "comm_msg", "comm_close"):
        assert is_of_panel(a_message(kind))
        assert not is_of_panel(a_message(kind, "control"))
    assert is_of_panel(a_message("comm_open", target_name="jupyter.widget.control"))
    assert not is_of_panel(a_message("comm_open", target_name="jupyter.widget"))
    assert not is_of_panel(a_message("comm_open"))
    for kind in ("execute_request", "shutdown_request", "input_reply", "debug_request", "", "Comm_msg"):
        assert not is_of_panel(a_message(kind))
    whole = a_message("comm_msg")
    assert not is_of_panel(whole.decode("latin-1"))
    for broken in (b"", whole[:40], whole[:-1], b"\xff" * 200, (2**62).to_bytes(8, "little") + whole[8:]):
        assert not is_of_panel(broken)
    deep = b"[" * 100_000
    assert not is_of_panel(whole.replace(b'{"msg_type": "comm_msg"}', deep))


def test_a_visit_is_handed_over_whole(visit: Visit, tmp_path: Path) -> None:
    visit.write(tmp_path)
    assert Visit(**json.loads((tmp_path / "visit.json").read_text())) == visit
    assert visit.transactions() is None


def test_a_visit_reads_the_log_as_it_was_told_to(visit: Visit, tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text("who,day,sum\na,2025-01-02,3\na,2025-02-02,4\nb,2025-01-05,6\n")
    log = {"source": str(tmp_path / "log.csv"), "customer_column": "who", "date_column": "day", "amount_column": "sum"}
    Visit(visit.scenario, visit.policy, 400, 7, 0, str(tmp_path), {**log, "day_first": False}).write(tmp_path)
    transactions = Visit(**json.loads((tmp_path / "visit.json").read_text())).transactions()
    assert transactions is not None
    assert list(transactions.labels) == ["a", "b"]


def test_a_changed_scenario_is_the_same_when_read_back(tmp_path: Path) -> None:
    changed = load_scenario("online_retail").with_values({"shop.cases_per_year": 8000})
    (tmp_path / "scenario.json").write_text(changed.model_dump_json())
    assert load_scenario(tmp_path / "scenario.json").fingerprint == changed.fingerprint


def test_pages_ask_for_nothing_elsewhere() -> None:
    texts = [path for path in PAGE.rglob("*") if path.suffix in {".j2", ".html", ".css", ".js"}]
    assert len(texts) == 6
    for path in texts:
        assert "http://" not in path.read_text()
        assert "https://" not in path.read_text()


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("--policy", "nowhere"), "unknown policy 'nowhere'"),
        (("--scenario", "nowhere"), "unknown scenario 'nowhere'"),
        (("--transactions", "nowhere.csv"), "nowhere.csv"),
        (("--set", "shop.cases_per_year"), "is not NAME=NUMBER"),
        (("--port", "-1"), "--port -1 is not a port"),
        (("--exports", "/dev/null"), "'/dev/null' is a file, not a folder"),
    ],
)
def test_the_command_says_in_one_line_what_is_wrong(
    words: tuple[str, ...], expected: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["policy-sim", "app", "--no-browser", *words])
    with pytest.raises(SystemExit) as stopped:
        main()
    printed = capsys.readouterr()
    assert stopped.value.code == 2
    assert expected in printed.err
    assert len(printed.err.splitlines()) == 1
    assert printed.out == ""


def test_without_voila_the_command_says_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("policy_sim.cli.live.find_spec", lambda name: None if name == "voila" else object())
    monkeypatch.setattr(sys, "argv", ["policy-sim", "app"])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == 2
    assert "pip install '.[app]'" in capsys.readouterr().err
