"""The sentence at the top of a relative's page: how things are and how fresh that is, out of what they may see."""

from dataclasses import dataclass

from models.day import Doing
from models.glimpse import At, Glimpse, Grain, Lack, Tone
from models.health import Why
from models.hours import part_of
from models.morning import Compared
from models.telling import EN, moment_in_words, say, where_in_words


@dataclass(frozen=True, slots=True)
class Sentence:
    """`head` stands at the top, without its full stop; `more` are whole sentences that go with it."""

    tone: Tone
    head: str
    more: tuple[str, ...] = ()

    @property
    def whole(self) -> str:
        """In one breath, as a message or a voice has it."""
        return " ".join([f"{self.head}.", *self.more])


def sentence(seen: Glimpse, language: str = "en") -> Sentence:
    """Each clause only where `seen` has what it says: what a level hides can't be said by mistake."""
    return Sentence(seen.tone, *_Saying(seen, language).said())


def others(seen: Glimpse, language: str = "en") -> list[str]:
    """Whose a sign of life may be as well, in whole sentences."""
    there = {"people": seen.people > 1, "visits": seen.visits, "pets": seen.pets}
    return [say(f"others.{who}", language, people=seen.people) for who, lives in there.items() if lives]


_WHY = {Why.POWER: "power", Why.PATH: "path", Why.KIT: "kit", Why.BACKLOG: "backlog", Why.NEVER: "never"}
_LACK = {Lack.STOPPED: "stopped", Lack.NOTHING: "nothing", Lack.BEHIND: "behind", Lack.NOT_COME: "not_come"}
_COMPARED = {
    Compared.EARLIEST: "earliest",
    Compared.EARLIER: "earlier",
    Compared.USUAL: "usual",
    Compared.LATER: "later",
    Compared.LATEST: "latest",
}
_DOING = {
    Doing.IN_BED: "in_bed",
    Doing.OUT: "out",
    Doing.UP: "up",
    Doing.UNWATCHED: "unwatched",
    Doing.UNSHARED: "unshared",
}
MOBILE = "mobile"
"""`Glimpse.reaches`: by the kit's modem."""


