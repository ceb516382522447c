"""`lianyi backup` and `lianyi restore`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from lianyi.doors.cli.backstage import backstage, log_act, user
from lianyi.doors.cli.output import json_line, say
from lianyi.errors import InputError

PASSPHRASE = click.option(
    "--passphrase-file", type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="File whose first line is the passphrase of the keys (or set LIANYI_BACKUP_PASSPHRASE).",
)  # fmt: skip


def _passphrase(file: Path | None) -> str | None:
    import os

    lines = file.read_text(encoding="utf-8").splitlines() if file else [os.environ.get("LIANYI_BACKUP_PASSPHRASE", "")]
    found = lines[0].strip() if lines else ""
    if file and not found:
        raise InputError(f"{file}: its first line is empty; write the passphrase there")
    return found or None


@click.command()
@click.argument("place", type=click.Path(path_type=Path, file_okay=False))
@PASSPHRASE
@click.pass_context
def backup(ctx: click.Context, place: Path, passphrase_file: Path | None) -> None:
    """Back the workspace up into a new folder below PLACE, while it is served. Prints what was kept, as JSON.

    Without a passphrase the keys of sessions and channel accounts are left out: who restores signs in anew and enters
    secrets of channels anew.
    """
    from lianyi.doors.backup import back_up

    ws = backstage(ctx)
    passphrase = _passphrase(passphrase_file)
    target, made = back_up(ws.folder, place, now=ws.clock(), passphrase=passphrase)
    log_act("workspace.backup", str(target), events=made.events, keys=made.keys)
    said = {**asdict(made), "files": len(made.files), "folder": str(target)}
    click.echo(json_line(said))
    if passphrase is None:
        say("no passphrase was given: keys are not in it")


@click.command()
@click.argument("source", metavar="BACKUP", type=click.Path(path_type=Path, exists=True, file_okay=False))
@PASSPHRASE
@click.option("--without-keys", is_flag=True, help="Leave the keys: secrets of channels are entered anew.")
@click.option("--erased", type=click.Path(path_type=Path, exists=True, dir_okay=False),
              help="A newer list of erasures (erased.jsonl) than the one beside the backup.")  # fmt: skip
@click.option("--check", is_flag=True, help="Only verify that each file is as it was written.")
@click.pass_context
def restore(
    ctx: click.Context, source: Path, passphrase_file: Path | None, without_keys: bool, erased: Path | None, check: bool  # noqa: FBT001
) -> None:  # fmt: skip
    """Make the workspace -w DIR, which must not be there yet, from a backup. Prints what was done, as JSON.

    People erased since stay erased, nobody is signed in, channels are off, and nothing is sent until: lianyi contacts
    resume all
    """
    from lianyi.doors import backup as backups
    from lianyi.doors import restoring

    if check:
        manifest = backups.checked(source)
        click.echo(json_line({**asdict(manifest), "files": len(manifest.files)}))
        return
    done = restoring.restore(
        source, ctx.find_root().obj.absolute(), passphrase=_passphrase(passphrase_file), without_keys=without_keys,
        by=user(), erased=erased, say=say,
    )  # fmt: skip
    click.echo(json_line(asdict(done)))


COMMANDS = (backup, restore)
