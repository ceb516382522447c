"""The contact policy and the outbox by API: rules in words and versions, the queue, why not, consents, suppression."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import get_language

from lianyi.action.contacts import consenting, looking, steering
from lianyi.action.contacts.models import Contact, Pause
from lianyi.action.policy import keeping, reading, suppressing, words
from lianyi.action.policy.models import Suppressed, Version
from lianyi.doors.api.endpoint import Api, ApiError, Parameter, body_of, built, text_of, user_of, whole_number
from lianyi.doors.console.brand import brand, workspace

api = Api()
LATEST = 200
_TEXT = Parameter(name="text", says="the policy as YAML", required=True)
_FILTER = (
    Parameter(name="person", says="key or id of a person"), Parameter(name="campaign", says="name of a campaign"),
    Parameter(name="journey", says="name of a journey"), Parameter(name="channel", says="name of a channel"),
    Parameter(name="state", says="waiting, held, sent, failed, refused, expired, cancelled, unknown …"),
    Parameter(name="rule", says="of the policy, e.g. caps"),
)  # fmt: skip
_WHICH = (
    Parameter(name="keys", says="keys of contacts", type="array"),
    Parameter(name="campaign", says="or all of a campaign"), Parameter(name="journey", says="or all of a journey"),
    Parameter(name="channel", says="or all of a channel"),
)  # fmt: skip
_PAUSED = (
    Parameter(name="what", says="all, campaign, journey or channel", required=True),
    Parameter(name="name", says="which one; none for all"),
)


def _language() -> str:
    return get_language() or "en"


def _policy(found: keeping.Current) -> dict[str, Any]:
    return {
        "version": found.number, "by": found.by, "at": found.at, "text": found.text,
        "rules": reading.to_data(found.policy), "words": words.rules_in_words(found.policy, _language()),
    }  # fmt: skip


def _contact(row: Contact) -> dict[str, Any]:
    return looking.described(row, zone=brand().timezone, language=_language())


@api.add("GET", "policy", right="people.see", says="The contact policy that holds: rules, in words, and as YAML.")
def policy(_request: HttpRequest) -> dict[str, Any]:
    """version 0 is the shipped one."""
    return _policy(keeping.current())


@api.add("POST", "policy/check", right="people.see", says="Read a policy and say it in words.", body=(_TEXT,))
def check_policy(request: HttpRequest) -> dict[str, Any]:
    """422 lists every mistake."""
    found = reading.read(text_of(body_of(request, "text"), "text", limit=reading.MOST_TEXT))
    return {"rules": reading.to_data(found), "words": words.rules_in_words(found, _language())}


@api.add(
    "PUT", "policy", right="policy.edit", says="Make this the contact policy.",
    body=(_TEXT, Parameter(name="why", says="the reason"),
          Parameter(name="instead_of", says="the version you had before you", type="integer")),
)  # fmt: skip
def apply_policy(request: HttpRequest) -> dict[str, Any]:
    """422 lists every mistake, or says that somebody was faster."""
    data = body_of(request, "text")
    before = data.get("instead_of")
    if before is not None and (isinstance(before, bool) or not isinstance(before, int)):
        raise ApiError(422, "instead_of: must be a whole number")
    made = keeping.apply(
        text_of(data, "text", limit=reading.MOST_TEXT), by=user_of(request), now=timezone.now(),
        why=text_of(data, "why"), instead_of=before,
    )  # fmt: skip
    return _policy(made)


@api.add("GET", "policy/versions", right="people.see", says="Versions of the contact policy, newest first.")
def policy_versions(_request: HttpRequest) -> dict[str, Any]:
    """Who, when, why."""
    rows = Version.objects.all()[:LATEST]
    return {"versions": [{"version": row.number, "by": row.by, "at": row.at, "why": row.why} for row in rows]}


@api.add("GET", "policy/versions/<int:version>", right="people.see", says="One version of the contact policy.")
def policy_version(_request: HttpRequest, version: int) -> dict[str, Any]:
    """0 is the shipped one."""
    return _policy(keeping.numbered(version))


@api.add(
    "GET", "contacts", right="people.see", says="Contacts with verdict and reason, newest first; counts.",
    query=(*_FILTER, Parameter(name="limit", says="at most 500", type="integer"),
           Parameter(name="page", says="from 1", type="integer")),
)  # fmt: skip
def contacts(request: HttpRequest) -> dict[str, Any]:
    """No names, no addresses."""
    asked = {name: request.GET.get(name, "") for name in ("campaign", "journey", "channel", "state", "rule")}
    person = request.GET.get("person", "")
    people = looking.ids_of_person(built("people"), person) if person else ()
    rows = looking.search(person_ids=people, **asked)
    limit = whole_number(request, "limit", default=100, most=500)
    start = (whole_number(request, "page", default=1, most=100_000) - 1) * limit
    return {
        "states": looking.counts(rows), "reasons": looking.reasons(rows),
        "contacts": [_contact(row) for row in rows[start : start + limit]],
    }  # fmt: skip


@api.add("GET", "contacts/calendar", right="people.see", says="What waits for each of the next 28 days.")
def calendar(_request: HttpRequest) -> dict[str, Any]:
    """By campaign, journey and channel; days are the brand's."""
    found = looking.calendar(now=timezone.now(), zone=brand().timezone)
    return {"days": [asdict(row) for row in found]}


