"""Who may log in, for the administrator of their council: made, changed, closed, invited, unlocked."""

import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from hub.settings import Settings
from hub.store.accounts import NO_PASSWORD, Login, TakenAlready
from hub.store.amendments import Amendment
from hub.store.ways import Ways, of_staff
from hub.web.access.door import Door, Hidden, Viewer
from hub.web.access.entrance import hashed, whole
from models.entrance import A_LOGIN, LOGIN, STRANGERS, Tries
from models.people import OF_ONE_HOME, Account, Role
from models.privacy import Data, Purpose


class Wrong(ValueError):
    """What was typed can't be kept; `field` says where, the text what to do."""

    def __init__(self, field: str, text: str) -> None:
        super().__init__(text)
        self.field = field


@dataclass(frozen=True, slots=True)
class Row:
    """A login as the list shows it."""

    account: Account
    closed_at: datetime | None
    invited: bool
    second: bool
    second_due: bool
    locked: bool
    sessions: int
    seen: str
    """A mark of how the account stood when it was shown."""


class AccountDesk:
    def __init__(self, door: Door, settings: Settings) -> None:
        self._door, self._settings, self._accounts = door, settings, door.records.accounts
        self._ways = Ways(door.records.engine)

    def all(self, viewer: Viewer) -> list[Row]:
        self._may(viewer)
        return [self._row(one) for one in self._accounts.all() if self._touches(viewer, one.account)]

    def one(self, viewer: Viewer, login: str) -> Row:
        return self._row(self._found(viewer, login))

    def add(self, viewer: Viewer, login: str, name: str, role: str, person: str) -> str:
        """The link by which they set their own password, shown once. Raises Wrong."""
        self._may(viewer)
        if not LOGIN.fullmatch(login):
            raise Wrong("login", A_LOGIN)
        account = self._checked(viewer, Account(login, name.strip(), _role(role), council=viewer.council), person)
        text = f"added as {account.role}" + (f" for {account.person}" if account.person else "")
        try:
            self._accounts.add(account, NO_PASSWORD, self._amendment(viewer, account, text))
        except TakenAlready as taken:
            raise Wrong("login", f"There is a login {login} already. Please choose another.") from taken
        return self.invite(viewer, login)

    def change(self, viewer: Viewer, login: str, seen: str, name: str, role: str, person: str) -> None:
        """Raises Wrong, also where somebody else changed it since it was shown."""
        before = self._found(viewer, login).account
        changed = self._checked(viewer, replace(before, name=name.strip(), role=_role(role)), person)
        if login == viewer.login and changed.role is not before.role:
            raise Wrong("role", "You can't take your own work away. Another administrator can.")
        said = [
            f"{field}: {getattr(before, field)} → {getattr(changed, field)}"
            for field in ("role", "person")
            if getattr(before, field) != getattr(changed, field)
        ]
        said += ["name"] if changed.name != before.name else []
        if not said:
            return
        amendment = self._amendment(viewer, changed, "changed " + ", ".join(said))
        if mark(before) != seen or not self._accounts.change(changed, before, amendment):
            raise Wrong("", "Somebody else changed this login meanwhile. Look at what it is now, and change it again.")

    def invite(self, viewer: Viewer, login: str) -> str:
        """The path of a link that works once."""
        account = self._found(viewer, login).account
        token, until = secrets.token_urlsafe(32), self._door.real() + timedelta(hours=self._settings.invitation_hours)
        amendment = self._amendment(viewer, account, "invited to set a password")
        self._accounts.invite(hashed(token), login, viewer.login, until, amendment)
        return f"/invitation/{token}"

    def close(self, viewer: Viewer, login: str) -> None:
        """Raises Wrong for one's own."""
        account = self._found(viewer, login).account
        if login == viewer.login:
            raise Wrong("", "You can't close your own login. Another administrator can.")
        self._accounts.close(login, self._door.real(), self._amendment(viewer, account, "closed"))
        self._told_no_more(account)

    def reopen(self, viewer: Viewer, login: str) -> None:
        self._accounts.close(login, None, self._amendment(viewer, self._found(viewer, login).account, "opened again"))

    def unlock(self, viewer: Viewer, login: str) -> None:
        self._found(viewer, login)
        self._accounts.forgive([whole(login)])

    def drop_second(self, viewer: Viewer, login: str) -> None:
        account = self._found(viewer, login).account
        self._accounts.drop_second(login, self._amendment(viewer, account, "took the second factor away"))

    def end_sessions(self, viewer: Viewer, login: str) -> None:
        self._told_no_more(self._found(viewer, login).account)
        self._accounts.end_sessions(login)

    def _told_no_more(self, account: Account) -> None:
        """In any browser, until they turn it on again there."""
        contact = account.person if account.role is Role.CONTACT else None
        self._ways.unsubscribe_all(contact or of_staff(account.login))

    def _may(self, viewer: Viewer) -> None:
        self._door.shown(viewer, Purpose.ADMINISTER, (Data.ACCOUNTS,))

    def _found(self, viewer: Viewer, login: str) -> Login:
        """Raises Hidden."""
        self._may(viewer)
        found = self._accounts.find(login)
        if found is None or not self._touches(viewer, found.account):
            raise Hidden(f"login {login}")
        return found

    def _touches(self, viewer: Viewer, account: Account) -> bool:
        """Staff of the same council, and whoever belongs to one of its homes."""
        if account.role not in OF_ONE_HOME:
            return account.council == viewer.council
        home = self._door.home_of(account.person)
        return home in self._door.homes(viewer) if home else account.council == viewer.council

    def _checked(self, viewer: Viewer, account: Account, person: str) -> Account:
        """Raises Wrong."""
        if not account.name or len(account.name) > 100:
            raise Wrong("name", "A name is needed, of up to 100 characters.")
        if account.role not in OF_ONE_HOME:
            return replace(account, person=None)
        records = self._door.records
        kind = "contact" if account.role is Role.CONTACT else "resident"
        known = records.contact(person) if account.role is Role.CONTACT else records.resident(person)
        if known is None or self._door.home_of(person) not in self._door.homes(viewer):
            raise Wrong("person", f"Name the id of the {kind} whose login this is, as it is on record.")
        return replace(account, person=person)

    def _row(self, one: Login) -> Row:
        login = one.account.login
        tries = self._accounts.tries([whole(login)]).get(whole(login), Tries())
        return Row(
            one.account,
            one.closed_at,
            one.password_hash == NO_PASSWORD,
            one.second_since is not None,
            one.account.role in self._settings.second_factor_roles,
            STRANGERS.wait(tries, self._door.real_now()) > 0,
            len(self._accounts.sessions(login)),
            mark(one.account),
        )

    def _amendment(self, viewer: Viewer, account: Account, text: str) -> Amendment:
        return Amendment(self._door.clock.now(), viewer.login, viewer.council, "account", account.login, text)


def mark(shown: object) -> str:
    """Another one for whatever differs: a form carries it, so that nobody overwrites what they did not see."""
    return hashed(repr(shown))[:16]


def _role(text: str) -> Role:
    if text not in set(Role):
        raise Wrong("role", "Choose what they do here.")
    return Role(text)
