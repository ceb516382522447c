"""`lianyi content`: the library of what is sent."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lianyi.doors.cli.backstage import backstage, log_act, user
from lianyi.doors.cli.output import json_line, say, write
from lianyi.errors import InputError

if TYPE_CHECKING:
    from lianyi.action.content.models import Content, Version

FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
LISTED = ("id", "name", "kind", "number", "by", "created_at")


def read_file(path: Path) -> dict[str, Any]:
    """A YAML or JSON file as an object."""
    import yaml

    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: {error}; mend the file") from error
    if not isinstance(data, dict):
        raise InputError(f"{path}: must hold an object, e.g. name: …")
    return data


@click.group(invoke_without_command=True)
@click.option("--kind", default="", help="Only this kind.")
@click.option("--archived", is_flag=True, help="Those that are put away.")
@click.option("--json", "form", flag_value="json", default="text", help="One content a line.")
@click.pass_context
def content(ctx: click.Context, kind: str, archived: bool, form: str) -> None:  # noqa: FBT001
    """The content library; below: show, put, preview, archive, picture."""
    if ctx.invoked_subcommand is None:
        backstage(ctx)
        from lianyi.action.content import keeping

        found = keeping.shown(kind=kind, archived=archived)
        rows = [{"id": one.pk, "name": one.name, "kind": one.kind, "number": one.current.number,
                 "by": one.current.by, "created_at": one.current.created_at} for one in found]  # fmt: skip
        write(rows, LISTED, form=form)


@content.command("show")
@click.argument("number", metavar="ID", type=int)
@click.pass_context
def show_content(ctx: click.Context, number: int) -> None:
    """One content as a JSON object: versions, findings of the linter, performance."""
    from dataclasses import asdict

    ws, found = backstage(ctx), None
    from lianyi.action.content import performance, previewing

    found = _content(number)
    versions = list(found.versions.all())
    findings = previewing.findings(ws, found.kind, versions[0].bodies, versions[0].variables)
    names = ("id", "number", "bodies", "fallback", "variables", "note", "by", "created_at")
    click.echo(json_line({
        "id": found.pk, "name": found.name, "kind": found.kind,
        "versions": [{name: getattr(version, name) for name in names} for version in versions],
        "findings": [asdict(one) for one in findings],
        "performance": [asdict(row) for row in performance.of(ws, [version.pk for version in versions])],
    }))  # fmt: skip


@content.command("put")
@click.argument("file", type=FILE)
@click.pass_context
def put_content(ctx: click.Context, file: Path) -> None:
    """Make a content from a YAML file (name, kind, bodies, fallback, variables, note), or a new version of it."""
    ws = backstage(ctx)
    from lianyi.action.content import keeping, previewing
    from lianyi.action.content.models import Content
    from lianyi.action.work import queue

    data = read_file(file)
    strange = sorted(set(data) - {"name", "kind", "bodies", "fallback", "variables", "note"})
    if strange or not data.get("bodies"):
        raise InputError(f"{file}: write name, kind, bodies, fallback, variables, note; not {strange}")
    bodies = data["bodies"]
    more: dict[str, Any] = {
        "bodies": bodies, "fallback": data.get("fallback") or next(iter(bodies)), "by": user(), "now": queue.clock(),
        "variables": data.get("variables") or {}, "note": str(data.get("note") or ""),
    }  # fmt: skip
    known = Content.objects.filter(name=data.get("name", "")).first()
    if known is not None and data.get("kind", known.kind) != known.kind:
        raise InputError(f"{file}: {known.name} is a {known.kind}; a content keeps its kind")
    version = keeping.edit(known, **more) if known else _made(data, more)
    log_act("content.edit" if known else "content.make", version.content.name, version=version.number)
    for one in previewing.findings(ws, version.content.kind, version.bodies, version.variables):
        say(f"{one.level}: {one.place}: {one.rule}: {one.found} – {one.en}")
    say(f"content {version.content_id} version {version.number} (id {version.pk})")


def _made(data: dict[str, Any], more: dict[str, Any]) -> Version:
    from lianyi.action.content import keeping

    return keeping.create(name=str(data.get("name") or ""), kind=str(data.get("kind") or ""), **more)


@content.command("preview")
@click.argument("number", metavar="ID", type=int)
@click.option("--person", default="", help="Id or key of whom it is for; without: nobody in particular.")
@click.option("--language", default="", help="zh-hans or en.")
@click.option("--html", is_flag=True, help="The HTML instead of the text.")
@click.pass_context
def preview_content(ctx: click.Context, number: int, person: str, language: str, html: bool) -> None:  # noqa: FBT001
    """How the newest version reads for a person."""
    ws = backstage(ctx)
    from lianyi.action.content import previewing

    found = _content(number)
    version = found.current
    spoken = language if language in version.bodies else version.fallback
    said = previewing.preview(ws, found.kind, version.bodies[spoken], version.variables, language=spoken, person=person)
    if said.subject:
        say(said.subject)
    click.echo(said.html if html else said.text)


@content.command("archive")
@click.argument("number", metavar="ID", type=int)
@click.option("--back", is_flag=True, help="Take it out again.")
@click.pass_context
def archive_content(ctx: click.Context, number: int, back: bool) -> None:  # noqa: FBT001
    """Put a content away; what was sent of it can still be looked at."""
    backstage(ctx)
    from lianyi.action.content import keeping
    from lianyi.action.work import queue

    found = _content(number)
    keeping.archive(found, now=None if back else queue.clock())
    log_act("content.archive", found.name, content=found.pk, back=back)


@content.command("picture")
@click.argument("file", type=FILE)
@click.pass_context
def add_picture(ctx: click.Context, file: Path) -> None:
    """Add a picture; prints the name by which bodies use it."""
    ws = backstage(ctx)
    from lianyi.action.content import pictures
    from lianyi.action.work import queue

    kept = pictures.keep(ws.folder, file.read_bytes(), title=file.name, by=user(), now=queue.clock())
    log_act("picture.add", kept.name)
    click.echo(kept.name)


def _content(number: int) -> Content:
    from lianyi.action.content import keeping

    return keeping.content_of(number)


COMMANDS = (content,)
