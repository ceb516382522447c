"""Tables, tags and the overview by API."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.http import HttpRequest

from lianyi.action.team import audit
from lianyi.action.work import queue
from lianyi.doors.api.endpoint import Api, ApiError, Parameter, body_of, require, text_of, user_of, whole_number
from lianyi.doors.api.jobs import described
from lianyi.doors.console.brand import workspace
from lianyi.doors.console.conditions import matching
from lianyi.doors.console.facts import sources, tags_known
from lianyi.doors.console.pages.overview.growth import SPANS, came_in, growth
from lianyi.doors.console.pages.tags import own
from lianyi.doors.console.tag_rules import rules
from lianyi.errors import NotFound
from lianyi.insight.tables import EVENTS, Table

api = Api()
# Who has one of these columns tells of single people: more than a look at such rows is an export.
PERSONAL = {"person_id", "person_a", "key", "key_a", "actor_key", "target_key"}
LOOK = 50


@api.add(
    "GET",
    "overview",
    right="people.see",
    says="What came in, who is active, growth.",
    query=(Parameter(name="days", says=f"span: {', '.join(map(str, SPANS))}", type="integer"),),
)
def overview(request: HttpRequest) -> dict[str, Any]:
    """The numbers of the console's first page."""
    ws, span = workspace(), whole_number(request, "days", default=30, most=365)
    if span not in SPANS:
        raise ApiError(422, f"days: {span} is not one of {', '.join(map(str, SPANS))}")
    state = ws.states().get("days")
    if state is None or not state.rows:
        raise ApiError(409, "the tables are not built yet; POST /api/v1/refresh first")
    found, (kinds, by_source) = growth(ws, span), came_in(ws, span)
    return {"as_of": state.as_of, "stale": ws.stale(), **asdict(found), "kinds": kinds, "sources": by_source}


@api.add("GET", "sources", right="data.see", says="Where events come from, with counts and last day.")
def all_sources(_request: HttpRequest) -> dict[str, Any]:
    """Rows of table `daily`, summed."""
    return {"sources": sources(workspace())}


@api.add("GET", "tables", right="data.see", says="All tables: what one row means, rows, as-of time.")
def tables(_request: HttpRequest) -> dict[str, Any]:
    """state is null for a table that is not built."""
    ws = workspace()
    states = ws.states()
    listed = [
        {**_meant(table), "state": asdict(states[name]) if name in states else None}
        for name, table in ws.tables().items()
    ]
    return {"stale": ws.stale(), "events": ws.lake.rows(), "tables": listed}


def _meant(table: Table) -> dict[str, Any]:
    columns = {name: asdict(column) for name, column in table.columns.items()}
    return {
        "name": table.name,
        "en": table.en,
        "zh": table.zh,
        "inputs": table.inputs,
        "key": table.key,
        "columns": columns,
    }


@api.add(
    "GET",
    "tables/<str:name>",
    right="data.see",
    says="Rows of one table, or of the log (`events`). More than 50 rows that tell of people need people.export.",
    query=(Parameter(name="limit", says="1 to 10000, by default 50", type="integer"),),
)
def table(request: HttpRequest, name: str) -> dict[str, Any]:
    """The first rows as the table is sorted."""
    ws = workspace()
    if name != EVENTS and name not in ws.tables():
        raise NotFound(f"no table {name!r}; there are {', '.join([EVENTS, *ws.tables()])}")
    limit = whole_number(request, "limit", default=LOOK, most=10_000)
    if limit > LOOK and (name == EVENTS or PERSONAL & set(ws.tables()[name].columns)):
        require(user_of(request), "people.export")
        audit.note(user_of(request), "data.export", name, rows=limit)
    state = ws.states().get(name)
    return {"as_of": state.as_of if state else None, "rows": ws.table(name).limit(limit).to_arrow_table().to_pylist()}


@api.add("GET", "tags", right="people.see", says="All tags with rules and counts.")
def tags(_request: HttpRequest) -> dict[str, Any]:
    """Rows of table `tags`."""
    state = workspace().states().get("tags")
    return {"as_of": state.as_of if state else None, "tags": tags_known(workspace())}


WHEN = Parameter(name="when", says="the condition", required=True)


@api.add("POST", "tags/check", right="people.see", says="How many people fulfil a condition now.", body=(WHEN,))
def check(request: HttpRequest) -> dict[str, Any]:
    """422 says where the condition can't be read."""
    ws = workspace()
    found = matching(ws, text_of(body_of(request, "when"), "when", limit=2000), rules(ws.folder), for_tag=True)
    return {
        "people": ws.rows(f"SELECT count(*) AS n FROM people WHERE {found.sql}")[0]["n"],
        "as_of": ws.states()["people"].as_of,
    }


@api.add(
    "PUT",
    "tags/<str:tag>",
    right="tags.edit",
    says="Write a tag rule.",
    body=(WHEN, Parameter(name="zh", says="name in Chinese"), Parameter(name="en", says="name in English")),
    status=202,
)
def put_rule(request: HttpRequest, tag: str) -> dict[str, Any]:
    """Valid with the next refresh, which is started."""
    data, ws, user = body_of(request, "when"), workspace(), user_of(request)
    entry = {
        "tag": tag,
        "when": text_of(data, "when", limit=2000),
        **{name: text for name in ("zh", "en") if (text := text_of(data, name))},
    }
    own.put(ws.folder, entry)
    audit.note(user, "tags.save", tag, when=entry["when"])
    return {"rule": entry, "job": described(queue.add("refresh", {"tables": ["person_tags"]}, by=user.name))}


@api.add(
    "DELETE",
    "tags/<str:tag>",
    right="tags.edit",
    says="Remove a rule of one's own; a shipped one is as shipped again.",
    status=202,
)
def remove_rule(request: HttpRequest, tag: str) -> dict[str, Any]:
    """404 where the brand has no such rule."""
    ws, user = workspace(), user_of(request)
    own.remove(ws.folder, tag)
    audit.note(user, "tags.remove", tag)
    return {"job": described(queue.add("refresh", {"tables": ["person_tags"]}, by=user.name))}


@api.add("POST", "tags/<str:tag>/off", right="tags.edit", says="Turn a shipped tag rule off.", status=202)
def rule_off(request: HttpRequest, tag: str) -> dict[str, Any]:
    """DELETE tags/{tag} turns it on again. 404 where no such rule is shipped."""
    ws, user = workspace(), user_of(request)
    own.off(ws.folder, tag)
    audit.note(user, "tags.remove", tag)
    return {"job": described(queue.add("refresh", {"tables": ["person_tags"]}, by=user.name))}
