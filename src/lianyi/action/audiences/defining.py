"""Making and changing audiences: names, conditions and their versions, lists of people."""

from __future__ import annotations

import csv
import io
import shutil
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import pyarrow as pa
from django.db import IntegrityError, transaction

from lianyi.action.audiences import members
from lianyi.action.audiences.conditions import asked, used_by
from lianyi.action.audiences.models import Audience, Change, Size, Version
from lianyi.errors import InputError, NotFound
from lianyi.memory.keys import as_kept, email_key, phone_key
from lianyi.persons import PERSON_ID

if TYPE_CHECKING:
    from lianyi.workspace import Workspace

MAX_NAME = 100
MAX_ABOUT = 500
AT_ONCE = 2_000
HEADINGS = {"key", "keys", "id", "person_id", "email", "e-mail", "phone", "mobile", "标识", "手机", "手机号", "邮箱"}


def define(ws: Workspace, name: str, condition: str, *, by: str, now: datetime, about: str = "") -> Audience:
    """A live audience. BadRule, SensitiveTag or InputError says what is wrong."""
    name = _named(name)
    line = asked(ws, condition, name=name).text
    with _taken(name), transaction.atomic():
        made = Audience.objects.create(
            name=name, condition=line, by=by, about=about.strip()[:MAX_ABOUT], created_at=now, next_due=now
        )
        Version.objects.create(audience=made, number=1, condition=line, by=by, at=now)
    return made


def change(
    ws: Workspace, audience: Audience, *, by: str, now: datetime, name: str | None = None, condition: str | None = None,
    about: str | None = None,
) -> Audience:  # fmt: skip
    """Rename, describe, or give a live audience another condition, which becomes a new version of it."""
    new_name = audience.name if name is None else _named(name)
    if new_name != audience.name:
        _unused(audience, "renamed")
    changed: dict[str, object] = {"name": new_name}
    if about is not None:
        changed["about"] = about.strip()[:MAX_ABOUT]
    line = audience.condition
    if condition is not None:
        if not audience.live:
            raise InputError(f"“{audience.name}” is a list; put people in or take them out, it has no condition")
        line = asked(ws, condition, name=new_name).text
    with _taken(new_name), transaction.atomic():
        if line != audience.condition:
            number = audience.version + 1
            # whoever changed it meanwhile has made that number already
            Version.objects.create(audience=audience, number=number, condition=line, by=by, at=now)
            changed |= {"condition": line, "version": number, "next_due": now, "problem": ""}
            stir(audience.name, now)
        Audience.objects.filter(pk=audience.pk).update(**changed)
    audience.refresh_from_db()
    return audience


def archive(audience: Audience) -> None:
    """Follow an audience no more. InputError where another one asks for it."""
    _unused(audience, "archived")
    Audience.objects.filter(pk=audience.pk).update(archived=True)
    audience.refresh_from_db()


def restore(ws: Workspace, audience: Audience, now: datetime) -> None:
    """Follow it again; it is worked out anew."""
    if audience.live:
        asked(ws, audience.condition, name=audience.name)
    Audience.objects.filter(pk=audience.pk).update(archived=False, next_due=now if audience.live else None)
    audience.refresh_from_db()


def remove(ws: Workspace, audience: Audience) -> None:
    """Delete an audience with its changes and files. InputError where another one asks for it."""
    _unused(audience, "removed")
    folder = members.folder_of(ws.folder, audience.pk)
    audience.delete()
    shutil.rmtree(folder, ignore_errors=True)


def stir(name: str, now: datetime) -> None:
    """Have the audiences worked out anew that ask for this one, and those that ask for them."""
    todo, seen = [name], {name}
    while todo:
        users = [user for user in used_by(todo.pop()) if user not in seen]
        seen.update(users)
        todo += users
    Audience.objects.filter(name__in=seen - {name}).update(built_version=0, next_due=now, problem="")


def found(number_or_name: int | str) -> Audience:
    """An audience by number or name. NotFound lists the names."""
    text = str(number_or_name)
    one = Audience.objects.filter(name=text).first()
    if one is None and text.isdecimal() and len(text) < 10:
        one = Audience.objects.filter(pk=int(text)).first()
    if one is None:
        names = ", ".join(Audience.objects.values_list("name", flat=True)[:20]) or "none yet"
        raise NotFound(f"no audience {text!r}; there are: {names}")
    return one


# --- lists --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Put:
    """What became of keys that were put into a list: people put in (or taken out), those there (or gone) already, and
    keys that nobody has."""

    people: int
    already: int
    unknown: Sequence[str]


def make_list(ws: Workspace, name: str, keys: str, *, by: str, now: datetime, about: str = "") -> tuple[Audience, Put]:
    """A list of the people behind these keys or ids, given as lines or as a CSV whose first column they are."""
    name = _named(name)
    ids, unknown = people_of(ws, read_keys(keys))
    with _taken(name), transaction.atomic():
        made = Audience.objects.create(
            name=name, kind=Audience.Kind.LIST, by=by, about=about.strip()[:MAX_ABOUT], created_at=now
        )
        _write(ws, made, pa.array(sorted(ids), pa.string()), now)
    return made, Put(people=len(ids), already=0, unknown=unknown)


