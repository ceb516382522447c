"""`lianyi policy`, `contacts`, `why-not`, `consents`, `suppression`: what may be sent to whom, and what was."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from lianyi.doors.cli.backstage import backstage, user
from lianyi.doors.cli.output import json_line, say, write
from lianyi.errors import InputError

JSON = click.option("--json", "form", flag_value="json", default="text", help="One object a line.")
SHOWN = ("key", "person_id", "channel", "campaign", "journey", "said")
CAMPAIGN = click.option("--campaign", default="", help="Of one campaign.")
JOURNEY = click.option("--journey", default="", help="Of one journey.")
CHANNEL = click.option("--channel", default="", help="Of one channel.")


@click.group()
def policy() -> None:
    """What may be sent to whom and when: show, check, apply, versions."""


@policy.command("show")
@click.option("--version", type=int, help="An earlier one; 0 is the shipped one.")
@click.option("--words", is_flag=True, help="In sentences instead of YAML.")
@click.option("--json", "as_json", is_flag=True, help="As a JSON object.")
@click.pass_context
def show_policy(ctx: click.Context, version: int | None, words: bool, as_json: bool) -> None:  # noqa: FBT001
    """The policy that holds, as YAML."""
    backstage(ctx)
    from lianyi.action.policy import keeping, reading
    from lianyi.action.policy.words import rules_in_words

    found = keeping.current() if version is None else keeping.numbered(version)
    said = rules_in_words(found.policy, "en")
    if as_json:
        rules = reading.to_data(found.policy)
        click.echo(json_line({"version": found.number, "by": found.by, "at": found.at, "rules": rules, "words": said}))
    elif words:
        for section, sentences in said.items():
            for sentence in sentences:
                click.echo(f"{section:14}  {sentence}")
    else:
        click.echo(found.text.rstrip())


@policy.command("check")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.pass_context
def check_policy(ctx: click.Context, file: Path) -> None:
    """Read a policy FILE and say it in words; nothing is changed. Exit code 2 lists what is wrong."""
    backstage(ctx)
    from lianyi.action.policy.reading import read
    from lianyi.action.policy.words import rules_in_words

    for section, sentences in rules_in_words(read(_text(file)), "en").items():
        for sentence in sentences:
            click.echo(f"{section:14}  {sentence}")


@policy.command("apply")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--why", default="", help="The reason, kept with the version.")
@click.pass_context
def apply_policy(ctx: click.Context, file: Path, why: str) -> None:
    """Make a FILE the policy."""
    backstage(ctx)
    from django.utils import timezone

    from lianyi.action.policy import keeping

    made = keeping.apply(_text(file), by=user(), now=timezone.now(), why=why)
    say(f"version {made.number} of the policy holds now")


@policy.command("versions")
@JSON
@click.pass_context
def policy_versions(ctx: click.Context, form: str) -> None:
    """All versions, newest first."""
    backstage(ctx)
    from lianyi.action.policy.models import Version

    rows = [{"version": row.number, "at": row.at, "by": row.by, "why": row.why} for row in Version.objects.all()]
    write(rows, ("version", "at", "by", "why"), form=form)


@click.group(invoke_without_command=True)
@CAMPAIGN
@JOURNEY
@CHANNEL
@click.option("--person", default="", help="Key or id of a person.")
@click.option("--state", default="", help="waiting, held, sent, failed, refused, expired, cancelled, unknown.")
@click.option("--rule", default="", help="Of the policy, e.g. caps.")
@click.option("--limit", default=100, show_default=True)
@JSON
@click.pass_context
def contacts(ctx: click.Context, /, limit: int, form: str, person: str, **asked: str) -> None:
    """The outbox, newest first; below: counts, calendar, confirm, cancel, resolve, pause, resume, pauses."""
    if ctx.invoked_subcommand is None:
        _list(ctx, limit=limit, form=form, person=person, **asked)


def _list(ctx: click.Context, *, limit: int, form: str, person: str, **asked: str) -> None:
    ws = backstage(ctx)
    from lianyi.action.contacts import looking

    people = looking.ids_of_person(ws, person) if person else ()
    rows = looking.search(person_ids=people, **asked)[:limit]
    found = [looking.described(row, zone=ws.settings.timezone, language="en") for row in rows]
    write(found if form == "json" else [{name: one[name] for name in SHOWN} for one in found], SHOWN, form=form)


@contacts.command()
@CAMPAIGN
@JOURNEY
@JSON
@click.pass_context
def counts(ctx: click.Context, campaign: str, journey: str, form: str) -> None:
    """How many contacts there are in each state, and by which rules they were not sent."""
    backstage(ctx)
    from lianyi.action.contacts import looking

    rows = looking.search(campaign=campaign, journey=journey)
    found = [{"of": "state", "name": name, "contacts": count} for name, count in looking.counts(rows).items()]
    found += [{"of": "rule", "name": name, "contacts": count} for name, count in looking.reasons(rows).items()]
    write(found, ("of", "name", "contacts"), form=form)


@contacts.command()
@JSON
@click.pass_context
def calendar(ctx: click.Context, form: str) -> None:
    """What waits for each of the next 28 days."""
    ws = backstage(ctx)
    from dataclasses import asdict

    from django.utils import timezone

    from lianyi.action.contacts import looking

    rows = [asdict(row) for row in looking.calendar(now=timezone.now(), zone=ws.settings.timezone)]
    write(rows, ("day", "campaign", "journey", "channel", "contacts", "held"), form=form)


def _which(keys: tuple[str, ...], campaign: str, journey: str, channel: str) -> Any:
    from lianyi.action.contacts import steering

    return steering.chosen(keys=keys or None, campaign=campaign, journey=journey, channel=channel)


@contacts.command()
@click.argument("keys", nargs=-1)
@CAMPAIGN
@JOURNEY
@CHANNEL
@click.pass_context
def confirm(ctx: click.Context, /, keys: tuple[str, ...], **which: str) -> None:
    """Let held contacts go: by KEYS, or all of a campaign, journey or channel."""
    backstage(ctx)
    from django.utils import timezone

    from lianyi.action.contacts import steering

    say(f"{steering.confirm(_which(keys, **which), by=user(), now=timezone.now())} contacts may go")


@contacts.command()
@click.argument("keys", nargs=-1)
@CAMPAIGN
@JOURNEY
@CHANNEL
@click.pass_context
def cancel(ctx: click.Context, /, keys: tuple[str, ...], **which: str) -> None:
    """Take back what waits: by KEYS, or all of a campaign, journey or channel."""
    backstage(ctx)
    from django.utils import timezone

    from lianyi.action.contacts import steering

    say(f"{steering.take_back(_which(keys, **which), by=user(), now=timezone.now())} contacts are cancelled")


@contacts.command()
@click.argument("keys", nargs=-1)
@CAMPAIGN
@JOURNEY
@CHANNEL
@click.option("--sent/--again", "went_out", required=True, help="They went out, or are to be sent again.")
@click.pass_context
def resolve(ctx: click.Context, /, keys: tuple[str, ...], went_out: bool, **which: str) -> None:  # noqa: FBT001
    """Say what became of contacts whose state is unknown. Look them up in the log of your mail server first."""
    backstage(ctx)
    from django.utils import timezone

    from lianyi.action.contacts import steering

    done = steering.resolve(_which(keys, **which), went_out=went_out, by=user(), now=timezone.now())
    say(f"{done} contacts {'count as sent' if went_out else 'are sent again'}")


@contacts.command()
@click.argument("what", type=click.Choice(["all", "campaign", "journey", "channel"]))
@click.argument("name", default="")
@click.option("--why", default="", help="The reason.")
@click.pass_context
def pause(ctx: click.Context, what: str, name: str, why: str) -> None:
    """Send nothing for now: all, or the campaign, journey or channel NAME."""
    backstage(ctx)
    from django.utils import timezone

    from lianyi.action.contacts import steering

    steering.pause(what, name, by=user(), now=timezone.now(), why=why)
    say(f"{f'{what} {name}'.strip()} is paused")


@contacts.command()
@click.argument("what", type=click.Choice(["all", "campaign", "journey", "channel"]))
@click.argument("name", default="")
@click.pass_context
def resume(ctx: click.Context, what: str, name: str) -> None:
    """End a pause."""
    backstage(ctx)
    from lianyi.action.contacts import steering

    steering.go_on(what, name, by=user())
    say(f"{f'{what} {name}'.strip()} goes on")


@contacts.command()
@JSON
@click.pass_context
def pauses(ctx: click.Context, form: str) -> None:
    """What is paused."""
    backstage(ctx)
    from lianyi.action.contacts.models import Pause

    rows = [
        {"what": row.what, "name": row.name, "by": row.by, "at": row.at, "why": row.why} for row in Pause.objects.all()
    ]
    write(rows, ("what", "name", "by", "at", "why"), form=form)


@click.command("why-not")
@click.argument("person")
@click.option("--channel", default="", help="Ask the gate about a contact by this channel now.")
@click.option("--purpose", default="marketing", show_default=True)
@click.option("--transactional", is_flag=True, help="The person is owed it.")
@click.option("--limit", default=50, show_default=True)
@JSON
@click.pass_context
def why_not(
    ctx: click.Context, person: str, channel: str, purpose: str, transactional: bool, limit: int, form: str  # noqa: FBT001
) -> None:  # fmt: skip
    """Every contact of a PERSON with its verdict and reason; with --channel, what the gate would say now."""
    if not channel:
        _list(ctx, limit=limit, form=form, person=person)
        return
    ws = backstage(ctx)
    from django.utils import timezone

    from lianyi.action.contacts import looking

    decision, by = looking.would(
        ws, person, channel=channel, purpose=purpose, now=timezone.now(), transactional=transactional
    )
    said = looking.verdict_in_words(decision, zone=ws.settings.timezone, language="en")
    if form == "json":
        click.echo(json_line({
            "verdict": decision.verdict, "rule": decision.rule, "until": decision.until, "values": decision.values,
            "said": said, "policy": by.number,
        }))  # fmt: skip
    else:
        click.echo(said)


@click.group(invoke_without_command=True)
@click.pass_context
def consents(ctx: click.Context) -> None:
    """What people agreed to: show, give, withdraw."""
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


@consents.command("show")
@click.argument("person")
@JSON
@click.pass_context
def show_consents(ctx: click.Context, person: str, form: str) -> None:
    """The last word of a PERSON on each purpose and channel."""
    ws = backstage(ctx)
    from django.utils import timezone

    from lianyi.action.contacts import consenting

    rows = consenting.held(ws, person, now=timezone.now())
    write(rows, ("purpose", "channel", "granted", "at"), form=form)


def _say(ctx: click.Context, person: str, purpose: str, channel: str, *, granted: bool, proof: str) -> None:
    ws = backstage(ctx)
    from django.utils import timezone

    from lianyi.action.contacts import consenting

    consenting.say(
        ws, person, purpose=purpose, channel=channel, granted=granted, proof=proof, by=user(), now=timezone.now()
    )
    say(f"noted: consent to {purpose} {'given' if granted else 'withdrawn'}; it holds from now on")


@consents.command("give")
@click.argument("person")
@click.argument("purpose")
@click.option("--channel", default="", help="e.g. email; none: all.")
@click.option("--proof", required=True, help="Where and how the person agreed.")
@click.pass_context
def give_consent(ctx: click.Context, person: str, purpose: str, channel: str, proof: str) -> None:
    """Take down that a PERSON agreed to a PURPOSE."""
    _say(ctx, person, purpose, channel, granted=True, proof=proof)


@consents.command("withdraw")
@click.argument("person")
@click.argument("purpose")
@click.option("--channel", default="", help="e.g. email; none: all.")
@click.option("--proof", default="", help="Where and how the person said so.")
@click.pass_context
def withdraw_consent(ctx: click.Context, person: str, purpose: str, channel: str, proof: str) -> None:
    """Take down that a PERSON takes a consent to a PURPOSE back."""
    _say(ctx, person, purpose, channel, granted=False, proof=proof)


@click.group()
def suppression() -> None:
    """Addresses that are not written to: show, add, import, remove. Only hashes of them are kept."""


@suppression.command("show")
@click.argument("key", required=False)
@JSON
@click.pass_context
def show_suppressed(ctx: click.Context, key: str | None, form: str) -> None:
    """The newest entries; with a KEY, what the list says of it."""
    ws = backstage(ctx)
    from lianyi.action.policy import suppressing
    from lianyi.action.policy.models import Suppressed

    found = suppressing.entries(ws, key) if key else list(Suppressed.objects.all()[:200])
    rows = [
        {"mark": row.mark[:12], "channel": row.channel, "everything": row.everything, "reason": row.reason,
         "by": row.by, "at": row.at}
        for row in found
    ]  # fmt: skip
    write(rows, ("mark", "channel", "everything", "reason", "by", "at"), form=form)


REASON = click.option("--reason", default="asked", show_default=True, help="asked, complained, bounced, law, other.")
WORD = click.option("--channel", default="", help="e.g. email; none: all.")
EVERYTHING = click.option("--everything", is_flag=True, help="Also what people are owed.")


@suppression.command("add")
@click.argument("keys", nargs=-1, required=True)
@REASON
@WORD
@EVERYTHING
@click.pass_context
def suppress(ctx: click.Context, keys: tuple[str, ...], reason: str, channel: str, everything: bool) -> None:  # noqa: FBT001
    """Put KEYS (addresses, numbers) on the list."""
    ws = backstage(ctx)
    from django.utils import timezone

    from lianyi.action.policy import suppressing

    new = suppressing.add(
        ws, keys, reason=reason, channel=channel, everything=everything, by=user(), now=timezone.now()
    )
    say(f"{new} new entries")


@suppression.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--reason", default="imported", show_default=True)
@WORD
@EVERYTHING
@click.pass_context
def import_suppressed(ctx: click.Context, file: Path, reason: str, channel: str, everything: bool) -> None:  # noqa: FBT001
    """Put the addresses of a FILE on the list, one a line or the first column of a CSV."""
    ws = backstage(ctx)
    from django.utils import timezone

    from lianyi.action.policy import suppressing

    done = suppressing.import_list(
        ws, _text(file), reason=reason, channel=channel, everything=everything, by=user(), now=timezone.now()
    )
    bad = f"; {len(done.bad)} lines are no address: {', '.join(done.bad[:20])}" if done.bad else ""
    say(f"{done.new} new entries, {done.known} known{bad}")


@suppression.command("remove")
@click.argument("key")
@click.pass_context
def unsuppress(ctx: click.Context, key: str) -> None:
    """Take a KEY off the list."""
    ws = backstage(ctx)
    from lianyi.action.policy import suppressing

    say(f"{suppressing.remove(ws, key, by=user())} entries removed")


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{file}: {error}") from error


COMMANDS = (policy, contacts, why_not, consents, suppression)
