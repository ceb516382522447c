"""E-mail against a real SMTP server in a process of its own: what arrives, and what is said of what does not."""

from __future__ import annotations

import asyncio
import email
import email.policy
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lianyi.action.channels import accounts, checking
from lianyi.action.channels.contract import Fate, Message, Outcome
from lianyi.action.channels.email.composing import compose
from lianyi.action.channels.email.marks import is_of, mark, verp
from lianyi.action.channels.kinds import kind_of
from lianyi.action.channels.models import Account
from lianyi.errors import InputError
from tests.action.channels.servers import Kept, Server, smtp

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def account(server: Server, **more: Any) -> Account:
    said = {
        "host": "127.0.0.1", "port": server.port, "encryption": "none", "from_address": "hello@tea.test",
        "from_name": "茶 & Co", "bounce_address": "bounces@tea.test", **more,
    }  # fmt: skip
    return accounts.add("mail", "email", said, by="olga", now=NOW)


def send(*messages: Message) -> list[Outcome]:
    made = accounts.configured(accounts.by_name("mail"))

    async def go() -> list[Outcome]:
        channel = await kind_of("email").door().open(made)
        try:
            return list(await asyncio.gather(*(channel.deliver(one) for one in messages)))
        finally:
            await channel.close()

    return asyncio.run(go())


def to(address: str, **more: Any) -> Message:
    return Message(**{"key": f"k:{address}", "to": address, "subject": "Hello", "text": "Hello there", **more})


def read(kept: Kept) -> EmailMessage:
    return email.message_from_bytes(kept.raw, policy=email.policy.default)


def of(server: Server, address: str) -> list[Kept]:
    return [one for one in server.kept() if one.to == address]


