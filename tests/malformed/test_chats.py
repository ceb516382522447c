"""Malformed chat files: no crash, a clear reject for what is broken, and nothing lost of what is good."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.memory.sources.chats.chat_files import read
from tests.memory.sources.chats.samples import (
    DISCORD,
    IRC,
    MATRIX,
    MEMOTRACE_NEW,
    MEMOTRACE_OLD,
    QQ_ROWS,
    TELEGRAM,
    WECHAT_TEXT,
    discord_user,
    matrix_event,
    workbook,
)

OLD = MEMOTRACE_OLD.splitlines()[0] + "\n"
NEW = MEMOTRACE_NEW.splitlines()[0] + "\n"
LOG = "Time,SenderName,Sender,TalkerName,Talker,Content\n"
DCE = "AuthorID,Author,Date,Content,Attachments,Reactions\n"
USERS = "id,name,username,email,title,created_at,last_seen_at,trust_level,active\n"
POSTS = "topic_title,category,sub_category,is_pm,post,like_count,reply_count,url,created_at\n"
GOOD_OLD = "7,5,1,0,0,1791207612,,ok,,,Li,wxid_li\n"
GOOD_NEW = "7,文本,Li,2026-10-05 21:40:12,ok,,,\n"
GOOD_LOG = "2026-10-05 21:40:12,Li,wxid_li,g,1@chatroom,ok\n"
GOOD_DCE = '"5","ann","2026-10-05T13:40:12+00:00","ok","",""\n'
GOOD_POST = "t,c,,No,ok,0,0,https://f.example/t/t/1/1,2026-10-05 13:40:12 UTC\n"
GOOD_TG = {"id": 7, "type": "message", "date_unixtime": "1791207612", "from": "Li", "from_id": "user1", "text": "ok"}
GOOD_DC = {
    "id": "7",
    "type": "Default",
    "timestamp": "2026-10-05T13:40:12Z",
    "author": discord_user(5, "ann"),
    "content": "ok",
}
GOOD_MX = matrix_event("m.room.message", "@a:x.example", {"msgtype": "m.text", "body": "ok"}, "$7")
GOOD_CL = {
    "seq": 7,
    "time": "2026-10-05T21:40:12+08:00",
    "talker": "1@chatroom",
    "sender": "wxid_li",
    "type": 1,
    "content": "ok",
}


def _tg(*messages: object) -> str:
    return json.dumps({**TELEGRAM, "messages": list(messages)})


def _dc(*messages: object) -> str:
    return json.dumps({**DISCORD, "messages": list(messages)})


def _mx(*events: object) -> str:
    return json.dumps({**MATRIX, "messages": list(events)})


def _but(good: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {**good, **changes}


def _without(good: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in good.items() if key != name}


def _zip(**files: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name.replace("__", "/"), content)
    return buffer.getvalue()


Case = tuple[str, str, str | bytes, int, int, str]


def _old(row: str, words: str) -> Case:
    """One bad row in an old MemoTrace file, and a good one after it."""
    return "wechat_memotrace", "a.csv", OLD + row + GOOD_OLD, 1, 1, words


def _new(row: str, words: str) -> Case:
    return "wechat_memotrace", "a.csv", NEW + row + GOOD_NEW, 1, 1, words


def _chatlog(message: object, words: str) -> Case:
    return "chatlog", "a.json", json.dumps([message, GOOD_CL]), 1, 1, words


def _telegram(message: object, words: str) -> Case:
    return "telegram", "r.json", _tg(message, GOOD_TG), 1, 1, words


def _discord(message: object, words: str) -> Case:
    return "discord", "d.json", _dc(message, GOOD_DC), 1, 1, words


def _matrix(event: object, words: str) -> Case:
    return "matrix", "m.json", _mx(event, GOOD_MX), 1, 1, words


TEXT = "2026-10-05 21:41:12 Li\nok\n"
BOMB = '1,5,10000,0,0,1791207612,,"<!DOCTYPE a [<!ENTITY b ""c"">]><sysmsg>&b;</sysmsg>",,,,\n'
DEEP = _tg(GOOD_TG)[:-2] + ',{"a":' + "[" * 100_000 + "]" * 100_000 + "}]}"
NOBODY = '"","","2026-10-05T13:40:12+00:00","x","",""\n'
QQ = workbook(QQ_ROWS)
DAMAGED_QQ = QQ[: len(QQ) // 2] + b"\x00" * 100 + QQ[len(QQ) // 2 + 100 :]

# name: (source, file name, content, good messages kept, rejects at least, words that a reject's reason or column has)
FILES: dict[str, Case] = {
    # --- MemoTrace, old header
    "old: empty": ("wechat_memotrace", "a.csv", "", 0, 1, "empty"),
    "old: blank lines": ("wechat_memotrace", "a.csv", "\n\n\n", 0, 1, "empty"),
    "old: another table": ("wechat_memotrace", "a.csv", "a,b\n1,2\n", 0, 1, "消息ID"),
    "old: header lacks a column": ("wechat_memotrace", "a.csv", "localId,Type\n1,2\n", 0, 1, "StrContent"),
    "old: binary": ("wechat_memotrace", "a.csv", b"\x00\x01\x02\x03" * 400, 0, 1, "header"),
    "old: a picture": ("wechat_memotrace", "a.csv", b"\x89PNG\r\n\x1a\n" + b"\x00" * 500, 0, 1, "binary"),
    "old: too few cells": _old("1,2,3\n", "3 cells"),
    "old: too many cells": _old("1" + "," * 20 + "\n", "21 cells"),
    "old: type in words": _old("1,5,text,0,0,1791207612,,x,,,Li,w\n", "not a number"),
    "old: time in words": _old("1,5,1,0,0,soon,,x,later,,Li,w\n", "not a time"),
    "old: time of another era": _old("1,5,1,0,0,99999999999999999,,x,,,Li,w\n", "time"),
    "old: time in the future": _old("1,5,1,0,0,4102444800,,x,,,Li,w\n", "tomorrow"),
    "old: negative time": _old("1,5,1,0,0,-5,,x,,,Li,w\n", "1970"),
    "old: milliseconds": _old("1,5,1,0,0,1791207612000,,x,,,Li,w\n", "time"),
    "old: open quote": _old('1,5,1,0,0,1791207612,,"x,,,Li,w\n', "quotes"),
    "old: text after a quote": _old('1,5,1,0,0,1791207612,,"x"y,,,Li,w\n', "CSV"),
    "old: huge text": _old(f"1,5,1,0,0,1791207612,,{'x' * 100_001},,,Li,w\n", "100,000"),
    "old: huge cell": _old(f"1,5,1,0,0,1791207612,,{'x' * 5_000_000},,,Li,w\n", "cells"),
    "old: huge id": _old(f"{'9' * 600},5,1,0,0,1791207612,,x,,,Li,w\n", "512"),
    "old: huge sender": _old(f"1,5,1,0,0,1791207612,,x,,,Li,{'w' * 600}\n", "512"),
    "old: entity bomb": _old(BOMB, "entities"),
    "old: broken system XML": _old("1,5,10000,0,0,1791207612,,<sysmsg><a>,,,,\n", "XML"),
    # --- MemoTrace, new header
    "new: no time": _new("1,文本,Li,,x,,,\n", "not a time"),
    "new: impossible day": _new("1,文本,Li,2026-02-30 10:00:00,x,,,\n", "not a time"),
    "new: header only cut": ("wechat_memotrace", "a.csv", "消息ID,类型,发", 0, 1, "header"),
    # --- TXT
    "text: no header at all": ("wechat_text", "a.txt", "hello\nworld\n", 0, 2, "before the first message"),
    "text: preface": ("wechat_text", "a.txt", "Exported by me\n" + WECHAT_TEXT, 2, 1, "before the first message"),
    "text: impossible time": ("wechat_text", "a.txt", "2026-13-45 99:99:99 Li\nx\n\n" + TEXT, 1, 1, "not a time"),
    "text: binary": ("wechat_text", "a.txt", b"\x00\x01\x02" * 500, 0, 1, "first message"),
    "text: huge message": ("wechat_text", "a.txt", TEXT + "x" * 100_001 + "\n\n" + TEXT, 1, 1, "100,000"),
    # --- chatlog
    "chatlog: empty": ("chatlog", "a.json", "", 0, 1, "cut off"),
    "chatlog: no JSON": ("chatlog", "a.json", "<html></html>", 0, 1, "begins with"),
    "chatlog: cut": ("chatlog", "a.json", json.dumps([GOOD_CL, GOOD_CL])[:-20], 1, 1, "cut off"),
    "chatlog: seq in words": _chatlog(_but(GOOD_CL, seq="a"), "seq"),
    "chatlog: a number among messages": _chatlog(5, "object"),
    "chatlog: no talker": _chatlog(_without(GOOD_CL, "talker"), "talker"),
    "chatlog: time in words": _chatlog(_but(GOOD_CL, time="soon"), "not a time"),
    "chatlog: refer of a strange form": (
        "chatlog",
        "a.json",
        json.dumps([_but(GOOD_CL, contents={"refer": 5}, seq=8), GOOD_CL, 1]),
        2,
        1,
        "",
    ),
    "chatlog csv: another header": ("chatlog_csv", "a.csv", "Time,Sender\n1,2\n", 0, 1, "Talker"),
    "chatlog csv: time": ("chatlog_csv", "a.csv", LOG + "x,Li,w,g,1@chatroom,x\n" + GOOD_LOG, 1, 1, "not a time"),
    "chatlog csv: cut": (
        "chatlog_csv",
        "a.csv",
        LOG + GOOD_LOG + '2026-10-05 21:40:13,Li,w,g,1@chatroom,"x',
        1,
        1,
        "quotes",
    ),
    # --- Telegram
    "telegram: empty": ("telegram", "r.json", "", 0, 1, "cut off"),
    "telegram: an array of words": ("telegram", "r.json", '["a", "b"]', 0, 2, "object"),
    "telegram: cut": ("telegram", "r.json", _tg(GOOD_TG, GOOD_TG)[:-30], 1, 1, "cut off"),
    "telegram: id in words": _telegram(_but(GOOD_TG, id="x"), "id"),
    "telegram: no date": _telegram(_without(GOOD_TG, "date_unixtime"), "date"),
    "telegram: unix time in words": _telegram(_but(GOOD_TG, date_unixtime="x"), "date_unixtime"),
    "telegram: text as a number": _telegram(_but(GOOD_TG, text=5), "text"),
    "telegram: members as words": _telegram(_but(GOOD_TG, members="all"), "members"),
    "telegram: bare word inside": (
        "telegram",
        "r.json",
        _tg(GOOD_TG, GOOD_TG).replace('"ok"', "nope", 1),
        1,
        1,
        "JSON",
    ),
    "telegram: nested too deeply": ("telegram", "r.json", DEEP, 1, 1, "deep"),
    "telegram: reaction at no time": _telegram(
        _but(GOOD_TG, reactions=[{"emoji": "x", "recent": [{"from_id": "user1", "date": "soon"}]}]), "not a time"
    ),
    "telegram: something after the end": ("telegram", "r.json", _tg(GOOD_TG) + "garbage", 1, 1, "not part"),
    # --- Discord
    "discord: cut": ("discord", "d.json", _dc(GOOD_DC, GOOD_DC)[:-40], 1, 1, "cut off"),
    "discord: no author": _discord(_without(GOOD_DC, "author"), "author"),
    "discord: author without id": _discord(_but(GOOD_DC, author={"name": "x"}), "id"),
    "discord: time": _discord(_but(GOOD_DC, timestamp="x"), "not a time"),
    "discord: reactions as an object": _discord(_but(GOOD_DC, reactions={}), "reactions"),
    "discord csv: time": ("discord_csv", "d.csv", DCE + '"5","a","x","x","",""\n' + GOOD_DCE, 1, 1, "not a time"),
    "discord csv: nobody": ("discord_csv", "d.csv", DCE + NOBODY + GOOD_DCE, 1, 1, "author"),
    # --- Matrix
    "matrix: cut": ("matrix", "m.json", _mx(GOOD_MX, GOOD_MX)[:-40], 1, 1, "cut off"),
    "matrix: no sender": _matrix(_without(GOOD_MX, "sender"), "sender"),
    "matrix: time in words": _matrix(_but(GOOD_MX, origin_server_ts="x"), "origin_server_ts"),
    "matrix: time beyond calendars": _matrix(_but(GOOD_MX, origin_server_ts=1e20), "time"),
    "matrix: content as a word": _matrix(_but(GOOD_MX, content="x"), "content"),
    "matrix: whose membership": _matrix(matrix_event("m.room.member", "@a:x.example", {}, "$1"), "state_key"),
    # --- IRC
    "irc: no day": ("irc", "makers.log", IRC, 0, 1, "file_date"),
    "irc: prose": ("irc", "2026-10-05.txt", "dear all\n" + IRC, 4, 1, "no line of an IRC log"),
    "irc: binary": ("irc", "2026-10-05.txt", b"\x00\x01\x02" * 500, 0, 1, "no line"),
    "irc: no time at all": ("irc", "2026-10-05.txt", "=== a [b@c] has joined #x\n", 0, 1, "no time"),
    "irc: huge line": ("irc", "2026-10-05.txt", "[12:18] <a> " + "x" * 100_001 + "\n[12:19] <a> ok\n", 1, 1, "100,000"),
    # --- QQ
    "qq: empty": ("qq", "g.xlsx", b"", 0, 1, ""),
    "qq: no workbook": ("qq", "g.xlsx", b"hello", 0, 1, "workbook"),
    "qq: a zip of something else": ("qq", "g.xlsx", _zip(a=b"x"), 0, 1, "workbook"),
    "qq: cut": ("qq", "g.xlsx", QQ[:-200], 0, 1, "workbook"),
    "qq: damaged within": ("qq", "g.xlsx", DAMAGED_QQ, 0, 1, ""),
    "qq: another table": ("qq", "g.xlsx", workbook([["a", "b"], [1, 2]]), 0, 1, "发送者"),
    "qq: zip bomb": ("qq", "g.xlsx", _zip(xl__workbook=b"\x00" * (80 << 20)), 0, 1, "bomb"),
    "qq: time": (
        "qq",
        "g.xlsx",
        workbook([QQ_ROWS[0], [1, "x", "a", 1, "文本", "x", "否"], QQ_ROWS[1]]),
        1,
        1,
        "not a time",
    ),
    # --- Discourse
    "discourse users: nobody": (
        "discourse_users",
        "u.csv",
        USERS + "5,A,,a@x.example,,2024-01-01 12:00:00 UTC,,1,true\n",
        0,
        1,
        "username",
    ),
    "discourse users: time": (
        "discourse_users",
        "u.csv",
        USERS + "5,A,a,a@x.example,,soon,,1,true\n",
        0,
        1,
        "not a time",
    ),
    "discourse posts: no address": (
        "discourse_posts",
        "user_archive-ann.csv",
        POSTS + "t,c,,No,x,0,0,https://f.example/u/ann,2026-10-05 13:40:12 UTC\n" + GOOD_POST,
        1,
        1,
        "address",
    ),
    "discourse posts: time": (
        "discourse_posts",
        "user_archive-ann.csv",
        POSTS + "t,c,,No,x,0,0,https://f.example/t/t/1/2,soon\n" + GOOD_POST,
        1,
        1,
        "not a time",
    ),
}


@pytest.mark.parametrize("case", FILES.values(), ids=FILES.keys())
def test_what_is_broken_is_said_and_what_is_good_is_kept(tmp_path: Path, case: Case) -> None:
    source, name, content, good, rejects, words = case
    chat = read(tmp_path, source, content, name)
    assert len(chat.of("message")) == good
    assert len(chat.rejects) >= rejects
    told = " | ".join(f"{reject.column}: {reject.reason}" for reject in chat.rejects)
    assert words in told
    assert all(len(reject.value) <= 2_000 for reject in chat.rejects)


def test_there_are_enough_of_them() -> None:
    assert len(FILES) >= 60


@pytest.mark.parametrize("text", ["half \ud83d emoji", "nul \x00 inside", "broken \udcff byte"])
def test_characters_that_the_log_cannot_hold_do_not_cost_the_message(tmp_path: Path, text: str) -> None:
    escaped = json.dumps({**TELEGRAM, "messages": [{**GOOD_TG, "text": text}]})
    chat = read(tmp_path, "telegram", escaped, "r.json")
    assert chat.rejects == []
    (message,) = chat.of("message")
    message["text"].encode()
    assert message["text"].startswith(text[:4])


def test_broken_bytes_in_a_text_do_not_cost_the_message(tmp_path: Path) -> None:
    content = (WECHAT_TEXT * 20).encode().replace("直播".encode(), b"\xff\xfe", 1)
    chat = read(tmp_path, "wechat_text", content, "群.txt")
    assert chat.rejects == []
    assert "\ufffd" in chat.of("message")[0]["text"]
