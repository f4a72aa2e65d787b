"""The administrator's records: forms and files, by one council's administrator, each change with who and what."""

import html
import re
import time
from collections.abc import Callable
from datetime import date

import httpx
import pytest

from hub.desk import Desk
from hub.store import amendments
from models.people import Account, Level, Role
from models.register import Register
from tests.hub.web.conftest import Visitor, words
from tests.hub.web.test_councils import ELSEWHERE
from tests.hub.web.world import HASH, World

Visit = Callable[..., Visitor]
PAGES = ("", "/new", "/homes/h_okafor", "/import", "/log", "/template/homes.csv", "?find=okafor")


@pytest.fixture
def admin(world: World, visit: Visit) -> Visitor:
    return office(world, visit, Account("amina", "Amina Yusuf", Role.ADMINISTRATOR))


def office(world: World, visit: Visit, account: Account) -> Visitor:
    world.store.records.load(Register(accounts=(account,)), {account.login: HASH})
    guest = visit(None)
    guest.client.cookies.set("nightlight_session", world.session(account.login))
    return guest


def form(page: str, kind: str, marked: str) -> dict[str, str]:
    """The fields of the form for a record of `kind` that holds `marked`, as a browser would send them."""
    import html

    for found in re.findall(
        rf'<form method="post" action="/administration/records/{kind}">(.*?)</form>', page, re.DOTALL
    ):
        if marked not in found:
            continue
        fields = dict(re.findall(r'<input[^>]* name="(\w+)" value="([^"]*)"', found))
        fields |= dict(re.findall(r'<textarea[^>]* name="(\w+)"[^>]*>(.*?)</textarea>', found, re.DOTALL))
        for name, options in re.findall(r'<select[^>]* name="(\w+)"[^>]*>(.*?)</select>', found, re.DOTALL):
            chosen = re.search(r"<option selected>([^<]*)", options) or re.search(r"<option>([^<]*)", options)
            fields[name] = chosen.group(1) if chosen else ""
        fields.pop("csrf", None)
        return {name: html.unescape(value) for name, value in fields.items()}
    raise AssertionError(f"no form of {kind} with {marked}")


def upload(guest: Visitor, kind: str, content: bytes) -> httpx.Response:
    data, files = {"csrf": guest.csrf, "kind": kind}, {"file": ("list.csv", content, "text/csv")}
    return guest.client.post("/administration/import", data=data, files=files)


def test_a_change_is_kept_and_told_without_what_is_private(world: World, admin: Visitor) -> None:
    page = admin.see("/administration/homes/h_okafor")
    typed = {**form(page, "residents", "Grace Okafor"), "phone": "01632 960123", "medical_notes": "None known."}
    assert admin.post("/administration/records/residents", **typed).status_code == 303
    grace = world.store.records.resident("r_okafor")
    assert grace
    assert (grace.phone, grace.medical_notes, grace.risks) == ("01632 960123", "None known.", "Fell in March.")
    typed = {**form(page, "contacts", "c_ada"), "level": "rooms"}
    assert admin.post("/administration/records/contacts", **typed).status_code == 303
    told = amendments.latest(world.store.records.engine, "")
    assert [(one.actor, one.what, one.key, one.text) for one in told] == [
        ("amina", "contact", "c_ada", "changed; level: times → rooms"),
        ("amina", "resident", "r_okafor", "changed; phone, medical_notes"),
    ]
    assert world.store.records.broken_logs() == []
    assert any(one.viewer == "amina" for one in world.store.records.looks("h_okafor"))
    assert "phone, medical_notes" in admin.see("/administration/log")


def test_a_day_of_discharge_that_cannot_be_is_refused_by_form_and_file(world: World, admin: Visitor) -> None:
    page = admin.see("/administration/homes/h_okafor")
    for day, why in (("2026-13-01", "is no date"), ("2999-01-01", "2999-01-01 is still to come"), ("2026-09-01", "")):
        typed = {**form(page, "residents", "Grace Okafor"), "reablement": day}
        kept = admin.post("/administration/records/residents", **typed)
        assert (kept.status_code, why in kept.text) == (400 if why else 303, True)
    refused = upload(admin, "residents", b"id,reablement\nr_okafor,2999-01-01\n")
    assert (refused.status_code, "is still to come" in refused.text) == (400, True)
    grace = world.store.records.resident("r_okafor")
    assert grace
    assert grace.reablement == date(2026, 9, 1)
    assert amendments.latest(world.store.records.engine, "")[0].text == "changed; reablement", "and not which day"


