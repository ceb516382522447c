"""The settings of one workspace: a typed object, read once at the edge from `lianyi.toml`."""

from __future__ import annotations

import re
import tomllib
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from lianyi.errors import InputError

FILE_NAME = "lianyi.toml"


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
        if self.memory_mb < 256:
            raise InputError(f"{FILE_NAME}: memory_mb = {self.memory_mb}; at least 256 is needed")


def read(folder: Path) -> Settings:
    """The settings of a workspace folder; InputError names the line that can't be used."""
    try:
        data = tomllib.loads((folder / FILE_NAME).read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{folder / FILE_NAME}: {error}") from error
    known = {field.name for field in fields(Settings)}
    unknown = sorted(set(data) - known)
    if unknown:
        raise InputError(f"{folder / FILE_NAME}: unknown setting {unknown[0]!r}; there are {', '.join(sorted(known))}")
    return Settings(**data)


def write(folder: Path, settings: Settings) -> None:
    """Write `lianyi.toml`, replacing it in one step."""
    lines = [f"{name} = {_toml(value)}" for name, value in asdict(settings).items()]
    draft = folder / (FILE_NAME + ".new")
    draft.write_text("\n".join(lines) + "\n", encoding="utf-8")
    draft.replace(folder / FILE_NAME)


def _toml(value: object) -> str:
    if isinstance(value, int):
        return str(value)
    text = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'