@api.add("POST", "contacts/confirm", right="contacts.send", says="Let held contacts go.", body=_WHICH)
def confirm(request: HttpRequest) -> dict[str, Any]:
    """The gate looks at each once more."""
    rows = _which(body_of(request))
    return {"contacts": steering.confirm(rows, by=user_of(request), now=timezone.now())}


@api.add("POST", "contacts/cancel", right="contacts.send", says="Take back contacts that wait.", body=_WHICH)
def cancel_contacts(request: HttpRequest) -> dict[str, Any]:
    """What has been given to a channel is on its way."""
    rows = _which(body_of(request))
    return {"contacts": steering.take_back(rows, by=user_of(request), now=timezone.now())}


@api.add(
    "POST", "contacts/resolve", right="contacts.send", says="Say whether unknown contacts went out.",
    body=(*_WHICH, Parameter(name="went_out", says="false: they are sent again", type="boolean", required=True)),
)  # fmt: skip
def resolve(request: HttpRequest) -> dict[str, Any]:
    """Only those that no provider tells about."""
    data = body_of(request)
    if not isinstance(data.get("went_out"), bool):
        raise ApiError(422, "went_out: must be true or false")
    rows = _which(data)
    went_out = data["went_out"]
    return {"contacts": steering.resolve(rows, went_out=went_out, by=user_of(request), now=timezone.now())}


@api.add("GET", "pauses", right="people.see", says="What does not send for now.")
def pauses(_request: HttpRequest) -> dict[str, Any]:
    """Who paused it, when, why."""
    rows = Pause.objects.all()
    return {"pauses": [{"what": r.what, "name": r.name, "by": r.by, "at": r.at, "why": r.why} for r in rows]}


@api.add(
    "POST", "pauses", right="contacts.send", says="Pause all, a campaign, a journey or a channel.", status=201,
    body=(*_PAUSED, Parameter(name="why", says="the reason")),
)  # fmt: skip
def pause(request: HttpRequest) -> dict[str, Any]:
    """What was given to a channel goes out."""
    data = body_of(request, "what")
    made = steering.pause(
        text_of(data, "what"), text_of(data, "name"), by=user_of(request), now=timezone.now(), why=text_of(data, "why")
    )
    return {"what": made.what, "name": made.name}


@api.add("DELETE", "pauses", right="contacts.send", says="End a pause.", query=_PAUSED)
def go_on(request: HttpRequest) -> dict[str, Any]:
    """422 where it is not paused."""
    steering.go_on(request.GET.get("what", ""), request.GET.get("name", ""), by=user_of(request))
    return {}


@api.add(
    "GET", "people/<str:person_id>/why-not", right="people.see",
    says="What the gate would say of a contact to a person now.",
    query=(Parameter(name="channel", says="name of a channel", required=True),
           Parameter(name="purpose", says="marketing where none is named"),
           Parameter(name="transactional", says="true: the person is owed it", type="boolean")),
)  # fmt: skip
def why_not(request: HttpRequest, person_id: str) -> dict[str, Any]:
    """Nothing is sent and nothing kept."""
    decision, by = looking.would(
        built("people"), person_id, channel=request.GET.get("channel", ""),
        purpose=request.GET.get("purpose", "") or "marketing", now=timezone.now(),
        transactional=request.GET.get("transactional") == "true",
    )  # fmt: skip
    return {
        "verdict": decision.verdict, "rule": decision.rule, "until": decision.until, "values": decision.values,
        "said": looking.verdict_in_words(decision, zone=brand().timezone, language=_language()), "policy": by.number,
    }  # fmt: skip


