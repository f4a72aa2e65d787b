"""A home in which every kind of data about a person has marks of its own, which nothing else would ever say."""

import io
import subprocess
import zipfile
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

from hub.key_safes import Vault
from hub.keyring import Keyring
from hub.store.key_safes import KeySafes
from hub.store.records import Aside
from hub.store.relatives import Relatives
from hub.store.traces import Felt
from hub.store.wishes import Wishes
from models.alert import Act, Alert
from models.detection import Finding, FindingKind
from models.home import Home, Sensor
from models.key_safe import Deed as Safe
from models.key_safe import Done
from models.notices import NoticeKind
from models.observation import SensorKind, What
from models.people import Account, Address, Contact, Level, Resident, Role
from models.privacy import Consent, Data
from models.register import PlanOf, Register
from models.response import ResponsePlan, Step
from models.wishes import Decision, Deed, Wish
from tests.conftest import NOON, wanted
from tests.hub.web.world import World

HOME, RESIDENT = "h_marked", "r_marked"
SENT, UNSENT = "priya", "rhys"
CODE = "83517"

MARKS: dict[Data, tuple[str, ...]] = {
    Data.CALLED: ("Mrs Zquill",),
    Data.PERSON: ("Quorra Zempel", "zspeaksoftly"),
    Data.ADDRESS: ("77 Zaddr Lane", "01632 960771"),
    Data.MEDICAL: ("zmedicine", "zrisk"),
    Data.WAY_IN: ("zwayin",),
    Data.KEY_CODE: (CODE,),
    Data.CARERS: ("Zcontact Times", "zniece"),
    Data.CONTACTS: ("zcontact@example.org", "01632 960772"),
    Data.ROOMS: ("zlarder", "zlanding"),
    Data.TIMES: ("08:47", "11:41"),
    Data.ALERTS: ("znoticed",),
    Data.TIMELINE: ("znote",),
    Data.LOOKS: ("zlookedbecause",),
    Data.KIT: ("zraw",),
    Data.FELT: ("What the pendant felt",),
    Data.WISHES: ("zmaker",),
    Data.ACCOUNTS: ("zlogin",),
    Data.STANDING: ("seen nothing unusual today", "contact centre is checking"),
    Data.PARTS_OF_DAY: ("this morning", "Up and about"),
    Data.HEARING: ("11:58",),
    Data.FIGURES: ("2 homes, as of",),
    Data.REABLEMENT: ("2026-08-14",),
    Data.TRIED: ("has not been watched for three days",),
}
ALSO_BY: dict[Data, frozenset[Data]] = {
    Data.ROOMS: frozenset({Data.KIT, Data.ALERTS}),
    Data.CARERS: frozenset({Data.CONTACTS}),
}
"""A list of sensors, and why an alert was raised, both name rooms; who somebody's people are names those who help."""
LEVELS = {f"c_{level.value}": level for level in Level}
STAFF = (
    Account("tom", "Tom Brandt", Role.OPERATOR),
    Account("zlogin", "Zack Unseen", Role.MANAGER),
    Account("sunita", "Sunita Rao", Role.SUPERVISOR),
    Account(SENT, "Priya Nair", Role.RESPONDER),
    Account(UNSENT, "Rhys Owen", Role.RESPONDER),
    Account("ivan", "Ivan Petrov", Role.INSTALLER),
    Account("max", "Max Orme", Role.MANAGER),
    Account("petra", "Petra Lind", Role.PLANNER),
    Account("amina", "Amina Yusuf", Role.ADMINISTRATOR),
    Account("resident", "Yourself", Role.RESIDENT, RESIDENT),
)
WESTERN = (Role.SUPERVISOR, Role.INSTALLER, Role.MANAGER, Role.PLANNER, Role.ADMINISTRATOR)
STRANGERS = (
    *(Account(f"west_{role}", f"West {role}", role, council="Westmoor") for role in WESTERN),
    Account("karl", "Karl Lindqvist", Role.CONTACT, "c_karl"),
    Account("nils", "Nils Lindqvist", Role.RESIDENT, "r_lindqvist"),
)  # fmt: skip


