"""The key safe: entered and permitted in the office, shown once to the responder who was sent, seen by supervisors."""

from dataclasses import dataclass
from datetime import datetime

from hub.key_safes import LONGEST, Unreadable, Vault
from hub.keyring import Keyring
from hub.settings import Settings
from hub.store.key_safes import KeySafes
from hub.web.access.door import Door, Hidden, Viewer
from hub.web.access.said import sent_of
from models.alert import Alert, Refused, State
from models.home import Home
from models.key_safe import SHOWN_FOR, Deed, Done, may_be_shown, permitted, shown_until
from models.people import Role
from models.privacy import Data, Purpose

OFFICE = frozenset({Role.SUPERVISOR, Role.ADMINISTRATOR})
ACTING = frozenset({Role.OPERATOR, Role.SUPERVISOR})


@dataclass(frozen=True, slots=True)
class Line:
    at: datetime
    deed: Deed
    who: str
    to: str
    login: str
    alert: int | None
    until: datetime | None
    text: str


@dataclass(frozen=True, slots=True)
class SafeOfHome:
    """The office's page. The code itself is never on it."""

    home: str
    area: str
    zone: str
    now: datetime
    entered: bool
    permitted: Line | None
    log: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class SafeOfVisit:
    """For the responder who was sent: the code while they may see it, and why not where they may not."""

    code: str = ""
    until: datetime | None = None
    may_ask: bool = False
    why_not: str = ""


