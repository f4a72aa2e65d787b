"""The commands for whoever runs the hub."""

import io
import json
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from sqlalchemy import text

from hub.app import main
from hub.settings import read_settings
from hub.store import Store, open_store
from hub.store.amendments import latest
from hub.store.series import Row
from hub.store.traces import Felt
from models.detection import Finding, FindingKind
from models.observation import What
from models.people import Role
from models.protection import Spell
from models.register import Register, write_register


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "hub.toml"
    file.write_text(f"data_dir = '{tmp_path / 'data'}'\nport = 0\nembedded_port = 0\n")
    return file


@pytest.fixture
def store(file: Path) -> Store:
    return open_store(read_settings(str(file)))


@dataclass
class Done:
    returncode: int | str | None
    stdout: str
    stderr: str


def hub(file: Path, *words: str | Path) -> Done:
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as end:
        main([*map(str, words), "--settings", str(file)])
    return Done(end.value.code, out.getvalue(), err.getvalue())


@pytest.mark.processes
def test_it_is_a_program(file: Path) -> None:
    line: list[str | Path] = [sys.executable, "-m", "hub.app", "open-alerts", "--settings", file]
    assert subprocess.run(line, capture_output=True, timeout=60, check=False).returncode == 0


@pytest.fixture
def document(tmp_path: Path, register: Register) -> Path:
    path = tmp_path / "register.json"
    path.write_bytes(write_register(register))
    return path


def test_loading_prints_each_new_password_once_and_keeps_none(file: Path, document: Path, store: Store) -> None:
    first = json.loads(hub(file, "load", document).stdout)
    assert set(first) == {"tom", "ada"}
    (told,) = latest(store.records.engine, "")
    assert told.text.startswith("loaded 2 homes, 2 residents, 2 contacts")
    assert min(map(len, first.values())) >= 16
    assert json.loads(hub(file, "load", document).stdout) == {}
    account = store.records.account("tom")
    assert account is not None
    assert PasswordHasher().verify(account[1], first["tom"])
    kept = b"".join(path.read_bytes() for path in (file.parent / "data").iterdir() if path.is_file())
    assert first["tom"].encode() not in kept


def test_a_register_with_a_mistake_is_not_loaded_at_all(file: Path, document: Path, store: Store) -> None:
    broken = json.loads(document.read_text())
    broken["residents"][0]["home"] = "nowhere"
    broken["contacts"][0]["resident"] = "nobody"
    broken["homes"][1]["limits"] = {"up_by_hour": 99}
    document.write_text(json.dumps(broken))
    done = hub(file, "load", document)
    assert (done.returncode, len(done.stderr.strip().splitlines())) == (1, 3)
    assert "up_by_hour is 99, and has to be between 4 and 16" in done.stderr
    assert store.records.homes() == []


@pytest.mark.parametrize("zone", ["Europe/Lodnon", "Europe", "../etc"])
def test_a_home_that_could_not_be_watched_is_not_loaded(file: Path, document: Path, store: Store, zone: str) -> None:
    broken = json.loads(document.read_text())
    broken["homes"][0]["timezone"] = zone
    broken["residents"][0]["reablement"] = "2999-01-01"
    document.write_text(json.dumps(broken))
    done = hub(file, "load", document)
    assert done.returncode == 1
    assert f"'{zone}' is no time zone" in done.stderr
    assert "resident grace: 2999-01-01 is still to come" in done.stderr
    assert store.records.homes() == []


def test_used_wrong(file: Path, tmp_path: Path) -> None:
    assert hub(file, "load", tmp_path / "nothing.json").returncode == 2
    assert hub(tmp_path / "nothing.toml", "check").returncode == 2
    assert hub(file, "dance").returncode == 2
    for place in ("nowhere", "hub.example:many", ":1883", "hub.example:0"):
        done = hub(file, "watch", "--broker", place)
        assert (done.returncode, f"'{place}' is no HOST:PORT" in done.stderr) == (2, True)
    for month in ("2026-13", "9999-12", "0001-01-01"):
        assert hub(file, "unprotected", "--month", month).returncode == 2
    heads = tmp_path / "nowhere" / "heads"
    done = hub(file, "verify-log", "--heads", heads)
    assert (done.returncode, f"{heads}: No such file" in done.stderr) == (2, True)
    file.write_text("colour = 'blue'")
    done = hub(file, "check")
    assert (done.returncode, "colour" in done.stderr) == (2, True)


