"""What the parts of a journey are called, and the fields of each: the editor's forms are made of this."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lianyi.action.journeys import document as d
from lianyi.action.journeys import neighbours, timers
from lianyi.action.journeys.models import Journey
from lianyi.action.team.rights import ROLES, Text

KINDS: Mapping[str, Text] = {
    "send": gettext_lazy("Send"),
    "wait": gettext_lazy("Wait"),
    "branch": gettext_lazy("Branch"),
    "split": gettext_lazy("Split"),
    "tag": gettext_lazy("Tag"),
    "attribute": gettext_lazy("Set an attribute"),
    "reward": gettext_lazy("Reward"),
    "task": gettext_lazy("Task for the team"),
    "group": gettext_lazy("In a group"),
    "webhook": gettext_lazy("Webhook"),
    "call": gettext_lazy("Another journey"),
    "goal": gettext_lazy("Goal reached"),
    "exit": gettext_lazy("End here"),
}
DOORS: Mapping[str, Text] = {
    "event": gettext_lazy("Something happens"),
    "audience": gettext_lazy("An audience changes"),
    "date": gettext_lazy("A date of the person"),
    "ripple": gettext_lazy("A ripple reaches a generation"),
    "schedule": gettext_lazy("By the calendar"),
    "api": gettext_lazy("By hand, API or another journey"),
}
STATES: Mapping[str, Text] = {
    "draft": gettext_lazy("Draft"),
    "running": gettext_lazy("Running"),
    "paused": gettext_lazy("Paused"),
    "over": gettext_lazy("Over"),
}
CONTACTS: Mapping[str, Text] = {
    "waiting": gettext_lazy("waiting to be sent"),
    "held": gettext_lazy("waiting for confirmation"),
    "claimed": gettext_lazy("being sent"),
    "delivering": gettext_lazy("being sent"),
    "sent": gettext_lazy("sent"),
    "failed": gettext_lazy("failed"),
    "refused": gettext_lazy("refused by rule"),
    "expired": gettext_lazy("expired"),
    "cancelled": gettext_lazy("taken back"),
    "unknown": gettext_lazy("not known"),
}


def way_title(step: d.Step, way: str) -> str:
    """What a way out of a step is called."""
    plain = {
        "otherwise": _("otherwise"), "happened": _("it happened"), "timeout": _("it did not, in time"),
        "next": _("went on"), "exit": _("ended"), "holdout": _("held out"),
    }  # fmt: skip
    if way in plain:
        return plain[way]
    number = int(way[way.index("[") + 1 : -1])
    if isinstance(step, d.Branch):
        return step.ways[number].when if number < len(step.ways) else way
    if isinstance(step, d.Split):
        return step.arms[number].name if number < len(step.arms) else way
    return way


def summary(step: d.Step) -> str:
    """A step in one line."""
    match step:
        case d.Send():
            return f"{step.content} · {step.channel}"
        case d.Wait():
            return " · ".join(part for part in (step.duration, _window(step), _until(step)) if part)
        case d.Split():
            return " / ".join(arm.name for arm in step.arms)
        case d.Tag():
            return ", ".join([*(f"+{name}" for name in step.add), *(f"−{name}" for name in step.remove)])
        case d.Attribute():
            return ", ".join(f"{name} = {value}" for name, value in step.set.items())
        case d.Work():
            return f"{step.title} · {step.to}"
        case d.Group():
            return f"{step.group} · {step.act}"
        case d.Reward():
            return step.rule
        case d.Webhook():
            return step.channel
        case d.Call():
            return step.journey
    return ""


def _window(step: d.Wait) -> str:
    hours = "–".join(step.between) if step.between else ""
    return " ".join(part for part in (hours, " ".join(str(day) for day in step.days)) if part)


def _until(step: d.Wait) -> str:
    return _("until %(event)s") % {"event": step.until.event} if step.until else ""


def door(trigger: d.Trigger) -> str:
    """A trigger in one line."""
    match trigger:
        case d.Event():
            said = f"{trigger.event} ({trigger.where})" if trigger.where else trigger.event
        case d.Audience():
            said = f"{trigger.audience} · {_('enters') if trigger.when == 'entered' else _('leaves')}"
        case d.Date():
            said = f"{trigger.date} + {trigger.offset}, {trigger.at}"
        case d.Ripple():
            said = f"{trigger.campaign} {trigger.generation}".strip()
        case d.Schedule():
            said = f"{trigger.audience} · {trigger.every} {trigger.at}"
        case _:
            said = ""
    title = str(DOORS[str(trigger.__struct_config__.tag)])
    return f"{title}: {said}" if said else title


Field = dict[str, Any]


def _field(name: str, label: str, kind: str = "text", **more: Any) -> Field:
    return {"name": name, "label": label, "type": kind, **more}


def _happening() -> list[Field]:
    return [
        _field(
            "event", _("Event"), options=["order", "click", "opened", "view", "join", "follow", "arrive"], open=True
        ),
        _field("where", _("Only where"), hint='value >= 100 and category ~ "tea"', mono=True),
        _field("received", _("Done to the person"), "truth"),
    ]


def _options(ask: Any) -> list[str]:
    """Names of the rooms beside; none while a room is not there."""
    try:
        return list(ask())
    except (ImportError, LookupError):
        return []


def schema() -> dict[str, Any]:
    """The editor's forms, in the language of the page."""
    return {"head": _head(), "doors": _doors(), "steps": _steps(), "words": _words()}


