"""All that is held, in files that others read; and erased, with a report, wherever it stands."""

import csv
import io
import json
import zipfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi import FastAPI
from sqlalchemy import select

from hub.rights import erase_all, erase_history
from hub.store import schema
from hub.store.database import opened
from hub.store.held import HELD, OF_NO_HOME, Fate, Whose, rows
from hub.store.records import Expectation
from hub.store.wishes import Wishes
from hub.web.app import build
from models.detection import FindingKind
from models.health import Learned, Rhythm
from models.observation import SensorKind, What
from models.privacy import Data
from models.protection import Spell, Unprotected
from models.register import Register
from models.wishes import Deed, Wish
from tests.hub.web.conftest import words
from tests.hub.web.inside import Inside
from tests.hub.web.marked import CODE, HOME, MARKS, RESIDENT, fell, marked, said
from tests.hub.web.world import World

HERE = f"/choices/{RESIDENT}"
PERSONAL = (Data.CALLED, Data.PERSON, Data.ADDRESS, Data.MEDICAL, Data.WAY_IN, Data.CONTACTS, Data.CARERS, Data.WISHES)


@pytest.fixture
def world(tmp_path: Path) -> World:
    """With something in every table that can hold anything of a home, old enough to have settled and aged."""
    made = marked(tmp_path)
    made.saw(HOME, *((made.now - timedelta(days=200 + n), "a_pir", What.MOVED) for n in range(3)))
    made.saw(HOME, *((made.now - timedelta(days=20 + n), "b_pir", What.MOVED) for n in range(4)))
    made.saw("h_lindqvist", (made.now - timedelta(days=20), "hall_pir", What.MOVED))
    series, records = made.store.series, made.store.records
    series.settle(HOME, made.now - timedelta(days=2), 10**6)
    series.age(HOME, frozenset({SensorKind.MOTION}), made.now - timedelta(days=120))
    records.health.learn({HOME: Learned({"a_pir": Rhythm()})})
    records.health.begin([Spell(HOME, Unprotected.KIT_UNHEARD, made.now)])
    records.health.level([(HOME, "a_pir", made.now, 80.0)])
    records.health.test(HOME, "box", 7, made.now, arrived=made.now)
    records.expect([Expectation(HOME, made.now, made.now)])
    fell(made)
    return made


@pytest.fixture
def app(world: World) -> FastAPI:
    return build(world.settings)


@pytest.fixture
def client(world: World, app: FastAPI) -> Inside:
    return Inside(app, world, "resident")


def wish(world: World) -> Wish:
    return Wish(world.now, HOME, RESIDENT, "resident", Deed.ERASED, "all")


def held(world: World, home: str = HOME) -> dict[str, int]:
    whose = Whose(
        home, (RESIDENT,) if home == HOME else ("r_lindqvist",), ("c_times",) if home == HOME else ("c_karl",)
    )
    return {one.table.name: len(found) for one, found in rows(world.store.records.engine, whose)}


def everything(world: World) -> str:
    """All that stands in any row of any table."""
    dump = []
    series = opened(world.settings.series)
    for metadata, engine in ((schema.records, world.store.records.engine), (schema.series, series)):
        with engine.connect() as connection:
            dump += [repr(tuple(row)) for table in metadata.sorted_tables for row in connection.execute(select(table))]
    series.dispose()
    return "\n".join(dump)


def test_every_table_says_whose_its_rows_are() -> None:
    named = {one.table.name for one in HELD}
    assert named | OF_NO_HOME == set(schema.records.tables), "a new table joins hub/store/held.py"
    assert not named & OF_NO_HOME
    assert [one.table.name for one in HELD if one.fate is Fate.KEPT and not one.why] == [], "what stays says why"
    linked = {table.name for table in schema.records.tables.values() if "link" in table.c}
    assert {one.table.name for one in HELD if one.table.name in linked and one.fate is not Fate.KEPT} == set()


