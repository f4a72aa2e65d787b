"""Kits: made at the depot, told apart by their certificates, and shut out when one is lost."""

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from io import BytesIO
from pathlib import Path
from xml.sax.saxutils import escape
from zipfile import ZipFile, ZipInfo

import msgspec
import segno

from hub.authority import HUB, Authority, Issued
from hub.broker import access
from hub.settings import Settings
from models.home import Home, Sensor
from models.spoken import HELP_IS_COMING

OUTBOX = "/var/lib/nightlight/outbox.db"
_LABEL = """<svg xmlns="http://www.w3.org/2000/svg" width="62mm" height="29mm" viewBox="0 0 620 290">
<rect width="620" height="290" fill="#fff"/>
<g transform="translate(10 10)">{code}</g>
<g font-family="sans-serif" fill="#000"><text x="295" y="80" font-size="40" font-weight="bold">Nightlight</text>
<text x="295" y="135" font-size="{size}">{home}</text>
<text x="295" y="185" font-size="24">kit {serial}</text>
<text x="295" y="225" font-size="24">made {made:%d %b %Y}</text></g>
</svg>
"""
_README = """Kit of home {home}, made {made:%d %B %Y}, certificate {serial}

All of it, with why, is in firmware_config/README.md of Nightlight. In short, at the depot, in a checkout of Nightlight:

1. pip wheel --no-deps .     makes the program, nightlight-....whl
2. Write Raspberry Pi OS Lite (64 bit) onto a card, without the Imager's settings. lsblk tells its name, say /dev/sdX:
     sudo firmware_config/card/partition /dev/sdX
     sudo mount /dev/sdX1 /mnt
     sudo firmware_config/card/fill /mnt THIS-FOLDER nightlight-....whl
   Put the Zigbee stick's name into /mnt/nightlight/zigbee2mqtt/configuration.yaml, where it says FILL-IN.
     sudo umount /mnt
3. Put the card into the Pi, at a network that reaches {host}, port {port}. It sets itself up and starts anew.
4. On the Pi: sudo nightlight-edge check     Every line that begins with 'wrong' says what to do.
5. Pair the sensors, each under the name that kit-list.toml gives it, press the pendant, and see it arrive at the hub.
6. Print label.svg (62 x 29 mm) and put it onto the box. There is no secret on it.

kit.key is this kit's secret: with it one can speak for this home. Once the kit works, delete this folder from every
other machine. If the card or this folder is lost, have the hub shut it out: nightlight-hub kit revoke {home}

kit.toml       which home, which hub, which sensors
kit.pem        says that this kit speaks for {home}
hub-ca.pem     by which the kit knows the hub
kit-list.toml  rooms and sensors, for 'nightlight-hub load'
acl.txt        for a broker of your own that keeps a list by home
"""


class CannotBeMade(Exception):
    """The folder is taken, or it is not settled where kits find the hub."""


@dataclass(frozen=True, slots=True)
class Kit:
    """What was issued, and the files of the bundle by name."""

    issued: Issued
    files: Mapping[str, bytes]

    def write(self, folder: Path) -> None:
        """Into a folder that is new or empty. Raises CannotBeMade, OSError."""
        check_folder(folder)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name, content in self.files.items():
            _write(folder / name, content, _mode(name))

    def zipped(self) -> bytes:
        """In a folder called after the home."""
        packed = BytesIO()
        with ZipFile(packed, "w") as zipped:
            for name, content in self.files.items():
                entry = ZipInfo(f"{self.issued.home}-kit/{name}", self.issued.at.timetuple()[:6])
                entry.external_attr = _mode(name) << 16
                zipped.writestr(entry, content)
        return packed.getvalue()


