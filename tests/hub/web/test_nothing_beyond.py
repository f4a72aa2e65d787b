"""Every route, for everybody: nothing comes back beyond the tables of models/privacy.py, in whatever form it comes.

Each kind of data about a person has marks that nothing else would ever say (`marked.py`). All routes there are, found
by themselves, are asked by everybody there is: while nothing is the matter, while an alert is open, with every form,
and with a reason given. What the tables do not give for any purpose of that moment must not be in an answer.
"""

import asyncio
import logging
import os
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute

from hub.calls import Calls
from hub.keyring import Keyring
from hub.links import Links
from hub.web.app import PARTS, build
from hub.web.visitor import SESSION
from models.people import PUSHES, Level, Role
from models.privacy import TABLE, Data, Purpose, Showing, showing
from models.response import Step
from models.telling import say
from tests.hub.web.inside import Answer, answered
from tests.hub.web.marked import (
    ALSO_BY,
    HOME,
    LEVELS,
    MARKS,
    RESIDENT,
    SENT,
    STAFF,
    STRANGERS,
    fell,
    marked,
    said,
)
from tests.hub.web.test_everywhere import contents
from tests.hub.web.world import World

STREAM = re.compile(r"/changes$")
STREAMS = ("/console/changes", "/console/changes?alert=1")
"""They do not end, so they are asked apart: what they say first is the moment, and then the whole of what is shown."""
LEAVING = frozenset({"/logout", "/account/leave-everywhere", "/account/password"})
TYPED = {
    "text": "x", "reason": "because", "outcome": "test", "to": SENT, "shift": "1", "sensor": "pendant", "home": HOME,
    "minutes": "60", "hours": "1", "kind": "motion", "seen": "x", "household": HOME, "area": "X", "id": HOME,
    "serial": "0123456789", "old": "x", "new": "x", "again": "x", "word": "in person", "contact": "c_times",
    "deed": "level", "value": "times", "find": "zempel", "role": "operator", "name": "X", "person": "c_times",
    "login": "tom", "month": "2026-11", "first": "0", "basis": "asked", "by": "x", "code": "9911", "words": "x",
    "false_alerts_a_month": "2",
}  # fmt: skip
IN_PATH = {
    "home": HOME, "home_id": HOME, "login": "tom", "kind": "homes", "contact": "c_times", "month": "2026-11",
    "token": "x", "deed": "close", "resident": RESIDENT, "sensor": "pendant", "part": "calls", "stamp": "set-out",
    "step": "consent",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Somebody:
    """Who asks; `stranger` to this home, or nobody at all (`login` None)."""

    login: str | None
    role: Role | None = None
    level: Level | None = None
    stranger: bool = False


@dataclass(frozen=True, slots=True)
class Moment:
    """What holds while they ask: whether an alert is open, and whether a reason is given with what is asked."""

    alert: bool
    reason: bool


EVERYBODY = (
    Somebody(None, stranger=True),
    *(Somebody(one.login, one.role) for one in STAFF if one.login != "zlogin"),
    *(Somebody(one.login, one.role, Level.TIMES, stranger=True) for one in STRANGERS),
    *(Somebody(f"as_{one}", Role.CONTACT, level) for one, level in LEVELS.items()),
    Somebody("as_c_paused", Role.CONTACT, Level.NOTHING),
)


SENDING = frozenset(
    {None, "karl", "west_supervisor", "west_administrator", "as_c_times", *(one.login for one in STAFF)}
)
"""Forms are sent by each role; a contact's level decides what is fetched, and a form fetches nothing else."""


ALWAYS_THE_SAME = frozenset(
    role for role in Role if all(purpose is not Purpose.ANSWER for of, purpose in TABLE if of is role)
) - {Role.CONTACT, Role.RESIDENT}
"""To whom an alert makes no difference are asked once, while one is open."""


def given(who: Somebody, moment: Moment) -> frozenset[Data]:
    """All that the tables give this reader then, for any purpose; read from the tables alone."""
    sent = who.role is not Role.RESPONDER or who.login == SENT
    if who.stranger or who.role is None or not sent:
        return frozenset()
    purposes = set(Purpose) - (set() if moment.alert else {Purpose.ANSWER})
    how = {Showing.SHOWN, Showing.WITH_REASON} if moment.reason else {Showing.SHOWN}
    found = {data for data in Data for one in purposes if showing(who.role, one, data, who.level) in how}
    return frozenset(found | {data for data, by in ALSO_BY.items() if by & found})


def routes(verb: str) -> list[APIRoute]:
    found = [
        one for part in PARTS for one in part.routes.routes if isinstance(one, APIRoute) and verb in (one.methods or ())
    ]
    assert len(found) > 40, "the routes were found"
    return found


def filled(path: str) -> str:
    return re.sub(r"{(\w+)}", lambda name: IN_PATH.get(name.group(1), "1"), path)


def pages() -> list[str]:
    return [filled(one.path) for one in routes("GET") if not STREAM.search(one.path)]


def asked_with_a_reason() -> list[str]:
    """Pages that take something in their address."""
    found = []
    for one in routes("GET"):
        names = [param.alias for param in one.dependant.query_params if param.alias in TYPED]
        if names and not STREAM.search(one.path):
            found.append(filled(one.path) + "?" + "&".join(f"{name}={TYPED[name]}" for name in names))
    return found


def odd() -> list[str]:
    """Addresses of what is not there, and of what nobody can read."""
    return ["/nothing", "/console/alert/999", "/console/alert/x", "/family/%00", "/administration/homes/h_nowhere"]


class Asking:
    """Everybody in this process, each with a session of their own; what was found of whom, and where."""

    def __init__(self, app: FastAPI, world: World) -> None:
        self._app, self._world = app, world
        self.seen: dict[Data, set[str]] = defaultdict(set)
        self.beyond: list[str] = []
        self.fallen: list[str] = []
        self.heard = 0

    def get(self, who: Somebody, moment: Moment, paths: list[str]) -> None:
        asyncio.run(self._all(who, moment, [("GET", path) for path in paths]))

    def listen(self, who: Somebody, moment: Moment) -> None:
        """Each with a loop of its own, so that it is told the whole at once."""
        for path in STREAMS:
            cookie = f"{SESSION}={self._world.session(who.login)}" if who.login else ""
            answer = asyncio.run(answered(self._app, "GET", path, cookie, {}, pieces=2))
            self._read(who, moment, f"GET {path}", answer)
            self.heard += answer.status == 200

    def post(self, who: Somebody, moment: Moment, paths: list[str]) -> None:
        asyncio.run(self._all(who, moment, [("POST", path) for path in paths]))

    async def _all(self, who: Somebody, moment: Moment, asked: list[tuple[str, str]]) -> None:
        cookie = f"{SESSION}={self._world.session(who.login)}" if who.login else ""
        page = await answered(self._app, "GET", "/account", cookie, {})
        token = re.search(r'name="csrf" value="([^"]+)"', page.content.decode())
        form = {**TYPED, "csrf": token.group(1) if token else "none"}
        for verb, path in asked:
            self._read(who, moment, f"{verb} {path}", await answered(self._app, verb, path, cookie, form))

    def _read(self, who: Somebody, moment: Moment, asked: str, answer: Answer) -> None:
        if answer.status >= 500:
            self.fallen.append(f"{who.login} {asked}")
        text, may = said(answer.headers, answer.content), given(who, moment)
        for data, marks in MARKS.items():
            found = [mark for mark in marks if mark in text]
            if found:
                self.seen[data].add(f"{who.login} {asked}")
            if found and data not in may:
                self.beyond.append(f"{who.login} ({who.role}, {who.level}) got '{data}' by {asked}: {found}")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return marked(tmp_path_factory.mktemp("marked"))


@pytest.fixture(scope="module")
def legible(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """In the place of the program that speaks, one whose sound can be read: the text that it was given."""
    program = tmp_path_factory.mktemp("voice") / "espeak-ng"
    program.write_text("#!/bin/sh\nprintf RIFF\nexec cat\n", encoding="utf-8")
    program.chmod(0o755)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
        yield


@pytest.fixture(scope="module")
def asking(world: World, legible: None) -> Asking:
    return Asking(build(world.settings), world)


def forms() -> list[str]:
    return [filled(one.path) for one in routes("POST") if one.path not in LEAVING]


@pytest.mark.timeout(600)
def test_nothing_beyond_the_tables_comes_back_by_any_route(
    world: World, asking: Asking, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    for who in (one for one in EVERYBODY if not one.stranger and one.role not in ALWAYS_THE_SAME):
        asking.get(who, Moment(alert=False, reason=False), [*pages(), *odd()])
    for who in (one for one in EVERYBODY if not one.stranger):
        asking.get(who, Moment(alert=False, reason=True), asked_with_a_reason())
    fell(world)
    before = contents(world)
    for who in (one for one in EVERYBODY if one.stranger and one.login in SENDING):
        asking.post(who, Moment(alert=True, reason=True), forms())
    kept = contents(world)
    changed = {name: [row for row in rows if row not in kept[name]] for name, rows in before.items()}
    assert not any(changed.values()), "nobody with no business here changed anything"
    asking.post(Somebody(SENT, Role.RESPONDER), Moment(alert=True, reason=True), ["/visits/1/code"])
    for who in EVERYBODY:
        asking.get(who, Moment(alert=True, reason=False), pages())
        asking.listen(who, Moment(alert=True, reason=False))
    for who in (one for one in EVERYBODY if not one.stranger and one.login in SENDING):
        asking.post(who, Moment(alert=True, reason=True), forms())
    assert asking.heard > len(STREAMS), "the streams were heard"
    assert asking.fallen == []
    assert asking.beyond == []
    assert set(MARKS) == set(Data), "a new kind of data gets a mark"
    assert set(asking.seen) == set(MARKS), "each mark is shown to somebody, or this proves nothing"
    moments = {Data.TIMES, Data.HEARING}
    told = [mark for data, marks in MARKS.items() if data not in moments for mark in marks if mark != "zlogin"]
    assert [line for line in caplog.messages if any(mark in line for mark in told)] == []


@pytest.fixture(scope="module")
def alarmed(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Another such world, in which somebody fell and nothing else happened."""
    made = marked(tmp_path_factory.mktemp("alarmed"))
    fell(made)
    return made


@pytest.mark.parametrize(("contact", "level"), [*LEVELS.items(), ("c_paused", Level.NOTHING)])
@pytest.mark.parametrize("way", ["email", "sms", "push", "webpush", "sip"])
def test_what_a_contact_is_sent_says_no_more_than_their_level(
    alarmed: World, contact: str, level: Level, way: str
) -> None:
    alert = alarmed.store.alerts.of_home(HOME, 1)[0]
    links, ring = Links(Keyring(alarmed.settings.secrets)), say("doing.ring", "en", phone="01632 960999")
    calls = Calls(alarmed.store, links, "https://hub.example", text_back=True, phone="01632 960999")
    call = calls.call(alert, Step(contact, way), 1, alarmed.now)
    who = Somebody(f"as_{contact}", Role.CONTACT, level)
    may = given(who, Moment(alert=True, reason=True))
    text = f"{call.subject} {call.text}"
    assert [data for data, marks in MARKS.items() if data not in may and any(mark in text for mark in marks)] == []
    assert ("znoticed" in text) is (level is Level.TIMES and way not in PUSHES), "others see a locked telephone"
    closed = way in PUSHES and level in (Level.NOTHING, Level.ALL_IS_WELL)
    assert call.text.startswith(say("wanted.open", "en")) is closed
    assert ("https://" in call.text) is (way != "webpush"), "a press on what is pushed opens the link"
    assert ring in call.text
    bare = Calls(alarmed.store, links, None, phone="01632 960999").call(alert, Step(contact, "push"), 1, alarmed.now)
    assert bare.text.startswith("Please check on "), "there is nothing to open"
    assert ring in bare.text
    assert "znoticed" not in bare.text
