"""The settings of one workspace: a typed object, read once at the edge from `lianyi.toml`."""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from lianyi.errors import InputError

FILE_NAME = "lianyi.toml"
MAX_MEMORY_MB = 1 << 24
MAX_THREADS = 1024
# Control characters, line and paragraph ends, and half characters, which no UTF-8 file can hold.
UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What a brand sets once.

    name: of the brand, shown in the console. currency: ISO code in which spend is summed. timezone: IANA name
    in which days, hours and weekdays are counted. language: `zh-hans` or `en`, the console's default.
    memory_mb: what the engine may use before it spills to disk. threads: 0 = all cores.
    """

    name: str = "Lianyi"
    currency: str = "CNY"
    timezone: str = "Asia/Shanghai"
    language: str = "zh-hans"
    memory_mb: int = 4096
    threads: int = 0

    def __post_init__(self) -> None:
        for field in fields(self):
            _check_type(field.name, getattr(self, field.name), type(field.default))
        if not self.name.strip():
            raise InputError(f"{FILE_NAME}: name is empty; write the brand's name")
        if not re.fullmatch(r"[A-Z]{3}", self.currency):
            raise InputError(f"{FILE_NAME}: currency = {self.currency!r}; write an ISO 4217 code such as CNY")
        try:
            ZoneInfo(self.timezone)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise InputError(
                f"{FILE_NAME}: timezone = {self.timezone!r}; write an IANA name such as Asia/Shanghai"
            ) from error
        if self.language not in {"zh-hans", "en"}:
            raise InputError(f"{FILE_NAME}: language = {self.language!r}; write zh-hans or en")
        if not 256 <= self.memory_mb <= MAX_MEMORY_MB:
            raise InputError(f"{FILE_NAME}: memory_mb = {self.memory_mb}; write 256 to {MAX_MEMORY_MB}")
        if not 0 <= self.threads <= MAX_THREADS:
            raise InputError(f"{FILE_NAME}: threads = {self.threads}; write 0 (all cores) to {MAX_THREADS}")


def _check_type(name: str, value: object, wanted: type) -> None:
    if type(value) is not wanted:
        kind = "a text in quotes" if wanted is str else "a whole number"
        raise InputError(f"{FILE_NAME}: {name} = {value!r}; write {kind}")
    if isinstance(value, str) and (sign := UNPRINTABLE.search(value)):
        raise InputError(
            f"{FILE_NAME}: {name} = {value!r} holds {sign[0]!r} at place {sign.start() + 1}; "
            f"write it on one line without control characters"
        )


def read(folder: Path) -> Settings:
    """The settings of a workspace folder; InputError names the line that can't be used."""
    try:
        data = tomllib.loads((folder / FILE_NAME).read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{folder / FILE_NAME}: {error}; mend the file") from error
    return _from_data(folder, data)


def _from_data(folder: Path, data: dict[str, Any]) -> Settings:
    known = {field.name for field in fields(Settings)}
    unknown = sorted(set(data) - known)
    if unknown:
        raise InputError(f"{folder / FILE_NAME}: unknown setting {unknown[0]!r}; there are {', '.join(sorted(known))}")
    return Settings(**data)


def write(folder: Path, settings: Settings) -> None:
    """Write `lianyi.toml`, replacing it in one step, and only by what reads back equal."""
    text = "".join(f"{name} = {_toml(value)}\n" for name, value in asdict(settings).items())
    if _from_data(folder, tomllib.loads(text)) != settings:
        raise InputError(f"{folder / FILE_NAME}: these settings can't be kept: {settings}")
    draft = folder / (FILE_NAME + ".new")
    draft.write_text(text, encoding="utf-8")
    draft.replace(folder / FILE_NAME)


def _toml(value: object) -> str:
    if isinstance(value, int):
        return str(value)
    # JSON's escapes are TOML's, but for the delete character, which Settings refuses with the other control characters
    return json.dumps(str(value), ensure_ascii=False)
