"""A text spoken, for whoever would rather hear it: made on the hub, by espeak-ng where it is installed."""

import io
import shutil
import subprocess
import wave

import numpy as np

from models.languages import LANGUAGES

ENGLISH = "en-gb"
SLOW = 135
"""Words in a minute."""
LIMIT = 20.0
"""Real seconds."""
HEADER = 44
"""Bytes before the samples."""
TELEPHONE, CARRIED, TAPS = 8000, 3400, 48
"""Samples a second; Hz; and samples to either side by which what lies above is taken out."""


class Speechless(Exception):
    """This hub can't speak, and why."""


def spoken(text: str, language: str) -> bytes:
    """As WAV. The text goes by the program's input: no word of it stands in a list of processes. Raises Speechless."""
    program = shutil.which("espeak-ng")
    if program is None:
        raise Speechless("espeak-ng is not installed on the hub")
    words = [
        program,
        "--stdin",
        "--stdout",
        "-s",
        str(SLOW),
        "-v",
        ENGLISH if language not in LANGUAGES[1:] else language,
    ]
    try:
        done = subprocess.run(words, input=text.encode(), capture_output=True, check=True, timeout=LIMIT)
    except (subprocess.SubprocessError, OSError) as bad:
        raise Speechless(f"espeak-ng failed: {type(bad).__name__}") from bad
    return _measured(done.stdout)


def _voice(language: str) -> str:
    """Named as the language is; whatever else is asked for is said in English."""
    return language if language in LANGUAGES[1:] else ENGLISH


def for_telephone(sound: bytes) -> bytes:
    """The same as an exchange plays it: 8,000 samples a second, of what a telephone carries."""
    with wave.open(io.BytesIO(sound)) as read:
        rate, samples = read.getframerate(), np.frombuffer(read.readframes(read.getnframes()), "<i2")
    taps = np.sinc(2 * CARRIED / rate * np.arange(-TAPS, TAPS + 1)) * np.hanning(2 * TAPS + 1)
    smooth = np.convolve(samples, taps / taps.sum(), "same")
    fewer = np.interp(np.arange(0, len(samples), rate / TELEPHONE), np.arange(len(samples)), smooth)
    made = io.BytesIO()
    with wave.open(made, "wb") as written:
        written.setparams((1, 2, TELEPHONE, 0, "NONE", ""))
        written.writeframes(fewer.clip(-32768, 32767).astype("<i2").tobytes())
    return made.getvalue()


def _measured(sound: bytes) -> bytes:
    """The program speaks into a pipe, and so can't say at the beginning how long it will be."""
    if sound[8:12] != b"WAVE" or sound[36:40] != b"data":
        return sound
    whole, rest = ((len(sound) - less).to_bytes(4, "little") for less in (8, HEADER))
    return sound[:4] + whole + sound[8:40] + rest + sound[HEADER:]