class KeySafeDesk:
    def __init__(self, door: Door, settings: Settings) -> None:
        self._door, self._vault = door, Vault(Keyring(settings.secrets))
        self._safes = KeySafes(door.records.engine)

    # In the office

    def office(self, viewer: Viewer, home_id: str) -> SafeOfHome:
        home, log, names = self._office(viewer, home_id), self._safes.log(home_id), self._door.names()
        lines = [_line(one, names) for one in reversed(log)]
        standing = permitted(log)
        entered = self._safes.sealed(home_id) is not None
        given = _line(standing, names) if standing else None
        return SafeOfHome(home.id, home.area, home.timezone, self._door.clock.now(), entered, given, tuple(lines))

    def enter(self, viewer: Viewer, home_id: str, code: str) -> None:
        """Raises Hidden, and Refused."""
        home = self._office(viewer, home_id)
        if not code or len(code) > LONGEST:
            raise Refused(f"a code has 1 to {LONGEST} characters")
        self._safes.enter(home.id, self._vault.sealed(home.id, code), viewer.login, self._door.clock.now())

    def permit(self, viewer: Viewer, home_id: str, by: str, basis: str) -> None:
        """Raises Hidden, and Refused."""
        home = self._office(viewer, home_id)
        if not by or not basis:
            raise Refused("a permission needs who gave it, and how")
        self._note(home, Deed.PERMIT, viewer, text=f"{by}: {basis}")

    def withdraw(self, viewer: Viewer, home_id: str) -> None:
        self._note(self._office(viewer, home_id), Deed.WITHDRAW, viewer)

    def _office(self, viewer: Viewer, home_id: str) -> Home:
        if viewer.role not in OFFICE:
            raise Hidden(f"the key safe of {home_id}")
        return self._door.home(viewer, home_id)

    # While a home is fitted

    def has_code(self, home_id: str) -> bool:
        """One that may be shown to a responder."""
        return self._safes.sealed(home_id) is not None and permitted(self._safes.log(home_id)) is not None

    def fitted(self, viewer: Viewer, home: Home, code: str, permitted_by: str) -> None:
        """By an installer, whom `Commissioning` let in."""
        self._safes.enter(home.id, self._vault.sealed(home.id, code), viewer.login, self._door.clock.now())
        self._note(home, Deed.PERMIT, viewer, text=f"{permitted_by}: said so while the home was fitted")

    # For a visit

    def of_visit(self, viewer: Viewer, alert_id: int) -> SafeOfVisit:
        """Raises Hidden for whoever was not sent."""
        alert, now = self._sent(viewer, alert_id), self._door.clock.now()
        log, sealed = self._safes.log(alert.home), self._safes.sealed(alert.home)
        if sealed is None:
            return SafeOfVisit(why_not="No code of a key safe is on record here.")
        if permitted(log) is None:
            return SafeOfVisit(why_not="There is a code, and the resident has not permitted that it is shown.")
        until = shown_until(log, alert.id, viewer.login, now)
        if until is not None:
            return SafeOfVisit(self._opened(alert.home, sealed), until)
        if may_be_shown(log, alert.id, viewer.login):
            return SafeOfVisit(may_ask=True)
        return SafeOfVisit(why_not="The code was shown to you once. Ring the contact centre if you need it again.")

    def reveal(self, viewer: Viewer, alert_id: int) -> None:
        """Put on record, and from then on shown for a while. Asked twice, it is shown once. Raises Hidden."""
        alert, now = self._sent(viewer, alert_id), self._door.clock.now()
        shown = self._door.shown(viewer, Purpose.ANSWER, (Data.KEY_CODE,))
        if self._safes.sealed(alert.home) is None:
            raise Hidden("no code")
        log = self._safes.log(alert.home)
        if shown_until(log, alert.id, viewer.login, now) is not None:
            return
        done = Done(0, alert.home, now, Deed.REVEAL, viewer.login, alert.id, viewer.login, now + SHOWN_FOR)
        if not self._safes.reveal(done):
            raise Hidden("the code may not be shown")
        self._door.look(viewer, Purpose.ANSWER, alert.home, shown, about=f"key safe, alert {alert.id}")

    def _sent(self, viewer: Viewer, alert_id: int) -> Alert:
        alert = self._door.alert(viewer, alert_id)
        sent = sent_of(self._door.alerts.timeline(alert_id))
        if viewer.role is not Role.RESPONDER or alert.state is State.CLOSED or sent != viewer.login:
            raise Hidden(f"the key safe of alert {alert_id}")
        return alert

    def _opened(self, home: str, sealed: bytes) -> str:
        try:
            return self._vault.opened(home, sealed)
        except Unreadable:
            return "can't be read: ring the contact centre"

    # At the console

    def of_alert(self, viewer: Viewer, alert: Alert) -> tuple[Line, ...]:
        """What was done about the code for this alert, for those who answer it."""
        if viewer.role not in ACTING:
            return ()
        names = self._door.names()
        return tuple(_line(one, names) for one in self._safes.log(alert.home) if one.alert == alert.id)

    def decide(self, viewer: Viewer, alert_id: int, responder: str, *, allow: bool) -> None:
        """Hide the code from a responder at once, or let them see it once more. Raises Hidden, and Refused."""
        if viewer.role not in ACTING:
            raise Hidden(f"alert {alert_id}")
        alert = self._door.alert(viewer, alert_id)
        if viewer.role is not Role.SUPERVISOR and alert.holder != viewer.login:
            raise Refused("only who holds the alert, or a supervisor, decides about the code")
        if not any(one.alert == alert_id and one.responder == responder for one in self._safes.log(alert.home)):
            raise Refused("the code was not shown to them for this alert")
        deed = Deed.ALLOW if allow else Deed.REVOKE
        self._safes.note(Done(0, alert.home, self._door.clock.now(), deed, viewer.login, alert_id, responder))

    def _note(self, home: Home, deed: Deed, viewer: Viewer, text: str = "") -> None:
        self._safes.note(Done(0, home.id, self._door.clock.now(), deed, viewer.login, text=text))


def _line(done: Done, names: dict[str, str]) -> Line:
    who, to = names.get(done.actor, done.actor), names.get(done.responder, done.responder)
    return Line(done.at, done.deed, who, to, done.responder, done.alert, done.until, done.text)