def test_logins(file: Path, document: Path, store: Store) -> None:
    hub(file, "load", document)
    assert set(json.loads(hub(file, "account", "add", "priya", "--role", "responder").stdout)) == {"priya"}
    assert hub(file, "account", "add", "priya", "--role", "responder").returncode == 2, "she is there"
    assert "small letters" in hub(file, "account", "add", "Bad Login", "--role", "operator").stderr
    assert "what is their work?" in hub(file, "account", "add", "nobody").stderr, "nobody is an operator by default"
    assert hub(file, "account", "add", "kit", "--role", "contact").returncode == 2, "whose contact?"
    assert hub(file, "account", "add", "karl", "--role", "contact", "--person", "karl").returncode == 0
    new = json.loads(hub(file, "account", "password", "tom").stdout)["tom"]
    account = store.records.account("tom")
    assert account is not None
    assert PasswordHasher().verify(account[1], new)
    assert hub(file, "account", "password", "nobody").returncode == 2


def test_counts_and_open_alerts(file: Path, document: Path, store: Store) -> None:
    hub(file, "load", document)
    now = datetime.now(UTC)
    store.series.append([Row("okafor-home", "box", 1, "pendant", What.PRESSED, now, now)])
    store.alerts.raise_(Finding(FindingKind.PRESS, "okafor-home", now, now), "grace", "", now)
    counts = json.loads(hub(file, "counts", "--json").stdout)
    assert counts == {
        "homes": {
            "next-door": {"stored": 0, "distinct": 0, "alerts": {}, "findings": {}},
            "okafor-home": {"stored": 1, "distinct": 1, "alerts": {"press": 1}, "findings": {"press": 1}},
        },
        "set_aside": {},
    }
    listed = hub(file, "open-alerts").stdout
    assert "press  okafor-home  raised" in listed
    assert "Okafor " not in listed


def test_unprotected_minutes_by_home_and_month(file: Path, document: Path, store: Store) -> None:
    hub(file, "load", document)
    began, hour = datetime(2024, 10, 31, 22, 0, tzinfo=UTC), timedelta(hours=1)
    store.health.begin([Spell("okafor-home", "kit_unheard", began, began + 4 * hour)])
    store.health.begin([Spell(None, "hub_deaf", began, began + hour)])
    found = json.loads(hub(file, "unprotected", "--month", "2024-10", "--json").stdout)["homes"]
    assert found["okafor-home"] == {"minutes": 120.0, "reasons": {"kit_unheard": 120.0, "hub_deaf": 60.0}}
    assert found["next-door"]["minutes"] == 60.0
    told = hub(file, "unprotected", "--month", "2024-11").stdout
    assert "okafor-home  120 min  (120 nothing was heard from the home)" in told
    assert hub(file, "unprotected", "--month", "November").returncode == 2


def test_what_was_felt_around_falls_is_erased(file: Path, document: Path, store: Store, t0: datetime) -> None:
    hub(file, "load", str(document))
    store.traces.keep([Felt("okafor-home", "box", 7, "pendant", t0, -0.02, 0.02, (0, -1000, 0, 0, -990, 1))])
    assert "around 1 suspected fall\n" in hub(file, "erase-felt", "okafor-home").stdout
    assert store.traces.between("okafor-home", t0, t0 + timedelta(days=1)) == []
    assert hub(file, "erase-felt", "no-such-home").returncode == 1


def test_check_says_what_holds_and_what_does_not(file: Path, document: Path) -> None:
    done = hub(file, "check")
    assert (done.returncode, "WRONG  0 operators" in done.stdout) == (1, True)
    hub(file, "load", document)
    done = hub(file, "check")
    assert (done.returncode, "WRONG" in done.stdout) == (0, False)
    assert "2 homes on record" in done.stdout
    assert "1 operator on record" in done.stdout