def _words() -> dict[str, str]:
    return {
        "add": _("Add a step"), "add_door": _("Add a way in"), "up": _("Move up"), "down": _("Move down"),
        "remove": _("Remove"), "copy": _("Double"), "id": _("Name of the step"), "more": _("Add"), "none": _("nothing"),
        "drag": _("Drag to another place, or Alt and an arrow key"),
    }  # fmt: skip


def _head() -> list[Field]:
    again = ["never", "out", "always", "30 days"]
    return [
        _field("journey", _("Short name"), hint=_("For files and the API; stays for good."), mono=True),
        _field("title", _("Title")),
        _field("about", _("About"), "long"),
        _field("purpose", _("Purpose, as consents name it")),
        _field("only", _("Only people for whom"), hint="orders >= 1 and has_tag(\"friend\")", mono=True),
        _field("again", _("May come again"), options=again, open=True),
        _field("holdout", _("Share held out"), "number", hint=_("0.1 = one of ten gets nothing, to compare with.")),
        _field("goal", _("Goal"), "object", fields=[
            _field("happening", _("What"), "object", fields=_happening(), must=True, fresh={"event": "order"}),
            _field("within", _("Within")), _field("ends", _("Ends the journey"), "truth", usual=True),
        ], fresh={"happening": {"event": "order"}, "within": "30 days"}),
    ]  # fmt: skip


def _doors() -> dict[str, Any]:
    audiences = _options(neighbours.audiences)
    at = _field("at", _("At"), hint="09:00")
    fields: dict[str, list[Field]] = {
        "event": [*_happening(), _field("key", _("Once for each"), options=["person", "order"], open=True)],
        "audience": [
            _field("audience", _("Audience"), options=audiences, open=True),
            _field("when", _("When"), options=["entered", "left"]),
            _field("present", _("Also who is in it already"), "truth"),
        ],
        "date": [
            _field("date", _("Date"), options=["birthday", *timers.DATES]),
            _field("offset", _("So long after"), hint=_("-3 days = three days before")), at,
        ],
        "ripple": [
            _field("generation", _("Generation"), "number"), _field("campaign", _("Campaign")),
            _field("who", _("Who"), options=["arrived", "seed"]),
        ],
        "schedule": [
            _field("audience", _("Audience"), options=audiences, open=True),
            _field("every", _("How often"), options=["once", "day", "week", "month"]), at,
            _field("on_day", _("Day of the week or month"), "number"), _field("date", _("Date"), hint="2026-11-11"),
        ],
        "api": [],
    }  # fmt: skip
    fresh: dict[str, dict[str, Any]] = {
        "event": {"event": "order"}, "audience": {"audience": audiences[0] if audiences else ""},
        "date": {"date": "birthday"}, "ripple": {"generation": 3},
        "schedule": {"audience": audiences[0] if audiences else "", "every": "week"},
    }  # fmt: skip
    return {
        name: {"title": str(title), "fields": fields[name], "fresh": {"by": name, **fresh.get(name, {})}}
        for name, title in DOORS.items()
    }


def _steps() -> dict[str, Any]:
    fields, fresh = {**_sending(), **_ways(), **_acting()}, _fresh()
    return {
        name: {"title": str(title), "fields": fields.get(name, []), "fresh": {"do": name, **fresh.get(name, {})}}
        for name, title in KINDS.items()
    }