class Depot:
    """Where this hub makes kits, lists them, and shuts them out."""

    def __init__(self, settings: Settings) -> None:
        self._settings, self.where = settings, settings.kits

    @property
    def authority(self) -> Authority:
        return Authority(self._settings.authority)

    def make(self, home: Home, by: str, now: datetime, speaks: str = "") -> Kit:
        """With a certificate of its own; `speaks` is its voice's language, '' for none. Raises CannotBeMade."""
        if speaks and speaks not in HELP_IS_COMING:
            raise CannotBeMade(f"a kit speaks {', '.join(sorted(HELP_IS_COMING))}, not '{speaks}'")
        if self.where is None:
            raise CannotBeMade("set kits_host and kits_port, or broker_host: where does a kit find the hub?")
        authority = self.authority
        pair = authority.issue(home.id, by, now)
        said = {
            "home": home.id,
            "made": now,
            "serial": short(pair.issued),
            "host": self.where[0],
            "port": self.where[1],
        }
        texts = {
            "kit.toml": settings_text(home, self.where, speaks),
            "kit-list.toml": list_text(home),
            "acl.txt": f"user {home.id}\n{access(home.id)}",
            "label.svg": label(home.id, self._fitting_page(home.id), pair.issued),
            "README.txt": _README.format(**said),
        }
        certificates = {"kit.pem": pair.certificate, "hub-ca.pem": authority.certificate.read_bytes()}
        files = {name: text.encode() for name, text in texts.items()}
        return Kit(pair.issued, {**files, **certificates, "kit.key": pair.key})

    def for_broker(self, by: str, now: datetime) -> Kit:
        """What a broker of one's own needs, and the certificate by which it knows the hub. Raises CannotBeMade."""
        if self.where is None:
            raise CannotBeMade("set kits_host or broker_host: by which name do kits reach the broker?")
        authority = self.authority
        authority.prove(self.where[0], now)
        pair = authority.issue(HUB, by, now)
        read = (authority.broker_key, authority.broker_certificate, authority.certificate, authority.revoked)
        listed = f"user {HUB}\ntopic readwrite nightlight/#\n\n{access('%u')}".encode()
        files = {"hub.key": pair.key, "hub.pem": pair.certificate, "access": listed}
        return Kit(pair.issued, {**{file.name: file.read_bytes() for file in read}, **files})

    def _fitting_page(self, home: str) -> str:
        url = self._settings.public_url
        return f"{url.rstrip('/')}/installer/commission/{home}" if url else f"nightlight:{home}"


def check_folder(folder: Path) -> None:
    """Raises CannotBeMade where a kit would be written over something."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise CannotBeMade(f"{folder} is there already: name a folder that is new or empty")


def settings_text(home: Home, where: tuple[str, int], speaks: str = "") -> str:
    """The home agent's settings."""
    head: dict[str, object] = {
        "home": home.id,
        "hub_host": where[0],
        "hub_port": where[1],
        "hub_ca": "hub-ca.pem",
        "hub_cert": "kit.pem",
        "hub_key": "kit.key",
        "outbox": OUTBOX,
        "local_host": "127.0.0.1",
        **_if(speaks=speaks),
    }
    sensors = [_with_source(sensor) for sensor in home.sensors]
    tables = [
        _table("sensors", {"id": one.id, "kind": one.kind, "source": one.source, **_if(inverted=one.inverted)})
        for one in sensors
    ]
    return "\n".join([_lines(head), *tables])


def list_text(home: Home) -> str:
    """The rooms and sensors as `nightlight-hub load` and `kit new --list` read them."""
    said = msgspec.to_builtins(home)
    limits, _ = said.pop("limits"), said.pop("sensors")
    said = {key: value for key, value in said.items() if value is not None and key not in ("ended", "erased_at")}
    tables = [_table("homes.sensors", _if(**msgspec.to_builtins(_with_source(one)))) for one in home.sensors]
    return "\n".join([_table("homes", said), f"[homes.limits]\n{_lines(limits)}", *tables])


def label(home: str, link: str, issued: Issued) -> str:
    """An SVG of 62 x 29 mm: the code holds `link`, and nothing on it is secret."""
    code = segno.make(link, error="m", micro=False)
    width, _ = code.symbol_size(border=2)
    drawn = code.svg_inline(scale=round(270 / width, 3), border=2)
    return _LABEL.format(
        code=drawn, home=escape(home), size=min(36, 500 // max(len(home), 1)), serial=short(issued), made=issued.at
    )


def short(issued: Issued) -> str:
    """Enough of a serial to tell a home's kits apart."""
    return issued.serial[:8]


def listed(ledger: Iterable[Issued], now: datetime) -> Iterable[str]:
    """A line for each certificate."""
    for one in ledger:
        yield f"{one.home}  {short(one)}  made {one.at:%Y-%m-%d} by {one.by}  {standing_of(one, now)}"


def standing_of(one: Issued, now: datetime) -> str:
    if one.revoked_at is not None:
        return f"revoked {one.revoked_at:%Y-%m-%d} by {one.revoked_by}"
    return f"good until {one.until:%Y-%m-%d}" if one.until > now else f"EXPIRED {one.until:%Y-%m-%d}"


def _with_source(sensor: Sensor) -> Sensor:
    return sensor if sensor.source else replace(sensor, source=f"zigbee2mqtt:{sensor.id}")


def _if(**said: object) -> dict[str, object]:
    """Only what says something."""
    return {key: value for key, value in said.items() if value}


def _table(name: str, content: Mapping[str, object]) -> str:
    return f"[[{name}]]\n{_lines(content)}"


def _lines(content: Mapping[str, object]) -> str:
    """What JSON writes of texts, numbers and truth, TOML reads."""
    return "".join(f"{key} = {json.dumps(value, ensure_ascii=False)}\n" for key, value in content.items())


def _mode(name: str) -> int:
    return 0o600 if name.endswith(".key") else 0o644


def _write(path: Path, content: bytes, mode: int) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(content)
