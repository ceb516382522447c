"""Settings, team, keys, tokens and audit log by API."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

from django.conf import settings as django_settings
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import reverse

from lianyi import settings as workspace_settings
from lianyi.action.team import audit, invitations, members
from lianyi.action.team.models import Act, Token, User, WriteKey
from lianyi.action.team.rights import RIGHTS, ROLES
from lianyi.doors.api.endpoint import Api, ApiError, Parameter, body_of, text_of, user_of, whole_number
from lianyi.doors.console.brand import brand
from lianyi.errors import RefusedError

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
    user = members.invite(
        text_of(data, "name", limit=100), role=text_of(data, "role"), by=user_of(request),
        full_name=text_of(data, "full_name", limit=100),
    )  # fmt: skip
    return {"id": user.pk, "link": _link(request, user)}


@api.add("GET", "roles", right="", says="Which role may do what.")
def roles(_request: HttpRequest) -> dict[str, Any]:
    """The matrix as it is enforced, with what each right means."""
    return {
        "rights": {right.name: right.says for right in RIGHTS.values()},
        "roles": {role.name: sorted(role.rights) for role in ROLES.values()},
    }


@api.add(
    "PATCH", "team/<int:user_id>", right="team.edit", says="Change a member's role, shut them out, let them in again.",
    body=(
        Parameter(name="role", says=", ".join(ROLES)),
        Parameter(name="is_active", says="false shuts the member out, with all their tokens", type="boolean"),
    ),
)  # fmt: skip
def change_member(request: HttpRequest, user_id: int) -> dict[str, Any]:
    """409 where the team would be left without an owner."""
    user, data = get_object_or_404(User, pk=user_id), body_of(request)
    role, is_active = data.get("role"), data.get("is_active")
    if role is not None and not isinstance(role, str):
        raise ApiError(422, f"role: must be one of {', '.join(ROLES)}")
    if is_active is not None and not isinstance(is_active, bool):
        raise ApiError(422, "is_active: must be true or false")
    try:
        members.change(user, by=user_of(request), role=role, is_active=is_active)
    except RefusedError as error:
        raise ApiError(409, str(error)) from error
    return {"id": user.pk, "name": user.name, "role": user.role, "is_active": user.is_active}


@api.add(
    "POST", "team/<int:user_id>/link", right="team.edit", status=201,
    says="A new link by which a member sets the password; the answer holds it, once.",
)  # fmt: skip
def new_link(request: HttpRequest, user_id: int) -> dict[str, Any]:
    """Links given out before are void when the password is set."""
    user = get_object_or_404(User, pk=user_id)
    audit.note(user_of(request), "team.link", user.name)
    return {"id": user.pk, "link": _link(request, user)}


def _link(request: HttpRequest, user: User) -> str:
    return request.build_absolute_uri(reverse("join", args=[user.pk, invitations.invite(user)]))


ME = ("name", "full_name", "role", "language")


@api.add("GET", "me", right="", says="Who I am: the member whose token asks, with role and rights.")
def me(request: HttpRequest) -> dict[str, Any]:
    """The password is changed in the console only, where nobody comes in by a token."""
    return _myself(user_of(request))


def _myself(user: User) -> dict[str, Any]:
    return {**{name: getattr(user, name) for name in ME}, "rights": sorted(ROLES[user.role].rights)}


@api.add(
    "PATCH", "me", right="", says="Change how I am shown to others, and my language of the console.",
    body=(
        Parameter(name="full_name", says="shown to others"),
        Parameter(name="language", says="zh-hans, en, or nothing for the brand's"),
    ),
)  # fmt: skip
def change_me(request: HttpRequest) -> dict[str, Any]:
    """Answers as GET."""
    data, user = body_of(request), user_of(request)
    said = {name: text_of(data, name, limit=100) for name in ("full_name", "language") if name in data}
    members.describe(user, **said)
    return _myself(user)


@api.add("GET", "tokens", right="", says="One's own API tokens, without the secrets.")
def tokens(request: HttpRequest) -> dict[str, Any]:
    """Revoked ones included."""
    names = ("id", "name", "created_at", "last_used_at", "revoked_at")
    return {"tokens": list(Token.objects.filter(user=user_of(request)).values(*names))}


@api.add(
    "POST", "tokens", right="", says="Create an API token of one's own; the answer holds it, once.", status=201,
    body=(Parameter(name="name", says="which program uses it", required=True),),
)  # fmt: skip
def create_token(request: HttpRequest) -> dict[str, Any]:
    """It acts with the rights of who makes it. Only its hash is stored."""
    user, name = user_of(request), text_of(body_of(request, "name"), "name", limit=100)
    token, secret = members.token(user, name=name, by=user)
    return {"id": token.pk, "token": secret}


@api.add("DELETE", "tokens/<int:token_id>", right="", says="Revoke an API token of one's own.")
def revoke_token(request: HttpRequest, token_id: int) -> dict[str, Any]:
    """It is refused from the next request on; 404 for tokens of others."""
    user = user_of(request)
    token = get_object_or_404(Token, pk=token_id, user=user, revoked_at=None)
    members.revoke(token, by=user)
    return {}


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
    name, source = text_of(data, "name", limit=100), text_of(data, "source", limit=100)
    key, secret = members.write_key(name, source=source, by=user_of(request))
    return {"id": key.pk, "key": secret}


@api.add("DELETE", "keys/<int:key_id>", right="keys.edit", says="Revoke a write key.")
def revoke_key(request: HttpRequest, key_id: int) -> dict[str, Any]:
    """It is refused from the next request on."""
    key = get_object_or_404(WriteKey, pk=key_id, revoked_at=None)
    members.revoke(key, by=user_of(request))
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
