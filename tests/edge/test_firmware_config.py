"""What goes onto a kit, as far as a machine without pins and radio can try it."""

import getpass
import subprocess
from pathlib import Path

import pytest

from tests.conftest import eventually, free_port, wanted
from tests.edge.test_connection import Ears, connection

CONFIG = Path(__file__).parents[2] / "firmware_config"


@pytest.mark.broker
def test_the_kits_broker_starts_and_listens_to_this_machine_alone(tmp_path: Path) -> None:
    port = free_port()
    text = (CONFIG / "system" / "etc" / "mosquitto" / "mosquitto.conf").read_text()
    assert "listener 1883 127.0.0.1\n" in text
    tmp_path.chmod(0o777)
    (tmp_path / "conf.d").mkdir()
    text = text.replace("/etc/mosquitto/conf.d", str(tmp_path / "conf.d"))
    conf = tmp_path / "kit.conf"
    here = text.replace("1883", str(port)).replace("/var/lib/mosquitto/", f"{tmp_path}/")
    conf.write_text(f"user {getpass.getuser()}\n{here}")
    broker = subprocess.Popen([wanted("mosquitto"), "-c", str(conf)], stderr=subprocess.PIPE)
    ears = Ears()
    kit = connection(port, ears, remembers_us=True)
    try:
        kit.start()
        eventually(lambda: ears.ups == 1)
    finally:
        kit.close()
        broker.terminate()
        _, complaints = broker.communicate(timeout=5)
    assert b"Error" not in complaints


def test_the_radio_bridge_tells_when_a_sensor_spoke() -> None:
    text = (CONFIG / "zigbee2mqtt" / "configuration.yaml").read_text()
    for line in ("  last_seen: ISO_8601", "  qos: 1", "  retain: false"):
        assert f"\n{line}\n" in text
