"""Why an object is shown to a person, in a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def sentence(row: Mapping[str, Any]) -> tuple[str, str]:
    """(English, Chinese) for a row of `recommendations` with because_title, people and category of its object."""
    because = row["because_title"] or row["because"]
    people = row["people"] or 0
    said = {
        "beside": (f"Goes with “{because}”, which they took.", f"与其接触过的“{because}”相配。"),
        "ties": ("People tied to them took it.", "与其有关系的人接触过。"),
        "community": ("Much taken in their community.", "在其社群中受欢迎。"),
        "category": (f"They like {row['category']}; much taken there.", f"其偏好{row['category']}，该类目中受欢迎。"),
        "everybody": (
            f"Popular: {people:,} people took it in a year. Little is known of this person.",
            f"热门：一年内 {people:,} 人接触。对此人了解尚少。",
        ),
        "plain": (
            f"Popular: {people:,} people took it. Chosen without looking at the person, as they asked.",
            f"热门：{people:,} 人接触。按其要求，未使用个人信息选择。",
        ),
    }
    return said[row["reason"]]