def put(ws: Workspace, audience: Audience, keys: str, *, now: datetime, out: bool = False) -> Put:
    """Put people into a list, or take them out."""
    if audience.live:
        raise InputError(f"“{audience.name}” is a live audience; its condition says who is in")
    ids, unknown = people_of(ws, read_keys(keys))
    with transaction.atomic():
        Audience.objects.select_for_update().get(pk=audience.pk)
        there = members.of(ws, audience)
        moved = sorted(ids & there.holds(ids) if out else ids - there.holds(ids))
        rows = [Change(audience=audience, person_id=one, entered=not out, why=Change.Why.HAND, at=now) for one in moved]
        Change.objects.bulk_create(rows, batch_size=AT_ONCE)
        _write(ws, audience, members.after_changes(there.ids(), rows), now)
        if moved:
            stir(audience.name, now)
    return Put(people=len(moved), already=len(ids) - len(moved), unknown=unknown)


def freeze(ws: Workspace, audience: Audience, name: str, *, by: str, now: datetime) -> Audience:
    """A list of everybody who is in an audience now."""
    name = _named(name)
    ids = members.of(ws, audience).ids()
    with _taken(name), transaction.atomic():
        made = Audience.objects.create(name=name, kind=Audience.Kind.LIST, by=by, created_at=now)
        _write(ws, made, ids, now)
    return made


def read_keys(text: str) -> list[str]:
    """The keys in a pasted text or CSV: one a line, the first cell of each; a heading without any key is passed over.
    InputError where there is none."""
    rows = csv.reader(io.StringIO(text.lstrip("\ufeff")))
    keys = list(dict.fromkeys(cell for row in rows if row and (cell := row[0].strip())))
    if keys and keys[0].lower() in HEADINGS:
        keys = keys[1:]
    if not keys:
        raise InputError("there is no key; write one a line: phone:8613800138000, ann@example.cn, or a person's id")
    return keys


def people_of(ws: Workspace, keys: Collection[str]) -> tuple[set[str], list[str]]:
    """The ids of the people behind keys, e-mail addresses, phone numbers or ids; and those that nobody has."""
    ways = {key: _meant(key) for key in keys}
    wanted = {way for found in ways.values() for way in found}
    known = _owners(ws, [way for way in wanted if not PERSON_ID.match(way)])
    known |= _still_there(ws, [way for way in wanted if PERSON_ID.match(way)])
    ids: set[str] = set()
    unknown: list[str] = []
    for key, found in ways.items():
        person = next((known[way] for way in found if way in known), None)
        if person is None:
            unknown.append(key)
        else:
            ids.add(person)
    return ids, unknown


def _meant(key: str) -> tuple[str, ...]:
    """What a text may stand for, the likeliest first."""
    if PERSON_ID.match(key):
        return (key,)
    if ":" in key:
        return tuple(dict.fromkeys((key, as_kept(key))))
    return tuple(way for way in (email_key(key), phone_key(key), f"user:{key}") if way)


def _owners(ws: Workspace, keys: Sequence[str]) -> dict[str, str]:
    rows = ws.look_up("keys", keys, columns=["key", "person_id"]).to_pylist() if keys else []
    return {row["key"]: row["person_id"] for row in rows}


def _still_there(ws: Workspace, ids: Sequence[str]) -> dict[str, str]:
    """Ids as they are now: one given out before a merge is its person's."""
    if not ids:
        return {}
    here = ws.look_up("people", ids, columns=["person_id"])["person_id"].to_pylist()
    found = {one: one for one in here}
    older = [one for one in ids if one not in found]
    for start in range(0, len(older), AT_ONCE):
        some = older[start : start + AT_ONCE]
        marks = ", ".join("?" for _ in some)
        rows = ws.sql(f"SELECT key_id, person_id FROM keys WHERE key_id IN ({marks})", some).to_arrow_table()
        found |= dict(zip(rows["key_id"].to_pylist(), rows["person_id"].to_pylist(), strict=True))
    return found


def _write(ws: Workspace, audience: Audience, ids: pa.Array, now: datetime) -> None:
    """A list's people as its new file."""
    build = audience.build + 1
    members.write(ws.folder, audience.pk, build, ids)
    last = audience.changes.order_by("-id").values_list("id", flat=True).first() or 0
    Audience.objects.filter(pk=audience.pk).update(build=build, base=last, count=len(ids), as_of=now)
    Size.objects.update_or_create(audience=audience, at=now, defaults={"count": len(ids)})
    audience.refresh_from_db()
    members.sweep(ws.folder, audience.pk, keep=build)


# --- names --------------------------------------------------------------------------------------------------------


class _taken:  # noqa: N801  reads as what it says
    """Turns the database's word on a name that is there already into ours."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, IntegrityError):
            if "number" in str(error):
                raise InputError(f"“{self.name}” was changed by somebody else meanwhile; look at it again") from error
            raise InputError(f"there is an audience “{self.name}” already; choose another name") from error


def _named(name: str) -> str:
    name = " ".join(name.split())
    if not name or len(name) > MAX_NAME:
        raise InputError(f"an audience needs a name of at most {MAX_NAME} characters")
    return name


def _unused(audience: Audience, what: str) -> None:
    users = used_by(audience.name)
    if users:
        listed = ", ".join(f"“{name}”" for name in users)
        raise InputError(f"“{audience.name}” can't be {what}: {listed} asks for it by name; change that first")