def test_all_that_is_held_is_handed_over_in_files_that_describe_themselves(world: World, client: Inside) -> None:
    answer = client.get(f"{HERE}/everything.zip")
    assert answer.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as packed:
        package = json.loads(packed.read("datapackage.json"))
        everything = json.loads(packed.read("everything.json"))
        for resource in package["resources"]:
            lines = list(csv.DictReader(io.StringIO(packed.read(resource["path"]).decode())))
            fields = [field["name"] for field in resource["schema"]["fields"]]
            assert lines, resource["name"]
            assert list(lines[0]) == fields
            assert len(lines) == len(everything[resource["name"]])
        noticed = world.store.series.counts()[HOME][0]
        assert len(everything["observations"]) == noticed > 20
        assert sum(sum(one["counts"]) for one in everything["summaries"]) == 3
    told = said({}, answer.content)
    for data in (*PERSONAL, Data.REABLEMENT, Data.ALERTS, Data.TIMELINE, Data.LOOKS, Data.ROOMS):
        assert [mark for mark in MARKS[data] if mark not in told] == [], data
    assert CODE not in told
    assert "Lindqvist" not in told
    assert Wishes(world.store.records.engine).of(HOME)[0].deed is Deed.TAKEN_OUT


def test_what_was_measured_is_erased_wherever_it_stands_and_the_service_goes_on(world: World) -> None:
    before, theirs = held(world), held(world, "h_lindqvist")
    resident = world.store.records.resident(RESIDENT)
    assert resident
    told = erase_history(world.store, resident, None, wish(world))
    after = held(world)
    history = {one.table.name for one in HELD if one.fate is Fate.HISTORY}
    assert {name for name in history if after[name]} == set()
    filled = {
        "heartbeats",
        "expectations",
        "rhythms",
        "spells",
        "battery_levels",
        "test_presses",
        "traces",
        "set_aside",
    }
    assert {name for name in filled if not before[name]} == set(), "each was there to be erased"
    assert {name: count for name, count in after.items() if name not in {*history, "wishes"}} == {
        name: count for name, count in before.items() if name not in {*history, "wishes"}
    }
    series = world.store.series
    assert HOME not in series.counts()
    assert series.summaries(HOME, world.now - timedelta(days=400), world.now) == []
    assert (held(world, "h_lindqvist"), series.counts()["h_lindqvist"]) == (theirs, (1, 1))
    assert next(one.count for one in told if one.words == "observations") == 34
    assert {one.fate for one in told if one.why} == {"kept"}
    report = Wishes(world.store.records.engine).of(HOME)[0]
    assert report.text.startswith("observations: 34; ")
    home = world.store.records.home(HOME)
    assert home
    assert home.erased_at == world.now


def test_one_kind_may_be_erased_alone(world: World, client: Inside) -> None:
    world.saw(HOME, (world.now, "pendant", What.PRESSED))
    health, motion = world.store.records.health, [one.id for one in world.home(HOME).sensors if one.kind == "motion"]
    world.beat(HOME)
    health.level([(HOME, "pendant", world.now, 70.0), (HOME, "taken_out", world.now, 60.0)])
    health.begin([Spell(HOME, FindingKind.BATTERY_FLAT, world.now, sensor=one) for one in ("a_pir", "pendant")])
    assert client.post(f"{HERE}/erase", kind="motion").status == 409, "the word is missing"
    page = client.post(f"{HERE}/erase", kind="motion", sure="Delete")
    assert "Observations by motion 34 deleted" in words(page.text)
    left = world.store.series.between(HOME, world.now - timedelta(days=400), world.now + timedelta(days=1))
    assert [row.what for row in left] == [What.PRESSED]
    assert list(health.levels(HOME)) == [(HOME, "pendant")], "and none of one that was taken out"
    assert [one.sensor for one in health.lasting()] == ["", "pendant"]
    assert [held(world)[one] for one in ("expectations", "rhythms", "traces", "heartbeats")] == [0, 0, 1, 1]
    for line in (
        "The usual day as it was learned 1 deleted",
        "How often sensors report, as learned 1 deleted",
        "Battery levels 2 deleted",
        "Times of trouble with the kit 1 deleted",
    ):
        assert line in words(page.text), line
    beat = world.store.records.heartbeat(HOME)
    assert beat
    assert "pendant" in beat.sensors
    assert [one for one in beat.sensors if one in motion] == [], "nor does the last heartbeat tell of it"
    assert client.post(f"{HERE}/erase", kind="pendant", sure="delete").status == 200
    assert [held(world)[one] for one in ("battery_levels", "traces")] == [0, 0]


