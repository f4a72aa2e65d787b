"""What is said to residents and their people: the same in every language, and plain enough for anybody."""

import re
from datetime import UTC, datetime, timedelta
from string import Formatter

import pytest

from models.glimpse import At, Grain
from models.languages import LANGUAGES, TEXTS
from models.telling import date_in_words, moment_in_words, say, where_in_words

EN = TEXTS["en"]
SATURDAY = datetime(2026, 11, 21, 9, 12, tzinfo=UTC)


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


@pytest.mark.parametrize("language", [one for one in LANGUAGES if one != "en"])
def test_each_language_says_the_same_things_with_the_same_gaps(language: str) -> None:
    other = TEXTS[language]
    assert EN.keys() - other.keys() == set(), "not said"
    assert other.keys() - EN.keys() == set(), "said by nobody"
    assert {key for key in EN if placeholders(EN[key]) != placeholders(other[key])} == set()
    assert {key for key in EN if (EN[key][-1] in ".?!") != (other[key][-1] in ".?!")} == set(), "whole sentences or not"


def test_welsh_is_welsh() -> None:
    same = {key for key in EN if EN[key] == TEXTS["cy"][key] and re.search("[a-z]", re.sub(r"{\w+}", "", EN[key]))}
    assert same == set()
    assert (
        moment_in_words(At(SATURDAY, Grain.MINUTE), SATURDAY + timedelta(days=5), "UTC", "cy") == "09:12, Sad 21 Tach"
    )
    assert moment_in_words(At(SATURDAY, Grain.PART), SATURDAY + timedelta(days=5), "UTC", "cy") == "ddydd Sadwrn"
    assert moment_in_words(At(SATURDAY, Grain.PART), SATURDAY + timedelta(days=5), "UTC") == "on Saturday"
    assert date_in_words(SATURDAY, "cy") == "21 Tachwedd 2026"
    assert where_in_words("kitchen", "cy") == "yn y gegin"
    assert where_in_words("sewing_room", "cy") == "yn yr ystafell: sewing room"


def test_a_language_that_is_not_known_is_said_in_english() -> None:
    assert say("well", "tlh") == EN["well"]


def syllables(word: str) -> int:
    """As the formula counts them: groups of vowels, without a silent e at the end."""
    groups = re.findall(r"[aeiouy]+", word.lower())
    silent = word.lower().endswith("e") and not word.lower().endswith(("le", "ee")) and len(groups) > 1
    return max(1, len(groups) - silent)


def grade(sentences: list[str]) -> float:
    """Flesch and Kincaid's school grade; the age that reads it easily is about five years more."""
    words = [word for one in sentences for word in re.findall(r"[A-Za-z']+", one)]
    return 0.39 * len(words) / len(sentences) + 11.8 * sum(map(syllables, words)) / len(words) - 15.59


SAID = {"called": "Mrs Hill", "at": "07:40", "why": "its kit stopped", "link": "", "number": "7", "explained": "",
        "part": "this morning", "where": "in the hall", "compared": "about as usual", "name": "Ann"}  # fmt: skip


HEADS = {"private", "checking", "unheard", "unknown", "well", "up", "out", "quiet"}


def sentences() -> list[str]:
    """Those of the texts that are sentences, as somebody would get them."""
    whole = [
        re.sub(r"{(\w+)}", lambda gap: SAID.get(gap[1], "ten"), text)
        for key, text in EN.items()
        if text.endswith((".", "?")) or key.split(".")[0] in HEADS
    ]  # fmt: skip
    parts = [part.strip() for one in whole for part in re.split(r"(?<=[.?!;:])\s", one)]
    return [one for one in parts if len(one.split()) > 2]


def test_a_child_of_twelve_could_read_it() -> None:
    said = sentences()
    assert len(said) > 30
    assert grade(said) + 5 <= 12
    assert [one for one in said if len(one.split()) > 22] == [], "no sentence is long"
    assert {one for one in said if grade([one]) + 5 > 18} == set(), "nor is any by itself hard"
