"""How far an account was compared with WeCom's lists: `comparing/<account>.json` in the workspace.

It holds places in lists and numbers, nothing of any person: what is known of customers is in the log alone.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from lianyi.action.channels import state_file

FOLDER = "comparing"
# What is wrong, by the code that is kept: what it means and what to do.
ERRORS = {
    "limit": _("WeCom asks us to wait; comparing goes on by itself."),
    "away": _("WeCom can't be reached; it is tried again by itself. If it stays so, use the self-check."),
    "refused": _("WeCom refuses. The self-check names the setting that is wrong and where to mend it."),
}


@dataclass(kw_only=True)
class Progress:
    """One account. asked: somebody wants a comparison now. began: of the one that runs, "" where none does. step:
    customers or groups. done, all: colleagues, then groups. cursor: of the next page of groups. Times are ISO.
    counted: what was mended by the one that runs; last: by the last whole one, which ended at `ended`. wait_until: not
    before. error: one of ERRORS, "" where the last try worked."""

    asked: bool = False
    began: str = ""
    step: str = "customers"
    done: int = 0
    all: int = 0
    cursor: str = ""
    counted: dict[str, int] = field(default_factory=dict)
    last: dict[str, int] = field(default_factory=dict)
    ended: str = ""
    wait_until: str = ""
    error: str = ""
    error_at: str = ""
    error_says: str = ""


def load(folder: Path, name: str) -> Progress:
    """What was kept last; a fresh one where nothing was."""
    return Progress(**state_file.read(_path(folder, name)))


def save(folder: Path, name: str, progress: Progress) -> None:
    """Durable when it returns; a crash leaves the former one whole."""
    state_file.replace(_path(folder, name), asdict(progress))


def described(folder: Path, name: str) -> dict[str, Any]:
    """For people and programs."""
    kept = load(folder, name)
    return {
        "running": bool(kept.began), "asked": kept.asked, "began": kept.began or None, "step": kept.step,
        "done": kept.done, "of": kept.all, "mended": kept.counted if kept.began else kept.last,
        "ended": kept.ended or None, "error": kept.error, "error_at": kept.error_at or None,
        "error_detail": kept.error_says, "error_says": gettext(ERRORS[kept.error]) if kept.error else "",
    }  # fmt: skip


def _path(folder: Path, name: str) -> Path:
    return folder / FOLDER / f"{name}.json"
