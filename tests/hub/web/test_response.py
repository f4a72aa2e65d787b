"""The plan on an alert's page, tries by hand, and the pages behind links that people are sent."""

import json
import re
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import pytest

from hub.calls import Calls
from hub.keyring import Keyring
from hub.links import Links, Matter
from hub.plans import plan_of
from hub.store import register
from hub.store.amendments import Amendment
from hub.store.relatives import Relatives
from hub.store.ways import DISK, Ways
from hub.transports.post import SIGNATURE, signature
from hub.web.access import Gate
from hub.web.access.gate import FULL, SCARCE
from models.alert import Act, Alert, Outcome, State
from models.notices import Preferences
from models.people import Address, Contact
from models.register import PlanOf, Register
from models.response import Answer, Tried, held_until
from tests.conftest import NOON
from tests.hub.web.conftest import Visitor, words
from tests.hub.web.test_councils import ELSEWHERE
from tests.hub.web.world import HASH, World, served

Visit = Callable[..., Visitor]


def links(world: World) -> Links:
    return Links(Keyring(world.settings.secrets))


def sent(world: World, alert: Alert, who: str = "c_ada", hours: float = 4) -> str:
    """The address in what a contact was sent."""
    now = world.store.alerts.alert(alert.id)
    assert now is not None
    attempt = world.store.alerts.intend(now, 1, who, "email", world.now)
    assert attempt is not None
    world.store.alerts.finish(attempt, Tried.SENT, "told", world.now)
    return f"/by-link/reply/{links(world).made(Matter.ATTEMPT, attempt, world.now + timedelta(hours=hours))}"


def by_telephone(world: World) -> None:
    """Nothing was agreed but what is built in, and Ada has a telephone."""
    ada = Contact("c_ada", "r_okafor", "Ada Okafor", "daughter", addresses=(Address("tel", "01632 960077"),))
    world.store.records.load(Register(contacts=(ada,)), {})
    built_in = world.store.records.plan(None, "press", world.press().lane)
    world.store.records.load(Register(plans=(PlanOf("r_okafor", built_in),)), {})


def test_the_plan_in_force_and_what_is_next_stand_on_the_page(world: World, visit: Visit) -> None:
    by_telephone(world)
    (alert,) = world.store.alerts.open_alerts()
    tom = visit("tom")
    tom.post(f"/console/alert/{alert.id}/answer")
    page = words(tom.see(f"/console/alert/{alert.id}"))
    assert "What was agreed for a call for help" in page
    assert "Next: ring Mrs Okafor. Nobody has spoken with Mrs Okafor yet. Ring 01632 960001" in page
    assert tom.post(f"/console/alert/{alert.id}/tried", step="1", answer=Answer.VOICEMAIL).status_code == 303
    page = words(tom.see(f"/console/alert/{alert.id}"))
    assert "Mrs Okafor: voicemail, which is not an answer." in page
    assert "Mrs Okafor by telephone voicemail, 12:00" in page
    assert "Tried to reach Tom Brandt Mrs Okafor: voicemail." in page


def test_a_try_is_put_down_for_whom_it_was_though_the_plan_changed_since_the_page_was_opened(
    world: World, visit: Visit
) -> None:
    """So it does where an alert grows while the operator rings: a fall's plan has another order than a silence's."""
    by_telephone(world)
    (alert,) = world.store.alerts.open_alerts()
    tom, path = visit("tom"), f"/console/alert/{alert.id}"
    tom.post(f"{path}/answer")
    (step,) = [one for one in re.findall(r'<option value="([^"]+)"', tom.see(path)) if one.endswith(" c_ada")]
    plan = world.store.records.plan(None, "press", alert.lane)
    other = replace(plan, steps=tuple(reversed(plan.steps)))
    world.store.records.load(Register(plans=(PlanOf("r_okafor", other),)), {})
    assert tom.post(f"{path}/tried", step=step, answer=Answer.NO_ANSWER).status_code == 303
    (attempt,) = world.store.alerts.attempts(alert.id)
    assert (attempt.who, attempt.answer) == ("c_ada", Answer.NO_ANSWER)
    assert step != f"{attempt.step} c_ada"
    for nobody in ("2 c_nobody", "x c_nobody", "x"):
        assert tom.post(f"{path}/tried", step=nobody, answer=Answer.NO_ANSWER).status_code == 409, nobody