def test_a_message_arrives_as_it_was_written(mail_server: Server) -> None:
    made = accounts.configured(account(mail_server, reply_to="team@tea.test"))
    url = "https://tea.test/u/" + "x" * 70
    message = to(
        "ann@example.cn", subject="春茶到了 – come and taste " + "long " * 20, text="你好 Ann\n.\n..dots\n",
        html="<p>你好 <b>Ann</b></p>" + "<i>x</i>" * 500,
        headers={
            "List-Unsubscribe": f"<mailto:u@tea.test>, <{url}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        },
    )  # fmt: skip
    outcome = send(message)[0]
    token = mark(made.seal, message.key, message.to)
    assert outcome == Outcome(fate=Fate.SENT, provider_id=token)
    kept = of(mail_server, "ann@example.cn")[0]
    assert kept.sender == f"bounces+{token}@tea.test"
    mail = read(kept)
    assert mail["Subject"].strip() == message.subject.strip()
    assert mail["From"].addresses[0].display_name == "茶 & Co"
    assert mail["From"].addresses[0].addr_spec == "hello@tea.test"
    assert mail["Reply-To"] == "team@tea.test"
    assert mail["Message-ID"] == f"<{token}@tea.test>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert url in mail["List-Unsubscribe"].replace("\r\n", "")
    plain, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert plain is not None
    assert html is not None
    assert plain.get_content().replace("\r\n", "\n") == message.text
    assert html.get_content().strip() == message.html
    assert mail.get_content_type() == "multipart/alternative"
    assert max(map(len, kept.raw.split(b"\n"))) < 1000


@pytest.mark.parametrize(
    ("name", "permanent", "says"),
    [("busy", False, "450"), ("full", False, "452"), ("nobody", True, "550"), ("spam", True, "554")],
)
def test_the_servers_code_says_whether_trying_again_makes_sense(
    mail_server: Server, name: str, permanent: bool, says: str
) -> None:
    account(mail_server)
    outcome, after = send(to(f"{name}@example.cn")), send(to(f"after-{name}@example.cn"))
    assert (outcome[0].fate, outcome[0].permanent) == (Fate.FAILED, permanent)
    assert says in outcome[0].reason
    assert f"{name}@example.cn" not in outcome[0].reason, "reasons are kept for long; they name nobody"
    assert after[0].fate is Fate.SENT


def test_a_connection_that_breaks_before_the_message_was_given_is_a_failure(mail_server: Server) -> None:
    account(mail_server)
    outcome = send(to("gone@example.cn"))[0]
    assert (outcome.fate, outcome.permanent) == (Fate.FAILED, False)


@pytest.mark.parametrize("name", ["cut", "hush"])
def test_a_connection_that_breaks_after_data_leaves_the_fate_unknown_and_nothing_is_sent_twice(
    mail_server: Server, name: str
) -> None:
    account(mail_server)
    outcome = send(to(f"{name}@example.cn"))[0]
    assert (outcome.fate, outcome.provider_id) == (Fate.UNKNOWN, "")
    assert len(of(mail_server, f"{name}@example.cn")) == (name == "hush")


def test_nobody_answers(mail_server: Server) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        account(mail_server, port=taken.getsockname()[1])
        outcome = send(to("ann@example.cn"))[0]
    assert (outcome.fate, outcome.permanent) == (Fate.FAILED, False)
    assert "no connection to 127.0.0.1" in outcome.reason


def test_many_messages_share_few_connections(mail_server: Server) -> None:
    account(mail_server, messages_per_connection=20)
    made = accounts.configured(accounts.by_name("mail"))

    async def go() -> list[Outcome]:
        channel = await kind_of("email").door().open(made)
        gate = asyncio.Semaphore(4)

        async def one(number: int) -> Outcome:
            async with gate:
                return await channel.deliver(to(f"many{number}@example.cn"))

        outcomes = await asyncio.gather(*map(one, range(100)))
        await channel.close()
        return list(outcomes)

    assert {outcome.fate for outcome in asyncio.run(go())} == {Fate.SENT}
    kept = [one for one in mail_server.kept() if one.to.startswith("many")]
    assert len({one.to for one in kept}) == len(kept) == 100
    assert 5 <= len({one.port for one in kept}) <= 8, "20 messages each, 4 at once"


def test_a_kept_connection_that_the_server_closed_is_replaced_and_nothing_is_lost(mail_server: Server) -> None:
    account(mail_server)
    made = accounts.configured(accounts.by_name("mail"))

    async def go() -> list[Outcome]:
        channel = await kind_of("email").door().open(made)
        first = await channel.deliver(to("stale1@example.cn"))
        for connection in cast("Any", channel)._idle:
            connection.client.transport.abort()  # as if the server had hung up while nothing was to do
        second = await channel.deliver(to("stale2@example.cn"))
        await channel.close()
        return [first, second]

    assert [outcome.fate for outcome in asyncio.run(go())] == [Fate.SENT, Fate.SENT]


@pytest.mark.parametrize(
    "message",
    [
        to("ann@example.cn\r\nRCPT TO:<bob@example.cn>"),
        to("ann@example.cn> SIZE=1"),
        to("ann@example.cn", subject="Hello\r\nBcc: bob@example.cn"),
        to("ann@example.cn", headers={"X-A": "b\r\nBcc: bob@example.cn"}),
        to("ann@example.cn", headers={"X-A\r\nBcc": "bob@example.cn"}),
        to("ann@example.cn", headers={"Bcc": "bob@example.cn"}),
        to("not an address"),
    ],
)
def test_nothing_can_be_injected(mail_server: Server, message: Message) -> None:
    account(mail_server)
    before = len(mail_server.kept())
    outcome = send(message)[0]
    assert (outcome.fate, outcome.permanent) == (Fate.FAILED, True)
    assert len(mail_server.kept()) == before


LINE = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\u2028\u2029"), max_size=200)
BODY = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=2000)


@given(subject=LINE, name=LINE, text=BODY, html=BODY, value=LINE)
def test_what_is_composed_reads_back_the_same(subject: str, name: str, text: str, html: str, value: str) -> None:
    raw = compose(
        sender="a@tea.test", sender_name=name, to="b@tea.test", subject=subject, text=text, html=html,
        message_id="abc@tea.test", at=NOW, headers={"X-Note": value},
    )  # fmt: skip
    assert all(len(line) <= 998 for line in raw.split(b"\r\n"))
    assert b"\n" not in raw.replace(b"\r\n", b"")
    parsed = email.message_from_bytes(raw)
    header = email.header.decode_header(parsed["Subject"])
    read_back = "".join(part.decode(code or "ascii") if isinstance(part, bytes) else part for part, code in header)
    assert read_back == subject
    shown = email.message_from_bytes(raw, policy=email.policy.default)
    assert shown["From"].addresses[0].addr_spec == "a@tea.test"
    parts = [part for part in parsed.walk() if not part.is_multipart()]
    assert len(parts) == (2 if html else 1)
    for part, said in zip(parts, (text, html), strict=False):
        payload = part.get_payload(decode=True)
        assert isinstance(payload, bytes)
        assert payload.decode().splitlines() == ("\r\n".join(said.splitlines()) + "\r\n").splitlines()
    assert parsed.defects == []


