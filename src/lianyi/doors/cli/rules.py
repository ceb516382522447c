"""`lianyi rules`: the tag rules in force, a look at who fulfils a condition, rules of the brand's own."""

from __future__ import annotations

from typing import Any

import click

from lianyi.doors.cli.backstage import backstage, log_act, workspace
from lianyi.doors.cli.output import json_line, say, write

RULE = ("tag", "zh", "en", "whose", "people", "when")
NEXT = "it takes effect with the next refresh (lianyi refresh person_tags)"


@click.group(invoke_without_command=True)
@click.option("--json", "form", flag_value="json", default="text", help="One rule a line.")
@click.pass_context
def rules(ctx: click.Context, form: str) -> None:
    """Tag rules: shipped ones and the brand's own; below: check, put, remove, off."""
    if ctx.invoked_subcommand is None:
        from lianyi.doors.console.facts import tag_counts
        from lianyi.doors.console.pages.tags import own
        from lianyi.insight.people.tags import read_rules

        ws = workspace(ctx)
        counts, mine = tag_counts(ws), {entry.get("tag") for entry in own.entries(ws.folder)}
        rows = [
            {"tag": rule.tag, "zh": rule.zh, "en": rule.en, "whose": "own" if rule.tag in mine else "shipped",
             "people": counts.get(rule.tag, 0) if counts else None, "when": rule.condition}
            for rule in read_rules(ws.folder / "tags")
        ]  # fmt: skip
        write(rows, RULE, form=form)


@rules.command()
@click.argument("when")
@click.pass_context
def check(ctx: click.Context, when: str) -> None:
    """How many people fulfil a condition now, e.g. 'orders >= 2 and not tag("vip")'; nothing is changed."""
    ws = backstage(ctx)
    from lianyi.doors.console.conditions import matching
    from lianyi.doors.console.tag_rules import rules as in_force

    meant = matching(ws, when, in_force(ws.folder), for_tag=True)
    found = ws.sql(f"SELECT count(*) AS people FROM people WHERE {meant.sql}")
    click.echo(json_line({**found.to_arrow_table().to_pylist()[0], "as_of": ws.states()["people"].as_of}))


@rules.command()
@click.argument("tag")
@click.argument("when")
@click.option("--zh", default="", help="Name in Chinese.")
@click.option("--en", default="", help="Name in English.")
@click.option("--about-zh", default="", help="What it means, in Chinese.")
@click.option("--about-en", default="", help="What it means, in English.")
@click.pass_context
def put(ctx: click.Context, /, tag: str, when: str, **words: str) -> None:
    """Write a rule: who fulfils the condition WHEN gets TAG."""
    from lianyi.doors.console.pages.tags import own

    folder = backstage(ctx).folder
    entry: dict[str, Any] = {"tag": tag, "when": when, **{name: text for name, text in words.items() if text}}
    own.put(folder, entry)
    log_act("tags.save", tag, when=when)
    say(f"rule {tag} is written; {NEXT}")


@rules.command()
@click.argument("tag")
@click.pass_context
def remove(ctx: click.Context, tag: str) -> None:
    """Take out a rule of the brand's own; a shipped one that was changed or off is as shipped again."""
    from lianyi.doors.console.pages.tags import own

    own.remove(backstage(ctx).folder, tag)
    log_act("tags.remove", tag)
    say(f"rule {tag} is as shipped, or gone; {NEXT}")


@rules.command()
@click.argument("tag")
@click.pass_context
def off(ctx: click.Context, tag: str) -> None:
    """Turn a shipped rule off; remove turns it on again."""
    from lianyi.doors.console.pages.tags import own

    own.off(backstage(ctx).folder, tag)
    log_act("tags.remove", tag)
    say(f"rule {tag} is off; {NEXT}")


COMMANDS = (rules,)
