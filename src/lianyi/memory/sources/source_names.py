"""What a source or a label may be called: it stands in ids, in reports and in the name of the mapping's file."""

from __future__ import annotations

import re

from lianyi.errors import InputError

MAX_NAME = 60
# Letters of any script, digits and _ first; inside also blanks, - and . (but not two, and not at the end).
_NAME = re.compile(r"\w(?:[\w \-]|\.(?=\w))*(?<! )")


def check_source_name(name: str, *, what: str) -> None:
    """InputError where a name could mean a place on the disk or part an id. what: the word for it in the message."""
    if len(name) > MAX_NAME:
        raise InputError(f"{what}: {name[:MAX_NAME]!r}… has {len(name):,} characters; at most {MAX_NAME} are allowed")
    if not _NAME.fullmatch(name):
        raise InputError(
            f"{what}: {name!r} can't be used; write letters (of any language), digits, blanks, _, - and single dots, "
            f"beginning with a letter or digit, e.g. west_shop"
        )