def test_a_header_without_a_place_to_fold_is_refused() -> None:
    with pytest.raises(InputError, match="more than 998"):
        compose(sender="a@t.cn", sender_name="", to="b@t.cn", subject="", text="", html="", message_id="a@t.cn", at=NOW,
                headers={"List-Unsubscribe": f"<https://tea.test/{'x' * 1000}>"})  # fmt: skip


@settings(max_examples=30)
@given(st.text(), st.emails())
def test_a_mark_is_of_one_message_to_one_address(key: str, address: str) -> None:
    seal = "ab" * 32
    made = mark(seal, key, address)
    assert made == mark(seal, key, address.upper())
    assert is_of(seal, made, address)
    assert not is_of("cd" * 32, made, address)
    assert not is_of(seal, made, f"x{address}")
    assert len(verp("bounces@tea.test", made).partition("@")[0]) <= 64


@pytest.fixture
def secure(tmp_path: Path) -> Iterator[Server]:
    with smtp(tmp_path / "secure", tls="starttls", login="hello:right") as server:
        yield server


def steps(made: Account) -> dict[str, bool | None]:
    return {finding.step: finding.ok for finding in checking.check(made, by="olga", now=NOW)}


def test_encryption_login_and_sender_are_checked_and_each_fault_is_named(secure: Server) -> None:
    right = {"encryption": "starttls", "user": "hello", "password": "right", "ca": secure.ca}
    made = account(secure, **right)
    assert steps(made) == {"dns": True, "connection": True, "login": True, "sender": True}
    assert send(to("ann@example.cn"))[0].fate is Fate.SENT
    assert len(of(secure, "ann@example.cn")) == 1
    for changed, step, says in (
        ({"password": "wrong"}, "login", "Look at user name and password"),
        ({"ca": ""}, "tls", "certificate is not valid"),
        ({"from_address": "refused@tea.test"}, "sender", "does not take refused@tea.test"),
        ({"host": "nowhere.invalid"}, "dns", "is not known"),
        ({"encryption": "tls"}, "tls", "another kind of encryption"),
    ):
        accounts.remove(made, by="olga")
        made = account(secure, **{**right, **changed})
        found = checking.check(made, by="olga", now=NOW)
        assert [one.step for one in found if not one.ok] == [step], changed
        assert says in str(found[-1])
        made.refresh_from_db()
        assert accounts.state(made, NOW) == "failing"


def test_a_refused_login_is_no_fault_of_the_recipient(secure: Server) -> None:
    account(secure, encryption="starttls", user="hello", password="wrong", ca=secure.ca)
    outcome = send(to("ann@example.cn"))[0]
    assert (outcome.fate, outcome.permanent) == (Fate.FAILED, False)
    assert "the login was refused: 535" in outcome.reason


def test_tls_from_the_start(tmp_path: Path) -> None:
    with smtp(tmp_path / "tls", tls="tls") as server:
        account(server, encryption="tls", ca=server.ca)
        assert send(to("ann@example.cn"))[0].fate is Fate.SENT


def test_a_test_message_is_counted_with_the_account(mail_server: Server) -> None:
    made = account(mail_server)
    assert checking.send_test(made, "test@example.cn", by="olga", now=NOW).fate is Fate.SENT
    assert accounts.described(made, now=NOW)["state"] == "working"
    assert checking.send_test(made, "nobody@example.cn", by="olga", now=NOW).permanent
    assert accounts.this_hour(made, NOW) == (1, 1)
    assert len(of(mail_server, "test@example.cn")) == 1


@pytest.mark.django_db(transaction=True)
def test_sending_by_the_door_of_senders_counts_in_the_end(mail_server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lianyi.action.team.audit.note", lambda *_, **__: None)  # acts can't be deleted after the test
    account(mail_server)

    async def go() -> Outcome:
        async with accounts.opened("mail") as channel:
            return await channel.deliver(to("door@example.cn"))

    assert asyncio.run(go()).fate is Fate.SENT
    made = accounts.by_name("mail")
    assert made.sent == 1
    assert made.heard_at is not None
