"""Logging in and out, and what everybody meets who has no business behind the door."""

import base64
import hashlib
import itertools
import re
import time
from collections.abc import Callable
from datetime import timedelta

import httpx
import pytest
from fastapi.routing import APIRoute
from sqlalchemy import delete

from hub.links import BY_LINK
from hub.store import schema
from hub.store.database import writing
from hub.web.access.entrance import hashed
from hub.web.app import PARTS, build
from hub.web.page import STATIC
from tests.hub.web.conftest import Visitor
from tests.hub.web.world import PASSWORD, World, told

Visit = Callable[..., Visitor]

LANDING = {
    "tom": "/console",
    "sunita": "/console",
    "priya": "/visits",
    "ivan": "/installer",
    "ada": "/family",
    "grace": "/resident",
}
CENTRE = ("/console", "/console/queue", "/console/changes", "/console/alert/1", "/console/alert/1/now")
PAGES = (*CENTRE, "/family", "/family/now", "/resident", "/installer", "/installer/kits", "/visits", "/visits/1")
OWN = {
    "tom": set(CENTRE),
    "priya": {"/visits"},
    "ivan": {"/installer", "/installer/kits"},
    "karl": {"/family", "/family/now"},
    "grace": {"/resident"},
}
NEVER = ("Okafor", "Larch", "960001", "blood thinner", "bathroom", "h_okafor", "Help was called for")


def test_each_lands_on_their_own_page(visit: Visit) -> None:
    for login, page in LANDING.items():
        answer = visit(None).log_in(login, PASSWORD)
        assert (answer.status_code, answer.headers["location"]) == (303, page)


def test_an_unknown_login_and_a_wrong_password_get_the_same_answer(visit: Visit) -> None:
    nobody, tom = visit(None).log_in("nobody", "x"), visit(None).log_in("tom", "x")
    assert nobody.status_code == tom.status_code == 401
    for part in ('value="nobody"', 'value="tom"'):
        assert part in nobody.text + tom.text
    assert _without_token(nobody.text.replace("nobody", "")) == _without_token(tom.text.replace("tom", ""))


def _without_token(page: str) -> str:
    return page[: page.index('name="csrf"')] + page[page.index('name="back"') :]


def test_after_three_wrong_passwords_even_the_right_one_has_to_wait(visit: Visit) -> None:
    guest = visit(None)
    for _ in range(3):
        guest.log_in("tom", "x")
    answer = guest.log_in("tom", PASSWORD)
    assert answer.status_code == 429
    assert "Please wait" in answer.text


def test_logging_out_ends_the_session(visit: Visit) -> None:
    tom = visit("tom")
    assert tom.post("/logout").headers["location"] == "/login?left=1"
    assert tom.get("/console").headers["location"] == "/login?next=/console"


def test_only_a_hash_of_the_session_is_stored(world: World, visit: Visit) -> None:
    cookie = visit("tom").client.cookies["nightlight_session"]
    assert world.store.records.accounts.session(cookie) is None
    assert world.store.records.accounts.session(hashed(cookie)) is not None


def test_cookies_stay_with_the_browser_and_the_site(world: World, visit: Visit) -> None:
    guest = visit(None)
    for answer in (guest.get("/login"), guest.log_in("tom", PASSWORD)):
        for cookie in answer.headers.get_list("set-cookie"):
            assert "samesite=strict" in cookie.lower()
            assert "httponly" in cookie.lower()


def test_one_is_sent_back_only_to_our_own_pages(visit: Visit) -> None:
    for back, to in (
        ("/console/alert/7", "/console/alert/7"),
        ("//evil.example", "/console"),
        ("https://evil.example", "/console"),
        ("/\\evil.example", "/console"),
    ):
        assert visit(None).log_in("tom", PASSWORD, back).headers["location"] == to


@pytest.mark.parametrize("login", OWN)
def test_whoever_has_no_business_on_a_page_gets_the_answer_of_a_page_that_is_not_there(
    world: World, visit: Visit, login: str
) -> None:
    """Karl above all: somebody else's son sees nothing."""
    world.press()
    guest = visit(login)
    missing = guest.get("/no/such/page")
    for path in PAGES:
        if path in OWN[login]:
            continue
        answer = guest.get(path)
        assert (answer.status_code, answer.text) == (404, missing.text), path
    if login == "karl":
        seen = "".join(guest.see(path) for path in OWN["karl"])
        assert "Mr Lindqvist" in seen
        assert not [word for word in NEVER if word in seen]


def test_a_guessed_alert_is_not_there(world: World, visit: Visit) -> None:
    tom, priya = visit("tom"), visit("priya")
    alert = world.press()
    for path in ("/console/alert/999", "/console/alert/x", "/console/alert/999/now", "/visits/999"):
        assert tom.get(path).status_code == 404, path
    assert priya.get(f"/visits/{alert.id}").status_code == 404, "not sent there"
    assert tom.post("/console/alert/999/answer").status_code == 404


def test_logged_out_nothing_is_shown(world: World, url: str, visit: Visit) -> None:
    world.press()
    guest = visit(None)
    for path in PAGES:
        answer = guest.get(path)
        assert (answer.status_code, answer.text) == (303, ""), path
    fragment = guest.client.get("/console/queue", headers={"hx-request": "true"})
    assert (fragment.status_code, fragment.headers["hx-redirect"]) == (401, "/login")


