"""What an operator of a hub may choose, read from one TOML file; secrets stand in files of their own."""

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

from models.people import Role
from models.settings import BadSettings, settings_from
from models.share import MOST

FILES = (
    "broker_password_file",
    "smtp_password_file",
    "broker_ca",
    "broker_cert",
    "broker_key",
    "clock_file",
    "sms_url_file",
    "sms_reply_secret_file",
    "webhook_secret_file",
    "partner_secret_file",
    "sip_password_file",
    "influx_token_file",
)


@dataclass(frozen=True, slots=True)
class Settings:
    """Defaults make a whole hub on one machine; every field says when one would change it."""

    data_dir: str = "nightlight-data"
    """Where databases, the embedded broker's memory and `hub.json` are kept."""
    host: str = "127.0.0.1"
    """The address that pages are served on; leave it and put a TLS proxy in front to serve others."""
    port: int = 8000
    """The port that pages are served on; 0 takes a free one."""
    broker_host: str | None = None
    """Name a broker of your own; without it the hub runs one for this machine alone."""
    broker_port: int | None = None
    """1883, or 8883 where `broker_ca` is given, unless named."""
    broker_username: str | None = None
    broker_password_file: str | None = None
    broker_ca: str | None = None
    """A file of certificates; given, the broker is spoken to over TLS and must prove itself by them."""
    broker_cert: str | None = None
    """The hub's own certificate, with `broker_key`, where the broker named asks for one."""
    broker_key: str | None = None
    embedded_port: int = 1883
    """The port of the hub's own broker; 0 takes a free one."""
    kits_host: str | None = None
    """The name or address by which kits in homes reach this hub; it stands in the settings that `kit new` makes."""
    kits_port: int | None = None
    """8883, say: opens the hub's own broker to kits in homes, over TLS and for certificates of `kit new` alone."""
    kits_address: str = ""
    """The one address of this machine that kits come in by, where it has more."""
    reserve_mb: int = 64
    """Megabytes of the disk under `data_dir` that are kept for when it is full; more where many homes are watched: ten
    thousand write as much in four hours. 0 keeps none.
    """
    records_url: str | None = None
    """postgresql+psycopg://... where more than one machine needs the records."""
    series_url: str | None = None
    """postgresql+psycopg://... where observations outgrow one file; http(s)://... of an InfluxDB 2 that you run."""
    influx_token_file: str | None = None
    """A token that may read, write and make buckets in `influx_org`; it goes with a `series_url` of InfluxDB."""
    influx_org: str = "nightlight"
    influx_bucket: str = "nightlight"
    """How the names of our buckets there begin."""
    hub_name: str | None = None
    """Name each of several hubs on one PostgreSQL: one is the active one, and another takes over when it ends."""
    watches: int = 1
    """How many processes share the homes, to hear and judge them; more where one is not enough."""
    ray_address: str | None = None
    """Name the head of a Ray cluster (10.0.0.1:6379) whose machines are to run the watches, and `hub_name` with it."""
    clock_file: str | None = None
    """For demonstrations and tests: time runs as this file says."""
    centre_phone: str | None = None
    """The telephone of the contact centre, for relatives to ring while an alert is open."""
    smtp_host: str | None = None
    """The mail server; without it the email transport fails and plans go on to their next step."""
    smtp_port: int = 587
    smtp_from: str = "nightlight@localhost"
    smtp_username: str | None = None
    smtp_password_file: str | None = None
    smtp_starttls: bool = True
    """False only for a mail server on this machine."""
    secrets_dir: str | None = None
    """Keys that the hub makes for itself; name another folder where several machines serve one hub, or to keep them off
    the disk that is backed up. Without it they are in `data_dir`, in a folder of their own.
    """
    sms_url_file: str | None = None
    """The Apprise address of a gateway for text messages, with {to} where the number goes; it holds a password."""
    sms_reply_secret_file: str | None = None
    """Shared with your gateway, which passes on what people send back: 1 on my way, 2 all is fine, 3 help, 4 no."""
    country_code: int = 44
    """Of telephone numbers that are written without one; set yours outside the United Kingdom."""
    push_services: tuple[str, ...] = (
        "fcm.googleapis.com",
        "updates.push.services.mozilla.com",
        "push.apple.com",
        "notify.windows.com",
    )
    """Hosts that browsers may be pushed by; another one only where a browser uses it."""
    webhook_url: str | None = None
    """A system of your own that is to hear of alerts, by ids alone."""
    webhook_secret_file: str | None = None
    partner_url: str | None = None
    """Another contact centre that takes over where nobody here answers; it is told names and addresses."""
    partner_secret_file: str | None = None
    sip_url: str | None = None
    """The REST interface of your Asterisk (https://pbx.example/ari), where the hub itself is to telephone."""
    sip_login: str = "nightlight"
    sip_password_file: str | None = None
    sip_endpoint: str = "PJSIP/{to}@trunk"
    """How your Asterisk rings a number out."""
    public_url: str | None = None
    """How people reach the pages, for links in what they are sent."""
    session_hours: float = 12.0
    """How long a login lasts at most."""
    session_idle_minutes: float = 60.0
    """How long a login lasts that nobody uses; a console that stands open is in use."""
    second_factor_roles: tuple[Role, ...] = (Role.MANAGER, Role.ADMINISTRATOR)
    """Whose login needs a one-time code beside the password; all others may have one."""
    invitation_hours: float = 72.0
    """How long the link holds by which somebody sets their own password."""
    seal_key_file: str | None = None
    """The key of what is encrypted in the records; name it where several machines share them."""
    secure_cookies: bool = False
    """True wherever pages are reached over TLS."""

    @property
    def data(self) -> Path:
        return Path(self.data_dir)

    @property
    def records(self) -> str:
        return self.records_url or f"sqlite:///{self.data / 'records.db'}"

    @property
    def series(self) -> str:
        """The database in which observations stand, with InfluxDB those alone that are new."""
        if self.series_url and not self.to_influx:
            return self.series_url
        return (self.to_influx and self.records_url) or f"sqlite:///{self.data / 'series.db'}"

    @property
    def to_influx(self) -> bool:
        return bool(self.series_url) and str(self.series_url).startswith(("http://", "https://"))

    @property
    def secrets(self) -> Path:
        return Path(self.secrets_dir) if self.secrets_dir else self.data / "secrets"

    @property
    def seal_key(self) -> Path:
        return Path(self.seal_key_file) if self.seal_key_file else self.data / "seal.key"

    @property
    def authority(self) -> Path:
        return self.data / "ca"

    @property
    def kits(self) -> tuple[str, int] | None:
        """Where a kit in a home finds its broker; None where that is not settled."""
        host, port = self.kits_host or self.broker_host, self.kits_port or (self.broker_host and self.broker[1])
        return (host, port) if host and port else None

    @property
    def broker(self) -> tuple[str, int]:
        """Host and port; meaningful once a broker is named."""
        secure = 8883 if self.broker_ca else 1883
        return self.broker_host or "127.0.0.1", self.broker_port or secure


