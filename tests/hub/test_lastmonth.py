"""Other settings, tried on the last month of one home or of all, by a command. The page has its own test."""

import io
import json
from contextlib import redirect_stderr, redirect_stdout
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from hub.app import main
from hub.settings import read_settings
from hub.store import Store, open_store
from hub.store.amendments import latest
from hub.store.row import Row
from models.observation import What
from models.register import Register
from tests.hub.conftest import now
from tests.hub.post import HOME
from tests.hub.test_shares import NEIGHBOUR

HOURS = (7.5, 8.0, 8.5, 9.25, 10.0, 11.0, 11.75, 12.5, 13.5, 14.25, 15.0, 16.0, 17.0, 17.75, 18.5, 19.5, 20.5, 21.5)
QUIET = (8, 14, 20)
"""So many days ago nothing was noticed after noon."""


def lived(store: Store, home: str, days: int, until: datetime) -> None:
    midnight = until.replace(hour=0, minute=0, second=0, microsecond=0)
    moments = [
        midnight + timedelta(hours=hour - 24 * back)
        for back in range(days, -1, -1)
        for hour in HOURS
        if hour < 12 or back not in QUIET
    ]
    rows = [Row(home, "box", n, "hall", What.MOVED, at, at) for n, at in enumerate(moments, 1) if at < until]
    store.series.append(rows)


def asked(file: Path, *words: str) -> tuple[object, str, str]:
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as end:
        main(["try", *words, "--settings", str(file)])
    return end.value.code, out.getvalue(), err.getvalue()


@pytest.fixture
def file(tmp_path: Path, register: Register) -> Path:
    file = tmp_path / "hub.toml"
    file.write_text(f"data_dir = '{tmp_path / 'data'}'\n")
    store = open_store(read_settings(str(file)))
    store.records.load(register, {one.login: "-" for one in register.accounts})
    lived(store, HOME, 40, now())
    lived(store, NEIGHBOUR, 1, now())
    return file


def test_other_settings_are_tried_in_all_homes_or_in_one(file: Path) -> None:
    code, told, _ = asked(file, "false_alerts_a_month=30", "may_wander=no", "--json")
    found = json.loads(told)
    assert (code, list(found), found[NEIGHBOUR]) == (0, [NEIGHBOUR, HOME], None)
    assert found[HOME]["asked"]["silence"] > found[HOME]["now"]["silence"] > 0
    code, told, _ = asked(file, "quiet_hours=6", "--home", HOME, "--by", "amina")
    same = found[HOME]["now"]["silence"]
    assert (code, told.splitlines()[0].startswith(f"{HOME}  30 days: {same} silence")) == (0, True)
    assert told.splitlines()[1].endswith("0 homes are too new")
    store = open_store(read_settings(str(file)))
    assert store.records.home(HOME).false_alerts_a_month == 1, "trying changes nothing"  # type: ignore[union-attr]
    assert latest(store.records.engine, "", 1)[0].actor == "command: amina"


def test_what_can_not_be_tried_is_refused(file: Path) -> None:
    for words, why in (
        (["area=North"], "area: is none of false_alerts_a_month"),
        (["quiet_hours=noon"], "quiet_hours: 'noon' is no"),
        (["quiet_hours"], "NAME=VALUE"),
        (["quiet_hours=6", "--home", "nowhere"], "no home 'nowhere' on record"),
    ):
        code, told, said = asked(file, *words)
        assert (code, told, why in said) == (2, "", True), said
