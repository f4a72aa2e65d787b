"""`nightlight-hub account`: logins made and changed by whoever runs the hub, each change on record with who did it."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from argon2 import PasswordHasher

from hub.settings import Settings
from hub.store import Store
from hub.store.accounts import NO_PASSWORD, Accounts, Login, TakenAlready
from hub.store.amendments import Amendment
from hub.web.access.entrance import hashed, whole
from models.entrance import A_LOGIN, LOGIN
from models.people import OF_ONE_HOME, Account
from models.telling import plural


class CannotBeDone(ValueError):
    """The text says why, and what would."""


@dataclass(frozen=True, slots=True)
class Office:
    """What the command does. `by` is who typed it."""

    settings: Settings
    store: Store
    by: str

    def add(self, account: Account) -> dict[str, str]:
        """A new login with its password, which is nowhere else. Raises CannotBeDone."""
        if not LOGIN.fullmatch(account.login):
            raise CannotBeDone(f"'{account.login}': {A_LOGIN}")
        known = account.person and (
            self.store.records.contact(account.person) or self.store.records.resident(account.person)
        )
        if account.role in OF_ONE_HOME and not known:
            raise CannotBeDone(f"a {account.role} is somebody on record: name their id with --person")
        password = secrets.token_urlsafe(12)
        try:
            kept = PasswordHasher().hash(password)
            self._accounts.add(account, kept, self._amendment(account, f"added as {account.role}"))
        except TakenAlready as taken:
            raise CannotBeDone(
                f"there is a login '{account.login}' already: 'account password' gives it a new password"
            ) from taken
        return {account.login: password}

    def password(self, login: str) -> dict[str, str]:
        account, password = self._found(login).account, secrets.token_urlsafe(12)
        kept = PasswordHasher().hash(password)
        self._accounts.set_password(login, kept, self._amendment(account, "given a new password"))
        return {login: password}

    def invite(self, login: str) -> dict[str, str]:
        """The link by which they set a password themselves."""
        account, token = self._found(login).account, secrets.token_urlsafe(32)
        until = datetime.now(UTC) + timedelta(hours=self.settings.invitation_hours)
        amendment = self._amendment(account, "invited to set a password")
        self._accounts.invite(hashed(token), login, self.by, until, amendment)
        pages = self.settings.public_url or f"http://{self.settings.host}:{self.settings.port}"
        return {login: f"{pages.rstrip('/')}/invitation/{token}"}

    def close(self, login: str) -> dict[str, str]:
        account = self._found(login).account
        self._accounts.close(login, datetime.now(UTC), self._amendment(account, "closed"))
        return {login: "closed"}

    def reopen(self, login: str) -> dict[str, str]:
        self._accounts.close(login, None, self._amendment(self._found(login).account, "opened again"))
        return {login: "open"}

    def unlock(self, login: str) -> dict[str, str]:
        self._accounts.forgive([whole(self._found(login).account.login)])
        return {login: "unlocked"}

    def drop_second(self, login: str) -> dict[str, str]:
        amendment = self._amendment(self._found(login).account, "took the second factor away")
        self._accounts.drop_second(login, amendment)
        return {login: "has no second factor"}

    def log_out(self, login: str) -> dict[str, str]:
        return {login: f"{plural(self._accounts.end_sessions(self._found(login).account.login), 'session')} ended"}

    def all(self) -> dict[str, str]:
        return {one.account.login: _told(one) for one in self._accounts.all()}

    @property
    def _accounts(self) -> Accounts:
        return self.store.records.accounts

    def _found(self, login: str) -> Login:
        found = self._accounts.find(login)
        if found is None:
            raise CannotBeDone(f"there is no login '{login}'")
        return found

    def _amendment(self, account: Account, text: str) -> Amendment:
        return Amendment(datetime.now(UTC), f"command: {self.by}", account.council, "account", account.login, text)


DEEDS: dict[str, Callable[[Office, str], dict[str, str]]] = {
    "password": Office.password,
    "invite": Office.invite,
    "close": Office.close,
    "reopen": Office.reopen,
    "unlock": Office.unlock,
    "drop-second": Office.drop_second,
    "log-out": Office.log_out,
}


def _told(one: Login) -> str:
    standing = "closed" if one.closed_at else "invited" if one.password_hash == NO_PASSWORD else "open"
    parts = [str(one.account.role), one.account.council, standing, "second factor" if one.second_since else ""]
    return ", ".join(part for part in parts if part)
