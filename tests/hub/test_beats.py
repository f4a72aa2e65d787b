from datetime import datetime, timedelta

import pytest
from msgspec import structs

import hub.beats
from hub.beats import Beats
from hub.store import Store
from hub.store.records import Beat
from models.health import Heard
from models.register import Register

MIN = timedelta(minutes=1)


@pytest.fixture
def beats(store: Store, register: Register) -> Beats:
    store.records.load(register, {one.login: "-" for one in register.accounts})
    return Beats(store.records)


def beat(at: datetime, until: datetime | None = None, home: str = "okafor-home") -> Beat:
    return Beat(home, f"{at}".encode(), until or at, at, on_mains=True)


def will(home: str = "okafor-home") -> Beat:
    return Beat(home, None, None, None, online=False)


def test_the_latest_of_each_home_is_written_and_the_next_ones_a_little_later(
    beats: Beats, store: Store, t0: datetime
) -> None:
    beats.note([beat(t0), beat(t0 + MIN), beat(t0, home="next-door")])
    beats.write()
    assert store.records.heard() == {
        "okafor-home": Heard(t0 + MIN, t0 + MIN, True, True),
        "next-door": Heard(t0, t0, True, True),
    }
    beats.note([beat(t0 + 2 * MIN)])
    beats.write()
    assert store.records.heard()["okafor-home"].until == t0 + MIN, "that was written just now"
    beats._due = float("-inf")
    beats.write()
    assert store.records.heard()["okafor-home"].until == t0 + 2 * MIN


@pytest.mark.parametrize("apart", [True, False], ids=["written apart", "written together"])
def test_what_is_heard_never_goes_back_and_a_last_will_says_only_that_the_kit_is_gone(
    beats: Beats, store: Store, t0: datetime, apart: bool
) -> None:
    late, unsure = beat(t0 - MIN, t0 - 2 * MIN), structs.replace(beat(t0, t0 + 3 * MIN), on_mains=None)
    said = [beat(t0 + MIN), will(), late, unsure]
    for one in [*said, will()]:
        beats.note([one])
        if apart:
            beats._due = float("-inf")
            beats.write()
    beats._due = float("-inf")
    beats.write()
    assert store.records.heard("okafor-home") == {"okafor-home": Heard(t0 + 3 * MIN, t0 + MIN, False, None)}
    assert store.records.heartbeats() == {"okafor-home": f"{t0}".encode()}


def test_a_will_of_a_home_that_never_beat_is_kept(beats: Beats, store: Store) -> None:
    beats.note([will()])
    beats.write()
    assert store.records.heard("okafor-home") == {"okafor-home": Heard(None, None, False, None)}


def test_a_town_is_written_in_pieces(beats: Beats, store: Store, t0: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub.beats, "AT_ONCE", 1)
    beats.note([beat(t0), beat(t0, home="next-door")])
    beats.write()
    assert [home for home, heard in store.records.heard().items() if heard.until] == ["okafor-home"]
    beats.write()
    assert all(heard.until for heard in store.records.heard().values())


def test_a_home_that_is_gone_costs_the_others_nothing(beats: Beats, store: Store, t0: datetime) -> None:
    beats.note([beat(t0, home="never-there"), beat(t0)])
    beats.write()
    assert store.records.heard()["okafor-home"].until == t0
    beats.note([beat(t0 + MIN)])
    beats._due = float("-inf")
    beats.write()
    assert store.records.heard()["okafor-home"].until == t0 + MIN
