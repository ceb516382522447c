"""Element's JSON export."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.memory.sources.chats.chat_files import Chat, read
from tests.memory.sources.chats.samples import MATRIX, matrix_event

ANN, BOB = "@ann:example.org", "@bob:example.org"


def _chat(folder: Path, *events: dict[str, Any]) -> Chat:
    return read(folder, "matrix", json.dumps({**MATRIX, "messages": list(events)}), "m.json")


def _text(body: str, event_id: str = "$9", sender: str = ANN, **content: Any) -> dict[str, Any]:
    return matrix_event("m.room.message", sender, {"msgtype": "m.text", "body": body, **content}, event_id)


def _member(sender: str, whom: str, membership: str, before: str | None = None, **content: Any) -> dict[str, Any]:
    unsigned = {"prev_content": {"membership": before}} if before else {}
    return matrix_event(
        "m.room.member", sender, {"membership": membership, **content}, "$9", state_key=whom, unsigned=unsigned
    )


def test_room(tmp_path: Path) -> None:
    chat = read(tmp_path, "matrix", json.dumps(MATRIX), "m.json")
    assert not chat.rejects
    assert [event["kind"] for event in chat.acts()] == ["invite", "join", "message", "mention", "reply", "reaction"]
    assert chat.edges("invite") == [(f"matrix:{ANN}", f"matrix:{BOB}")]
    reply = chat.one("reply")
    assert (reply["text"], reply["parent_id"], reply["target_key"]) == (
        "hello",
        "matrix:!r:example.org/$3",
        f"matrix:{ANN}",
    )
    assert chat.edges("mention") == [(f"matrix:{ANN}", f"matrix:{BOB}")]
    assert (chat.one("reaction")["props"], chat.one("reaction")["target_key"]) == ({"emoji": "👍"}, f"matrix:{BOB}")
    assert chat.one("identify")["props"] == {"name": "Bob"}
    assert chat.one("group")["text"] == "Brand room"


@pytest.mark.parametrize(
    ("event", "kind", "edge", "how"),
    [
        (_member(BOB, BOB, "join"), "join", (BOB, None), "joined"),
        (_member(BOB, BOB, "join", "invite"), "join", (BOB, None), "accepted"),
        (_member(BOB, BOB, "leave", "join"), "leave", (BOB, None), "left"),
        (_member(BOB, BOB, "leave", "invite"), "leave", (BOB, None), "declined"),
        (_member(ANN, BOB, "leave", "join"), "leave", (BOB, ANN), "removed"),
        (_member(ANN, BOB, "leave", "invite"), "leave", (BOB, ANN), "invitation withdrawn"),
        (_member(ANN, BOB, "ban"), "leave", (BOB, ANN), "banned"),
        (_member(ANN, BOB, "leave", "ban"), "notice", (BOB, ANN), "unbanned"),
        (_member(ANN, BOB, "invite"), "invite", (ANN, BOB), "invited"),
    ],
)
def test_membership(tmp_path: Path, event: dict[str, Any], kind: str, edge: tuple[str, str | None], how: str) -> None:
    chat = _chat(tmp_path, event)
    assert chat.edges(kind) == [tuple(f"matrix:{who}" if who else None for who in edge)]
    assert chat.one(kind)["props"]["how"] == how


def test_a_new_name_is_no_second_joining(tmp_path: Path) -> None:
    chat = _chat(tmp_path, _member(BOB, BOB, "join", "join", displayname="Bobby"))
    assert chat.acts() == []
    assert chat.one("identify")["props"] == {"name": "Bobby"}


def test_edit_redaction_and_what_is_left(tmp_path: Path) -> None:
    replaced: dict[str, Any] = {
        "m.new_content": {"body": "hi!"},
        "m.relates_to": {"rel_type": "m.replace", "event_id": "$1"},
    }
    edit = _text("* hi!", "$2", **replaced)
    redaction = matrix_event("m.room.redaction", BOB, {}, "$3", redacts="$1")
    newer = matrix_event("m.room.redaction", BOB, {"redacts": "$1"}, "$4")
    left = matrix_event("m.room.message", ANN, {}, "$5", unsigned={"redacted_because": {"type": "m.room.redaction"}})
    chat = _chat(tmp_path, _text("hi", "$1"), edit, redaction, newer, left)
    assert (chat.one("edit")["text"], chat.one("edit")["parent_id"]) == ("hi!", "matrix:!r:example.org/$1")
    assert chat.edges("recall") == [(f"matrix:{BOB}", f"matrix:{ANN}")] * 2
    assert chat.of("message")[1]["props"] == {"redacted": True}


def test_threads(tmp_path: Path) -> None:
    fallback = {"rel_type": "m.thread", "event_id": "$1", "is_falling_back": True, "m.in_reply_to": {"event_id": "$2"}}
    true_reply = {"rel_type": "m.thread", "event_id": "$1", "m.in_reply_to": {"event_id": "$2"}}
    chat = _chat(
        tmp_path,
        _text("root", "$1"),
        _text("goes on", "$2", BOB, **{"m.relates_to": fallback}),
        _text("answers", "$3", ANN, **{"m.relates_to": true_reply}),
    )
    parents = [event["parent_id"].rpartition("/")[2] for event in chat.of("reply")]
    assert parents == ["$1", "$2"]
    assert {event["props"]["thread"] for event in chat.of("reply")} == {"$1"}


def test_mentions_of_old_clients_are_links(tmp_path: Path) -> None:
    body = f'<a href="https://matrix.to/#/{BOB}">Bob</a>: hi <a href="https://matrix.to/#/!room:x">room</a>'
    assert _chat(tmp_path, _text("Bob: hi", formatted_body=body)).edges("mention") == [
        (f"matrix:{ANN}", f"matrix:{BOB}")
    ]


def test_encrypted_events_are_counted_as_unreadable(tmp_path: Path) -> None:
    chat = _chat(
        tmp_path,
        matrix_event("m.room.encrypted", ANN, {"algorithm": "m.megolm.v1.aes-sha2"}, "$1"),
        matrix_event("m.room.message", ANN, {"msgtype": "m.bad.encrypted", "body": "** Unable to decrypt"}, "$2"),
        _text("clear"),
    )
    assert ["encrypted" in reject.reason for reject in chat.rejects] == [True, True]
    assert len(chat.of("message")) == 1


def test_decrypted_beside_encrypted(tmp_path: Path) -> None:
    chat = _chat(tmp_path, {"decrypted": _text("clear"), "encrypted": {"type": "m.room.encrypted"}})
    assert chat.one("message")["text"] == "clear"


def test_other_state_is_a_notice(tmp_path: Path) -> None:
    chat = _chat(tmp_path, matrix_event("m.room.topic", ANN, {"topic": "新品"}, "$1", state_key=""))
    assert (chat.one("notice")["text"], chat.one("notice")["props"]) == ("新品", {"action": "m.room.topic"})


def test_media_and_actions_keep_their_kind(tmp_path: Path) -> None:
    chat = _chat(tmp_path, *(_text("x", f"${kind}", msgtype=kind) for kind in ("m.image", "m.emote", "m.notice")))
    assert [event["props"]["type"] for event in chat.of("message")] == ["image", "emote", "notice"]
