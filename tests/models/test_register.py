from dataclasses import replace
from datetime import timedelta

import pytest

from models.home import Home, SilenceLimits
from models.people import Contact, international
from models.register import BadRegister, Register, mistakes, read_register, write_register


def test_a_register_goes_there_and_back(cast: Register) -> None:
    assert read_register(write_register(cast)) == cast


def test_every_mistake_is_told_a_line_each(cast: Register) -> None:
    stray = Contact("c_ada", "r_nobody", "Ada", "daughter")
    broken = Register(cast.homes[:1], cast.residents, (*cast.contacts, stray), cast.consents, cast.plans, cast.accounts)
    wrong = mistakes(broken)
    assert "contact c_ada is there 2 times" in wrong
    assert "contact c_ada belongs to r_nobody, which is not on record" in wrong
    assert "resident r_lindqvist belongs to h_lindqvist, which is not on record" in wrong


@pytest.mark.parametrize(
    ("home", "said"),
    [
        (Home("h_x", "", (), limits=SilenceLimits(up_by_hour=99)), "up_by_hour is 99, and has to be between 4 and 16"),
        (Home("h_x", "", (), limits=SilenceLimits(evening_hour=3)), "evening_hour is 3, and has to be between 12 and"),
        (Home("h_x", "", (), limits=SilenceLimits(timedelta(days=9))), "by_day is 216 hours, and has to be between"),
        (Home("h_x", "", (), limits=SilenceLimits(timedelta(0))), "by_day is 0 hours, and has to be between 0.5 and"),
        (Home("h_x", "", (), limits=SilenceLimits(up_by_hour=5)), "up_by_hour is 5, before the night ends at"),
        (Home("h_x", "", (), false_alerts_a_month=float("nan")), "false_alerts_a_month is nan, and has to be"),
        (Home("h_x", "", (), people=0), "people is 0, and has to be between 1 and 20"),
    ],
)
def test_settings_that_would_call_nobody_in_time_or_at_every_turn_are_refused(
    cast: Register, home: Home, said: str
) -> None:
    wrong = mistakes(replace(cast, homes=(*cast.homes, home)))
    assert len(wrong) == 1
    assert wrong[0].startswith(f"home h_x: {said}")


@pytest.mark.parametrize("content", [b"", b"[]", b'{"homes":[{"id":"h"}]}', b"\xff"])
def test_what_is_no_register_is_refused(content: bytes) -> None:
    with pytest.raises(BadRegister, match="does not read"):
        read_register(content)


@pytest.mark.parametrize(
    ("number", "called"),
    [
        ("01632 960051", "+441632960051"),
        ("(01632) 960 051", "+441632960051"),
        ("+44 (0)1632 960051", "+441632960051"),
        ("0044 1632 960051", "+441632960051"),
        ("441632960051", "+441632960051"),
        ("+353 (0)1 555 0100", "+35315550100"),
        ("Larch Close", ""),
        ("+", ""),
    ],
)
def test_a_telephone_number_is_the_same_however_it_is_written(number: str, called: str) -> None:
    assert international(number, 44) == called
