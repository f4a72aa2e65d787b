"""The brokers' configurations, each started by the real mosquitto."""

import getpass
import subprocess
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

from hub.kits import Depot
from hub.settings import Settings
from tests.conftest import eventually, free_port, hung_up, wanted

CONFIG = Path(__file__).parents[2] / "firmware_config"
SHOWN = "homeassistant/binary_sensor/nightlight_h/hall_pir/config"
pytestmark = pytest.mark.broker


class Running:
    def __init__(self, folder: Path, conf: str) -> None:
        folder.chmod(0o777)
        file = folder / "tried.conf"
        file.write_text(f"user {getpass.getuser()}\n{conf.replace('/var/lib/mosquitto/', f'{folder}/')}")
        self.process = subprocess.Popen([wanted("mosquitto"), "-c", str(file)], stderr=subprocess.PIPE)

    def end(self) -> str:
        """What it complained about."""
        self.process.terminate()
        return self.process.communicate(timeout=60)[1].decode()


class Ear:
    """A client that keeps what it hears."""

    def __init__(self, port: int, subscribed: str, host: str = "127.0.0.1", **tls: str) -> None:
        self.heard: list[tuple[str, bytes]] = []
        self.client = Client(CallbackAPIVersion.VERSION2)
        if tls:
            self.client.tls_set(tls["ca"], tls["cert"], tls["key"])
        self.client.on_connect = lambda client, *_: client.subscribe(subscribed, 1)
        self.client.on_message = self._hear
        self.host, self.port, self.subscribed = host, port, False
        self.client.on_subscribe = lambda *_: setattr(self, "subscribed", True)

    def _hear(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        self.heard.append((message.topic, bytes(message.payload)))

    def start(self) -> "Ear":
        eventually(self._connects)
        self.client.loop_start()
        eventually(lambda: self.subscribed)
        return self

    def _connects(self) -> bool:
        try:
            return self.client.connect(self.host, self.port) == 0
        except ConnectionRefusedError:
            return False

    def say(self, topic: str, content: bytes) -> None:
        self.client.publish(topic, content, 1).wait_for_publish(5)

    def close(self) -> None:
        hung_up(self.client)


@pytest.fixture
def own(tmp_path: Path) -> Iterator[tuple[int, Path]]:
    """hub.conf with the files of `nightlight-hub kit broker`: its port, and the folder of certificates."""
    now, port, folder = datetime.now(UTC), free_port(), tmp_path / "files"
    depot = Depot(Settings(data_dir=str(tmp_path), broker_host="127.0.0.1"))
    depot.for_broker("sunita", now).write(folder)
    authority = depot.authority
    for home in ("h_okafor", "h_lindqvist"):
        pair = authority.issue(home, "ivan", now)
        (folder / f"{home}.pem").write_bytes(pair.certificate)
        (folder / f"{home}.key").write_bytes(pair.key)
    conf = (CONFIG / "mosquitto" / "hub.conf").read_text()
    here = conf.replace("/etc/mosquitto/nightlight/", f"{folder}/").replace(
        "listener 8883", f"listener {port} 127.0.0.1"
    )
    broker = Running(tmp_path, here)
    yield port, folder
    assert "Error" not in broker.end()


def test_at_a_broker_of_ones_own_a_home_reaches_its_own_topics_and_the_hub_all(own: tuple[int, Path]) -> None:
    port, folder = own

    def ear(who: str, subscribed: str) -> Ear:
        files = {"ca": str(folder / "ca.pem"), "cert": str(folder / f"{who}.pem"), "key": str(folder / f"{who}.key")}
        return Ear(port, subscribed, **files).start()

    with (
        closing(ear("hub", "nightlight/#")) as hub,
        closing(ear("h_okafor", "#")) as okafor,
        closing(ear("h_lindqvist", "nightlight/1/h_lindqvist/down")) as lindqvist,
    ):
        okafor.say("nightlight/1/h_lindqvist/up", b"not mine")
        okafor.say("nightlight/1/h_okafor/down", b"not for me to say")
        okafor.say("nightlight/1/h_okafor/up", b"mine")
        eventually(lambda: ("nightlight/1/h_okafor/up", b"mine") in hub.heard)
        assert len(hub.heard) == 1
        hub.say("nightlight/1/h_lindqvist/down", b"help is coming")
        hub.say("nightlight/1/h_okafor/receipt", b"stored")
        eventually(lambda: (len(okafor.heard), len(lindqvist.heard)) == (1, 1))
        assert okafor.heard[0][0] == "nightlight/1/h_okafor/receipt", "the neighbour's were not among all it asked for"


def test_a_wifi_sensor_needs_its_password_and_speaks_below_its_own_name(tmp_path: Path) -> None:
    port, wifi = free_port(), free_port()
    conf = (CONFIG / "system/etc/mosquitto/mosquitto.conf").read_text().replace("listener 1883", f"listener {port}")
    (tmp_path / "conf.d").mkdir()
    added = (CONFIG / "mosquitto/wifi-sensors.conf").read_text().replace("listener 1884", f"listener {wifi} 127.0.0.1")
    (tmp_path / "conf.d/wifi-sensors.conf").write_text(added.replace("/etc/mosquitto/", f"{tmp_path}/"))
    (tmp_path / "wifi-sensors.access").write_text((CONFIG / "mosquitto/wifi-sensors.access").read_text())
    words: list[str | Path] = [
        wanted("mosquitto_passwd"),
        "-b",
        "-c",
        tmp_path / "wifi-sensors.passwords",
        "bed_mat",
        "quiet-larch",
    ]
    subprocess.run(words, check=True, capture_output=True)
    subprocess.run([*words[:2], words[3], "family", "loud-plover"], check=True, capture_output=True)
    broker = Running(tmp_path, conf.replace("/etc/mosquitto/conf.d", f"{tmp_path}/conf.d"))
    with closing(Ear(port, "#").start()) as agent:
        mat = Ear(wifi, "bed_mat/#")
        mat.client.username_pw_set("bed_mat", "quiet-larch")
        with closing(mat.start()):
            mat.say("zigbee2mqtt/pendant", b'{"action": "emergency"}')
            mat.say("bed_mat/binary_sensor/bed/state", b"ON")
            eventually(lambda: len(agent.heard) == 1)
        family = Ear(wifi, "#")
        family.client.username_pw_set("family", "loud-plover")
        with closing(family.start()):
            family.say("homeassistant/binary_sensor/nightlight_h/hall_pir/config", b"")
            family.say("zigbee2mqtt/pendant", b'{"action": "emergency"}')
            for topic in ("zigbee2mqtt/hall_pir", "nightlight/1/h/down", SHOWN, "nightlight/h/hall_pir/state"):
                agent.say(topic, b"ON")
            eventually(lambda: len(family.heard) == 2)
            assert [topic for topic, _ in family.heard] == [SHOWN, "nightlight/h/hall_pir/state"]
        refused: list[bool] = []
        stranger = Client(CallbackAPIVersion.VERSION2)
        stranger.on_connect = lambda _client, _data, _flags, reason, _more: refused.append(reason.is_failure)
        stranger.connect("127.0.0.1", wifi)
        stranger.loop_start()
        eventually(lambda: refused)
        hung_up(stranger)
    assert [one for one in agent.heard if one[1] != b"ON" or one[0].startswith("bed_mat")] == [
        ("bed_mat/binary_sensor/bed/state", b"ON")
    ], "neither the mat nor the family speaks for a pendant"
    assert refused[0]
    assert "Error" not in broker.end()
