"""A copy of all that is on record, taken while the hub runs, and the way back from it.

The records are copied before the observations, so that no copy knows of an observation that it does not hold. Keys
stand in files of their own and are left out, unless asked for: with them whoever holds the copy can read sealed codes
and speak for homes.
"""

import hashlib
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import msgspec
from sqlalchemy import URL, inspect, make_url

from hub.settings import Settings
from hub.store.database import opened

MANIFEST = "backup.json"
KEYS = "keys"


class Unusable(Exception):
    """What stands in the way, and what to do."""


@dataclass(frozen=True, slots=True)
class Part:
    """A file of the copy, what wrote it, and by what it is known to be whole."""

    file: str
    kind: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    made_at: datetime
    parts: dict[str, Part]
    keys: dict[str, str]
    """By file, its sha256."""
    v: int = 1


def back_up(settings: Settings, into: Path, now: datetime, *, with_keys: bool) -> Manifest:
    """Into a folder that is new or empty. Raises Unusable and OSError; what it leaves then has no manifest."""
    _empty(into)
    parts = {name: _copied(name, make_url(url), into) for name, url in _databases(settings)}
    keys = {}
    if with_keys:
        for name, path in _key_files(settings):
            kept = into / KEYS / name
            kept.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            shutil.copy2(path, kept)
            keys[name] = _sum(kept)
    manifest = Manifest(now, parts, keys)
    (into / MANIFEST).write_bytes(msgspec.json.format(msgspec.json.encode(manifest)))
    return manifest


def restore(settings: Settings, from_: Path) -> Manifest:
    """Where nothing is yet. Raises Unusable before anything is changed, for a copy that is not whole as well."""
    manifest = _read(from_)
    for name, url in _databases(settings):
        _fits(manifest.parts.get(name), name, make_url(url))
    taken = [path for path in (settings.secrets, settings.seal_key, settings.authority) if path.exists()]
    if manifest.keys and taken:
        raise Unusable(f"{taken[0]} is there already, and the copy brings keys: choose a data_dir without any")
    for name, url in _databases(settings):
        _brought(from_ / manifest.parts[name].file, make_url(url))
    for name in manifest.keys:
        to = _key_home(settings, name)
        to.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        shutil.copy2(from_ / KEYS / name, to)
    return manifest


def _databases(settings: Settings) -> list[tuple[str, str]]:
    """One, where both stand in the same."""
    both = [("records", settings.records), ("series", settings.series)]
    return both[:1] if settings.records == settings.series else both


def _empty(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise Unusable(f"{folder} is not empty: a copy goes into a folder of its own")


def _copied(name: str, url: URL, into: Path) -> Part:
    if url.get_backend_name() == "sqlite":
        to = into / f"{name}.db"
        if not Path(url.database or "").exists():
            raise Unusable(f"there is no {url.database}: does the settings' data_dir belong to this hub?")
        with closing(sqlite3.connect(str(url.database), timeout=30)) as database:
            database.execute("VACUUM INTO ?", (str(to),))
        to.chmod(0o600)
        return Part(to.name, "sqlite", _sum(to))
    to = into / f"{name}.dump"
    _run("pg_dump", url, "--format=custom", "--no-owner", f"--file={to}")
    to.chmod(0o600)
    return Part(to.name, "postgresql", _sum(to))


def _brought(file: Path, url: URL) -> None:
    if url.get_backend_name() == "sqlite":
        to = Path(url.database or "")
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, to)
        with closing(sqlite3.connect(to)) as database:
            database.execute("PRAGMA journal_mode=WAL")
    else:
        _run("pg_restore", url, "--no-owner", "--exit-on-error", "--single-transaction", str(file))


def _run(program: str, url: URL, *words: str) -> None:
    """The password goes by the environment of the program, which other users of the machine can't read."""
    found = shutil.which(program)
    if found is None:
        raise Unusable(f"{program} is not installed: it comes with PostgreSQL's client programs")
    plain = url.set(drivername="postgresql", password=None).render_as_string(hide_password=False)
    password = {"PGPASSWORD": str(url.password)} if url.password else {}
    done = subprocess.run(
        [found, f"--dbname={plain}", *words],
        env={**os.environ, **password},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise Unusable(f"{program}: {done.stderr.strip()}")


def _read(from_: Path) -> Manifest:
    try:
        manifest = msgspec.json.decode((from_ / MANIFEST).read_bytes(), type=Manifest)
    except FileNotFoundError as bad:
        raise Unusable(f"{from_} holds no {MANIFEST}: it is no copy, or one that was not finished") from bad
    except msgspec.DecodeError as bad:
        raise Unusable(f"{from_ / MANIFEST} does not read: {bad}") from bad
    sums = {part.file: part.sha256 for part in manifest.parts.values()}
    sums |= {f"{KEYS}/{name}": sum_ for name, sum_ in manifest.keys.items()}
    for name, sum_ in sums.items():
        if not (from_ / name).exists() or _sum(from_ / name) != sum_:
            raise Unusable(f"{from_ / name} is missing or not as it was written: use another copy")
    return manifest


def _fits(part: Part | None, name: str, url: URL) -> None:
    backend = url.get_backend_name()
    if part is None or part.kind != backend:
        raise Unusable(f"the copy's {name} are from {part and part.kind}, and the settings name {backend}")
    if backend == "sqlite":
        there = Path(url.database or "").exists()
    else:
        engine = opened(url.render_as_string(hide_password=False))
        there = bool(inspect(engine).get_table_names())
        engine.dispose()
    if there:
        where = url.render_as_string()
        raise Unusable(f"there are {name} at {where} already: a copy goes where nothing is yet")


def _key_files(settings: Settings) -> Iterator[tuple[str, Path]]:
    for name, folder in (("secrets", settings.secrets), ("ca", settings.authority)):
        if folder.exists():
            yield from ((f"{name}/{path.relative_to(folder)}", path) for path in folder.rglob("*") if path.is_file())
    if settings.seal_key.exists():
        yield "seal.key", settings.seal_key


def _key_home(settings: Settings, name: str) -> Path:
    folder, _, rest = name.partition("/")
    return {"secrets": settings.secrets, "ca": settings.authority}[folder] / rest if rest else settings.seal_key


def _sum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