def test_a_try_needs_the_alert_in_hand_and_what_came_of_it(world: World, visit: Visit) -> None:
    by_telephone(world)
    (alert,) = world.store.alerts.open_alerts()
    tom = visit("tom")
    path = f"/console/alert/{alert.id}/tried"
    assert tom.post(path, step="1", answer=Answer.FINE).status_code == 409, "nobody has answered it"
    tom.post(f"/console/alert/{alert.id}/answer")
    for form in ({"step": "1", "answer": "fine"}, {"step": "0", "answer": Answer.FINE}, {"step": "99"}):
        assert tom.post(path, **form).status_code == 409, form
    assert visit("nia").post(path, step="1", answer=Answer.FINE).status_code == 409
    for login in ("karl", "ada", "priya", "ivan", "grace"):
        assert visit(login).post(path, step="1", answer=Answer.FINE).status_code == 404, login
    assert world.store.alerts.attempts(alert.id) == []


@pytest.mark.parametrize(
    ("key", "answer", "said"),
    [
        ("1", Answer.ON_THE_WAY, "Nobody else is called until 12:30"),
        ("2", Answer.FINE, "Nobody else is called until 12:15"),
        ("3", Answer.NEEDS_HELP, "The next person is asked now."),
        ("4", Answer.REFUSED, "The next person is asked now."),
    ],
)
def test_a_contact_answers_by_a_link_without_a_login(
    world: World, visit: Visit, key: str, answer: Answer, said: str
) -> None:
    alert = world.press()
    path, anybody = sent(world, alert), visit(None)
    assert "Mrs Okafor may need help. What can you do?" in words(anybody.see(path))
    assert world.store.alerts.attempts(alert.id)[0].answer is None, "a mail server looks at links too"
    assert said in words(anybody.client.post(path, data={"key": key}).text)
    assert world.store.alerts.attempts(alert.id)[0].answer is answer
    page = words(visit("tom").see(f"/console/alert/{alert.id}"))
    assert f"Said by Ada Okafor (daughter) {answer}." in page


def test_the_page_behind_a_link_says_why_to_whoever_may_know_it(world: World, visit: Visit) -> None:
    """A push holds no reason, and its link may be all that somebody without a login has."""
    alert, anybody, why = world.press(), visit(None), "Help was called for with the pendant at 12:00"
    ada, dele = sent(world, alert), sent(world, alert, "c_dele")
    assert why in words(anybody.see(ada))
    assert why in words(anybody.client.post(ada, data={"key": "1"}).text)
    assert "Help was called for" not in words(anybody.see(dele))
    Relatives(world.store.alerts.engine).prefer("c_ada", Preferences("Mam", language="cy"))
    page = words(anybody.see(ada))
    assert "Galwyd am help" in page
    assert "Yn Saesneg" not in page


def test_a_link_is_good_once(world: World, visit: Visit) -> None:
    path, anybody = sent(world, world.press()), visit(None)
    anybody.client.post(path, data={"key": "4"})
    assert "You said: can't help" in words(anybody.client.post(path, data={"key": "1"}).text)
    assert "You said: can't help" in words(anybody.see(path))
    assert world.store.alerts.attempts(1)[0].answer is Answer.REFUSED


def test_whoever_is_to_ring_the_contact_centre_is_told_its_number(world: World) -> None:
    path = sent(world, world.press())
    with served(replace(world.settings, centre_phone="01632 960999")) as url:
        anybody = Visitor(url, None)
        assert 'href="tel:01632960999"' in anybody.see(path)
        assert 'href="tel:01632960999"' in anybody.client.post(path, data={"key": "1"}).text
        anybody.client.close()


