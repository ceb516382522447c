"""A brand whose people can be written to, and a server that takes everything."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from pytest_django import Settings

from lianyi.action.channels import accounts
from lianyi.workspace import Workspace
from tests.action.channels.servers import running
from tests.action.contacts.crowd import noon
from tests.doors.standing import copy_brand


@dataclass(frozen=True, kw_only=True)
class Sink:
    """A running SMTP server, see sink."""

    port: int
    path: Path

    def got(self) -> list[str]:
        """The recipients of everything it has taken, in order."""
        if not self.path.exists():
            return []
        return [line.split("\t")[0] for line in self.path.read_text().splitlines()]


@pytest.fixture
def brand(brand_template: Path, tmp_path: Path, settings: Settings) -> Workspace:
    """The small brand, whose people `crowd.put_people` replaces."""
    ws = copy_brand(brand_template, tmp_path / "tea")
    settings.WORKSPACE = ws.folder
    return ws


@pytest.fixture
def sink(tmp_path: Path) -> Iterator[Sink]:
    with running("tests.action.contacts.sink", str(tmp_path / "taken")) as port:
        yield Sink(port=port, path=tmp_path / "taken")


@pytest.fixture
def mail(brand: Workspace, sink: Sink) -> str:
    """An e-mail account that sends to the sink."""
    add_mail("mail", sink.port)
    return "mail"


def add_mail(name: str, port: int) -> None:
    """An e-mail account of a server on this machine."""
    settings = {"host": "127.0.0.1", "port": port, "encryption": "none", "from_address": "hello@tea.test"}
    accounts.add(name, "email", settings, by="anna", now=noon())
