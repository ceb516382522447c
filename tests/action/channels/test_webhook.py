"""Webhooks: signed so that the receivers' own library takes them, and led to no place inside our networks."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from lianyi.action.channels import accounts, checking
from lianyi.action.channels.contract import Fate, Message
from lianyi.action.channels.models import Account
from lianyi.action.channels.webhook import guard, signing
from lianyi.errors import InputError, RefusedError
from tests.action.channels.servers import Receiver, certificate, delivered

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OLD = "whsec_" + "QUJD" * 10
HERE = "127.0.0.1"


def account(http: Receiver, **more: Any) -> Account:
    return accounts.add("hook", "webhook", {"url": http.url + "/in", "secret": SECRET, "allowed": HERE, **more},
                        by="olga", now=NOW)  # fmt: skip


def to(url: str, **more: Any) -> Message:
    return Message(**{"key": "spring/ann", "to": url, "text": "你好", **more})


def test_the_receivers_own_library_verifies_the_signature(http: Receiver) -> None:
    account(http, old_secret=OLD)
    outcome = delivered("webhook", "hook", to(http.url + "/in", subject="Hi", props={"type": "tea.ready", "n": 1}))[0]
    assert (outcome.fate, outcome.provider_id) == (Fate.SENT, "spring/ann")
    call = http.calls("/in")[0]
    for secret in (SECRET, OLD):
        said = Webhook(secret).verify(call.body.decode(), call.headers)
        assert said["type"] == "tea.ready"
        assert said["data"] == {
            "key": "spring/ann",
            "text": "你好",
            "subject": "Hi",
            "props": {"type": "tea.ready", "n": 1},
        }
    assert call.headers["webhook-id"] == "spring/ann"
    with pytest.raises(WebhookVerificationError):
        Webhook("whsec_" + "WFla" * 10).verify(call.body.decode(), call.headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(call.body.decode().replace("你", "您"), call.headers)


def test_the_signature_of_the_specification() -> None:
    """The example of the specification's reference libraries."""
    made = signing.headers(
        [SECRET], key="msg_p5jXN8AQM9LWM0D4loKWxJek", timestamp=1614265330, body=b'{"test": 2432232314}'
    )
    assert made["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize(
    ("path", "fate", "permanent", "after"),
    [
        ("/status/204", Fate.SENT, False, None),
        ("/status/500", Fate.FAILED, False, None),
        ("/status/401", Fate.FAILED, False, None),
        ("/status/410", Fate.FAILED, True, None),
        ("/status/422", Fate.FAILED, True, None),
        ("/later/7", Fate.FAILED, False, 7.0),
        ("/away", Fate.FAILED, True, None),
        ("/cut", Fate.UNKNOWN, False, None),
    ],
)
def test_what_the_answer_means(http: Receiver, path: str, fate: Fate, permanent: bool, after: float | None) -> None:
    account(http)
    outcome = delivered("webhook", "hook", to(http.url + path))[0]
    assert (outcome.fate, outcome.permanent, outcome.retry_after) == (fate, permanent, after)
    assert [call.path for call in http.calls()] == [path], "one call, and no redirect was followed"


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:{port}/in", "http://localhost:{port}/in", "http://[::1]:{port}/in", "http://2130706433:{port}/",
     "http://[::ffff:127.0.0.1]:{port}/in", "http://0.0.0.0:{port}/in", "http://169.254.169.254/latest/meta-data",
     "http://100.100.100.200/latest/meta-data", "http://10.1.2.3/", "http://192.168.0.1/", "http://[fe80::1]/"],
)  # fmt: skip
def test_addresses_inside_networks_are_not_called(http: Receiver, url: str) -> None:
    account(http, allowed="")
    outcome = delivered("webhook", "hook", to(url.format(port=http.url.rpartition(":")[2])))[0]
    assert (outcome.fate, outcome.permanent) == (Fate.FAILED, True)
    assert "inside a network" in outcome.reason
    assert http.calls() == []


def test_a_name_that_leads_inside_is_refused_and_the_address_looked_at_is_the_one_called(
    http: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name server that answers with a public address first and an inner one afterwards (DNS rebinding)."""
    port = int(http.url.rpartition(":")[2])
    answers = [["93.184.216.34", "127.0.0.1"], ["10.0.0.1"]]
    asked: list[Any] = []

    def resolve(host: Any, *args: Any, **options: Any) -> list[Any]:
        asked.append(host)
        found = answers[0] if host == "two.example" else answers[1] if host == "inner.example" else [host]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    account(http)
    for host in ("two.example", "inner.example"):
        with pytest.raises(RefusedError, match="inside a network"):
            asyncio.run(guard.resolved(host, port, []))
    made = delivered("webhook", "hook", to(f"http://here.example:{port}/in"))
    assert made[0].fate is Fate.FAILED, "here.example resolves to itself, which is no address"
    answers[1] = ["127.0.0.1"]
    outcome = delivered("webhook", "hook", to(f"http://inner.example:{port}/in"))[0]
    assert outcome.fate is Fate.SENT
    assert asked.count("inner.example") == 2, "asked once for the call; the connection went to the address"
    assert http.calls("/in")[0].headers["host"] == f"inner.example:{port}"


ADDRESSES = st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6))


@given(ADDRESSES)
def test_nothing_that_is_not_public_is_allowed(address: Any) -> None:
    if guard.is_allowed(address, []):
        assert address.is_global
        assert not any((address.is_private, address.is_loopback, address.is_link_local, address.is_multicast))


@given(st.ip_addresses(v=4))
def test_an_address_in_another_dress_is_the_same_address(address: ipaddress.IPv4Address) -> None:
    dresses = [f"::ffff:{address}", f"64:ff9b::{address}"]
    for dress in dresses:
        assert guard.is_allowed(ipaddress.ip_address(dress), []) == guard.is_allowed(address, [])


def test_certificates_are_checked_against_the_name_though_the_address_is_called(tmp_path: Path) -> None:
    """The receiver's certificate is of nobody we know, so the call must fail before anything is said."""
    certificate(tmp_path)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    said: list[bytes] = []
    with socket.create_server((HERE, 0)) as server:

        def accept() -> None:
            with server.accept()[0] as raw:
                try:
                    with context.wrap_socket(raw, server_side=True) as secure:
                        said.append(secure.recv(100))
                except (ssl.SSLError, OSError):
                    pass

        thread = threading.Thread(target=accept)
        thread.start()
        url = f"https://127.0.0.1:{server.getsockname()[1]}/in"
        accounts.add("hook", "webhook", {"url": url, "secret": SECRET, "allowed": HERE}, by="olga", now=NOW)
        outcome = delivered("webhook", "hook", to(url))[0]
        thread.join()
    assert (outcome.fate, said) == (Fate.FAILED, [])
    assert "certificate" in outcome.reason.lower()


def test_settings_and_check(http: Receiver) -> None:
    with pytest.raises(InputError, match="secret: write whsec_ and 24 to 64 bytes"):
        account(http, secret="short")
    with pytest.raises(InputError, match="allowed: write addresses or networks"):
        account(http, allowed="home")
    made = account(http)
    assert accounts.address_of("hook", ["user:1"]) == http.url + "/in"
    assert [one.ok for one in checking.check(made, by="olga", now=NOW)] == [True, True, True]
    accounts.change(made, {"allowed": ""}, by="olga", now=NOW)
    assert [one.step for one in checking.check(made, by="olga", now=NOW) if not one.ok] == ["guard"]
