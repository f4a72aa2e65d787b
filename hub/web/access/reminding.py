"""How the staff are reminded of what waits, and who of them can't be: shown where it waits, else nobody would know."""

from dataclasses import replace

from hub.reminders import EMAIL, MATTERS, reached_by
from hub.store.amendments import Amendment
from hub.store.ways import Ways
from hub.web.access.door import Door, Hidden, Viewer
from models.alert import Refused
from models.notices import NoticeKind
from models.people import Account, Address, Role

REMINDED = frozenset(role for one in MATTERS.values() for role in one.roles)
LONGEST = 200


class RemindingDesk:
    def __init__(self, door: Door) -> None:
        self._door, self._ways = door, Ways(door.records.engine)

    def not_reached(self, viewer: Viewer, kind: NoticeKind) -> list[str]:
        """Names, of the viewer's own council. Raises Hidden."""
        roles = MATTERS[kind].roles
        if viewer.role not in roles:
            raise Hidden("reminders")
        mine = [one for role in roles for one in self._of(role, viewer.council)]
        return sorted(one.name for one in mine if not reached_by(self._ways, one))

    def email(self, viewer: Viewer) -> str | None:
        """Where they are reminded by mail; None for whoever is reminded of nothing."""
        if viewer.role not in REMINDED:
            return None
        return next((one.to for one in self._mine(viewer).addresses if one.transport == EMAIL), "")

    def choose_email(self, viewer: Viewer, email: str) -> None:
        """Their own, or '' for none. Raises Hidden, and Refused."""
        if viewer.role not in REMINDED:
            raise Hidden("reminders")
        name, _, place = email.partition("@")
        if email and not (name and "." in place and email.isprintable() and " " not in email and len(email) <= LONGEST):
            raise Refused("That is no email address. Write it as name@example.org, or leave it empty.")
        before = self._mine(viewer)
        others = tuple(one for one in before.addresses if one.transport != EMAIL)
        changed = replace(before, addresses=(Address(EMAIL, email), *others) if email else others)
        text = "changed the email address that they are told by"
        made = Amendment(self._door.clock.now(), viewer.login, before.council, "account", viewer.login, text)
        if changed != before and not self._door.records.accounts.change(changed, before, made):
            raise Refused("Somebody else changed this login meanwhile. Look at it again, and keep it again.")

    def _of(self, role: Role, council: str) -> list[Account]:
        return [one for one in self._door.records.accounts_of(role) if one.council == council]

    def _mine(self, viewer: Viewer) -> Account:
        return next(one for one in self._of(viewer.role, viewer.council) if one.login == viewer.login)
