"""Which migrations people's databases have had: these are never edited again. `python -m tests.doors.schema.released`
writes new ones down beside the day; lines that stand are never changed."""

from __future__ import annotations

import hashlib
import sys
from datetime import UTC, datetime
from pathlib import Path

LIST = Path(__file__).with_name("released.txt")
ACTION = Path(__file__).parents[3] / "src" / "lianyi" / "action"


def listed() -> dict[str, tuple[str, str]]:
    """`app.name` → day of release, SHA-256 of the file."""
    lines = [line.split() for line in LIST.read_text(encoding="ascii").splitlines() if line and line[0] != "#"]
    return {name: (day, said) for day, name, said in lines}


def there() -> dict[str, str]:
    """`app.name` → SHA-256 of the file, of all migrations of ours."""
    files = sorted(ACTION.glob("*/migrations/[!_]*.py"))
    return {f"{path.parts[-3]}.{path.stem}": hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def first() -> dict[str, str]:
    """App → newest migration of the first day: what the oldest database that we promise to bring forward has had."""
    day = min(day for day, _ in listed().values())
    newest: dict[str, str] = {}
    for name in sorted(name for name, (on, _) in listed().items() if on == day):
        app, _, migration = name.partition(".")
        newest[app] = migration
    return newest


def main() -> int:
    """Write down what is new."""
    known, day = listed(), f"{datetime.now(UTC):%Y-%m-%d}"
    new = [f"{day} {name} {said}\n" for name, said in there().items() if name not in known]
    with LIST.open("a", encoding="ascii") as file:
        file.writelines(new)
    print("".join(new) or "nothing new")
    return 0


if __name__ == "__main__":
    sys.exit(main())
