"""The life-critical process: the link and the three loops. When one dies it ends, to be started anew.

Where several watches share the homes, each hears and judges its own in a process like this, and one more does what a
hub does once: it reaches people, keeps what is over, and tells relatives.
"""

import logging
import secrets
import signal
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from queue import SimpleQueue

from hub.alone import alone
from hub.calls import Calls
from hub.clock import Clock
from hub.escalate import Escalate, Sending
from hub.ingest import Inbox, Ingest, News
from hub.keeping import Keeping
from hub.keyring import Keyring
from hub.learned import shipped
from hub.lease import Holding, stood_by
from hub.link import Link
from hub.links import Links
from hub.loops import LOOPS, NOTICES, Loop, Turning, Work, take_short_turns
from hub.notices import Notices
from hub.relearning import Relearning
from hub.reserve import Reserve, reserve
from hub.settings import Settings
from hub.store import Store, open_store
from hub.store.database import opened
from hub.store.lease import HUB, ONCE, Held
from hub.transports import transports
from hub.watch import Watch
from models.detection.engine import warm
from models.share import WHOLE, Share

log = logging.getLogger(__name__)

STANDS_STILL = 60.0
"""Real seconds after which a loop that does not turn is given up, and the process with it."""


Part = Share | None
"""Of a hub's work: a share of the homes, or what is done once. All of it is the share of one watch."""


def run(settings: Settings, part: Part = WHOLE) -> int:
    """Until SIGTERM or SIGINT, and then 0; 1 when a loop died or stands still. Raises AlreadyRunning."""
    asked = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: asked.set())
    settings.data.mkdir(parents=True, exist_ok=True)
    take_short_turns()
    with alone(settings.data / f"{_called('watch', part)}.lock"):
        return work(settings, part, asked)


def work(settings: Settings, part: Part, asked: threading.Event) -> int:
    """Until `asked` to end, and then 0; 1 when a loop died, stands still, or another does this work."""
    warm(shipped().prior)  # compiling takes longer than a loop may stand still, and happens once on a machine
    if settings.hub_name is None:
        return _work(settings, part, asked)
    open_store(settings)
    what = ONCE if part is None else part.named(HUB)
    held = stood_by(opened(settings.records, shared=True), settings.hub_name, asked, what)
    return 0 if held is None else _work(settings, part, asked, held)


def _work(settings: Settings, part: Part, asked: threading.Event, held: Held | None = None) -> int:
    holding = Holding(held) if held else None
    if holding:
        holding.start()
    kept = reserve(settings)
    kept.mind()
    link, loops = assembled(settings, held, part)
    link.start()
    later = [] if part and not part.whole else [noticing(settings, held)]
    for loop in loops:
        loop.start()
    trouble = _wait(asked, link, loops, later, holding, kept)
    begun = [*loops, *(loop for loop in later if loop.is_alive())]
    for loop in begun:
        loop.ask_to_stop()
    link.stop()
    for loop in begun:
        loop.join(2)
    if holding:
        holding.end()
    return 1 if trouble else 0


def assembled(settings: Settings, held: Held | None = None, part: Part = WHOLE) -> tuple[Link, list[Loop]]:
    store, clock, inbox, raised = open_store(settings), Clock(settings.clock_file), Inbox(), threading.Event()
    kept = reserve(settings)
    if held:
        store.records.engine.update_execution_options(fence=held.fence)
    name = held.session if held else _name(settings.data / _called("name", part))
    link = Link(settings, name, clock, inbox.put, part)
    works: dict[str, Work] = {}
    turns: dict[str, Turning] = {}
    if part:
        news: SimpleQueue[News] = SimpleQueue()
        turns |= {name: Turning(store.records, part.named(name)) for name in ("ingest", "watch")}
        works["ingest"] = Ingest(store, link, inbox, news, clock, part, kept)
        works["watch"] = Watch(
            store,
            link,
            news,
            clock,
            turns["watch"],
            inbox.complete_until,
            raised,
            shipped(),
            part,
            Relearning(settings),
            kept,
        )
    if part is None or part.whole:
        turns |= {name: Turning(store.records, name) for name in ("escalate", "keeping")}
        works["escalate"] = _escalate(settings, store, link, clock, raised)
        works["keeping"] = Keeping(store, clock, settings.watches, kept)
    return link, [Loop(name, work, turns[name]) for name, work in works.items()]


def _escalate(settings: Settings, store: Store, link: Link, clock: Clock, raised: threading.Event) -> Escalate:
    ways = transports(settings)
    calls = Calls(
        store,
        Links(Keyring(settings.secrets)),
        settings.public_url,
        text_back=settings.sms_reply_secret_file is not None,
        phone=settings.centre_phone,
    )
    partner = settings.partner_url is not None
    return Escalate(store, link, Sending(ways), ways, clock, raised, calls, partner=partner)


def noticing(settings: Settings, held: Held | None = None) -> Loop:
    """Apart from the others: no life depends on it, so nothing ends because it stands still."""
    store, ways = open_store(settings), transports(settings)
    if held:
        store.records.engine.update_execution_options(fence=held.fence)
    clock, links = Clock(settings.clock_file), Links(Keyring(settings.secrets))
    work = Notices(store, ways, Sending(ways), clock, settings.public_url, links)
    return Loop(NOTICES, work, Turning(store.records, NOTICES))


def _wait(
    asked: threading.Event,
    link: Link,
    loops: list[Loop],
    later: Sequence[Loop],
    holding: Holding | None,
    kept: Reserve,
) -> str:
    """What went wrong, or '' when asked to end. What begins `later` does so when all loops have turned: nothing else
    holds up a watch that begins again.
    """
    threads: list[Link | Loop] = [link, *loops]
    waiting = list(later)
    while not asked.wait(0.25):
        kept.mind()
        while waiting and all(loop.has_turned.is_set() for loop in loops):
            waiting.pop().start()
        dead = [thread.name for thread in threads if not thread.is_alive()]
        still = [
            loop.name for loop in loops if loop.name in LOOPS and time.monotonic() - loop.turning.at > STANDS_STILL
        ]
        lost = holding.lost if holding else ""
        if lost:
            log.critical("%s: this process ends, and stands by", lost)
            return lost
        if dead or still:
            trouble = f"{', '.join(dead)} died" if dead else f"{', '.join(still)} stands still"
            log.critical("%s: this process ends, to be started anew", trouble)
            return trouble
    return ""


def _called(what: str, part: Part) -> str:
    """A file's name, with which part of the work it is for."""
    if part is None:
        return f"{what}-once"
    return what if part.whole else f"{what}-{part.index}-of-{part.count}"


def _name(path: Path) -> str:
    """What this hub calls itself to its broker, which keeps for that name what came while it was away. Where a power
    cut left none in the file it takes another: no broker lets in a hub without one, and kits send what was kept again.
    """
    ring, new = Keyring(path.parent), f"nightlight-hub-{secrets.token_hex(4)}".encode()
    name = ring.kept(path.name, lambda: new)
    if not name.isascii() or not name.decode().isprintable() or not name:
        ring.replace(path.name, new)
        name = new
    return name.decode()
