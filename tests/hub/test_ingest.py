"""Every kind of bad input through a real broker: counted, never fatal, the good around it kept and receipted."""

import json
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from hub.ingest import GATHER, Inbox, OnRecord, Taken, take
from hub.link import Arrived
from hub.store import Store
from models.detection import FindingKind
from models.observation import KIT, Observation, What
from models.register import Register
from models.wire import LARGEST, Heartbeat, Leg, Up, encode
from tests.conftest import eventually
from tests.hub.conftest import Kit, moved, now

pytestmark = pytest.mark.broker


def aside(store: Store, home: str = "okafor-home") -> dict[str, int]:
    return store.records.set_aside_counts(home)


def stored(store: Store, home: str = "okafor-home") -> int:
    return store.series.counts().get(home, (0, 0))[0]


@pytest.mark.parametrize("broker", ["mosquitto", "amqtt"], indirect=True)
def test_stored_then_receipted(running: Store, kit: Kit) -> None:
    kit.send(*moved(range(1, 101), now()), sent=now())
    kit.press(101, now())
    eventually(lambda: kit.receipted == set(range(1, 102)))
    assert running.series.counts() == {"okafor-home": (101, 101)}
    eventually(running.alerts.open_alerts, 60)


def test_a_repeat_is_receipted_again_and_stored_once(running: Store, kit: Kit) -> None:
    some = moved(range(1, 6), now())
    kit.send(*some, sent=now())
    eventually(lambda: len(kit.receipted) == 5)
    kit.receipted.clear()
    kit.send(*reversed(some), *moved([6], now()), sent=now())
    eventually(lambda: len(kit.receipted) == 6)
    assert running.series.counts() == {"okafor-home": (6, 6)}


def test_a_new_card_begins_again_at_one(running: Store, kit_of: Callable[..., Kit]) -> None:
    kits = [kit_of(outbox="box"), kit_of(outbox="new-box")]
    for kit in kits:
        kit.send(*moved([1], now()), sent=now())
    eventually(lambda: [kit.receipted for kit in kits] == [{1}, {1}])
    assert stored(running) == 2


BAD = {
    "json": (b"hello?", "json"),
    "empty": (b"", "json"),
    "not text": (b"\xff\xfe\x00", "json"),
    "deep": (b'{"v": 1, "x": ' + b"[" * 20_000, "json"),
    "another shape": (b'{"outbox": "box", "observations": 7}', "shape"),
    "no zone": (b'{"outbox": "box", "sent": "2026-11-22T08:00:00", "observations": []}', "shape"),
    "a later version": (encode(Up("box", now(), (), v=2)), "version"),
    "over the limit": (b'{"v": 1, "x": "' + b"x" * LARGEST + b'"}', "size"),
    "a MiB": (b"x" * 1024 * 1024, "size"),
    "a name that can't be kept": (encode(Up("b\0x", now(), ())), "shape"),
    "a name of any length": (encode(Up("b" * 99, now(), ())), "shape"),
}


@pytest.mark.parametrize(("content", "reason"), BAD.values(), ids=BAD.keys())
def test_a_message_that_does_not_read(running: Store, kit: Kit, content: bytes, reason: str) -> None:
    kit.send(*moved([1], now()), sent=now())
    kit.raw(content)
    kit.send(*moved([2], now()), sent=now())
    eventually(lambda: kit.receipted == {1, 2})
    eventually(lambda: aside(running) == {reason: 1})
    (shown,) = running.records.set_aside_recent(10)
    assert shown.raw == content[:4096]
    assert len(shown.text) > 20, "an installer needs to be told what to do"


@pytest.mark.parametrize("name", ["nightlight/2/okafor-home/up", "nightlight/1/Okafor Home/up"])
def test_a_topic_that_is_not_ours(running: Store, kit: Kit, name: str) -> None:
    kit.client.publish(name, encode(Up("box", now(), ())), qos=1)
    eventually(lambda: sum(running.records.set_aside_counts().values()) == 1)


