"""Ways out of a home: which network devices lead somewhere, and which of them is the mobile modem.

The kernel takes the one with the lowest metric, and goes on taking it when what is behind the router is dead. So a
connection that fails by the kernel's choice is tried by each other device, until one works.
"""

import fcntl
import socket
import struct
from contextlib import suppress
from ipaddress import ip_address
from pathlib import Path

from models.wire import Route

LOOPBACK = "lo"
MODEM_NAMES = ("wwan", "wwp", "ppp")
MODEM_DRIVERS = frozenset({"cdc_mbim", "huawei_cdc_ncm", "qmi_wwan", "cdc_ether", "rndis_host", "option", "sierra_net"})
"""Of USB modems, those too that pass for a network card with a router of their own behind it."""
UP, REJECTS = 0x1, 0x200
ADDRESS_OF = 0x8915  # SIOCGIFADDR
NO_METRIC = 2**32 - 1


class Network:
    """Below `root`, a folder that looks as the Pi's own does; `modem` names the modem's device where it is known."""

    def __init__(self, root: Path = Path("/"), modem: str | None = None) -> None:
        self._root, self._modem = root, modem

    def ways(self) -> list[str]:
        """Devices that lead out, the one that the kernel takes first."""
        found: dict[str, int] = {}
        with suppress(ValueError):  # a kernel that says it otherwise leaves its own choice
            for device, metric in [*self._ipv4(), *self._ipv6()]:
                found[device] = min(metric, found.get(device, NO_METRIC))
        return sorted(found, key=lambda device: found[device])

    def route(self, device: str | None) -> Route:
        if device is None or device == LOOPBACK:
            return Route.UNKNOWN
        return Route.MODEM if self._is_modem(device) else Route.BROADBAND

    def device_of(self, address: str) -> str | None:
        """The device that has this address."""
        with suppress(ValueError):
            wanted = ip_address(address.partition("%")[0])
            wanted = getattr(wanted, "ipv4_mapped", None) or wanted
            held = self._ipv6_held() if wanted.version == 6 else self._ipv4_held()
            return held.get(wanted.packed)
        return None

    def _is_modem(self, device: str) -> bool:
        if self._modem is not None:
            return device == self._modem
        folder = self._root / "sys/class/net" / device
        driver = (folder / "device/driver").resolve().name
        wireless_wan = "DEVTYPE=wwan" in _text(folder / "uevent")
        return wireless_wan or driver in MODEM_DRIVERS or device.startswith(MODEM_NAMES)

    def _ipv4(self) -> list[tuple[str, int]]:
        rows = (line.split() for line in _text(self._root / "proc/net/route").splitlines()[1:])
        return [(row[0], int(row[6])) for row in rows if len(row) > 7 and _leads_out(row)]

    def _ipv6(self) -> list[tuple[str, int]]:
        rows = (line.split() for line in _text(self._root / "proc/net/ipv6_route").splitlines())
        out = (row for row in rows if len(row) > 9 and int(row[0], 16) == 0 and row[1] == "00" and row[9] != LOOPBACK)
        return [(row[9], int(row[5], 16)) for row in out if int(row[8], 16) & (UP | REJECTS) == UP]

    def _ipv4_held(self) -> dict[bytes, str]:
        held: dict[bytes, str] = {}
        with suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
            for device in sorted(path.name for path in (self._root / "sys/class/net").iterdir()):
                with suppress(OSError):
                    answer = fcntl.ioctl(any_socket, ADDRESS_OF, struct.pack("256s", device.encode()[:15]))
                    held[answer[20:24]] = device
        return held

    def _ipv6_held(self) -> dict[bytes, str]:
        rows = (line.split() for line in _text(self._root / "proc/net/if_inet6").splitlines())
        return {bytes.fromhex(row[0]): row[5] for row in rows if len(row) > 5}


def connected_by(device: str | None, host: str, port: int, within: float) -> socket.socket:
    """A TCP connection by that device, or by the kernel's choice. Raises OSError."""
    trouble: OSError = OSError(f"{host} has no address")
    for family, kind, protocol, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        path = socket.socket(family, kind, protocol)
        try:
            path.settimeout(within)
            if device is not None:
                path.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, device.encode())
            path.connect(address)
        except OSError as error:
            path.close()
            trouble = error
        else:
            return path
    raise trouble


def _leads_out(row: list[str]) -> bool:
    return int(row[1], 16) == int(row[7], 16) == 0 and int(row[3], 16) & (UP | REJECTS) == UP


def _text(file: Path) -> str:
    with suppress(OSError, UnicodeDecodeError):
        return file.read_text(encoding="ascii")
    return ""
