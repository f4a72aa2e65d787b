"""Who may log in and how, the sessions that are open, and the tries that failed. Times are the real ones."""

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, delete, func, insert, select, update

from hub.store import schema
from hub.store.amendments import Amendment, note
from hub.store.database import upsert, writing
from hub.store.once import asked_by, reading
from hub.store.version import next_version
from hub.store.ways import of_staff
from models.entrance import Tries
from models.people import Account

_accounts, _sessions, _invitations, _tries, _entrances, _subscriptions = (
    schema.accounts,
    schema.sessions,
    schema.invitations,
    schema.tries,
    schema.entrances,
    schema.subscriptions,
)

NO_PASSWORD = ""
"""Of a login that was invited and has not been there yet."""

IN, SECOND, SET_UP = "in", "second", "set up"
"""Stages of a session: all was proved; a code is asked for; a second factor has to be set up first."""


@dataclass(frozen=True, slots=True)
class Login:
    """An account with how it proves itself."""

    account: Account
    password_hash: str
    closed_at: datetime | None = None
    second: bytes | None = None
    second_since: datetime | None = None
    second_step: int = 0
    recovery: tuple[str, ...] = ()


_LOGIN = [_accounts.c.body, *(_accounts.c[name] for name in Login.__dataclass_fields__ if name != "account")]
_FOUND = asked_by(*_LOGIN, login=_accounts.c.login)
_SESSION = asked_by(_sessions, token=_sessions.c.token_hash)
_WHOSE = (
    asked_by(_sessions, _accounts.c.body, token=_sessions.c.token_hash)
    .join(_accounts, _sessions.c.login == _accounts.c.login)
    .where(_accounts.c.closed_at.is_(None))
)


@dataclass(frozen=True, slots=True)
class Session:
    login: str
    csrf: str
    stage: str
    address: str
    opened_at: datetime
    used_at: datetime
    expires_at: datetime


class TakenAlready(ValueError):
    """There is such a login already."""


