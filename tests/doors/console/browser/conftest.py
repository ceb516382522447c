"""A real server on a small brand, and a real Chromium before it that forgives nothing."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Response, sync_playwright

from lianyi.settings import Settings
from lianyi.workspace import Workspace
from tests.doors.console.conftest import sharing
from tests.doors.standing import brand_events, copy_brand
from tests.machine import chromium

ARGUMENTS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@dataclass(kw_only=True)
class Server:
    """`lianyi serve` on a port of its own."""

    url: str
    folder: Path


@pytest.fixture(scope="session")
def brand_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small brand, with a campaign that spread and a declared community, so that no page of the graph is empty."""
    folder = tmp_path_factory.mktemp("browsed") / "tea"
    ws = Workspace.create(folder, Settings(name="Test Tea", language="en", memory_mb=1024, threads=1))
    ws.record([*brand_events(), *sharing()])
    ws.declare_community("group:wecom/茶友群", zh="茶友会", en="Tea friends")
    ws.refresh()
    return folder


@pytest.fixture(scope="module")
def server(brand_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = copy_brand(brand_template, tmp_path_factory.mktemp("served") / "tea").folder
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        sys.executable,
        "-c",
        "from lianyi.doors.cli import main; main()",
        "-w",
        str(folder),
        "serve",
        "--port",
        str(port),
    ]
    environment = {
        name: value for name, value in os.environ.items() if name not in {"LIANYI_WORKSPACE", "DJANGO_SETTINGS_MODULE"}
    }
    log = (folder.parent / "serve.log").open("wb")
    process = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
    try:
        wait_for(f"http://127.0.0.1:{port}/start", process, folder.parent / "serve.log")
        yield Server(url=f"http://127.0.0.1:{port}", folder=folder)
    finally:
        process.terminate()
        process.wait(30)
        log.close()


def wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        try:
            if httpx.get(url, timeout=20).status_code < 500:
                return
        except httpx.TransportError:
            time.sleep(0.1)
        assert process.poll() is None, log.read_text(errors="replace")[-3000:]
    raise AssertionError(f"the server did not start: {log.read_text(errors='replace')[-3000:]}")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    # For one module only: while Playwright runs, its event loop stands in the way of tests that have their own.
    path = chromium()
    if path is None:
        pytest.skip("no Chromium on this machine: set LIANYI_CHROMIUM, or run `python -m tests.machine`")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield running
        running.close()


@dataclass(kw_only=True)
class Watch:
    """What a page did wrong: errors on its console (refused by the policy, too), broken scripts, failed requests."""

    page: Page
    expected: set[int] = field(default_factory=set)
    wrong: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.wrong.append(f"script: {error}"))
        self.page.on("response", self._response)
        self.page.set_default_timeout(20_000)

    def _console(self, message: ConsoleMessage) -> None:
        # "Failed to load resource" is told, with the address, by the response itself.
        if message.type in {"error", "warning"} and "Failed to load resource" not in message.text:
            self.wrong.append(f"console: {message.text}")

    def _response(self, response: Response) -> None:
        if response.status >= 400 and response.status not in self.expected:
            self.wrong.append(f"{response.status} {response.url}")


@pytest.fixture
def page(browser: Browser, server: Server) -> Iterator[Page]:
    """A page that fails the test for whatever it did wrong. `page.watch` says what is expected."""
    with browser.new_context(
        base_url=server.url, viewport={"width": 1440, "height": 900}, accept_downloads=True
    ) as context:
        made = context.new_page()
        watch = Watch(page=made)
        made.watch = watch  # type: ignore[attr-defined]
        yield made
        assert watch.wrong == []


def settled(page: Page) -> None:
    """Wait until no part of the page is being fetched: a click on what is about to be replaced would be lost."""
    page.wait_for_function("() => !document.querySelector('.htmx-request, .htmx-swapping, .htmx-settling')")