def test_when_the_service_has_ended_nothing_says_who_lived_there(world: World) -> None:
    resident = world.store.records.resident(RESIDENT)
    assert resident
    before = everything(world)
    assert [mark for data in PERSONAL for mark in MARKS[data] if mark not in before] == []
    told = erase_all(world.store, resident, wish(world))
    left = everything(world)
    assert [mark for data in PERSONAL for mark in MARKS[data] if mark in left] == []
    assert ("date(2026, 8, 14)" in before, "date(2026, 8, 14)" in left) == (True, False)
    assert "zlarder" not in left.replace("znoticed", "")
    assert held(world)["alerts"] == 1, "the record of care is kept"
    assert {one.words for one in told if one.why} >= {"alerts", "who looked"}
    assert world.store.records.broken_logs() == []
    account = world.store.records.account("as_c_times")
    assert account
    assert account[0].name == "as_c_times"


def test_nothing_is_deleted_for_good_while_somebody_is_looked_after_there(world: World, app: FastAPI) -> None:
    office, tom = Inside(app, world, "amina"), Inside(app, world, "tom")
    form = {"kind": "everything", "sure": "delete", "word": "in writing"}
    assert "has not ended" in words(office.post(f"{HERE}/erase", **form).text)
    world.store.records.load(Register(homes=(replace(world.home(HOME), ended=world.now),)), {})
    assert tom.post(f"{HERE}/erase", **form).status == 404
    assert tom.get(f"{HERE}/everything.zip?word=in+writing").status == 404
    assert "Quorra Zempel" in everything(world)
    assert "Everything but what must be kept was deleted" in office.post(f"{HERE}/erase", **form).text
    assert "Quorra Zempel" not in everything(world)


def test_the_letter_says_it_all_in_large_print_in_welsh_and_aloud(world: World, client: Inside) -> None:
    told = said({}, client.get(f"{HERE}/letter.pdf?large=yes").content)
    flat = " ".join(told.split())
    for text in ("Dear Mrs Zquill", "There is no camera", "Motion sensors: in use", "Zcontact Times, zniece",
                 "A supervisor at the contact centre, for a reason that was written down: once", "zmaker",
                 "You came home from hospital on 14 August 2026"):  # fmt: skip
        assert text in flat, text
    client.post(f"{HERE}/kind", kind="motion", deed="stop")
    assert "Motion sensors: not in use" in " ".join(said({}, client.get(f"{HERE}/letter.pdf").content).split())
    sound = client.get(f"{HERE}/letter.wav")
    assert sound.content.startswith(b"RIFF")
    assert len(sound.content) > 100_000


def test_a_decision_in_her_place_names_who_made_it_and_comes_back_when_due(world: World, app: FastAPI) -> None:
    office, asked = Inside(app, world, "amina"), f"{HERE}?word=in+person"
    form = {
        "word": "in person", "about": "motion", "deed": "stop", "decided": "no motion sensor", "maker": "Zara Hill",
        "standing": "attorney", "capacity": "assessed on Monday", "consulted": "her daughter", "least": "nothing less",
        "review": "2026-12-10",
    }  # fmt: skip
    assert office.post(f"{HERE}/decision", **{**form, "maker": ""}).status == 409
    assert office.post(f"{HERE}/decision", **{**form, "review": "2029-01-01"}).status == 409
    assert office.post(f"{HERE}/decision", **form).status == 303
    page = words(office.get(asked).text)
    assert "Motion: no motion sensor , by Zara Hill (attorney)" in page
    assert "Motion sensors not in use" in page
    due = words(office.get("/choices").text)
    assert "due on 10 December 2026" in due
    assert "due since 19 November 2026" in due
    sunita = Inside(app, world, "sunita")
    assert "nor a browser is known: Amina Yusuf and Sunita Rao." in words(sunita.get("/choices").text)
    assert sunita.post("/account/email", email="sunita at council").status == 400
    assert sunita.post("/account/email", email="sunita@council.example").status == 200
    assert "is known: Amina Yusuf. Either" in words(sunita.get("/choices").text)
    assert Inside(app, world, "ivan").post("/account/email", email="ivan@council.example").status == 404
    number = Wishes(world.store.records.engine).decisions(HOME)[0][0]
    assert office.post(f"{HERE}/decision/{number}/end", word="in person").status == 303
    assert "due since" not in words(office.get("/choices").text)
    assert "motion" not in Inside(app, world, "west_administrator").get("/choices").text
    for login in ("tom", "karl", "ivan", "max"):
        other = Inside(app, world, login)
        assert other.get("/choices").status == 404, login
        assert other.post(f"{HERE}/decision", **form).status == 404, login
