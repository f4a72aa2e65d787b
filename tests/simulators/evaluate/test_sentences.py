"""What relatives are told holds against the recording; and the check that says so finds what does not."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from simulators.evaluate.contradictions import Record, contradictions
from simulators.evaluate.invented import invented, recorded
from simulators.evaluate.sentences import Counted, evaluate

DAY0 = datetime(2026, 11, 2, tzinfo=UTC).timestamp()
HOUR = 3600.0


def record(*hours: float) -> Record:
    """A fortnight of mornings at seven, then a day with signs in the kitchen at `hours`."""
    before = [day * 24 + hour for day in range(14) for hour in (7.0, 7.2, 7.5, 12.0, 22.0)]
    at = DAY0 + HOUR * np.array([*before, *(14 * 24 + hour for hour in hours)])
    return Record(at, np.zeros(len(at), np.int64), ("kitchen", "front"), np.array([False, True]), ())


def now(hour: float) -> datetime:
    return datetime.fromtimestamp(DAY0 + (14 * 24 + hour) * HOUR, UTC)


TRUE = "Mum was up at 08:00, later than on any morning of the last weeks. Last sign 09:00, in the kitchen."


@pytest.mark.parametrize(
    ("text", "level"),
    [
        (TRUE.replace("08:00", "08:10"), "times"),
        (TRUE.replace("later than on any morning of the last weeks", "about as usual"), "times"),
        (TRUE.replace("later than on any morning of", "earlier than on any morning of"), "times"),
        (TRUE.replace("09:00", "09:01"), "times"),
        (TRUE.replace("kitchen", "hall"), "times"),
        (f"{TRUE} Next expected by 09:20.", "times"),
        (f"{TRUE} She slept well.", "times"),
        ("All quiet since 08:40; nothing unusual.", "times"),
        ("Mum has probably been out since 09:00. The front door was the last that moved.", "times"),
        ("We have not heard the home since 09:00, because its connection dropped.", "times"),
        ("The contact centre has been alerted about Mum.", "all_is_well"),
        ("All is well now.", "all_is_well"),
        ("Quiet this morning; nothing unusual.", "parts_of_day"),
        ("Mum was up and about this morning. Last sign yesterday evening.", "parts_of_day"),
        ("Mum was up and about this morning. Last sign 09:00.", "parts_of_day"),
        ("Last sign 09:00, in the kitchen.", "parts_of_day"),
        (TRUE.replace("at 08:00", "at about 08:00").replace("09:00", "about 09:10"), "rooms"),
    ],
)
def test_what_is_not_so_is_found(text: str, level: str) -> None:
    seen = record(8.0, 8.2, 8.5, 9.0)
    assert list(contradictions(TRUE, "times", now(9.4), seen, (False, False))) == []
    assert list(contradictions(text, level, now(9.4), seen, (False, False)))


OF_TWO = "Somebody is up and about at home. In all, 2 people live there. Last sign 09:00, in the kitchen."
PERHAPS = TRUE.replace("was up", "was probably up")


@pytest.mark.parametrize(
    ("text", "about"),
    [
        (TRUE, "of one person"),
        ("Mum is up and about.", "of one person"),
        ("Mum was probably up at 08:00.", "of one person"),
        ("Mum has been in bed since 09:00.", "of one person"),
        ("Mum was up and about this morning. Up early.", "of one person"),
        ("Up this morning.", "of one person"),
        (OF_TWO.replace("2", "3"), "2 live there"),
        (OF_TWO.replace("09:00", "08:50"), "the last sign"),
        ("Nothing has moved at home since the front door at 09:00.", "way out"),
        (f"{OF_TWO} A pet there may set off sensors.", "nobody else"),
    ],
)
def test_a_claim_of_one_person_in_a_home_of_two_is_found(text: str, about: str) -> None:
    two = replace(record(8.0, 8.2, 8.5, 9.0), people=2)
    assert list(contradictions(OF_TWO, "times", now(9.4), two, (False, False))) == []
    assert any(about in one for one in contradictions(text, "times", now(9.4), two, (False, False)))


def test_a_sure_claim_where_others_come_in_is_found() -> None:
    visited = replace(record(8.0, 8.2, 8.5, 9.0), others=True)
    more = "Carers or others come in, so movement may be a visitor's."
    assert list(contradictions(f"{PERHAPS} {more}", "times", now(9.4), visited, (False, False))) == []
    assert any("surely" in one for one in contradictions(TRUE, "times", now(9.4), visited, (False, False)))


def test_a_silent_home_that_is_called_well_is_found() -> None:
    deaf = replace(record(8.0, 8.2, 8.5), deaf=((now(8.7).timestamp(), now(10).timestamp()),))
    quiet = "We have not heard the home since 08:42, because its connection dropped."
    assert list(contradictions(quiet, "times", now(9.4), deaf, (False, False))) == []
    for text in (TRUE, quiet.replace("08:42", "08:55"), f"{quiet} All is well now."):
        assert list(contradictions(text, "times", now(9.4), deaf, (False, False))), text


def test_an_open_alert_is_known_by_its_words() -> None:
    for level, text in (("all_is_well", "has been alerted about Mum."), ("times", "was alerted about Mum at 09:20.")):
        seen, alerted = record(8.0), f"The contact centre {text}"
        assert list(contradictions(alerted, level, now(9.4), seen, (True, False))) == []
        assert list(contradictions(alerted, level, now(9.4), seen, (False, False)))
        assert list(contradictions(TRUE, level, now(9.4), seen, (True, False)))


def test_a_morning_on_which_somebody_came_home_is_beside_no_other() -> None:
    kitchen, door = 4, 2
    days = [[(hour, kitchen) for hour in (7.0, 7.2, 7.4, 12.0, 17.0, 22.0)] for _ in range(14)]
    days[7][-1] = (22.0, door)
    days[8] = []
    days[9] = [(15.0, door), *((hour, kitchen) for hour in (15.2, 15.4, 22.0))]
    days.append([(hour, kitchen) for hour in (9.0, 9.2, 9.4, 12.0, 17.0)])
    moments = [(DAY0 + (24 * day + hour) * HOUR, sensor) for day, signs in enumerate(days) for hour, sensor in signs]
    *_, told = evaluate([recorded("rowe", *zip(*moments, strict=True))], None)
    assert told.wrong == []


def test_of_invented_homes_nothing_told_contradicts_what_was_noticed() -> None:
    told = Counted()
    for so_far in evaluate(invented(1, days=7), None):
        told = so_far
    assert told.wrong == []
    assert told.said["times"] > 200
    assert told.unheard
    assert told.promised