def test_a_home_that_is_not_on_record_keeps_its_own_until_it_is(running: Store, kit_of: Callable[..., Kit]) -> None:
    stranger = kit_of("no-such-home")
    stranger.press(1, now())
    stranger.beat(now())
    eventually(lambda: aside(running, "no-such-home") == {"home": 2})
    assert stranger.receipted == set()
    assert {one.raw for one in running.records.set_aside_recent(10)} == {b""}, "nobody there agreed to anything"


def test_one_bad_observation_does_not_cost_its_neighbours(running: Store, kit: Kit) -> None:
    good = json.loads(encode(Up("box", now(), tuple(moved([1, 5, 9], now())))))
    bad = [
        {"number": 2, "sensor": "hall", "what": "danced", "at": now().isoformat()},
        {"number": 3, "sensor": "hall", "what": "moved", "at": "yesterday"},
        {"number": 4, "sensor": "", "what": "moved", "at": now().isoformat()},
        {"number": 6, "sensor": "hall", "what": "heard", "at": now().isoformat()},
        {"number": 7, "sensor": "h\0", "what": "moved", "at": now().isoformat()},
        {"number": 2**70, "sensor": "hall", "what": "moved", "at": now().isoformat()},
        {"number": 0, "sensor": "hall", "what": "moved", "at": now().isoformat()},
        "nonsense",
        None,
    ]
    good["observations"][1:1] = bad
    kit.raw(json.dumps(good).encode())
    eventually(lambda: kit.receipted >= {1, 2, 3, 4, 5, 6, 7, 9})
    assert stored(running) == 3
    eventually(lambda: aside(running) == {"observation": len(bad)})


@pytest.mark.parametrize("wrong", [datetime(1970, 1, 1, 3, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)])
def test_a_wrong_clock_costs_the_time_and_not_the_observation(running: Store, kit: Kit, wrong: datetime) -> None:
    before = now()
    kit.send(Observation(1, "hall", What.MOVED, wrong), sent=wrong)
    eventually(lambda: kit.receipted == {1})
    (row,) = running.series.since(0, 10)
    assert before <= row.at <= now()
    eventually(lambda: aside(running) == {"clock": 1})
    assert "network time" in running.records.set_aside_recent(1)[0].text


def test_a_clock_that_the_kit_itself_distrusts_is_no_fault(running: Store, kit: Kit) -> None:
    wrong, before = datetime(1970, 1, 1, 3, tzinfo=UTC), now()
    kit.send(Observation(1, "hall", What.MOVED, wrong, clock_trusted=False), sent=wrong + timedelta(minutes=10))
    eventually(lambda: kit.receipted == {1})
    (row,) = running.series.since(0, 10)
    assert before <= row.at + timedelta(minutes=10) <= now()
    assert aside(running) == {}


def test_without_consent_nothing_is_kept_but_the_count(running: Store, kit: Kit) -> None:
    kit.send(Observation(1, "bed", What.LAY_DOWN, now()), *moved([2], now()), sent=now())
    eventually(lambda: kit.receipted == {1, 2})
    assert [row.what for row in running.series.since(0, 10)] == [What.MOVED]
    eventually(lambda: aside(running) == {"consent": 1})
    assert running.records.set_aside_recent(1)[0].raw == b""


def test_a_press_from_a_sensor_that_is_not_on_record_raises_an_alert(running: Store, kit: Kit) -> None:
    kit.press(1, now(), sensor="borrowed-pendant")
    eventually(running.alerts.open_alerts)
    (alert,) = running.alerts.open_alerts()
    assert (alert.kind, alert.resident) == ("press", "grace")
    eventually(lambda: aside(running) == {"sensor": 1})


def test_a_test_press_is_stored_and_receipted_and_calls_nobody(running: Store, kit: Kit) -> None:
    kit.send(Observation(1, KIT, What.TESTED, now()), sent=now())
    kit.send(*moved([2], now()), sent=now())
    eventually(lambda: kit.receipted == {1, 2})
    kit.press(3, now())
    eventually(running.alerts.open_alerts, 60)
    (alert,) = running.alerts.open_alerts()
    assert (alert.kind, stored(running), aside(running)) == (FindingKind.PRESS, 3, {})


def test_what_is_said_of_a_sensor_is_shown_once_and_counted_always(running: Store, kit: Kit) -> None:
    for number in range(1, 4):
        kit.send(*moved([number], now(), "attic"), sent=now())
    eventually(lambda: aside(running) == {"sensor": 3})
    assert len(running.records.set_aside_recent(10)) == 1