def test_every_form_is_refused_without_the_token_of_its_session(world: World, visit: Visit) -> None:
    alert = world.press()
    tom, other = visit("tom"), visit("nia").csrf
    paths = sorted(path for path in _posts() if path != "/login" and not path.startswith(BY_LINK))
    assert len(paths) >= 7, "the routes were found"
    for path, forged in itertools.product(paths, ("", "guess", other)):
        answer = tom.post(path.replace("{alert_id}", str(alert.id)), csrf=forged, text="x", outcome="test", to="priya")
        assert answer.status_code == 403, (path, forged)
    assert tom.client.post("/login", data={"login": "tom", "password": PASSWORD}).status_code == 403
    assert world.store.alerts.open_alerts() == [alert], "nothing was changed"


def _posts() -> set[str]:
    routes = [route for part in PARTS for route in part.routes.routes]
    return {route.path for route in routes if isinstance(route, APIRoute) and "POST" in (route.methods or ())}


def test_contacts_and_responders_cannot_act(world: World, visit: Visit) -> None:
    alert = world.press()
    for login in ("karl", "ada", "priya", "ivan", "grace"):
        guest = visit(login)
        for act in ("answer", "note", "send", "arrive", "close", "look"):
            answer = guest.post(f"/console/alert/{alert.id}/{act}", text="x", outcome="test", to="priya", reason="x")
            assert answer.status_code == 404, (login, act)
    assert world.store.alerts.open_alerts() == [alert]


def test_every_answer_is_protected(world: World, visit: Visit) -> None:
    tom = visit("tom")
    for answer in (
        tom.get("/console"),
        tom.get("/nothing"),
        tom.get("/alive"),
        tom.get("/static/app.js"),
        _broken(world),
    ):
        policy = answer.headers["content-security-policy"]
        assert "script-src 'self'" in policy
        mark = base64.b64encode(hashlib.sha256((STATIC / "nightlight.css").read_bytes()).digest()).decode()
        assert f"style-src 'self' 'sha256-{mark}';" in policy, "the one stylesheet, wherever it stands"
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-frame-options"] == "DENY"
    assert tom.get("/console").headers["cache-control"] == "no-store"


def _broken(world: World) -> httpx.Response:
    """What somebody gets when the store fails under a page."""
    app = build(world.settings)
    app.state.gate = None

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://hub.example") as client:
            return await client.get("/alive")

    answer = told(ask())
    assert answer.status_code == 500
    assert "our fault" in answer.text
    assert "Traceback" not in answer.text
    assert "NoneType" not in answer.text
    return answer


def test_no_page_has_script_or_style_of_its_own(world: World, visit: Visit) -> None:
    world.press()
    for login, path in (("tom", "/console"), ("tom", "/console/alert/1"), ("ada", "/family"), ("grace", "/resident")):
        page = visit(login).see(path)
        own = re.findall("<style>(.*?)</style>", page, flags=re.DOTALL)
        assert own == ([(STATIC / "nightlight.css").read_text()] if path == "/family" else [])
        assert " style=" not in page
        assert " onclick" not in page
        assert page.count("<script src=") == page.count("<script")


def test_a_form_that_is_no_form_is_too_long(visit: Visit) -> None:
    answer = visit("tom").post("/console/alert/1/note", text="x" * 70_000)
    assert answer.status_code == 413


def test_alive_says_which_loop_stands_still_and_nothing_of_people(world: World, visit: Visit) -> None:
    guest = visit(None)
    answer = guest.get("/alive")
    assert answer.status_code == 200
    said = answer.json()
    assert said["alive"] is True
    assert said["hearing"] is True
    assert said["played_now"] == said["judged_until"] == world.now.isoformat()
    world.turn("watch", age=60)
    answer = guest.get("/alive")
    assert (answer.status_code, answer.json()["alive"]) == (503, False)
    assert answer.json()["loops"]["watch"]["age_s"] >= 60
    assert "Okafor" not in answer.text


def test_a_loop_that_died_as_the_clock_was_set_back_is_not_alive_for_that_long(world: World, visit: Visit) -> None:
    guest = visit(None)
    world.turn("watch", age=60, ahead=7200)
    answer = guest.get("/alive")
    assert (answer.status_code, answer.json()["alive"]) == (503, False)
    assert 60 <= answer.json()["loops"]["watch"]["age_s"] < 7000
    world.turn("watch", age=0, ahead=-7200)
    assert guest.get("/alive").json()["alive"] is True, "nor is one dead because the clock was put forward since"


def test_what_another_machine_says_of_a_moment_to_come_is_not_believed(world: World, visit: Visit) -> None:
    world.store.records.turned("watch", time.time() + 7200, world.now, "", time.monotonic(), "another")
    assert visit(None).get("/alive").status_code == 503


def test_a_hub_whose_watch_has_not_begun_is_not_alive(world: World, visit: Visit) -> None:
    with writing(world.store.records._engine) as connection:
        connection.execute(delete(schema.loops).where(schema.loops.c.loop == "watch"))
    assert visit(None).get("/alive").status_code == 503
    assert "watch is not running: no alert will be raised" in visit("tom").see("/console")


def test_a_hub_that_hears_no_kit_says_so(world: World, visit: Visit) -> None:
    world.move(timedelta(hours=1))
    assert visit(None).get("/alive").json()["hearing"] is False
    assert "hears no home at all" in visit("tom").see("/console")
