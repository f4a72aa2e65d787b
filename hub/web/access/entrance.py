"""Being let in: a password, a one-time code where one is due, and a session that ends by itself.

An unknown login behaves as a wrong password does, in words, in time and in being locked. Who is let in anew is counted
by login and address, by address, and for addresses where a login never came from; models.entrance says how long each
has to wait.
"""

import hashlib
import ipaddress
import secrets
from base64 import b32encode
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from hub.seal import Seal
from hub.settings import Settings
from hub.store.accounts import IN, NO_PASSWORD, SECOND, SET_UP, Login, Session
from hub.store.amendments import Amendment
from hub.store.relatives import Relatives
from hub.web.access.door import Door, Viewer
from models.entrance import ADDRESS, FORGOTTEN_AFTER, LEAST, MOST, PAIR, STRANGERS, Tries, matching, weakness
from models.people import Account, Role, Telling

USED_ANEW = timedelta(minutes=1)
"""A session's last use is written down no more often."""
KNOWN_PLACE = timedelta(days=30)
RECOVERY_CODES = 10


class TooSoon(Exception):
    """To be tried again after so many `seconds`; `locked` when only waiting or an administrator helps."""

    def __init__(self, seconds: float, *, locked: bool) -> None:
        super().__init__(seconds)
        self.seconds, self.locked = seconds, locked


class NotProved(Exception):
    """A wrong password or code, or no such login: which, is not told."""


class Closed(Exception):
    """The password is right, and the login is closed."""


class Weak(ValueError):
    """A new password that can't be taken: why, as a key of models/languages/ with what is `given` to it."""

    def __init__(self, key: str, **given: object) -> None:
        super().__init__(key)
        self.key, self.given = key, given


@dataclass(frozen=True, slots=True)
class Entered:
    token: str
    stage: str
    role: Role


@dataclass(frozen=True, slots=True)
class Mine:
    """What somebody sees of their own login."""

    login: str
    name: str
    second_since: datetime | None
    second_due: bool
    codes_left: int
    sessions: tuple[Session, ...]
    now: datetime


