"""nightlight-hub: the programs of the contact centre, and the commands for whoever runs it."""

import argparse
import dataclasses
import getpass
import json
import logging
import secrets
import socket
import sys
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import SQLAlchemyError

from hub.alone import AlreadyRunning
from hub.broker import die_with
from hub.settings import Settings, read_settings
from models.home import Home
from models.people import Account, Role
from models.register import BadRegister, Register, discharges, read_register
from models.settings import BadSettings, address
from models.share import read_share
from models.sheet import zone
from models.telling import plural
from models.wire import Leg, topic

if TYPE_CHECKING:
    from hub.authority import Authority
    from hub.kits import Depot
    from hub.store.chain import Head, Proof

DONE, WRONG, MISUSED = 0, 1, 2


def main(words: Sequence[str] | None = None) -> None:
    asked = _words().parse_args(words)
    logging.basicConfig(
        stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(threadName)s %(message)s"
    )
    for noisy in ("alembic", "sqlalchemy"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    if asked.parent is not None:
        die_with(asked.parent)
    sys.exit(_run(asked))


def _run(asked: argparse.Namespace) -> int:
    command: Callable[[Settings, argparse.Namespace], int] = asked.command
    try:
        return command(read_settings(asked.settings), asked)
    except BadSettings as bad:
        return _refuse(str(bad))
    except AlreadyRunning as taken:
        return _refuse(str(taken))
    except SQLAlchemyError as bad:
        print(f"the database does not answer as it should: {bad}", file=sys.stderr)
        return WRONG


def _refuse(why: str) -> int:
    print(why, file=sys.stderr)
    return MISUSED


def _words() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--settings", metavar="FILE", help="a TOML file; all defaults without one")
    common.add_argument("--parent", type=int, help=argparse.SUPPRESS)
    words = argparse.ArgumentParser(prog="nightlight-hub", description=__doc__)
    verbs = words.add_subparsers(required=True, metavar="COMMAND")

    def verb(name: str, command: Callable[[Settings, argparse.Namespace], int], text: str) -> argparse.ArgumentParser:
        added = verbs.add_parser(name, help=text, description=text, parents=[common])
        added.set_defaults(command=command)
        return added

    verb("serve", _serve, "the whole hub: broker, watch and pages, restarted if they die")
    watch = verb("watch", _watch, "only the life-critical part: ingest, judge, escalate")
    watch.add_argument(
        "--share", metavar="I/N", help="of N watches, as the settings say, the one that hears those homes"
    )
    once = verb(
        "once", _once, "what a hub of several watches does once: reach people, keep what is over, tell relatives"
    )
    for one in (watch, once):
        one.add_argument(
            "--broker", type=address, metavar="HOST:PORT", help="instead of the broker that the settings name"
        )
    cluster = verb(
        "cluster", _cluster, "see to it that the watches run on a Ray cluster, where 'ray_address' names one"
    )
    cluster.add_argument("--end", action="store_true", help="end them, as before other settings hold for them")
    web = verb("web", _web, "only the pages")
    web.add_argument("--listening", type=int, help=argparse.SUPPRESS)
    verb("check", _check, "say what holds: settings, databases, logs, plans")
    verb("load", _load, "put homes and people on record; prints new logins").add_argument("file", type=Path)
    _office(verb)
    kit = verb("kit", _kit, "a home's kit: 'new' makes it, 'list' tells of all, 'revoke' shuts it out for good")
    _kit_words(kit)
    erase = verb("erase-felt", _erase_felt, "delete what pendants felt around suspected falls of one home, for good")
    erase.add_argument("home", help="the id of the home")
    safe = verb("key-safe", _key_safe, "a key safe's code: 'enter' keeps it encrypted, 'rotate' changes the key of all")
    safe.add_argument("action", choices=["enter", "rotate"])
    safe.add_argument("home", nargs="?", help="enter: the id of the home; the code is asked for, or read from a pipe")
    safe.add_argument("--by", default="", help="who does this; your login on this machine unless named")
    verb("counts", _counts, "observations and alerts by home").add_argument("--json", action="store_true")
    lost = verb("unprotected", _unprotected, "minutes in which nothing could have been noticed, by home")
    lost.add_argument("--month", default="", metavar="YYYY-MM", help="the present one without it")
    lost.add_argument("--json", action="store_true")
    copied = verb("backup", _backup, "copy all that is on record into a folder, while the hub runs")
    copied.add_argument("folder", type=Path, help="new or empty; keep it as you would the hub itself")
    copied.add_argument("--with-keys", action="store_true", help="with what opens sealed codes and speaks for kits")
    brought = verb("restore", _restore, "bring such a copy back where nothing is yet")
    brought.add_argument("folder", type=Path)
    drill = verb(
        "drill", _drill, "rehearse a change of hubs: the active one hands over, and another has to be at work soon"
    )
    drill.add_argument("--kill", action="store_true", help="it is killed instead; on its own machine")
    verb("open-alerts", _open_alerts, "what waits for an answer, most urgent first")
    return words


def _kit_words(kit: argparse.ArgumentParser) -> None:
    kit.add_argument(
        "action", choices=["new", "list", "revoke", "broker"], help="'broker': files for a broker of your own"
    )
    kit.add_argument("home", nargs="?", help="the id of the home; 'list' does without")
    kit.add_argument("--out", type=Path, metavar="DIR", help="new, broker: where the files go, new or empty")
    kit.add_argument(
        "--list", type=Path, metavar="FILE", dest="fitted", help="new: put the home on record from this list"
    )
    kit.add_argument(
        "--speaks", default="", metavar="LANG", help="new: the language in which its speaker says that help comes"
    )
    kit.add_argument("--area", help="new: the home's area, instead of the list's")
    kit.add_argument("--serial", default="", help="revoke: only the certificate whose serial begins so")
    kit.add_argument("--by", default="", help="who does this; your login on this machine unless named")


def _office(verb: Callable[..., argparse.ArgumentParser]) -> None:
    """The words of those who keep logins, records and logs."""
    proved = verb("verify-log", _verify_log, "prove the hash-chained logs, or name the first link that is broken")
    proved.add_argument("--heads", type=Path, metavar="FILE", help="write the heads there, to be kept elsewhere")
    proved.add_argument("--against", type=Path, metavar="FILE", help="heads kept earlier: also a lost end shows")
    brought = verb("import", _import, "bring in records by CSV, all or nothing; or observations, which can be resumed")
    brought.add_argument("kind", choices=["homes", "residents", "contacts", "consents", "plans", "observations"])
    brought.add_argument(
        "file", type=Path, nargs="?", help="'-' reads what is piped in; without one a template is printed"
    )
    brought.add_argument("--check", action="store_true", help="records: only say what it would do")
    brought.add_argument("--weeks-later", type=int, default=0, help="observations in CSV: moved on by whole weeks")
    brought.add_argument("--council", default="", help="whose records, where there are several")
    brought.add_argument("--by", default="", help="who does this; your login on this machine unless named")
    out = verb("export", _export, "write observations into a folder; the same again goes on where it was stopped")
    out.add_argument("kind", choices=["observations"])
    out.add_argument("folder", type=Path, help="new or empty")
    out.add_argument("--format", choices=["parquet", "csv"], default="parquet", help="csv leaves out falls and tests")
    out.add_argument("--home", action="append", default=[], help="its id; may be given again; all without it")
    out.add_argument("--since", metavar="YYYY-MM-DD", help="UTC; from the first on unless given")
    out.add_argument("--until", metavar="YYYY-MM-DD", help="UTC, without that day; now unless given")
    out.add_argument("--by", default="", help="who does this; your login on this machine unless named")
    tried = verb("try", _try, "what would other settings have done last month? In one home or in all, counted")
    tried.add_argument("cells", nargs="+", metavar="NAME=VALUE", help="as the sheet of homes has them; quiet_hours=8")
    tried.add_argument("--home", action="append", default=[], help="its id; may be given again; all without it")
    tried.add_argument("--by", default="", help="who does this; your login on this machine unless named")
    tried.add_argument("--json", action="store_true")
    account = verb("account", _account, "who may log in: add, list, password, invite, close, unlock and more")
    deeds = ["add", "list", "password", "invite", "close", "reopen", "unlock", "drop-second", "log-out"]
    account.add_argument("action", choices=deeds, help="'add' and 'password' print a password, 'invite' a link, once")
    account.add_argument("login", nargs="?", help="'list' does without")
    account.add_argument("--by", default="", help="who does this; your login on this machine unless named")
    account.add_argument("--name", default="")
    account.add_argument("--role", choices=[role.value for role in Role], help="add: what their work is")
    account.add_argument(
        "--council", default="", help="whose homes they work for, where the hub serves several councils"
    )
    account.add_argument("--person", help="the id of the contact or resident that this login is")


def _serve(settings: Settings, asked: argparse.Namespace) -> int:
    from hub.supervise import Supervisor

    try:
        return Supervisor(settings, asked.settings, lambda url: print(f"ready {url}", flush=True)).run()
    except OSError as bad:
        return _refuse(f"pages can't be served on {settings.host}:{settings.port}: {bad.strerror}")


def _watch(settings: Settings, asked: argparse.Namespace) -> int:
    from hub.process import run

    try:
        share = read_share(asked.share or "1/1")
    except ValueError as bad:
        return _refuse(f"--share: {bad}")
    if share.count != settings.watches:
        return _refuse(f"--share is {share}, and the settings say that there are {settings.watches} watches")
    return run(_at_broker(settings, asked), share)


def _once(settings: Settings, asked: argparse.Namespace) -> int:
    from hub.process import run

    if settings.watches == 1:
        return _refuse("the settings say that there is one watch, which does this as well")
    return run(_at_broker(settings, asked), None)


def _cluster(settings: Settings, asked: argparse.Namespace) -> int:
    from hub import cluster

    if asked.end:
        print(f"{plural(cluster.end(settings), 'actor')} ended")
        return DONE
    return cluster.drive(settings)


def _at_broker(settings: Settings, asked: argparse.Namespace) -> Settings:
    if not asked.broker:
        return settings
    host, port = asked.broker
    return dataclasses.replace(settings, broker_host=host, broker_port=port)


def _web(settings: Settings, asked: argparse.Namespace) -> int:
    from hub.store import open_store
    from hub.supervise import listening
    from hub.web.app import Server

    open_store(settings)
    held = listening(settings.host, settings.port) if asked.listening is None else socket.socket(fileno=asked.listening)
    Server(settings).run(sockets=[held])
    return DONE


def _check(settings: Settings, _asked: argparse.Namespace) -> int:
    from hub.check import findings

    found = list(findings(settings))
    for good, text in found:
        print(f"{'holds' if good else 'WRONG'}  {text}")
    return DONE if all(good for good, _ in found) else WRONG


def _load(settings: Settings, asked: argparse.Namespace) -> int:
    try:
        register = _register(asked.file)
    except OSError as bad:
        return _refuse(f"{asked.file}: {bad.strerror}")
    except BadRegister as bad:
        print(f"{asked.file}: {bad}", file=sys.stderr)
        return WRONG
    print(json.dumps(_loaded(settings, register), indent=1))
    return DONE


def _register(file: Path) -> Register:
    """Raises OSError, and BadRegister also for homes that could not be watched, and days that are still to come."""
    register = read_register(file.read_bytes(), toml=file.suffix == ".toml")
    wrong = [*_unusable(register.homes), *discharges(register, datetime.now(UTC).date())]
    if wrong:
        raise BadRegister("\n".join(wrong))
    return register


def _unusable(homes: Iterable[Home]) -> Iterable[str]:
    """Homes that read well and yet can't be watched."""
    for home in homes:
        try:
            topic(home.id, Leg.UP)
            zone(home.timezone)
        except ValueError as bad:
            yield f"home {home.id}: {bad}"


def _loaded(settings: Settings, register: Register) -> dict[str, str]:
    """The new logins with their passwords, which are nowhere else from now on."""
    from argon2 import PasswordHasher

    from hub.store import open_store
    from hub.store.amendments import Amendment, keep

    records = open_store(settings).records
    known, hasher = records.logins(), PasswordHasher()
    passwords = {one.login: secrets.token_urlsafe(12) for one in register.accounts if one.login not in known}
    records.load(register, {login: hasher.hash(password) for login, password in passwords.items()})
    count = ", ".join(f"{len(getattr(register, kind))} {kind}" for kind in Register.__dataclass_fields__)
    councils = {home.council for home in register.homes} | {one.council for one in register.accounts}
    who, now = f"command: {getpass.getuser()}", datetime.now(UTC)
    keep(records.engine, [Amendment(now, who, one, "register", "", f"loaded {count}") for one in sorted(councils)])
    return passwords


def _verify_log(settings: Settings, asked: argparse.Namespace) -> int:
    from hub.store import open_store
    from hub.store.chain import Head

    try:
        told = json.loads(asked.against.read_text(encoding="utf-8")) if asked.against else {}
        kept = {name: Head(**head) for name, head in told.items()}
    except (OSError, ValueError, TypeError, AttributeError) as bad:
        return _refuse(f"{asked.against}: holds no heads as --heads writes them: {bad}")
    heads, whole = {}, True
    for name, proof in open_store(settings).records.proofs(kept):
        heads[name] = dataclasses.asdict(proof.head)
        whole = whole and proof.broken_at is None and proof.kept
        print(_proved(name, proof, kept.get(name)))
    for name in kept.keys() - heads.keys():
        whole = False
        print(f"BROKEN  {name}: there is no such log any more")
    if asked.heads and whole:
        try:
            asked.heads.write_text(json.dumps(heads, indent=1) + "\n", encoding="utf-8")
        except OSError as bad:
            return _refuse(f"{asked.heads}: {bad.strerror}")
    return DONE if whole else WRONG


def _proved(name: str, proof: "Proof", kept: "Head | None") -> str:
    head = proof.head
    if proof.broken_at is not None:
        return f"BROKEN  {name}: row {proof.broken_at} does not follow from the {plural(head.rows, 'row')} before it"
    if not proof.kept and kept:
        return (
            f"BROKEN  {name}: the kept head (row {kept.id} of {kept.rows}) is not in it: its end was lost or rewritten"
        )
    return f"whole   {name}: {plural(head.rows, 'row')}, head {head.id} {head.link}"


def _import(settings: Settings, asked: argparse.Namespace) -> int:
    from hub.desk import Desk
    from hub.store import open_store
    from models.sheet import SHEETS, template

    if asked.kind == "observations":
        return _import_observations(settings, asked)
    if asked.file is None:
        print(template(SHEETS[asked.kind]), end="")
        return DONE
    try:
        text = (sys.stdin.buffer.read() if str(asked.file) == "-" else asked.file.read_bytes()).decode("utf-8-sig")
    except OSError as bad:
        return _refuse(f"{asked.file}: {bad.strerror}")
    except UnicodeDecodeError:
        return _wrong(f"{asked.file}: is no text in UTF-8")
    desk = Desk(open_store(settings).records.engine, asked.council, datetime.now(UTC).date())
    checked = desk.check(asked.kind, text)
    for one in checked.mistakes:
        print(f"line {one.line}{', ' + one.column if one.column else ''}: {one.text}", file=sys.stderr)
    if checked.mistakes:
        return _wrong(f"{len(checked.mistakes)} to mend: nothing was changed")
    if not asked.check:
        changes = [*checked.added, *(change for _, change, _ in checked.changed)]
        desk.keep(changes, f"command: {asked.by or getpass.getuser()}", datetime.now(UTC), " from a file")
    print(f"{len(checked.added)} new, {len(checked.changed)} changed, {checked.same} the same")
    return DONE


def _import_observations(settings: Settings, asked: argparse.Namespace) -> int:
    from hub.exchange import Importer, Unusable
    from hub.store import open_store
    from hub.store.away import Away, Refused
    from models.recorded import BadTable

    if asked.file is None:
        return _refuse("import observations: from which file or folder?")
    importer = Importer(open_store(settings), settings.data / "import.json", datetime.now(UTC), _said)
    try:
        importer.bring([asked.file], asked.weeks_later, f"command: {asked.by or getpass.getuser()}")
    except (Unusable, BadTable, OSError, Away, Refused) as bad:
        return _wrong(f"{bad}\nmend that, and the same again goes on from there")
    except KeyboardInterrupt:
        return _wrong("stopped: the same again goes on from here")
    print(f"{importer.new} new, {importer.known} known")
    for why, count in sorted(importer.left_out.items()):
        if count:
            print(f"{count} left out: {why}")
    return DONE


def _export(settings: Settings, asked: argparse.Namespace) -> int:
    from hub.exchange import Asked, Unusable, begun, export
    from hub.store import open_store
    from hub.store.away import Away

    now = datetime.now(UTC)
    try:
        store, before = open_store(settings), begun(asked.folder)
        since = datetime.fromisoformat(asked.since).replace(tzinfo=UTC) if asked.since else None
        until = datetime.fromisoformat(asked.until).replace(tzinfo=UTC) if asked.until else None
        since = since or (before.since if before else store.series.beginning() or now)
        until = until or (before.until if before else now)
        wanted = Asked(asked.format, tuple(sorted(asked.home)), since, until)
        actor = f"command: {asked.by or getpass.getuser()}"
        rows = export(store, asked.folder, wanted, actor, now, _said)
    except ValueError as bad:
        return _refuse(str(bad))
    except (Unusable, OSError, Away) as bad:
        return _wrong(str(bad))
    except KeyboardInterrupt:
        return _wrong("stopped: the same again goes on from here")
    print(f"{asked.folder}: {plural(rows, 'observation')}")
    return DONE


def _try(settings: Settings, asked: argparse.Namespace) -> int:
    from hub import lastmonth
    from hub.clock import Clock
    from hub.exchange import Told, Unusable, note, on_record
    from hub.store import open_store

    cells = dict(one.split("=", 1) for one in asked.cells if "=" in one)
    if len(cells) < len(asked.cells):
        return _refuse("settings are given as NAME=VALUE, each once")
    wrong = lastmonth.mistakes(cells)
    if wrong:
        return _refuse("\n".join(f"{one.column}: {one.text}" for one in wrong))
    store, now = open_store(settings), Clock(settings.clock_file).now()
    try:
        homes = on_record(store, asked.home, ended=False)
    except Unusable as bad:
        return _refuse(str(bad))
    note(store, homes, f"command: {asked.by or getpass.getuser()}", now, f"tried {', '.join(asked.cells)} on the past")
    told, found = Told(_said, len(homes), "homes"), list[lastmonth.Tried]()
    try:
        for one in lastmonth.of_homes(settings, [home.id for home in homes], cells, now):
            told.one()
            found.append(one)
            if not asked.json:
                print(lastmonth.line(one), flush=True)
    except KeyboardInterrupt:
        return _wrong(f"stopped after {len(found)} of {plural(len(homes), 'home')}")
    print(json.dumps(lastmonth.document(found), indent=1) if asked.json else lastmonth.total(found))
    return DONE


def _said(text: str) -> None:
    """Over itself where a person looks on, else a line each."""
    print(text, end="\r" if sys.stderr.isatty() else "\n", file=sys.stderr, flush=True)


def _account(settings: Settings, asked: argparse.Namespace) -> int:
    from hub.logins import DEEDS, CannotBeDone, Office
    from hub.store import open_store

    office = Office(settings, open_store(settings), asked.by or getpass.getuser())
    try:
        if asked.action == "list":
            print(json.dumps(office.all(), indent=1))
        elif asked.login is None:
            return _refuse(f"account {asked.action}: which login?")
        elif asked.action == "add" and asked.role is None:
            return _refuse(f"account add: what is their work? Name it: --role {'|'.join(Role)}")
        elif asked.action == "add":
            name, role = asked.name or asked.login, Role(asked.role)
            print(json.dumps(office.add(Account(asked.login, name, role, asked.person, council=asked.council))))
        else:
            print(json.dumps(DEEDS[asked.action](office, asked.login)))
    except CannotBeDone as bad:
        return _refuse(str(bad))
    return DONE


def _kit(settings: Settings, asked: argparse.Namespace) -> int:
    from hub.kits import CannotBeMade, Depot, listed

    depot, now, who = Depot(settings), datetime.now(UTC), asked.by or getpass.getuser()
    if asked.action == "list":
        ledger = depot.authority.ledger()
        print("\n".join(listed((one for one in ledger if asked.home in (None, one.home)), now)))
        return DONE
    if asked.home is None and asked.action != "broker":
        return _refuse(f"kit {asked.action}: of which home?")
    if asked.action == "revoke":
        return _revoke(settings, asked, depot.authority, who)
    if asked.out is None:
        return _refuse(f"kit {asked.action}: name a folder for it with --out")
    if settings.kits is None:
        return _refuse("set kits_host and kits_port, or broker_host: where does a kit find the hub?")
    try:
        return _make(settings, asked, depot, who)
    except (BadRegister, CannotBeMade) as bad:
        return _wrong(str(bad))
    except OSError as bad:
        return _refuse(f"{bad.filename}: {bad.strerror}")


def _make(settings: Settings, asked: argparse.Namespace, depot: "Depot", who: str) -> int:
    from hub.kits import check_folder, short

    now = datetime.now(UTC)
    check_folder(asked.out)
    if asked.action == "broker":
        depot.for_broker(who, now).write(asked.out)
        print(f"{asked.out}: for a broker of your own; hub.pem and hub.key are broker_cert and broker_key here")
        return DONE
    kit = depot.make(_home_of(settings, asked), who, now, asked.speaks)
    kit.write(asked.out)
    issued = kit.issued
    print(f"{asked.out}: the kit of {issued.home}, certificate {short(issued)}, good until {issued.until:%Y-%m-%d}")
    if settings.public_url is None:
        print("the code on its label opens no page: set public_url, and make the kit anew")
    known = (one for one in depot.authority.ledger() if one.home == issued.home and one.revoked_at is None)
    others = [short(one) for one in known if one.serial != issued.serial]
    if others:
        print(f"speak for {issued.home} too, until you revoke them: {', '.join(others)}")
    return DONE


def _revoke(settings: Settings, asked: argparse.Namespace, authority: "Authority", who: str) -> int:
    from hub.kits import short

    ended = authority.revoke(asked.home, who, datetime.now(UTC), asked.serial)
    for one in ended:
        print(f"{one.home}: certificate {short(one)} is revoked")
    if settings.broker_host and ended:
        print(f"hand {authority.revoked} to the broker at {settings.broker_host}, and have it read its files anew")
    return DONE if ended else _wrong(f"{asked.home}: no certificate was good, so none is revoked")


def _home_of(settings: Settings, asked: argparse.Namespace) -> Home:
    """As it is on record; put there first when a kit list is given. Raises BadRegister and OSError."""
    from hub.store import open_store

    records = open_store(settings).records
    if asked.fitted is not None and records.home(asked.home):
        raise BadRegister(
            f"{asked.home} is on record already, and a list would undo what is known of it: leave --list out"
        )
    if asked.fitted is not None:
        listed = _register(asked.fitted).homes
        if len(listed) != 1:
            raise BadRegister(f"{asked.fitted}: holds {plural(len(listed), 'home')}, and a kit list has one")
        home = dataclasses.replace(listed[0], id=asked.home, area=asked.area or listed[0].area)
        wrong = list(_unusable([home]))
        if wrong:
            raise BadRegister("\n".join(wrong))
        records.load(Register(homes=(home,)), {})
    known = records.home(asked.home)
    if known is None:
        raise BadRegister(f"there is no home '{asked.home}' on record: load it, or give a kit list with --list")
    return known


def _wrong(why: str) -> int:
    print(why, file=sys.stderr)
    return WRONG


def _erase_felt(settings: Settings, asked: argparse.Namespace) -> int:
    from hub.store import open_store

    store = open_store(settings)
    if store.records.home(asked.home) is None:
        return _wrong(f"there is no home '{asked.home}' on record")
    print(f"{asked.home}: deleted what was felt around {plural(store.traces.forget(asked.home), 'suspected fall')}")
    return DONE


def _key_safe(settings: Settings, asked: argparse.Namespace) -> int:
    from hub.key_safes import LONGEST, Unreadable, Vault
    from hub.keyring import Keyring
    from hub.store import open_store
    from hub.store.key_safes import KeySafes

    store, vault = open_store(settings), Vault(Keyring(settings.secrets))
    safes, who, now = KeySafes(store.records.engine), asked.by or getpass.getuser(), datetime.now(UTC)
    if asked.action == "rotate":
        vault.new_key()
        try:
            count = safes.reseal(vault.resealed, who, now)
        except Unreadable as bad:
            return _wrong(f"{bad}: the old keys are kept, and nothing was changed")
        vault.drop_old_keys()
        print(f"{plural(count, 'code is', 'codes are')} encrypted by a new key, and the old ones are gone")
        return DONE
    if asked.home is None or store.records.home(asked.home) is None:
        return _refuse(f"there is no home '{asked.home or ''}' on record")
    code = (getpass.getpass("code: ") if sys.stdin.isatty() else sys.stdin.readline()).strip()
    if not code or len(code) > LONGEST:
        return _refuse(f"a code has 1 to {LONGEST} characters")
    safes.enter(asked.home, vault.sealed(asked.home, code), who, now)
    print(f"{asked.home}: the code is kept; it is shown to a responder only with the resident's permission on record")
    return DONE


def _counts(settings: Settings, asked: argparse.Namespace) -> int:
    from hub.store import open_store

    store = open_store(settings)
    rows, raised = store.series.counts(), store.alerts.counts()
    homes: dict[str, Any] = {
        home: {"stored": stored, "distinct": distinct, **raised.get(home, {"alerts": {}, "findings": {}})}
        for home in sorted({home.id for home in store.records.homes()} | set(rows))
        for stored, distinct in [rows.get(home, (0, 0))]
    }
    aside = store.records.set_aside_counts()
    if asked.json:
        print(json.dumps({"homes": homes, "set_aside": aside}, indent=1))
        return DONE
    for home, count in homes.items():
        alerts = ", ".join(f"{n} {kind}" for kind, n in sorted(count["alerts"].items())) or "no alert"
        print(f"{home}  {plural(count['stored'], 'observation')}  {alerts}")
    for reason, n in sorted(aside.items()):
        print(f"set aside  {reason}  {n}")
    return DONE


def _unprotected(settings: Settings, asked: argparse.Namespace) -> int:
    from hub.clock import Clock
    from hub.store import open_store
    from models.protection import SAID, Unprotected, by_reason, minutes, month

    store, now = open_store(settings), Clock(settings.clock_file).now()
    homes = store.records.homes()
    try:
        month(asked.month, now, "UTC")
        months = {home.id: month(asked.month, now, home.timezone) for home in homes}
    except (ValueError, OverflowError):
        return _refuse(f"--month: write it as 2026-11, not '{asked.month}'")
    first, last = (pick(months.values(), default=(now, now)) for pick in (min, max))
    spells = store.health.spells(first[0], last[1], kinds=[*Unprotected])
    found: dict[str, dict[str, Any]] = {}
    for home, within in months.items():
        mine = [one for one in spells if one.concerns(home)]
        reasons = {kind: round(lost, 1) for kind, lost in by_reason(mine, *within).items()}
        found[home] = {"minutes": round(minutes(mine, *within), 1), "reasons": reasons}
    if asked.json:
        print(json.dumps({"homes": found}, indent=1))
        return DONE
    for home_id, lost in sorted(found.items(), key=lambda one: -one[1]["minutes"]):
        why = ", ".join(f"{n:g} {SAID[kind]}" for kind, n in lost["reasons"].items())
        print(f"{home_id}  {lost['minutes']:g} min" + (f"  ({why})" if why else ""))
    return DONE


def _backup(settings: Settings, asked: argparse.Namespace) -> int:
    from hub.backup import Unusable, back_up

    try:
        made = back_up(settings, asked.folder, datetime.now(UTC), with_keys=asked.with_keys)
    except (Unusable, OSError) as bad:
        return _wrong(str(bad))
    none = "no keys: keep secrets, seal.key and ca elsewhere, or --with-keys"
    keys = plural(len(made.keys), "key") if made.keys else none
    print(f"{asked.folder}: {', '.join(made.parts)}; {keys}")
    return DONE


def _restore(settings: Settings, asked: argparse.Namespace) -> int:
    from hub.backup import Unusable, restore
    from hub.store import open_store

    try:
        made = restore(settings, asked.folder)
    except (Unusable, OSError) as bad:
        return _wrong(str(bad))
    store = open_store(settings)
    alerts, homes = store.alerts.open_alerts(), store.records.homes()
    print(f"as of {made.made_at:%Y-%m-%d %H:%M:%S}Z: {plural(len(homes), 'home')}, {plural(len(alerts), 'open alert')}")
    if not made.keys:
        print("the copy holds no keys: put secrets, seal.key and ca in their places, or kits are turned away")
    return DONE


def _drill(settings: Settings, asked: argparse.Namespace) -> int:
    from hub.drill import WITHIN, Unusable, change

    try:
        done = change(settings, kill=asked.kill, say=lambda text: print(text, flush=True))
    except Unusable as bad:
        return _wrong(str(bad))
    print(f"all its loops turn after {done.at_work_s:.1f} s (limit {WITHIN:.0f})")
    print(f"open alerts that were lost: {', '.join(map(str, done.lost)) or 'none'}")
    print("\n".join(done.broken) or "the logs are whole")
    return DONE if done.held else WRONG


def _open_alerts(settings: Settings, _asked: argparse.Namespace) -> int:
    from hub.store import open_store
    from models.urgency import rank

    for alert in sorted(open_store(settings).alerts.open_alerts(), key=rank):
        holder = f" by {alert.holder}" if alert.holder else ""
        print(
            f"{alert.id}  {alert.kind}  {alert.home}  {alert.state}{holder}  since {alert.raised_at:%Y-%m-%d %H:%M:%S}Z"
        )
    return DONE


if __name__ == "__main__":
    main()