def test_a_key_that_means_nothing_says_nothing(world: World, visit: Visit) -> None:
    path, anybody = sent(world, world.press()), visit(None)
    for key in ("", "9", "<b>"):
        assert anybody.client.post(path, data={"key": key}).status_code == 400
    assert world.store.alerts.attempts(1)[0].answer is None


def test_a_forged_or_an_expired_link_is_nothing_at_all(world: World, visit: Visit) -> None:
    alert, karl = world.press(), visit("karl")
    good = sent(world, alert)
    stem, _, mark = good.rpartition(".")
    other = links(world).made(Matter.FEEDBACK, 1, world.now + timedelta(hours=1))
    strange = Links(Keyring(world.folder / "another")).made(Matter.ATTEMPT, 1, world.now + timedelta(hours=1))
    unknown = links(world).made(Matter.ATTEMPT, 99, world.now + timedelta(hours=1))
    pages = [f"/by-link/reply/{one}" for one in (other, strange, unknown, "x")]
    forged = [f"{stem}.{mark[::-1]}", good.replace("/a1.", "/a2."), *pages]
    for path in forged:
        for answer in (karl.get(path), karl.client.post(path, data={"key": "1"})):
            assert answer.status_code == 404, path
            assert "Okafor" not in answer.text
    world.move(timedelta(hours=4))
    assert karl.get(good).status_code == 404
    assert karl.client.post(good, data={"key": "1"}).status_code == 404
    assert world.store.alerts.attempts(alert.id)[0].answer is None


def test_whoever_is_a_contact_no_longer_reads_nothing_and_stops_nothing_by_a_link(world: World, visit: Visit) -> None:
    alert, anybody = world.press(), visit(None)
    path = sent(world, alert)
    off_the_record(world, "c_ada")
    for answer in (anybody.get(path), anybody.client.post(path, data={"key": "2"})):
        assert (answer.status_code, "Okafor" in answer.text) == (404, False)
    assert world.store.alerts.attempts(alert.id)[0].answer is None


def off_the_record(world: World, contact: str) -> None:
    before = world.store.records.contact(contact)
    register.keep(world.store.records.engine, [register.Change("contacts", (contact,), before, None)], ())


def test_what_is_over_thanks_and_asks_for_nothing(world: World, visit: Visit) -> None:
    alert = world.press()
    path = sent(world, alert)
    world.store.alerts.act(alert.id, Act.ANSWER, "tom", world.now)
    world.store.alerts.act(alert.id, Act.CLOSE, "tom", world.now, outcome=Outcome.ACCIDENT)
    anybody = visit(None)
    assert "It is over" in words(anybody.see(path))
    assert "It is over" in words(anybody.client.post(path, data={"key": "1"}).text)


def test_a_way_that_fails_is_a_fault_once_which_somebody_sees_to_and_which_ends_by_itself(
    world: World, visit: Visit
) -> None:
    tom, nia, ways = visit("tom"), visit("nia"), Ways(world.store.alerts.engine)
    before = world.store.alerts.latest_change()
    for _ in range(3):
        ways.failed("email", "the mail server does not answer", world.now)
    (fault,) = ways.broken()
    page = words(tom.see("/console"))
    assert "Reaching people by email has failed since 12:00:00, and nobody sees to it" in page
    assert "Kit faults 1" in page
    assert "by email this hub the mail server does not answer; tried in vain 3 times." in page
    take = f"/console/ways/{fault.id}/take"
    for login in ("karl", "ada", "grace", "priya", "ivan"):
        assert visit(login).post(take).status_code == 404, login
        assert visit(login).get("/console/ways").status_code == 404, login
    assert tom.post(take).status_code == 303
    assert nia.post(take).status_code == 409
    page = words(nia.see("/console"))
    assert "Tom Brandt sees to it" in page
    assert "nobody sees to it" not in page
    world.move(timedelta(minutes=61))
    assert "Left by Tom Brandt" in words(nia.see("/console"))
    assert nia.post(take).status_code == 303
    ways.works("email", world.now)
    assert "by email" not in words(tom.see("/console"))
    assert "By email : the mail server does not answer; tried in vain 3 times 12:00 to 13:01" in words(
        tom.see("/console/ways")
    )
    assert tom.post(take).status_code == 409
    assert world.store.alerts.latest_change() == before


