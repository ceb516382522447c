"""Codes as redirects need them: kept by action.codes, read here without Django, one look-up per request."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lianyi.doors.operational import Reader

COLUMNS = "token, campaign, channel, sharer_key, target, landing, carry, retired_at IS NOT NULL"
BY_TOKEN = f"SELECT {COLUMNS} FROM codes_code WHERE token = ?"
BY_SAME = f"SELECT {COLUMNS} FROM codes_code WHERE same = ? AND retired_at IS NULL"
PAGE = "SELECT page, disclosure, asks_first FROM codes_landing WHERE campaign = ?"


@dataclass(frozen=True, kw_only=True)
class Link:
    """One code: see action.codes.models.Code."""

    token: str
    campaign: str
    channel: str
    sharer_key: str
    target: str
    landing: bool
    carry: bool
    retired: bool


@dataclass(frozen=True, kw_only=True)
class Page:
    """What a campaign's page says, by language; see action.codes.models.Landing."""

    texts: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    disclosure: Mapping[str, str] = field(default_factory=dict)
    asks_first: bool = False


class TableOfLinks:
    """The codes in the operational database. In SQLite a look-up by the primary key takes some ten microseconds, less
    than a thread would. While the table can't be read, every code is unknown and the problem is reported."""

    def __init__(self, folder: Path) -> None:
        self._reader = Reader(folder, "codes")

    @property
    def problem(self) -> str | None:
        """Why codes can't be read at the moment; None when all is well."""
        return self._reader.problem

    def link(self, token: str) -> Link | None:
        """The code with this token."""
        return self._link(BY_TOKEN, token)

    def same(self, name: str) -> Link | None:
        """The code that is the same as one that would be made, see action.codes.issuing.Wanted.same."""
        return self._link(BY_SAME, name)

    def page(self, campaign: str) -> Page:
        """The page of a campaign; an empty one where nobody has written it."""
        row = self._row(PAGE, campaign)
        if row is None:
            return Page()
        return Page(texts=json.loads(row[0]), disclosure=json.loads(row[1]), asks_first=bool(row[2]))

    def _link(self, query: str, value: str) -> Link | None:
        row = self._row(query, value)
        if row is None:
            return None
        token, campaign, channel, sharer_key, target, landing, carry, retired = row
        return Link(
            token=token, campaign=campaign, channel=channel, sharer_key=sharer_key, target=target,
            landing=bool(landing), carry=bool(carry), retired=bool(retired),
        )  # fmt: skip

    def _row(self, query: str, value: str) -> Any:
        return next(iter(self._reader.rows(query, [value]) or ()), None)
