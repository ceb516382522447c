"""Filters that say a value in words: numbers, money, times; and "—" where it is not known, never 0."""

from __future__ import annotations

import json
import re
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django import template
from django.utils import formats, timezone, translation
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext

from lianyi.doors.console.pages.person.timeline import room
from lianyi.doors.console.reasons import told
from lianyi.doors.console.titles import (
    ACTS,
    BANDS,
    CHANGES,
    JOB_STATES,
    JOBS,
    LEFT_OUT,
    LEVELS,
    OPPORTUNITIES,
    PURPOSES,
    STRENGTHS,
    TAG_SOURCES,
    TRENDS,
)  # fmt: skip
from lianyi.memory.keys import NAMESPACES

register = template.Library()
SIGNS = {"CNY": "¥", "USD": "$", "EUR": "€", "GBP": "£", "JPY": "JP¥", "HKD": "HK$", "TWD": "NT$"}


def missing(value: Any) -> bool:
    """True for None, and for what a template gives where there is nothing."""
    return value is None or value == ""


def unknown() -> SafeString:
    """What stands where nothing is known."""
    return format_html('<span class="unknown" title="{0}">—<span class="hidden">{0}</span></span>', gettext("unknown"))


@register.filter
def said(thing: Any) -> str:
    """The English or Chinese text of something that has both (`en`, `zh`), by the language of the page."""
    return str(thing.zh if (translation.get_language() or "").startswith("zh") else thing.en)


_ONE_ROW = re.compile(r"[^=]{2,8}=\s*")  # "One row = ", and the same in Chinese


@register.filter
def one_row(table: Any) -> str:
    """What one row of a table means, below a heading that says "one row means"."""
    text = said(table)
    return text[begin.end() :] if (begin := _ONE_ROW.match(text)) else text


@register.filter
def number(value: Any, places: int = 0) -> str:
    """1234567.8 → 1,234,568; None → —."""
    if missing(value):
        return unknown()
    return f"{value:,.{places}f}" if isinstance(value, int | float | Decimal) else str(value)


@register.filter
def short(value: Any) -> str:
    """A number for small places: 1,234 → 1,234; 12,345 → 12.3k / 1.2万."""
    if missing(value):
        return unknown()
    if abs(value) < 10_000:
        return f"{value:,.0f}"
    if (translation.get_language() or "").startswith("zh"):
        return f"{value / 10_000:,.1f}万" if abs(value) < 100_000_000 else f"{value / 100_000_000:,.2f}亿"
    return f"{value / 1_000:,.1f}k" if abs(value) < 1_000_000 else f"{value / 1_000_000:,.2f}M"


@register.filter
def money(value: Any, currency: str = "") -> str:
    """12.5, "CNY" → ¥12.50."""
    if missing(value):
        return unknown()
    amount = Decimal(str(value))
    sign = "−" if amount < 0 else ""
    return f"{sign}{SIGNS.get(currency, currency + ' ' if currency else '')}{abs(amount):,.2f}"


@register.filter
def percent(value: Any, places: int = 0) -> str:
    """0.123 → 12%."""
    return unknown() if missing(value) else f"{value * 100:.{places}f}%"


@register.filter
def points(value: Any) -> str:
    """A difference of shares in points of a hundred: 0.0123 → +1.2."""
    return unknown() if missing(value) else f"{value * 100:+.1f}"


@register.filter
def plainly(value: Any) -> str:
    """A number as a form's field takes it back: 1234.5."""
    return f"{value:g}"


@register.filter
def seconds(value: Any) -> str:
    """1.234 → 1.2 s."""
    return unknown() if missing(value) else gettext("%(seconds)s s") % {"seconds": f"{value:,.1f}"}


@register.filter
def size(value: Any) -> str:
    """Bytes in the unit that reads best."""
    if missing(value):
        return unknown()
    amount = float(value)
    for unit in ("B", "kB", "MB"):
        if amount < 1000:
            return f"{amount:,.0f} {unit}" if unit == "B" else f"{amount:,.1f} {unit}"
        amount /= 1000
    return f"{amount:,.1f} GB"


@register.filter
def day(value: Any) -> str:
    """A date in the page's language: 2026-11-23."""
    if missing(value):
        return unknown()
    if isinstance(value, datetime):
        value = _local(value).date()
    return value.isoformat() if isinstance(value, date) else str(value)


@register.filter
def weekday(value: date) -> str:
    """The name of the day of the week."""
    return formats.date_format(value, "l")


@register.filter
def clock(value: datetime) -> str:
    """The time of day in the brand's zone: 14:05."""
    return f"{_local(value):%H:%M}"


@register.filter
def moment(value: Any) -> str:
    """Date and time in the brand's zone: 2026-11-23 14:05."""
    return unknown() if missing(value) else f"{_local(value):%Y-%m-%d %H:%M}"


@register.filter
def ago(value: Any, now: datetime | None = None) -> str:
    """How long ago, in one unit, with the exact time as its title."""
    if missing(value):
        return unknown()
    return format_html(
        '<time datetime="{}" title="{}">{}</time>', _local(value).isoformat(), moment(value), _ago(value, now)
    )


