"""The workspace that this console shows, and its settings, read anew when `lianyi.toml` changes."""

from __future__ import annotations

from functools import lru_cache

from django.conf import settings

import lianyi
from lianyi import settings as workspace_settings
from lianyi.settings import FILE_NAME, Settings
from lianyi.workspace import Workspace


def brand() -> Settings:
    """The brand's settings as they are on disk now; the defaults where there is no workspace yet."""
    path = settings.WORKSPACE / FILE_NAME
    try:
        return _read(str(settings.WORKSPACE), path.stat().st_mtime_ns)
    except FileNotFoundError:
        return Settings()


@lru_cache(maxsize=4)
def _read(_folder: str, _changed: int) -> Settings:
    return workspace_settings.read(settings.WORKSPACE)


def workspace() -> Workspace:
    """The workspace, opened once for each state of its settings."""
    path = settings.WORKSPACE / FILE_NAME
    return _open(str(settings.WORKSPACE), path.stat().st_mtime_ns)


@lru_cache(maxsize=2)
def _open(folder: str, _changed: int) -> Workspace:
    return lianyi.open(folder)
