"""What holds for every chat format: recognised, the same twice, whole from its parts, good up to where it is cut."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lianyi.memory.events import KINDS
from lianyi.memory.sources.registry import source_named, sources
from lianyi.memory.sources.source import Head
from tests.memory.sources.chats.chat_files import read, read_file
from tests.memory.sources.chats.samples import SAMPLES, Sample

CHATS = sorted({sample.source for sample in SAMPLES.values()})
# Kinds of our own beside the vocabulary: edits and recalls of messages, notices of the platform, names of rooms.
OWN_KINDS = {"edit", "recall", "notice", "group"}
every_sample = pytest.mark.parametrize("sample", SAMPLES.values(), ids=SAMPLES.keys())


def _written(folder: Path, sample: Sample) -> Path:
    path = folder / sample.name
    path.write_bytes(sample.content)
    return path


@every_sample
def test_a_format_is_recognised_and_not_taken_for_another(tmp_path: Path, sample: Sample) -> None:
    path = _written(tmp_path, sample)
    head = Head(path=path, name=path.name)
    guesses = {name: source_named(name).sniff(head) for name in CHATS}
    assert guesses[sample.source].confidence >= 0.8
    assert guesses[sample.source].why
    others = {name: guess.confidence for name, guess in guesses.items() if name != sample.source and guess.confidence}
    assert others == {}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("orders.csv", "订单编号,买家会员名,总金额\n1,a,2\n"),
        ("people.csv", "id,name,email\n1,Ann,a@x.example\n"),
        ("a.json", '{"a": 1}'),
        ("a.json", '[{"id": 1, "type": "x"}]'),
        ("a.json", "{"),
        ("notes.txt", "Dear all,\n\n[12:18] we meet\n\nAnn\n"),
        ("log.txt", "2026-10-05 21:40:12,123 INFO start\n2026-10-05 21:40:13,123 INFO stop\n"),
        ("empty.txt", ""),
        ("a.xlsx", "PK\x03\x04"),
        ("a.txt", "\x00" * 500),
        ("a.csv", '"' * 30_000),
    ],
)
def test_other_files_are_not_taken_for_chats(tmp_path: Path, name: str, content: str) -> None:
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    head = Head(path=path, name=name)
    assert {chat: source_named(chat).sniff(head).confidence for chat in CHATS} == dict.fromkeys(CHATS, 0.0)


@every_sample
def test_all_messages_are_read_twice_the_same(tmp_path: Path, sample: Sample) -> None:
    path = _written(tmp_path, sample)
    first, second = read_file(path, sample.source), read_file(path, sample.source)
    assert first.rejects == []
    assert first.rows == sample.messages
    assert first.events == second.events
    assert len(set(first.ids())) == len(first.ids())


@every_sample
def test_a_source_yields_what_it_declares(tmp_path: Path, sample: Sample) -> None:
    declared = set(source_named(sample.source).yields)
    assert {event["kind"] for event in read_file(_written(tmp_path, sample), sample.source).events} <= declared
    assert declared <= set(KINDS) | OWN_KINDS


def test_every_chat_source_has_a_sample() -> None:
    formats = {"wechat", "chatlog", "qq", "telegram", "discord", "matrix", "irc", "discourse"}
    assert {name for name in sources() if name.partition("_")[0] in formats} == set(CHATS)


@every_sample
def test_every_event_but_profiles_has_a_room_and_a_known_channel(tmp_path: Path, sample: Sample) -> None:
    for event in read_file(_written(tmp_path, sample), sample.source).acts():
        assert event["group_key"].startswith(f"group:{event['channel']}/")
        assert event["id"].startswith(event["source"] + ":")


@every_sample
def test_two_labels_are_two_sources(tmp_path: Path, sample: Sample) -> None:
    path = _written(tmp_path, sample)
    ones, twos = (set(read_file(path, sample.source, label=label).ids()) for label in ("1", "2"))
    assert ones.isdisjoint(twos)


@every_sample
def test_a_file_cut_anywhere_gives_what_was_whole(tmp_path: Path, sample: Sample) -> None:
    # the channel's name may be cut off, so it is told
    told = {"room": "#makers"} if sample.source == "irc" else {}
    whole = read(tmp_path, sample.source, sample.content, sample.name, **told)
    known = {event["id"]: event for event in whole.events}
    counts = []
    for end in range(0, len(sample.content), 97 if sample.source != "qq" else 397):
        chat = read(tmp_path, sample.source, sample.content[:end], sample.name, **told)
        kept = [event for event in chat.acts() if known.get(event["id"]) == event]
        counts.append(len(kept))
        # at most the message at the cut is read otherwise than it was meant (or not at all)
        assert len(chat.acts()) - len(kept) <= 3
    if sample.source != "qq":  # half a workbook is none
        assert counts[-1] >= len(whole.acts()) - 4
        assert all(later >= earlier - 3 for earlier, later in pairwise(counts))


NAMES = st.sampled_from(["老王", "Ann", "bob", "小李 Li", "阿青"])
TEXTS = st.text(st.sampled_from("ab 你好@,\"'\n<>[]:|"), min_size=1, max_size=12).filter(lambda text: text.strip())
TIMES = st.integers(0, 3 * 3600)
MESSAGES = st.lists(st.tuples(TIMES, NAMES, TEXTS), min_size=2, max_size=12, unique=True).map(sorted)
CUT = st.floats(0.01, 0.99)
quiet = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def _clock(seconds: int) -> str:
    return f"{12 + seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def _halves(blocks: list[str], share: float) -> tuple[str, str]:
    place = min(len(blocks) - 1, max(1, int(len(blocks) * share)))
    return "".join(blocks[:place]), "".join(blocks[place:])


def _same_parts(
    folder: Path, source: str, header: str, blocks: list[str], share: float, name: str, **options: Any
) -> None:
    """The parts together give the events of the whole; ids of mentions may be fewer where they lean on who is seen."""
    one, two = _halves(blocks, share)
    whole = read(folder, source, header + one + two, name, **options)
    parts = [
        read(folder, source, header + part, f"{number}-{name}", **options) for number, part in enumerate((one, two))
    ]
    assert {event_id for part in parts for event_id in part.ids() if "/mention/" not in event_id} == {
        event_id for event_id in whole.ids() if "/mention/" not in event_id
    }
    assert {event_id for part in parts for event_id in part.ids("mention")} <= set(whole.ids("mention"))
    acts = {event["id"]: event for event in whole.acts()}
    assert all(acts[event["id"]] == event for part in parts for event in part.acts())


@given(messages=MESSAGES, share=CUT)
@quiet
def test_parts_of_an_irc_log_are_the_whole(tmp_path: Path, messages: list[tuple[int, str, str]], share: float) -> None:
    lines = [f"[{_clock(at)}] <{name.split()[0]}> {' '.join(text.split())}\n" for at, name, text in messages]
    unique = list(dict.fromkeys(lines))
    if len(unique) > 1:
        _same_parts(tmp_path, "irc", "", unique, share, "2026-10-05.txt", room="#r")


@given(messages=MESSAGES, share=CUT)
@quiet
def test_parts_of_a_text_export_are_the_whole(
    tmp_path: Path, messages: list[tuple[int, str, str]], share: float
) -> None:
    blocks = [f"2026-10-05 {_clock(at)} {name}\n{text.strip()}\n\n" for at, name, text in messages]
    unique = list(dict.fromkeys(blocks))
    if len(unique) > 1:
        _same_parts(tmp_path, "wechat_text", "", unique, share, "g.txt", room="群")


@given(messages=MESSAGES, share=CUT)
@quiet
def test_parts_of_a_csv_are_the_whole(tmp_path: Path, messages: list[tuple[int, str, str]], share: float) -> None:
    def row(*cells: str) -> str:
        return ",".join('"' + cell.replace('"', '""') + '"' for cell in cells) + "\n"

    chatlog = [
        row(f"2026-10-05 {_clock(at)}", name, f"id_{name}", "群", "7@chatroom", text) for at, name, text in messages
    ]
    _same_parts(tmp_path, "chatlog_csv", "Time,SenderName,Sender,TalkerName,Talker,Content\n", chatlog, share, "c.csv")
    discord = [row(f"id_{name}", name, f"2026-10-05T{_clock(at)}+00:00", text, "", "") for at, name, text in messages]
    header = "AuthorID,Author,Date,Content,Attachments,Reactions\n"
    _same_parts(tmp_path, "discord_csv", header, discord, share, "d.csv", room="general")
