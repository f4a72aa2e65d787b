"""A page asks the same thing in many places. Within `asking_once` the store is asked it once: the page is quicker, and
says the same everywhere.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, TypeVar, cast

F = TypeVar("F", bound=Callable[..., Any])


class _Answers(threading.local):
    """Of this thread's page, by question; None where nothing is remembered."""

    known: dict[tuple[object, ...], Any] | None = None


_answers = _Answers()


@contextmanager
def asking_once() -> Iterator[None]:
    """For what only reads: of a change that is made within, nothing would be seen."""
    if _answers.known is not None:
        yield
        return
    _answers.known = {}
    try:
        yield
    finally:
        _answers.known = None


def once(question: F) -> F:
    """A method whose answer is left as it was given: nobody adds to a list that others are handed as well."""

    @wraps(question)
    def asked(self: object, *given: Any, **named: Any) -> Any:
        known = _answers.known
        if known is None:
            return question(self, *given, **named)
        key = (self, question, *given, *named.items())
        if key not in known:
            known[key] = question(self, *given, **named)
        return known[key]

    return cast("F", asked)
