"""WeChat exports: MemoTrace CSV (old and new) and TXT, chatlog JSON and CSV."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.memory.sources.chats.chat_files import Chat, read
from tests.memory.sources.chats.samples import CHATLOG, CHATLOG_CSV, MEMOTRACE_NEW, MEMOTRACE_OLD, WECHAT_TEXT

HEADER = MEMOTRACE_OLD.splitlines()[0]


def _old(folder: Path, *rows: str, **options: Any) -> Chat:
    return read(folder, "wechat_memotrace", "\n".join([HEADER, *rows]) + "\n", "群.csv", **options)


def test_old_memotrace(tmp_path: Path) -> None:
    chat = read(tmp_path, "wechat_memotrace", MEMOTRACE_OLD, "产品群.csv")
    assert not chat.rejects
    assert [(event["kind"], event["id"]) for event in chat.acts()] == [
        ("message", "wechat_memotrace:产品群/1"),
        ("mention", "wechat_memotrace:产品群/1/mention/1"),
        ("message", "wechat_memotrace:产品群/2"),
        ("invite", "wechat_memotrace:产品群/3/invite/1"),
        ("join", "wechat_memotrace:产品群/3/join/1"),
        ("invite", "wechat_memotrace:产品群/3/invite/2"),
        ("join", "wechat_memotrace:产品群/3/join/2"),
        ("share", "wechat_memotrace:产品群/4"),
        ("message", "wechat_memotrace:产品群/5"),
    ]
    first, second, picture = chat.of("message")
    assert first["actor_key"] == "wechat:wxid_wang"
    assert first["group_key"] == "group:wechat/产品群"
    assert first["at"].isoformat() == "2026-10-05T13:40:12+00:00"
    assert second["text"] == "来，\n带两个人"
    assert (picture["text"], picture["props"]["type"]) == (None, "image")
    assert chat.edges("mention") == [("wechat:wxid_wang", "name:wechat/产品群/小李")]
    share = chat.one("share")
    assert (share["object_key"], share["text"]) == ("page:https://s.example/a", "秋季新品")
    assert chat.edges("invite")[0] == ("name:wechat/产品群/老王", "name:wechat/产品群/小李")
    assert chat.of("invite")[0]["props"]["certain"] is False


def test_the_owner_is_one_person_under_both_names(tmp_path: Path) -> None:
    chat = read(tmp_path, "wechat_memotrace", MEMOTRACE_OLD, "产品群.csv")
    owner = [event for event in chat.of("alias") if event["target_key"] == "name:wechat/产品群/我"]
    assert [(event["actor_key"], event["props"]["verified"]) for event in owner] == [("wechat:wxid_me", True)]


def test_names_seen_with_ids_become_unverified_aliases(tmp_path: Path) -> None:
    chat = read(tmp_path, "wechat_memotrace", MEMOTRACE_OLD, "产品群.csv")
    links = {(event["actor_key"], event["target_key"]) for event in chat.of("alias") if not event["props"]["verified"]}
    assert ("wechat:wxid_wang", "name:wechat/产品群/老王") in links
    assert ("wechat:wxid_li", "name:wechat/产品群/李姐") in links


def test_new_memotrace(tmp_path: Path) -> None:
    chat = read(tmp_path, "wechat_memotrace", MEMOTRACE_NEW, "产品群.csv", label="二店")
    assert not chat.rejects
    assert chat.ids("message") == ["wechat_memotrace/二店:产品群/8801"]
    reply = chat.one("reply")
    assert (reply["text"], reply["target_key"]) == ("收到", "name:wechat/产品群/老王")
    assert reply["props"]["quoted"] == "大家好"
    assert chat.edges("invite") == [("name:wechat/产品群/小李", "name:wechat/产品群/阿青")]
    assert chat.one("invite")["props"]["how"] == "qr code"
    assert chat.one("share")["text"] == "拼团"


def test_quote_with_the_servers_number_answers_that_message(tmp_path: Path) -> None:
    quote = (
        "<msg><appmsg><title>好</title><refermsg><svrid>8801</svrid><chatusr>wxid_w</chatusr>"
        "<displayname>老王</displayname><content>大家好</content></refermsg></appmsg></msg>"
    )
    text = MEMOTRACE_NEW + f'8805,引用消息,阿青,2026-10-05 21:50:12,"{quote}",,阿青,more\r\n'
    reply = read(tmp_path, "wechat_memotrace", text, "群.csv").of("reply")[1]
    assert (reply["parent_id"], reply["target_key"], reply["text"]) == (
        "wechat_memotrace:群/8801", "wechat:wxid_w", "好",
    )  # fmt: skip


def test_every_type_keeps_its_message(tmp_path: Path) -> None:
    rows = [
        f"{number},5,{kind},{subtype},0,{1791207612 + number},,内容{number},,,小李,wxid_li"
        for number, (kind, subtype) in enumerate(
            [(34, 0), (42, 0), (43, 0), (47, 0), (48, 0), (50, 0), (49, 6), (49, 19), (49, 33), (49, 36), (49, 51),
             (49, 53), (49, 87), (49, 2000), (49, 2001), (49, 12345), (777, 0)], 1)
    ]  # fmt: skip
    chat = _old(tmp_path, *rows)
    assert not chat.rejects
    types = {event["id"].rpartition("/")[2]: (event["kind"], event["props"]["type"]) for event in chat.acts()}
    assert types["8"] == ("share", "forward")
    assert types["9"] == types["10"] == ("share", "mini_program")
    assert types["14"] == ("message", "transfer")
    assert types["15"] == ("message", "red_packet")
    other = chat.acts()[15]
    assert (other["props"]["wechat_type"], other["props"]["wechat_subtype"], other["text"]) == (49, 12345, "内容16")
    assert len(types) == len(rows)


def test_recalls_pats_and_additions(tmp_path: Path) -> None:
    chat = _old(
        tmp_path,
        '1,5,10000,0,0,1791207612,,"""小李"" 撤回了一条消息",,,,',
        '2,5,10000,0,0,1791207613,,"""老王"" 拍了拍 ""小李""",,,,',
        "3,5,10000,0,0,1791207614,,你已添加了小李，现在可以开始聊天了。,,,,",
        "4,5,10000,0,0,1791207615,,群主已恢复默认进群方式。,,,,",
    )
    assert chat.edges("recall") == [("name:wechat/群/小李", None)]
    assert chat.edges("reaction") == [("name:wechat/群/老王", "name:wechat/群/小李")]
    assert chat.edges("follow") == [("name:wechat/群/我", "name:wechat/群/小李")]
    assert chat.one("notice")["text"] == "群主已恢复默认进群方式。"


