from pathlib import Path

import pytest

from hub.settings import Settings, read_settings, secret
from models.settings import BadSettings


def test_everything_has_a_default() -> None:
    settings = read_settings(None)
    assert settings == Settings()
    assert settings.records == "sqlite:///nightlight-data/records.db"
    assert settings.broker == ("127.0.0.1", 1883)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("colour = 'blue'", "unknown key 'colour'"),
        ("port = 'eight'", "port"),
        ("port = 99999", "no port"),
        ("broker_password_file = '/nowhere/at/all'", "can't be read"),
        ("port = ", "Invalid value"),
        ("country_code = 0", "44 and 353 are"),
    ],
)
def test_what_is_not_meant_is_refused_and_named(tmp_path: Path, content: str, complaint: str) -> None:
    file = tmp_path / "hub.toml"
    file.write_text(content)
    with pytest.raises(BadSettings, match=complaint) as refused:
        read_settings(str(file))
    assert str(file) in str(refused.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match="No such file"):
        read_settings(str(tmp_path / "hub.toml"))


def test_secrets_come_from_files(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("open sesame\n")
    assert secret(str(tmp_path / "password")) == "open sesame"
    assert secret(None) is None


def test_a_broker_with_a_certificate_is_spoken_to_over_tls(tmp_path: Path) -> None:
    (tmp_path / "ca").write_text("-")
    (tmp_path / "hub.toml").write_text(f"broker_host = 'b'\nbroker_ca = '{tmp_path / 'ca'}'")
    assert read_settings(str(tmp_path / "hub.toml")).broker == ("b", 8883)
