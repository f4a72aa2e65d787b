"""What was written down of a home in English, told again in another language.

Explanations stand in logs whose rows are never changed, as they were when an alert was raised. So each sentence is
read by the pattern that it was made of, and said by that pattern's other side, with its moments, rooms and lengths of
time in the other language too: also of alerts from before there was that language. What has no pattern is not told
again.
"""

import re
import tomllib
from collections.abc import Callable, Mapping
from functools import cache, lru_cache
from importlib.resources import files

from models.languages import LANGUAGES, TEXTS
from models.telling import listed_in_words, say, where_in_words

_CLOCK = r"\d\d?:\d\d(?::\d\d)?(?: [A-Z]{3,4})?"
_SHAPES = {
    "at": rf"{_CLOCK}(?: last night| yesterday| on [A-Z]\w\w \d+ [A-Z]\w\w)?",
    "span": r"\d+ (?:s|min|h|days)(?: \d+ min)?|none|under a minute",
    "day": r"\d+ [A-Z][a-z]+",
    "months": r"[A-Z][A-Za-z, ]+?",
    "number": r"[\d.,]*\d",
    "percent": r"\d+%",
    "share": r"\d+ %|unknown",
    "where": r"[^.:;,()]+?",
    "wheres": r"[^.:;()]+?",
    "rooms": r"[^.:;()]+?",
    "name": r".+?",
    "change": r"[A-Z][a-z ]+?",
    **dict.fromkeys(("blow", "rarity", "rests", "figures", "quality"), r"(?:: .+?)?"),
    **dict.fromkeys(("tilt", "still", "because", "out", "resting"), r"(?:, .+?)?"),
    "others": r"(?: \(.+?\))?",
}
"""What a name in braces stands for, with or without a figure behind it; without one in `_MADE` it is a piece of a
sentence, as are all other names.
"""
_FILES = files("models.languages.retold")
_GAP = re.compile(r"{([a-z]+)(\d?)}")
_SENTENCES = re.compile(r"(?<=[.?!]) (?=[A-Z\d])")
_LISTED = re.compile(r", | and the | and ")
_UNITS = {"s": "second", "min": "minute", "h": "hour", "days": "days"}


def retold(text: str, language: str) -> str | None:
    """The same in that language, or None where some of it can't be said in it."""
    if language == LANGUAGES[0]:
        return text
    said = [_sentence(one, language) for one in _SENTENCES.split(text)] if text else []
    return None if None in said else " ".join(f"{one[:1].upper()}{one[1:]}" for one in said if one)


@lru_cache(4096)
def _sentence(text: str, language: str) -> str | None:
    """By the first of the patterns that reads all of it."""
    for pattern, other in _patterns(language):
        found = pattern.fullmatch(text)
        gaps = {name: _gap(name, value, language) for name, value in found.groupdict().items()} if found else {}
        if found and None not in gaps.values():
            return _filled(other, gaps)
    return None


def _filled(pattern: str, gaps: Mapping[str, str | None]) -> str:
    return _GAP.sub(lambda gap: str(gaps[gap[1] + gap[2]]), pattern)


@cache
def _patterns(language: str) -> list[tuple[re.Pattern[str], str]]:
    file = _FILES.joinpath(f"{language}.toml")
    pairs: Mapping[str, str] = tomllib.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    return [(_read_by(one), other) for one, other in pairs.items()]


def _read_by(pattern: str) -> re.Pattern[str]:
    """A piece may stand at the beginning of a sentence, with a capital."""
    parts = _GAP.split(pattern)
    said = "".join(
        re.escape(part) if place % 3 == 0 else f"(?P<{part}{parts[place + 1]}>{_SHAPES.get(part, '.*?')})"
        for place, part in enumerate(parts)
        if place % 3 != 2
    )
    first = pattern[:1]
    return re.compile(f"[{first}{first.upper()}]{said[len(re.escape(first)) :]}" if first.islower() else said)


def _gap(name: str, value: str, language: str) -> str | None:
    made = _MADE.get(name.rstrip("0123456789"))
    if made:
        return made(value, language)
    return _pieces(value, language) if value else ""


def _pieces(value: str, language: str) -> str | None:
    """One, or a list of them."""
    whole = value if value.isdigit() else _sentence(value, language)
    several = _split(value)
    if whole is not None or len(several) == 1:
        return whole
    each = [_sentence(one, language) for one in several]
    return None if None in each else _joined(value, [str(one) for one in each], language)


def _split(value: str) -> list[str]:
    return value.split("; ") if "; " in value else _LISTED.split(value)


def _joined(value: str, each: list[str], language: str) -> str:
    return "; ".join(each) if "; " in value else listed_in_words(each, language)


def _moment(value: str, language: str) -> str:
    clock, _, rest = value.partition(" on ")
    if rest:
        weekday, day, month = rest.split()
        on = say("date.short", language, weekday=_other("weekday", weekday, language), day=day,
                 month=_other("month.short", month, language))  # fmt: skip
        return say("minute.day", language, clock=clock, day=on)
    for past in ("last night", "yesterday"):
        if value.endswith(past):
            return say(f"minute.{past.replace(' ', '_')}", language, clock=value.removesuffix(f" {past}"))
    return value


def _lasting(value: str, language: str) -> str:
    if value in ("none", "under a minute"):
        return say(f"lasting.{value.replace(' ', '_')}", language)
    return re.sub(r"(\d+) (\w+)", lambda one: say(f"lasting.{_UNITS[one[2]]}", language, count=one[1]), value)


def _day(value: str, language: str) -> str:
    day, month = value.split()
    return f"{day} {_other('month', month, language)}"


def _sensor(value: str, language: str) -> str:
    room, _, kind = value.rpartition(" ")
    key = f"sensor.named.{kind}"
    if value in ("pull cord", "door that leads out", "a sensor that is not on record", "one room", "other rooms"):
        return say(f"sensor.named.{value.replace(' ', '_')}", language)
    if key not in TEXTS[language]:
        return _room(value, language)
    room = room.removesuffix(" pull").replace(" ", "_")
    named = say(key, language)
    return f"{named} {where_in_words(room, language)}" if room else named


def _room(value: str, language: str) -> str:
    return _other("place", value, language)


def _other(kind: str, value: str, language: str) -> str:
    """A word that the texts have, whichever its key: of a room or a month."""
    english = TEXTS[LANGUAGES[0]]
    key = next((key for key, said in english.items() if key.startswith(f"{kind}.") and said == value), None)
    return TEXTS[language][key] if key else value


def _each(made: Callable[[str, str], str]) -> Callable[[str, str], str]:
    return lambda value, language: _joined(value, [made(one, language) for one in _split(value)], language)


def _same(value: str, _language: str) -> str:
    return value


def _share(value: str, language: str) -> str:
    return say("share.unknown", language) if value == "unknown" else value


_MADE: Mapping[str, Callable[[str, str], str]] = {
    "at": _moment,
    "span": _lasting,
    "day": _day,
    "months": _each(lambda value, language: _other("month", value, language)),
    "number": _same,
    "percent": _same,
    "name": _same,
    "share": _share,
    "where": _sensor,
    "wheres": _each(_sensor),
    "rooms": _each(_sensor),
}