def test_heartbeats_say_how_far_a_home_is_heard(running: Store, kit: Kit) -> None:
    began = now()
    kit.beat(began, began - timedelta(seconds=30), sensors={"hall": began, "unknown": began}, on_mains=True)
    eventually(lambda: running.records.heard()["okafor-home"].until)
    heard = running.records.heard()["okafor-home"]
    assert heard.until is not None
    assert began <= heard.until + timedelta(seconds=30) <= now()
    assert heard.on_mains
    kit.beat(began, online=False)
    eventually(lambda: not running.records.heard()["okafor-home"].online)
    assert running.records.heard()["okafor-home"].until == heard.until


@pytest.mark.parametrize(
    "content",
    [
        encode(Heartbeat("box", now(), now(), every=1e300)),
        encode(Heartbeat("box", now(), now(), every=-1)),
        encode(Heartbeat("box", datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC))),
        encode(Heartbeat("box", now(), datetime(1, 1, 1, tzinfo=UTC), sensors={"hall": datetime(1, 1, 1, tzinfo=UTC)})),
        b"",
        b"{}",
    ],
)
def test_an_odd_heartbeat_stops_nothing(running: Store, kit: Kit, content: bytes) -> None:
    kit.raw(content, Leg.HEALTH)
    kit.press(1, now())
    eventually(running.alerts.open_alerts)
    assert set(aside(running)) <= {"shape"}


def test_what_a_heartbeat_or_a_fall_may_hold_to_stop_the_hub_is_set_aside(on_record: Store, t0: datetime) -> None:
    """The broker keeps a heartbeat, so a hub that falls over one would do so again at every start."""
    homes, before, beyond = OnRecord(on_record), "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"
    homes.refresh()
    good = json.loads(encode(Heartbeat("box", t0, t0, sensors={"hall": t0}, noticing_since=t0)))
    tested = {"outbox": "box", "number": 1, "at": t0.isoformat()}
    for odd in (
        *({name: at} for name in ("at", "complete_until", "noticing_since") for at in (before, beyond)),
        {"sensors": {"hall": before}},
        {"sensors": {"unknown": beyond}},
        {"every": 1e308},
        {"disk_free": -(10**400)},
        {"health": {"pendant": {"link": -(10**400)}}},
        {"bridges": {"zigbee\0mqtt": False}},
        *({"tested": tested | part} for part in ({"number": 10**30}, {"outbox": "b\0x"}, {"at": beyond})),
    ):
        for retained in (True, False):
            content = json.dumps(good | odd).encode()
            taken = take(Arrived("nightlight/1/okafor-home/health", content, retained=retained, at=t0), homes)
            assert [one.reason for one in taken.asides] == ["shape"], odd
            assert (taken.beat, taken.signs) == (None, None)
    fell = {"number": 1, "sensor": "pendant", "what": "fell", "at": t0.isoformat()}
    said = {"chance": 7.0, "peak_g": 1e308, "stage": 5.0, "sat_at": 1e300}
    up = {"outbox": "box", "sent": t0.isoformat(), "observations": [fell | {"evidence": said}]}
    (row,) = take(arrived(json.dumps(up).encode(), t0), homes).rows
    assert row.evidence == {"chance": 1.0, "peak_g": 1000.0}


def test_consent_given_later_counts_from_then(running: Store, kit: Kit, register: object) -> None:
    kit.send(Observation(1, "bed", What.LAY_DOWN, now()), sent=now())
    eventually(lambda: kit.receipted == {1})
    _agree_to_bed(running)
    kit.send(Observation(2, "bed", What.GOT_UP, now()), sent=now())
    eventually(lambda: kit.receipted == {1, 2})
    assert [row.number for row in running.series.since(0, 10)] == [2]


def _agree_to_bed(store: Store) -> None:
    from models.observation import SensorKind
    from models.privacy import Consent
    from models.register import Register

    store.records.load(Register(consents=(Consent("okafor-home", SensorKind.BED, "grace", "asked", now()),)), {})


