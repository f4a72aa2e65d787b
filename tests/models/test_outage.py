from datetime import timedelta

from models.detection import FindingKind
from models.health import Why
from models.outage import Down, Outage, Risk, fold
from tests.conftest import NOON

AGO = NOON - timedelta(hours=2)
QUIET = Risk(last_sign=NOON - timedelta(minutes=20))


def down(number: int, area: str = "Northside", why: str = Why.PATH, late: float = 0.0, risk: Risk = QUIET) -> Down:
    since = AGO + timedelta(minutes=late)
    kind = FindingKind(why) if why in set(FindingKind) else FindingKind.KIT_UNHEARD
    return Down(f"h_{number}", area, kind, why, since, risk, alert=number)


def one(faults: list[Down]) -> Outage:
    (outage,), rest = fold(faults, NOON)
    assert rest == []
    return outage


def test_homes_of_an_area_that_fail_together_are_one_card() -> None:
    card = one([down(number, late=number) for number in range(14)])
    assert (card.what, card.where, card.since) == ("14 homes lost their path", "Northside", AGO)
    assert card.alerts == frozenset(range(14))


def test_two_are_a_coincidence_and_what_began_an_hour_later_is_something_else() -> None:
    faults = [down(1), down(2), down(3, late=60), down(4, "Southside")]
    assert fold(faults, NOON) == ([], [faults[0], faults[1], faults[3], faults[2]])


def test_a_power_cut_takes_some_off_the_air_and_leaves_others_on_battery() -> None:
    cut = [down(number, why=FindingKind.ON_BATTERY) for number in range(4)]
    gone = [down(number, why=Why.PATH, late=3) for number in range(4, 6)]
    assert one([*cut, *gone]).what == "6 homes in trouble: 4 lost their mains power, 2 lost their path"


def test_faults_of_different_kinds_are_not_one_outage() -> None:
    outages, rest = fold([down(1), down(2), down(3, why=FindingKind.RADIO_OFFLINE)], NOON)
    assert (outages, len(rest)) == ([], 3)


def test_a_mass_outage_is_one_card_over_all_areas_even_of_single_homes() -> None:
    card = one([down(number, f"area {number}") for number in range(12)])
    assert (len(card.areas), card.where, len(card.homes)) == (12, "12 areas", 12)
    assert card.what == "12 homes lost their path"


def test_those_at_highest_risk_come_first() -> None:
    long_quiet = Risk(last_sign=NOON - timedelta(hours=13))
    risks = [QUIET, Risk(alone=True, last_sign=NOON), Risk(alert_open=True, last_sign=NOON), long_quiet]
    risks += [Risk(may_wander=True, alone=True, last_sign=NOON), Risk()]
    card = one([down(number, risk=risk) for number, risk in enumerate(risks)])
    assert [home.home for home in card.homes] == ["h_2", "h_4", "h_5", "h_3", "h_1", "h_0"]


def test_the_card_keeps_its_name_while_homes_join_it() -> None:
    first = [down(number) for number in range(3)]
    assert one(first).id == one([*first, down(9, late=5)]).id


def test_two_faults_of_one_home_are_one_home() -> None:
    twice = [down(1), down(1, why=FindingKind.ON_BATTERY, late=1), down(2), down(2, why=FindingKind.ON_BATTERY)]
    assert fold(twice, NOON)[0] == []
