from itertools import islice

import pytest

from hub.store import Store, snapshots
from hub.store.snapshots import Snapshots


@pytest.fixture
def kept(store: Store, monkeypatch: pytest.MonkeyPatch) -> Snapshots:
    monkeypatch.setattr(snapshots, "PIECE", 4)
    return store.records.snapshots


def test_a_large_one_is_written_in_pieces_and_counts_when_all_of_it_is_there(kept: Snapshots) -> None:
    assert kept.latest() is None
    kept.save(1, b"0123456789")
    assert kept.latest() == (1, b"0123456789")
    for _ in islice(kept.saving(2, b"abcdefghijklm"), 3):
        assert kept.latest() == (1, b"0123456789"), "the hub may end here"
    for content in (b"ABCDEFGHIJKL", b"xyz", b"9876543210", b"shorter"):
        kept.save(3, content)
        assert kept.latest() == (3, content)


def test_a_large_one_made_with_something_else_is_none(kept: Snapshots) -> None:
    kept.save(1, b"0123456789", "a prior")
    assert kept.latest("another") is None
    assert kept.latest("a prior") == (1, b"0123456789")
