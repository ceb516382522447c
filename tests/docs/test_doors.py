"""docs/reference/doors.md names every page, endpoint and command, and none that is not there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click
from django.urls import URLPattern, URLResolver, get_resolver

from lianyi.doors.api.urls import APIS
from lianyi.doors.cli.commands import lianyi

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "doors.md"


def column(number: int) -> set[str]:
    """All that stands in backquotes in one column of the page's tables."""
    lines = [line.split("|") for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("|")]
    return {text for cells in lines for text in re.findall(r"`([^`]+)`", cells[number])}


def plain(route: str) -> str:
    return re.sub(r"<\w+:(\w+)>", r"{\1}", route) or "/"


def patterns(resolver: URLResolver) -> Iterator[URLPattern]:
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLPattern):
            yield pattern


def commands(group: click.Group, before: str = "") -> Iterator[str]:
    for name, command in group.commands.items():
        yield before + name
        if isinstance(command, click.Group):
            yield from commands(command, f"{before}{name} ")


def test_every_page_of_the_console_is_in_the_table() -> None:
    assert column(2) == {plain(str(page.pattern)) for page in patterns(get_resolver())}


def test_every_endpoint_is_in_the_table() -> None:
    assert column(3) == {f"{one.method} {plain(one.path)}" for api in APIS for one in api.endpoints}


def test_every_command_is_in_the_table_with_options_that_it_has() -> None:
    known = set(commands(lianyi))
    said = {re.sub(r"(?<=show) (memberships|tags|influence|purchase_clocks)$| (--.*)$", "", text) for text in column(4)}
    assert said == known
    for text in column(4):
        words = text.split()
        command: click.Command = lianyi
        for word in words:
            if isinstance(command, click.Group) and word in command.commands:
                command = command.commands[word]
        options = {option for parameter in command.params for option in parameter.opts}
        assert {word for word in words if word.startswith("--")} <= options, text
