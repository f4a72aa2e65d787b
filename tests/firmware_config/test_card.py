"""A stock card becomes a kit: what reads these files on a Pi reads them here, as far as a machine without one can."""

import configparser
import os
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from edge.settings import load
from tests.conftest import wanted

CONFIG = Path(__file__).parents[2] / "firmware_config"
CARD = CONFIG / "card"
STOCK = "label: dos\nstart=8192, size=1048576, type=c\nstart=1056768, size=4980736, type=83\n"
"""A card as Raspberry Pi OS is written onto it, in sectors of 512 bytes."""


def ran(*words: str | Path, **around: str) -> subprocess.CompletedProcess[str]:
    there = {**os.environ, "PATH": f"{os.environ['PATH']}:/usr/sbin:/sbin", **around}
    return subprocess.run(words, capture_output=True, text=True, timeout=60, check=False, env=there)


def test_cloud_init_takes_the_first_start() -> None:
    done = ran(wanted("cloud-init"), "schema", "--config-file", CARD / "user-data")
    assert (done.returncode, "Valid" in done.stdout + done.stderr) == (0, True), done.stdout + done.stderr


@pytest.mark.parametrize("kind", ["network-manager", "netplan"])
def test_the_cable_becomes_a_connection(tmp_path: Path, kind: str) -> None:
    words = ("devel", "net-convert", "--kind", "yaml", "-D", "debian", "--output-kind", kind, "-d", tmp_path)
    done = ran(wanted("cloud-init"), *words, "--network-data", CARD / "network-config")
    assert done.returncode == 0, done.stderr
    made = "".join(path.read_text() for path in tmp_path.rglob("*") if path.is_file())
    assert ("interface-name=eth0\n" if kind == "network-manager" else "eth0:\n") in made


@pytest.fixture
def card(tmp_path: Path) -> Path:
    card = tmp_path / "card.img"
    with card.open("wb") as file:
        file.truncate(16 * 1024**3)
    subprocess.run([wanted("sfdisk"), "--quiet", card], input=STOCK, text=True, check=True)
    return card


def parts(card: Path) -> list[tuple[int, int]]:
    """Start and size of each, in sectors."""
    lines = [line for line in ran("sfdisk", "--dump", card).stdout.splitlines() if "start=" in line]
    said = [dict(part.replace(" ", "").split("=") for part in line.split(" : ")[1].split(",")) for line in lines]
    return [(int(one["start"]), int(one["size"])) for one in said]