def test_a_full_disk_is_said_above_the_queue_and_is_a_fault_that_somebody_sees_to(world: World, visit: Visit) -> None:
    tom, ways = visit("tom"), Ways(world.store.alerts.engine)
    assert visit(None).get("/alive").json()["disk"] == {"full": False, "only_calls": False}
    (world.settings.data / "reserve").touch()  # as it is when it was given up
    ways.failed(DISK, "it is full: make room", world.now)
    (fault,) = ways.broken()
    page = words(tom.see("/console"))
    assert FULL in page
    assert "Disk full or filling the hub's disk this hub It is full: make room." in page
    assert "tried in vain" not in page
    assert "every silence is within its limit" not in page
    assert visit(None).get("/alive").json()["disk"] == {"full": True, "only_calls": False}
    assert tom.post(f"/console/ways/{fault.id}/take").status_code == 303
    assert "The hub's disk , since 12:00: it is full: make room. Tom Brandt sees to it." in words(
        tom.see("/console/ways")
    )
    vast = replace(world.settings, reserve_mb=2**40)  # so that no disk has room for it
    gate = Gate(world.store.records, world.store.alerts, world.store.series, world.clock, settings=vast)
    assert gate.trouble("") == (SCARCE,)
    assert "disk" not in visit("ada").see("/family")


def test_who_sees_to_a_failing_way_is_not_named_to_another_council(world: World) -> None:
    ways = Ways(world.store.alerts.engine)
    ways.failed("sms", "no route", world.now)
    (fault,) = ways.broken()
    assert ways.take(fault.id, "tom", "", world.now, world.now + timedelta(hours=1))
    gate = Gate(world.store.records, world.store.alerts, world.store.series, world.clock)
    named = [gate.ways.broken(council)[0].holder for council in ("", "Westmoor")]
    assert named == ["Tom Brandt", "another contact centre on this hub"]


def test_a_browser_is_subscribed_by_its_own_contact_alone(world: World, visit: Visit) -> None:
    keys = {"p256dh": "BP", "auth": "aa"}
    good = json.dumps({"endpoint": "https://fcm.googleapis.com/fcm/send/x", "keys": keys})
    ada = visit("ada")
    assert len(ada.get("/push/key").content) == 65
    assert 'id="push"' in ada.see("/family")
    assert "showNotification" in ada.see("/family/worker.js")
    assert ada.post("/push/subscribe", subscription=good).status_code == 204
    ways = Ways(world.store.alerts.engine)
    assert ways.subscriptions("c_ada") == [good]
    for bad in ("", "[]", "{}", good.replace("fcm.googleapis.com", "10.0.0.1")):
        assert ada.post("/push/subscribe", subscription=bad).status_code == 404, bad
    for login in ("priya", "ivan", "grace"):
        assert visit(login).get("/push/key").status_code == 404
        assert visit(login).post("/push/subscribe", subscription=good).status_code == 404
    assert visit(None).get("/push/key").status_code == 303
    assert visit("karl").post("/push/subscribe", subscription=good).status_code == 204, "for his father"
    assert ways.subscriptions("c_ada") == [], "a browser is one person's"
    endpoint = json.loads(good)["endpoint"]
    assert ada.post("/push/unsubscribe", endpoint=endpoint).status_code == 204
    assert ways.subscriptions("c_karl") == [good], "nobody takes another's away"
    assert visit("tom").post("/push/unsubscribe", endpoint=endpoint).status_code == 204
    assert ways.subscriptions("c_karl") == [good], "nor does the contact centre"
    assert visit("karl").post("/push/unsubscribe", endpoint=endpoint).status_code == 204
    assert ways.subscriptions("c_karl") == []


