"""`lianyi team`, `roles`, `write-keys`, `tokens`, `acts`: who may come in, by what, and who did what."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from lianyi.doors.cli.backstage import backstage, log_act, user
from lianyi.doors.cli.output import say, write
from lianyi.errors import InputError, NotFound

if TYPE_CHECKING:
    from lianyi.action.team.models import User

JSON = click.option("--json", "form", flag_value="json", default="text", help="One object a line.")
MEMBER = ("name", "full_name", "role", "language", "is_active", "last_login")


@click.group(invoke_without_command=True)
@JSON
@click.pass_context
def team(ctx: click.Context, form: str) -> None:
    """The members of the team; below: invite, change, link."""
    if ctx.invoked_subcommand is None:
        backstage(ctx)
        from lianyi.action.team.models import User

        write(list(User.objects.order_by("id").values(*MEMBER)), MEMBER, form=form)


URL = click.option("--url", envvar="LIANYI_URL", default="http://127.0.0.1:8765", show_default=True,
                   help="The console's address, for the link (or set LIANYI_URL).")  # fmt: skip


@team.command()
@click.argument("name")
@click.option("--role", default="operator", show_default=True, help="See: lianyi roles.")
@click.option("--full-name", default="", help="As others see it.")
@URL
@click.pass_context
def invite(ctx: click.Context, name: str, role: str, full_name: str, url: str) -> None:
    """A new member. Prints the link by which they set their password; it works once, for three days."""
    backstage(ctx)
    from lianyi.action.team import members
    from lianyi.action.team.models import User

    if role != "owner" and not User.objects.exists():
        raise InputError("the first member must be able to do everything; add --role owner")
    _print_link(members.invite(name, role=role, full_name=full_name, by=user()), url)


@team.command()
@click.argument("name")
@click.option("--role", help="See: lianyi roles.")
@click.option("--full-name", help="As others see it.")
@click.option("--language", type=click.Choice(["zh-hans", "en", ""]), help="Of the console; '' = the brand's.")
@click.option("--out/--in", "out", default=None, help="Shut out, with all their tokens, or let in again.")
@click.pass_context
def change(
    ctx: click.Context, name: str, role: str | None, full_name: str | None, language: str | None, out: bool | None  # noqa: FBT001
) -> None:  # fmt: skip
    """Change a member."""
    backstage(ctx)
    from lianyi.action.team import members

    found = _member(name)
    members.describe(found, full_name=full_name, language=language)
    if role is not None or out is not None:
        members.change(found, role=role, is_active=None if out is None else not out, by=user())
    say(f"{found.name}: {found.role}, {'may sign in' if found.is_active else 'shut out'}")


@team.command()
@click.argument("name")
@URL
@click.pass_context
def link(ctx: click.Context, name: str, url: str) -> None:
    """A new link by which a member sets the password, for one who forgot it."""
    backstage(ctx)

    found = _member(name)
    log_act("team.link", found.name)
    _print_link(found, url)


def _print_link(member: User, url: str) -> None:
    from django.urls import reverse

    from lianyi.action.team import invitations

    click.echo(url.rstrip("/") + reverse("join", args=[member.pk, invitations.invite(member)]))
    say(f"for {member.name} ({member.role}); send it to nobody else")


@click.command()
@JSON
@click.pass_context
def roles(ctx: click.Context, form: str) -> None:
    """Which role may do what, as it is enforced."""
    backstage(ctx)
    from lianyi.action.team.rights import RIGHTS, ROLES

    rows = [
        {"right": right.name, "says": str(right.says),
         **{role.name: "yes" if right.name in role.rights else "" for role in ROLES.values()}}
        for right in RIGHTS.values()
    ]  # fmt: skip
    write(rows, ["right", "says", *ROLES], form=form)


KEY = ("id", "name", "source", "created_at", "revoked_at")


@click.group("write-keys", invoke_without_command=True)
@JSON
@click.pass_context
def write_keys(ctx: click.Context, form: str) -> None:
    """Keys by which sites and programs send events; below: new, revoke."""
    if ctx.invoked_subcommand is None:
        backstage(ctx)
        from lianyi.action.team.models import WriteKey

        write(list(WriteKey.objects.values(*KEY)), KEY, form=form)


@write_keys.command("new")
@click.argument("name")
@click.option("--source", required=True, help="Kept with every event that comes in by it: small letters, digits, .-_")
@click.pass_context
def new_write_key(ctx: click.Context, name: str, source: str) -> None:
    """Make a write key and print it. Only its hash is kept: it is never seen again."""
    backstage(ctx)
    from lianyi.action.team import members

    key, secret = members.write_key(name.strip(), source=source.strip(), by=user())
    click.echo(secret)
    say(f"write key {key.pk} for {key.name}, source {key.source}; valid at once, only its hash is kept")


@write_keys.command("revoke")
@click.argument("number", metavar="ID", type=int)
@click.pass_context
def revoke_write_key(ctx: click.Context, number: int) -> None:
    """Refuse a write key from the next request on."""
    backstage(ctx)
    from lianyi.action.team import members
    from lianyi.action.team.models import WriteKey

    key = WriteKey.objects.filter(pk=number, revoked_at=None).first()
    if key is None:
        raise NotFound(f"no write key {number} in force; lianyi write-keys lists them")
    members.revoke(key, by=user())
    say(f"revoked: {key.name}")


TOKEN = ("id", "name", "member", "created_at", "last_used_at", "revoked_at")


@click.group(invoke_without_command=True)
@JSON
@click.pass_context
def tokens(ctx: click.Context, form: str) -> None:
    """Tokens by which programs use the API in the name of a member; below: new, revoke."""
    if ctx.invoked_subcommand is None:
        backstage(ctx)
        from django.db.models import F

        from lianyi.action.team.models import Token

        write(list(Token.objects.annotate(member=F("user__name")).values(*TOKEN)), TOKEN, form=form)


@tokens.command("new")
@click.argument("name")
@click.option("--member", required=True, help="Whose rights it has: see lianyi team.")
@click.pass_context
def new_token(ctx: click.Context, name: str, member: str) -> None:
    """Make a token and print it. Only its hash is kept: it is never seen again."""
    backstage(ctx)
    from lianyi.action.team import members

    token, secret = members.token(_member(member), name=name.strip(), by=user())
    click.echo(secret)
    say(f"token {token.pk} for {token.name}, with the rights of {member}; only its hash is kept")


@tokens.command("revoke")
@click.argument("number", metavar="ID", type=int)
@click.pass_context
def revoke_token(ctx: click.Context, number: int) -> None:
    """Refuse a token from the next request on."""
    backstage(ctx)
    from lianyi.action.team import members
    from lianyi.action.team.models import Token

    token = Token.objects.filter(pk=number, revoked_at=None).first()
    if token is None:
        raise NotFound(f"no token {number} in force; lianyi tokens lists them")
    members.revoke(token, by=user())
    say(f"revoked: {token.name}")


ACT = ("at", "by", "what", "on", "detail")


@click.command()
@click.option("--by", "who", default="", help="Only of this member, or user:NAME for one at the command line.")
@click.option("--what", default="", help="Only acts of this kind, e.g. person.tag.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1), help="At most so many, newest first.")
@JSON
@click.pass_context
def acts(ctx: click.Context, who: str, what: str, limit: int, form: str) -> None:
    """Who did what, newest first."""
    backstage(ctx)
    from lianyi.action.team.models import Act

    wanted = {name: value for name, value in (("by", who), ("what", what)) if value}
    write(list(Act.objects.filter(**wanted).values(*ACT)[:limit]), ACT, form=form)


def _member(name: str) -> User:
    from lianyi.action.team.models import User

    found = User.objects.filter(name=name).first()
    if found is None:
        known = ", ".join(User.objects.order_by("name").values_list("name", flat=True)) or "nobody yet"
        raise NotFound(f"no member {name!r}; there are {known}")
    return found


COMMANDS = (team, roles, write_keys, tokens, acts)