@api.add("GET", "people/<str:person_id>/consents", right="people.see", says="What a person agreed to and withdrew.")
def consents(_request: HttpRequest, person_id: str) -> dict[str, Any]:
    """The last word on each purpose and channel; "" is all."""
    return {"consents": consenting.held(built("people"), person_id, now=timezone.now())}


@api.add(
    "POST", "people/<str:person_id>/consents", right="people.tag", says="Take down what a person said.", status=201,
    body=(Parameter(name="purpose", says="e.g. marketing", required=True),
          Parameter(name="channel", says="e.g. email; none: all"),
          Parameter(name="granted", says="true: agreed", type="boolean", required=True),
          Parameter(name="proof", says="where and how they agreed; needed where granted")),
)  # fmt: skip
def say_consent(request: HttpRequest, person_id: str) -> dict[str, Any]:
    """It holds at once."""
    data = body_of(request, "purpose")
    if not isinstance(data.get("granted"), bool):
        raise ApiError(422, "granted: must be true or false")
    consenting.say(
        built("people"), person_id, purpose=text_of(data, "purpose"), channel=text_of(data, "channel"),
        granted=data["granted"], proof=text_of(data, "proof", limit=1000), by=user_of(request), now=timezone.now(),
        source="api",
    )  # fmt: skip
    return {"consents": consenting.held(workspace(), person_id, now=timezone.now())}


@api.add(
    "GET", "suppression", right="people.see", says="The suppression list, newest first; or what it says of one key.",
    query=(Parameter(name="key", says="an address, number or key"),),
)  # fmt: skip
def suppression(request: HttpRequest) -> dict[str, Any]:
    """Only hashes are kept; nobody can be read off the list."""
    key = request.GET.get("key", "")
    rows = suppressing.entries(workspace(), key) if key else list(Suppressed.objects.all()[:LATEST])
    return {
        "entries": Suppressed.objects.count(),
        "suppressed": [
            {"mark": row.mark, "channel": row.channel, "everything": row.everything, "reason": row.reason,
             "note": row.note, "by": row.by, "at": row.at}
            for row in rows
        ],
    }  # fmt: skip


@api.add(
    "POST", "suppression", right="contacts.send", says="Put addresses on the suppression list.", status=201,
    body=(Parameter(name="keys", says="addresses, numbers or keys", type="array"),
          Parameter(name="list", says="or a list of them, one a line"),
          Parameter(name="reason", says="asked, complained, bounced, imported, law, other", required=True),
          Parameter(name="channel", says="e.g. email; none: all"),
          Parameter(name="everything", says="true: also what people are owed", type="boolean")),
)  # fmt: skip
def suppress(request: HttpRequest) -> dict[str, Any]:
    """Lines that are no address are named by their number."""
    data = body_of(request, "reason")
    text = text_of(data, "list", limit=1_000_000) or "\n".join(["key", *_keys(data)])
    done = suppressing.import_list(
        workspace(), text, reason=text_of(data, "reason"), channel=text_of(data, "channel"),
        everything=data.get("everything") is True, by=user_of(request), now=timezone.now(),
    )  # fmt: skip
    return {"new": done.new, "known": done.known, "bad_lines": list(done.bad)}


@api.add(
    "DELETE", "suppression", right="contacts.send", says="Take an address off the suppression list.",
    query=(Parameter(name="key", says="an address, number or key", required=True),),
)  # fmt: skip
def unsuppress(request: HttpRequest) -> dict[str, Any]:
    """Of all channels."""
    return {"removed": suppressing.remove(workspace(), request.GET.get("key", ""), by=user_of(request))}


def _which(data: Mapping[str, Any]) -> QuerySet[Contact]:
    named = {name: text_of(data, name) for name in ("campaign", "journey", "channel")}
    return steering.chosen(keys=_keys(data) or None, **named)


def _keys(data: Mapping[str, Any]) -> list[str]:
    keys = data.get("keys", [])
    if not isinstance(keys, list) or len(keys) > 500 or not all(isinstance(key, str) for key in keys):
        raise ApiError(422, "keys: must be a list of at most 500 texts")
    return keys
