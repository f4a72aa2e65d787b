"""The agent tells systemd that it notices, and then that it still turns."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from edge.systemd import ALIVE, READY, tell
from tests.conftest import free_port


@pytest.fixture
def socket_of_systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> socket.socket:
    path = tmp_path / "notify"
    heard = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    heard.bind(str(path))
    heard.settimeout(60)
    monkeypatch.setenv("NOTIFY_SOCKET", str(path))
    return heard


@pytest.mark.processes
def test_the_agent_says_ready_though_the_hub_is_away_and_goes_on_saying_that_it_lives(
    socket_of_systemd: socket.socket, tmp_path: Path
) -> None:
    file = tmp_path / "kit.toml"
    file.write_text(
        f'home = "h1"\nhub_host = "127.0.0.1"\nhub_port = {free_port()}\noutbox = "o.db"\nheartbeat_every = 1\n'
    )
    agent = subprocess.Popen([sys.executable, "-m", "edge.app", "run", "--settings", str(file)])
    with socket_of_systemd as heard:
        assert [heard.recv(100).decode() for _ in range(4)] == [READY, ALIVE, ALIVE, ALIVE]
    agent.send_signal(signal.SIGTERM)
    assert agent.wait(60) == 0


def test_a_socket_that_is_full_or_gone_holds_nobody_up(socket_of_systemd: socket.socket) -> None:
    for _ in range(1000):
        tell(ALIVE)
    socket_of_systemd.close()
    tell(ALIVE)


def test_a_name_without_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(f"\0nightlight-test-{os.getpid()}")
        monkeypatch.setenv("NOTIFY_SOCKET", f"@nightlight-test-{os.getpid()}")
        tell(READY)
        assert heard.recv(100) == b"READY=1"


def test_without_systemd_it_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    tell(READY)
