"""`lianyi add`: progress while it reads, a summary per file, and where the rejected rows are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from lianyi.doors.cli.output import ProgressLine, json_line, say
from lianyi.workspace import Workspace


def add_files(ws: Workspace, paths: Sequence[Path], *, as_json: bool, format_name: str | None, **options: Any) -> None:
    """Import and report; the events stay countable on stdout with --json, the story is on stderr."""
    line = ProgressLine()

    def show(progress: Any) -> None:
        line.show(
            f"{progress.file}: {progress.percent:3.0f} %  {progress.rows:,} rows  {progress.events:,} events  "
            f"{progress.rejects:,} rejected"
        )

    reports = ws.add(*paths, format=format_name, progress=show, **options)
    line.end()
    for report in reports:
        if as_json:
            click.echo(json_line(asdict(report)))
        say(report.sentence())