def test_what_somebody_else_changed_meanwhile_is_not_overwritten(world: World, admin: Visitor) -> None:
    typed = form(admin.see("/administration/homes/h_okafor"), "residents", "Grace Okafor")
    assert admin.post("/administration/records/residents", **{**typed, "phone": "1"}).status_code == 303
    late = admin.post("/administration/records/residents", **{**typed, "phone": "2"})
    assert (late.status_code, "Somebody else changed this" in late.text) == (409, True)
    grace = world.store.records.resident("r_okafor")
    assert grace
    assert grace.phone == "1"


def test_what_is_wrong_is_said_beside_the_field_and_nothing_typed_is_lost(admin: Visitor) -> None:
    typed = form(admin.see("/administration/homes/h_okafor"), "homes", "h_okafor")
    answer = admin.post("/administration/records/homes", **{**typed, "people": "many", "area": "Eastside"})
    assert answer.status_code == 400
    assert "'many' is no whole number" in words(answer.text)
    assert 'value="Eastside"' in answer.text
    assert 'aria-invalid="true"' in answer.text


def test_a_household_is_put_on_record_from_nothing(world: World, admin: Visitor) -> None:
    blank = admin.see("/administration/new")
    assert ("&lt;details" in blank, '<details class="card" open>' in blank) == (False, True)
    new = {"id": "h_elm9", "area": "Eastside", "timezone": "Europe/London", "people": "1", "pets": "no"}
    assert admin.post("/administration/records/homes", **new).headers["location"].endswith("/h_elm9?kept=yes")
    fresh = words(admin.see("/administration/homes/h_elm9?kept=yes"))
    assert "Kept. Home h_elm9: added; area: Eastside" in fresh
    assert "Nobody is on record who lives here." in fresh
    assert admin.post("/administration/records/homes", **new).status_code == 400, "it is there already"
    here = {"household": "h_elm9", "home": "h_elm9", "name": "Bo Lund", "called": "Bo", "address": "9 Elm"}
    assert admin.post("/administration/records/residents", id="r_bo", **here).status_code == 303
    consent = {"household": "h_elm9", "home": "h_elm9", "kind": "motion", "given_at": "2026-11-01"}
    assert admin.post("/administration/records/consents", **consent).status_code == 400, "who decided?"
    consent |= {"decided_by": "the resident", "basis": "asked and agreed"}
    assert admin.post("/administration/records/consents", **consent).status_code == 303
    plan = {"household": "h_elm9", "resident": "r_bo", "kind": "default", "steps": "operator tel"}
    answer = admin.post("/administration/records/plans", **plan)
    assert (answer.status_code, "one step must go without hands" in words(answer.text)) == (400, True)
    assert admin.post("/administration/records/plans", **{**plan, "steps": "operator log"}).status_code == 303
    assert world.store.records.home("h_elm9")
    assert "Bo Lund" in admin.see("/administration?find=lund")


def test_contacts_are_rung_in_the_order_of_the_file_and_the_office_moves_one(world: World, admin: Visitor) -> None:
    rows = "".join(f"c_{name},r_lindqvist,{name.title()},friend\n" for name in ("zoe", "bob"))
    data = {"kind": "contacts", "text": f"id,resident,name,relation\n{rows}"}
    assert admin.post("/administration/import/keep", **data).status_code == 200

    def rung() -> list[str]:
        return [one.id for one in world.store.records.contacts_of("r_lindqvist")]

    assert rung() == ["c_karl", "c_zoe", "c_bob"]
    page, where = admin.see("/administration/homes/h_lindqvist"), "/administration/contacts/c_bob/move"
    assert (page.count("Ring them earlier"), page.count("Ring them later")) == (2, 2)
    seen = re.search(rf'action="{where}">.*?name="seen" value="(\w+)"', page)
    assert seen
    form = {"by": "-1", "home": "h_lindqvist", "seen": seen.group(1)}
    moved = admin.post(where, **form)
    assert rung() == ["c_karl", "c_bob", "c_zoe"]
    assert re.search(r"Kept\. Contact c_(bob|zoe): changed; turn", words(admin.see(moved.headers["location"])))
    assert admin.post(where, **form).status_code == 409, "it was moved since"
    assert admin.post("/administration/contacts/c_ghost/move", **form).status_code == 404
    told = amendments.latest(world.store.records.engine, "", 2)
    assert {(one.key, one.text) for one in told} == {
        ("c_bob", "changed; turn: 3 → 2"),
        ("c_zoe", "changed; turn: 2 → 3"),
    }


def test_a_login_is_for_no_work_until_one_is_chosen_and_a_record_leads_to_it(admin: Visitor) -> None:
    assert '<option value="">choose</option>' in admin.see("/administration/accounts")
    to = "/administration/accounts?role=contact&amp;person=c_ben#add"
    assert f'href="{to}"' in admin.see("/administration/homes/h_okafor")
    page = admin.see(html.unescape(to))
    assert '<option value="contact" selected>' in page
    assert 'value="c_ben"' in page


