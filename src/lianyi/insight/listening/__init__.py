"""Listening: what people talk about, in what tone, who spreads it, which complaints wait, what is noise."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lianyi.insight.listening import bursts, complaints, flagged, group_themes, topics, turns
from lianyi.insight.listening.words import read_words
from lianyi.insight.tables import Table

TABLES: tuple[Table, ...] = (
    flagged.TABLE,
    topics.DAYS,
    topics.TOPICS,
    topics.PEOPLE_OF,
    bursts.TABLE,
    group_themes.TABLE,
    turns.TABLE,
    complaints.TABLE,
)


def parameters(folder: Path) -> Mapping[str, Any]:
    """What the tables of this room read from a workspace's folder: themes, words of complaint, sensitive words."""
    return {"listening": read_words(folder)}
