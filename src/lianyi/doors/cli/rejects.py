"""`lianyi rejects`: the rows and events that could not be used, to look at, mend and add again, or to throw away."""

from __future__ import annotations

from dataclasses import asdict

import click

from lianyi.doors.cli.backstage import workspace
from lianyi.doors.cli.output import say, write
from lianyi.errors import InputError

FILE = ("name", "rows", "size", "at")
ROW = ("line", "column", "value", "reason")
JSON = click.option("--json", "form", flag_value="json", default="text", help="One object a line.")


@click.group(invoke_without_command=True)
@JSON
@click.pass_context
def rejects(ctx: click.Context, form: str) -> None:
    """Files of rows and events that could not be used; below: show, save, discard."""
    if ctx.invoked_subcommand is None:
        from lianyi.memory import rejected

        write([asdict(file) for file in rejected.files(workspace(ctx).folder)], FILE, form=form)


@rejects.command()
@click.argument("name")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1), help="At most so many rows.")
@JSON
@click.pass_context
def show(ctx: click.Context, name: str, limit: int, form: str) -> None:
    """The rejected rows of one file, each with its line, column, value and reason."""
    from lianyi.memory import rejected

    found = rejected.first([rejected.named(workspace(ctx).folder, name)], limit)
    write([asdict(row) for row in found], ROW, form=form)


@rejects.command()
@click.argument("name")
@click.argument("target", type=click.Path(dir_okay=False, writable=True))
@click.pass_context
def save(ctx: click.Context, name: str, target: str) -> None:
    """A copy of one file as TARGET, to be mended and given to `lianyi add`; - writes it to stdout."""
    import shutil

    from lianyi.memory import rejected

    with rejected.named(workspace(ctx).folder, name).open("rb") as source, click.open_file(target, "wb") as copy:
        shutil.copyfileobj(source, copy)
    if target != "-":
        say(f"saved as {target}; mend the rows, then: lianyi add {target}")


@rejects.command()
@click.argument("names", nargs=-1, metavar="NAME…")
@click.option("--all", "everything", is_flag=True, help="All of them.")
@click.pass_context
def discard(ctx: click.Context, names: tuple[str, ...], everything: bool) -> None:  # noqa: FBT001
    """Throw files away. Adding the file that they came from makes them again."""
    from lianyi.memory import rejected

    folder = workspace(ctx).folder
    if not names and not everything:
        raise InputError("name at least one file, or --all; lianyi rejects lists them")
    chosen = [file.name for file in rejected.files(folder)] if everything else names
    for path in [rejected.named(folder, name) for name in chosen]:
        path.unlink()
    say(f"discarded {len(chosen)} {'file' if len(chosen) == 1 else 'files'}")


COMMANDS = (rejects,)
