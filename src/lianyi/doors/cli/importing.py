"""`lianyi add`: progress while it reads, a summary per file, and where the rejected rows are."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from lianyi.doors.cli.output import ProgressLine, json_line, say
from lianyi.errors import InputError
from lianyi.memory.sources.importing import ImportReport, Progress
from lianyi.workspace import Workspace


def add_files(ws: Workspace, paths: Sequence[Path], *, as_json: bool, format_name: str | None, **options: Any) -> None:
    """Import and report: the reports on stdout with --json, the story on stderr.

    InputError at the end where a file (of a folder or archive) could not be read; the others have landed.
    """
    line = ProgressLine()
    reports = ws.add(
        *paths, format=format_name, progress=lambda progress: line.show(progress_text(progress)), **options
    )
    line.end()
    for report in reports:
        if as_json:
            click.echo(json_line(report.to_data()))
        say(sentence(report))
    failed = [report for report in reports if report.problem]
    if failed:
        raise InputError(f"{len(failed)} of {len(reports)} files could not be read to their end; see above")


def progress_text(progress: Progress) -> str:
    """Where an import stands."""
    percent = 100 * progress.bytes_done // max(1, progress.bytes_total)
    counts = f"{progress.rows:,} rows, {progress.events:,} events, {progress.rejects:,} rejected"
    return f"{progress.file}: {percent} %, {counts}"


# A reason longer than this is told point by point.
LONG_WHY = 100
# Of fewer rows a speed would tell of the start, not of the reading.
MANY_ROWS = 10_000


def sentence(report: ImportReport) -> str:
    """What came of one file: a line, and below it how it was read, what is kept where, what went wrong."""
    if report.already_landed:
        return f"{report.file}: added before as it is; nothing changed"
    verb = "would add" if report.dry_run else "added"
    speed = f", {report.rows / report.seconds:,.0f} rows/s" if report.rows >= MANY_ROWS else ""
    brief = f" ({report.why})" if len(report.why) <= LONG_WHY else ""
    brought = f"{verb} {report.new:,} events, {report.duplicates:,} known already, {report.rejects:,} rejected"
    lines = [f"{report.file}: {report.format}{brief}; {report.rows:,} rows: {brought}; {report.seconds:.1f} s{speed}"]
    if report.kinds:
        lines.append("events by kind: " + ", ".join(f"{kind} {count:,}" for kind, count in report.kinds.items()))
    if not brief:
        lines += ["how it was read:", *(f"  {note}" for note in report.why.split("; "))]
    if report.mapping_file:
        lines.append(f"this mapping is remembered in {report.mapping_file}; change it there if it is wrong")
    if report.rejects_file:
        lines.append(f"rejected rows with their reasons: {report.rejects_file} (mend it and add it again)")
    if report.problem:
        lines.append(report.problem)
    return "\n  ".join(lines)
