"""The resident's letter: what is measured and why, who may see what, and who looked; on paper, or to be heard."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from hub.web.access.wishes import Choices, KindOf
from hub.web.paper import Paper
from models.glimpse import At, Grain
from models.hours import local
from models.notices import told_in_words
from models.telling import date_in_words, moment_in_words, say


@dataclass(frozen=True, slots=True)
class Section:
    heading: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Letter:
    """The same words, whichever way they are told."""

    title: str
    date: str
    opening: tuple[str, ...]
    sections: tuple[Section, ...]
    closing: tuple[str, ...]

    @property
    def lines(self) -> Iterator[str]:
        yield self.title
        yield self.date
        yield from self.opening
        for section in self.sections:
            yield section.heading
            yield from section.lines
        yield from self.closing

    @property
    def text(self) -> str:
        return "\n\n".join(line if line.endswith((".", ",")) else f"{line}." for line in self.lines)


def letter(c: Choices) -> Letter:
    say_ = _Saying(c)
    sections = [
        Section(say_("letter.measured"), (say_("letter.no_camera"), *(say_.kind(one) for one in c.kinds))),
        Section(say_("letter.sees"), tuple(say_.relatives()) or (say_("letter.nobody"),)),
        Section(say_("letter.looked"), tuple(say_.looks()) or (say_("letter.nobody"),)),
    ]
    if c.decisions:
        sections.append(Section(say_("letter.decided"), tuple(say_.decisions())))
    if c.reablement:
        sections.append(Section(say_("letter.reablement"), (say_.reablement(c.reablement),)))
    opening = (say_("letter.dear", called=c.called), say_("letter.intro"))
    return Letter(
        say_("letter.title"), say_.day(c.now), opening, tuple(sections), (say_("letter.change"), say_("letter.yours"))
    )


class _Saying:
    def __init__(self, choices: Choices) -> None:
        self._c, self._language = choices, choices.language

    def __call__(self, key: str, **given: object) -> str:
        return say(key, self._language, **given)

    def day(self, at: datetime) -> str:
        return date_in_words(local(at, self._c.zone), self._language)

    def at(self, at: datetime) -> str:
        return moment_in_words(At(at, Grain.MINUTE), self._c.now, self._c.zone, self._language)

    def reablement(self, on: date) -> str:
        return self("letter.reablement.line", at=date_in_words(on, self._language))

    def kind(self, one: KindOf) -> str:
        state = self("letter.in_use" if one.on else "letter.not_in_use")
        if one.paused_until:
            state = self("letter.paused", at=self.at(one.paused_until))
        return f"{self(f'kind.{one.kind}')}: {state}. {self(f'kind.why.{one.kind}')}"

    def relatives(self) -> Iterator[str]:
        for one in self._c.relatives:
            sees = [self(f"level.{self._c.level(one)}"), *told_in_words(self._c.told.get(one.id), self._language)]
            yield f"{one.name}, {one.relation}: {'; '.join(sees)}."

    def looks(self) -> Iterator[str]:
        for one in self._c.looks:
            often = self("letter.once" if one.count == 1 else "letter.times", count=one.count, at=self.day(one.last))
            yield f"{self(f'role.{one.role}')}, {self(f'purpose.{one.purpose}')}: {often}."

    def decisions(self) -> Iterator[str]:
        for _, one in self._c.decisions:
            days = {"at": self.day(one.decided_at), "review": self.day(one.review_at)}
            yield self("letter.decided.line", about=one.about, decided=one.decided, maker=one.maker, **days)


def printed(c: Choices, *, large: bool, envelope: tuple[str, ...] = ()) -> bytes:
    told = letter(c)
    paper = Paper(told.title, c.now, large=large, language=c.language, envelope=envelope)
    paper.say(told.date)
    for line in told.opening:
        paper.say(line)
    for section in told.sections:
        paper.heading(section.heading)
        for line in section.lines:
            paper.say(line)
    paper.heading("")
    for line in told.closing:
        paper.say(line)
    return paper.done()
