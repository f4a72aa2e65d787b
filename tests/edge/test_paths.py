"""A folder that looks like a Pi's /proc and /sys. tests/edge/test_two_ways.py has real links."""

from pathlib import Path

import pytest

from edge.paths import Network
from models.wire import Route

ROUTES = """Iface	Destination	Gateway 	Flags	RefCnt	Use	Metric	Mask		MTU	Window	IRTT
wwan0	00000000	01E9A8C0	0003	0	0	900	00000000	0	0	0
eth0	00000000	0101A8C0	0003	0	0	100	00000000	0	0	0
eth0	0001A8C0	00000000	0001	0	0	100	00FFFFFF	0	0	0
dead0	00000000	00000000	0200	0	0	0	00000000	0	0	0
"""
ZERO = "0" * 32
ROUTES_6 = f"""{ZERO} 00 {ZERO} 00 fe8000000000000000000000000000fe 00000258 00000001 00000000 00000003 wlan0
{ZERO} 00 {ZERO} 00 {ZERO} ffffffff 00000001 00000000 00200200       lo
fe800000000000000000000000000000 40 {ZERO} 00 {ZERO} 00000100 00000001 00000000 00000001     eth0
"""


@pytest.fixture
def pi(tmp_path: Path) -> Path:
    (tmp_path / "proc/net").mkdir(parents=True)
    (tmp_path / "proc/net/route").write_text(ROUTES)
    (tmp_path / "proc/net/ipv6_route").write_text(ROUTES_6)
    for device in ("eth0", "eth1", "wlan0", "wwan0", "enx0"):
        (tmp_path / "sys/class/net" / device).mkdir(parents=True)
    return tmp_path


def driven(pi: Path, device: str, driver: str) -> None:
    (pi / "drivers" / driver).mkdir(parents=True)
    (pi / "sys/class/net" / device / "device").mkdir()
    (pi / "sys/class/net" / device / "device/driver").symlink_to(pi / "drivers" / driver)


def test_ways_out_are_in_the_kernels_order(pi: Path) -> None:
    assert Network(pi).ways() == ["eth0", "wlan0", "wwan0"]


def test_a_pi_without_a_network_has_no_way(tmp_path: Path) -> None:
    assert Network(tmp_path).ways() == []


def test_a_kernel_that_says_it_otherwise_leaves_its_own_choice(pi: Path) -> None:
    (pi / "proc/net/route").write_text("Iface\neth0 here there up 0 0 soon all 0 0 0\n")
    assert Network(pi).ways() == []


def test_a_modem_is_told_by_name_kind_driver_or_settings(pi: Path) -> None:
    (pi / "sys/class/net/eth1/uevent").write_text("INTERFACE=eth1\nDEVTYPE=wwan\n")
    driven(pi, "enx0", "cdc_ether")
    driven(pi, "eth0", "bcmgenet")
    network = Network(pi)
    modems = {device for device in ("eth0", "eth1", "wlan0", "wwan0", "enx0") if network.route(device) is Route.MODEM}
    assert modems == {"eth1", "wwan0", "enx0"}
    assert Network(pi, modem="eth0").route("eth0") is Route.MODEM
    assert Network(pi, modem="eth0").route("wwan0") is Route.BROADBAND


def test_what_leads_nowhere_is_unknown(pi: Path) -> None:
    assert (Network(pi).route("lo"), Network(pi).route(None)) == (Route.UNKNOWN, Route.UNKNOWN)


def test_the_device_that_has_an_address() -> None:
    network = Network()
    assert network.device_of("127.0.0.1") == network.device_of("::ffff:127.0.0.1") == "lo"
    assert network.device_of("192.0.2.1") is None
    assert network.device_of("no address") is None


def test_an_ipv6_address(pi: Path) -> None:
    (pi / "proc/net/if_inet6").write_text("20010db8000000000000000000000007 02 40 00 80 wlan0\n")
    assert Network(pi).device_of("2001:db8::7%wlan0") == "wlan0"
