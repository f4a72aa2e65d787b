"""A text spoken, for whoever would rather hear it: made on the hub, by espeak-ng where it is installed."""

import shutil
import subprocess

VOICES = {"en": "en-gb", "cy": "cy"}
SLOW = 135
"""Words in a minute."""
LIMIT = 20.0
"""Real seconds."""


class Speechless(Exception):
    """This hub can't speak, and why."""


def spoken(text: str, language: str) -> bytes:
    """As WAV. The text goes by the program's input: no word of it stands in a list of processes. Raises Speechless."""
    program = shutil.which("espeak-ng")
    if program is None:
        raise Speechless("espeak-ng is not installed on the hub")
    words = [program, "--stdin", "--stdout", "-s", str(SLOW), "-v", VOICES.get(language, VOICES["en"])]
    try:
        done = subprocess.run(words, input=text.encode(), capture_output=True, check=True, timeout=LIMIT)
    except (subprocess.SubprocessError, OSError) as bad:
        raise Speechless(f"espeak-ng failed: {type(bad).__name__}") from bad
    return done.stdout
