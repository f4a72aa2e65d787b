"""After an alert: its reason, how it went, a letter, and why it was raised, with a way to say that it was wrong."""

import subprocess
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import event

from hub.budgets import judged
from hub.keyring import Keyring
from hub.links import Links, Matter
from hub.store.afterwards import Afterwards
from hub.store.relatives import Relatives
from hub.store.responses import Responses
from hub.store.ways import Ways
from hub.web.access import Gate, Viewer
from models.afterwards import Service, Went
from models.alert import Act, Alert, Outcome
from models.detection import FindingKind
from models.notices import Preferences
from models.people import Account, Address, Role
from models.reason import REASONS, known, said
from models.register import Register
from models.response import OUTSIDE, Answer, Tried
from tests.conftest import wanted
from tests.hub.web.conftest import Visitor, words
from tests.hub.web.test_councils import ELSEWHERE
from tests.hub.web.world import HASH, World

Visit = Callable[..., Visitor]


def close(world: World, visit: Visit, alert: Alert, outcome: str = Outcome.FALL) -> Visitor:
    tom = visit("tom")
    tom.post(f"/console/alert/{alert.id}/answer")
    assert tom.post(f"/console/alert/{alert.id}/close", outcome=outcome).status_code == 303
    return tom


def after(world: World) -> Afterwards:
    return Afterwards(world.store.records.engine)


def test_an_alert_is_closed_with_its_outcome_and_reason_by_one_button(world: World, visit: Visit) -> None:
    alert = world.press()
    tom = visit("tom")
    tom.post(f"/console/alert/{alert.id}/answer")
    page = tom.see(f"/console/alert/{alert.id}")
    assert 'value="accidental press|knocked"' in page
    assert tom.post(f"/console/alert/{alert.id}/close", outcome="accidental press|slept_in").status_code == 409
    assert tom.post(f"/console/alert/{alert.id}/close", outcome="accidental press|knocked").status_code == 303
    closed = world.store.alerts.alert(alert.id)
    assert closed is not None
    assert (closed.outcome, closed.reason) == (Outcome.ACCIDENT, "knocked")


def test_a_reason_that_says_nothing_of_the_home_does_not_make_it_more_patient(world: World, visit: Visit) -> None:
    for reason, counted in (("our_fault", 0), ("slept_in", 1)):
        close(world, visit, world.silence(), f"{Outcome.FALSE}|{reason}")
        world.move(timedelta(hours=1))
        assert len(judged(world.store.alerts, world.now)) == counted, reason
    assert world.store.alerts.judged(FindingKind.SILENCE, world.now - timedelta(days=1))[1].reason == "slept_in"


def test_every_reason_belongs_to_one_outcome_and_has_words() -> None:
    for outcome, reasons in REASONS.items():
        assert len({one.code for one in reasons}) == len(reasons)
        for one in reasons:
            assert known(outcome, one.code)
            assert said(outcome, one.code) == one.said
    assert known(Outcome.CLEARED, "")
    assert not known(Outcome.FALL, "slept_in")


def test_the_resident_is_asked_at_the_next_call_and_supervisors_see_it(world: World, visit: Visit) -> None:
    close(world, visit, world.press())
    world.move(timedelta(days=1))
    again, tom = world.press(), visit("tom")
    assert "To ask at the next call: how did it go" in words(tom.see(f"/console/alert/{again.id}"))
    (asked,) = after(world).at_next_call("h_okafor")
    form = tom.see(f"/console/alert/{again.id}").partition("To ask at the next call")[2].partition("</form>")[0]
    assert 'name="text"' in form
    path = f"/console/alert/{again.id}/feedback"
    assert tom.post(path, asked=str(asked.id), went="nonsense").status_code == 409
    for login in ("karl", "ada", "priya", "ivan", "grace"):
        assert visit(login).post(path, asked=str(asked.id), went=Went.WELL).status_code == 404, login
    assert tom.post(path, asked=str(asked.id), went=Went.BADLY, text="It took long.").status_code == 303
    assert "It took long." in words(visit("sunita").see("/console/challenges"))
    assert after(world).at_next_call("h_okafor") == []


def test_nobody_is_asked_how_a_test_went(world: World, visit: Visit) -> None:
    close(world, visit, world.press(), Outcome.TEST)
    assert after(world).at_next_call("h_okafor") == []


