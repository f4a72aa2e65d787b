"""An attacker who knows everything about every home but one tries to find that one out from what is published."""

from collections import Counter
from collections.abc import Callable, Sequence
from itertools import product

import pytest

from models.planning import ALL, LEAST, STEP, Counted, Measure, lines, table

Secret = bytes
SECRETS = [n.to_bytes(4) for n in range(400)]
MONTHS = [f"2026-{n:02}" for n in range(1, 13)]
HELPED = frozenset({Measure.HOMES, Measure.ALERTED, Measure.HELPED})
QUIET = frozenset({Measure.HOMES})


def homes(area: str, count: int, helped: int = 0) -> list[Counted]:
    return [Counted(f"h_{area}{n}", area, HELPED if n < helped else QUIET) for n in range(count)]


def shown(counted: Sequence[Counted], secret: Secret = b"s", month: str = "2026-01") -> dict[tuple[str, Measure], int]:
    made = table(month, "", counted, secret)
    return {(one.area, one.measure): one.value for one in made if one.value is not None}


def guessed_right(joined: Callable[[Secret], object], stayed: Callable[[Secret], object]) -> float:
    """How often the best guess there is, from what is seen, is right: half is a coin's."""
    seen = [Counter(map(repr, map(one, SECRETS))) for one in (joined, stayed)]
    return sum(max(seen[0][what], seen[1][what]) for what in seen[0] | seen[1]) / (2 * len(SECRETS))


def test_what_is_few_is_not_shown_nor_what_leaves_few_out() -> None:
    for count, helped in product((9, 10, 30, 60), (0, 9, 10, 15, 21, 30, 51, 60)):
        if helped > count:
            continue
        made = shown([*homes("a", count, helped), *homes("b", 80, 30), *homes("c", 90, 30)])
        assert ((("a", Measure.HOMES) in made) is (count >= LEAST)) or count == 9
        if helped < LEAST or count - helped < LEAST:
            assert ("a", Measure.HELPED) not in made, (count, helped)


def test_one_that_is_hidden_is_not_hidden_alone() -> None:
    made = shown([*homes("a", 40, 4), *homes("b", 60, 20), *homes("c", 80, 40)])
    assert [area for area in ("a", "b", "c") if (area, Measure.HELPED) not in made] == ["a", "b"]
    assert (ALL, Measure.HELPED) in made


def test_what_is_shown_is_rounded_and_near_and_stays_what_it_was() -> None:
    for secret in SECRETS[:50]:
        made = shown([*homes("a", 137, 40), *homes("b", 60, 20)], secret)
        assert all(value % STEP == 0 for value in made.values())
        assert abs(made["a", Measure.HOMES] - 137) <= 6 + STEP / 2
        assert made == shown([*homes("a", 137, 40), *homes("b", 60, 20)], secret), "asking again tells nothing more"


def test_a_home_that_joins_is_not_found_from_before_and_after() -> None:
    without, target = [*homes("a", 37, 14), *homes("b", 52, 20)], Counted("h_target", "a", HELPED)

    def after(counted: Sequence[Counted]) -> Callable[[Secret], object]:
        return lambda secret: [shown(some, secret, month).get(("a", Measure.HELPED))
                               for some, month in ((without, "2026-01"), (counted, "2026-02"))]  # fmt: skip

    assert guessed_right(after([*without, target]), after(without)) < 0.65


@pytest.mark.parametrize("measure", [Measure.HOMES, Measure.HELPED])
def test_a_year_before_and_a_year_after_taken_together_are_no_proof(measure: Measure) -> None:
    without, target = [*homes("a", 37, 14), *homes("b", 52, 20)], Counted("h_target", "a", HELPED)

    def mean(counted: Sequence[Counted]) -> Callable[[Secret], object]:
        return lambda secret: round(sum(shown(counted, secret, month)["a", measure] for month in MONTHS) / 12)

    assert guessed_right(mean([*without, target]), mean(without)) < 0.75


def test_areas_do_not_add_up_to_one_that_is_left_over() -> None:
    """The total less all other areas, and with a target or without."""
    areas = [home for n, size in enumerate((31, 45, 52, 66)) for home in homes("abcd"[n], size, size // 2)]
    target = Counted("h_target", "a", HELPED)

    def left(counted: Sequence[Counted]) -> Callable[[Secret], object]:
        def by(secret: Secret) -> int:
            made = shown(counted, secret)
            return made[ALL, Measure.HELPED] - sum(made[area, Measure.HELPED] for area in "bcd")

        return by

    assert guessed_right(left([*areas, target]), left(areas)) < 0.65


def test_lines_are_areas_with_all_of_them_last() -> None:
    assert [area for area, _ in lines(table("2026-01", "", [*homes("z", 20), *homes("b", 20)], b"s"))] == [
        "b",
        "z",
        ALL,
    ]