def _sending() -> dict[str, list[Field]]:
    channels = _options(neighbours.channels)
    return {
        "send": [
            _field("content", _("Content"), options=_options(neighbours.contents), open=True),
            _field("channel", _("Channel"), options=channels, open=True),
            _field("purpose", _("Purpose, as consents name it"), hint=_("Empty: the journey's.")),
            _field("variables", _("Values for the text"), "pairs"),
            _field("confirm", _("A human must confirm"), "truth"),
            _field("transactional", _("The person is owed it"), "truth"),
            _field("priority", _("Priority"), "number"), _field("expires", _("Worth nothing after"), hint="3 days"),
        ],
        "webhook": [
            _field("channel", _("Channel"), options=channels, open=True), _field("values", _("Values"), "pairs"),
        ],
        "wait": [
            _field("for", _("How long, at most"), hint="90 minutes, 2 hours, 3 days, 1 week"),
            _field("between", _("Then between, in the person's zone"), "times"),
            _field("days", _("Weekdays, 1 = Monday"), "numbers"),
            _field("until", _("Or until"), "object", fields=_happening(), fresh={"event": "order"}),
            _field("happened", _("When it happened"), "steps", when="until"),
            _field("timeout", _("When it did not"), "steps", when="until"),
        ],
    }  # fmt: skip


def _ways() -> dict[str, list[Field]]:
    steps = _field("steps", "", "steps")
    way = [_field("when", _("Who fulfils"), mono=True, hint="net_spend > 500"), steps]
    arm = [_field("name", _("Name")), _field("share", _("Weight"), "number"), steps]
    winner = [
        _field("goal", _("Goal"), "object", fields=_happening(), must=True, fresh={"event": "order"}),
        _field("people", _("People of each arm that count"), "number"), _field("within", _("Each for so long")),
        _field("confidence", _("Confidence"), "number"),
    ]  # fmt: skip
    fresh = {"goal": {"event": "order"}, "people": 1000, "within": "7 days", "confidence": 0.95}
    return {
        "branch": [
            _field("ways", _("Ways; the first that fits is taken"), "list", fields=way, fresh={"when": "orders >= 1"}),
            _field("otherwise", _("Otherwise"), "steps"),
        ],
        "split": [
            _field("arms", _("Arms"), "list", fields=arm, fresh={"name": "c"}),
            _field("holdout", _("Share held out"), "number"),
            _field("winner", _("Decide by itself, once"), "object", fields=winner, fresh=fresh),
        ],
    }


def _acting() -> dict[str, list[Field]]:
    to = _field("to", _("To: a member or a role"), options=list(ROLES), open=True)
    return {
        "tag": [_field("add", _("Add"), "lines"), _field("remove", _("Remove"), "lines")],
        "attribute": [_field("set", _("Attributes"), "pairs")],
        "reward": [_field("rule", _("Rule"), options=_options(neighbours.reward_rules), open=True)],
        "task": [
            _field("title", _("Title")), _field("text", _("What to do"), "long"), to,
            _field("within", _("Within"), hint="2 days"),
        ],
        "group": [
            _field("group", _("Group"), hint="group:wecom/…", mono=True),
            _field("act", _("Do"), options=["say", "invite", "remove"]), _field("text", _("Text"), "long"),
            _field("channel", _("Channel"), options=_options(neighbours.channels), open=True,
                   hint=_("Empty: a task for the team.")), to,
        ],
        "call": [
            _field("journey", _("Journey"), options=list(Journey.objects.values_list("name", flat=True)), open=True),
        ],
    }  # fmt: skip


def _fresh() -> dict[str, dict[str, Any]]:
    first: Sequence[str] = _options(neighbours.contents)[:1]
    channel: Sequence[str] = _options(neighbours.channels)[:1]
    return {
        "send": {"content": first[0] if first else "", "channel": channel[0] if channel else ""},
        "wait": {"for": "1 day"}, "branch": {"ways": [{"when": "orders >= 1"}]},
        "split": {"arms": [{"name": "a"}, {"name": "b"}]}, "tag": {"add": []}, "attribute": {"set": {}},
        "reward": {"rule": ""}, "task": {"title": ""}, "group": {"group": "group:", "act": "say"},
        "webhook": {"channel": ""}, "call": {"journey": ""},
    }  # fmt: skip
