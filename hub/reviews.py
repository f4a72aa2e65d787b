"""Reminders of what is to be looked at again: decisions in a resident's place, and consents that were given for a time.

They go to those of the council who keep decisions, at most one a day to each, and name nobody.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime

from hub.calls import WEB_PUSH
from hub.store import Store
from hub.store.relatives import Notice, Relatives
from hub.store.ways import Ways, of_staff
from hub.store.wishes import Wishes
from hub.transports import Call, Unreached
from models.notices import NoticeKind
from models.people import Account, Role
from models.wishes import REMINDED, reminded_from

REMINDED_ROLES = (Role.SUPERVISOR, Role.ADMINISTRATOR)
SUBJECT = "Nightlight: to be looked at again"
EMAIL = "email"
"""Beside browsers: what is not urgent rings nobody."""


class Reviews:
    def __init__(self, store: Store, url: str) -> None:
        self._store, self._url = store, url
        self._wishes, self._ways = Wishes(store.records.engine), Ways(store.records.engine)
        self._relatives = Relatives(store.records.engine)

    def decide(self, now: datetime) -> None:
        """Write down who is to be reminded: whoever was not, since something came to be due."""
        due = self._due(now)
        rows = []
        for one in self._staff() if due else ():
            moments = [reminded_from(at, now) for at in due.get(one.council, ())]
            latest = max((moment for moment in moments if moment), default=None)
            told = self._relatives.last(of_staff(one.login), NoticeKind.REVIEW)
            if latest and (told is None or told < latest) and self._to(one):
                rows.append((f"review {now:%Y-%m-%d} {one.login}", "", of_staff(one.login), NoticeKind.REVIEW))
        self._relatives.intend(rows, now)

    def made(self, notice: Notice, now: datetime) -> tuple[str, Call]:
        """By the first way that was not tried, what is due now. Raises Unreached."""
        account = next((one for one in self._staff() if of_staff(one.login) == notice.person), None)
        due = self._due(now).get(account.council, []) if account else []
        if account is None or not due:
            raise Unreached("nothing is due any more")
        left = [(way, to) for way, to in self._to(account).items() if way not in notice.tried]
        if not left:
            raise Unreached(notice.detail or "there is no way to reach them now")
        way, to = left[0]
        link = f"{self._url}/choices" if self._url else ""
        text = f"{_counted(due, now)}\n\n{link}".strip() if way == EMAIL else _counted(due, now)
        return way, Call(0, "", notice.kind, notice.person, to, SUBJECT, text, link, notice.key, silent=True)

    def _due(self, now: datetime) -> dict[str, list[datetime]]:
        """When each is to be looked at again, of those within the month, by council."""
        found: dict[str, list[datetime]] = {}
        for home_id, at in self._reviews(now):
            home = self._store.records.home(home_id)
            if home and home.ended is None:
                found.setdefault(home.council, []).append(at)
        return found

    def _reviews(self, now: datetime) -> Iterator[tuple[str, datetime]]:
        for _, home, _, decision in self._wishes.decisions(before=now + REMINDED):
            yield home, decision.review_at
        for consent in self._wishes.to_be_reviewed():
            if consent.review_at and consent.review_at <= now + REMINDED:
                yield consent.home, consent.review_at

    def _staff(self) -> list[Account]:
        return [one for role in REMINDED_ROLES for one in self._store.records.accounts_of(role)]

    def _to(self, account: Account) -> dict[str, tuple[str, ...]]:
        """Where they are reached, by way."""
        browsers = tuple(self._ways.subscriptions(of_staff(account.login)))
        mail = tuple(one.to for one in account.addresses if one.transport == EMAIL)
        return {way: to for way, to in ((WEB_PUSH, browsers), (EMAIL, mail)) if to}


def _counted(due: Iterable[datetime], now: datetime) -> str:
    late = sum(at <= now for at in due)
    coming = sum(at > now for at in due)
    said = [f"{late} overdue" if late else "", f"{coming} due within the month" if coming else ""]
    return f"Decisions and consents to be looked at again: {', '.join(one for one in said if one)}."
