"""Settings, team, keys and audit log by API."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

from django.conf import settings as django_settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone

from lianyi import settings as workspace_settings
from lianyi.action.team import audit, invitations
from lianyi.action.team.models import Act, User, WriteKey
from lianyi.action.team.rights import ROLES
from lianyi.doors.api.endpoint import Api, ApiError, Parameter, body_of, text_of, user_of, whole_number
from lianyi.doors.console.brand import brand

api = Api()
EDITABLE = ("name", "language", "currency", "timezone")


@api.add("GET", "settings", right="data.see", says="The brand's settings.")
def settings(_request: HttpRequest) -> dict[str, Any]:
    """As in lianyi.toml."""
    return {"settings": asdict(brand())}


@api.add(
    "PATCH",
    "settings",
    right="brand.edit",
    says="Change the brand's settings.",
    body=[Parameter(name=name, says="see GET") for name in EDITABLE],
)
def change_settings(request: HttpRequest) -> dict[str, Any]:
    """422 says what a setting may be."""
    data = body_of(request)
    unknown = sorted(set(data) - set(EDITABLE))
    if unknown:
        raise ApiError(422, f"{unknown[0]}: can't be set here; there are {', '.join(EDITABLE)}")
    wanted: dict[str, Any] = {name: text_of(data, name) for name in data}
    changed = replace(brand(), **wanted)
    workspace_settings.write(django_settings.WORKSPACE, changed)
    audit.note(user_of(request), "brand.edit", "", **data)
    return {"settings": asdict(changed)}


@api.add("GET", "team", right="team.edit", says="The members of the team.")
def team(_request: HttpRequest) -> dict[str, Any]:
    """Nothing secret is among it."""
    names = ("id", "name", "full_name", "role", "is_active", "last_login")
    return {
        "members": list(User.objects.order_by("id").values(*names)),
        "roles": {role.name: sorted(role.rights) for role in ROLES.values()},
    }


@api.add(
    "POST", "team", right="team.edit", says="Invite a member; the answer holds the link, once.", status=201,
    body=(
        Parameter(name="name", says="sign-in name", required=True),
        Parameter(name="role", says=", ".join(ROLES), required=True),
        Parameter(name="full_name", says="shown to others"),
    ),
)  # fmt: skip
def invite(request: HttpRequest) -> dict[str, Any]:
    """The member sets the password through the link."""
    data = body_of(request, "name", "role")
    try:
        user = User.objects.enrol(
            text_of(data, "name", limit=100),
            role=text_of(data, "role"),
            full_name=text_of(data, "full_name", limit=100),
        )
    except ValidationError as error:
        raise ApiError(
            422, "; ".join(f"{name}: {' '.join(said)}" for name, said in error.message_dict.items())
        ) from error
    audit.note(user_of(request), "team.invite", user.name, role=user.role)
    link = request.build_absolute_uri(reverse("join", args=[user.pk, invitations.invite(user)]))
    return {"id": user.pk, "link": link}


@api.add("GET", "keys", right="keys.edit", says="The write keys, without the secrets.")
def keys(_request: HttpRequest) -> dict[str, Any]:
    """Revoked ones included."""
    return {"keys": list(WriteKey.objects.values("id", "name", "source", "created_at", "revoked_at"))}


@api.add(
    "POST", "keys", right="keys.edit", says="Create a write key; the answer holds it, once.", status=201,
    body=(
        Parameter(name="name", says="which site or program", required=True),
        Parameter(name="source", says="small letters, digits, . - _", required=True),
    ),
)  # fmt: skip
def create_key(request: HttpRequest) -> dict[str, Any]:
    """Keep it well: only its hash is stored."""
    data = body_of(request, "name", "source")
    fields = {"name": text_of(data, "name", limit=100), "source": text_of(data, "source", limit=100)}
    try:
        WriteKey(**fields, key_hash="-").clean_fields()
    except ValidationError as error:
        raise ApiError(
            422, "; ".join(f"{name}: {' '.join(said)}" for name, said in error.message_dict.items())
        ) from error
    key, secret = WriteKey.give_out("wk", **fields)
    audit.note(user_of(request), "keys.create", key.name, source=key.source)
    return {"id": key.pk, "key": secret}


@api.add("DELETE", "keys/<int:key_id>", right="keys.edit", says="Revoke a write key.")
def revoke_key(request: HttpRequest, key_id: int) -> dict[str, Any]:
    """It is refused from the next request on."""
    key = get_object_or_404(WriteKey, pk=key_id, revoked_at=None)
    WriteKey.objects.filter(pk=key.pk).update(revoked_at=timezone.now())
    audit.note(user_of(request), "keys.revoke", key.name)
    return {}


@api.add(
    "GET",
    "acts",
    right="audit.see",
    says="Who did what, newest first.",
    query=(
        Parameter(name="limit", says="1 to 1000", type="integer"),
        Parameter(name="before", says="only acts with a smaller id", type="integer"),
    ),
)
def acts(request: HttpRequest) -> dict[str, Any]:
    """Go on with `before` = the id of the last act."""
    found = Act.objects.all()
    if "before" in request.GET:
        found = found.filter(pk__lt=whole_number(request, "before", default=1, most=2**63 - 1))
    return {
        "acts": list(
            found.values("id", "at", "by", "what", "on", "detail")[
                : whole_number(request, "limit", default=100, most=1000)
            ]
        )
    }
