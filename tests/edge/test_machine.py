"""A folder that looks like a Pi's /sys."""

from pathlib import Path

import pytest

from edge.machine import Machine, disk_free


class Pi:
    def __init__(self, root: Path) -> None:
        self.root = root
        self.machine = Machine(root)

    def has(self, place: str, **files: str) -> None:
        folder = self.root / "sys/class" / place
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (folder / name).write_text(f"{content}\n")


@pytest.fixture
def pi(tmp_path: Path) -> Pi:
    return Pi(tmp_path)


def test_a_plain_pi_can_tell_little(pi: Pi) -> None:
    machine = pi.machine
    assert (machine.on_mains(), machine.battery(), machine.undervoltage(), machine.temperature()) == (None,) * 4


def test_a_battery_board_tells_of_mains_and_charge(pi: Pi) -> None:
    pi.has("power_supply/ac", type="Mains", online="1")
    pi.has("power_supply/cell", type="Battery", capacity="83", status="Charging")
    assert (pi.machine.on_mains(), pi.machine.battery()) == (True, 83.0)
    pi.has("power_supply/ac", online="0")
    assert pi.machine.on_mains() is False


@pytest.mark.parametrize(
    ("status", "mains"), [("Discharging", False), ("Full", True), ("Charging", True), ("Unknown", None)]
)
def test_a_battery_alone_tells_by_what_it_does(pi: Pi, status: str, mains: bool | None) -> None:
    pi.has("power_supply/cell", type="Battery", status=status)
    assert pi.machine.on_mains() is mains


def test_a_weak_supply_and_the_hottest_place(pi: Pi) -> None:
    pi.has("hwmon/hwmon0", name="cpu_thermal")
    pi.has("hwmon/hwmon1", name="rpi_volt", in0_lcrit_alarm="1")
    pi.has("thermal/thermal_zone0", temp="51540")
    pi.has("thermal/thermal_zone1", temp="48000")
    pi.has("thermal/cooling_device0", temp="99000")
    assert (pi.machine.undervoltage(), pi.machine.temperature()) == (True, 51.54)


def test_nonsense_is_nothing(pi: Pi) -> None:
    pi.has("power_supply/ac", type="Mains", online="maybe")
    pi.has("thermal/thermal_zone0", temp="")
    assert (pi.machine.on_mains(), pi.machine.temperature()) == (None, None)


def test_room_on_the_card(tmp_path: Path) -> None:
    assert (disk_free(tmp_path) or 0) > 0
    assert disk_free(tmp_path / "none") is None