def test_the_owner_may_be_told(tmp_path: Path) -> None:
    row = '1,5,10000,0,0,1791207612,,"你邀请""小李""加入了群聊",,,,'
    assert _old(tmp_path, row, me="wechat:wxid_me").edges("invite") == [("wechat:wxid_me", "name:wechat/群/小李")]
    assert _old(tmp_path, row, me="店长").edges("invite") == [("name:wechat/群/店长", "name:wechat/群/小李")]


def test_raw_template_in_an_old_export_gives_ids(tmp_path: Path) -> None:
    from tests.memory.sources.chats.test_wechat_notices import template

    raw = template('"$username$"邀请"$names$"加入了群聊', username=[("wxid_a", "老王")], names=[("wxid_b", "小李")])
    quoted = raw.replace('"', '""')
    chat = _old(tmp_path, f'1,5,10000,0,0,1791207612,,"{quoted}",,,,')
    assert chat.edges("invite") == [("wechat:wxid_a", "wechat:wxid_b")]
    assert "certain" not in chat.one("invite")["props"]


def test_text_export(tmp_path: Path) -> None:
    chat = read(tmp_path, "wechat_text", WECHAT_TEXT, "产品群.txt")
    assert not chat.rejects
    assert [event["kind"] for event in chat.acts()] == ["message", "reply", "mention", "invite", "join", "message"]
    assert chat.of("message")[0]["text"] == "大家好\n\n今晚七点直播"
    assert chat.one("reply")["actor_key"] == "name:wechat/产品群/Alice Lee"
    assert chat.edges("mention") == [("name:wechat/产品群/Alice Lee", "name:wechat/产品群/老王")]
    assert chat.edges("invite") == [("name:wechat/产品群/我", "name:wechat/产品群/阿青")]
    assert chat.of("message")[1]["actor_key"] == "name:wechat/产品群/我"
    assert chat.of("message")[1]["props"]["type"] == "image"


