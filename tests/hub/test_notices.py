"""Notices to relatives: written down before they are sent, by the next way where one fails, and never twice."""

import io
import wave
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete
from sqlalchemy.exc import OperationalError

from hub.clock import Clock
from hub.escalate import Sending
from hub.keyring import Keyring
from hub.links import Links
from hub.notices import Notices
from hub.settings import Settings
from hub.store import Store, open_store
from hub.store.amendments import Amendment
from hub.store.database import writing
from hub.store.records import Beat, Expectation
from hub.store.relatives import Relatives, Sent
from hub.store.row import Row
from hub.store.schema import preferences
from hub.store.version import next_version
from hub.store.ways import Ways
from hub.store.wishes import Wishes
from hub.transports import Unreached
from models.notices import NoticeKind, Preferences
from models.observation import SensorKind, What
from models.people import BY_LETTER, READ_ALOUD, Account, Address, Level, Resident, Role, Telling
from models.privacy import Consent
from models.register import Register
from models.wire import Heartbeat, encode
from models.wishes import Decision, Deed, Wish
from tests.conftest import eventually, wanted
from tests.hub.conftest import T0, Hand, Told

HOME = "okafor-home"
BROWSER = '{"endpoint": "https://push.example/1", "keys": {"p256dh": "x", "auth": "y"}}'


class Desk:
    """Notices with ways that append to a list, turned by hand. A crash is a new one on the same store."""

    def __init__(self, store: Store, hand: Hand) -> None:
        self.store, self.hand = store, hand
        self.told = {name: Told() for name in ("email", "sms", "push", "webpush", "sip")}
        self.relatives, self.ways = Relatives(store.records.engine), Ways(store.records.engine)
        self.keyring = Keyring(hand.path.parent / "secrets")
        self.begin()

    def begin(self, public_url: str | None = "https://hub.example") -> None:
        self.sending = Sending(self.told, 20.0)
        clock = Clock(str(self.hand.path))
        self.notices = Notices(self.store, self.told, self.sending, clock, public_url, Links(self.keyring))

    def at(self, moment: datetime) -> None:
        """The home is heard and judged until then."""
        self.hand.set(moment)
        self.store.records.beat([Beat(HOME, encode(Heartbeat("box", moment, moment)), moment, moment)])
        self.store.records.turned("watch", 0.0, moment)
        self.notices._decided_at = self.notices._looked_ahead_at = float("-inf")
        self.notices.turn()

    def settled(self) -> None:
        def over() -> bool:
            self.notices.turn()
            return not self.relatives.in_state(Sent.SENDING) + self.relatives.in_state(Sent.INTENDED)

        eventually(over, 30)

    def states(self) -> list[tuple[str, str, str]]:
        return [(one.kind, one.state, one.way) for one in reversed(self.relatives.of_person("ada"))]


@pytest.fixture
def desk(tmp_path: Path, register: Register, hand: Hand) -> Desk:
    store = open_store(Settings(data_dir=str(tmp_path / "data")))
    ada = replace(
        register.contacts[0],
        level=Level.TIMES,
        addresses=(Address("email", "ada@home.example"), Address("sms", "01632 960077")),
    )
    store.records.load(replace(register, contacts=(ada, *register.contacts[1:])), {"tom": "-", "ada": "-"})
    made = Desk(store, hand)
    made.relatives.prefer("ada", Preferences("Mum", bed=True))
    return made


def evening(hour: float) -> datetime:
    return T0.replace(hour=0) + timedelta(hours=hour)


def saw(desk: Desk, at: datetime, sensor: str = "hall", what: What = What.MOVED, number: int = 1) -> None:
    desk.store.series.append([Row(HOME, "box", number, sensor, what, at, at)])
    desk.store.records.expect([Expectation(HOME, at, at + timedelta(hours=10))])


def test_a_digest_a_day_and_no_more_to_those_who_chose_it(desk: Desk) -> None:
    saw(desk, evening(17.9))
    for hour in (17.9, 18.0, 18.2, 19.0):
        desk.at(evening(hour))
        desk.settled()
    (call,) = desk.told["email"].calls
    assert (call.who, call.to) == ("ada", ("ada@home.example",))
    assert "Last sign 17:54, in the hall." in call.text
    assert desk.states() == [("digest", "sent", "email")]
    assert desk.relatives.of_person("karl") == [], "nobody without a login, who could not turn it off"
    looks = desk.store.records.looks(HOME)
    assert [(one.viewer, one.reason) for one in looks] == [("ada", "a notice that they asked for")]