def test_check_names_a_plan_that_cannot_work(file: Path, document: Path) -> None:
    plans = json.loads(document.read_text())
    ways = [
        ("karl", "email"),
        ("ada", "sms"),
        ("ada", "push"),
        ("operator", "push"),
        ("supervisor", "sip"),
        ("ada", "tel"),
    ]
    ways += [
        ("operator", "log"),
        ("ada", "webpush"),
        ("operator", "webhook"),
        ("partner", "partner"),
        ("ada", "pigeon"),
    ]
    steps = [{"who": who, "transport": way, "after": "PT0S"} for who, way in ways]
    plans["plans"] = [{"resident": "grace", "plan": {"kind": "default", "steps": steps}}]
    document.write_text(json.dumps(plans))
    assert hub(file, "load", document).returncode == 0
    done = hub(file, "check")
    assert done.returncode == 1
    assert "names 'karl', who is not their contact" in done.stdout
    needed = ("smtp_host", "sms_url_file", "sip_url", "webhook_url", "partner_url")
    assert [one for one in needed if f"set {one}" not in done.stdout] == []
    said = ("'ada' by push", "'operator' by push", "'supervisor' by sip", "'pigeon', and there is no such transport")
    assert [one for one in said if one not in done.stdout] == []
    assert [one for one in ("by tel", "by log", "by webpush", "by webhook") if one in done.stdout] == []


def test_the_logs_are_proved_and_a_forgery_is_named(file: Path, store: Store, tmp_path: Path) -> None:
    heads, now = tmp_path / "heads.json", datetime.now(UTC)
    for _ in range(3):
        store.records.look("tom", Role.OPERATOR, "okafor-home", "person", "watch the queue", "", now)
    done = hub(file, "verify-log", "--heads", heads)
    assert (done.returncode, "whole   looks: 3 rows" in done.stdout) == (0, True)
    assert hub(file, "verify-log", "--against", heads).returncode == 0
    with store.records.engine.begin() as connection:
        connection.execute(text("DELETE FROM looks WHERE id = 3"))
    assert hub(file, "verify-log").returncode == 0, "a lost end can't be told without a head"
    done = hub(file, "verify-log", "--against", heads)
    assert (done.returncode, "BROKEN  looks: the kept head (row 3 of 3)" in done.stdout) == (1, True)
    with store.records.engine.begin() as connection:
        connection.execute(text("UPDATE looks SET reason = 'none' WHERE id = 2"))
    done = hub(file, "verify-log")
    assert (done.returncode, "BROKEN  looks: row 2" in done.stdout) == (1, True)
    assert hub(file, "verify-log", "--against", file).returncode == 2


def test_a_file_is_brought_in_whole_or_not_at_all(file: Path, store: Store, tmp_path: Path) -> None:
    sheet = tmp_path / "homes.csv"
    sheet.write_text(hub(file, "import", "homes").stdout)
    assert hub(file, "import", "homes", sheet, "--check").stdout == "1 new, 0 changed, 0 the same\n"
    assert store.records.homes() == []
    assert hub(file, "import", "homes", sheet).returncode == 0
    assert [home.id for home in store.records.homes()] == ["h_quill7"]
    sheet.write_text("id,area,people\nh_1,North,1\nh_2,North,none\n")
    done = hub(file, "import", "homes", sheet)
    assert (done.returncode, "line 3, people: 'none' is no whole number" in done.stderr) == (1, True)
    assert len(store.records.homes()) == 1


def test_a_copy_is_made_and_brought_back_by_command(
    file: Path, store: Store, register: Register, tmp_path: Path
) -> None:
    store.records.load(register, {one.login: "hash" for one in register.accounts})
    lately = datetime.now(UTC) - timedelta(hours=1)
    store.series.append([Row("okafor-home", "box", 1, "hall", What.MOVED, lately, lately)])
    for _ in range(2):
        out = hub(file, "export", "observations", tmp_path / "out")
        assert (out.returncode, out.stdout) == (0, f"{tmp_path / 'out'}: 1 observation\n"), out.stderr
    assert hub(file, "import", "observations", tmp_path / "out").stdout == "0 new, 1 known\n"
    made = hub(file, "backup", tmp_path / "copy")
    assert (made.returncode, "records, series; no keys" in made.stdout) == (0, True)
    again = tmp_path / "again.toml"
    again.write_text(f"data_dir = '{tmp_path / 'again'}'\n")
    assert f"{len(register.homes)} homes, 0 open alerts" in hub(again, "restore", tmp_path / "copy").stdout
    refused = hub(again, "restore", tmp_path / "copy")
    assert (refused.returncode, "already" in refused.stderr) == (1, True)
