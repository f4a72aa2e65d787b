from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as some

from models.share import WHOLE, Share, read_share, share_in, shares

HOMES = [f"home-{number}" for number in range(2000)]


@given(some.text(), some.integers(1, 64))
def test_every_home_is_in_one_share(home: str, count: int) -> None:
    assert len([share for share in shares(count) if share.owns(home)]) == 1


def test_shares_are_of_one_size() -> None:
    sizes = Counter(next(share for share in shares(5) if share.owns(home)) for home in HOMES)
    assert all(300 < size < 500 for size in sizes.values()), sizes


def test_it_stays_the_same_for_ever() -> None:
    """Snapshots and the broker's sessions of one version are those of the next."""
    assert [next(one.index for one in shares(4) if one.owns(home)) for home in HOMES[:8]] == [3, 1, 3, 1, 4, 2, 4, 2]


def test_a_name_says_whose_it_is_and_is_read_again() -> None:
    assert (WHOLE.named("watch"), Share(2, 4).named("watch")) == ("watch", "watch 2/4")
    assert [share_in(name) for name in ("watch", "watch 2/4")] == [("watch", WHOLE), ("watch", Share(2, 4))]


@pytest.mark.parametrize("words", ["", "0/2", "3/2", "1/65", "one of two", "1/2/3", "-1/2"])
def test_what_is_no_share_is_refused(words: str) -> None:
    with pytest.raises(ValueError, match="is written 2/4"):
        read_share(words)
