"""Who lives in the town of the demonstration. All of them are invented, and so are the addresses and numbers."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from models.home import Home, Sensor, SilenceLimits
from models.people import Account, Address, Contact, Level, Resident, Role, Telling
from models.privacy import Consent
from models.register import PlanOf, Register
from models.response import ResponsePlan, Step
from simulators.resident import PENDANT, Habits, fitted

ACTIVE = SilenceLimits(by_day=timedelta(minutes=40), evening_hour=21, morning_hour=8)
"""For somebody who fell before, is up all day and never far from a sensor: agreed with her and her family."""


@dataclass(frozen=True, slots=True)
class Household:
    """A home, who lives there, and by what ways."""

    home: Home
    resident: Resident
    habits: Habits


def _household(
    name: str,
    called: str,
    area: str,
    address: str,
    habits: Habits,
    *,
    bed: bool = True,
    chair: bool = False,
    **about: str,
) -> Household:
    key = name.rsplit(maxsplit=1)[-1].lower().replace("ş", "s").replace("ń", "n").replace("é", "e")
    resident = Resident(f"r_{key}", f"h_{key}", name, called, address, f"01632 960{100 + habits.seed:03}", **about)  # type: ignore[arg-type]
    return Household(Home(f"h_{key}", area, fitted(resident.id, bed=bed, chair=chair)), resident, habits)


OKAFOR = _household(
    "Grace Okafor", "Mrs Okafor", "Northside", "3 Larch Close", Habits(1),
    speak_with="Hard of hearing on the left; give her time.", medical_notes="Takes a blood thinner.",
    risks="Steep stairs; a small dog that barks.", way_in="Her neighbour at number 5 holds a key.",
)  # fmt: skip
LINDQVIST = _household(
    "Nils Lindqvist", "Mr Lindqvist", "Northside", "18 Birch Lane", Habits(2, rises=6.4, to_bed=21.6), bed=False,
    speak_with="Speaks slowly since his stroke; yes and no are clear.",
)  # fmt: skip
WHITCOMBE = _household(
    "Iris Whitcombe", "Miss Whitcombe", "Harbour", "Flat 2, Netmakers' Court", Habits(3, goes_out=0.0),
    medical_notes="Fell twice in the spring. Uses a frame.", risks="Bathroom door opens inwards.",
)  # fmt: skip
NOWICKI = _household(
    "Tadeusz Nowicki", "Mr Nowicki", "Harbour", "41 Ropewalk", Habits(4, rises=6.2), chair=True,
    speak_with="Polish first; his English is good on a calm day.",
)  # fmt: skip
PUGH = _household(
    "Eleri Pugh", "Mrs Pugh", "Valley", "Ty Isaf, Mill Road", Habits(5), way_in="Key under seal at the chapel."
)
GILL = _household(
    "Harbhajan Gill", "Mr Gill", "Valley", "7 Terrace Row", Habits(6, rises=5.8, to_bed=21.8),
    speak_with="Call him Bhajan-ji; his wife rests in the afternoon.",
)  # fmt: skip
OTHERS = (
    _household("Dorothy Ashworth", "Mrs Ashworth", "Northside", "22 Larch Close", Habits(7)),
    _household("Winston Clarke", "Mr Clarke", "Harbour", "9 Customs Street", Habits(8, to_bed=23.1)),
    _household("Rosa Ferreira", "Dona Rosa", "Harbour", "Flat 5, Netmakers' Court", Habits(9)),
    _household("Yusuf Demir", "Mr Demir", "Valley", "The Old Forge", Habits(10, rises=5.6)),
    _household("Jean MacAulay", "Jean", "Valley", "12 Terrace Row", Habits(11, goes_out=0.8)),
    _household("Hoa Nguyen", "Mrs Nguyen", "Northside", "30 Birch Lane", Habits(12)),
)
ALL = (
    OKAFOR, LINDQVIST, replace(WHITCOMBE, home=replace(WHITCOMBE.home, limits=ACTIVE)), NOWICKI, PUGH, GILL, *OTHERS,
)  # fmt: skip

DISCHARGED = {"r_lindqvist": timedelta(days=96), "r_nguyen": timedelta(days=95)}
"""So long ago that the 91st day after, and the three that may bear witness, lie in the week behind each home."""

STAFF = (
    Account("tom", "Tom Brandt", Role.OPERATOR),
    Account("sunita", "Sunita Rao", Role.SUPERVISOR),
    Account("priya", "Priya Nair", Role.RESPONDER),
    Account("ivan", "Ivan Petrov", Role.INSTALLER),
    Account("max", "Max Orme", Role.MANAGER),
    Account("petra", "Petra Lind", Role.PLANNER),
    Account("amina", "Amina Yusuf", Role.ADMINISTRATOR),
)
FAMILY = (
    Account("ada", "Ada Okafor", Role.CONTACT, "c_ada"),
    Account("karl", "Karl Lindqvist", Role.CONTACT, "c_karl"),
    Account("okafor", "Grace Okafor", Role.RESIDENT, "r_okafor"),
)


def _known(name: str, number: str) -> tuple[Address, ...]:
    return (Address("email", f"{name}@example.org"), Address("tel", f"01632 {number}"))


CONTACTS = (
    Contact("c_ada", "r_okafor", "Ada Okafor", "daughter", Level.ROOMS, True, _known("ada", "960112")),
    Contact("c_ben", "r_okafor", "Ben Achebe", "neighbour", Level.ALL_IS_WELL, True, (Address("tel", "01632 960113"),)),
    Contact("c_karl", "r_lindqvist", "Karl Lindqvist", "son", Level.PARTS_OF_DAY, True, _known("karl", "960114")),
    Contact(
        "c_violet", "r_whitcombe", "Violet Whitcombe", "sister", Level.TIMES, False, _known("violet", "960115"),
        Telling("spoken", large_print=True),
    ),
    Contact(
        "c_zofia", "r_nowicki", "Zofia Nowicka", "niece", Level.PARTS_OF_DAY, False, _known("zofia", "960116"),
        Telling(language="pl"),
    ),
    Contact("c_owain", "r_pugh", "Owain Pugh", "grandson", Level.ALL_IS_WELL, True, _known("owain", "960117")),
    Contact("c_simran", "r_gill", "Simran Gill", "daughter", Level.TIMES, True, _known("simran", "960118")),
)  # fmt: skip


def register(households: Sequence[Household], now: datetime, *, email: bool) -> Register:
    """The town as one document; contacts are in the plans only where they can be written to."""
    return Register(
        homes=tuple(each.home for each in households),
        residents=tuple(_discharged(each.resident, now) for each in households),
        contacts=CONTACTS,
        consents=tuple(consent for each in households for consent in _consents(each, now - timedelta(days=60))),
        plans=tuple(PlanOf(each.resident.id, _plan(each.resident.id, email=email)) for each in households),
        accounts=STAFF + FAMILY,
    )


def _discharged(resident: Resident, now: datetime) -> Resident:
    ago = DISCHARGED.get(resident.id)
    return replace(resident, reablement=(now - ago).date()) if ago else resident


def with_sensors(household: Household, sensors: Sequence[Sensor]) -> Household:
    """Another kit in the same home; the pendant stays."""
    worn = tuple(sensor for sensor in household.home.sensors if sensor.id == PENDANT)
    return replace(household, home=replace(household.home, sensors=worn + tuple(sensors)))


def _consents(household: Household, given_at: datetime) -> list[Consent]:
    kinds = {sensor.kind for sensor in household.home.sensors}
    basis = "asked, explained with the kit in hand, and agreed"
    review = given_at + timedelta(days=365)
    return [Consent(household.home.id, kind, household.resident.id, basis, given_at, review) for kind in sorted(kinds)]


def _plan(resident: str, *, email: bool) -> ResponsePlan:
    steps = [Step("operator", "log"), Step("supervisor", "log", timedelta(minutes=3))]
    if email:
        known = [contact for contact in CONTACTS if contact.resident == resident]
        to_write = [one for one in known if any(address.transport == "email" for address in one.addresses)]
        steps += [Step(contact.id, "email", timedelta(minutes=5)) for contact in to_write]
    return ResponsePlan("default", tuple(steps), repeat=timedelta(minutes=5))