def test_what_the_hub_fails_at_or_a_database_that_is_away_holds_up_no_other_notice(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    saw(desk, evening(17.9))
    desk.hand.set(evening(18))
    desk.relatives.intend([(f"digest {who}", HOME, who, NoticeKind.DIGEST) for who in ("ada", "karl")], evening(18))
    honest, way = desk.notices._call, OperationalError("", None, Exception("away"))

    def fails(*told: object) -> object:
        raise KeyError("a bug")

    monkeypatch.setattr(desk.notices, "_call", fails)
    for _ in range(2):
        with pytest.raises(KeyError) as bug:
            desk.notices.turn()
        desk.notices.stumbled(bug.value)
    monkeypatch.setattr(desk.notices, "_call", honest)
    desk.relatives.intend([("digest again", HOME, "ada", NoticeKind.DIGEST)], evening(18))
    desk.notices.turn()
    assert [one.detail for one in desk.relatives.of_person("ada")][-1].startswith("the hub itself failed at it")
    honest_works = desk.notices._ways.works
    monkeypatch.setattr(desk.notices._ways, "works", fails_once(way, honest_works))
    with pytest.raises(OperationalError) as away:
        eventually(desk.notices.turn)  # until it falls over what came
    desk.notices.stumbled(away.value)
    desk.settled()
    assert desk.relatives.of_person("ada", 1)[0].state is Sent.SENT


def fails_once(why: Exception, work: Callable[..., None]) -> Callable[..., None]:
    left = [why]

    def once(*told: Any) -> None:
        if left:
            raise left.pop()
        work(*told)

    return once


def test_whoever_has_a_login_has_a_digest_until_they_turn_it_off(desk: Desk) -> None:
    """Karl, of his own father; as far as that is agreed with him, and by a way that is set up here."""
    karl = desk.store.records.contact("karl")
    assert karl
    login = Account("kb", "Karl Brandt", Role.CONTACT, "karl")
    desk.relatives.prefer("ada", Preferences(digest=False))
    desk.store.records.load(Register(contacts=(replace(karl, level=Level.NOTHING),), accounts=(login,)), {"kb": "-"})
    for paused_until, level in ((None, Level.NOTHING), (evening(19), Level.TIMES)):
        denied = replace(karl, level=level, paused_until=paused_until)
        desk.store.records.load(Register(contacts=(denied,)), {})
        desk.at(evening(18.0))
        assert desk.relatives.of_person("karl") == [], "he is shown nothing, so he is told nothing"
    desk.told["email"].set_up = False
    desk.begin()
    desk.at(evening(19.5))
    assert desk.relatives.of_person("karl") == [], "nobody meant to write mail here: that is no fault of a mail server"
    desk.told["email"].set_up = True
    desk.begin()
    for hour in (20, 20.5):
        desk.at(evening(hour))
        desk.settled()
    (call,) = desk.told["email"].calls
    assert (call.who, call.home, call.kind) == ("karl", "next-door", "digest")
    desk.begin()
    desk.at(evening(21))
    assert len(desk.relatives.of_person("karl")) == 1, "a restart begins nothing again"
    desk.relatives.prefer("karl", Preferences(digest=False))
    desk.at(evening(42))
    assert len(desk.relatives.of_person("karl")) == 1
    desk.relatives.prefer("karl", Preferences())
    account = desk.store.records.accounts.find("kb")
    assert account
    desk.at(evening(42))
    desk.settled()
    assert len(desk.told["email"].calls) == 2


def test_a_login_that_is_closed_gets_nothing_by_default(desk: Desk) -> None:
    noted = Amendment(desk.hand.now, "amina", "", "account", "ada", "closed")
    desk.store.records.accounts.close("ada", desk.hand.now, noted)
    with writing(desk.store.records.engine) as connection:
        connection.execute(delete(preferences))
        next_version(connection)
    desk.at(evening(18.0))
    assert desk.states() == []


def test_beyond_so_many_at_once_the_rest_waits_and_none_goes_another_way(desk: Desk) -> None:
    """A way that has too many under way counts as failed for one more."""
    desk.at(evening(12.0))
    desk.told["email"].hold.clear()
    keys = [f"digest {evening(18).date()} ada{number}" for number in range(20)]
    desk.relatives.intend([(key, HOME, "ada", NoticeKind.DIGEST) for key in keys], desk.hand.now)
    for _ in range(5):
        desk.notices.send(desk.hand.now)
    assert len(desk.relatives.in_state(Sent.SENDING)) == 8
    desk.told["email"].hold.set()
    desk.settled()
    assert len(desk.told["email"].calls) == 20
    assert desk.told["sms"].calls == []


def test_got_to_bed_comes_when_it_is_so_and_else_a_word_by_one(desk: Desk) -> None:
    desk.relatives.prefer("ada", Preferences("Mum", digest=False, bed=True))
    saw(desk, evening(22.5))
    desk.at(evening(23.0))
    assert desk.states() == []
    desk.at(evening(23.4))
    desk.settled()
    assert desk.told["email"].calls[-1].text.startswith("All quiet since 22:30: Mum has probably gone to bed.")
    assert desk.told["email"].calls[-1].silent, "in quiet hours nothing makes a sound"
    saw(desk, evening(46.0), "front-door", What.CLOSED, 2)
    desk.at(evening(48.9))
    assert len(desk.states()) == 1
    desk.at(evening(49.1))
    desk.settled()
    assert "We have not noticed that Mum went to bed." in desk.told["email"].calls[-1].text


@pytest.mark.parametrize("settings_know", [True, False])
def test_of_a_couple_nobody_is_told_that_one_of_them_is_in_bed(desk: Desk, *, settings_know: bool) -> None:
    """One lies down at nine; ten minutes later the other is in the hall."""
    home = desk.store.records.home(HOME)
    assert home
    saw(desk, evening(21), "bed", What.LAY_DOWN)
    saw(desk, evening(21.2), number=2)
    agreed = Consent(HOME, SensorKind.BED, "grace", "agreed", T0)
    if settings_know:
        desk.store.records.load(Register(homes=(replace(home, people=2),), consents=(agreed,)), {})
    else:
        his = Resident("emeka", HOME, "Emeka Okafor", "Mr Okafor", "1 Elm Row")
        desk.store.records.load(Register(residents=(his,), consents=(agreed,)), {})
    desk.relatives.prefer("ada", Preferences("Mum", bed=True, digest_hour=21))
    for hour in (21.3, 22.0):
        desk.at(evening(hour))
        desk.settled()
    day, bed = (call.text for call in desk.told["email"].calls)
    assert day.startswith(
        "Somebody is up and about at home. In all, 2 people live there. Last sign 21:12, in the hall."
    )
    assert bed.startswith("All quiet at home since 21:12. We cannot tell who has gone to bed: 2 people live there.")


def test_what_was_in_a_pause_of_sharing_is_told_in_no_notice_once_it_is_over(desk: Desk) -> None:
    desk.relatives.prefer("ada", Preferences("Mum", digest=False, bed=True))
    saw(desk, evening(22.5))
    pause = Wish(evening(21), HOME, "grace", "grace", Deed.SHARING_PAUSED, "ada", until=evening(23))
    Wishes(desk.store.records.engine).keep(pause)
    desk.at(evening(23.4))
    desk.settled()
    text = desk.told["email"].calls[-1].text
    assert text.startswith("All quiet; nothing unusual."), "neither that she went to bed then, nor that she did not"


def test_a_way_that_fails_leads_to_the_next_and_it_is_said(desk: Desk) -> None:
    """A subscription that died is forgotten, and an unreachable mail server is on every console."""
    desk.ways.subscribe("ada", "https://push.example/1", BROWSER, desk.hand.now)
    gone = Unreached("the browser is subscribed no longer", gone=("https://push.example/1",))
    desk.told["webpush"].fault = gone
    desk.told["email"].fault = Unreached("the mail server failed: ConnectionRefusedError", broken=True)
    desk.at(evening(18.0))
    desk.settled()
    (notice,) = desk.relatives.of_person("ada")
    assert (notice.state, notice.way, notice.tried) == (Sent.SENT, "sms", ("webpush", "email"))
    assert "webpush: the browser is subscribed no longer; email: the mail server failed" in notice.detail
    assert desk.ways.subscriptions("ada") == []
    assert [one.transport for one in desk.ways.broken()] == ["email"]


def test_who_wants_it_spoken_is_sent_a_sound_or_rung_up(desk: Desk) -> None:
    """One who hates letters: nobody else is ever rung for a digest."""
    wanted("espeak-ng")
    ada = desk.store.records.contact("ada")
    assert ada
    numbers = (*ada.addresses, Address("sip", "01632 960077"))
    ife = replace(ada, id="ife", addresses=numbers, telling=Telling("by telephone", "cy"))
    obi = replace(ada, id="obi", addresses=numbers, telling=Telling(READ_ALOUD))
    desk.store.records.load(Register(contacts=(replace(ada, addresses=numbers), ife, obi)), {})
    desk.at(evening(18.0))
    desk.settled()
    (rung,) = desk.told["sip"].calls
    assert rung.who == "ife"
    assert rung.aloud.startswith("https://hub.example/by-link/aloud/n")
    sounds = {call.who: call.sound for call in desk.told["email"].calls}
    assert sounds.keys() == {"ada", "obi"}
    assert sounds["ada"] == b""
    with wave.open(io.BytesIO(sounds["obi"])) as sound:
        assert sound.getnframes() / sound.getframerate() > 2, "seconds"
    assert [one.state for one in desk.relatives.of_person("ife")] == [Sent.RANG], "what rings has told nobody anything"
    desk.relatives.picked_up(desk.relatives.of_person("ife")[0].id, desk.hand.now)
    desk.at(evening(18.5))
    assert [one.state for one in desk.relatives.of_person("ife")] == [Sent.SENT]
    assert len(desk.told["sip"].calls) == 1
    desk.told["sip"].fault = Unreached("the telephone exchange does not answer", broken=True)
    desk.at(evening(42.0))
    desk.settled()
    (last,) = [one for one in desk.relatives.of_person("ife") if one.tried]
    assert (last.state, last.way, last.tried) == (Sent.SENT, "email", ("sip",)), "the next way is tried"


def test_a_telephone_that_nobody_picks_up_rings_again_and_then_the_next_way_is_tried(desk: Desk) -> None:
    ada = desk.store.records.contact("ada")
    assert ada
    with_telephone = replace(ada, addresses=(*ada.addresses, Address("sip", "01632 960077")))
    desk.store.records.load(Register(contacts=(with_telephone,)), {})
    desk.relatives.prefer("ada", Preferences("Mum", way="sip"))
    for hour, rung in ((18.0, 1), (18.2, 1), (18.26, 2), (18.28, 2)):
        desk.at(evening(hour))
        desk.settled()
        assert [one.kind for one in desk.told["sip"].calls] == ["digest"] * rung, hour
    assert desk.told["email"].calls == []
    desk.begin()
    desk.at(evening(18.31))
    desk.settled()
    assert desk.states() == [("digest", "sent", "email")]
    (told,) = desk.relatives.of_person("ada")
    assert told.detail == "sip: nobody picked up; sip: nobody picked up the second time either"


def test_where_every_way_fails_the_page_can_say_so(desk: Desk) -> None:
    for way in desk.told.values():
        way.fault = Unreached("the telephone is off")
    desk.at(evening(18.0))
    desk.settled()
    assert desk.states() == [("digest", "failed", "sms")]
    desk.at(evening(18.5))
    assert desk.states() == [("digest", "failed", "sms")], "and it is not begun again"


def test_what_was_under_way_when_the_hub_stopped_comes_once(desk: Desk) -> None:
    """By email with the same key again; by a way that would ring twice, not."""
    key, kind = "digest x ada", NoticeKind.DIGEST
    for number, way in enumerate(("email", "sms")):
        desk.relatives.intend([(f"{key}{number}", HOME, "ada", kind)], desk.hand.now)
        (notice,) = desk.relatives.in_state(Sent.INTENDED)
        desk.relatives.begin(notice.id, way)
    desk.begin()
    desk.settled()
    assert [call.key for call in desk.told["email"].calls] == [f"{key}0"]
    assert desk.told["sms"].calls == []
    assert [state for _, state, _ in desk.states()] == ["sent", "unknown"]


def test_a_resident_who_shares_nothing_now_is_not_told_of(desk: Desk) -> None:
    ada = desk.store.records.contact("ada")
    assert ada
    paused = replace(ada, paused_until=evening(30))
    desk.store.records.load(Register(contacts=(paused,)), {})
    desk.at(evening(18.0))
    desk.settled()
    assert desk.told["email"].calls == []
    assert desk.states() == [], "nor is it put down each day that it could not be sent"
    key = f"digest {evening(18).date()} ada"
    desk.relatives.intend([(key, HOME, "ada", NoticeKind.DIGEST)], desk.hand.now)
    desk.settled()
    assert desk.states() == [("digest", "failed", "")], "one that was decided on before goes to nobody"


@pytest.mark.parametrize("level", [Level.ALL_IS_WELL, Level.TIMES])
def test_a_screen_shows_nothing_of_how_things_are(desk: Desk, level: Level) -> None:
    ada = desk.store.records.contact("ada")
    assert ada
    desk.store.records.load(Register(contacts=(replace(ada, level=level),)), {})
    desk.ways.subscribe("ada", "https://push.example/1", BROWSER, desk.hand.now)
    saw(desk, evening(17.0))
    desk.at(evening(18.0))
    desk.settled()
    (call,) = desk.told["webpush"].calls
    assert (call.subject, call.text) == ("Nightlight", "Open to see.")


def test_a_push_with_nothing_to_open_says_itself_how_things_are(desk: Desk) -> None:
    ada = desk.store.records.contact("ada")
    assert ada
    desk.store.records.load(Register(contacts=(replace(ada, addresses=(Address("push", "ada-okafor"),)),)), {})
    desk.begin(None)
    saw(desk, evening(17.9))
    desk.at(evening(18.0))
    desk.settled()
    (call,) = desk.told["push"].calls
    assert "Last sign 17:54" in call.text


def test_the_lowest_level_has_no_evening_in_it(desk: Desk) -> None:
    ada = desk.store.records.contact("ada")
    assert ada
    desk.store.records.load(Register(contacts=(replace(ada, level=Level.ALL_IS_WELL),)), {})
    desk.at(evening(18.0))
    desk.settled()
    desk.at(evening(23.4))
    desk.settled()
    assert len(desk.states()) == 1, "when somebody goes to bed is a part of the day"


def test_who_has_no_login_is_told_by_what_is_on_their_record(desk: Desk) -> None:
    ada = desk.store.records.contact("ada")
    assert ada
    by_text = replace(ada, id="obi", name="Obi Okafor", telling=Telling("by text message"))
    desk.relatives.prefer("ada", Preferences(digest=False))
    desk.store.records.load(Register(contacts=(by_text,)), {})
    saw(desk, evening(17.9))
    desk.at(evening(18.0))
    desk.settled()
    assert [(call.who, call.kind) for call in desk.told["sms"].calls] == [("obi", "digest")]
    assert desk.told["email"].calls == []
    desk.relatives.prefer("obi", Preferences(digest=False))
    desk.at(evening(42.0))
    desk.settled()
    assert len(desk.told["sms"].calls) == 1, "what they choose themselves goes before it"


def test_of_somebody_who_is_looked_after_no_longer_nobody_is_told(desk: Desk) -> None:
    ada, grace = desk.store.records.contact("ada"), desk.store.records.resident("grace")
    assert ada
    assert grace
    by_text = replace(ada, id="obi", telling=Telling("by text message"))
    by_post = replace(ada, id="ife", telling=Telling(BY_LETTER))
    gone = replace(grace, ended=evening(12), telling=Telling(BY_LETTER))
    desk.store.records.load(Register(residents=(gone,), contacts=(by_text, by_post)), {})
    desk.at(evening(19.0))
    desk.settled()
    assert letters(desk) == []
    assert not [one for told in desk.told.values() for one in told.calls]


def letters(desk: Desk) -> list[tuple[str, str]]:
    return [(one.key, one.state) for one in desk.relatives.in_state(Sent.LISTED)]


def test_who_wants_letters_has_one_a_week_waiting_and_one_only(desk: Desk, register: Register) -> None:
    """By their own choice, or by what is on record of them. T0 is a Sunday."""
    ada, karl = desk.store.records.contact("ada"), desk.store.records.contact("karl")
    resident = desk.store.records.resident("grace")
    assert ada
    assert karl
    assert resident
    post = Address("post", "7 Rowan Street, Eastgate")
    desk.store.records.load(
        Register(
            residents=(replace(resident, telling=Telling(BY_LETTER)),),
            contacts=(replace(ada, addresses=(post,)), replace(karl, telling=Telling(BY_LETTER), level=Level.NOTHING)),
        ),
        {},
    )
    desk.relatives.prefer("ada", Preferences("Mum", way="post"))
    amina = Account("amina", "Amina Yusuf", Role.ADMINISTRATOR, addresses=(Address("email", "amina@council.example"),))
    desk.store.records.load(Register(accounts=(amina,)), {"amina": "-"})
    for hour in (18.0, 20.0, 23.0):
        desk.at(evening(hour))
        desk.settled()
    (reminder,) = desk.told["email"].calls
    assert (reminder.kind, reminder.text) == (
        "posting", "Letters to be posted: 2 in time.\n\nhttps://hub.example/letters",
    )  # fmt: skip
    monday = f"{evening(18).date() - timedelta(days=evening(18).weekday())}"
    assert letters(desk) == [(f"letter {monday} ada", "listed"), (f"letter {monday} grace", "listed")], "and no other"
    desk.at(evening(24 * 8))
    assert {key.split()[2]: state for key, state in letters(desk)} == {"ada": "listed", "grace": "listed"}
    assert [state for kind, state, _ in desk.states() if kind == "letter"] == ["failed", "listed"]
    assert desk.relatives.of_person("ada")[1].detail == "it was not posted within its week"
    assert {one.kind for told in desk.told.values() for one in told.calls} == {"posting"}, (
        "none goes another way instead"
    )


def test_whoever_keeps_decisions_is_reminded_when_one_is_due_and_of_nobody_by_name(desk: Desk) -> None:
    now = evening(10.0)
    staff = (
        Account("amina", "Amina Yusuf", Role.ADMINISTRATOR, addresses=(Address("email", "amina@council.example"),)),
        Account(
            "wes", "Wes Tarn", Role.ADMINISTRATOR, addresses=(Address("email", "w@x.example"),), council="Westmoor"
        ),
    )
    desk.store.records.load(Register(accounts=staff), {"amina": "-", "wes": "-"})
    review = now + timedelta(days=10)
    decision = Decision("motion", "used", "Zara Hill", "attorney", "found so", "family", "nothing less", now, review)
    Wishes(desk.store.records.engine).decide(
        HOME, "grace", decision, Wish(now, HOME, "grace", "amina", Deed.DECIDED, "motion", "in person")
    )
    doors = Consent(HOME, SensorKind.DOOR, "Mrs Okafor", "for a time", now, review_at=now + timedelta(days=20))
    desk.store.records.load(Register(consents=(doors,)), {})
    for days in (0, 1, 9, 10, 11, 16, 17):
        desk.at(now + timedelta(days=days))
        desk.settled()
    calls = [one for one in desk.told["email"].calls if one.kind == "review"]
    assert [one.key for one in calls] == [f"review {now + timedelta(days=n):%Y-%m-%d} amina" for n in (0, 10, 17)]
    assert {one.to for one in calls} == {("amina@council.example",)}, "and nobody of another council"
    assert "looked at again: 2 due within the month." in calls[0].text
    assert "looked at again: 1 overdue, 1 due within the month." in calls[1].text
    assert all(one.text.endswith("https://hub.example/choices") for one in calls)
    assert not [one for one in calls if "Zara" in one.text or HOME in one.text]
    desk.store.records.load(Register(consents=(replace(doors, withdrawn_at=now),)), {})
    Wishes(desk.store.records.engine).end(1, now, Wish(now, HOME, "grace", "amina", Deed.REVIEWED, "motion"))
    desk.at(now + timedelta(days=30))
    desk.settled()
    assert len([one for one in desk.told["email"].calls if one.kind == "review"]) == 3
