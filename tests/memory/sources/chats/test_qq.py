"""QQ exports as XLSX."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.memory.sources.chats.chat_files import Chat, read
from tests.memory.sources.chats.samples import QQ_ROWS, workbook

NAME = "group_123456789_20261006.xlsx"


def _system(folder: Path, line: str) -> Chat:
    return read(
        folder, "qq", workbook([QQ_ROWS[0], [1, "2026-10-05 21:40:12", "系统", 0, "系统消息", line, "否"]]), NAME
    )


def test_group(tmp_path: Path) -> None:
    chat = read(tmp_path, "qq", workbook(QQ_ROWS), NAME)
    assert not chat.rejects
    assert [event["kind"] for event in chat.acts()] == [
        "message",
        "mention",
        "reply",
        "message",
        "recall",
        "invite",
        "join",
    ]
    assert chat.edges("message") == [("qq:10001", None), ("qq:10002", None)]
    assert {event["group_key"] for event in chat.acts()} == {"group:qq/123456789"}
    assert chat.of("message")[0]["at"].isoformat() == "2026-10-05T13:40:12+00:00"
    reply = chat.one("reply")
    assert (reply["text"], reply["target_key"]) == ("来了", "name:qq/123456789/老王")
    assert reply["props"] == {"quoted": "大家好"}
    assert chat.one("recall")["parent_id"] == chat.ids("message")[1]
    assert ("qq:10001", "name:qq/123456789/老王") in chat.edges("alias")


@pytest.mark.parametrize(
    ("line", "kind", "edge"),
    [
        ("老王邀请阿青加入了群聊。", "invite", ("老王", "阿青")),
        ('"老王"邀请"阿青"加入了本群', "invite", ("老王", "阿青")),
        ("阿青加入了群聊", "join", ("阿青", None)),
        ("阿青退出了群聊", "leave", ("阿青", None)),
        ("阿青被管理员老王移出了群聊", "leave", ("阿青", "老王")),
        ("老王将阿青移出了群聊", "leave", ("阿青", "老王")),
        ("阿青撤回了一条消息", "recall", ("阿青", None)),
    ],
)
def test_grey_lines(tmp_path: Path, line: str, kind: str, edge: tuple[str, str | None]) -> None:
    expected = tuple(f"name:qq/123456789/{who}" if who else None for who in edge)
    assert _system(tmp_path, line).edges(kind) == [expected]


def test_other_grey_lines_are_notices(tmp_path: Path) -> None:
    assert _system(tmp_path, "群名称已修改").one("notice")["text"] == "群名称已修改"


def test_titles_above_the_header_and_real_dates(tmp_path: Path) -> None:
    from datetime import datetime

    when: Any = datetime(2026, 10, 5, 21, 40, 12)  # noqa: DTZ001  a spreadsheet's cell has no zone
    chat = read(
        tmp_path, "qq", workbook([["导出的聊天记录"], QQ_ROWS[0], [1, when, "老王", 10001, "文本", "hi", "否"]]), NAME
    )
    assert chat.one("message")["at"].isoformat() == "2026-10-05T13:40:12+00:00"


def test_rows_without_time_or_sender_are_rejects(tmp_path: Path) -> None:
    rows = [
        QQ_ROWS[0],
        [1, "gestern", "老王", 1, "文本", "x", ""],
        [2, "2026-10-05 21:40:12", None, None, "文本", "y", ""],
    ]
    chat = read(tmp_path, "qq", workbook([*rows, QQ_ROWS[1]]), NAME)
    assert [(reject.line, reject.column) for reject in chat.rejects] == [(2, "时间"), (3, "发送者QQ号")]
    assert len(chat.of("message")) == 1
