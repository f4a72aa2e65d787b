"""What a borough's homes take of memory stays as long as the process: nobody has to look through it for garbage."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def nothing_is_garbage() -> Iterator[None]:
    """What is built here stays. Looking for garbage among it costs a sixth of a restart, and afterwards it would hold a
    press up for as long as that takes, each time.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.collect(1)
        gc.freeze()
        gc.enable()
