"""What ESPHome itself says of its devices' configurations."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import wanted

ESPHOME = Path(__file__).parents[2] / "firmware_config" / "esphome"
DEVICES = sorted(path for path in ESPHOME.glob("*.yaml") if not path.name.startswith("secrets"))


@pytest.mark.parametrize("device", DEVICES, ids=lambda one: one.stem)
def test_esphome_takes_it(device: Path, tmp_path: Path) -> None:
    shutil.copy(device, tmp_path)
    shutil.copy(ESPHOME / "secrets.example.yaml", tmp_path / "secrets.yaml")
    words = [wanted("esphome"), "config", str(tmp_path / device.name)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_state_is_told_surely_and_not_told_again_later() -> None:
    """A retained state would be handed out at every start, long after somebody got up."""
    text = (ESPHOME / "bed_mat.yaml").read_text()
    bed = text.split("\nbinary_sensor:")[1].split("\nsensor:")[0]
    assert "\n    qos: 1\n" in bed
    assert "\n    retain: false\n" in bed