def test_only_whom_it_reached_is_asked_and_by_the_way_that_they_prefer(world: World, visit: Visit) -> None:
    relatives, responses = Relatives(world.store.records.engine), Responses(world.store.alerts.engine)
    people = {one.id: one for one in world.store.records.contacts_of("r_okafor")}
    both = (Address("email", "one@example.org"), Address("sms", "01632 960078"))
    some = [replace(people[one], addresses=both) for one in ("c_ada", "c_ben", "c_chi", "c_dele")]
    world.store.records.load(Register(contacts=tuple(some)), {})
    relatives.prefer("c_ada", Preferences(way="sms"))
    relatives.prefer("c_ben", Preferences(way="sip"))
    alert = world.press()
    world.store.alerts.act(alert.id, Act.ANSWER, "tom", world.now)
    answers = {"c_ada": Answer.FINE, "c_ben": Answer.REFUSED, "c_chi": Answer.VOICEMAIL, "c_dele": Answer.WRONG_NUMBER}
    for who, answer in answers.items():
        responses.tried(alert.id, OUTSIDE, who, "tel", answer, "tom", world.now)
    close(world, visit, alert)
    assert [(one.person, one.way) for one in after(world).to_send()] == [("c_ada", "sms")]
    assert [one.person for one in after(world).at_next_call("h_okafor")] == ["r_okafor", "c_ben"]
    page = words(visit("tom").see(f"/console/alert/{world.press().id}"))
    assert "To be asked: Mrs Okafor What they said" in page
    assert "To be asked: Ben Ade (neighbour)" in page


def test_whom_it_reached_is_asked_by_a_link_that_is_good_once(world: World, visit: Visit) -> None:
    alert = world.press()
    attempt = world.store.alerts.intend(alert, 1, "c_ada", "email", world.now)
    assert attempt is not None
    world.store.alerts.finish(attempt, Tried.SENT, "told", world.now)
    Responses(world.store.alerts.engine).replied(attempt, Answer.ON_THE_WAY, world.now)
    Ways(world.store.records.engine).subscribe("c_ada", "https://push.example/1", "{}", world.now)
    close(world, visit, alert)
    (asked,) = after(world).to_send()
    assert (asked.person, asked.way) == ("c_ada", "email")
    links, soon = Links(Keyring(world.settings.secrets)), world.now + timedelta(days=1)
    path = f"/by-link/feedback/{links.made(Matter.FEEDBACK, asked.id, soon)}"
    anybody = visit(None)
    assert "How did it go?" in words(anybody.see(path))
    assert "Okafor" not in anybody.see(path), "a link may go astray"
    assert anybody.client.post(path, data={"went": "?"}).status_code == 400
    assert "it went well" in anybody.client.post(path, data={"went": Went.WELL}).text
    assert "it went well" in anybody.client.post(path, data={"went": Went.BADLY}).text
    for forged in (
        path[:-1],
        path.replace(f"/f{asked.id}.", "/f9."),
        f"/by-link/feedback/{links.made(Matter.ATTEMPT, 1, soon)}",
    ):
        assert visit("karl").get(forged).status_code == 404
        assert visit("karl").client.post(forged, data={"went": Went.WELL}).status_code == 404
    world.move(timedelta(days=1))
    assert anybody.get(path).status_code == 404


def test_a_referral_needs_their_word_and_makes_a_letter(world: World, visit: Visit) -> None:
    alert = world.press()
    tom = visit("tom")
    tom.post(f"/console/alert/{alert.id}/answer")
    path = f"/console/alert/{alert.id}/refer"
    form = {"service": Service.FALLS, "text": "Three falls since May."}
    assert tom.post(path, **form).status_code == 409, "they have to agree"
    assert tom.post(path, service="anybody", agreed="yes").status_code == 409
    made = tom.post(path, **form, agreed="yes")
    assert made.headers["location"] == "/console/referral/1"
    letter = words(tom.see("/console/referral/1"))
    for text in ("Referral to: falls service", "Grace Okafor", "3 Larch Close", "spoken", "Three falls since May."):
        assert text in letter
    printed = tom.get("/console/referral/1/pdf")
    assert (printed.headers["content-type"], printed.content[:5]) == ("application/pdf", b"%PDF-")
    paper = subprocess.run([wanted("pdftotext"), "-", "-"], input=printed.content, check=True, capture_output=True)
    for text in ("Referral to: falls service", "Grace Okafor", "20 November 2026", "Three falls since May."):
        assert text in paper.stdout.decode(), text
    for login in ("karl", "ada", "priya", "ivan", "grace"):
        assert visit(login).get("/console/referral/1").status_code == 404, login
        assert visit(login).get("/console/referral/1/pdf").status_code == 404, login
        assert visit(login).post(path, **form, agreed="yes").status_code == 404, login
    assert tom.get("/console/referral/9").status_code == 404


