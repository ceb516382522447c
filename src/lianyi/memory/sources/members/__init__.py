"""Lists of members or customers, Chinese and English, the WeCom customer export among them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from lianyi.memory.sources.source import NO, Batch, Guess, Head, Options, Source


def sniff(head: Head) -> Guess:
    """A table with keys and traits of people and nothing that happened."""
    from lianyi.memory.sources.members.people import recognised

    return recognised(head.grid) if head.grid else NO


def read(path: Path, options: Options) -> Iterator[Batch]:
    """One identify event per person, aliases for further keys, tags."""
    from lianyi.memory.sources.members.people import read_members

    yield from read_members(path, options)


SOURCES = (
    Source(
        name="members",
        en="members or customers, with tags (WeCom customer export too)",
        zh="会员/客户名单，含标签（含企业微信客户导出）",
        suffixes=(".csv", ".xlsx", ".xls", ".tsv", ".txt"),
        yields=("identify", "alias", "tag", "follow"),
        sniff=sniff,
        read=read,
        fields={
            "key": ("id, phone, e-mail or WeChat id", "会员号、手机、邮箱、微信号、客户 UserID"),
            "traits": ("name, gender, birthday, city …", "姓名、性别、生日、城市……"),
            "tags": ("several tags parted by , 、 or ;", "多个标签，用 , 、 ; 分隔"),
            "joined": ("when the person came", "添加时间、注册时间、入会时间"),
        },
    ),
)