class Accounts:
    """Every change is an amendment, written with it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def find(self, login: str) -> Login | None:
        return next((_login(row) for row in self._all(_FOUND, login=login)), None)

    def all(self) -> list[Login]:
        return self._logins(_accounts.c.login.is_not(None))

    def names(self) -> dict[str, str]:
        """Of all, also of those that are closed, since they stand in the records."""
        return {row.login: row.body.name for row in self._all(select(_accounts.c.login, _accounts.c.body))}

    def add(self, account: Account, password_hash: str, amendment: Amendment) -> None:
        """Raises TakenAlready."""
        with writing(self._engine, appends="acts") as connection:
            if connection.execute(select(_accounts.c.login).where(_accounts.c.login == account.login)).first():
                raise TakenAlready(account.login)
            row = {"login": account.login, **_columns(account)}
            connection.execute(insert(_accounts).values(**row, password_hash=password_hash))
            note(connection, [amendment])
            next_version(connection)

    def change(self, account: Account, seen: Account, amendment: Amendment) -> bool:
        """False when it is no longer what was seen, and then nothing is changed. Another role ends the sessions."""
        with writing(self._engine, appends="acts") as connection:
            known = connection.execute(
                select(_accounts.c.body).where(_accounts.c.login == account.login).with_for_update()
            ).scalar()
            if known != seen:
                return False
            mine = update(_accounts).where(_accounts.c.login == account.login)
            connection.execute(mine.values(_columns(account)))
            if (account.role, account.council, account.person) != (seen.role, seen.council, seen.person):
                connection.execute(delete(_sessions).where(_sessions.c.login == account.login))
            note(connection, [amendment])
            next_version(connection)
            return True

    def set_password(self, login: str, password_hash: str, amendment: Amendment, *, keep: str = "") -> None:
        """Ends its sessions but the one called `keep`, and its invitations."""
        with writing(self._engine, appends="acts") as connection:
            mine = update(_accounts).where(_accounts.c.login == login)
            connection.execute(mine.values(password_hash=password_hash))
            ended = (_sessions.c.login == login) & (_sessions.c.token_hash != keep)
            connection.execute(delete(_sessions).where(ended))
            connection.execute(delete(_invitations).where(_invitations.c.login == login))
            note(connection, [amendment])

    def close(self, login: str, at: datetime | None, amendment: Amendment) -> None:
        """From `at` on nobody gets in by it; None opens it again."""
        with writing(self._engine, appends="acts") as connection:
            connection.execute(update(_accounts).where(_accounts.c.login == login).values(closed_at=at))
            connection.execute(delete(_sessions).where(_sessions.c.login == login))
            connection.execute(delete(_invitations).where(_invitations.c.login == login))
            connection.execute(delete(_subscriptions).where(_subscriptions.c.person == of_staff(login)))
            note(connection, [amendment])
            next_version(connection)

    def forget_people(self, people: AbstractSet[str], at: datetime) -> int:
        """Logins of these contacts and residents are closed, without a name; how many they were."""
        gone = 0
        with writing(self._engine) as connection:
            theirs = select(_accounts.c.login, _accounts.c.body).where(_accounts.c.person.in_(people))
            for row in connection.execute(theirs).all():
                blank = replace(row.body, name=row.login, addresses=())
                mine = _accounts.c.login == row.login
                connection.execute(update(_accounts).where(mine).values(body=blank, closed_at=at, second=None))
                for table in (_sessions, _invitations, schema.entrances):
                    connection.execute(delete(table).where(table.c.login == row.login))
                gone += 1
            next_version(connection)
        return gone

    # The second factor

    def offer_second(self, login: str, sealed: bytes) -> None:
        """A secret that is not in force yet."""
        self._change(login, second=sealed, second_since=None, second_step=0)

    def take_second(
        self, login: str, since: datetime, step: int, recovery: Sequence[str], amendment: Amendment
    ) -> None:
        self._change(login, second_since=since, second_step=step, recovery=tuple(recovery), amendments=[amendment])

    def drop_second(self, login: str, amendment: Amendment) -> None:
        """Ends its sessions: whoever asked for this has lost what proved who they are."""
        self._change(login, second=None, second_since=None, second_step=0, recovery=(), amendments=[amendment])
        self.end_sessions(login)

    def use_step(self, login: str, step: int) -> bool:
        """Whether nobody used this code, or a later one, before."""
        newer = (_accounts.c.login == login) & (_accounts.c.second_step < step)
        with writing(self._engine) as connection:
            return connection.execute(update(_accounts).where(newer).values(second_step=step)).rowcount == 1

    def use_recovery(self, login: str, hashed: str, amendment: Amendment) -> bool:
        """Each works once."""
        with writing(self._engine, appends="acts") as connection:
            mine = _accounts.c.login == login
            left = connection.execute(select(_accounts.c.recovery).where(mine).with_for_update()).scalar() or ()
            if hashed not in left:
                return False
            fewer = tuple(one for one in left if one != hashed)
            connection.execute(update(_accounts).where(mine).values(recovery=fewer))
            note(connection, [amendment])
            return True

    # Invitations

    def invite(self, token_hash: str, login: str, made_by: str, expires_at: datetime, amendment: Amendment) -> None:
        """The one link that holds for this login from now on."""
        row = {"token_hash": token_hash, "login": login, "made_by": made_by, "expires_at": expires_at}
        with writing(self._engine, appends="acts") as connection:
            connection.execute(delete(_invitations).where(_invitations.c.login == login))
            connection.execute(insert(_invitations).values(row))
            note(connection, [amendment])

    def invited(self, token_hash: str, now: datetime) -> str | None:
        """Whose link this is, while it holds."""
        mine = (_invitations.c.token_hash == token_hash) & (_invitations.c.expires_at > now)
        rows = self._all(select(_invitations.c.login).where(mine))
        return rows[0].login if rows else None

    # Sessions

    def open_session(self, token_hash: str, session: Session) -> None:
        row = {name: getattr(session, name) for name in Session.__dataclass_fields__}
        with writing(self._engine) as connection:
            connection.execute(insert(_sessions).values(token_hash=token_hash, **row))

    def session(self, token_hash: str) -> Session | None:
        """As stored; whether it has expired is for the caller, who knows the time."""
        rows = self._all(_SESSION, token=token_hash)
        return _session(rows[0]) if rows else None

    def whose(self, token_hash: str) -> tuple[Session, Account] | None:
        """A session with the login whose it is, unless that is closed."""
        rows = self._all(_WHOSE, token=token_hash)
        return (_session(rows[0]), rows[0].body) if rows else None

    def sessions(self, login: str) -> list[Session]:
        """The one used last first."""
        mine = select(_sessions).where(_sessions.c.login == login)
        return [_session(row) for row in self._all(mine.order_by(_sessions.c.used_at.desc()))]

    def used(self, token_hash: str, at: datetime) -> None:
        with writing(self._engine) as connection:
            connection.execute(update(_sessions).where(_sessions.c.token_hash == token_hash).values(used_at=at))

    def end_session(self, token_hash: str) -> None:
        with writing(self._engine) as connection:
            connection.execute(delete(_sessions).where(_sessions.c.token_hash == token_hash))

    def end_sessions(self, login: str) -> int:
        with writing(self._engine) as connection:
            return connection.execute(delete(_sessions).where(_sessions.c.login == login)).rowcount

    def end_expired_sessions(self, now: datetime, unused_since: datetime) -> int:
        """Those past their time, those that nobody used since then, and invitations and tries that are over."""
        over = (_sessions.c.expires_at <= now) | (_sessions.c.used_at <= unused_since)
        with writing(self._engine) as connection:
            connection.execute(delete(_invitations).where(_invitations.c.expires_at <= now))
            return connection.execute(delete(_sessions).where(over)).rowcount

    # Tries

    def tries(self, whose: Iterable[str]) -> dict[str, Tries]:
        rows = self._all(select(_tries).where(_tries.c.whose.in_(list(whose))))
        return {row.whose: Tries(int(row.count), row.last) for row in rows}

    def failed(self, whose: Iterable[str], now: float, forgotten_before: float) -> None:
        """One more wrong try of each; those are dropped whose last is too long ago."""
        with writing(self._engine) as connection:
            connection.execute(delete(_tries).where(_tries.c.last < forgotten_before))
            for one in sorted(whose):
                more = {"count": _tries.c.count + 1, "last": now}
                if not connection.execute(update(_tries).where(_tries.c.whose == one).values(more)).rowcount:
                    upsert(connection, _tries, [{"whose": one, "count": 1, "last": now}])

    def forgive(self, whose: Iterable[str]) -> None:
        with writing(self._engine) as connection:
            connection.execute(delete(_tries).where(_tries.c.whose.in_(list(whose))))

    def came_from(self, login: str, address: str, at: datetime) -> None:
        with writing(self._engine) as connection:
            upsert(connection, _entrances, [{"login": login, "address": address, "last_at": at}])

    def comes_from(self, login: str, address: str, since: datetime) -> bool:
        mine = (_entrances.c.login == login) & (_entrances.c.address == address) & (_entrances.c.last_at >= since)
        return bool(self._all(select(func.count()).where(mine))[0][0])

    def _change(self, login: str, amendments: Sequence[Amendment] = (), **values: Any) -> None:
        with writing(self._engine, appends="acts") as connection:
            connection.execute(update(_accounts).where(_accounts.c.login == login).values(values))
            note(connection, amendments)

    def _logins(self, condition: Any) -> list[Login]:
        return [_login(row) for row in self._all(select(*_LOGIN).where(condition).order_by(_accounts.c.login))]

    def _all(self, question: Any, **given: object) -> Sequence[Any]:
        with reading(self._engine) as connection:
            return connection.execute(question, given).all()


def _columns(account: Account) -> dict[str, Any]:
    return {"role": account.role.value, "person": account.person, "body": account}


def _login(row: Any) -> Login:
    return Login(*row)


def _session(row: Any) -> Session:
    return Session(**{name: getattr(row, name) for name in Session.__dataclass_fields__})
