"""`lianyi channels`: accounts at providers of messages."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from lianyi.doors.cli.backstage import backstage, user
from lianyi.doors.cli.connectors import finding_line
from lianyi.doors.cli.output import json_line, say, write
from lianyi.errors import InputError

JSON = click.option("--json", "form", flag_value="json", default="text", help="One object a line.")
SET = click.option(
    "--set", "given", multiple=True, metavar="NAME=VALUE",
    help="A setting; NAME=@FILE reads a file, NAME=- asks for it without showing it (use it for secrets).",
)  # fmt: skip
PER_SECOND = click.option("--per-second", type=float, help="At most so many messages a second.")
AT_ONCE = click.option("--at-once", type=int, help="At most so many at once.")
SHOWN = ("name", "kind", "state", "last_success", "last_error_at", "last_error", "sent_this_hour", "failed_this_hour")


@click.group(invoke_without_command=True)
@JSON
@click.pass_context
def channels(ctx: click.Context, form: str) -> None:
    """Channels with their state; below: kinds, add, show, change, check, test, compare, ask, on, off, remove,
    new-key."""
    if ctx.invoked_subcommand is None:
        backstage(ctx)
        from lianyi.action.channels import accounts
        from lianyi.action.channels.models import Account

        found = [accounts.described(account) for account in Account.objects.all()]
        write(found if form == "json" else [{name: one[name] for name in SHOWN} for one in found], SHOWN, form=form)


@channels.command("kinds")
@click.argument("name", required=False)
@JSON
@click.pass_context
def list_kinds(ctx: click.Context, name: str | None, form: str) -> None:
    """Kinds of channels; with a name, what must be set for it."""
    backstage(ctx)
    from lianyi.action.channels.kinds import kind_of, kinds

    if name is None:
        rows: list[dict[str, Any]] = [
            {"kind": one.name, "title": str(one.title), "says": str(one.says)} for one in kinds().values()
        ]
        write(rows, ("kind", "title", "says"), form=form)
        return
    rows = [
        {"setting": one.name, "type": one.type, "required": "yes" if one.required else "", "default": one.default,
         "allowed": ", ".join(value for value, _title in one.choices), "says": str(one.help or one.title)}
        for one in kind_of(name).settings
    ]  # fmt: skip
    write(rows, ("setting", "type", "required", "default", "allowed", "says"), form=form)


@channels.command()
@click.argument("name")
@click.argument("kind")
@SET
@PER_SECOND
@AT_ONCE
@click.pass_context
def add(
    ctx: click.Context, name: str, kind: str, given: tuple[str, ...], per_second: float | None, at_once: int | None
) -> None:  # fmt: skip
    """Set up a channel of a KIND (lianyi channels kinds)."""
    backstage(ctx)
    from django.utils import timezone

    from lianyi.action.channels import accounts

    made = accounts.add(
        name, kind, _settings(given), by=user(), now=timezone.now(), per_second=per_second, at_once=at_once
    )
    say(
        f"{made.name} is set up; next: lianyi channels check {made.name}, then lianyi channels test {made.name} ADDRESS"
    )


@channels.command()
@click.argument("name")
@click.pass_context
def show(ctx: click.Context, name: str) -> None:
    """One channel as a JSON object; of a secret, whether it is set."""
    backstage(ctx)
    from lianyi.action.channels import accounts

    click.echo(json_line(accounts.described(accounts.by_name(name))))


@channels.command()
@click.argument("name")
@SET
@PER_SECOND
@AT_ONCE
@click.pass_context
def change(
    ctx: click.Context, name: str, given: tuple[str, ...], per_second: float | None, at_once: int | None
) -> None:  # fmt: skip
    """Change settings; what is not named stays. 0 takes a limit of one's own back."""
    backstage(ctx)
    from django.utils import timezone

    from lianyi.action.channels import accounts

    account = accounts.by_name(name)
    pace = {
        "per_second": account.per_second if per_second is None else per_second or None,
        "at_once": account.at_once if at_once is None else at_once or None,
    }
    accounts.change(account, _settings(given), by=user(), now=timezone.now(), pace=pace)
    say(f"{name} is changed")


@channels.command()
@click.argument("name")
@JSON
@click.pass_context
def check(ctx: click.Context, name: str, form: str) -> None:
    """Try a channel without sending: name, encryption, login, rights. Exit code 1 where something is wrong."""
    backstage(ctx)
    from django.utils import timezone

    from lianyi.action.channels import accounts, checking

    found = checking.check(accounts.by_name(name), by=user(), now=timezone.now())
    for one in found:
        click.echo(json_line(one.data()) if form == "json" else finding_line(one))
    if not checking.worked(found):
        sys.exit(1)


