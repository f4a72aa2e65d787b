import pytest

from models.entrance import LEAST, MOST, PAIR, PERIOD, STRANGERS, Tries, as_link, code, matching, weakness
from models.telling import say

RFC = b"12345678901234567890"


@pytest.mark.parametrize(
    ("at", "shown"),
    [(59, "287082"), (1111111109, "081804"), (1111111111, "050471"), (1234567890, "005924"), (20000000000, "353130")],
)
def test_codes_are_those_of_rfc_6238(at: int, shown: str) -> None:
    assert code(RFC, at // PERIOD) == shown


def test_a_clock_may_be_half_a_minute_off_and_a_code_is_good_once() -> None:
    at = 1_000_000_020.0
    step = int(at // PERIOD)
    for shift in (-1, 0, 1):
        assert matching(RFC, f" {code(RFC, step + shift)[:3]} {code(RFC, step + shift)[3:]} ", at, 0) == step + shift
    assert matching(RFC, code(RFC, step - 2), at, 0) is None
    assert matching(RFC, code(RFC, step), at, step) is None
    assert matching(RFC, "", at, 0) is matching(RFC, "nönsense", at, 0) is None


def test_an_app_reads_the_link() -> None:
    assert as_link(RFC, "tom@x.example") == (
        "otpauth://totp/Nightlight:tom%40x.example?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Nightlight"
    )


@pytest.mark.parametrize(
    "password", ["short", "x" * 201, "password1234", "PassWord1234", "aaaaaaaaaaaaaa", "mr tom reed 77"]
)
def test_a_password_that_is_tried_first_is_refused_with_a_reason(password: str) -> None:
    assert len(say(f"weak.{weakness(password, 'tom')}", count=1, least=LEAST, most=MOST)) > 20


@pytest.mark.parametrize("password", ["lamp heron stove", "ällvräksnörde", "7291048830176"])
def test_length_is_what_counts_and_no_kind_of_character(password: str) -> None:
    assert len(password) >= LEAST
    assert weakness(password, "tom") == ""


def test_each_wrong_try_doubles_the_wait() -> None:
    assert [PAIR.wait(Tries(count, 100.0), 100.0) for count in (0, 2, 3, 4, 5, 99)] == [0, 0, 1, 2, 4, 900]
    assert PAIR.wait(Tries(5, 100.0), 103.0) == 1
    assert STRANGERS.wait(Tries(9, 100.0), 100.0) == 0
    assert STRANGERS.wait(Tries(10, 100.0), 100.0) == 3600
