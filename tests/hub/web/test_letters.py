"""The office's list of letters: what waits, what one says and to whom, and that it is posted once."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from hub.store.relatives import Relatives, Sent
from models.notices import NoticeKind
from models.people import Address, Level, Role, Telling
from models.privacy import Purpose
from models.register import Register
from tests.hub.web.conftest import Visitor, logged_in, words
from tests.hub.web.marked import said
from tests.hub.web.world import World

Visit = Callable[..., Visitor]
WHY = "?reason=it+is+to+be+posted"


@pytest.fixture
def visit(visit: Visit, world: World) -> Visit:
    """With a session, since who keeps records needs a second factor."""
    return lambda login: logged_in(world, visit, login)


@pytest.fixture
def relatives(world: World) -> Relatives:
    """Two wait: one to Chi, who sees parts of the day, in Welsh; and one to Mrs Okafor."""
    chi = world.store.records.contact("c_chi")
    assert chi
    chi = replace(chi, addresses=(Address("post", "5 Ash Court, Northside"),), telling=Telling("by letter", "cy"))
    world.store.records.load(Register(contacts=(chi,)), {})
    made = Relatives(world.store.records.engine)
    waiting = [(f"letter {who}", "h_okafor", who, NoticeKind.LETTER) for who in ("c_chi", "r_okafor")]
    made.intend(waiting, world.now - timedelta(days=3))
    return made


def flat(visitor: Visitor, path: str) -> str:
    return " ".join(said({}, visitor.get(path).content).split())


def test_the_list_says_to_whom_and_a_letter_is_posted_once(world: World, visit: Visit, relatives: Relatives) -> None:
    amina = visit("amina")
    page = words(amina.see("/letters"))
    assert "Chi Ade How things are" in page
    assert "5 Ash Court, Northside" in page
    assert "late" in page
    assert amina.get("/letters/1.pdf").status_code == 404, "a reason is given"
    chis = flat(amina, f"/letters/1.pdf{WHY}")
    assert "Chi Ade 5 Ash Court Northside" in chis
    assert "Annwyl Chi Ade," in chis
    assert "Yn yr wythnos ddiwethaf: Wedi codi: fore ddoe." in chis
    assert not [room for room in ("gegin", "kitchen", "07:40") if room in chis], "no more than Chi may see"
    theirs = flat(amina, f"/letters/2.pdf{WHY}")
    assert "Dear Mrs Okafor, This letter says" in theirs
    looks = [(one.viewer, one.role, one.purpose, one.reason) for one in world.store.records.looks("h_okafor")]
    why, who = "it is to be posted", ("amina", Role.ADMINISTRATOR)
    assert looks.count((*who, Purpose.PREVIEW, f"the letter to c_chi: {why}")) == 1
    assert looks.count((*who, Purpose.BEHALF, f"their letter: {why}")) == 1
    assert len([one for one in looks if one[0] == "amina"]) == 2
    world.store.records.load(Register(homes=(replace(world.home("h_okafor"), people=2),)), {})
    assert "Yn yr wythnos ddiwethaf" not in flat(amina, f"/letters/1.pdf{WHY}"), "of a couple nobody knows who was up"
    assert amina.post("/letters/1/posted").status_code == 303
    assert amina.post("/letters/1/posted").status_code == 404
    assert "Chi Ade" not in words(amina.see("/letters"))
    told = relatives.of_person("c_chi")[0]
    assert (told.state, told.way, told.detail) == (Sent.SENT, "post", "by amina")
    assert "Yr wythnos hon 12:00, Maw 17 Tach · anfonwyd drwy lythyr yr wythnos" in words(
        visit("chi").see("/family/told")
    )


def test_of_whom_nothing_is_shared_with_no_letter_is_printed(world: World, visit: Visit, relatives: Relatives) -> None:
    amina = visit("amina")
    chi = world.store.records.contact("c_chi")
    assert chi
    world.store.records.load(Register(contacts=(replace(chi, level=Level.NOTHING),)), {})
    assert "Chi Ade" not in words(amina.see("/letters"))
    assert amina.get(f"/letters/1.pdf{WHY}").status_code == 404


def test_karl_and_everybody_else_finds_no_letter(world: World, visit: Visit, relatives: Relatives) -> None:
    for login in ("karl", "ada", "chi", "grace", "tom", "sunita", "priya", "ivan", "max"):
        guest = visit(login)
        for path in ("/letters", f"/letters/1.pdf{WHY}", f"/letters/2.pdf{WHY}"):
            assert guest.get(path).status_code == 404, (login, path)
        assert guest.post("/letters/1/posted").status_code == 404, login
    assert len(relatives.in_state(Sent.LISTED)) == 2
