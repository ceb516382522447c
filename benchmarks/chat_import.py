"""How fast chats are read: 200,000 generated messages of each format, from file to checked Arrow batches.

    python benchmarks/chat_import.py [--messages 200000] [format …]

Beside it stands the bare parser of the same file in the same run (json.loads, csv.reader, reading lines, calamine),
which builds no events: the ratio says what meaning costs. The aim is 50,000 messages a second.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import multiprocessing
import random
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from lianyi.memory.sources.discourse.tables import POST_COLUMNS
from lianyi.memory.sources.registry import source_named
from lianyi.memory.sources.source import Options
from lianyi.memory.sources.wechat.memotrace import OLD_COLUMNS

START = datetime(2026, 1, 1, tzinfo=UTC)
WORDS = ("大家", "好", "今天", "新品", "上", "有人", "一起", "拼团", "hello", "see", "you", "谢谢", "收到", "几点")


class Talk:
    """Messages that somebody might write: who, when, what."""

    def __init__(self, count: int, *, people: int = 2_000) -> None:
        rng = random.Random(7)
        self.names = [
            f"{rng.choice('王李张刘陈杨赵黄周吴')}{rng.choice('小大老阿')}{number}" for number in range(people)
        ]
        self.rows: list[tuple[int, datetime, int, str]] = []
        at = START
        for number in range(count):
            at += timedelta(seconds=rng.randint(0, 90))
            text = " ".join(rng.choices(WORDS, k=rng.randint(2, 12)))
            if rng.random() < 0.1:
                text = f"@{rng.choice(self.names)}\u2005 {text}"
            self.rows.append((number + 1, at, min(people - 1, int(rng.expovariate(1 / (people / 8)))), text))


def _csv(header: list[str], rows: list[list[object]]) -> bytes:
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    writer.writerow(header)
    writer.writerows(rows)
    return buffer.getvalue().encode("utf-8-sig")


def memotrace(talk: Talk) -> bytes:
    """MemoTrace CSV with the old header."""
    header = [column.headers[0] for column in OLD_COLUMNS]
    header.insert(6, "Status")
    return _csv(header, [
        [number, 5, 1, 0, 0, int(at.timestamp()), "", text, "", "", talk.names[who], f"wxid_{who}"]
        for number, at, who, text in talk.rows
    ])  # fmt: skip


def wechat_text(talk: Talk) -> bytes:
    """MemoTrace TXT."""
    return "".join(f"{at:%Y-%m-%d %H:%M:%S} {talk.names[who]}\n{text}\n\n" for _, at, who, text in talk.rows).encode()


def chatlog(talk: Talk) -> bytes:
    """chatlog JSON."""
    return json.dumps([
        {"seq": number, "time": at.isoformat(), "talker": "7@chatroom", "talkerName": "群", "isChatRoom": True,
         "sender": f"wxid_{who}", "senderName": talk.names[who], "isSelf": False, "type": 1, "subType": 0,
         "content": text}
        for number, at, who, text in talk.rows
    ], ensure_ascii=False).encode()  # fmt: skip


def chatlog_csv(talk: Talk) -> bytes:
    """chatlog CSV."""
    return _csv(["Time", "SenderName", "Sender", "TalkerName", "Talker", "Content"], [
        [f"{at:%Y-%m-%d %H:%M:%S}", talk.names[who], f"wxid_{who}", "群", "7@chatroom", text]
        for _, at, who, text in talk.rows
    ])  # fmt: skip


def telegram(talk: Talk) -> bytes:
    """Telegram result.json; every fifth message is a reply."""
    messages: list[dict[str, object]] = [
        {"id": number, "type": "message", "date": f"{at:%Y-%m-%dT%H:%M:%S}", "date_unixtime": str(int(at.timestamp())),
         "from": talk.names[who], "from_id": f"user{who}", "text": text,
         "text_entities": [{"type": "plain", "text": text}],
         **({"reply_to_message_id": number - 3} if number % 5 == 0 else {})}
        for number, at, who, text in talk.rows
    ]  # fmt: skip
    return json.dumps(
        {"name": "群", "type": "private_group", "id": 5, "messages": messages}, ensure_ascii=False, indent=1
    ).encode()


def discord(talk: Talk) -> bytes:
    """DiscordChatExporter JSON."""
    messages: list[dict[str, object]] = [
        {"id": str(number), "type": "Default", "timestamp": at.isoformat(), "timestampEdited": None, "isPinned": False,
         "content": text, "attachments": [], "embeds": [], "stickers": [], "reactions": [], "mentions": [],
         "author": {"id": str(who), "name": talk.names[who], "discriminator": "0000", "nickname": talk.names[who],
                    "color": None, "isBot": False, "roles": [], "avatarUrl": "https://cdn.example/a.png"}}
        for number, at, who, text in talk.rows
    ]  # fmt: skip
    guild = {"guild": {"id": "1", "name": "b"}, "channel": {"id": "9", "name": "general"}, "messages": messages}
    return json.dumps(guild, ensure_ascii=False, indent=2).encode()


def discord_csv(talk: Talk) -> bytes:
    """DiscordChatExporter CSV."""
    header = ["AuthorID", "Author", "Date", "Content", "Attachments", "Reactions"]
    return _csv(header, [[who, talk.names[who], at.isoformat(), text, "", ""] for _, at, who, text in talk.rows])


def matrix(talk: Talk) -> bytes:
    """Element JSON."""
    messages: list[dict[str, object]] = [
        {"type": "m.room.message", "sender": f"@u{who}:example.org", "content": {"msgtype": "m.text", "body": text},
         "origin_server_ts": int(at.timestamp() * 1000), "event_id": f"${number}",
         "room_id": "!r:example.org", "unsigned": {}}
        for number, at, who, text in talk.rows
    ]  # fmt: skip
    room = {"room_name": "r", "room_creator": "@u0:example.org", "exported_by": "@u0:example.org", "messages": messages}
    return json.dumps(room, ensure_ascii=False, indent=4).encode()


def irc(talk: Talk) -> bytes:
    """An IRC log; every fourth line speaks to somebody."""
    lines = [
        f"[{at:%H:%M}] <{talk.names[who]}> {talk.names[number % 500] + ': ' if number % 4 == 0 else ''}{text}\n"
        for number, at, who, text in talk.rows
    ]
    return "".join(lines).encode()


def qq(talk: Talk) -> bytes:
    """QQ XLSX."""
    import openpyxl

    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("聊天记录")
    sheet.append(["序号", "时间", "发送者", "发送者QQ号", "消息类型", "消息内容", "是否撤回"])
    for number, at, who, text in talk.rows:
        sheet.append([number, f"{at:%Y-%m-%d %H:%M:%S}", talk.names[who], 10_000 + who, "文本", text, "否"])
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def discourse_posts(talk: Talk) -> bytes:
    """Discourse's archive of posts."""
    header = [column.headers[0] for column in POST_COLUMNS]
    return _csv(header, [
        ["t", "General", "", "No", text, 0, 0, f"https://f.example/t/t/{number // 9}/{number % 9 + 1}",
         f"{at:%Y-%m-%d %H:%M:%S} UTC"]
        for number, at, _, text in talk.rows
    ])  # fmt: skip


