"""What a turn of notices costs, beside nothing else: 10,000 homes and 15,000 relatives with a login.

`python tests/benchmarks/notices.py [--homes N] [--relatives N]` prints processor milliseconds: of a turn before a
digest is due, of the one in which all are, of one after that, of the first after a change of the register, and of
whose login a look goes by. Then some digests are sent by a way that takes no time, and it prints how many a second.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hub.clock import Clock
from hub.escalate import Sending
from hub.keyring import Keyring
from hub.links import Links
from hub.notices import Notices
from hub.settings import Settings
from hub.store import Store, open_store
from hub.store.database import upsert, writing
from hub.store.relatives import Relatives, Sent
from hub.store.schema import preferences
from hub.transports import Call, Told
from models.home import Home, Sensor
from models.notices import Preferences
from models.observation import SensorKind
from models.pace import Pace
from models.people import Account, Address, Contact, Level, Resident, Role
from models.register import Register

SENT = 300
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
MAIL = (Address("email", "jo@home.example"),)
EVENING = NOON.replace(hour=18)


class AtOnce:
    """A way that takes no time."""

    needs_address, set_up = True, True

    def send(self, _call: Call) -> Told:
        return Told("told")

    def probe(self) -> bool:
        return True


def borough(homes: int, relatives: int) -> Register:
    sensors = (Sensor("hall", SensorKind.MOTION, "hall"), Sensor("door", SensorKind.DOOR, "hall", is_exit=True))
    whose = [(f"c{number:05d}", f"r{number % homes:05d}") for number in range(relatives)]
    return Register(
        homes=tuple(Home(f"h{number:05d}", "Northside", sensors) for number in range(homes)),
        residents=tuple(
            Resident(f"r{number:05d}", f"h{number:05d}", "Ann Quill", "Mrs Quill", f"{number} Long Row")
            for number in range(homes)
        ),
        contacts=tuple(
            Contact(contact, resident, "Jo Quill", "daughter", Level.TIMES, addresses=MAIL)
            for contact, resident in whose
        ),
        accounts=tuple(Account(f"login{contact}", "Jo Quill", Role.CONTACT, contact) for contact, _ in whose),
    )


def spent(work: Callable[[], object], times: int = 1) -> float:
    """Processor milliseconds of one, in the middle of so many."""
    took = []
    for _ in range(times):
        began = time.process_time()
        work()
        took.append(1000 * (time.process_time() - began))
    return statistics.median(took)


def chosen(store: Store, relatives: int, each: Preferences) -> None:
    """As if each had pressed the button."""
    rows = [{"person": f"c{number:05d}", "body": each} for number in range(relatives)]
    with writing(store.records.engine) as connection:
        for first in range(0, relatives, 5000):
            upsert(connection, preferences, rows[first : first + 5000])


def send(notices: Notices, relatives: Relatives, left: int) -> None:
    """Until so many are left of those that were written down."""
    notices._decided_at = notices._looked_ahead_at = float("inf")
    while len(relatives.in_state(Sent.INTENDED, left + 1)) > left:
        notices.turn()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--homes", type=int, default=10_000)
    parser.add_argument("--relatives", type=int, default=15_000)
    parser.add_argument("--chosen", action="store_true", help="each pressed the button, in place of nobody")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        settings = Settings(data_dir=made)
        store = open_store(settings)
        register = borough(asked.homes, asked.relatives)
        store.records.load(register, {one.login: "-" for one in register.accounts})
        if asked.chosen:
            chosen(store, asked.relatives, Preferences())
        (Path(made) / "clock").write_bytes(Pace(time.time(), EVENING.timestamp(), 0.0).packed())
        ways, relatives = {"email": AtOnce()}, Relatives(store.records.engine)
        clock, links = Clock(str(Path(made) / "clock")), Links(Keyring(Path(made) / "secrets"))
        notices = Notices(store, ways, Sending(ways), clock, None, links)
        print(f"{asked.homes:,} homes, {asked.relatives:,} relatives; ms of processor time")
        print(f"  the first turn             {spent(lambda: notices.decide(NOON)):9.1f}")
        print(f"  a turn with nothing due    {spent(lambda: notices.decide(NOON), 3):9.1f}")
        print(f"  the turn in which all is   {spent(lambda: notices.decide(EVENING)):9.1f}")
        later = EVENING + timedelta(minutes=1)
        print(f"  a turn after that          {spent(lambda: notices.decide(later), 3):9.1f}")
        relatives.prefer("c00007", Preferences(digest=False))
        print(f"  the first after a change   {spent(lambda: notices.decide(later)):9.1f}")
        print(f"  whose login a look goes by {spent(lambda: store.records.login_of('c00007'), 5):9.2f}")
        waiting = len(relatives.in_state(Sent.INTENDED, asked.relatives))
        print(f"  digests written down       {waiting:9,}")
        began, spent_of_it = time.perf_counter(), spent(lambda: send(notices, relatives, waiting - SENT))
        print(f"  a digest sent              {spent_of_it / SENT:9.1f}")
        print(f"  digests sent a second      {SENT / (time.perf_counter() - began):9.0f}")


if __name__ == "__main__":
    main()