def arrived(content: bytes, at: datetime) -> Arrived:
    return Arrived("nightlight/1/okafor-home/up", content, retained=False, at=at)


def test_presses_overtake_what_waits(t0: datetime) -> None:
    inbox = Inbox()
    routine, press = arrived(b"routine", t0), arrived(b'{"what":"pressed"}', t0 + timedelta(seconds=1))
    for one in (routine, routine, press):
        inbox.put([one])
    assert inbox.take(0) == [press]
    assert inbox.complete_until(t0 + timedelta(seconds=9)) == t0
    assert inbox.take(0) == [routine, routine]
    assert inbox.complete_until(t0 + timedelta(seconds=9)) == t0, "in hand is not done"
    inbox.done()
    assert inbox.complete_until(t0 + timedelta(seconds=9)) == t0 + timedelta(seconds=9)


def test_heartbeats_hold_up_neither_presses_nor_what_was_noticed(t0: datetime) -> None:
    """One says when the last test press was, in the same words as a press."""
    inbox, content = Inbox(), encode(Heartbeat("box", t0, t0))
    beat, press = (
        Arrived(f"nightlight/1/okafor-home/{leg}", text, retained=False, at=t0)
        for leg, text in ((Leg.HEALTH, content), (Leg.UP, b'{"what":"pressed"}'))
    )
    assert b'"tested"' in content
    for one in (beat, arrived(b"routine", t0), press):
        inbox.put([one])
    assert inbox.take(0) == [press]
    assert inbox.take(0) == [beat, arrived(b"routine", t0)]


def test_what_is_not_urgent_is_gathered_and_a_press_is_not(t0: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    inbox = Inbox()
    routine, press = arrived(b"routine", t0), arrived(b'{"what":"pressed"}', t0)
    inbox.put([routine])
    assert inbox.take(0) == [routine], "the first after a quiet time"
    first = inbox._gathered_at
    inbox.put([routine])
    monkeypatch.setattr("hub.ingest.GATHER", 60.0)
    threading.Timer(0.005, inbox.put, [[press]]).start()
    assert inbox.take(0) == [press]
    monkeypatch.setattr("hub.ingest.GATHER", GATHER)
    assert inbox.take(0) == [routine]
    assert inbox._gathered_at - first >= GATHER


def test_a_message_in_full_flood_is_dropped_unreceipted_and_a_press_is_not(
    t0: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.ingest.WAITING_BYTES", 500)
    inbox, press = Inbox(), arrived(b'{"what":"pressed"}', t0)
    for _ in range(3):
        inbox.put([arrived(b"routine", t0)])
    inbox.put([press])
    assert inbox.take(0) == [press]
    assert (len(inbox.take(0)), inbox.dropped) == (2, 1)
    inbox.put([arrived(b"routine", t0)])
    assert (len(inbox.take(0)), inbox.dropped) == (1, 1), "there is room again"


def test_what_the_broker_kept_from_before_an_erasure_is_not_taken_in_again(on_record: Store, t0: datetime) -> None:
    home = on_record.records.home("okafor-home")
    assert home
    on_record.records.load(Register(homes=(replace(home, erased_at=t0 + timedelta(hours=1)),)), {})
    homes = OnRecord(on_record)
    homes.refresh()
    for sent, kept in ((t0, False), (t0 + timedelta(hours=1, minutes=1), True)):
        beat = encode(Heartbeat("box", sent, sent, sensors={"hall": sent}))
        came = Arrived("nightlight/1/okafor-home/health", beat, retained=True, at=t0 + timedelta(hours=2))
        assert (take(came, homes).beat is not None) is kept


def test_a_retained_heartbeat_of_an_untrusted_clock_tells_nothing(on_record: Store, t0: datetime) -> None:
    homes = OnRecord(on_record)
    homes.refresh()
    beat = encode(Heartbeat("box", t0, t0, clock_trusted=False))
    came = Arrived("nightlight/1/okafor-home/health", beat, retained=True, at=t0 + timedelta(hours=2))
    assert take(came, homes) == Taken()
    told = Arrived(came.topic, encode(Heartbeat("box", t0, t0)), retained=True, at=came.at)
    signs = take(told, homes).signs
    assert signs is not None
    assert (signs.until, signs.at) == (t0, t0)
