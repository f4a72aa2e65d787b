"""What starts an InfluxDB and shows it: the files read, and agree with the hub and with each other."""

import json
import re
from pathlib import Path
from typing import Any

import yaml

from hub.settings import Settings
from hub.store.influx import KEEPS, MARGIN, MEASUREMENT

HERE = Path(__file__).parents[2] / "firmware_config" / "influxdb"
BUCKETS = {f"{Settings().influx_bucket}-{keep}d" for keep in KEEPS}


def read(name: str) -> Any:
    return yaml.safe_load((HERE / name).read_text(encoding="utf-8"))


def test_the_compose_file_makes_what_the_hub_expects_and_holds_no_secret() -> None:
    services = read("compose.yaml")["services"]
    made = services["influxdb"]["environment"]
    assert made["DOCKER_INFLUXDB_INIT_ORG"] == Settings().influx_org
    assert made["DOCKER_INFLUXDB_INIT_BUCKET"] == f"nightlight-{KEEPS[0]}d"
    assert made["DOCKER_INFLUXDB_INIT_RETENTION"] == f"{KEEPS[0] + MARGIN.days}d"
    for service in services.values():
        assert all(port.startswith("127.0.0.1:") for port in service["ports"])
        secret = [value for key, value in service["environment"].items() if key.endswith(("PASSWORD", "TOKEN"))]
        assert secret
        assert all(re.fullmatch(r"\$\{\w+:\?.+\}", value) for value in secret)
    for mounted in services["grafana"]["volumes"][1:]:
        assert (HERE / mounted.partition(":")[0]).exists()


def test_grafana_finds_its_source_and_the_dashboard_asks_the_hubs_buckets() -> None:
    (source,) = read("grafana/datasource.yaml")["datasources"]
    assert source["jsonData"]["defaultBucket"] in BUCKETS
    (provider,) = read("grafana/dashboards.yaml")["providers"]
    mounted = read("compose.yaml")["services"]["grafana"]["volumes"]
    assert any(f":{provider['options']['path']}/nightlight.json:" in one for one in mounted)
    dashboard = json.loads((HERE / "grafana" / "nightlight.json").read_text(encoding="utf-8"))
    queries = [target["query"] for panel in dashboard["panels"] for target in panel["targets"]]
    assert len(queries) == len(dashboard["panels"]) > 3
    for query in queries:
        assert set(re.findall(r'bucket: "([^"]+)"', query)) <= BUCKETS
        assert f'r._measurement == "{MEASUREMENT}"' in query
    assert {panel["datasource"]["uid"] for panel in dashboard["panels"]} == {source["uid"]}
