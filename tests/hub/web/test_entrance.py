"""Being let in, kept out and thrown out; and the administrator's page of logins."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from argon2 import PasswordHasher

from hub.web.access import Gate
from hub.web.access.entrance import Entered, Entrance, NotProved, TooSoon, _whose, whole
from models.entrance import PERIOD, code
from models.people import Account, Role
from models.register import Register
from tests.hub.web.conftest import Visitor, logged_in, token, words
from tests.hub.web.world import HASH, PASSWORD, World

Visit = Callable[..., Visitor]
QUICK = PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1)
OFFICE = Register(
    accounts=(Account("amina", "Amina Yusuf", Role.ADMINISTRATOR), Account("max", "Max Orme", Role.MANAGER))
)


class Hours:
    """Real time, moved by hand, and the entrance by it."""

    def __init__(self, world: World, **settings: object) -> None:
        self.now = world.real
        store, chosen = world.store, replace(world.settings, **settings)  # type: ignore[arg-type]
        gate = Gate(store.records, store.alerts, store.series, world.clock, lambda: self.now, settings=chosen)
        self.entrance: Entrance = gate.entrance
        self.entrance._hasher = QUICK  # a wrong password costs as much whether its login exists or not

    def enters(self, login: str, password: str = PASSWORD, address: str = "192.0.2.1") -> Entered | Exception:
        try:
            return self.entrance.enter(login, password, address)
        except (TooSoon, NotProved) as no:
            return no


def secret_of(page: str) -> bytes:
    from base64 import b32decode

    found = re.search(r"Key: <code>([A-Z2-7 ]+)</code>", page)
    assert found
    return b32decode(found.group(1).replace(" ", ""))


def now_step() -> int:
    return int(datetime.now(UTC).timestamp() // PERIOD)


@pytest.fixture
def office(world: World) -> World:
    """With an administrator, who has a second factor, and a manager, who has none yet."""
    accounts = world.store.records.accounts
    world.store.records.load(OFFICE, {one.login: HASH for one in OFFICE.accounts})
    assert accounts.find("amina")
    return world


@pytest.fixture
def admin(office: World, visit: Visit) -> Visitor:
    return logged_in(office, visit, "amina")


# Sessions


def test_a_session_ends_unused_after_an_hour_and_used_after_twelve(world: World) -> None:
    hours = Hours(world)
    left, used = hours.enters("tom"), hours.enters("tom")
    assert isinstance(left, Entered)
    assert isinstance(used, Entered)
    for _ in range(23):
        hours.now += 1800
        assert hours.entrance.viewer(used.token) is not None
    assert hours.entrance.viewer(left.token) is None
    hours.now += 1801
    assert hours.entrance.viewer(used.token) is None
    assert isinstance(hours.enters("nia"), Entered)
    assert world.store.records.accounts.sessions("tom") == [], "whoever comes in sweeps up"


def test_a_clock_that_was_ahead_opens_no_session_for_a_year_and_locks_nobody_out(world: World) -> None:
    hours = Hours(world)
    hours.now += 365 * 86_400
    ahead = hours.enters("tom")
    assert isinstance(ahead, Entered)
    for _ in range(9):
        hours.enters("nia", "x")
    assert isinstance(hours.enters("nia"), TooSoon)
    hours.now -= 365 * 86_400
    assert hours.entrance.viewer(ahead.token) is None
    assert isinstance(hours.enters("nia"), Entered)


def test_a_closed_login_is_out_at_once(office: World, admin: Visitor, visit: Visit) -> None:
    tom = visit("tom")
    assert admin.post("/administration/accounts/tom/close").status_code == 303
    assert tom.get("/console").status_code == 303
    answer = visit(None).log_in("tom", PASSWORD)
    assert (answer.status_code, "has been closed" in answer.text) == (401, True)
    assert "has been closed" not in visit(None).log_in("tom", "wrong").text, "only who knows the password is told"


def test_a_console_that_stands_open_ends_with_its_session(
    office: World, admin: Visitor, visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.web.visitor.ASK_EVERY", 0.5)
    tom = visit("tom")
    with tom.client.stream("GET", "/console/changes", timeout=120) as stream:
        lines = stream.iter_lines()
        assert any(line.startswith("data:") for line in lines)
        admin.post("/administration/accounts/tom/log-out")
        assert list(lines) is not None, "the stream came to its end"


def test_logged_out_everywhere(visit: Visit) -> None:
    here, there = visit("tom"), visit("tom")
    assert "Where you are logged in" in here.see("/account")
    here.post("/account/leave-everywhere")
    assert [one.get("/console").status_code for one in (here, there)] == [303, 303]


# Wrong tries


def test_each_wrong_try_waits_longer_and_a_right_one_is_forgiven(world: World) -> None:
    hours = Hours(world)
    for _ in range(3):
        assert isinstance(hours.enters("tom", "x"), NotProved)
    held = hours.enters("tom")
    assert isinstance(held, TooSoon)
    assert held.seconds <= 1
    assert isinstance(hours.enters("tom", address="192.0.2.9"), Entered), "another place is not held up yet"
    hours.now += 1.1
    assert isinstance(hours.enters("tom"), Entered)
    assert isinstance(hours.enters("tom", "x"), NotProved)


@pytest.mark.parametrize("login", ["tom", "nobody-of-that-name"])
def test_a_login_is_locked_for_strangers_and_whether_it_exists_is_not_told(world: World, login: str) -> None:
    hours = Hours(world)
    world.store.records.accounts.came_from("tom", "192.0.2.1", datetime.fromtimestamp(hours.now, UTC))
    for number in range(10):
        assert isinstance(hours.enters(login, "x", f"198.51.100.{number}"), NotProved)
    held = hours.enters(login, PASSWORD, "198.51.100.99")
    assert isinstance(held, TooSoon)
    assert (held.locked, held.seconds > 3000) == (True, True)
    if login == "tom":
        assert isinstance(hours.enters("tom"), Entered), "nobody can lock a contact centre out of its own console"


def test_one_address_that_tries_name_after_name_is_slowed_down(world: World) -> None:
    hours = Hours(world)
    for number in range(30):
        hours.enters(f"name{number}", "x")
    held = hours.enters("somebody else", "x")
    assert isinstance(held, TooSoon)
    assert not held.locked


def test_an_administrator_unlocks(office: World, admin: Visitor) -> None:
    accounts = office.store.records.accounts
    for _ in range(10):
        accounts.failed([whole("nia")], office.real, 0.0)
    assert "locked" in words(admin.see("/administration/accounts"))
    admin.post("/administration/accounts/nia/unlock")
    assert "locked" not in words(admin.see("/administration/accounts"))


def test_what_was_typed_as_a_login_is_kept_nowhere(world: World, visit: Visit) -> None:
    visit(None).log_in("my secret password", "x")
    kept = b"".join(path.read_bytes() for path in world.settings.data.iterdir() if path.is_file())
    assert b"my secret" not in kept


# The second factor


def test_a_manager_sets_a_second_factor_up_before_anything_else(office: World, visit: Visit) -> None:
    guest = visit(None)
    assert guest.log_in("max", PASSWORD).headers["location"] == "/login/set-up"
    assert guest.get("/account").status_code == 303, "not in yet"
    page = guest.see("/login/set-up")
    secret, csrf = secret_of(page), token(page)
    assert "<svg" in page
    assert guest.post("/login/set-up", csrf=csrf, code="000000x").status_code == 401
    step = now_step()
    done = guest.post("/login/set-up", csrf=csrf, code=code(secret, step))
    papers = re.findall(r"<code>([A-Z2-7]{5}-[A-Z2-7]{5})</code>", done.text)
    assert len(papers) == 10
    assert guest.get("/account").status_code == 200
    again = visit(None)
    assert again.log_in("max", PASSWORD).headers["location"] == "/login/code"
    assert again.get("/account").status_code == 303, "the password alone is not enough"
    page = again.see("/login/code")
    assert again.post("/login/code", csrf=token(page), code=code(secret, step)).status_code == 401, "used before"
    assert again.post("/login/code", csrf=token(page), code=papers[0].lower()).status_code == 303
    assert again.get("/account").status_code == 200
    third = visit(None)
    third.log_in("max", PASSWORD)
    page = third.see("/login/code")
    assert third.post("/login/code", csrf=token(page), code=papers[0]).status_code == 401, "each works once"
    assert third.post("/login/code", csrf=token(page), code=code(secret, step + 1)).status_code == 303
    assert "required" not in done.text


def test_the_secret_is_not_readable_in_the_database(office: World, visit: Visit) -> None:
    guest = visit(None)
    guest.log_in("max", PASSWORD)
    secret = secret_of(guest.see("/login/set-up"))
    kept = b"".join(path.read_bytes() for path in office.settings.data.iterdir() if path.is_file())
    assert secret not in kept
    assert (office.settings.data / "seal.key").stat().st_mode & 0o777 == 0o600


def test_codes_can_not_be_guessed(office: World, visit: Visit) -> None:
    tom = visit("tom")
    secret = secret_of(tom.see("/account/second"))
    assert "recovery codes" in tom.post("/account/second", code=code(secret, now_step())).text
    guest = visit(None)
    guest.log_in("tom", PASSWORD)
    csrf = token(guest.see("/login/code"))
    tried = [guest.post("/login/code", csrf=csrf, code=f"{number:06}x").status_code for number in range(3)]
    assert tried == [401, 401, 401]
    for _ in range(6):  # as if more had been tried: the wait outlasts this test on the slowest machine
        office.store.records.accounts.failed(_whose("tom", "127.0.0.1"), office.real, 0.0)
    assert guest.post("/login/code", csrf=csrf, code="000009x").status_code == 429
    assert guest.post("/login/code", csrf=csrf, code=code(secret, now_step() + 1)).status_code == 429


def test_whose_telephone_is_lost_gets_it_taken_away(office: World, admin: Visitor, visit: Visit) -> None:
    tom = visit("tom")
    tom.post("/account/second", code=code(secret_of(tom.see("/account/second")), now_step()))
    admin.post("/administration/accounts/tom/drop-second")
    assert tom.get("/console").status_code == 303
    assert visit(None).log_in("tom", PASSWORD).headers["location"] == "/console"


def test_one_may_give_it_up_where_it_is_not_due(office: World, visit: Visit) -> None:
    tom = visit("tom")
    tom.post("/account/second", code=code(secret_of(tom.see("/account/second")), now_step()))
    assert tom.post("/account/second/drop", old="wrong").status_code == 400
    assert tom.post("/account/second/drop", old=PASSWORD).headers["location"] == "/login"


# Passwords


def test_an_invitation_is_good_once(office: World, admin: Visitor, visit: Visit) -> None:
    made = admin.post("/administration/accounts", login="lena", name="Lena Ford", role="operator")
    found = re.search(r"/invitation/[\w-]+", made.text)
    assert found
    assert visit(None).log_in("lena", "").status_code == 401, "no password yet, and none is none"
    guest = visit(None)
    csrf = token(guest.see(found.group()))
    for bad in ({"password": "short", "again": "short"}, {"password": "lamp heron stove", "again": "another"}):
        assert guest.post(found.group(), csrf=csrf, **bad).status_code == 400
    good = {"password": "lamp heron stove", "again": "lamp heron stove"}
    assert guest.post(found.group(), csrf=csrf, **good).headers["location"] == "/console", "and logs in, as it says"
    assert guest.get("/console").status_code == 200
    guest.post("/logout")
    csrf = token(guest.see("/login"))
    assert guest.get(found.group()).status_code == 404
    assert guest.post(found.group(), csrf=csrf, **good).status_code == 404
    assert visit(None).log_in("lena", "lamp heron stove").headers["location"] == "/console"


def test_a_new_password_throws_everybody_else_out(visit: Visit) -> None:
    here, there = visit("tom"), visit("tom")
    wrong = here.post("/account/password", old="x", new="lamp heron stove", again="lamp heron stove")
    weak = here.post("/account/password", old=PASSWORD, new="password1234", again="password1234")
    assert (wrong.status_code, weak.status_code) == (400, 400)
    assert "tried first" in weak.text
    assert (
        here.post("/account/password", old=PASSWORD, new="lamp heron stove", again="lamp heron stove").status_code
        == 303
    )
    assert "every other session is ended" in here.see("/account?done=password")
    assert there.get("/console").status_code == 303
    assert visit(None).log_in("tom", PASSWORD).status_code == 401


# The administrator's page


def test_what_is_wrong_with_a_new_login_is_said_beside_it_and_nothing_is_lost(admin: Visitor) -> None:
    for form, said in (
        ({"login": "No Spaces!", "name": "A", "role": "operator"}, "small letters"),
        ({"login": "tom", "name": "A", "role": "operator"}, "already"),
        ({"login": "lena", "name": " ", "role": "operator"}, "A name is needed"),
        ({"login": "lena", "name": "A", "role": "king"}, "Choose what they do"),
        ({"login": "lena", "name": "Lena", "role": "contact", "person": "c_nobody"}, "Name the id of the contact"),
    ):
        answer = admin.post("/administration/accounts", **form)
        assert answer.status_code == 400
        assert said in words(answer.text)
        assert 'aria-invalid="true"' in answer.text
        assert f'value="{form["login"].lower()}"' in answer.text


def test_two_administrators_do_not_overwrite_each_other(office: World, admin: Visitor) -> None:
    seen = re.search(r'name="seen" value="(\w+)"', admin.see("/administration/accounts/tom"))
    assert seen
    form = {"seen": seen.group(1), "name": "Tom Brandt", "role": "supervisor"}
    assert admin.post("/administration/accounts/tom", **form).status_code == 303
    late = admin.post("/administration/accounts/tom", **{**form, "role": "installer"})
    assert (late.status_code, "meanwhile" in late.text) == (409, True)
    tom = office.store.records.account("tom")
    assert tom
    assert tom[0].role is Role.SUPERVISOR


def test_nobody_takes_their_own_work_away(admin: Visitor) -> None:
    seen = re.search(r'name="seen" value="(\w+)"', admin.see("/administration/accounts/amina"))
    assert seen
    form = {"seen": seen.group(1), "name": "Amina Yusuf", "role": "manager"}
    assert admin.post("/administration/accounts/amina", **form).status_code == 400
    assert admin.post("/administration/accounts/amina/close").status_code == 400


def test_every_change_is_in_the_log_and_the_chain_holds(office: World, admin: Visitor) -> None:
    admin.post("/administration/accounts/tom/close")
    admin.post("/administration/accounts/tom/reopen")
    from hub.store import amendments

    told = amendments.latest(office.store.records._engine, "")
    assert [(one.actor, one.key, one.text) for one in told] == [
        ("amina", "tom", "opened again"),
        ("amina", "tom", "closed"),
    ]
    assert office.store.records.broken_logs() == []


def test_another_councils_administrator_meets_nobody_here(office: World, visit: Visit) -> None:
    west = Account("west", "Wes Tarn", Role.ADMINISTRATOR, council="Westmoor")
    office.store.records.load(Register(accounts=(west,)), {"west": HASH})
    guest = logged_in(office, visit, "west")
    page = guest.see("/administration/accounts")
    assert "1 login" in words(page)
    assert "Tom Brandt" not in page
    assert guest.get("/administration/accounts/tom").status_code == 404
    for deed in ("close", "invite", "unlock", "drop-second", "log-out", "reopen"):
        assert guest.post(f"/administration/accounts/tom/{deed}").status_code == 404, deed
    form = {"login": "lena", "name": "Lena", "role": "contact", "person": "c_ada"}
    assert guest.post("/administration/accounts", **form).status_code == 400, "not their resident"


def test_nobody_else_has_business_with_logins(visit: Visit) -> None:
    for guest in map(visit, ("tom", "sunita", "priya", "ivan", "karl", "grace")):
        missing = guest.get("/no/such/page").text
        for path in ("/administration/accounts", "/administration/accounts/tom"):
            assert (guest.get(path).status_code, guest.get(path).text) == (404, missing)
        assert guest.post("/administration/accounts", login="x1", name="X", role="administrator").status_code == 404
        assert guest.post("/administration/accounts/tom/close").status_code == 404
