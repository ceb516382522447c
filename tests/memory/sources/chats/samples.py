"""One small chat per format, in Chinese and English, written by hand."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from typing import Any

MEMOTRACE_OLD = '''\
localId,TalkerId,Type,SubType,IsSender,CreateTime,Status,StrContent,StrTime,Remark,NickName,Sender\r
1,5,1,0,0,1791207612,,@小李\u2005 晚上来吗,2026-10-05 21:40:12,,老王,wxid_wang\r
2,5,1,0,1,1791207613,,"来，
带两个人",2026-10-05 21:40:13,,店长,wxid_me\r
3,5,10000,0,0,1791207614,,"""老王""邀请""小李、阿青""加入了群聊",2026-10-05 21:40:14,,,\r
4,5,49,5,0,1791207615,,<msg><appmsg><title>秋季新品</title><url>https://s.example/a</url></appmsg></msg>,,李姐,小李,wxid_li\r
5,5,3,0,0,1791207616,,<msg><img/></msg>,2026-10-05 21:40:16,李姐,小李,wxid_li\r
'''

MEMOTRACE_NEW = '''\
消息ID,类型,发送人,时间,内容,备注,昵称,更多信息\r
8801,文本,老王,2026-10-05 21:40:12,大家好,,老王,more\r
8802,引用消息,小李,2026-10-05 21:41:12,"收到
引用：老王:大家好",,小李,more\r
8803,系统消息,系统消息,2026-10-05 21:42:12,"""阿青""通过扫描""小李""分享的二维码加入群聊",,,more\r
8804,小程序,小李,2026-10-05 21:43:12,[小程序|拼团]( https://shop.example/b),,小李,more\r
'''

WECHAT_TEXT = """\
2026-10-05 21:40:12 老王
大家好

今晚七点直播

2026-10-05 21:41:12 Alice Lee
see you @老王 there
引用：老王:大家好

2026-10-05 21:42:12 系统消息
你邀请"阿青"加入了群聊

2026-10-05 21:43:12 我
[图片]

