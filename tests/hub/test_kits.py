"""What `nightlight-hub kit` makes, and that the kit's own program can use it."""

import re
import stat
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from edge.settings import load
from hub.authority import LASTS, Authority
from hub.settings import read_settings
from hub.store import Store, open_store
from models.home import Home, Sensor, SilenceLimits
from models.observation import SensorKind
from models.register import Register, read_register
from tests.hub.test_app import Done, hub

HOME = Home(
    "h_larch3",
    "Northside",
    (
        Sensor("pendant", SensorKind.PENDANT, "worn", wearer="r_grace"),
        Sensor("cord", SensorKind.PULL_CORD, "bathroom", source="gpio:17"),
        Sensor("bed", SensorKind.BED, "bedroom", source="zigbee2mqtt:mat", inverted=True),
    ),
    limits=SilenceLimits(by_day=timedelta(hours=3)),
    pets=True,
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "hub.toml"
    file.write_text(
        f"data_dir = '{tmp_path / 'data'}'\nport = 0\nkits_host = 'hub.example.org'\nkits_port = 8883\n"
        "public_url = 'https://hub.example.org/'\n"
    )
    return file


@pytest.fixture
def store(file: Path) -> Store:
    store = open_store(read_settings(str(file)))
    store.records.load(Register(homes=(HOME,)), {})
    return store


@pytest.fixture
def bundle(file: Path, store: Store, tmp_path: Path) -> Path:
    done = hub(file, "kit", "new", "h_larch3", "--out", tmp_path / "kit", "--by", "ivan", "--speaks", "cy")
    assert done.returncode == 0, done.stderr
    return tmp_path / "kit"


def test_the_home_agent_reads_its_settings_as_they_are(bundle: Path) -> None:
    settings = load(bundle / "kit.toml")
    assert (settings.home, settings.hub_host, settings.hub_port) == ("h_larch3", "hub.example.org", 8883)
    assert (settings.speaks, settings.local_host) == ("cy", "127.0.0.1")
    assert [(one.id, one.source, one.inverted) for one in settings.sensors] == [
        ("pendant", "zigbee2mqtt:pendant", False),
        ("cord", "gpio:17", False),
        ("bed", "zigbee2mqtt:mat", True),
    ]
    for path in (settings.hub_ca, settings.hub_cert, settings.hub_key):
        assert path is not None
        assert Path(path).parent == bundle
        assert "BEGIN" in Path(path).read_text()


def test_its_key_is_for_its_owner_alone_and_nowhere_else(bundle: Path, tmp_path: Path) -> None:
    assert stat.S_IMODE((bundle / "kit.key").stat().st_mode) == 0o600
    assert stat.S_IMODE(bundle.stat().st_mode) == 0o700
    key = (bundle / "kit.key").read_bytes()
    assert [path for path in tmp_path.rglob("*") if path.is_file() and key in path.read_bytes()] == [bundle / "kit.key"]


def test_its_list_gives_back_the_home_as_it_is_on_record(bundle: Path) -> None:
    (home,) = read_register((bundle / "kit-list.toml").read_bytes(), toml=True).homes
    assert replace(home, sensors=()) == replace(HOME, sensors=())
    assert home.sensors == (replace(HOME.sensors[0], source="zigbee2mqtt:pendant"), *HOME.sensors[1:])


def test_its_label_is_a_drawing_that_names_home_and_kit_and_nothing_secret(bundle: Path, file: Path) -> None:
    label = (bundle / "label.svg").read_text()
    words = [one.text for one in ET.fromstring(label).iter("{http://www.w3.org/2000/svg}text")]
    serial = hub(file, "kit", "list", "h_larch3").stdout.split()[1]
    assert words[:3] == ["Nightlight", "h_larch3", f"kit {serial}"]
    assert "<path" in label


def test_its_readme_names_the_scripts_that_make_a_card(bundle: Path) -> None:
    named = re.findall(r"firmware_config/[\w/.]+\w", (bundle / "README.txt").read_text())
    assert {"firmware_config/card/partition", "firmware_config/card/fill"} <= set(named)
    assert all((Path(__file__).parents[2] / one).exists() for one in named)


def test_its_access_list_names_this_home_alone(bundle: Path) -> None:
    lines = (bundle / "acl.txt").read_text().splitlines()
    assert lines[0] == "user h_larch3"
    assert all(re.fullmatch(r"topic (read|write|readwrite) nightlight/1/h_larch3/\w+", line) for line in lines[1:])


def test_a_second_kit_does_not_end_the_first(bundle: Path, file: Path, tmp_path: Path) -> None:
    first = hub(file, "kit", "list").stdout.split()[1]
    done = hub(file, "kit", "new", "h_larch3", "--out", tmp_path / "spare")
    assert (done.returncode, f"until you revoke them: {first}" in done.stdout) == (0, True)
    assert "opens no page" not in done.stdout
    assert hub(file, "kit", "revoke", "h_larch3", "--serial", first, "--by", "sunita").returncode == 0
    listed = hub(file, "kit", "list").stdout.splitlines()
    assert ["revoked" in line for line in listed] == [True, False]
    assert "by ivan" in listed[0]
    assert "by sunita" in listed[0]
    file.write_text(file.read_text().replace("public_url", "# public_url"))
    assert "set public_url" in hub(file, "kit", "new", "h_larch3", "--out", tmp_path / "third").stdout


def test_a_kit_list_puts_the_home_on_record_under_its_own_id(file: Path, tmp_path: Path) -> None:
    fitted = tmp_path / "flat.toml"
    fitted.write_text(
        '[[homes]]\nid = "h_flat"\narea = "Depot"\n[[homes.sensors]]\nid="p"\nkind="pendant"\nroom="worn"\n'
    )
    words = ("kit", "new", "h_new", "--list", fitted, "--area", "Southside", "--out", tmp_path / "kit")
    assert hub(file, *words).returncode == 0
    home = open_store(read_settings(str(file))).records.home("h_new")
    assert home is not None
    assert (home.area, home.sensors[0].id) == ("Southside", "p")
    assert load(tmp_path / "kit" / "kit.toml").home == "h_new"
    found_wrong(hub(file, *words[:-1], tmp_path / "again"), "on record already")


def used_wrong(done: Done, words: str) -> None:
    assert (done.returncode, words in done.stderr) == (2, True), done


def found_wrong(done: Done, words: str) -> None:
    assert (done.returncode, words in done.stderr) == (1, True), done


def test_nothing_is_written_over_and_no_certificate_made_for_nothing(bundle: Path, file: Path) -> None:
    before = hub(file, "kit", "list").stdout
    found_wrong(hub(file, "kit", "new", "h_larch3", "--out", bundle), "new or empty")
    found_wrong(hub(file, "kit", "new", "h_nobody", "--out", bundle / "x"), "no home 'h_nobody' on record")
    found_wrong(hub(file, "kit", "revoke", "h_nobody"), "none is revoked")
    found_wrong(hub(file, "kit", "new", "h_larch3", "--out", bundle / "x", "--speaks", "xx"), "a kit speaks cy, de, en")
    assert hub(file, "kit", "list").stdout == before


def test_the_hubs_check_tells_of_kits_and_of_those_that_end_soon(bundle: Path, file: Path, tmp_path: Path) -> None:
    text = hub(file, "check").stdout
    assert "holds  kits find the hub at hub.example.org:8883; 1 certificate is good" in text
    long_ago = datetime.now(UTC) - LASTS + timedelta(days=100)
    Authority(tmp_path / "data" / "ca").issue("h_elm9", "ivan", long_ago)
    assert "WRONG  home h_elm9: its certificate" in hub(file, "check").stdout


def test_used_wrong(file: Path, tmp_path: Path) -> None:
    used_wrong(hub(file, "kit", "new"), "of which home?")
    used_wrong(hub(file, "kit", "new", "h_larch3"), "--out")
    used_wrong(
        hub(file, "kit", "new", "h_a", "--list", tmp_path / "none.toml", "--out", tmp_path / "k"), "No such file"
    )
    file.write_text(f"data_dir = '{tmp_path / 'data'}'\n")
    used_wrong(hub(file, "kit", "new", "h_larch3", "--out", tmp_path / "k"), "kits_host")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("kits_port = 8883", "kits_host is missing"),
        ("kits_port = 0\nkits_host = 'a'", "a port that stays"),
        ("kits_host = 'Straße'", "no name or address"),
        ("kits_port = 8883\nkits_host = 'a'\nbroker_host = 'b'", "keep one"),
        ("broker_cert = 'hub.toml'", "go together"),
    ],
)
def test_settings_that_cannot_be_meant(tmp_path: Path, line: str, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "hub.toml").write_text(line)
    used_wrong(hub(tmp_path / "hub.toml", "kit", "list"), words)
