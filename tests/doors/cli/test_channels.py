"""Channels by command: secrets from a file or a prompt, never in a list; exit codes say what was wrong."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from django.utils import timezone, translation

from lianyi.action.channels import accounts
from lianyi.action.team.models import Act
from lianyi.doors.cli.commands import lianyi
from lianyi.workspace import Workspace
from tests.action.channels.servers import Server, smtp
from tests.doors.cli.test_backstage import rows, run

SECRET = "s3cret-word"


@pytest.fixture(autouse=True)
def _no_second_setup(monkeypatch: pytest.MonkeyPatch, db: None) -> Any:
    """As in test_backstage."""
    monkeypatch.setattr("lianyi.doors.console.start.prepare", lambda _folder: None)
    monkeypatch.setenv("USER", "op")
    with translation.override("en"), timezone.override("Asia/Shanghai"):
        yield


@pytest.fixture(scope="module")
def mail_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with smtp(tmp_path_factory.mktemp("smtp")) as server:
        yield server


def test_a_channel_from_first_to_last(brand: Workspace, mail_server: Server, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(f"{SECRET}\n")
    where = ["--set", "host=127.0.0.1", "--set", f"port={mail_server.port}", "--set", "encryption=none"]
    sender = ["--set", "from_address=hello@tea.test", "--set", f"password=@{tmp_path / 'secret'}"]
    run(brand, "channels", "add", "mail", "email", *where, *sender, "--at-once", "3")
    given = accounts.configured(accounts.by_name("mail"))
    assert given.settings["password"] == SECRET
    assert SECRET not in run(brand, "channels", "show", "mail").stdout + run(brand, "channels", "--json").stdout
    assert rows(run(brand, "channels", "--json"))[0]["at_once"] == 3
    assert "The server takes hello@tea.test as sender." in run(brand, "channels", "check", "mail").stdout
    assert "sent" in run(brand, "channels", "test", "mail", "cli@tea.test").stderr
    assert "550" in run(brand, "channels", "test", "mail", "nobody@tea.test", code=1).stderr
    assert [one.to for one in mail_server.kept()] == ["cli@tea.test"]
    run(brand, "channels", "change", "mail", "--set", "port=1", "--at-once", "0")
    assert "wrong" in run(brand, "channels", "check", "mail", code=1).stdout
    assert accounts.limits("mail").at_once == 8
    run(brand, "channels", "off", "mail")
    assert accounts.names() == []
    run(brand, "channels", "on", "mail")
    assert "1 channels" in run(brand, "channels", "new-key").stderr
    run(brand, "channels", "remove", "mail")
    assert "mail" in run(brand, "channels", "show", "mail", code=3).stderr
    assert {act.by for act in Act.objects.all()} == {"user:op"}


def test_a_secret_is_asked_for_and_a_wrong_setting_is_named(brand: Workspace) -> None:
    add = ["-w", str(brand.folder), "channels", "add", "hook", "webhook", "--set", "url=https://hooks.example.cn/in"]
    asked = CliRunner().invoke(lianyi, [*add, "--set", "secret=-"], input="whsec_" + "QUJD" * 10 + "\n")
    assert asked.exit_code == 0, asked.output
    assert "QUJD" not in asked.output
    assert "--set 'x': write NAME=VALUE" in run(brand, "channels", "add", "a", "email", "--set", "x", code=2).stderr
    assert "host: is missing" in run(brand, "channels", "add", "a", "email", code=2).stderr
    assert {one["setting"] for one in rows(run(brand, "channels", "kinds", "webhook", "--json"))} == {
        "url", "secret", "old_secret", "allowed"}  # fmt: skip
    assert len(rows(run(brand, "channels", "kinds", "--json"))) == 11
