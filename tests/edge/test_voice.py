import sys
from pathlib import Path

import pytest
from gpiozero.pins.mock import MockFactory

from edge.sensors import lamp, tone
from edge.voice import SHOWN, SPEAKS, Voice
from models.spoken import HELP_IS_COMING
from tests.conftest import eventually, wanted

WRITES = "import sys; open(sys.argv[1], 'a').write(' '.join(sys.argv[2:]) + chr(10))"


def test_lamp_buzzer_and_voice_say_that_help_is_coming(pins: MockFactory, tmp_path: Path) -> None:
    said = tmp_path / "said"
    voice = Voice(lamp(24), tone(22), "de", (sys.executable, "-c", WRITES, str(said)))
    voice.help_is_coming("order 1", 100.0)
    assert pins.pin("GPIO24").state
    assert pins.pin("GPIO22").state
    eventually(lambda: not pins.pin("GPIO22").state)
    eventually(said.exists)
    eventually(lambda: said.read_text() == "-v de Hilfe ist unterwegs. Hilfe ist unterwegs.\n")
    voice.tend(100.0 + SHOWN - 1)
    assert pins.pin("GPIO24").state
    voice.tend(100.0 + SHOWN)
    assert not pins.pin("GPIO24").state
    voice.close()


def test_the_same_order_again_is_not_said_again_but_shown_for_longer(pins: MockFactory, tmp_path: Path) -> None:
    voice = Voice(lamp(24), None, "en", (sys.executable, "-c", WRITES, str(tmp_path / "said")))
    voice.help_is_coming("order 1", 0.0)
    eventually((tmp_path / "said").exists)
    voice.help_is_coming("order 1", SHOWN - 1)

    def silent() -> bool:
        voice.tend(SHOWN + 1)
        return voice._speaking is None

    eventually(silent)
    assert pins.pin("GPIO24").state
    voice.help_is_coming("order 2", SHOWN)
    eventually(lambda: (tmp_path / "said").read_text().count("\n") == 2)
    voice.close()


def test_a_kit_with_nothing_fitted_or_nothing_that_works_goes_on(
    pins: MockFactory, caplog: pytest.LogCaptureFixture
) -> None:
    assert not Voice().help_is_coming("order 1", 0.0)
    voice = Voice(lamp(24), None, "en", ("no-such-program",))
    voice.help_is_coming("order 1", 0.0)
    assert "can't speak" in caplog.text
    assert pins.pin("GPIO24").state
    voice.close()
    failing = Voice(None, None, "en", (sys.executable, "-c", "raise SystemExit(3)"))
    failing.help_is_coming("order 1", 0.0)

    def noticed_that() -> bool:
        failing.tend(1.0)
        return "ended with 3" in caplog.text

    eventually(noticed_that)


def test_every_language_has_a_voice(tmp_path: Path) -> None:
    program = wanted("espeak-ng")
    for language in HELP_IS_COMING:
        file = tmp_path / f"{language}.wav"
        voice = Voice(language=language, program=(program, *SPEAKS[1:], "-w", str(file)))
        voice.help_is_coming("order", 0.0)
        assert voice._speaking
        assert voice._speaking.wait(60) == 0
        assert file.stat().st_size > 20_000