class Entrance:
    def __init__(self, door: Door, settings: Settings) -> None:
        self._door, self._settings, self._accounts = door, settings, door.records.accounts
        self._relatives = Relatives(door.records.engine)
        self._seal, self._hasher, self._at_once = Seal(settings.seal_key), PasswordHasher(), BoundedSemaphore(2)

    # By password

    def enter(self, login: str, password: str, address: str) -> Entered:
        """Raises TooSoon, NotProved and Closed."""
        self._hold(login, address)
        found = self._accounts.find(login)
        if not self._verified(found, password):
            self._failed(login, address)
            raise NotProved
        assert found is not None
        if found.closed_at:
            raise Closed
        stage = self._stage(found)
        if stage == IN:
            self._forgive(login, address)
        return Entered(self._open(login, stage, address), stage, found.account.role)

    def _stage(self, found: Login) -> str:
        if found.second_since:
            return SECOND
        return SET_UP if self.second_due(found.account) else IN

    def second_due(self, account: Account) -> bool:
        return account.role in self._settings.second_factor_roles

    def _verified(self, found: Login | None, password: str) -> bool:
        """A login that is not there costs as much time as a wrong password."""
        known = found.password_hash if found else NO_PASSWORD
        with self._at_once:
            try:
                self._hasher.verify(known or self._nobody, password)
            except (VerificationError, InvalidHashError):
                return False
        return known != NO_PASSWORD

    @cached_property
    def _nobody(self) -> str:
        return self._hasher.hash(secrets.token_urlsafe())

    # By a code beside it

    def prove(self, token: str, typed: str, address: str) -> Entered:
        """The session that is full, for one that waited for a code. Raises LookupError, TooSoon and NotProved."""
        found = self._waiting(token, SECOND)
        login = found.account.login
        self._hold(login, address)
        if not (self._right_code(found, typed) or self._right_paper(found, typed)):
            self._failed(login, address)
            raise NotProved
        return self._full(token, found, address)

    def _right_code(self, found: Login, typed: str) -> bool:
        step = matching(self._secret(found), typed, self._door.real_now(), found.second_step)
        return step is not None and self._accounts.use_step(found.account.login, step)

    def _right_paper(self, found: Login, typed: str) -> bool:
        plain = "".join(typed.split()).replace("-", "").upper()
        change = self._amendment(found.account, found.account.login, "got in by a recovery code, which is used up")
        return self._accounts.use_recovery(found.account.login, hashed(plain), change)

    def _full(self, token: str, found: Login, address: str) -> Entered:
        login = found.account.login
        self._forgive(login, address)
        self._accounts.end_session(hashed(token))
        return Entered(self._open(login, IN, address), IN, found.account.role)

    def waits(self, token: str, stage: str) -> bool:
        try:
            return self._waiting(token, stage) is not None
        except LookupError:
            return False

    def _waiting(self, token: str, stage: str) -> Login:
        session = self._accounts.session(hashed(token)) if token else None
        found = self._accounts.find(session.login) if session and self._lasts(session) else None
        if session is None or found is None or found.closed_at or session.stage != stage:
            raise LookupError(stage)
        return found

    # Setting the code up

    def offered(self, login: str) -> tuple[str, bytes]:
        """Whose, and the secret to be kept in an app; the same one until it is confirmed."""
        found = self._accounts.find(login)
        assert found is not None
        if found.second and not found.second_since:
            return login, self._secret(found)
        secret = secrets.token_bytes(20)
        if not found.second:
            self._accounts.offer_second(login, self._seal.close(secret))
        return login, secret

    def offered_to(self, token: str) -> tuple[str, bytes]:
        """Raises LookupError."""
        return self.offered(self._waiting(token, SET_UP).account.login)

    def confirm(self, login: str, typed: str) -> tuple[str, ...]:
        """In force from now on: the recovery codes, which are nowhere else. Raises NotProved."""
        found = self._accounts.find(login)
        if found is None or found.second is None or found.second_since:
            raise NotProved
        step = matching(self._secret(found), typed, self._door.real_now(), 0)
        if step is None:
            raise NotProved
        papers = tuple(_paper() for _ in range(RECOVERY_CODES))
        change = self._amendment(found.account, login, "set up a second factor")
        kept = [hashed(one.replace("-", "")) for one in papers]
        self._accounts.take_second(login, self._door.real(), step, kept, change)
        return papers

    def confirm_to(self, token: str, typed: str, address: str) -> tuple[Entered, tuple[str, ...]]:
        """Raises LookupError, TooSoon and NotProved."""
        found = self._waiting(token, SET_UP)
        self._hold(found.account.login, address)
        try:
            papers = self.confirm(found.account.login, typed)
        except NotProved:
            self._failed(found.account.login, address)
            raise
        return self._full(token, found, address), papers

    def _secret(self, found: Login) -> bytes:
        return self._seal.open(found.second or b"")

    # A password of one's own

    def invited(self, token: str) -> str | None:
        """The login whose link this is, while it holds."""
        return self._accounts.invited(hashed(token), self._door.real())

    def accept(self, token: str, password: str, again: str) -> str:
        """The login, whose password it is from now on. Raises LookupError and Weak."""
        login = self.invited(token)
        found = self._accounts.find(login) if login else None
        if login is None or found is None:
            raise LookupError("invitation")
        self._set_password(found.account, password, again, "set a password by the link they were sent")
        return login

    def change_password(self, viewer: Viewer, token: str, old: str, new: str, again: str, address: str) -> None:
        """Ends all sessions but this one. Raises TooSoon, NotProved and Weak."""
        self._hold(viewer.login, address)
        found = self._accounts.find(viewer.login)
        if found is None or not self._verified(found, old):
            self._failed(viewer.login, address)
            raise NotProved
        self._set_password(found.account, new, again, "changed their password", keep=hashed(token))

    def _set_password(self, account: Account, password: str, again: str, text: str, keep: str = "") -> None:
        if password != again:
            raise Weak("weak.differ")
        if wrong := weakness(password, account.login):
            raise Weak(f"weak.{wrong}", count=len(password), least=LEAST, most=MOST)
        with self._at_once:
            kept = self._hasher.hash(password)
        self._accounts.set_password(account.login, kept, self._amendment(account, account.login, text), keep=keep)

    # Sessions

    def mine(self, viewer: Viewer) -> Mine:
        found = self._accounts.find(viewer.login)
        assert found is not None
        sessions = tuple(one for one in self._accounts.sessions(viewer.login) if one.stage == IN and self._lasts(one))
        due = self.second_due(found.account)
        now = self._door.real()
        return Mine(viewer.login, viewer.name, found.second_since, due, len(found.recovery), sessions, now)

    def drop_second(self, viewer: Viewer, password: str, address: str) -> None:
        """Ends the sessions. Raises TooSoon, NotProved, and Weak where the role needs one."""
        self._hold(viewer.login, address)
        found = self._accounts.find(viewer.login)
        if found is None or not self._verified(found, password):
            self._failed(viewer.login, address)
            raise NotProved
        if self.second_due(found.account):
            raise Weak("weak.needed")
        self._accounts.drop_second(
            viewer.login, self._amendment(found.account, viewer.login, "gave up the second factor")
        )

    def viewer(self, token: str) -> Viewer | None:
        """Who has this session, while it lasts. That it is used is written down now and then."""
        found = self._accounts.whose(hashed(token))
        if found is None:
            return None
        session, account = found
        if session.stage != IN or not self._lasts(session):
            return None
        if self._door.real() - session.used_at >= USED_ANEW:
            self._accounts.used(hashed(token), self._door.real())
        return Viewer(account, session.csrf, telling=self._told(account))

    def _told(self, account: Account) -> Telling:
        """Staff are told in English."""
        records, person = self._door.records, account.person or ""
        if account.role is Role.CONTACT and (contact := records.contact(person)):
            return self._relatives.telling(contact)
        resident = records.resident(person) if account.role is Role.RESIDENT else None
        return resident.telling if resident else Telling()

    def leave(self, token: str) -> None:
        self._accounts.end_session(hashed(token))

    def leave_everywhere(self, viewer: Viewer) -> None:
        self._accounts.end_sessions(viewer.login)

    def _lasts(self, session: Session) -> bool:
        now, idle = self._door.real(), timedelta(minutes=self._settings.session_idle_minutes)
        by_a_clock_ahead = session.opened_at > now + USED_ANEW
        return now < session.expires_at and now < session.used_at + idle and not by_a_clock_ahead

    def _open(self, login: str, stage: str, address: str) -> str:
        """A session's token. Whoever comes in sweeps up: sessions that are over go."""
        now, token = self._door.real(), secrets.token_urlsafe(32)
        self._accounts.end_expired_sessions(now, now - timedelta(minutes=self._settings.session_idle_minutes))
        until = now + (timedelta(hours=self._settings.session_hours) if stage == IN else timedelta(minutes=15))
        self._accounts.open_session(
            hashed(token), Session(login, secrets.token_urlsafe(32), stage, address, now, now, until)
        )
        return token

    # Tries

    def _hold(self, login: str, address: str) -> None:
        """Raises TooSoon."""
        pair, place, whole = _whose(login, address)
        tries, now = self._accounts.tries((pair, place, whole)), self._door.real_now()
        locked = 0.0 if self._usual(login, address) else STRANGERS.wait(tries.get(whole, Tries()), now)
        slowed = max(PAIR.wait(tries.get(pair, Tries()), now), ADDRESS.wait(tries.get(place, Tries()), now))
        if max(locked, slowed) > 0:
            raise TooSoon(max(locked, slowed), locked=locked >= slowed)

    def _usual(self, login: str, address: str) -> bool:
        return self._accounts.comes_from(login, network(address), self._door.real() - KNOWN_PLACE)

    def _failed(self, login: str, address: str) -> None:
        now = self._door.real_now()
        self._accounts.failed(_whose(login, address), now, now - FORGOTTEN_AFTER)

    def _forgive(self, login: str, address: str) -> None:
        """The address goes on being counted: one login of one's own is no leave to guess at others."""
        pair, _, whole = _whose(login, address)
        self._accounts.forgive((pair, whole))
        self._accounts.came_from(login, network(address), self._door.real())

    def _amendment(self, account: Account, actor: str, text: str) -> Amendment:
        return Amendment(self._door.clock.now(), actor, account.council, "account", account.login, text)


def hashed(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def whole(login: str) -> str:
    """How all tries at one login are called, wherever they come from."""
    return hashed(f"login {login.casefold()}")


def network(address: str) -> str:
    """An address, or for IPv6 the network that one home or office has to itself."""
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(ipaddress.ip_network(f"{known}/64", strict=False)) if known.version == 6 else address


def _whose(login: str, address: str) -> tuple[str, str, str]:
    place = network(address)
    return hashed(f"pair {login.casefold()} {place}"), hashed(f"address {place}"), whole(login)


def _paper() -> str:
    """Fifty random bits that can be read off a sheet of paper."""
    plain = b32encode(secrets.token_bytes(7)).decode()[:10]
    return f"{plain[:5]}-{plain[5:]}"