def test_equal_messages_of_one_second_all_count(tmp_path: Path) -> None:
    text = "2026-10-05 21:40:12 老王\n@小李\u2005 哈\n\n" * 3
    chat = read(tmp_path, "wechat_text", text, "群.txt")
    first = chat.ids("message")[0]
    assert chat.ids("message") == [first, first + "#2", first + "#3"]
    assert [event["parent_id"] for event in chat.of("mention")] == chat.ids("message")


def test_everybody_is_nobody_in_particular(tmp_path: Path) -> None:
    text = "2026-10-05 21:40:12 老王\n@所有人 开会，写到 a@b.example 也行\n\n"
    assert read(tmp_path, "wechat_text", text, "群.txt").of("mention") == []


def test_chatlog_json(tmp_path: Path) -> None:
    chat = read(tmp_path, "chatlog", CHATLOG, "c.json")
    assert not chat.rejects
    reply = chat.one("reply")
    assert reply["parent_id"] == "chatlog:7@chatroom/1791207612001"
    assert (reply["actor_key"], reply["target_key"]) == ("wechat:wxid_b", "wechat:wxid_a")
    assert chat.edges("invite") == [("wechat:wxid_a", "wechat:wxid_c")]
    assert "certain" not in chat.one("invite")["props"]
    assert chat.one("share")["object_key"] == "content:拼团小程序"
    assert chat.one("group")["text"] == "产品群"
    assert {event["group_key"] for event in chat.acts()} == {"group:wechat/7@chatroom"}


def test_chatlog_private_chat_is_directed(tmp_path: Path) -> None:
    message = {"seq": 5, "time": "2026-10-05T21:40:12+08:00", "talker": "wxid_x", "type": 1, "content": "hi"}
    mine = {**message, "seq": 6, "isSelf": True, "sender": ""}
    chat = read(tmp_path, "chatlog", json.dumps([{**message, "sender": "wxid_x"}, mine]), "c.json", me="wechat:wxid_me")
    assert chat.edges("message") == [("wechat:wxid_x", None), ("wechat:wxid_me", "wechat:wxid_x")]


def test_chatlog_csv(tmp_path: Path) -> None:
    chat = read(tmp_path, "chatlog_csv", CHATLOG_CSV, "c.csv")
    assert not chat.rejects
    assert [event["kind"] for event in chat.acts()] == ["message", "reply", "share", "leave"]
    assert (chat.one("reply")["target_key"], chat.one("reply")["text"]) == ("wechat:wxid_a", "你好")
    assert chat.one("share")["object_key"] == "page:https://shop.example/c"
    assert chat.edges("leave") == [("wechat:wxid_c", "wechat:wxid_a")]


def test_gbk_files_are_read(tmp_path: Path) -> None:
    chat = read(tmp_path, "wechat_text", (WECHAT_TEXT * 3).encode("gb18030"), "产品群.txt")
    assert chat.of("message")[0]["text"] == "大家好\n\n今晚七点直播"


def test_zone_of_local_times(tmp_path: Path) -> None:
    text = "2026-07-05 21:40:12 Ann\nhi\n\n"
    chat = read(tmp_path, "wechat_text", text, "g.txt", timezone="America/New_York")
    assert chat.one("message")["at"].isoformat() == "2026-07-06T01:40:12+00:00"
