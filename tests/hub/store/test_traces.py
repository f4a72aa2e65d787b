from dataclasses import replace
from datetime import datetime, timedelta

from hub.store import Store
from hub.store.traces import Felt
from models.register import Register


def test_what_was_felt_is_kept_once_by_when_it_was_and_forgotten_by_home_and_age(
    store: Store, register: Register, t0: datetime
) -> None:
    store.records.load(register, {"tom": "x", "ada": "x"})
    first = Felt("okafor-home", "box", 7, "pendant", t0.replace(microsecond=123_457), -1.5, 0.02, (0, -990, 12))
    later = replace(first, number=9, at=t0 + timedelta(days=3))
    store.traces.keep([later, first, replace(first, home="next-door")])
    store.traces.keep([first])
    store.traces.keep([])
    assert store.traces.between("okafor-home", t0, t0 + timedelta(days=4)) == [first, later]
    assert store.traces.between("okafor-home", t0 + timedelta(seconds=1), t0 + timedelta(days=3)) == []
    assert store.traces.forget("okafor-home", before=t0 + timedelta(days=1)) == 1
    assert store.traces.forget("okafor-home") == 1
    assert len(store.traces.between("next-door", t0, t0 + timedelta(days=4))) == 1
