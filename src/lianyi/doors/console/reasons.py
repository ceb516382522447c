"""Why a row, file or mapping can't be used, in the language of the page.

The floors below say it in English: in files of rejected rows, on the command line, by API. They know no language, and
what they said last year must be readable today; so a page finds the sentence among these templates, and its values in
it. tests/doors/console/test_reasons.py holds them to what the malformed files are really told.
"""

from __future__ import annotations

import re
from functools import lru_cache

from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_noop as _

# %(why)s is itself one of these sentences, and is translated as such.
TEMPLATES = (
    # times, amounts, kinds, keys
    _("is empty; every event needs a time"),
    _("is empty; every event needs a kind"),
    _("is empty; the mapping makes the event's id of it"),
    _("is empty; give a text of 1 to %(n)s characters"),
    _("is no time; write it like 2026-01-31 14:05:00, or name its format in the mapping"),
    _("is not between 1970 and tomorrow; mend the time"),
    _("%(value)s is not between 1970 and tomorrow; mend the time"),
    _("%(value)s is not a time; write it like %(example)s"),
    _("%(value)s may be two days; export again with the date as year-month-day"),
    _("%(value)s is not a Unix time"),
    _("%(value)s has no time zone; add one, e.g. %(example)s"),
    _("%(value)s is not a number"),
    _(
        "is no amount (at most 14 digits before the point); write it like 12.50 or 1,234.50, or say "
        "decimal_comma: true in the mapping where a comma stands before the cents"
    ),
    _("%(value)s is not an amount; write a number such as 12.50"),
    _("%(value)s is out of range; at most %(n)s is allowed"),
    _("is in another currency than the mapping or the row's currency says; mend the one or the other"),
    _("is no ISO 4217 code; write three letters such as CNY"),
    _("%(value)s is not an ISO 4217 code; write three capital letters such as CNY"),
    _("is missing beside a value; give an ISO 4217 code such as CNY"),
    _("is none of the words that the mapping knows (%(known)s)"),
    _("is no kind; write small letters, digits and _ (known: %(known)s)"),
    _(
        "%(value)s is not a kind; write small letters, digits and _ starting with a letter, at most 64 characters "
        "(known kinds: %(known)s)"
    ),
    _("has no namespace; write namespace:value, e.g. email:a@b.cn"),
    _("%(value)s has no namespace; write namespace:value, e.g. email:a@b.cn"),
    _("is longer than %(n)s characters"),
    _("has %(n)s characters; at most %(most)s are allowed"),
    _("is %(n)s characters of JSON; at most %(most)s are allowed"),
    _("the row's other columns are longer than %(n)s characters"),
    _('is no JSON object; write it like {"colour": "red"}'),
    _("has more than %(n)s lists and objects in one another; that is no description of an event"),
    # rows and lines
    _("the row %(why)s"),
    _("the line %(why)s"),
    _("the file %(why)s"),
    _("has %(n)s cells where the header has %(width)s"),
    _("can't be parsed (%(error)s); mend its quotes"),
    _("opens a quote that never closes; mend its quotes"),
    _("opens a quote that closes lines later; mend its quotes"),
    _("is %(type)s; each record must be an object {…}"),
    _("is cut off: the file ends within this message"),
    _("holds a NUL character or bytes that are no UTF-8"),
    _("holds bytes that are not of the file's encoding; save the file as UTF-8 or mend the row"),
    _("holds a NUL character; remove it"),
    _("the record holds a NUL character or bytes that are not of the file's encoding"),
    _("the line is longer than %(n)s bytes"),
    _("is no JSON (%(error)s)"),
    _("can't be read as JSON: %(error)s"),
    _("can't be read as JSON: %(error)s; nor can what follows"),
    _("is nested too deep"),
    _("is nested too deeply"),
    _("is longer than %(n)s MB"),
    _("is no name of a field"),
    _("record %(n)s is %(type)s; each must be an object {…}"),
    _("%(why)s (line %(n)s of the file)"),
    # orders, members, chats
    _("the order's state is none that %(format)s knows, or says neither paid, unpaid nor closed: %(known)s"),
    _("the row has no usable key of a person (empty or masked) in %(columns)s"),
    _("the message has no author"),
    _("the message has no sender"),
    _("the message has no date: Telegram Desktop could not export it"),
    _("the user has no name"),
    _("is no address of a post; those end in /t/topic-title/12/3"),
    _("is encrypted; export the room again with a session that has the keys"),
    _("a membership without the person whose it is"),
    _("is no line of an IRC log; those look like [12:18] <nick> text or === nick has joined #channel"),
    _("the file is binary, no text; give the log as text"),
    _("the file is binary, no text; export the chat as text again"),
    _("the file is empty; a header with %(wanted)s is wanted"),
    _("the header lacks a column; wanted are %(wanted)s"),
    _("no row of sheet %(sheet)s is a header; wanted are %(wanted)s"),
    # files
    _("%(name)s: %(why)s"),
    _("is empty"),
    _("is a workbook without sheets"),
    _("is a damaged workbook (%(error)s)"),
    _("is a damaged or protected workbook (%(error)s); open it and save it again"),
    _("is protected by a password; save it without"),
    _("is a binary workbook (XLSB), which can't be checked before it is read; save it as XLSX or CSV"),
    _("sheet %(sheet)s is damaged (%(error)s); open it and save it again"),
    _("would unpack from %(packed)s to %(total)s bytes: refused as a zip bomb; save it as CSV if it is honest"),
    _("would unpack from %(packed)s to %(total)s bytes: refused as a zip bomb; unpack it yourself if it is honest"),
    _("is a damaged Parquet file (%(error)s)"),
    _("is no Parquet file: its first bytes are not PAR1"),
    _("is a damaged gzip file (%(error)s)"),
    _("is a damaged archive (%(error)s)"),
    _("is damaged within the archive (%(error)s)"),
    _("unpacks to more than %(n)s bytes: refused as a zip bomb; unpack it yourself if it is honest"),
    _("is a damaged Parquet file after row %(n)s (%(error)s)"),
    _("no source recognises it%(seen)s. Name one with --as: %(known)s"),
    _("holds more than %(n)s files; add its parts one by one"),
    _("holds %(n)s files; at most %(most)s are unpacked"),
    _("holds %(value)s, which points out of the archive: refused"),
    _("holds the link %(value)s: refused"),
    # mappings
    _("is missing; choose a column for it"),
    _("is missing; choose the column that says who did it"),
    _("there is no column %(value)s; there are %(known)s"),
    _("%(value)s is not a kind; there are %(known)s"),
    _("this is no YAML: %(error)s"),
    _("a mapping is a table of words such as source: and events:"),
    _("is missing; give the name that the events' source shall have"),
    _("is missing; give a list with at least one event (at:, kind:, …)"),
    _("%(word)s is missing; every event needs a time and a kind"),
    _("unknown word %(value)s; there are %(known)s"),
    _("is not a table of fields"),
    _("is %(value)s; write a list"),
    _("is %(value)s; write true or false"),
    _("is %(value)s; write a text"),
    _("is %(value)s; write a table of word: meaning"),
    _("props is a table of name: column"),
    _("write a column's name, or a table with column:, columns:, expression: or constant:"),
    _("a field takes exactly one of column, columns, expression and constant"),
    _("give one for each of columns"),
    _("%(value)s is no encoding of text; write e.g. utf-8 or gb18030"),
    _("the mapping reads column %(value)s, which the file does not have; it has: %(known)s"),
    _("has %(n)s columns, the mapping names %(wanted)s"),
    _("an expression has %(n)s characters; at most %(most)s are allowed"),
    _("an expression is nested deeper than %(n)s"),
    _("expression %(text)s: %(value)s at place %(n)s can't be read"),
    _("expression %(text)s: %(value)s at place %(n)s; wanted %(wanted)s"),
    _("expression %(text)s: no function %(value)s; there are %(known)s"),
    _("expression %(text)s: %(value)s takes %(wanted)s values, not %(n)s"),
    _("expression %(text)s: zero_if_empty takes one column"),
    _("expression %(text)s: if takes (condition, then, else)"),
    _("expression %(text)s: a condition can't be compared with a text"),
    _("expression %(text)s: a condition stands where a number is wanted"),
    _("expression %(text)s: a condition stands where a text is wanted"),
    _("expression %(text)s: a condition is wanted, such as Quantity > 0"),
    _("is no table (CSV, TSV, XLSX, JSON lines or Parquet)"),
    _("is no table; %(format)s is a CSV or XLSX report"),
    _("is no table; a list of people is a CSV or XLSX file"),
    _("no column looks like the time of an event; give a mapping with --map FILE.%(seen)s"),
    _("the mapping is only a guess (%(seen)s). Look it over, mend it, and give it with --map:%(yaml)s"),
    # why a file is read as it is
    _("said by the user"),
    _("its columns are Lianyi's own event fields"),
    _("its columns fit the mapping %(value)s of this workspace"),
    _("%(n)s columns are of %(format)s, among them %(known)s"),
    _("its columns say who people are (%(known)s) and not what happened"),
    _("%(word)s from column %(column)s by its name"),
    _("%(word)s from column %(column)s by its content"),
    _("DAY OR MONTH FIRST in column %(column)s? %(why)s: set format: to what is right, with %%d/%%m or %%m/%%d"),
    _("both numbers go beyond 12"),
    _("no row up to the last tells (%(value)s)"),
    _("an order's id is its number, column %(column)s"),
    _("an order's id is its number, column %(column)s, with %(part)s"),
    _("column %(column)s is no id: further down it is empty or a value stands twice"),
    _("id from column %(column)s: no value stands twice in the whole file"),
    _("id from column %(column)s: no value stands twice in the first %(n)s rows"),
    _("column %(column)s holds names, which are no ids"),
    _("the person's name from column %(column)s"),
    _(
        "EVERY ROW COUNTS AS PAID, whatever column %(column)s says (%(words)s): where some are not, say so in the "
        "mapping, with when:"
    ),
    _("the words of column %(column)s are not all known: say what they mean under values:"),
    _("kind is order, because there is an amount"),
    _("nothing says what happened; put a kind"),
    _("guild, channel and messages of DiscordChatExporter"),
    _("the header of DiscordChatExporter: AuthorID, Author, Date …"),
    _("the header of Discourse's user list: username, trust_level …"),
    _("the header of a Discourse archive: topic_title, is_pm, post …"),
    _("%(n)s of the first %(most)s lines read like [12:18] <nick> text"),
    _("room_name, exported_by and messages, as Element writes them"),
    _("Matrix events with origin_server_ts and event_id"),
    _("the header of a QQ export: %(columns)s"),
    _("messages with date_unixtime and from_id, as Telegram Desktop writes them"),
    _("an account export of Telegram Desktop: personal_information, chats"),
    _("the header of MemoTrace: localId, TalkerId, StrContent …"),
    _("the header of newer MemoTrace: %(columns)s"),
    _("lines with time and name alone, each followed by what was said"),
    _("messages with talker, isChatRoom, isSelf"),
    _("the header of chatlog: Time, SenderName, Talker …"),
    _("is no %(format)s: it has no column for %(wanted)s; it has: %(known)s"),
    _("no column holds a key of a person (such as %(wanted)s); it has: %(known)s"),
)
_VALUE = re.compile(r"%\((\w+)\)s")
DEEPEST = 4


