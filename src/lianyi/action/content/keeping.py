"""Keeping contents: a new one, a new version of one, one that is put away."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from lianyi.action.content import kinds, templates
from lianyi.action.content.models import Content, Version
from lianyi.errors import InputError, NotFound


def create(
    *, name: str, kind: str, bodies: Mapping[str, Any], fallback: str, variables: Mapping[str, Any] | None = None,
    by: str, now: datetime, note: str = "",
) -> Version:  # fmt: skip
    """A new content with its first version. InputError says all that is wrong, or that the name is taken."""
    name = name.strip()
    if not name or len(name) > 100:
        raise InputError("name: a content needs a name of at most 100 characters")
    made = checked(kind, bodies, fallback, variables or {})
    try:
        with transaction.atomic():
            content = Content.objects.create(name=name, kind=kind, by=by, created_at=now)
            return Version.objects.create(content=content, number=1, by=by, created_at=now, note=note[:200], **made)
    except IntegrityError as error:
        raise InputError(f"name: there is a content {name!r} already; choose another name") from error


def edit(
    content: Content, *, bodies: Mapping[str, Any], fallback: str, variables: Mapping[str, Any] | None = None, by: str,
    now: datetime, note: str = "", on: int | None = None,
) -> Version:  # fmt: skip
    """A new version; the same as the newest one makes none. on: the number of the version that was edited; InputError
    where another has come meanwhile, so that nobody's edit is lost."""
    made = checked(content.kind, bodies, fallback, variables or {})
    newest = content.current
    if on is not None and newest.number != on:
        raise InputError(
            f"version {newest.number} by {newest.by} has come since you opened version {on}; open it anew and edit that"
        )
    if all(getattr(newest, name) == value for name, value in made.items()):
        return newest
    try:
        with transaction.atomic():
            return Version.objects.create(
                content=content, number=newest.number + 1, by=by, created_at=now, note=note[:200], **made
            )
    except IntegrityError as error:
        raise InputError("somebody else saved a version at the same moment; open it anew") from error


def checked(kind: str, bodies: Mapping[str, Any], fallback: str, variables: Mapping[str, Any]) -> dict[str, Any]:
    """bodies, fallback and variables as they are kept. InputError says all that is wrong."""
    if not isinstance(bodies, Mapping) or not bodies:
        raise InputError("bodies: write at least one language")
    strange = [language for language in bodies if language not in kinds.LANGUAGES]
    if strange:
        raise InputError(f"bodies: {strange[0]!r} is no language here; there are {', '.join(kinds.LANGUAGES)}")
    if fallback not in bodies:
        raise InputError(f"fallback: {fallback!r} must be one of the languages written: {', '.join(bodies)}")
    problems, made = [], {}
    for language, body in bodies.items():
        try:
            made[language] = kinds.checked(kind, body)
        except InputError as error:
            problems.append(f"{language}: {error}")
    if problems:
        raise InputError("; ".join(problems))
    return {"bodies": made, "fallback": fallback, "variables": _stand_ins(variables)}


def _stand_ins(variables: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    made: dict[str, dict[str, str]] = {}
    for name, instead in variables.items():
        by_language = {"": instead} if isinstance(instead, str) else instead
        found = [use.path for use in templates.names("{{ " + name + " }}")] if isinstance(name, str) else []
        if found != [name] or not isinstance(by_language, Mapping):
            raise InputError(f"variables: {name!r} must be a variable such as person.name, with a text per language")
        for language, text in by_language.items():
            if language not in ("", *kinds.LANGUAGES) or not isinstance(text, str) or len(text) > 500:
                raise InputError(f"variables: {name}: write a text of at most 500 characters per language")
        made[name] = {language: text for language, text in by_language.items() if text}
    return made


def archive(content: Content, *, now: datetime | None) -> None:
    """Put a content away (or take it out again, now=None); what was sent of it can still be looked at."""
    content.archived_at = now
    content.save(update_fields=["archived_at"])


def shown(*, kind: str = "", archived: bool = False) -> QuerySet[Content]:
    """The library."""
    found = Content.objects.filter(archived_at__isnull=not archived)
    return found.filter(kind=kind) if kind else found


def content_of(pk: int) -> Content:
    """One content. NotFound where there is none."""
    found = Content.objects.filter(pk=pk).first()
    if found is None:
        raise NotFound(f"there is no content {pk}; the library lists all")
    return found