def register() -> Register:
    sensors = (
        Sensor("pendant", SensorKind.PENDANT, "worn", wearer=RESIDENT),
        Sensor("a_pir", SensorKind.MOTION, "zlarder"),
        Sensor("b_pir", SensorKind.MOTION, "zlanding"),
    )
    home = Home(HOME, "Northside", sensors)
    relatives = tuple(
        Contact(one, RESIDENT, f"Zcontact {level.value.title()}", "zniece" if level is Level.TIMES else "friend", level,
                addresses=(Address("email", "zcontact@example.org"), Address("phone", "01632 960772")))
        for one, level in LEVELS.items()
    )  # fmt: skip
    paused = replace(
        relatives[-1], id="c_paused", name="Zcontact Paused", relation="friend", paused_until=NOON + timedelta(days=2)
    )
    seeing = (Account(f"as_{one}", "Relative", Role.CONTACT, one) for one in (*LEVELS, "c_paused"))
    plan = ResponsePlan("default", (Step("operator", "log"), Step("c_times", "email", timedelta(minutes=5))))
    return Register(
        homes=(home, Home("h_lindqvist", "Southside", (Sensor("hall_pir", SensorKind.MOTION, "hall"),))),
        residents=(
            Resident(
                RESIDENT, HOME, "Quorra Zempel", "Mrs Zquill", "77 Zaddr Lane", phone="01632 960771",
                speak_with="zspeaksoftly", medical_notes="zmedicine", risks="zrisk", way_in="zwayin",
                reablement=date(2026, 8, 14),
            ),
            Resident("r_lindqvist", "h_lindqvist", "Nils Lindqvist", "Mr Lindqvist", "18 Birch Lane"),
        ),
        contacts=(*relatives, paused, Contact("c_karl", "r_lindqvist", "Karl Lindqvist", "son", Level.TIMES)),
        consents=(
            *(Consent(HOME, kind, "the resident", "agreed", NOON - timedelta(days=30)) for kind in SensorKind),
            Consent(HOME, SensorKind.PENDANT, "the resident", "agreed", NOON - timedelta(days=30), felt=True),
        ),
        plans=(PlanOf(RESIDENT, plan),),
        accounts=(*STAFF, *STRANGERS, *seeing),
    )  # fmt: skip


def marked(folder: Path) -> World:
    """Friday noon: nothing is the matter, and every mark that there can be then is on record. The home was heard two
    minutes ago, when no other was.
    """
    made = register()
    world = World(folder, made, NOON - timedelta(minutes=2))
    world.move(timedelta(minutes=2))
    world.beat("h_lindqvist")
    midnight = NOON.replace(hour=0)
    moved = [(midnight + timedelta(hours=8, minutes=47 + n % 13), "b_pir", What.MOVED) for n in range(13)]
    moved += [(midnight + timedelta(hours=9 + n / 6), "a_pir", What.MOVED) for n in range(16)]
    world.saw(HOME, *moved, (midnight + timedelta(hours=11, minutes=41), "a_pir", What.MOVED))
    store = world.store
    store.records.look("sunita", Role.SUPERVISOR, HOME, "", "a stated reason", "zlookedbecause", NOON)
    store.records.set_aside([Aside(NOON, HOME, "unreadable", "zraw", b"zraw")])
    safes = KeySafes(store.records.engine)
    sealed = Vault(Keyring(world.settings.secrets)).sealed(HOME, CODE)
    safes.enter(HOME, sealed, "sunita", NOON)
    safes.note(Done(0, HOME, NOON, Safe.PERMIT, "sunita", text="asked"))
    decision = Decision("motion", "zmaker decides", "zmaker", "attorney", "found so", "family", "nothing less",
                        NOON - timedelta(days=400), NOON - timedelta(days=1))  # fmt: skip
    waiting = [(f"letter x {who}", HOME, who, NoticeKind.LETTER) for who in ("c_times", RESIDENT)]
    Relatives(store.records.engine).intend(waiting, NOON)
    Wishes(store.records.engine).decide(
        HOME, RESIDENT, decision, Wish(NOON, HOME, RESIDENT, "amina", Deed.DECIDED, "motion", "in person")
    )
    return world


def fell(world: World) -> Alert:
    """A fall, answered by Tom, who sends Priya; with the trace of it, and a word of what happened."""
    at = world.now - timedelta(seconds=30)
    finding = Finding(FindingKind.FALL, HOME, at, at, sensor="pendant", evidence={"what": What.FELL, "chance": 0.9})
    raised = world.store.alerts.raise_(finding, RESIDENT, "znoticed\nx\ny\nz", world.now)
    assert raised
    alert = raised.alert
    mg = tuple(value for n in range(200) for value in (0, 0, 1000 + 10 * (n % 7)))
    world.store.traces.keep([Felt(HOME, "box", 900, "pendant", at, -2.0, 0.02, mg)])
    for act, text in ((Act.ANSWER, ""), (Act.NOTE, "znote"), (Act.SEND, SENT)):
        world.store.alerts.act(alert.id, act, "tom", world.now, text=text)
    return alert


def said(headers: object, content: bytes) -> str:
    """All text in an answer, also of what is packed."""
    if content.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            return " ".join(said(one, packed.read(one)) for one in packed.namelist())
    if content.startswith(b"%PDF"):
        return subprocess.run(
            [wanted("pdftotext"), "-", "-"], input=content, check=True, capture_output=True
        ).stdout.decode()
    return f"{headers} {content.decode('utf-8', 'replace')}"
