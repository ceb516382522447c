"""What the tests need beside Python packages: found, or installed with apt where that may be done.

Run as `python -m tests.machine` by `make test`. Says what is missing and which tests will skip for it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@dataclass(frozen=True)
class Need:
    """One thing: programs of which one will do (empty: a font to look for), Debian packages, which tests skip."""

    name: str
    programs: tuple[str, ...]
    packages: tuple[str, ...]
    tests: str


NEEDS = (
    Need("Chromium", BROWSERS, ("chromium",), "browser tests of the console and the snippet"),
    Need("PostgreSQL", ("initdb",), ("postgresql",), "tests of the action floor on PostgreSQL"),
    Need("Chinese font", (), ("fonts-noto-cjk",), "nothing; Chinese shows as boxes in screenshots"),
)


def chromium() -> str | None:
    """The browser's path: $LIANYI_CHROMIUM, or the first of BROWSERS on the PATH."""
    given = os.environ.get("LIANYI_CHROMIUM")
    if given:
        return given if Path(given).exists() else None
    return next((path for path in map(shutil.which, BROWSERS) if path), None)


def postgres(program: str) -> str | None:
    """One of PostgreSQL's programs; Debian keeps those of the server off the PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{program}"))
    return shutil.which(program) or (str(found[-1]) if found else None)


def there(need: Need) -> bool:
    """Is it on this machine?"""
    if need.name == "Chromium":
        return chromium() is not None
    if need.name == "PostgreSQL":
        return postgres("initdb") is not None
    if not need.programs:
        return any(Path("/usr/share/fonts").rglob("NotoSansCJK*")) or sys.platform == "darwin"
    return any(shutil.which(program) for program in need.programs)


def install(needs: list[Need]) -> None:
    """Install with apt as root (or sudo without a question); says so and goes on where that can't be done."""
    apt = shutil.which("apt-get")
    prefix = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if not apt or (prefix and not shutil.which("sudo")):
        return
    packages = [package for need in needs for package in need.packages]
    print(f"installing {' '.join(packages)} with apt", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in ([apt, "update", "-qq"], [apt, "install", "-y", "-qq", "--no-install-recommends", *packages]):
        done = subprocess.run([*prefix, *command], env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            print(f"!! {' '.join(command)}: {done.stderr.strip().splitlines()[-1:]}")


def main() -> int:
    """Prepare the machine; exit code 1 in CI when something is still missing."""
    missing = [need for need in NEEDS if not there(need)]
    if missing:
        install(missing)
    still = [need for need in missing if not there(need)]
    for need in still:
        print(
            f"!! {need.name} is not here and could not be installed ({' '.join(need.packages)}); skipped: {need.tests}"
        )
    return 1 if still and os.environ.get("CI") else 0


if __name__ == "__main__":
    sys.exit(main())