"""

CHATLOG = json.dumps(
    [
        {
            "seq": 1791207612001, "time": "2026-10-05T21:40:12+08:00", "talker": "7@chatroom", "talkerName": "产品群",
            "isChatRoom": True, "sender": "wxid_a", "senderName": "老王", "isSelf": False, "type": 1, "subType": 0,
            "content": "新品 @小李\u2005 看看",
        },
        {
            "seq": 1791207613001, "time": "2026-10-05T21:40:13+08:00", "talker": "7@chatroom", "talkerName": "产品群",
            "isChatRoom": True, "sender": "wxid_b", "senderName": "小李", "isSelf": True, "type": 49, "subType": 57,
            "content": "好的",
            "contents": {"refer": {"time": "2026-10-05T21:40:12+08:00", "sender": "wxid_a", "senderName": "老王",
                                   "type": 1, "content": "新品"}},
        },
        {
            "seq": 1791207614001, "time": "2026-10-05T21:40:14+08:00", "talker": "7@chatroom", "talkerName": "产品群",
            "isChatRoom": True, "sender": "系统消息", "senderName": "", "isSelf": False, "type": 10000, "subType": 0,
            "content": '"老王(wxid_a)"邀请"阿青(wxid_c)"加入了群聊',
        },
        {
            "seq": 1791207615001, "time": "2026-10-05T21:40:15+08:00", "talker": "7@chatroom", "talkerName": "产品群",
            "isChatRoom": True, "sender": "wxid_a", "senderName": "老王", "isSelf": False, "type": 49, "subType": 33,
            "content": "", "contents": {"title": "拼团小程序", "url": ""},
        },
    ],
    ensure_ascii=False,
)  # fmt: skip

CHATLOG_CSV = '''\
Time,SenderName,Sender,TalkerName,Talker,Content
2026-10-05 21:40:12,老王,wxid_a,产品群,7@chatroom,大家好
2026-10-05 21:40:13,小李,wxid_b,产品群,7@chatroom,"> 老王(wxid_a) 10-05 21:40:12
> 大家好
你好"
2026-10-05 21:40:14,小李,wxid_b,产品群,7@chatroom,[小程序|秋季新品](https://shop.example/c)
2026-10-05 21:40:15,,系统消息,产品群,7@chatroom,"""老王(wxid_a)""将""阿青(wxid_c)""移出了群聊"
'''

TELEGRAM: dict[str, Any] = {
    "name": "Makers 创客", "type": "private_supergroup", "id": 555,
    "messages": [
        {"id": 1, "type": "service", "date": "2026-10-05T21:40:12", "date_unixtime": "1791207612", "actor": "老王",
         "actor_id": "user11", "action": "invite_members", "members": ["小李", None], "text": ""},
        {"id": 2, "type": "message", "date": "2026-10-05T21:41:12", "date_unixtime": "1791207672", "from": "老王",
         "from_id": "user11",
         "text": ["see ", {"type": "link", "text": "https://a.example"}, " ",
                  {"type": "mention_name", "text": "小李", "user_id": 12}],
         "reactions": [{"type": "emoji", "count": 2, "emoji": "👍",
                        "recent": [{"from": "小李", "from_id": "user12", "date": "2026-10-05T21:42:00"}]}]},
        {"id": 3, "type": "message", "date": "2026-10-05T21:43:12", "date_unixtime": "1791207792", "from": "小李",
         "from_id": "user12", "reply_to_message_id": 2, "text": "好"},
        {"id": 4, "type": "message", "date": "2026-10-05T21:43:13", "date_unixtime": "1791207793", "from": None,
         "from_id": "user13", "forwarded_from": "New things", "text": "上新"},
    ],
}  # fmt: skip


def discord_user(number: int, name: str, *, bot: bool = False) -> dict[str, Any]:
    """A person as DiscordChatExporter writes one."""
    return {
        "id": str(number), "name": name, "discriminator": "0000", "nickname": name.title(), "color": None,
        "isBot": bot, "roles": [], "avatarUrl": "https://cdn.example/a.png",
    }  # fmt: skip


DISCORD: dict[str, Any] = {
    "guild": {"id": "1", "name": "Brand", "iconUrl": ""},
    "channel": {"id": "900000000000000001", "type": "GuildTextChat", "category": "Text", "name": "general"},
    "dateRange": {"after": None, "before": None},
    "exportedAt": "2026-10-06T00:00:00+00:00",
    "messages": [
        {"id": "10", "type": "GuildMemberJoin", "timestamp": "2026-10-05T13:40:12.123+00:00",
         "content": "Joined the server.", "author": discord_user(5, "ann")},
        {"id": "11", "type": "Default", "timestamp": "2026-10-05T13:41:12.1234567+00:00", "isPinned": True,
         "content": "hi @Bob 你好", "author": discord_user(5, "ann"),
         "attachments": [{"id": "1", "url": "u", "fileName": "a.png", "fileSizeBytes": 3}],
         "reactions": [{"emoji": {"id": "", "name": "👍", "code": "thumbsup"}, "count": 1,
                        "users": [discord_user(6, "bob")]}],
         "mentions": [discord_user(6, "bob")]},
        {"id": "12", "type": "Reply", "timestamp": "2026-10-05T13:42:12+00:00", "content": "ok",
         "author": discord_user(6, "bob"), "mentions": [discord_user(5, "ann")],
         "reference": {"messageId": "11", "channelId": "900000000000000001", "guildId": "1"}},
        {"id": "13", "type": "Default", "timestamp": "2026-10-05T13:43:12+00:00", "content": "",
         "author": discord_user(7, "hook", bot=True),
         "reference": {"type": "Forward", "messageId": "99", "channelId": "98", "guildId": "1"},
         "forwardedMessage": {"content": "from elsewhere"}},
    ],
    "messageCount": 4,
}  # fmt: skip

DISCORD_CSV = """\
AuthorID,Author,Date,Content,Attachments,Reactions\r
"5","ann","2026-10-05T13:40:12.1230000+00:00","Joined the server.","",""\r
"6","bob","2026-10-05T13:41:12.1230000+00:00","line 1
line ""2"" 你好","https://cdn.example/a.png","👍 (3),❤️ (1)"\r
"6","bob","2026-10-05T13:42:12.1230000+00:00","bye","",""\r
"""


def matrix_event(kind: str, sender: str, content: dict[str, Any], event_id: str, **more: Any) -> dict[str, Any]:
    """An event as Element writes one."""
    return {
        "type": kind, "sender": sender, "content": content, "origin_server_ts": 1791207612000, "event_id": event_id,
        "room_id": "!r:example.org", "unsigned": {}, **more,
    }  # fmt: skip


MATRIX: dict[str, Any] = {
    "room_name": "Brand room", "room_creator": "@ann:example.org", "topic": "", "export_date": "5 October 2026",
    "exported_by": "@ann:example.org",
    "messages": [
        matrix_event("m.room.member", "@ann:example.org", {"membership": "invite", "displayname": "Bob"}, "$1",
                     state_key="@bob:example.org"),
        matrix_event("m.room.member", "@bob:example.org", {"membership": "join", "displayname": "Bob"}, "$2",
                     state_key="@bob:example.org"),
        matrix_event("m.room.message", "@ann:example.org",
                     {"msgtype": "m.text", "body": "你好 Bob", "m.mentions": {"user_ids": ["@bob:example.org"]}}, "$3"),
        matrix_event("m.room.message", "@bob:example.org",
                     {"msgtype": "m.text", "body": "> <@ann:example.org> 你好 Bob\n\nhello",
                      "m.relates_to": {"m.in_reply_to": {"event_id": "$3"}}}, "$4"),
        matrix_event("m.reaction", "@ann:example.org",
                     {"m.relates_to": {"rel_type": "m.annotation", "event_id": "$4", "key": "👍"}}, "$5"),
    ],
}  # fmt: skip

IRC = """\
[21:40] <老王> hello everybody
[21:41] <bob> 老王: hi
=== carol [~carol@example.org]  has joined #makers
[21:41] <bob> 老王: hi
=== bob is now known as bob2
[21:42]  * bob2 waves
=== carol [~carol@example.org]  has left #makers ["bye"]
"""

QQ_ROWS: list[list[Any]] = [
    ["序号", "时间", "发送者", "发送者QQ号", "消息类型", "消息内容", "是否撤回"],
    [1, "2026-10-05 21:40:12", "老王", 10001, "文本", "大家好 @小李 来", "否"],
    [2, "2026/10/5 21:41:12", "小李", "10002", "文本", "[回复 老王: 大家好] 来了", "否"],
    [3, "2026-10-05 21:42:12", "小李", 10002, "图片", "[图片]", "是"],
    [4, "2026-10-05 21:42:13", "系统", 0, "系统消息", "老王邀请阿青加入了群聊。", "否"],
]

DISCOURSE_USERS = """\
id,name,username,email,title,created_at,last_seen_at,last_posted_at,last_emailed_at,trust_level,approved,suspended_at,suspended_till,silenced_till,active,admin,moderator,ip_address,staged,post_count,location
5,Ann Lee,Ann,ann@x.example,,2024-01-01 12:00:00 UTC,2024-02-01 09:00:00 UTC,,,2,true,,,,true,,,192.0.2.4,,7,杭州
6,,bob,bob@x.example,,2024-01-02 12:00:00 UTC,,,,0,true,,,,false,false,false,192.0.2.5,false,0,
"""

DISCOURSE_POSTS = """\
topic_title,category,sub_category,is_pm,post,like_count,reply_count,url,created_at
Hello,General,Help,No,"my
post",3,1,https://forum.example/t/hello/12/3,2024-01-01 12:00:00 UTC
New here 你好,General,,No,first,0,0,https://forum.example/t/new-here/13,2024-01-01 12:05:00 UTC
"""


def workbook(rows: list[list[Any]]) -> bytes:
    """The rows as an XLSX file with one sheet."""
    import openpyxl

    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    book.close()
    return buffer.getvalue()


@dataclass(frozen=True)
class Sample:
    """A file of one format. messages: how many records it holds."""

    source: str
    name: str
    content: bytes
    messages: int


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=1).encode()


SAMPLES: dict[str, Sample] = {
    sample.source + sample.name: sample
    for sample in (
        Sample("wechat_memotrace", "产品群.csv", MEMOTRACE_OLD.encode("utf-8-sig"), 5),
        Sample("wechat_memotrace", "新版.csv", MEMOTRACE_NEW.encode("utf-8-sig"), 4),
        Sample("wechat_text", "产品群.txt", WECHAT_TEXT.encode(), 4),
        Sample("chatlog", "chatlog.json", CHATLOG.encode(), 4),
        Sample("chatlog_csv", "chatlog.csv", CHATLOG_CSV.encode(), 4),
        Sample("telegram", "result.json", _json(TELEGRAM), 4),
        Sample("discord", "Brand - Text - general [900000000000000001].json", _json(DISCORD), 4),
        Sample("discord_csv", "Brand - Text - general [900000000000000001].csv", DISCORD_CSV.encode("utf-8-sig"), 3),
        Sample("matrix", "matrix - Brand room - Chat Export.json", _json(MATRIX), 5),
        Sample("irc", "2026-10-05.txt", IRC.encode(), 7),
        Sample("qq", "group_123456789_20261006.xlsx", workbook(QQ_ROWS), 4),
        Sample("discourse_users", "user-list-240601.csv", DISCOURSE_USERS.encode(), 2),
        Sample("discourse_posts", "user_archive-ann-240601-120000.csv", DISCOURSE_POSTS.encode(), 2),
    )
}