@channels.command()
@click.argument("name")
@click.argument("address")
@click.option("--text", default="", help="Instead of the usual words.")
@click.pass_context
def test(ctx: click.Context, name: str, address: str, text: str) -> None:
    """Send one message to an ADDRESS. Exit code 1 where it was not sent."""
    backstage(ctx)
    from django.utils import timezone

    from lianyi.action.channels import accounts, checking
    from lianyi.action.channels.contract import Fate

    outcome = checking.send_test(accounts.by_name(name), address, by=user(), now=timezone.now(), text=text)
    say(f"{outcome.fate}{': ' if outcome.reason else ''}{outcome.reason}")
    if outcome.fate is not Fate.SENT:
        sys.exit(1)


@channels.command()
@click.argument("name")
@click.pass_context
def compare(ctx: click.Context, name: str) -> None:
    """Compare customers, tags and groups with the platform's own lists, and mend what callbacks lost.

    Ctrl-C stops it; it goes on from there the next time. Exit code 1 where the platform refuses.
    """
    ws = backstage(ctx)
    from django.utils import timezone

    from lianyi.action.channels import accounts, comparing

    found = comparing.compare(
        accounts.by_name(name), ws, by=user(), now=timezone.now(),
        shown=lambda at: say(f"{at.step}: {at.done}" + (f" of {at.all}" if at.all else "")),
    )  # fmt: skip
    click.echo(json_line(found))
    if found["error"]:
        say(f"{found['error_says']} ({found['error_detail']})")
        sys.exit(1)


@channels.command()
@click.argument("name")
@click.argument("interface", required=False)
@SET
@JSON
@click.pass_context
def ask(ctx: click.Context, name: str, interface: str | None, given: tuple[str, ...], form: str) -> None:
    """Ask WeCom in the name of a wecom_mass channel: codes, moments, statistics, hand-overs.

    Without an INTERFACE: what there is, with its fields. Lists are parted by commas, days are written 2026-03-01.
    """
    backstage(ctx)
    from lianyi.action.channels import accounts, asking

    if interface is None:
        rows = [{**one, "fields": " ".join(each["name"] for each in one["fields"]),
                 "changes": "changes" if one["changes"] else ""} for one in asking.interfaces()]  # fmt: skip
        write(asking.interfaces() if form == "json" else rows, ("name", "title", "changes", "fields"), form=form)
        return
    found = asking.asked(accounts.by_name(name), interface, _settings(given), by=user())
    for one in found.get("rows", [found]):
        click.echo(json_line(one))


def _turn(ctx: click.Context, name: str, *, on: bool) -> None:
    backstage(ctx)
    from django.utils import timezone

    from lianyi.action.channels import accounts

    accounts.turn(accounts.by_name(name), on=on, by=user(), now=timezone.now())
    say(f"{name} is {'on' if on else 'off; what waits for it goes on waiting'}")


@channels.command("on")
@click.argument("name")
@click.pass_context
def turn_on(ctx: click.Context, name: str) -> None:
    """Use a channel again."""
    _turn(ctx, name, on=True)


@channels.command("off")
@click.argument("name")
@click.pass_context
def turn_off(ctx: click.Context, name: str) -> None:
    """Send nothing through a channel."""
    _turn(ctx, name, on=False)


@channels.command()
@click.argument("name")
@click.pass_context
def remove(ctx: click.Context, name: str) -> None:
    """Forget a channel and its secrets."""
    backstage(ctx)
    from lianyi.action.channels import accounts

    accounts.remove(accounts.by_name(name), by=user())
    say(f"{name} is removed")


@channels.command("new-key")
@click.pass_context
def new_key(ctx: click.Context) -> None:
    """Encrypt the secrets of all channels with a new key and throw the old one away."""
    backstage(ctx)
    from lianyi.action.channels import accounts

    say(f"the secrets of {accounts.rotate(by=user())} channels are encrypted with a new key")


def _settings(given: tuple[str, ...]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for one in given:
        name, equals, value = one.partition("=")
        if not equals or not name:
            raise InputError(f"--set {one!r}: write NAME=VALUE")
        if value == "-":
            value = click.prompt(name, hide_input=True)
        elif value.startswith("@"):
            try:
                value = Path(value[1:]).read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError) as error:
                raise InputError(f"--set {name}=@…: {error}") from error
        found[name] = value
    return found


COMMANDS = (channels,)