def test_where_two_live_whom_it_is_about_is_asked_and_not_guessed(world: World, visit: Visit) -> None:
    (grace,) = world.store.records.residents_of("h_okafor")
    emeka = replace(grace, id="r_emeka", name="Emeka Okafor", called="Mr Okafor")
    world.store.records.load(Register(residents=(emeka,)), {})
    cord = world.press(resident=None)
    tom = close(world, visit, cord)
    path, form = f"/console/alert/{cord.id}/refer", {"service": Service.FALLS, "agreed": "yes"}
    refused = tom.post(path, **form)
    assert (refused.status_code, "say whom this is about" in refused.text) == (409, True)
    made = tom.post(path, **form, about="r_okafor")
    letter = words(tom.see(made.headers["location"]))
    assert ("Grace Okafor" in letter, "Emeka Okafor" in letter) == (True, False)
    (asked,) = after(world).at_next_call("h_okafor")
    assert asked.person == ""
    world.move(timedelta(days=1))
    page = f"/console/alert/{world.press().id}"
    assert f'id="whom-{asked.id}"' in tom.see(page)
    told = {"asked": str(asked.id), "went": Went.WELL}
    assert tom.post(f"{page}/feedback", **told).status_code == 409
    assert tom.post(f"{page}/feedback", **told, about="r_emeka").status_code == 303
    assert after(world).answers()[0].person == "r_emeka"
    assert world.store.records.broken_logs() == []


def test_those_it_was_about_see_why_and_a_supervisor_answers_them(world: World, visit: Visit) -> None:
    alert = world.press()
    grace, ada, sunita = visit("grace"), visit("ada"), visit("sunita")
    assert ada.get(f"/why/{alert.id}").status_code == 404, "it is not closed yet"
    close(world, visit, alert, f"{Outcome.ACCIDENT}|knocked")
    assert "Call for help" in words(grace.see("/why"))
    own, daughters = words(grace.see(f"/why/{alert.id}")), words(ada.see(f"/why/{alert.id}"))
    assert "Somebody at the contact centre answered: Tom Brandt" in own
    assert "accidental press: knocked" in daughters
    assert "Tom Brandt" not in daughters, "who it was is the resident's to know"
    assert ada.post(f"/why/{alert.id}", text=" ").status_code == 409
    assert ada.post(f"/why/{alert.id}", text="She did mean to press it.").status_code == 303
    assert "She did mean to press it." in words(sunita.see("/console/challenges"))
    assert words(sunita.see("/console/challenges/waiting")) == "1 waiting for an answer"
    assert sunita.post("/console/challenges/1", text="You are right: we rang her.").status_code == 303
    assert sunita.see("/console/challenges/waiting").strip() == ""
    assert sunita.post("/console/challenges/1", text="Twice").status_code == 409
    assert "You are right: we rang her." in words(ada.see(f"/why/{alert.id}"))
    assert world.store.records.broken_logs() == []


def test_how_many_challenges_wait_is_counted_at_the_same_cost_however_many_there_are(world: World) -> None:
    store, asked = world.store, list[str]()
    store.records.load(ELSEWHERE, {one.login: HASH for one in ELSEWHERE.accounts})
    ours, theirs = (world.press(), world.silence("h_lindqvist", "r_lindqvist")), world.press("h_moor", "r_moor")
    gate = Gate(store.records, store.alerts, store.series, world.clock)
    sunita = Viewer(Account("sunita", "Sunita Rao", Role.SUPERVISOR), "-")
    event.listen(store.records.engine, "before_cursor_execute", lambda _c, _r, text, *_: asked.append(text))

    def looked() -> tuple[int, int]:
        asked.clear()
        return gate.after.waiting(sunita), len(asked)

    assert looked()[0] == 0
    first = after(world).say(ours[0].id, "ada", "She meant to.", world.now)
    waits, cost = looked()
    for alert in (*ours, theirs):
        after(world).say(alert.id, "ada", "And again.", world.now)
    assert (waits, looked()) == (1, (3, cost)), "another council's is not counted"
    after(world).say(ours[0].id, "sunita", "You are right.", world.now, first)
    assert looked() == (2, cost)


@pytest.mark.parametrize("login", ["karl", "ben", "chi", "dele", "tom", "priya", "ivan"])
def test_why_an_alert_was_raised_is_nobody_elses(world: World, visit: Visit, login: str) -> None:
    alert = world.press()
    close(world, visit, alert)
    guest = visit(login)
    for answer in (guest.get(f"/why/{alert.id}"), guest.post(f"/why/{alert.id}", text="x")):
        assert answer.status_code == 404
    assert guest.get("/console/challenges").status_code == guest.get("/console/challenges/waiting").status_code == 404
    assert guest.post("/console/challenges/1", text="x").status_code == 404
    assert after(world).said() == []


def test_a_challenge_of_a_fault_or_of_another_home_is_not_there(world: World, visit: Visit) -> None:
    kit = world.kit_unheard("h_okafor")
    world.store.alerts.act(kit.id, Act.ANSWER, "tom", world.now)
    world.store.alerts.act(kit.id, Act.CLOSE, "tom", world.now, outcome=Outcome.FAULT)
    assert visit("grace").get(f"/why/{kit.id}").status_code == 404
    assert visit("grace").get("/why/99").status_code == 404
