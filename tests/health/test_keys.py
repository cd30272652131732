"""Keys that are missing or odd are told, and never shown."""

import base64
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from flows.alert_settings import AlertSettings
from flows.health import keys
from flows.outlet_settings import WebSettings
from flows.settings import Settings

GOOD = "SG." + "a" * 22 + "." + "b" * 43


def outlets(**outlet: object) -> Settings:
    return Settings.model_validate(
        {"outlet": "out", "outlets": {"out": outlet}, "unsubscribe": "stop@nordholz.test"}
    )


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (GOOD, ("fine", "key_fine")),
        (GOOD + "\n", ("fine", "key_fine")),
        ("", ("broken", "key_missing")),
        (f'"{GOOD}"', ("broken", "key_quoted")),
        ("hunter2", ("look", "sendgrid_key_odd")),
    ],
)
def test_a_key_of_sendgrid_is_looked_at_and_not_shown(value: str, told: tuple[str, str]) -> None:
    (found,) = keys.outlets(outlets(kind="sendgrid").outlets, {"SENDGRID_API_KEY": value})
    assert (found.grade, found.key) == told
    assert not value.strip() or value.strip().strip('"') not in str(found)


def test_a_mail_server_needs_its_password_and_its_signing_key() -> None:
    dkim = {"selector": "nov", "key": "DKIM_KEY"}
    smtp = outlets(kind="smtp", host="h", user="me", password="PASS", dkim=dkim).outlets
    assert [each.key for each in keys.outlets(smtp, {})] == ["key_missing", "key_missing"]
    given = {"PASS": "secret", "DKIM_KEY": "nonsense"}
    assert [each.key for each in keys.outlets(smtp, given)] == ["key_fine", "signing_key_odd"]


def test_public_keys_have_to_be_readable() -> None:
    public = generate_private_key(SECP256R1()).public_key()
    good = base64.b64encode(
        public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    ).decode()
    (fine,) = keys.webhooks(WebSettings(sendgrid_keys=[good]), {})
    (odd,) = keys.webhooks(WebSettings(sendgrid_keys=[good, "MFkw", "~"]), {})
    assert (fine.key, odd.key, odd.parts["which"]) == ("public_keys_fine", "public_key_odd", "2, 3")


def test_the_secret_of_the_inbound_address_has_to_be_long() -> None:
    web = WebSettings.model_validate({"inbound": {"secret": "INBOUND"}})
    assert [each.key for each in keys.webhooks(web, {"INBOUND": "short"})] == [
        "inbound_secret_short"
    ]
    assert [each.key for each in keys.webhooks(web, {"INBOUND": "x" * 16})] == ["key_fine"]


def test_events_nobody_lets_in_are_told() -> None:
    ways = outlets(kind="sendgrid").outlets
    assert [each.key for each in keys.events_unheard(ways, WebSettings())] == ["events_unheard"]
    assert keys.events_unheard(outlets(kind="folder").outlets, WebSettings()) == []


def test_the_secret_of_links_is_looked_at_and_not_made(tmp_path: Path) -> None:
    def told(**environment: str) -> str:
        (found,) = keys.links(tmp_path, environment)
        return found.key

    file = tmp_path / "var" / "secret.key"
    assert told() == "link_secret_to_be_made"
    assert not file.exists()
    assert told(STAMMKUNDE_SECRET="x" * 32) == "key_fine"
    assert told(STAMMKUNDE_SECRET="new-and-long-enough short") == "link_secret_short"
    file.parent.mkdir()
    file.touch(mode=0o600)
    assert told() == "link_secret_empty"
    file.write_text("a" * 64, encoding="ascii")
    assert told() == "link_secret_kept"
    file.chmod(0o644)
    assert told() == "link_secret_open"


def test_the_address_of_the_webhook_may_be_in_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hidden = AlertSettings.model_validate({"webhook": "SHOP_ALERTS"})
    monkeypatch.delenv("SHOP_ALERTS", raising=False)
    assert [each.key for each in keys.alerts(hidden)] == ["alert_address_missing"]
    monkeypatch.setenv("SHOP_ALERTS", "https://chat.test/hook")
    assert [each.key for each in keys.alerts(hidden)] == ["key_fine"]
    plain = AlertSettings.model_validate({"webhook": "https://chat.test/hook"})
    assert keys.alerts(plain) == keys.alerts(None) == []
