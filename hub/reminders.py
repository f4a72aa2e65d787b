"""Reminders to those who keep the records: of decisions in a resident's place and consents that are to be looked at
again, and of letters that wait to be posted. At most one of each a day, to those of the council; none names anybody.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from hub.store import Store
from hub.store.relatives import Notice, Relatives, Sent
from hub.store.ways import Ways, of_staff
from hub.store.wishes import Wishes
from hub.transports import Call, Unreached
from models.notices import LATE_LETTER, NoticeKind
from models.people import WEB_PUSH, Account, Role
from models.wishes import REMINDED, reminded_from

EMAIL = "email"
"""Beside browsers: what is not urgent rings nobody."""


@dataclass(frozen=True, slots=True)
class Matter:
    """Who is reminded, on which page they find it, and in which words: of what is late, and of what is not."""

    roles: tuple[Role, ...]
    page: str
    subject: str
    late: str
    rest: str


MATTERS: dict[NoticeKind, Matter] = {
    NoticeKind.REVIEW: Matter(
        (Role.SUPERVISOR, Role.ADMINISTRATOR), "/choices", "Decisions and consents to be looked at again",
        "{count} overdue", "{count} due within the month",
    ),
    NoticeKind.POSTING: Matter(
        (Role.ADMINISTRATOR,), "/letters", "Letters to be posted", "{count} late", "{count} in time",
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Due:
    """Something of a home, since when it is to be reminded of, and whether it is late."""

    home: str
    since: datetime
    late: bool


class Reminders:
    def __init__(self, store: Store, url: str) -> None:
        self._store, self._url = store, url
        self._wishes, self._ways = Wishes(store.records.engine), Ways(store.records.engine)
        self._relatives = Relatives(store.records.engine)

    def decide(self, now: datetime) -> None:
        """Write down who is to be reminded: whoever was not, since the last came to be due."""
        for kind in MATTERS:
            due = self._by_council(kind, now)
            for one in self._staff(kind) if due else ():
                latest = max((each.since for each in due.get(one.council, ())), default=None)
                told = self._relatives.last(of_staff(one.login), kind)
                if latest and (told is None or told < latest) and self._to(one):
                    key = f"{kind} {now:%Y-%m-%d} {one.login}"
                    self._relatives.intend([(key, "", of_staff(one.login), kind)], now)

    def made(self, notice: Notice, now: datetime) -> tuple[str, Call]:
        """By the first way that was not tried, what is due now. Raises Unreached."""
        account = next((one for one in self._staff(notice.kind) if of_staff(one.login) == notice.person), None)
        due = self._by_council(notice.kind, now).get(account.council, []) if account else []
        if account is None or not due:
            raise Unreached("nothing is due any more")
        left = [(way, to) for way, to in self._to(account).items() if way not in notice.tried]
        if not left:
            raise Unreached(notice.detail or "there is no way to reach them now")
        (way, to), matter = left[0], MATTERS[notice.kind]
        link, said = f"{self._url}{matter.page}" if self._url else "", _counted(matter, due)
        text = f"{said}\n\n{link}".strip() if way == EMAIL else said
        subject = f"Nightlight: {matter.subject.lower()}"
        return way, Call(0, "", notice.kind, notice.person, to, subject, text, link, notice.key, silent=True)

    def _by_council(self, kind: NoticeKind, now: datetime) -> dict[str, list[Due]]:
        found: dict[str, list[Due]] = {}
        for one in self._reviews(now) if kind is NoticeKind.REVIEW else self._letters(now):
            home = self._store.records.home(one.home)
            if home and home.ended is None:
                found.setdefault(home.council, []).append(one)
        return found

    def _reviews(self, now: datetime) -> Iterator[Due]:
        decided = [(home, one.review_at) for _, home, _, one in self._wishes.decisions(before=now + REMINDED)]
        agreed = [(one.home, one.review_at) for one in self._wishes.to_be_reviewed() if one.review_at]
        for home, at in [*decided, *agreed]:
            since = reminded_from(at, now)
            if since:
                yield Due(home, since, at <= now)

    def _letters(self, now: datetime) -> Iterator[Due]:
        for letter in self._relatives.in_state(Sent.LISTED):
            yield Due(letter.home, letter.at, now - letter.at > LATE_LETTER)

    def _staff(self, kind: NoticeKind) -> list[Account]:
        return [one for role in MATTERS[kind].roles for one in self._store.records.accounts_of(role)]

    def _to(self, account: Account) -> dict[str, tuple[str, ...]]:
        return reached_by(self._ways, account)


def reached_by(ways: Ways, account: Account) -> dict[str, tuple[str, ...]]:
    """Where somebody of the staff is reminded, by way."""
    browsers = tuple(ways.subscriptions(of_staff(account.login)))
    mail = tuple(one.to for one in account.addresses if one.transport == EMAIL)
    return {way: to for way, to in ((WEB_PUSH, browsers), (EMAIL, mail)) if to}


def _counted(matter: Matter, due: list[Due]) -> str:
    late = sum(one.late for one in due)
    counts = ((matter.late, late), (matter.rest, len(due) - late))
    return f"{matter.subject}: {', '.join(words.format(count=count) for words, count in counts if count)}."
