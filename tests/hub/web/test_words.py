"""A kind of finding that pages have no words for would reach an operator as a code."""

import re

from hub.web.page import HERE
from hub.web.words import ICON, KIND, MANY, MENTION
from models.alert import URGENCY, Lane
from models.detection import FindingKind, Urgency
from models.telling import say


def test_every_kind_has_its_words_its_place_and_its_picture() -> None:
    drawn = set(re.findall(r"name == '(\w+)'", (HERE / "templates" / "parts.html").read_text(encoding="utf-8")))
    for kind in FindingKind:
        assert kind in KIND
        assert kind in URGENCY
        assert ICON.get(kind, kind) in drawn, kind
        assert kind.lane is Lane.PERSON or kind.urgency is Urgency.TELL or kind in MANY


def test_people_come_before_kits_and_presses_before_all() -> None:
    order = sorted(FindingKind, key=lambda kind: URGENCY[kind])
    lanes = [kind.lane for kind in order]
    assert lanes == sorted(lanes, key=lambda lane: lane is Lane.KIT)
    assert order[:3] == [FindingKind.PRESS, FindingKind.FALL, FindingKind.LONG_LIE]


def test_what_a_relative_is_told_names_no_moment() -> None:
    kinds = [kind for kind in FindingKind if kind.urgency is Urgency.TELL and kind.lane is Lane.PERSON]
    assert set(kinds) <= set(MENTION)
    assert not [kind for kind in MENTION if re.search(r"\d", say(f"mention.{kind}"))]
