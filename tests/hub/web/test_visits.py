"""The responder's page and the key safe: who is sent, what is stamped, and who is shown a code."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from hub.arrivals import OPENED, note_doors
from hub.store.key_safes import KeySafes
from models.alert import Act, Alert, Outcome, State
from models.observation import What
from tests.hub.web.conftest import Visitor, words
from tests.hub.web.world import World

Visit = Callable[..., Visitor]

CODE = "4711C"
SAFE = "/key-safe/h_okafor"


@pytest.fixture
def sent(world: World) -> Alert:
    """Tom answered a press, and sent Priya."""
    alert = world.press()
    world.store.alerts.act(alert.id, Act.ANSWER, "tom", world.now)
    return world.store.alerts.act(alert.id, Act.SEND, "tom", world.now, text="priya")


def stamped(world: World, alert: Alert) -> list[tuple[Act, str]]:
    acts = (Act.SET_OUT, Act.ARRIVE, Act.ENTER, Act.LEAVE)
    return [(one.act, one.actor) for one in world.store.alerts.timeline(alert.id) if one.act in acts]


def in_the_office(visit: Visit) -> Visitor:
    sunita = visit("sunita")
    assert sunita.post(f"{SAFE}/code", code=CODE).status_code == 303
    assert sunita.post(f"{SAFE}/permit", by="Mrs Okafor", basis="asked at a visit").status_code == 303
    return sunita


def test_the_sheet_says_what_a_doorstep_needs(world: World, visit: Visit, sent: Alert) -> None:
    page = words(visit("priya").see(f"/visits/{sent.id}"))
    for said in ("Pressed once", "Help was called for with the pendant", "Nobody has rung them yet.", "Fell in March."):
        assert said in page
    assert "Neighbour at number 5 holds a key." in page
    assert "Nobody else is on the way" in page


def test_every_moment_is_stamped_once_however_often_it_is_sent(world: World, visit: Visit, sent: Alert) -> None:
    priya = visit("priya")
    for name in ("set-out", "set-out", "arrive", "enter", "arrive"):
        world.move(timedelta(minutes=2))
        assert priya.post(f"/visits/{sent.id}/{name}").status_code == 303
    assert priya.post(f"/visits/{sent.id}/leave").status_code == 409, "what was it?"
    for _ in range(2):
        priya.post(f"/visits/{sent.id}/leave", outcome=Outcome.FALL, text="On the kitchen floor.")
    assert stamped(world, sent) == [(act, "priya") for act in (Act.SET_OUT, Act.ARRIVE, Act.ENTER, Act.LEAVE)]
    assert world.store.alerts.timeline(sent.id)[-1].text == "genuine fall.\nOn the kitchen floor."


def test_a_stamp_that_waited_for_a_signal_is_of_the_moment_it_was_pressed(
    world: World, visit: Visit, sent: Alert
) -> None:
    world.move(timedelta(minutes=10))
    priya = visit("priya")
    priya.post(f"/visits/{sent.id}/set-out", ago="240")
    priya.post(f"/visits/{sent.id}/arrive", ago="80000")
    on_the_way, arrived = world.store.alerts.timeline(sent.id)[-2:]
    assert on_the_way.at == world.now - timedelta(minutes=4)
    assert arrived.at == on_the_way.at, "not before what was stamped already"
    for ago in ("-1", "nan", "x"):
        assert priya.post(f"/visits/{sent.id}/enter", ago=ago).status_code == 400, ago


def test_a_list_that_stands_open_shows_where_one_is_sent(world: World, visit: Visit) -> None:
    priya = visit("priya")
    assert 'hx-get="/visits/now"' in priya.see("/visits")
    assert "not sent anywhere" in words(priya.see("/visits/now"))
    alert = world.press()
    world.store.alerts.act(alert.id, Act.ANSWER, "tom", world.now)
    world.store.alerts.act(alert.id, Act.SEND, "tom", world.now, text="priya")
    assert f'href="/visits/{alert.id}"' in priya.see("/visits/now")
    assert visit("karl").get("/visits/now").status_code == 404


def test_a_visit_that_stands_open_says_what_came_in_and_when_it_is_over(
    world: World, visit: Visit, sent: Alert
) -> None:
    priya = visit("priya")
    now = f"/visits/{sent.id}/now"
    assert f'hx-get="{now}"' in priya.see(f"/visits/{sent.id}")
    assert "Pressed once. Tom Brandt holds the alert." in words(priya.see(now))
    world.press()
    assert "Pressed twice." in words(priya.see(now))
    world.store.alerts.act(sent.id, Act.CLOSE, "tom", world.now, outcome=Outcome.ACCIDENT)
    assert words(priya.see(now)) == words(priya.see("/visits/9999/now")), "nothing is learned of another's"
    assert "Ring them before you go on." in words(priya.see(now))
    assert visit("karl").get(now).status_code == 404


def test_what_happens_on_the_doorstep_is_taken_down_though_nobody_holds_the_alert(
    world: World, visit: Visit, sent: Alert
) -> None:
    """A visit may last longer than an answer holds: on the floor one waits for hours."""
    priya = visit("priya")
    world.move(timedelta(minutes=46))
    lapsed = world.store.alerts.act(sent.id, Act.LAPSE, "hub", world.now, text="tom")
    assert priya.post(f"/visits/{sent.id}/enter").status_code == 303
    entered = world.store.alerts.alert(sent.id)
    assert entered is not None
    assert (entered.state, entered.look_again_at) == (State.RAISED, lapsed.look_again_at), "it goes on ringing"
    assert visit("tom").post(f"/console/alert/{sent.id}/arrive").status_code == 409
    world.store.alerts.act(sent.id, Act.ANSWER, "tom", world.now)
    assert (
        priya.post(f"/visits/{sent.id}/leave", outcome=Outcome.FALL, text="The ambulance took her.").status_code == 303
    )
    assert stamped(world, sent) == [(Act.ENTER, "priya"), (Act.LEAVE, "priya")]
    page = words(visit("tom").see(f"/console/alert/{sent.id}"))
    assert "Next: close it. The responder has left again: genuine fall." in page
    assert "The ambulance took her." in page
    world.press()
    assert "Next: close it" not in words(visit("tom").see(f"/console/alert/{sent.id}"))


def test_a_front_door_is_put_down_and_is_nobodys_arrival(world: World, visit: Visit, sent: Alert) -> None:
    """She may have opened it herself: the answer lapses no later, and the responder can still say that they came."""
    world.move(timedelta(minutes=20))
    world.saw("h_okafor", (world.now - timedelta(minutes=1), "front_door", What.OPENED))
    for _ in range(2):
        note_doors(world.store, world.now)
    said = [one.at for one in world.store.alerts.timeline(sent.id) if one.text == OPENED]
    assert said == [world.now - timedelta(minutes=1)]
    assert stamped(world, sent) == []
    after = world.store.alerts.alert(sent.id)
    assert after is not None
    assert (after.state, after.look_again_at) == (State.ATTENDING, sent.look_again_at), "as if no door had moved"
    assert "Arrived 12:19" not in words(visit("priya").see(f"/visits/{sent.id}"))
    page = words(visit("tom").see(f"/console/alert/{sent.id}"))
    assert OPENED in page
    assert "The responder was sent 20 min ago." in page
    assert "The responder is there" not in page
    assert visit("priya").post(f"/visits/{sent.id}/arrive").status_code == 303
    assert stamped(world, sent) == [(Act.ARRIVE, "priya")]


def test_who_went_in_and_forgot_to_say_that_they_came_arrived_by_the_front_door(
    world: World, visit: Visit, sent: Alert
) -> None:
    """Not as it opened half an hour before: that was somebody else."""
    world.move(timedelta(minutes=31))
    for ago in (30, 2):
        world.saw("h_okafor", (world.now - timedelta(minutes=ago), "front_door", What.OPENED))
    note_doors(world.store, world.now)
    assert visit("priya").post(f"/visits/{sent.id}/enter").status_code == 303
    for _ in range(2):
        note_doors(world.store, world.now)
    assert stamped(world, sent) == [(Act.ENTER, "priya"), (Act.ARRIVE, "hub")]
    assert "Arrived 12:29" in words(visit("priya").see(f"/visits/{sent.id}"))


def test_a_door_that_opened_before_or_as_somebody_was_there_is_nobodys(world: World, visit: Visit, sent: Alert) -> None:
    world.saw("h_okafor", (world.now, "front_door", What.OPENED))
    note_doors(world.store, world.now + timedelta(minutes=1))
    world.move(timedelta(minutes=5))
    visit("priya").post(f"/visits/{sent.id}/enter")
    world.saw("h_okafor", (world.now, "front_door", What.OPENED))
    note_doors(world.store, world.now + timedelta(minutes=1))
    assert OPENED not in [one.text for one in world.store.alerts.timeline(sent.id)]


def test_nobody_else_stamps_or_sees_a_visit(world: World, visit: Visit, sent: Alert) -> None:
    for login in ("karl", "ada", "ivan", "grace", "tom"):
        guest = visit(login)
        assert guest.get(f"/visits/{sent.id}").status_code == 404, login
        for act in ("set-out", "arrive", "enter", "leave", "code", "nonsense"):
            assert guest.post(f"/visits/{sent.id}/{act}", outcome=Outcome.FALL).status_code == 404, (login, act)
    assert visit("priya").post(f"/visits/{sent.id}/nonsense").status_code == 404
    assert stamped(world, sent) == []


def test_without_permission_on_record_nobody_is_shown_a_code(world: World, visit: Visit, sent: Alert) -> None:
    priya, sunita = visit("priya"), visit("sunita")
    assert "No code of a key safe is on record" in words(priya.see(f"/visits/{sent.id}"))
    sunita.post(f"{SAFE}/code", code=CODE)
    assert "has not permitted" in words(priya.see(f"/visits/{sent.id}"))
    assert priya.post(f"/visits/{sent.id}/code").status_code == 404
    in_the_office(visit).post(f"{SAFE}/withdraw")
    assert priya.post(f"/visits/{sent.id}/code").status_code == 404
    assert CODE not in priya.see(f"/visits/{sent.id}")


def test_a_code_is_shown_once_to_who_was_sent_for_half_an_hour(world: World, visit: Visit, sent: Alert) -> None:
    sunita, priya = in_the_office(visit), visit("priya")
    path = f"/visits/{sent.id}"
    assert CODE not in priya.see(path), "not before she asks"
    for _ in range(2):
        assert priya.post(f"{path}/code").status_code == 303
    assert CODE in priya.see(path)
    world.move(timedelta(minutes=29))
    assert CODE in priya.see(path)
    world.move(timedelta(minutes=1))
    assert CODE not in priya.see(path)
    assert priya.post(f"{path}/code").status_code == 404, "once"
    assert sunita.post(f"/console/alert/{sent.id}/key-safe", responder="priya", allow="yes").status_code == 303
    assert priya.post(f"{path}/code").status_code == 303
    assert CODE in priya.see(path)
    assert sunita.post(f"/console/alert/{sent.id}/key-safe", responder="priya", allow="no").status_code == 303
    assert CODE not in priya.see(path), "taken back at once"
    page = words(sunita.see(SAFE))
    assert "The code was shown: Priya Nair, alert 1, until 12:30" in page
    assert world.store.records.broken_logs() == []
    assert "the code of the key safe" in {one.data for one in world.store.records.looks("h_okafor")}


def test_a_code_stands_nowhere_in_clear_and_no_page_of_the_office_has_it(world: World, visit: Visit) -> None:
    sunita = in_the_office(visit)
    assert CODE not in sunita.see(SAFE)
    assert all(CODE.encode() not in one.read_bytes() for one in world.settings.data.rglob("*") if one.is_file())
    keys = world.settings.secrets / "key_safes.keys"
    assert keys.stat().st_mode & 0o077 == 0


def test_the_key_safe_is_no_business_of_others(world: World, visit: Visit, sent: Alert) -> None:
    in_the_office(visit)
    for login in ("karl", "ada", "ivan", "grace", "tom", "priya"):
        guest = visit(login)
        assert guest.get(SAFE).status_code == 404, login
        for act in ("code", "permit", "withdraw"):
            answer = guest.post(f"{SAFE}/{act}", code="0000", by="x", basis="x")
            assert answer.status_code == 404, (login, act)
    assert visit("nia").post(f"/console/alert/{sent.id}/key-safe", responder="priya").status_code == 409
    assert visit("karl").post(f"/console/alert/{sent.id}/key-safe", responder="priya").status_code == 404
    assert visit("sunita").get("/key-safe/h_nowhere").status_code == 404
    assert len(KeySafes(world.store.records.engine).log("h_okafor")) == 2


def test_a_form_of_the_office_says_what_is_missing(visit: Visit) -> None:
    sunita = visit("sunita")
    assert sunita.post(f"{SAFE}/code", code=" ").status_code == 409
    assert sunita.post(f"{SAFE}/code", code="1" * 61).status_code == 409
    assert sunita.post(f"{SAFE}/permit", by="Mrs Okafor").status_code == 409


def test_when_it_is_over_the_code_is_hidden(world: World, visit: Visit, sent: Alert) -> None:
    in_the_office(visit)
    priya = visit("priya")
    priya.post(f"/visits/{sent.id}/code")
    world.store.alerts.act(sent.id, Act.CLOSE, "tom", world.now, outcome=Outcome.FALL)
    assert priya.get(f"/visits/{sent.id}").status_code == 404
