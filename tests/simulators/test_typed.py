"""What is typed to nightlight-sim is read before any work begins, and what is wrong with it is said in words."""

import socket
from pathlib import Path

import pytest

from simulators.app import main
from simulators.programs import Failed
from simulators.wires import connected


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("backtest {} --days 0", "is no number above 0"),
        ("backtest {} --budget -1", "is no number above 0"),
        ("backtest {} --up-by 99", "is no hour of the day, 0 to 23"),
        ("evaluate faults {} --homes 0", "is no whole number from 1 on"),
        ("evaluate inactivity {} --json {}/not/there.json", "there is no folder"),
        ("train prior {} --out {}/not/there.npz", "there is no folder"),
        ("train falls {} --out {}", "is a folder; name a file"),
        ("train falls {} --out {}/not/there.npz", "there is no folder"),
        ("replay {} --json {}/not/there.json", "there is no folder"),
        ("demo --smtp localhost:99999", "is no HOST:PORT"),
    ],
)
def test_what_cannot_be_is_refused_at_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], typed: str, said: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        main([part.format(tmp_path) for part in typed.split()])
    assert (ended.value.code, said in capsys.readouterr().err) == (2, True)


@pytest.mark.parametrize("command", ["replay", "backtest", "evaluate faults", "evaluate falls", "demo --recordings"])
def test_a_file_is_no_folder_and_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str) -> None:
    (tmp_path / "home.csv").write_text("time,sensor,kind,value,room\n", encoding="utf-8")
    for path, said in ((tmp_path / "home.csv", "is a file"), (tmp_path / "not_there", "no such folder")):
        assert main([*command.split(), str(path)]) == 2
        assert said in capsys.readouterr().err


def test_a_broker_that_is_not_there_is_named() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        with pytest.raises(Failed, match=f"no broker can be reached at 127.0.0.1:{port}: Connection refused"):
            connected("127.0.0.1", port)
