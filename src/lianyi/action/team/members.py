"""Changing the team: every door comes through here, so that no door can leave it without an owner."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from lianyi.action.team import audit
from lianyi.action.team.models import LANGUAGE_CHOICES, Token, User, WriteKey
from lianyi.action.team.rights import ROLES
from lianyi.errors import InputError, RefusedError


def invite(name: str, *, role: str, by: User | str, full_name: str = "") -> User:
    """A new member, who sets the password through a link. InputError says which field can't be so."""
    try:
        user = User.objects.enrol(name, role=role, full_name=full_name)
    except ValidationError as error:
        raise InputError(_said(error)) from error
    audit.note(by, "team.invite", user.name, role=user.role)
    return user


def change(user: User, *, by: User | str, role: str | None = None, is_active: bool | None = None) -> None:
    """Give a member another role, shut them out (with all their tokens) or let them in again; None = as it is.

    InputError: there is no such role. RefusedError: the team would be left without an owner.
    """
    role = user.role if role is None else role
    is_active = user.is_active if is_active is None else is_active
    if role not in ROLES:
        raise InputError(f"role: {role[:40]!r} is none; there are {', '.join(ROLES)}")
    with transaction.atomic():  # IMMEDIATE: two who leave at once would each count the other
        if user.is_last_owner and (role != "owner" or not is_active):
            raise RefusedError("the team needs at least one owner; make another member owner first")
        user.role, user.is_active = role, is_active
        user.save(update_fields=["role", "is_active"])
    audit.note(by, "team.change", user.name, role=role, is_active=is_active)


def describe(user: User, *, full_name: str | None = None, language: str | None = None) -> None:
    """How a member is shown to others, and in which language the console speaks to them; None = as it is."""
    if language is not None and language not in dict(LANGUAGE_CHOICES):
        known = ", ".join(code for code, _ in LANGUAGE_CHOICES if code)
        raise InputError(f"language: {language[:20]!r} is none; there are {known}, or nothing for the brand's")
    user.full_name = user.full_name if full_name is None else full_name.strip()
    user.language = user.language if language is None else language
    try:
        user.clean_fields(exclude=["password"])
    except ValidationError as error:
        raise InputError(_said(error)) from error
    user.save(update_fields=["full_name", "language"])


def write_key(name: str, *, source: str, by: User | str) -> tuple[WriteKey, str]:
    """A new write key, and its secret, which is never seen again."""
    try:
        WriteKey(name=name, source=source, key_hash="-").clean_fields()
    except ValidationError as error:
        raise InputError(_said(error)) from error
    key, secret = WriteKey.give_out("wk", name=name, source=source)
    audit.note(by, "keys.create", key.name, source=key.source)
    return key, secret


def token(user: User, *, name: str, by: User | str) -> tuple[Token, str]:
    """A new API token of a member, and its secret, which is never seen again."""
    try:
        Token(name=name, user=user, key_hash="-").clean_fields()
    except ValidationError as error:
        raise InputError(_said(error)) from error
    made, secret = Token.give_out("ly", user=user, name=name)
    audit.note(by, "tokens.create", made.name)
    return made, secret


def revoke(secret: Token | WriteKey, *, by: User | str) -> None:
    """The key or token is refused from the next request on."""
    secret.revoked_at = timezone.now()
    secret.save(update_fields=["revoked_at"])
    audit.note(by, "tokens.revoke" if isinstance(secret, Token) else "keys.revoke", secret.name)


def _said(error: ValidationError) -> str:
    return "; ".join(f"{name}: {' '.join(said)}" for name, said in error.message_dict.items())