class _Saying:
    def __init__(self, seen: Glimpse, language: str) -> None:
        self._seen, self._language = seen, language
        self._others: list[str] = []

    def said(self) -> tuple[str, tuple[str, ...]]:
        by_tone = {
            Tone.PRIVATE: self._private,
            Tone.CHECKING: self._checking,
            Tone.UNHEARD: self._unheard,
            Tone.UNKNOWN: self._unknown,
        }
        head, *more = by_tone.get(self._seen.tone, self._well)()
        return head, tuple(one for one in more if one)

    def _say(self, key: str, **given: object) -> str:
        return say(key, self._language, called=self._seen.called, **given)

    def _claim(self, key: str, **given: object) -> str:
        """Of the resident, and surely, only where nobody else may have made the signs that it rests on."""
        other = f"home.{key}" if self._seen.people > 1 else f"{key}.perhaps"
        if other not in EN or not (said := others(self._seen, self._language)):
            return self._say(key, **given)
        self._others = said
        return self._say(other, **given)

    def _at(self, at: At) -> str:
        return moment_in_words(at, self._seen.now, self._seen.zone, self._language)

    def _exactly(self, at: At) -> str:
        """'at 07:40', but 'this morning'."""
        return self._at(at) if at.grain is Grain.PART else self._say("at", moment=self._at(at))

    def _private(self) -> list[str]:
        return [self._say("private"), self._say("private.still")]

    def _checking(self) -> list[str]:
        since = self._seen.alert_since
        head = self._say("checking.since", at=self._at(At(since, Grain.MINUTE))) if since else self._say("checking")
        return [head, *([f"{self._not_heard()}.", self._reaches()] if self._seen.why else [])]

    def _unheard(self) -> list[str]:
        last = self._seen.last
        before = self._say("last.before", at=self._at(last)) if last else ""
        return [self._not_heard(), before, self._say("meanwhile"), self._reaches()]

    def _not_heard(self) -> str:
        assert self._seen.why is not None
        why, since = self._say(f"why.{_WHY[self._seen.why]}"), self._seen.unheard_since
        if since is None:
            return self._say("unheard", why=why)
        return self._say("unheard.since", at=self._at(At(since, Grain.MINUTE)), why=why)

    def _reaches(self) -> str:
        """Said only of a home that is not heard, and only where it is so."""
        if not self._seen.reaches or not self._seen.why:
            return ""
        return self._say("reaches.mobile" if self._seen.reaches == MOBILE else "reaches")

    def _unknown(self) -> list[str]:
        lack = self._seen.lack
        return [self._say("unknown"), self._say(f"lack.{_LACK[lack]}") if lack else ""]

    def _well(self) -> list[str]:
        seen = self._seen
        if seen.doing is None:
            said = [self._say("well.now" if seen.looked_into or seen.in_part else "well")]
        else:
            said = self._by_part() if seen.since and seen.since.grain is Grain.PART else self._today()
        looked = self._say("looked_into") if seen.looked_into else ""
        said[1:1] = self._others
        return [*said, self._say("on_mobile") if seen.reaches == MOBILE else "", looked]

    def _by_part(self) -> list[str]:
        seen = self._seen
        assert seen.since is not None
        head = self._claim(f"part.{_DOING.get(seen.doing or Doing.QUIET, 'quiet')}", part=self._at(seen.since))
        up = self._up_too() if seen.up and seen.up != seen.since else ""
        return [head, up, self._last()]

    def _up_too(self) -> str:
        """What is before six is a part of the night, and 'up last night' would say something else."""
        up = self._seen.up
        assert up is not None
        early = part_of(up.at, self._seen.zone) == "night"
        return self._claim("up.early") if early else self._claim("up.too", at=self._at(up))

    def _today(self) -> list[str]:
        """In bed, in a chair, out, or quiet by night is what a reader wants first; by day, since when they were up."""
        seen = self._seen
        due = self._say("due", at=self._at(seen.due)) if seen.due else ""
        if seen.doing is Doing.IN_BED:
            return [self._since("in_bed"), self._last(), due]
        asleep = seen.doing is Doing.QUIET and part_of(seen.now, seen.zone) == "night"
        up = self._up() if seen.up and not asleep else ""
        if seen.doing is Doing.OUT:
            because = self._say("out.because") if seen.people == 1 else ""
            return [self._since("out"), because, f"{up}." if up else "", self._last(), due]
        if seen.doing is Doing.IN_CHAIR:
            return [self._since("in_chair"), f"{up}." if up else "", self._last(), due]
        if seen.doing is Doing.UNWATCHED:
            return [self._say("unwatched"), f"{up}." if up else "", self._last(), due]
        if seen.doing is Doing.UNSHARED:
            return [self._say("well.now"), due]
        if up:
            return [up, self._last(), due]
        if seen.doing is Doing.UP:
            return [self._claim("about"), self._last(), due]
        quiet = self._say("quiet.since", at=self._at(seen.last)) if seen.last else self._say("quiet")
        return [quiet, due]

    def _since(self, key: str) -> str:
        since = self._seen.since
        return self._claim(f"{key}.since", at=self._at(since)) if since else self._claim(key)

    def _up(self) -> str:
        seen = self._seen
        assert seen.up is not None
        if seen.compared is None:
            return self._claim("up", at=self._exactly(seen.up))
        how = self._say(f"compared.{_COMPARED[seen.compared]}")
        return self._claim("up.compared", at=self._exactly(seen.up), compared=how)

    def _last(self) -> str:
        seen = self._seen
        if seen.last is None:
            return ""
        at = self._at(seen.last)
        if not seen.room:
            return self._say("last", at=at)
        return self._say("last.room", at=at, where=where_in_words(seen.room, self._language))