def test_what_outlives_a_power_cut_gets_the_rest_of_the_card(card: Path) -> None:
    done = ran("sh", CARD / "partition", card)
    assert done.returncode == 0, done.stderr
    boot, system, kept = parts(card)
    assert boot == (8192, 1048576), "the first one is not touched"
    assert system == (1056768, 8 * 1024**3 // 512)
    assert kept[0] >= system[0] + system[1]
    assert kept[1] > 7 * 1024**3 // 512


def test_a_card_that_is_not_fresh_is_left_alone(card: Path) -> None:
    ran("sh", CARD / "partition", card)
    before = parts(card)
    done = ran("sh", CARD / "partition", card)
    assert (done.returncode, "not hold the two partitions" in done.stderr) == (1, True)
    assert parts(card) == before


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    bundle = tmp_path / "bundle"
    bundle.mkdir()
    shutil.copy(CONFIG / "agent" / "kit.example.toml", bundle / "kit.toml")
    for name in ("kit.pem", "kit.key", "hub-ca.pem"):
        (bundle / name).write_text(f"this is {name}\n")
    return bundle


@pytest.fixture
def boot(tmp_path: Path, bundle: Path) -> Path:
    """The first partition of a card, filled."""
    boot = tmp_path / "boot"
    boot.mkdir()
    (boot / "config.txt").write_text("[pi5]\narm_boost=1\n")
    (boot / "cmdline.txt").write_text("console=tty1 root=PARTUUID=a1-02 rootwait quiet resize\n")
    wheel = tmp_path / "nightlight-0.1.0-py3-none-any.whl"
    wheel.touch()
    for _ in range(2):
        done = ran("sh", CARD / "fill", boot, bundle, wheel)
        assert done.returncode == 0, done.stderr
    return boot


def test_a_card_is_filled_once_however_often_it_is_done(boot: Path) -> None:
    assert (boot / "config.txt").read_text() == "[pi5]\narm_boost=1\n\n[all]\ninclude nightlight.txt\n"
    assert (boot / "cmdline.txt").read_text() == "console=tty1 root=PARTUUID=a1-02 rootwait quiet\n"
    for name in ("user-data", "meta-data", "network-config", "nightlight.txt"):
        assert (boot / name).read_bytes() == (CARD / name).read_bytes()
    assert (boot / "nightlight" / "bundle" / "kit.key").exists()


def test_filling_says_what_it_was_given_wrongly(boot: Path, bundle: Path, tmp_path: Path) -> None:
    (tmp_path / "else").mkdir()
    assert "no config.txt" in ran("sh", CARD / "fill", tmp_path / "else", bundle, "x.whl").stderr
    assert "no bundle of a kit" in ran("sh", CARD / "fill", boot, tmp_path / "else", "x.whl").stderr
    assert ran("sh", CARD / "fill").returncode == 2


def test_the_first_start_rehearsed(boot: Path, tmp_path: Path) -> None:
    """All of it but accounts, mounts and packages, in folders that stand for the Pi's."""
    root = tmp_path / "root"
    (root / "etc").mkdir(parents=True)
    (root / "etc" / "fstab").write_text("PARTUUID=a1-02  /  ext4  defaults,noatime  0  1\n")
    for _ in range(2):
        done = ran("sh", boot / "nightlight" / "set-up", "files", "seal", ROOT=str(root), BOOT=str(boot))
        assert done.returncode == 0, done.stderr
    assert (boot / "cmdline.txt").read_text().count("overlayroot=tmpfs:recurse=0") == 1
    assert load(root / "etc" / "nightlight" / "kit.toml").home == "h_0001"
    key = root / "etc" / "nightlight" / "kit.key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    _mounts_are_read(root / "etc" / "fstab")
    assert ran("sh", boot / "nightlight" / "set-up", "forget", ROOT=str(root), BOOT=str(boot)).returncode == 0
    assert not (boot / "nightlight" / "bundle" / "kit.key").exists(), "no secret stays where any computer reads it"
    assert key.exists()


def _mounts_are_read(fstab: Path) -> None:
    lines = [line.split() for line in fstab.read_text().splitlines() if not line.startswith("#")]
    assert [line[1] for line in lines].count("/var/lib/nightlight") == 1
    verified = ran("findmnt", "--verify", "--tab-file", fstab)  # that these places are not on this machine it says too
    assert "0 parse errors" in verified.stdout + verified.stderr


def test_every_step_of_the_first_start_is_a_step_of_its_script() -> None:
    script = (CARD / "set-up").read_text()
    steps = script.split("${*:-")[1].split("}")[0].split()
    assert [step for step in steps if f"\n{step}() {{" not in script] == []


@pytest.mark.parametrize("script", ["partition", "fill", "set-up"])
def test_scripts_are_read_by_the_shell_of_a_pi(script: str) -> None:
    assert ran("sh", "-n", CARD / script).stderr == ""
    assert os.access(CARD / script, os.X_OK)


def test_the_modem_is_the_second_way_and_the_cable_the_first() -> None:
    modem = configparser.ConfigParser()
    modem.read(CONFIG / "system/etc/NetworkManager/system-connections/nightlight-modem.nmconnection")
    assert (modem["connection"]["type"], modem["connection"]["autoconnect"]) == ("gsm", "true")
    # NetworkManager's own for a cable is 100 and for Wi-Fi 600; a way that leads nowhere gets 20000 more.
    assert 600 < int(modem["ipv4"]["route-metric"]) < 20_000
    assert "connectivity" in (CONFIG / "system/etc/NetworkManager/conf.d/nightlight.conf").read_text()
