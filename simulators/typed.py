"""What somebody typed behind a command, read before any work begins; argparse says what is wrong with it."""

from argparse import ArgumentTypeError
from pathlib import Path


def positive(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < 1e9:
        raise ArgumentTypeError(f"'{text}' is no number above 0")
    return number


def count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise ArgumentTypeError(f"'{text}' is no whole number from 1 on")
    return int(text)


def hour(text: str) -> int:
    if not text.isdecimal() or int(text) > 23:
        raise ArgumentTypeError(f"'{text}' is no hour of the day, 0 to 23")
    return int(text)


def to_write(text: str) -> Path:
    """A file that can be written later: what takes an hour to make must not find that out at its end."""
    path = Path(text)
    if path.is_dir():
        raise ArgumentTypeError(f"'{text}' is a folder; name a file")
    if not path.parent.is_dir():
        raise ArgumentTypeError(f"there is no folder '{path.parent}' to write it in")
    return path
