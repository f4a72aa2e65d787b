import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from edge.app import main
from edge.outbox import Outbox, Outboxes
from tests.conftest import Mosquitto, free_port
from tests.edge.conftest import Kit, noticed, press


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "kit.toml"
    file.write_text(f'home = "h1"\nhub_host = "127.0.0.1"\nhub_port = {free_port()}\noutbox = "o.db"\n')
    return file


def asked(*arguments: object) -> int:
    return main([str(argument) for argument in arguments])


def test_settings_that_cannot_be_meant_are_the_users_fault(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text("hom = 3")
    for command in ("run", "check", "outbox"):
        assert asked(command, "--settings", file) == 2
        assert "unknown key 'hom'" in capsys.readouterr().err


def test_a_command_that_is_none_is_the_users_fault() -> None:
    with pytest.raises(SystemExit) as left:
        asked("dance")
    assert left.value.code == 2


def test_outbox_prints_what_waits(file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert asked("outbox", "--settings", file) == 1
    with closing(Outbox(tmp_path / "o.db", "boot", 1000)) as outbox:
        outbox.keep([noticed(seconds=4), press(7)])
    assert asked("outbox", "--settings", file) == 0
    printed = capsys.readouterr().out
    for line in (
        f"name: {outbox.name}",
        "presses waiting: 1",
        "routine waiting: 1",
        "oldest: 2026-11-22T02:10:04+00:00",
    ):
        assert line in printed


def test_a_second_agent_on_the_same_outbox_is_refused(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with closing(Outboxes(tmp_path / "o.db", "boot", 1000)):
        assert asked("run", "--settings", file) == 1
    assert "another home agent has this outbox" in capsys.readouterr().err


def test_check_says_that_the_hub_is_away(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert asked("check", "--settings", file) == 1
    printed = capsys.readouterr().out
    assert "wrong: hub: 127.0.0.1" in printed
    assert "refused" in printed


@pytest.mark.broker
def test_check_prints_what_holds_and_hides_the_password(
    mosquitto: Mosquitto, kit: Kit, capsys: pytest.CaptureFixture[str]
) -> None:
    (kit.folder / "secret").write_text("quiet-larch")
    file = kit.write(hub_username="h_okafor", hub_password_file="secret")
    assert asked("check", "--settings", file) == 0
    printed = capsys.readouterr().out
    for line in (
        "home = h_okafor",
        "sensor pendant: pendant at zigbee2mqtt:pendant",
        "outbox: not begun yet",
        "answers",
    ):
        assert line in printed
    assert "quiet-larch" not in printed


def test_a_secret_that_cannot_be_read_is_named(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text(file.read_text() + 'hub_username = "h1"\nhub_password_file = "secret"\n')
    assert asked("run", "--settings", file) == 2
    assert "hub_password_file" in capsys.readouterr().err


def test_the_agent_is_light() -> None:
    """What it never loads: a Pi in a home has little memory."""
    code = "import sys, edge.app, edge.sensors.zigbee2mqtt; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy = {"numpy", "numba", "sqlalchemy", "fastapi", "pydantic", "asyncio", "gpiozero", "lgpio"}
    assert heavy & set(done.stdout.split()) == set()