def test_who_logs_out_is_told_nothing_more_in_that_browser(world: World, visit: Visit) -> None:
    """Another browser of theirs goes on; and everywhere is everywhere."""
    ways, here, there = Ways(world.store.alerts.engine), visit("ada"), visit("ada")
    asked = {one: json.dumps({"endpoint": f"https://fcm.googleapis.com/fcm/send/{one}",
                              "keys": {"p256dh": "BP", "auth": "aa"}}) for one in ("here", "there")}  # fmt: skip
    assert here.post("/push/subscribe", subscription=asked["here"]).status_code == 204
    assert there.post("/push/subscribe", subscription=asked["there"]).status_code == 204
    left = here.post("/logout")
    assert left.headers["location"] == "/login?left=1"
    assert "data-left" in here.see(left.headers["location"]), "and the browser is told to forget it as well"
    assert ways.subscriptions("c_ada") == [asked["there"]]
    assert visit("ada").post("/logout").status_code == 303
    assert ways.subscriptions("c_ada") == [asked["there"]], "one that never asked ends nothing"
    visit("ada").post("/account/leave-everywhere")
    assert ways.subscriptions("c_ada") == []


def test_a_supervisor_elsewhere_is_told_in_a_browser_that_asked_for_it(world: World, visit: Visit) -> None:
    keys = {"p256dh": "BP", "auth": "aa"}
    good = json.dumps({"endpoint": "https://fcm.googleapis.com/fcm/send/s", "keys": keys})
    alert, records = world.press(), world.store.records
    assert "webpush" not in {step.transport for step in plan_of(records, alert).steps}
    sunita = visit("sunita")
    page = sunita.see("/account")
    assert 'data-worker="/account/worker.js"' in page
    assert "showNotification" in sunita.see("/account/worker.js")
    assert sunita.post("/push/subscribe", subscription=good).status_code == 204
    plan = plan_of(records, alert)
    (step,) = [one for one in plan.steps if one.transport == "webpush"]
    assert step.who == "supervisor"
    assert plan.steps.index(step) >= len(plan.steps) - plan.last_tier, "told again and again until somebody answers"
    call = Calls(world.store, links(world), "https://hub.example").call(alert, step, 1, world.now)
    assert (call.to, call.link) == ((good,), f"https://hub.example/console/alert/{alert.id}")
    assert call.text == "Open to see.", "others see a locked telephone"
    bare = Calls(world.store, links(world), None).call(alert, replace(step, transport="push"), 1, world.now)
    assert bare.text == "See it on the console.\n", "there is nothing to open"
    world.store.records.load(ELSEWHERE, {one.login: HASH for one in ELSEWHERE.accounts})
    moor = world.press("h_moor", "r_moor")
    assert "webpush" not in {one.transport for one in plan_of(records, moor).steps}, "another council's home"
    records.accounts.close("sunita", world.now, Amendment(world.now, "amina", "", "account", "sunita", "closed"))
    assert "webpush" not in {one.transport for one in plan_of(records, alert).steps}


def test_a_held_chain_is_proposed_to_be_waited_for(world: World, visit: Visit) -> None:
    alert = world.press()
    visit(None).client.post(sent(world, alert), data={"key": "1"})
    page = words(visit("tom").see(f"/console/alert/{alert.id}"))
    assert "Wait. Ada Okafor (daughter): on the way. The chain waits 30 min for that, and then goes on." in page
    now = world.store.alerts.alert(alert.id)
    assert now is not None
    assert (now.state, now.look_again_at) == (State.RAISED, world.now + timedelta(minutes=30))


def test_a_plan_without_steps_by_hand_still_begins_with_the_resident(world: World, visit: Visit) -> None:
    alert = world.press()
    assert "Next: ring Mrs Okafor. Nobody has spoken with" in words(visit("tom").see(f"/console/alert/{alert.id}"))


