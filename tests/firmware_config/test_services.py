"""What systemd says of the kit's services."""

import getpass
import grp
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from edge.agent import LONGEST_WAIT
from tests.conftest import wanted

SYSTEM = Path(__file__).parents[2] / "firmware_config" / "system"
UNITS = ["nightlight-edge.service", "zigbee2mqtt.service"]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A Pi's file system, as far as systemd looks at it."""
    root = tmp_path / "root"
    shutil.copytree(SYSTEM / "etc", root / "etc")
    for program in ("opt/nightlight/bin/nightlight-edge", "usr/bin/node"):
        (root / program).parent.mkdir(parents=True)
        (root / program).touch(0o755)
    shutil.copytree("/lib/systemd/system", root / "usr/lib/systemd/system", symlinks=True)
    return root


def analyze(*words: str | Path) -> subprocess.CompletedProcess[str]:
    command = [wanted("systemd-analyze"), *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("unit", UNITS)
def test_systemd_reads_every_line(root: Path, unit: str) -> None:
    done = analyze("verify", f"--root={root}", root / "etc/systemd/system" / unit)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


@pytest.mark.parametrize("unit", UNITS)
def test_systemd_rates_the_sandbox_ok(root: Path, unit: str) -> None:
    done = analyze("security", "--offline=yes", "--threshold=30", "--no-pager", root / "etc/systemd/system" / unit)
    assert done.returncode == 0, done.stdout
    rated = re.search(r"exposure level for .*: ([\d.]+) OK", done.stdout)
    assert rated is not None
    assert float(rated[1]) <= 3.0


def test_the_agent_starts_again_whatever_happens_and_when_it_hangs() -> None:
    unit = (SYSTEM / "etc/systemd/system/nightlight-edge.service").read_text()
    for line in ("Restart=always", "StartLimitIntervalSec=0", "Type=notify"):
        assert f"\n{line}\n" in unit
    watchdog = re.search(r"\nWatchdogSec=(\d+)\n", unit)
    assert watchdog is not None
    assert int(watchdog[1]) >= 2 * LONGEST_WAIT, "it speaks at least that often, even when nothing happens"


def test_the_card_is_waited_for_but_not_needed() -> None:
    """A kit whose part for the outbox has died still calls for help, from memory."""
    unit = (SYSTEM / "etc/systemd/system/nightlight-edge.service").read_text()
    assert "\nAfter=var-lib-nightlight.mount\n" in unit
    assert not re.search(r"\n(Requires|RequiresMountsFor|BindsTo)=", unit)


def test_what_is_kept_belongs_to_its_program_alone(tmp_path: Path) -> None:
    """systemd-tmpfiles in a root of its own, where every account is whoever runs this test."""
    me, group = getpass.getuser(), grp.getgrgid(os.getgid()).gr_name
    (tmp_path / "etc").mkdir()
    text = (SYSTEM / "etc/tmpfiles.d/nightlight.conf").read_text()
    for line in [line.split() for line in text.splitlines() if line.startswith("z")]:
        (tmp_path / line[1].lstrip("/")).mkdir(parents=True, exist_ok=True)
    mine = re.sub(r"( 0\d+) \w+ \w+ -", rf"\1 {me} {group} -", text)
    (tmp_path / "nightlight.conf").write_text(mine)
    (tmp_path / "etc/passwd").write_text(f"{me}:x:{os.getuid()}:{os.getgid()}::/:/bin/sh\n")
    (tmp_path / "etc/group").write_text(f"{group}:x:{os.getgid()}:\n")
    words = [wanted("systemd-tmpfiles"), "--create", f"--root={tmp_path}", str(tmp_path / "nightlight.conf")]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "var/lib/kept/nightlight").stat().st_mode & 0o777 == 0o700


def test_logs_stay_in_memory_and_the_pi_is_watched() -> None:
    journald = (SYSTEM / "etc/systemd/journald.conf.d/nightlight.conf").read_text()
    assert "\nStorage=volatile\n" in journald
    assert "\nRuntimeMaxUse=32M\n" in journald
    assert "\nRuntimeWatchdogSec=15s\n" in (SYSTEM / "etc/systemd/system.conf.d/nightlight.conf").read_text()