def _json_loads(path: Path) -> None:
    json.loads(path.read_bytes())


def _csv_reader(path: Path) -> None:
    with path.open(encoding="utf-8-sig", newline="") as file:
        for _ in csv.reader(file):
            pass


def _lines(path: Path) -> None:
    with path.open(encoding="utf-8") as file:
        for _ in file:
            pass


def _calamine(path: Path) -> None:
    from python_calamine import CalamineWorkbook

    CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python()


FORMATS: dict[str, tuple[Callable[[Talk], bytes], str, Callable[[Path], None]]] = {
    "wechat_memotrace": (memotrace, "群.csv", _csv_reader),
    "wechat_text": (wechat_text, "群.txt", _lines),
    "chatlog": (chatlog, "c.json", _json_loads),
    "chatlog_csv": (chatlog_csv, "c.csv", _csv_reader),
    "telegram": (telegram, "result.json", _json_loads),
    "discord": (discord, "d.json", _json_loads),
    "discord_csv": (discord_csv, "d.csv", _csv_reader),
    "matrix": (matrix, "m.json", _json_loads),
    "irc": (irc, "2026-01-01.txt", _lines),
    "qq": (qq, "group_12345_1.xlsx", _calamine),
    "discourse_posts": (discourse_posts, "user_archive-ann.csv", _csv_reader),
}


@dataclass(frozen=True)
class Measured:
    """What reading one file took, in a process of its own."""

    rows: int
    events: int
    rejects: int
    wall: float
    cpu: float
    peak_mb: float


def peak_mb() -> float:
    """The largest memory of this process so far. (ru_maxrss would hand down that of the process that started it.)"""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return float("nan")


def read(source: str, path: Path) -> Measured:
    """Read one file with one source."""
    rows = events = rejects = 0
    wall, cpu = time.perf_counter(), time.process_time()
    for batch in source_named(source).read(path, Options(received_at=START + timedelta(days=4000))):
        rows, events, rejects = rows + batch.rows, events + batch.events.num_rows, rejects + len(batch.rejects)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return Measured(rows, events, rejects, wall, cpu, peak_mb())


def main() -> None:
    """Generate, read and print one line per format."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=200_000)
    parser.add_argument("formats", nargs="*", default=list(FORMATS))
    options = parser.parse_args()
    talk = Talk(options.messages)
    titles = ("MB", "messages/s", "per CPU s", "events", "rejects", "x bare", "peak MB")
    print(f"{'format':18}" + "".join(f"{title:>12}" for title in titles))
    for source in options.formats:
        make, name, bare = FORMATS[source]
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / name
            path.write_bytes(make(talk))
            with multiprocessing.get_context("spawn").Pool(1) as alone:
                took = alone.apply(read, (source, path))
            begun = time.perf_counter()
            bare(path)
            ratio = took.wall / (time.perf_counter() - begun)
            size = path.stat().st_size / 1e6
        print(
            f"{source:18}{size:12.1f}{took.rows / took.wall:12,.0f}{took.rows / took.cpu:12,.0f}{took.events:12,}"
            f"{took.rejects:12}{ratio:12.1f}{took.peak_mb:12.0f}"
        )


if __name__ == "__main__":
    main()