def test_a_number_sent_back_is_an_answer_when_the_gateway_signed_it(tmp_path: Path, cast: Register) -> None:
    world = World(tmp_path, cast, NOON)
    secret = tmp_path / "shared"
    secret.write_text("shared with the gateway")
    ada = replace(cast.contacts[0], addresses=(Address("sms", "01632 960077"),))
    world.store.records.load(Register(contacts=(ada,)), {})
    alert = world.press()
    attempt = world.store.alerts.intend(alert, 1, "c_ada", "sms", world.now)
    assert attempt is not None
    world.store.alerts.finish(attempt, Tried.SENT, "told", world.now)
    with served(replace(world.settings, sms_reply_secret_file=str(secret))) as url:

        def back(body: bytes, by: str = "shared with the gateway", age: int = 0) -> int:
            said = signature(body, int(time.time()) - age, by)
            return httpx.post(f"{url}/by-link/text", content=body, headers={SIGNATURE: said}, timeout=60).status_code

        good, strange = b'{"sender": "+441632960077", "text": "1 coming"}', b'{"sender": "+441632960099", "text": "1"}'
        forged = [
            back(good, by="guess"),
            back(good, age=400),
            back(strange),
            back(b"{}"),
            back(good.replace(b"+441632960077", b"Larch Close")),
        ]
        assert forged == [404] * 5
        assert httpx.post(f"{url}/by-link/text", content=good, timeout=60).status_code == 404
        assert back(good.replace(b"1 coming", b"10 min away")) == 204
        assert world.store.alerts.attempts(alert.id)[0].answer is None
        assert back(good) == 204
        assert world.store.alerts.attempts(alert.id)[0].answer is Answer.ON_THE_WAY
        assert back(good) == back(good.replace(b"1 coming", b" ")) == 204, "delivered twice, and a picture"
        world.move(timedelta(minutes=10))

        def write(text: str) -> datetime | None:
            assert back(good.replace(b"1 coming", text.encode())) == 204
            now = world.store.alerts.alert(alert.id)
            return now.look_again_at if now else None

        assert write("ok thanks") == NOON + timedelta(minutes=30)
        assert write("No key!") == world.now, "nobody waits for her any longer"
        assert held_until(world.store.alerts.attempts(alert.id), world.now) is None
        write("1")
        assert write("3") == world.now
        assert held_until(world.store.alerts.attempts(alert.id), world.now) is None
    said = [one.text for one in world.store.alerts.timeline(alert.id) if (one.act, one.actor) == (Act.REPLY, "c_ada")]
    assert said == [
        'Wrote: "10 min away"', "on the way.", 'Wrote: "ok thanks"', 'Wrote: "No key!"', "on the way.",
        "reached, help is needed.",
    ]  # fmt: skip


def test_an_answer_by_text_message_stops_no_chain_of_another_alert(tmp_path: Path, cast: Register) -> None:
    world = World(tmp_path, cast, NOON)
    secret = tmp_path / "shared"
    secret.write_text("shared with the gateway")
    ada = replace(cast.contacts[0], addresses=(Address("sms", "01632 960077"),))
    world.store.records.load(Register(contacts=(ada,)), {})
    first, second = world.press(), world.kit_unheard("h_okafor")
    for alert in (first, second):
        attempt = world.store.alerts.intend(alert, 1, "c_ada", "sms", world.now)
        assert attempt is not None
        world.store.alerts.finish(attempt, Tried.SENT, "told", world.now)
    settings, store = replace(world.settings, sms_reply_secret_file=str(secret)), world.store
    desk = Gate(store.records, store.alerts, store.series, world.clock, settings=settings).response

    def held(text: str) -> list[bool]:
        body = json.dumps({"sender": "+441632960077", "text": text}).encode()
        desk.say_by_number(body, signature(body, int(time.time()), "shared with the gateway"))
        return [held_until(world.store.alerts.attempts(one.id), world.now) is not None for one in (first, second)]

    assert held("2") == held("2, alert 99") == held("Which of them?") == [False, False]
    for alert in (first, second):
        said = [one.text for one in world.store.alerts.timeline(alert.id) if one.actor == "c_ada"]
        doubt = "(may be about another alert)"
        assert said == [f'Wrote: "{one}" {doubt}' for one in ("2", "2, alert 99", "Which of them?")]
    assert held(f"1 for alert {first.id}") == [True, False]
    assert held("1") == [True, True], "that alone waits, and was sent last"
    assert held("1") == [True, True]
    assert [len(world.store.alerts.attempts(one.id)) for one in (first, second)] == [1, 1]
    assert held("Can't get in") == [False, False]
