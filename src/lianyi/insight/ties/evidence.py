"""Why a tie is what it is, in a sentence: "14 replies and 3 reactions on 6 days in 2 groups, both ways"."""

from __future__ import annotations

from lianyi.insight.ties.kinds import TIE_KINDS


def english() -> str:
    """SQL of the sentence over columns n_<kind>, days, groups, forth, back."""
    parts = ", ".join(_counted(f"n_{kind.name}", kind.one, kind.many) for kind in TIE_KINDS)
    where = f"CASE WHEN groups > 0 THEN concat(' in ', {_counted('groups', 'group', 'groups')}) ELSE '' END"
    return f"""concat(concat_ws(', ', {parts}), ' on ', {_counted("days", "day", "days")}, {where},
        CASE WHEN forth > 0 AND back > 0 THEN ', both ways' WHEN forth + back > 0 THEN ', one way' ELSE '' END)"""


def chinese() -> str:
    """The same in Chinese."""
    parts = ", ".join(
        f"CASE WHEN n_{kind.name} > 0 THEN concat(CAST(n_{kind.name} AS STRING), ' {kind.zh}') END"
        for kind in TIE_KINDS
    )
    where = "CASE WHEN groups > 0 THEN concat('，', CAST(groups AS STRING), ' 个群') ELSE '' END"
    return f"""concat(concat_ws('、', {parts}), '，共 ', CAST(days AS STRING), ' 天', {where},
        CASE WHEN forth > 0 AND back > 0 THEN '，双向' WHEN forth + back > 0 THEN '，单向' ELSE '' END)"""


def _counted(number: str, one: str, many: str) -> str:
    text = f"CAST({number} AS STRING)"
    return f"CASE WHEN {number} = 1 THEN '1 {one}' WHEN {number} > 1 THEN concat({text}, ' {many}') END"
