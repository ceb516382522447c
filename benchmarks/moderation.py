"""How often harmless talk is held against somebody, and how many adverts are caught, by the filter of moderation.

    python -m benchmarks.moderation FOLDER       # FOLDER as in the project's data; its texts are no part of training
                                                 # but for the English SMS

Per set the share of different texts that a person is asked about, and that would be acted on in a group whose rules are
live, by the usual limits of members and of newcomers; each text alone, without kept examples. Harmless: talk of the
simulated world, bursts of questions that differ in numbers, public chat, titles, reviews, and sets with marked adverts.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from lianyi import world
from lianyi.insight.listening.judging import Filter, Limits, Message
from lianyi.insight.listening.words import shipped_words

MEMBER = Limits(act_from=0.95, ask_from=0.6, flood=8, copies=3, links=True)
NEWCOMER = Limits(act_from=0.9, ask_from=0.45, flood=8, copies=3, links=True)
SPEAKER = re.compile(r"^\[\d\d:\d\d\] <[^>]*> ")
# What many members ask at once when a sale opens, a list goes round, a parcel is late.
ASKED = (
    "抢到了吗 {} 号链接开了没", "早上好 {}", "我要 {} 份", "{} 号链接卖完了吗", "第 {} 波几点开", "有人拼 {} 号吗",
    "还差 {} 人成团", "{} 群的报到", "单号 {} 到哪了", "已拍 {} 号，求发货", "打卡第 {} 天", "is {} still in stock?",
    "order {} shipped yet?", "{}", "我排到 {} 了", "{} 点开抢吗", "券 {} 元的还有吗", "{} 块那个链接打不开",
    "抢到 {} 元的优惠券了吗", "num {} please", "+{}", "{}. 接一份",
)  # fmt: skip
NUMBERS = (1, 7, 12, 23, 47, 58, 88, 99, 100, 128, 366, 520, 999, 1024, 2026, 8888)


def bursts() -> list[str]:
    """Each question with each number."""
    return [asked.format(number) for asked in ASKED for number in NUMBERS]


def world_talk(people: int = 2_000, days: int = 270, seed: int = 11) -> tuple[list[str], list[str]]:
    """Different harmless texts and different adverts of a simulated brand."""
    made = world.generate(world.WorldSettings(people=people, days=days, seed=seed))
    events = pa.concat_tables(list(made.events()))
    said = events.filter(pc.is_in(events["kind"], pa.array(["message", "reply"])))
    truth = made.truth().messages
    meant = dict(zip(truth["number"].to_pylist(), truth["intent"].to_pylist(), strict=True))
    rows = zip(said["id"].to_pylist(), said["text"].to_pylist(), strict=True)
    kinds = {text: meant[int(name.rpartition("/")[2])] == "advert" for name, text in rows}
    return sorted(text for text, yes in kinds.items() if not yes), sorted(text for text, yes in kinds.items() if yes)


def judged(texts: Sequence[str], limits: Limits) -> tuple[int, int]:
    """How many are asked about (acted on ones among them), and acted on."""
    found = Filter(shipped_words()).judge([Message(text=text, limits=limits) for text in texts])
    mine = [[reason for reason in reasons if reason.why == "advert"] for reasons in found]
    return sum(1 for reasons in mine if reasons), sum(1 for reasons in mine if any(one.sure for one in reasons))


def parts(folder: Path) -> Iterator[tuple[str, bool, list[str]]]:
    """Name, whether they are adverts, texts."""
    from benchmarks.listening import sets

    harmless, adverts = world_talk()
    yield "talk of the world", False, harmless
    yield "bursts with numbers", False, bursts()
    chats = [path for path in sorted((folder / "irc_threads").rglob("*")) if path.is_file()]
    lines = (line for path in chats for line in path.read_text(encoding="utf-8", errors="replace").splitlines())
    yield "public chat", False, sorted({SPEAKER.sub("", line) for line in lines if SPEAKER.match(line)})[:20_000]
    titles = pq.read_table(folder / "hot_search/weibo_daily.parquet")
    name = next(column for column in titles.column_names if "title" in column or "word" in column)
    yield "titles", False, sorted({str(one) for one in titles[name].to_pylist()})[::20]
    yield "adverts of the world", True, adverts
    for name, texts, truth in sets(folder):
        yield name, False, [text for text, yes in zip(texts, truth, strict=True) if not yes or name == "reviews"]
        if name != "reviews":
            yield name, True, [text for text, yes in zip(texts, truth, strict=True) if yes]


def main() -> None:
    """Measure all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    for name, adverts, texts in parts(parser.parse_args().folder):
        shares = [count / len(texts) for limits in (MEMBER, NEWCOMER) for count in judged(texts, limits)]
        print(
            f"{name:22} {'adverts' if adverts else 'harmless':9}{len(texts):7,}  member asked {shares[0]:8.3%} acted "
            f"on {shares[1]:8.3%}  newcomer asked {shares[2]:8.3%} acted on {shares[3]:8.3%}", flush=True,
        )  # fmt: skip


if __name__ == "__main__":
    main()
