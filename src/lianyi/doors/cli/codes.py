"""`lianyi codes`: links, QR codes and posters, and what came through them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lianyi.doors.cli.backstage import backstage, log_act, user
from lianyi.doors.cli.output import json_line, say, write
from lianyi.errors import NotFound

if TYPE_CHECKING:
    from lianyi.action.content.models import Version

OUT = click.Path(path_type=Path, dir_okay=False)
CODE = ("token", "campaign", "channel", "sharer", "url", "visitors", "people", "buyers", "revenue", "retired_at")


@click.group(invoke_without_command=True)
@click.option("--campaign", default="", help="Only of this campaign.")
@click.option("--visitors", is_flag=True, help="Also those that visitors got for themselves.")
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1))
@click.option("--json", "form", flag_value="json", default="text", help="One code a line.")
@click.option("--csv", "form", flag_value="csv", help="As CSV.")
@click.pass_context
def codes(ctx: click.Context, campaign: str, visitors: bool, limit: int, form: str) -> None:  # noqa: FBT001
    """Codes given out, with what came through them; below: issue, qr, poster, wecom, retire, landing."""
    if ctx.invoked_subcommand is None:
        ws = backstage(ctx)
        from dataclasses import asdict

        from lianyi.action.codes import figures, issuing

        rows = list(issuing.issued(campaign=campaign, visitors=visitors)[:limit])
        found = figures.of(ws, [row.token for row in rows])
        plain = ("token", "campaign", "channel", "sharer", "retired_at")
        write(
            [{**{name: getattr(row, name) for name in plain}, "url": issuing.url_of(row), **asdict(found[row.token])}
             for row in rows], CODE, form=form,
        )  # fmt: skip


@codes.command("issue")
@click.argument("campaign")
@click.argument("target")
@click.option("--channel", default="wechat", show_default=True, help="By which channel it travels.")
@click.option("--for", "people", multiple=True, help="A person id or key; may be repeated. Without: the brand itself.")
@click.option("--direct", is_flag=True, help="Straight to the target, not through the campaign's page.")
@click.option("--carry", is_flag=True, help="The target has our snippet: the visitor's number goes along.")
@click.pass_context
def issue_code(
    ctx: click.Context, campaign: str, target: str, channel: str, people: tuple[str, ...], direct: bool,  # noqa: FBT001
    carry: bool,  # noqa: FBT001
) -> None:  # fmt: skip
    """Give codes out; prints one JSON object a line. The same asked for twice is the same code."""
    ws = backstage(ctx)
    from lianyi.action.codes import issuing
    from lianyi.action.work import queue

    wanted: dict[str, Any] = {
        "campaign": campaign, "channel": channel, "target": target, "landing": not direct, "carry": carry, "by": user(),
        "now": queue.clock(),
    }  # fmt: skip
    if people:
        ids = [ws.person(one).person_id for one in people]
        urls = issuing.for_people(ws, person_ids=ids, **wanted)
    else:
        urls = {"": issuing.issue(sharer=None, **wanted).url}
    log_act("codes.issue", campaign, codes=len(urls))
    for person, url in urls.items():
        click.echo(json_line({"person_id": person or None, "token": url.rsplit("/", 1)[-1], "url": url}))


@codes.command("qr")
@click.argument("token")
@click.argument("out", type=OUT)
@click.pass_context
def draw_qr(ctx: click.Context, token: str, out: Path) -> None:
    """Write the QR code to OUT (.svg or .png)."""
    backstage(ctx)
    from lianyi.action.codes import drawing, issuing

    url = issuing.url_of(issuing.code_of(token))
    out.write_bytes(drawing.qr_svg(url) if out.suffix == ".svg" else drawing.qr_png(url))
    say(f"{out}: {url}")


@codes.command("poster")
@click.argument("token")
@click.argument("version", type=int)
@click.argument("out", type=OUT)
@click.option("--language", default="", help="zh-hans or en.")
@click.pass_context
def draw_poster(ctx: click.Context, token: str, version: int, out: Path, language: str) -> None:
    """Write a poster with the code to OUT. VERSION: id of a content version of kind poster."""
    ws = backstage(ctx)
    from lianyi.action.codes import issuing, posters

    drawn = posters.poster_of(ws.folder, issuing.code_of(token), _version(version), language=language)
    out.write_bytes(drawn)
    say(f"{out}: {len(drawn):,} bytes")


@codes.command("retire")
@click.argument("token")
@click.pass_context
def retire_code(ctx: click.Context, token: str) -> None:
    """The code leads nowhere from now on."""
    backstage(ctx)
    from lianyi.action.codes import issuing
    from lianyi.action.codes.models import Code
    from lianyi.action.work import queue

    row = issuing.code_of(token)
    issuing.retire(Code.objects.filter(pk=row.pk), now=queue.clock())
    log_act("codes.retire", row.campaign, token=row.token)


@codes.command("wecom")
@click.argument("campaign")
@click.option("--by", "account", required=True, help="The wecom_mass channel in whose name they are made.")
@click.option("--users", default="", help="Contact codes: user ids of colleagues, parted by commas.")
@click.option("--groups", default="", help="Group codes: ids of groups (wr…), parted by commas.")
@click.option("--remove", is_flag=True, help="Take the campaign's codes away at WeCom instead.")
@click.pass_context
def wecom_codes(ctx: click.Context, campaign: str, account: str, users: str, groups: str, remove: bool) -> None:  # noqa: FBT001
    """A code of WeCom for each code of a CAMPAIGN; prints one JSON object a line. Again: those that are missing."""
    backstage(ctx)
    from lianyi.action.channels import accounts
    from lianyi.action.codes import at_wecom
    from lianyi.action.work import queue

    row, now = accounts.by_name(account), queue.clock()
    if remove:
        done = at_wecom.remove(row, campaign, by=user(), now=now)
    else:
        named = {"users": users.replace(",", " ").split(), "groups": groups.replace(",", " ").split()}
        done = at_wecom.make(row, campaign, **named, by=user(), now=now)
    for one in done.rows:
        click.echo(json_line({name: getattr(one, name) for name in ("token", "carrier", "config_id", "qr_code")}))
    say(f"{len(done.rows)} {'removed' if remove else 'made'}; {done.left} left" + ("; run it again" * bool(done.left)))


@codes.command("landing")
@click.argument("campaign")
@click.option("--version", type=int, help="Id of a content version of kind link or poster.")
@click.option("--zh", default="", help="What is said of rewards, in Chinese.")
@click.option("--en", default="", help="The same in English.")
@click.option("--asks-first", is_flag=True, help="Keep nothing in a browser before a button is pressed.")
@click.pass_context
def save_landing(
    ctx: click.Context, campaign: str, version: int | None, zh: str, en: str, asks_first: bool  # noqa: FBT001
) -> None:  # fmt: skip
    """Say what the page of a campaign shows."""
    backstage(ctx)
    from lianyi.action.codes import landing
    from lianyi.action.work import queue

    saved = landing.save(
        campaign=campaign, version=_version(version) if version else None, disclosure={"zh-hans": zh, "en": en},
        asks_first=asks_first, by=user(), now=queue.clock(),
    )  # fmt: skip
    log_act("landing.save", saved.campaign)


def _version(number: int) -> Version:
    from lianyi.action.content.models import Version

    found = Version.objects.select_related("content").filter(pk=number).first()
    if found is None:
        raise NotFound(f"no content version {number}; lianyi content show ID lists them")
    return found


COMMANDS = (codes,)