def read_settings(path: str | None) -> Settings:
    """All defaults without a path. Raises BadSettings, which names the file and the key."""
    if path is None:
        return checked(Settings(), "the settings")
    try:
        table = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as bad:
        raise BadSettings(f"{path}: {bad.strerror}") from bad
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as bad:
        raise BadSettings(f"{path}: {bad}") from bad
    return checked(settings_from(Settings, table, path), path)


def checked(settings: Settings, source: str) -> Settings:
    """The same settings, once everything they point to is there."""
    _check_files(settings, source)
    _check_stores(settings, source)
    _check_figures(settings, source)
    if settings.kits_port and not settings.kits_host:
        raise BadSettings(f"{source}: kits_host is missing: by which name do kits reach this hub?")
    if settings.kits_host and not re.fullmatch(r"[A-Za-z0-9.:-]{1,253}", settings.kits_host):
        raise BadSettings(f"{source}: kits_host is '{settings.kits_host}', which is no name or address of a machine")
    if settings.kits_port == 0:
        raise BadSettings(f"{source}: kits_port is 0, and kits need a port that stays: 8883 is usual")
    if settings.kits_port and settings.broker_host:
        raise BadSettings(f"{source}: kits_port opens the hub's own broker, and broker_host names another: keep one")
    if (settings.broker_cert is None) is not (settings.broker_key is None):
        raise BadSettings(f"{source}: broker_cert and broker_key go together")
    for key in ("port", "embedded_port", "smtp_port", "broker_port", "kits_port"):
        port = getattr(settings, key)
        if port is not None and not 0 <= port <= 65535:
            raise BadSettings(f"{source}: {key} is {port}, which is no port")
    return settings


def _check_figures(settings: Settings, source: str) -> None:
    if not 1 <= settings.watches <= MOST:
        raise BadSettings(f"{source}: watches is {settings.watches}, and a hub has 1 to {MOST}")
    if settings.reserve_mb < 0:
        raise BadSettings(f"{source}: reserve_mb is {settings.reserve_mb}, and a disk has no such room: 0 keeps none")
    if not 1 <= settings.country_code <= 999:
        raise BadSettings(f"{source}: country_code is {settings.country_code}, which is none: 44 and 353 are")


def _check_files(settings: Settings, source: str) -> None:
    for key in FILES:
        path = getattr(settings, key)
        if path and not _readable(Path(path)):
            raise BadSettings(f"{source}: {key} is '{path}', which can't be read")
    for name in ("webhook", "partner"):
        if getattr(settings, f"{name}_url") and not getattr(settings, f"{name}_secret_file"):
            raise BadSettings(f"{source}: {name}_secret_file is missing: what is sent to {name}_url has to be signed")


def _check_stores(settings: Settings, source: str) -> None:
    if settings.to_influx and not settings.influx_token_file:
        raise BadSettings(f"{source}: influx_token_file is missing: by which token is the InfluxDB of series_url used?")
    if settings.hub_name is not None and not settings.records.startswith("postgresql"):
        raise BadSettings(f"{source}: hub_name is for hubs that share a PostgreSQL: name it in records_url")
    if settings.ray_address is not None and not (settings.hub_name and settings.broker_host):
        raise BadSettings(f"{source}: ray_address needs hub_name, and a broker_host that every machine reaches")
    if settings.hub_name is not None and settings.series.startswith("sqlite"):
        raise BadSettings(f"{source}: hub_name is for hubs that share their observations: name a series_url as well")


def _readable(path: Path) -> bool:
    try:
        with path.open("rb"):
            return True
    except OSError:
        return False


def secret(path: str | None) -> str | None:
    """The content of a secret's file, without the line's end."""
    return Path(path).read_text(encoding="utf-8").strip() if path else None