def _ago(value: datetime, now: datetime | None) -> str:
    passed = (now or timezone.now()) - _local(value)
    if passed < timedelta(0):
        return moment(value)
    if passed < timedelta(minutes=1):
        return gettext("just now")
    if passed < timedelta(hours=1):
        n = passed.seconds // 60
        return ngettext("%(n)d minute ago", "%(n)d minutes ago", n) % {"n": n}
    if passed < timedelta(days=1):
        n = passed.seconds // 3600
        return ngettext("%(n)d hour ago", "%(n)d hours ago", n) % {"n": n}
    if passed < timedelta(days=60):
        return ngettext("%(n)d day ago", "%(n)d days ago", passed.days) % {"n": passed.days}
    return day(value)


def _local(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("a time without zone can't be shown")
    return timezone.localtime(value)


@register.filter
def get(mapping: Any, key: Any) -> Any:
    """mapping[key], or None."""
    return mapping.get(key) if mapping else None


@register.filter
def job_title(job: Any) -> str:
    """What a job does, in words."""
    return str(JOBS.get(job.kind, job.kind))


@register.filter
def state_title(job: Any) -> str:
    """How a job stands, in words."""
    return str(JOB_STATES[job.state])


@register.filter
def change(value: float) -> str:
    """0.123 → +12%, −0.05 → −5%."""
    sign = "+" if value >= 0 else "−"
    return f"{sign}{abs(value) * 100:,.0f}%"


@register.filter
def kind_title(kind: Any) -> str:
    """A kind of event as a title: Chinese as it is, English by its name ("check in")."""
    if (translation.get_language() or "").startswith("zh"):
        return str(kind.zh)
    return str(kind.name).replace("_", " ").capitalize()


@register.filter
def whole(value: Any) -> int | None:
    """Rounded to a whole number; None stays None."""
    return None if missing(value) else round(value)


@register.filter
def level_title(name: str) -> str:
    """A level of consumption in words."""
    return str(LEVELS.get(name, name))


@register.filter
def band_title(name: str) -> str:
    """How strong a tie is."""
    return str(BANDS.get(name, name))


@register.filter
def trend_title(name: str) -> str:
    """Whether a tie warms or cools."""
    return str(TRENDS.get(name, name))


@register.filter
def opportunity_title(name: str) -> str:
    """What kind of opportunity it is."""
    return str(OPPORTUNITIES.get(name, name))


@register.simple_tag
def why(row: Any) -> str:
    """The reason of a row with `why_…` or `evidence_…`, in the language of the page."""
    language = "zh" if (translation.get_language() or "").startswith("zh") else "en"
    return str(row.get(f"why_{language}") or row.get(f"evidence_{language}") or "")


@register.filter
def strength_title(name: str) -> str:
    """What kind of key it is, in words."""
    return str(STRENGTHS.get(name, name))


@register.filter
def left_out_title(name: str) -> str:
    """Why people were not asked."""
    return str(LEFT_OUT[name])


@register.filter
def tag_source(name: str) -> str:
    """How a tag came about, in words."""
    return str(TAG_SOURCES.get(name, name))


@register.simple_tag
def evidence(tag: Any) -> str:
    """Why a tag is there, in the page's language."""
    language = "evidence_zh" if (translation.get_language() or "").startswith("zh") else "evidence_en"
    return tag[language] or ""


@register.filter
def iso_day(value: Any) -> str:
    """The day of a time written in ISO 8601, in the brand's zone."""
    return unknown() if missing(value) else day(datetime.fromisoformat(value))


@register.filter
def namespace_title(name: str) -> str:
    """What a namespace of keys means, in the page's language."""
    return said(NAMESPACES[name]) if name in NAMESPACES else name


@register.simple_tag
def sample(samples: dict[str, str], name: str) -> str:
    """A first value of a column, in brackets behind its name."""
    value = samples.get(name) or ""
    return f" ({value[:24]}{'…' if len(value) > 24 else ''})" if value else ""


@register.simple_tag
def imported(upload: Any, name: str) -> str:
    """A count of what an import did, over all files in it; unknown until it is done."""
    job = upload.import_job
    done = job is not None and job.state == "done"
    return number(sum(file[name] for file in job.result["files"])) if done else unknown()


@register.filter
def plain_value(value: Any) -> str:
    """A cell of a sample: times in the brand's zone, lists and maps as JSON."""
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)


@register.filter
def act_title(name: str) -> str:
    """What was done, in words."""
    return str(ACTS.get(name, name))


@register.filter
def purpose_title(name: str) -> str:
    """What a purpose of consent is called; one of the brand's own by its name."""
    return str(PURPOSES.get(name, name))


@register.filter
def room_name(key: str) -> str:
    """The name of one group."""
    return room(key)


@register.filter
def ripple_name(ripple: Any) -> str:
    """What a ripple is called: the title of the thing, the name of the room, else the campaign as it is."""
    return room(ripple["name"]) if ripple["kind"] == "group" else str(ripple.get("title") or ripple["name"])


@register.filter
def room_names(keys: Any) -> str:
    """The names of the first few groups."""
    return ", ".join(room(key) for key in list(keys or [])[:5])


@register.simple_tag
def reasons(suggestion: Any) -> str:
    """Why two people may be one, in the page's language."""
    language = "reasons_zh" if (translation.get_language() or "").startswith("zh") else "reasons_en"
    return suggestion[language] or ""


@register.filter
def reason(text: str) -> SafeString:
    """Why something can't be used, or was taken as it is, in the page's language."""
    return told(text)


@register.filter
def change_why(why: str) -> str:
    """What an entering or leaving of an audience came of."""
    return str(CHANGES.get(why, why))