def test_a_contact_goes_unless_a_plan_names_them(world: World, admin: Visitor) -> None:
    page = admin.see("/administration/homes/h_okafor")
    for contact, status in (("c_ada", 409), ("c_ben", 303)):
        seen = form(page, "contacts", contact)["seen"]
        answer = admin.post(f"/administration/contacts/{contact}/drop", home="h_okafor", seen=seen)
        assert answer.status_code == status
    assert world.store.records.contact("c_ben") is None


def test_a_file_is_checked_line_by_line_and_changes_nothing_unless_all_is_right(world: World, admin: Visitor) -> None:
    wrong = upload(admin, "contacts", b"id,resident,name,relation,level\nc_x,r_nobody,X,son,rooms\nc_ada,,,,all\n")
    told = words(wrong.text)
    assert wrong.status_code == 400
    assert "2 resident r_nobody is not on record" in told
    assert "3 level 'all' is none of" in told
    right = upload(admin, "contacts", b"id,resident,name,relation,level\nc_x,r_okafor,Xi Ma,friend,rooms\n")
    assert "1 new, 0 changed, 0 the same" in words(right.text)
    assert world.store.records.contact("c_x") is None, "checking changes nothing"
    text = re.search(r"<textarea name=\"text\" hidden>\n(.*?)</textarea>", right.text, re.DOTALL)
    assert text
    assert "Imported" in admin.post("/administration/import/keep", kind="contacts", text=text.group(1)).text
    made = world.store.records.contact("c_x")
    assert made
    assert made.level is Level.ROOMS
    assert upload(admin, "contacts", b"\xff\xfe\x00").status_code == 400
    assert upload(admin, "pigeons", b"x").status_code == 404


def test_five_thousand_lines_take_no_patience(world: World) -> None:
    desk = Desk(world.store.records.engine, "", world.now.date())
    homes = "id,area\n" + "".join(f"h_{number},Area {number % 9}\n" for number in range(5000))
    began = time.perf_counter()
    checked = desk.check("homes", homes)
    desk.keep(list(checked.added), "amina", world.now, " from a file")
    assert (len(checked.added), checked.mistakes) == (5000, ())
    assert time.perf_counter() - began < 30, "about a second on a quiet machine"
    assert desk.check("homes", homes).same == 5000


def test_another_council_is_not_there_and_its_ids_are_taken(world: World, admin: Visitor, visit: Visit) -> None:
    world.store.records.load(ELSEWHERE, {one.login: HASH for one in ELSEWHERE.accounts})
    west = office(world, visit, Account("wes", "Wes Tarn", Role.ADMINISTRATOR, council="Westmoor"))
    assert west.get("/administration/homes/h_okafor").status_code == 404
    assert "1 home" in words(west.see("/administration"))
    assert "No home fits" in west.see("/administration?find=okafor")
    for kind, content in (
        ("homes", b"id,area\nh_okafor,Mine\n"),
        ("residents", b"id,home,name,called,address\nr_okafor,h_moor,X,X,X\n"),
        ("residents", b"id,home,name,called,address\nr_new,h_okafor,X,X,X\n"),
        ("consents", b"home,kind,decided_by,basis,given_at\nh_okafor,motion,x,x,2026-11-01\n"),
        ("plans", b"resident,kind,steps\nr_okafor,default,operator log\n"),
    ):
        assert upload(west, kind, content).status_code == 400, (kind, content)
    assert west.post("/administration/records/residents", id="r_okafor", home="h_moor", name="X", called="X",
                     address="X", household="h_moor").status_code == 400  # fmt: skip
    assert west.post("/administration/contacts/c_ada/drop", home="h_moor", seen="x").status_code == 404
    assert world.home("h_okafor").area == "Northside"
    assert "wes" not in words(admin.see("/administration/log"))


def test_nobody_else_has_business_here(world: World, visit: Visit) -> None:
    max_ = office(world, visit, Account("max", "Max Orme", Role.MANAGER))
    for guest in (*map(visit, ("tom", "sunita", "priya", "ivan", "karl", "grace")), max_):
        for path in PAGES:
            assert guest.get(f"/administration{path}").status_code == 404, path
        assert guest.post("/administration/records/homes", id="h_x", area="X").status_code == 404
        assert guest.post("/administration/import/keep", kind="homes", text="id,area\nh_x,X\n").status_code == 404
        assert guest.post("/administration/contacts/c_ada/drop", home="h_okafor", seen="x").status_code == 404
    assert world.store.records.home("h_x") is None
