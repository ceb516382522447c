"""What people outside can see and do: log lines, names on the disk, names of the host, the demo's password."""

from __future__ import annotations

import logging
import os
import stat
from pathlib import Path

import pytest
from django.test import Client

from lianyi.action.team.models import User
from lianyi.doors.cli import demo
from lianyi.doors.console import start
from lianyi.doors.console.start import keep_to_oneself
from lianyi.doors.logs import Line
from lianyi.workspace import Workspace
from tests.doors.standing import Standing


@pytest.mark.parametrize("name", ["a\n2026-01-01 INFO forged", "a\r\nforged", "\x1b[2Jx", "a\u2028b", "\x9b31m"])
def test_what_strangers_send_forges_no_log_line(name: str) -> None:
    record = logging.LogRecord("lianyi", logging.INFO, "", 0, "%s did %s", (name, "sign_in"), None)
    line = Line("%(message)s").format(record)
    assert len(line.splitlines()) == 1
    assert line.isprintable()


def test_a_traceback_keeps_its_lines() -> None:
    try:
        int("x\x1b")
    except ValueError as error:
        given = (type(error), error, error.__traceback__)
    record = logging.LogRecord("lianyi", logging.ERROR, "", 0, "broken", (), given)
    lines = Line("%(message)s").format(record).splitlines()
    assert lines[0] == "broken"
    assert len(lines) > 2
    assert all(line.isprintable() for line in lines)


def test_a_workspace_is_nobody_elses(tmp_path: Path) -> None:
    folder = tmp_path / "brand"
    folder.mkdir(mode=0o755)
    database = folder / "ops.sqlite3"
    database.touch()
    database.chmod(0o644)
    before = os.umask(0o022)
    try:
        keep_to_oneself(folder)
        (folder / "new").touch()
    finally:
        os.umask(before)
    assert [stat.S_IMODE(path.stat().st_mode) for path in (folder, database, folder / "new")] == [0o700, 0o600, 0o600]


def test_under_a_foreign_name_the_page_says_what_to_set(standing: Standing) -> None:
    answer = standing.owner.get("/", HTTP_HOST="crm.tea.cn")
    assert answer.status_code == 400
    said = answer.content.decode()
    assert "LIANYI_HOSTS" in said
    assert "LIANYI_URL" in said
    assert "crm.tea.cn" in said


def test_the_known_password_of_the_demo_is_for_this_machine_only(
    brand: Workspace, db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(start, "prepare", lambda _folder: None)
    User.objects.enrol(demo.OWNER, role="owner", password=demo.PASSWORD)
    assert demo.password_for("127.0.0.1") == demo.PASSWORD
    for host in ("0.0.0.0", "192.168.1.5", "::"):
        demo.announce(brand.folder, host=host, port=1)
        assert not User.objects.get().check_password(demo.PASSWORD)
    demo.announce(brand.folder, host="127.0.0.1", port=1)
    assert User.objects.get().check_password(demo.PASSWORD)
    assert Client().post("/login", {"name": demo.OWNER, "password": demo.PASSWORD}).status_code == 302


def test_the_server_says_where_the_owner_is_made(brand: Workspace, db: None, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        start.say_first_run(brand.folder, "http://127.0.0.1:8765")
    assert f"http://127.0.0.1:8765/start?code={start.first_run_code(brand.folder)}" in caplog.text
