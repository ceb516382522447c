"""What becomes known of a person: one `identify` event, and an `alias` event for each key found among the traits.

Every linking of two keys is an alias event; identity resolution reads nothing else (besides what operators merge and
unmerge). All sources come through here, so that the same facts get the same ids and the same names everywhere.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import Any

from lianyi.memory.events import Event
from lianyi.memory.keys import make_key

# Trait name -> namespace of the key that its value is.
KEY_TRAITS: Mapping[str, str] = {
    "email": "email",
    "phone": "phone",
    "user_id": "user",
    "unionid": "unionid",
    "openid": "openid",
    "external_userid": "wecom",
    "wechat": "wechat",
    "qq": "qq",
    "telegram": "telegram",
    "discord": "discord",
    "matrix": "matrix",
    "device_id": "device",
    "anonymous_id": "anon",
}

# Other spellings of the traits that Lianyi knows, after camelCase has become snake_case.
TRAIT_ALIASES: Mapping[str, str] = {
    "e_mail": "email", "mail": "email", "email_address": "email", "emails": "email",
    "mobile": "phone", "mobile_phone": "phone", "phone_number": "phone", "mobile_number": "phone", "tel": "phone",
    "telephone": "phone", "cellphone": "phone", "cell_phone": "phone", "phones": "phone",
    "full_name": "name", "display_name": "name", "nickname": "name", "nick_name": "name", "nick": "name",
    "given_name": "first_name", "forename": "first_name", "surname": "last_name", "family_name": "last_name",
    "sex": "gender", "birth": "birthday", "birthdate": "birthday", "birth_date": "birthday", "dob": "birthday",
    "date_of_birth": "birthday", "state": "province", "region": "province", "town": "city", "locale": "language",
    "lang": "language", "tz": "timezone", "time_zone": "timezone", "zip": "postcode", "zip_code": "postcode",
    "postal_code": "postcode", "company_name": "company", "avatar_url": "avatar", "union_id": "unionid",
    "open_id": "openid", "weixin": "wechat", "wechat_id": "wechat", "qq_number": "qq", "external_user_id": "wecom",
}  # fmt: skip

# Parts of Segment's address object that have a trait of their own.
_ADDRESS_PARTS: Mapping[str, str] = {"street": "address"}


def identify_events(
    *,
    id: str,  # noqa: A002  the event's own field name
    at: datetime,
    source: str,
    actor_key: str,
    traits: Mapping[str, Any],
    channel: str | None = None,
    verified: Collection[str] = (),
) -> list[Event]:
    """The identify event `id`, then one alias event `id/alias/<namespace>` per key found in the traits.

    `verified` names the traits (by Lianyi's names, e.g. "phone") whose value the source has checked, by a code sent
    to it, by the platform itself. A second value of one namespace gets `…/<namespace>/2`. Values that are no usable
    key (empty, masked) stay traits only. Traits are flattened and renamed by `flat_traits`.
    """
    flat = flat_traits(traits)
    events = [
        Event(id=id, at=at, kind="identify", source=source, actor_key=actor_key, channel=channel, props=flat or None)
    ]
    for suffix, key, trait in _keys(flat, actor_key):
        events.append(
            Event(
                id=f"{id}/alias/{suffix}",
                at=at,
                kind="alias",
                source=source,
                actor_key=actor_key,
                target_key=key,
                channel=channel,
                props={"how": f"trait {trait}", "verified": trait in verified},
            )
        )
    return events


def flat_traits(traits: Mapping[str, Any]) -> dict[str, Any]:
    """The traits as one level of snake_case names, known spellings renamed (mobile -> phone), empty values left out.

    A spelling never overrides the name itself: with `name` and `nickname` both given, both are kept. The parts of an
    address object become traits (city, province …); parts of other objects get the object's name in front.
    """
    plain = dict(_flatten(traits, ""))
    result = {name: value for name, value in plain.items() if name not in TRAIT_ALIASES}
    for name, value in plain.items():
        meant = TRAIT_ALIASES.get(name)
        if meant is not None:
            result.setdefault(meant if meant not in result else name, value)
    if "name" not in result:
        parts = [str(result[part]).strip() for part in ("first_name", "last_name") if part in result]
        if parts:
            result["name"] = " ".join(parts)
    return result


def _flatten(traits: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for raw, value in traits.items():
        name = prefix + snake_case(str(raw))
        if isinstance(value, Mapping):
            if name == "address":
                inner = {_ADDRESS_PARTS.get(part, part): item for part, item in _flatten(value, "")}
                yield from inner.items()
            else:
                # company {name: …} is the company's name; everything else keeps both words
                inner_prefix = f"{name}_"
                yield from _flatten(value, inner_prefix)
        elif value is not None and value != "" and value != []:
            yield name, value


def snake_case(name: str) -> str:
    """`firstName`, `First Name`, `first-name` -> `first_name`; Chinese names stay as they are."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name.strip())
    return re.sub(r"[\s\-.]+", "_", spaced).lower()


def _keys(flat: Mapping[str, Any], actor_key: str) -> Iterator[tuple[str, str, str]]:
    """(suffix of the alias id, key, trait) for each usable key in the traits other than the actor's own."""
    counts: dict[str, int] = {}
    seen = {actor_key}
    for trait, namespace in KEY_TRAITS.items():
        value = flat.get(trait)
        for item in value if isinstance(value, list | tuple) else (value,):
            key = make_key(namespace, key_text(item))
            if key is None or key in seen:
                continue
            seen.add(key)
            counts[namespace] = counts.get(namespace, 0) + 1
            number = counts[namespace]
            yield (namespace if number == 1 else f"{namespace}/{number}"), key, trait


def key_text(value: object) -> str:
    """A trait's value as the text of a key: whole floats (spreadsheets) lose their `.0`; what is no scalar is empty."""
    if isinstance(value, bool) or value is None:
        return ""
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else str(value)
    return str(value) if isinstance(value, str | int) else ""
