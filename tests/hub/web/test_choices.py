"""What the resident decides, at once in force; by themselves or at their word, and never without being on record."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from hub.calls import Calls
from hub.keyring import Keyring
from hub.links import Links
from hub.pauses import Pauses
from hub.store import chain, schema
from hub.store.responses import Responses
from hub.store.wishes import Wishes
from models.alert import Act, Outcome
from models.detection import Finding, FindingKind
from models.observation import What
from models.people import Role, Telling
from models.privacy import Purpose, agreed
from models.register import Register
from models.response import Answer, Step
from models.wishes import Deed
from tests.conftest import NOON
from tests.hub.web.conftest import Visitor, logged_in, words
from tests.hub.web.marked import said
from tests.hub.web.test_family import rooms, times
from tests.hub.web.world import World

Visit = Callable[..., Visitor]
HERE = "/choices/r_okafor"


@pytest.fixture
def visit(visit: Visit, world: World) -> Visit:
    """With a session, since who keeps records needs a second factor."""
    return lambda login: logged_in(world, visit, login)


def motion_is_used(world: World) -> bool:
    return "motion" in agreed(world.store.records.consents(), "h_okafor")


def test_motion_that_is_stopped_is_gone_from_every_page_and_can_be_agreed_to_again(world: World, visit: Visit) -> None:
    grace, ada, review = visit("grace"), visit("ada"), world.now + timedelta(days=90)
    (motion,) = [one for one in world.store.records.consents("h_okafor") if one.kind == "motion"]
    world.store.records.load(Register(consents=(replace(motion, review_at=review),)), {})
    assert "kitchen" in ada.see("/family")
    assert grace.post(f"{HERE}/kind", kind="motion", deed="stop").status_code == 303
    assert not motion_is_used(world)
    assert not [room for room in ("kitchen", "bathroom") if room in ada.see("/family")]
    assert "bathroom" not in words(grace.see("/resident")).split("What is measured")[0]
    assert "Motion sensors not in use" in words(grace.see(HERE))
    assert grace.post(f"{HERE}/kind", kind="motion", deed="stop").status_code == 409
    assert grace.post(f"{HERE}/kind", kind="motion", deed="agree").status_code == 303
    assert motion_is_used(world)
    (again,) = [one for one in world.store.records.consents("h_okafor") if one.kind == "motion"]
    assert (again.given_at, again.review_at) == (world.now, review)
    assert "kitchen" in ada.see("/family")


def test_a_pause_lasts_as_long_as_agreed_and_ends_by_itself(world: World, visit: Visit) -> None:
    grace, pauses = visit("grace"), Pauses(world.store)
    assert grace.post(f"{HERE}/kind", kind="motion", deed="pause", hours="48").status_code == 409
    assert grace.post(f"{HERE}/kind", kind="motion", deed="pause", hours="8").status_code == 303
    assert "Motion sensors paused until 20:00" in words(grace.see(HERE))
    assert not motion_is_used(world)
    world.move(timedelta(hours=7, minutes=59))
    pauses.end(world.now)
    assert not motion_is_used(world)
    world.move(timedelta(minutes=1))
    pauses.end(world.now)
    assert motion_is_used(world)
    page = words(grace.see(HERE))
    assert "the pause was over" in page
    world.beat("h_okafor")
    world.saw("h_okafor", (world.now, "kitchen_pir", What.MOVED))
    day = words(visit("ada").see("/family"))
    assert "12:45 to 20:00 Not looked at: motion not measured" in day, "nobody knows whether it was quiet"
    world.move(timedelta(minutes=1))
    world.beat("h_okafor")
    parts = words(visit("chi").see("/family"))
    assert "Motion was not measured for most of this evening, so we cannot say more of it." in parts, "it is again"
    assert grace.post(f"{HERE}/kind", kind="motion", deed="pause", hours="24").status_code == 409, "8 of 24 are used"
    assert grace.post(f"{HERE}/kind", kind="motion", deed="pause", hours="12").status_code == 303


def test_sharing_may_be_paused_and_a_level_changed(world: World, visit: Visit) -> None:
    grace, ada = visit("grace"), visit("ada")
    assert grace.post(f"{HERE}/contact", contact="c_ada", deed="pause", value="8").status_code == 303
    page = ada.see("/family")
    assert "is not sharing with you at the moment" in words(page)
    assert "chose that you see" not in words(page) + words(ada.see("/family/week"))
    assert not times(page)
    assert rooms(page) == []
    assert ada.get("/why").status_code == 404
    world.move(timedelta(hours=8))
    world.beat("h_okafor")
    assert "not sharing" not in words(ada.see("/family"))
    grace.post(f"{HERE}/contact", contact="c_ada", deed="level", value="parts_of_day")
    assert not times(ada.see("/family"))
    assert "rooms and times, and alerts → morning, afternoon, evening and night" in words(grace.see(HERE))
    assert grace.post(f"{HERE}/contact", contact="c_karl", deed="level", value="times").status_code == 404
    assert grace.post(f"{HERE}/contact", contact="c_ada", deed="level", value="all").status_code == 409


def test_what_was_in_a_pause_of_sharing_stays_hidden_once_it_is_over(world: World, visit: Visit) -> None:
    """From the contact with whom it was paused, on every page; Dele, another neighbour, sees it as before."""
    grace, ada, dele, start = visit("grace"), visit("ada"), visit("dele"), world.now
    grace.post(f"{HERE}/contact", contact="c_ada", deed="pause", value="2")
    world.move(timedelta(minutes=70))
    before = start + timedelta(minutes=31)
    world.saw("h_okafor", (before, "bathroom_pir", What.MOVED), (world.now, "bed", What.LAY_DOWN))
    alert = world.press()
    Responses(world.store.alerts.engine).volunteered(alert.id, "c_dele", Answer.ON_THE_WAY, world.now)
    world.store.alerts.act(alert.id, Act.ANSWER, "tom", world.now)
    world.store.alerts.act(alert.id, Act.CLOSE, "tom", world.now, outcome=Outcome.FALL)
    world.move(timedelta(minutes=80))
    world.beat("h_okafor")
    page = ada.see("/family")
    assert "Mrs Okafor is in bed. As of" in words(page), "since when is not hers to know"
    assert "12:00 to 14:00 Not shared" in words(page)
    assert not times(page) & {"12:31", "13:10"}
    assert "bathroom: 12:31" not in page
    assert "Help was called for" not in words(page)
    assert "Alerts in the last week" not in page
    assert "Not shared" in words(ada.see("/family/week"))
    assert f"/why/{alert.id}" not in ada.see("/why")
    assert ada.get(f"/why/{alert.id}").status_code == 404
    assert "Dele Ade neighbour · not yet the first to answer" in words(ada.see("/family/sharing"))
    assert "has been in bed since about 13:00" in words(dele.see("/family"))
    assert "You neighbour · once the first to answer" in words(dele.see("/family/sharing"))
    own = words(grace.see("/resident"))
    assert "Not shared" not in own
    assert "13:10 to 14:30 In bed" in own
    silence = world.silence(hours=1)
    assert "The contact centre was alerted about Mrs Okafor at 14:30" in words(ada.see("/family"))
    assert "No sign of life" not in words(ada.see("/family")), "what it rests on was in the pause"
    calls = Calls(world.store, Links(Keyring(world.settings.secrets)), None)
    assert "13:30" not in calls.call(silence, Step("c_ada", "email"), 1, world.now).text
    press_ends_the_silence(world)
    called = (calls.call(silence, Step(who, "email"), 1, world.now) for who in ("c_ada", "supervisor"))
    for text in (words(ada.see("/family")), *(one.text for one in called)):
        assert "Help was called for with the pendant" in text, "whoever is to act has the reason"
        assert "13:30" not in text


def press_ends_the_silence(world: World) -> None:
    """Ten minutes after a `World.silence` of an hour."""
    since = world.now - timedelta(hours=1)
    world.move(timedelta(minutes=10))
    world.press()
    over = Finding(FindingKind.SILENCE, "h_okafor", since, world.now, over=True, evidence={"ended_by": "pendant"})
    world.find(over, "r_okafor")


@pytest.mark.parametrize("login", ["tom", "sunita", "amina"])
def test_at_their_word_it_is_written_down_by_whom_and_how_they_know(world: World, visit: Visit, login: str) -> None:
    staff, grace = visit(login), visit("grace")
    assert "How do you know?" in staff.see(HERE)
    assert "Motion" not in staff.see(HERE)
    assert staff.post(f"{HERE}/kind", kind="motion", deed="stop").status_code == 404, "not without saying how they know"
    assert motion_is_used(world)
    assert staff.post(f"{HERE}/kind", kind="motion", deed="stop", word="telephone").status_code == 303
    assert not motion_is_used(world)
    said = words(grace.see(HERE))
    assert "they said so on the telephone" in said
    newest = Wishes(world.store.records.engine).of("h_okafor")[0]
    assert (newest.actor, newest.deed, newest.word) == (login, Deed.STOPPED, "telephone")
    look = world.store.records.looks("h_okafor")[0]
    assert (look.viewer, look.purpose) == (login, Purpose.BEHALF)
    with world.store.records.engine.connect() as connection:
        assert chain.prove(connection, schema.wishes).broken_at is None


def test_what_a_relative_sees_is_shown_exactly_and_the_look_is_the_viewers(world: World, visit: Visit) -> None:
    grace, amina = visit("grace"), visit("amina")
    press = world.press()
    world.store.alerts.act(press.id, Act.ANSWER, "tom", world.now)
    world.store.alerts.act(press.id, Act.CLOSE, "tom", world.now, outcome=Outcome.ACCIDENT)
    for contact, login in (("c_ada", "ada"), ("c_dele", "dele"), ("c_chi", "chi"), ("c_ben", "ben")):
        theirs, seen = words(visit(login).see("/family/now")), words(grace.see(f"{HERE}/as/{contact}"))
        assert theirs in seen
        assert words(amina.see(f"{HERE}/as/{contact}?word=telephone")).count(theirs) == 1
        helps = words(visit(login).see("/family/sharing")).partition("they are called ")[2].partition("Share it")[0]
        assert helps
        assert helps.strip() in words(grace.see(f"{HERE}/as/{contact}/sharing"))
    assert "accidental press" in words(grace.see(f"{HERE}/as/c_ada/why"))
    assert grace.get(f"{HERE}/as/c_dele/why").status_code == 404, "past alerts are not of her level"
    mine = [one for one in world.store.records.looks("h_okafor") if one.purpose == Purpose.PREVIEW]
    assert {(one.viewer, one.role) for one in mine} == {("grace", Role.RESIDENT), ("amina", Role.ADMINISTRATOR)}
    assert "How do you know?" in amina.see(f"{HERE}/as/c_ada")
    for login in ("tom", "ivan", "ada", "karl", "priya", "max"):
        assert visit(login).get(f"{HERE}/as/c_ada?word=telephone").status_code == 404, login


def test_karl_and_whoever_else_has_no_business_here_decides_nothing(world: World, visit: Visit) -> None:
    for login in ("karl", "ada", "priya", "ivan", "max"):
        guest = visit(login)
        for path in ("/choices", HERE, f"{HERE}?word=telephone"):
            assert guest.get(path).status_code == 404, (login, path)
        for form in ({"kind": "motion", "deed": "stop"}, {"kind": "motion", "deed": "stop", "word": "telephone"}):
            assert guest.post(f"{HERE}/kind", **form).status_code == 404, login
        assert guest.post(f"{HERE}/contact", contact="c_ada", deed="level", value="times").status_code == 404
    assert visit("grace").get("/choices/r_lindqvist").status_code == 404
    assert motion_is_used(world)
    assert world.now == NOON


def test_the_same_is_had_on_paper_and_aloud_in_ones_language(world: World, visit: Visit) -> None:
    ada = visit("ada")
    assert "Last sign 11:38, in the kitchen." in " ".join(said({}, ada.get("/family/letter.pdf").content).split())
    contact = world.store.records.contact("c_ada")
    assert contact
    welsh = replace(contact, telling=Telling("spoken", "cy", large_print=True))
    world.store.records.load(Register(contacts=(welsh,)), {})
    assert "Arwydd olaf: 11:38, yn y gegin." in " ".join(said({}, ada.get("/family/letter.pdf").content).split())
    sound = ada.get("/family/aloud.wav").content
    assert sound.startswith(b"RIFF")
    assert len(sound) > 50_000
    piece = ada.client.get("/family/aloud.wav", headers={"range": "bytes=0-3"})
    assert (piece.status_code, piece.content) == (206, b"RIFF"), "some browsers play nothing else"
    assert piece.headers["content-range"] == f"bytes 0-3/{len(sound)}"
    assert ada.client.get("/family/aloud.wav", headers={"range": "bytes=99999999-"}).status_code == 416
    for login in ("tom", "grace", "max"):
        assert visit(login).get("/family/letter.pdf").status_code == 404, login