def in_words(text: str, *, depth: int = 0) -> str | None:
    """The sentence in the language of the page; None where it is none of ours. Several, parted by ; (why a file is
    read as it is), are said one by one."""
    whole = _one_in_words(text, depth=depth)
    if whole is not None or "; " not in text or depth:
        return whole
    parts = [_one_in_words(part, depth=depth) for part in text.split("; ")]
    return None if None in parts else gettext("; ").join(filter(None, parts))


def _one_in_words(text: str, *, depth: int) -> str | None:
    for template, pattern in _patterns():
        if match := pattern.fullmatch(text):
            values = match.groupdict()
            if "why" in values:
                inner = in_words(values["why"], depth=depth + 1) if depth < DEEPEST else None
                if inner is None:
                    continue
                values["why"] = inner
            return gettext(template) % values
    return None


@lru_cache(maxsize=1)
def _patterns() -> list[tuple[str, re.Pattern[str]]]:
    """Each template as a pattern; those that say most come first, for they fit least."""
    found = []
    for template in TEMPLATES:
        parts = [part.replace("%%", "%") for part in _VALUE.split(template)]
        pattern = "".join(f"(?P<{part}>.*?)" if place % 2 else re.escape(part) for place, part in enumerate(parts))
        found.append((sum(map(len, parts[::2])), template, re.compile(pattern, re.DOTALL)))
    return [(template, pattern) for _length, template, pattern in sorted(found, key=lambda one: -one[0])]


def told(text: str) -> SafeString:
    """The sentence as HTML: in the language of the page, or marked as English where it can't be said in it."""
    if (get_language() or "en").startswith("en"):
        return conditional_escape(text)
    said = in_words(text)
    return format_html('<span lang="en">{}</span>', text) if said is None else conditional_escape(said)
