"""Pages of channels: set up, checked, tried, turned off; a secret goes in and is never seen again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse

from lianyi.action.channels import accounts
from lianyi.action.channels.matrix.listening import Gap, Progress, RoomRead, save
from lianyi.action.channels.models import Account
from lianyi.action.team.models import Act
from lianyi.workspace import Workspace
from tests.action.channels.servers import Server, smtp
from tests.doors.standing import Standing

SECRET = "s3cret-word"
MAIL = {"name": "mail", "host": "smtp.invalid", "port": "587", "encryption": "starttls", "user": "hello",
        "password": SECRET, "from_address": "hello@tea.test", "imap_port": "993",
        "messages_per_connection": "100"}  # fmt: skip


@pytest.fixture(scope="module")
def mail_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with smtp(tmp_path_factory.mktemp("smtp")) as server:
        yield server


def text(answer: Any) -> str:
    return str(answer.content.decode())


def test_a_channel_is_set_up_changed_and_removed_and_its_secret_is_never_shown(
    standing: Standing, brand: Workspace
) -> None:
    owner = standing.owner
    assert "E-mail (SMTP)" in text(owner.get(reverse("channels")))
    made = owner.post(reverse("channel_new", args=["email"]), MAIL)
    assert (made.status_code, made.headers["Location"]) == (302, reverse("channel", args=["mail"]))
    page = text(owner.get(reverse("channel", args=["mail"])))
    assert "It is set and never shown" in page
    assert SECRET not in page + text(owner.get(reverse("channels")))
    changed = {**{name: value for name, value in MAIL.items() if name != "name"}, "password": "", "per_second": "2.5"}
    assert owner.post(reverse("channel", args=["mail"]), {**changed, "host": "smtp2.invalid"}).status_code == 302
    given = accounts.configured(Account.objects.get())
    assert (given.settings["host"], given.settings["password"]) == ("smtp2.invalid", SECRET)
    assert accounts.limits("mail").per_second == 2.5
    assert owner.post(reverse("channel_turn", args=["mail"]), {"on": "0"}).status_code == 302
    assert accounts.names() == []
    assert "turned off" in text(owner.get(reverse("channels")))
    assert owner.post(reverse("channel_key")).status_code == 302
    assert owner.post(reverse("channel_remove", args=["mail"])).status_code == 302
    acts = list(Act.objects.filter(what__startswith="channel.").order_by("id").values_list("what", flat=True))
    assert acts == ["channel.add", "channel.change", "channel.off", "channel.rotate", "channel.remove"]
    assert SECRET not in str(list(Act.objects.values()))
    assert SECRET.encode() not in b"".join(path.read_bytes() for path in Path(brand.folder).glob("*.sqlite3*"))


def test_what_is_wrong_stands_beside_its_field(standing: Standing) -> None:
    answer = standing.owner.post(reverse("channel_new", args=["email"]), {**MAIL, "host": "not a host", "name": "Big"})
    assert answer.status_code == 422
    assert "write the name of a host" in text(answer)
    assert SECRET not in text(answer), "what was entered as a secret is not sent back"
    answer = standing.owner.post(reverse("channel_new", args=["email"]), {**MAIL, "name": "Big name"})
    assert "Small letters, digits" in text(answer)
    assert standing.owner.get(reverse("channel_new", args=["pigeon"])).status_code == 404


def test_what_is_wrong_is_said_in_the_language_of_the_page(standing: Standing) -> None:
    owner = standing.owner
    owner.post(reverse("channel_new", args=["email"]), MAIL)
    owner.post(reverse("set_language"), {"language": "zh-hans", "next": "/"})
    answer = owner.post(reverse("channel_new", args=["email"]), {**MAIL, "host": "not a host"})
    assert "请填写主机名" in text(answer)
    answer = owner.post(reverse("channel_new", args=["email"]), MAIL)
    assert "已有名为" in text(answer)
    answer = owner.post(reverse("channel_new", args=["sms"]), {"name": "s", "provider": "tencent"})
    assert "没有填写；tencent 需要" in text(answer)
    page = text(owner.post(reverse("channel_check", args=["mail"]), follow=True))
    assert "无法解析" in page
    owner.post(reverse("set_language"), {"language": "en", "next": "/"})
    assert "is not known" in text(owner.get(reverse("channel", args=["mail"]))), "a check is read in any language"


def test_the_check_and_the_test_message_say_what_is_so(standing: Standing, mail_server: Server) -> None:
    owner = standing.owner
    here = {"host": "127.0.0.1", "port": str(mail_server.port), "encryption": "none", "user": "", "password": ""}
    owner.post(reverse("channel_new", args=["email"]), {**MAIL, **here})
    page = text(owner.post(reverse("channel_check", args=["mail"]), follow=True))
    assert "Everything that can be checked without sending is right." in page
    assert "The server takes hello@tea.test as sender." in page
    page = text(owner.post(reverse("channel_test", args=["mail"]), {"to": "ann@tea.test"}, follow=True))
    assert "The provider has taken the test message." in page
    assert [one.to for one in mail_server.kept()] == ["ann@tea.test"]
    page = text(owner.post(reverse("channel_test", args=["mail"]), {"to": "nobody@tea.test"}, follow=True))
    assert "It was not sent: 550" in page
    page = text(owner.get(reverse("channels")))
    assert "works" in page
    assert "1 taken, 1 refused" in page
    owner.post(reverse("channel", args=["mail"]), {**MAIL, **here, "from_address": "refused@tea.test"})
    page = text(owner.post(reverse("channel_check", args=["mail"]), follow=True))
    assert "The server does not take refused@tea.test as sender" in page


def test_members_without_the_right_see_the_list_only(standing: Standing) -> None:
    standing.owner.post(reverse("channel_new", args=["email"]), MAIL)
    page = text(standing.analyst.get(reverse("channels")))
    assert "mail" in page
    assert "Turn off" not in page
    assert standing.analyst.get(reverse("channel", args=["mail"])).status_code == 403


@pytest.mark.parametrize(
    "kind",
    [
        "email",
        "sms",
        "wecom_app",
        "wecom_mass",
        "wechat_service",
        "matrix",
        "telegram",
        "discord",
        "webhook",
        "apprise",
    ],
)
def test_each_kind_has_a_form_in_both_languages(standing: Standing, kind: str) -> None:
    for language in ("en", "zh-hans"):
        standing.owner.post(reverse("set_language"), {"language": language, "next": "/"})
        answer = standing.owner.get(reverse("channel_new", args=[kind]))
        assert answer.status_code == 200
        assert ("更多设置" if language == "zh-hans" else "More settings") in text(answer)


# --- by API and command line ------------------------------------------------------------------------------------------


def ask(client: Any, method: str, path: str, data: Any = None) -> Any:
    return getattr(client, method)(f"/api/v1/{path}", data, content_type="application/json")


def test_the_api_does_the_same(standing: Standing, mail_server: Server) -> None:
    owner = standing.owner
    kinds = {one["name"]: one for one in ask(owner, "get", "channel-kinds").json()["kinds"]}
    assert {one["name"] for one in kinds["email"]["settings"] if one["required"]} == {"host", "from_address"}
    said = {"host": "127.0.0.1", "port": mail_server.port, "encryption": "none", "from_address": "hello@tea.test",
            "password": SECRET}  # fmt: skip
    made = ask(owner, "post", "channels", {"name": "post", "kind": "email", "settings": said})
    assert made.status_code == 201
    assert made.json()["channel"]["settings"]["password"] == "(set)"
    wrong = ask(owner, "post", "channels", {"name": "x", "kind": "email", "settings": {"host": "a b"}})
    assert (wrong.status_code, wrong.json()["error"]["message"][:5]) == (422, "host:")
    assert ask(owner, "post", "channels/post/check").json()["ok"] is True
    outcome = ask(owner, "post", "channels/post/test", {"to": "api@tea.test"}).json()["outcome"]
    assert outcome["fate"] == "sent"
    changed = ask(owner, "patch", "channels/post", {"settings": {"from_name": "Tea"}, "at_once": 2, "on": False})
    assert (changed.json()["channel"]["settings"]["from_name"], changed.json()["channel"]["on"]) == ("Tea", False)
    assert changed.json()["channel"]["at_once"] == 2
    assert ask(owner, "patch", "channels/post", {"on": True}).json()["channel"]["at_once"] == 2
    assert ask(owner, "post", "channel-key").json() == {"channels": 1}
    assert SECRET not in ask(owner, "get", "channels").content.decode()
    assert ask(standing.analyst, "patch", "channels/post", {"on": False}).status_code == 403
    assert ask(owner, "patch", "channels/post", {"colour": 1}).status_code == 422
    assert ask(owner, "delete", "channels/post").status_code == 200
    assert ask(owner, "get", "channels/post").status_code == 404


def test_a_channel_that_reads_shows_its_rooms_and_what_is_wrong(standing: Standing, brand: Workspace) -> None:
    given = {"url": "https://matrix.invalid", "token": SECRET, "read": True}
    accounts.add("room", "matrix", given, by="olga", now=brand.clock())
    page = reverse("channel", args=["room"])
    assert "No rooms yet" in text(standing.owner.get(page))
    gaps = [Gap(after="t", until="", left=5)]
    rooms = {
        "!a": RoomRead(name="Tea <b>friends</b>", events=7, last=1_772_000_000_000, gaps=gaps),
        "!b": RoomRead(encrypted=True, unreadable=3),
    }  # fmt: skip
    at = brand.clock().isoformat()
    save(brand.folder, "room", Progress(rooms=rooms, at=at, error="token", error_at=at, error_says="401"))
    shown = text(standing.owner.get(page))
    assert "Tea &lt;b&gt;friends" in shown
    for words in ("7 events read", "still being fetched", "Encrypted: 3 messages", "refuses the token", "!b"):
        assert words in shown, words
