"""What an endpoint is: a function with a right and a description; it answers with plain data, errors become JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, cast

import msgspec
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.urls import URLPattern, path

from lianyi.action.team.models import User
from lianyi.action.team.rights import RIGHTS
from lianyi.doors.console.brand import workspace
from lianyi.errors import BadEvent, Busy, InputError, LianyiError, NotFound, RefusedError
from lianyi.workspace import Workspace

View = Callable[..., Any]
MAX_BODY = 1 << 20


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """A parameter of the query, or a field of the body. type: a type name of JSON Schema; array: of strings."""

    name: str
    says: str
    type: str = "string"
    required: bool = False


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """One method of one path. right: "" = any member. body: fields of a JSON object; upload: multipart with `file`."""

    method: str
    path: str
    view: View
    right: str
    says: str
    query: Sequence[Parameter] = ()
    body: Sequence[Parameter] = ()
    upload: bool = False
    status: int = 200


class ApiError(Exception):
    """An answer that is not a success: HTTP status, and a message that says what to do."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(kw_only=True)
class Api:
    """The endpoints of the API, in the order in which they are documented."""

    endpoints: list[Endpoint] = field(default_factory=list)

    def add(self, method: str, route: str, *, right: str, says: str, **more: Any) -> Callable[[View], View]:
        """Decorator: make a function an endpoint."""
        if right:
            RIGHTS[right]  # a KeyError now rather than an open door later

        def register(view: View) -> View:
            self.endpoints.append(Endpoint(method=method, path=route, view=view, right=right, says=says, **more))
            return view

        return register

    def urls(self) -> list[URLPattern]:
        """One address for each path, for all its methods."""
        by_path: dict[str, dict[str, Endpoint]] = {}
        for endpoint in self.endpoints:
            by_path.setdefault(endpoint.path, {})[endpoint.method] = endpoint
        return [path(route, _view(methods), name=f"api:{route}") for route, methods in by_path.items()]


def _view(methods: Mapping[str, Endpoint]) -> Callable[..., HttpResponseBase]:
    view = partial(_dispatch, methods)
    view.login_required = False  # type: ignore[attr-defined]  # 401 as JSON instead of the login page
    view.endpoints = methods  # type: ignore[attr-defined]  # read by the test that walks all addresses
    return view


def _dispatch(methods: Mapping[str, Endpoint], request: HttpRequest, **arguments: Any) -> HttpResponseBase:
    try:
        endpoint = _let_in(request, methods)
        answer = endpoint.view(request, **arguments)
    except ApiError as error:
        return answered({"error": {"status": error.status, "message": str(error)}}, status=error.status)
    except (LianyiError, Http404) as error:
        status = status_of(error)
        return answered({"error": {"status": status, "message": str(error)}}, status=status)
    return answer if isinstance(answer, HttpResponseBase) else answered(answer, status=endpoint.status)


def _let_in(request: HttpRequest, methods: Mapping[str, Endpoint]) -> Endpoint:
    endpoint = methods.get(request.method or "")
    if endpoint is None:
        raise ApiError(405, f"{request.method} is not possible here; there are {', '.join(methods)}")
    if not request.user.is_authenticated:
        raise ApiError(
            401, "who are you? Send the header: Authorization: Bearer <token> (console: Settings, API tokens)"
        )
    if endpoint.right:
        require(user_of(request), endpoint.right)
    return endpoint


def require(user: User, right: str) -> None:
    """403 where the user lacks the right."""
    if not user.may(right):
        raise ApiError(403, f"your role lacks the right {right}; ask an owner of the team")


def status_of(error: Exception) -> int:
    """The HTTP status for one of our errors."""
    table: tuple[tuple[type[Exception], int], ...] = (
        (Http404, 404), (NotFound, 404), (RefusedError, 403), (Busy, 503), (BadEvent, 422), (InputError, 422),
    )  # fmt: skip
    return next((status for kind, status in table if isinstance(error, kind)), 500)


def user_of(request: HttpRequest) -> User:
    """The member who asks."""
    return cast("User", request.user)


def answered(data: Any, *, status: int = 200) -> HttpResponse:
    """Plain data as JSON: amounts as text (never floats), times in ISO 8601."""
    return HttpResponse(
        msgspec.json.encode(data, enc_hook=str), status=status, content_type="application/json; charset=utf-8"
    )


def body_of(request: HttpRequest, *names: str) -> dict[str, Any]:
    """The JSON object in the body; 422 where it is none or a needed field is missing."""
    if len(request.body) > MAX_BODY:
        raise ApiError(413, f"the body has {len(request.body):,} bytes; at most {MAX_BODY:,} are allowed")
    try:
        data = json.loads(request.body or b"{}")
    except ValueError as error:
        raise ApiError(400, f"the body is no JSON: {error}") from error
    except RecursionError as error:
        raise ApiError(400, "the body is nested too deeply") from error
    if not isinstance(data, dict):
        raise ApiError(422, "the body must be a JSON object")
    for name in names:
        if data.get(name) in (None, ""):
            raise ApiError(422, f"{name}: is missing")
    return data


def text_of(data: Mapping[str, Any], name: str, *, limit: int = 300) -> str:
    """A text field of the body, "" where it is absent."""
    value = data.get(name, "")
    if not isinstance(value, str) or len(value) > limit:
        raise ApiError(422, f"{name}: must be a text of at most {limit} characters")
    return value


def built(table: str) -> Workspace:
    """The workspace, where this table stands in it; else 409 with what to do."""
    ws = workspace()
    if table not in ws.states():
        raise ApiError(409, "the tables are not built yet; POST /api/v1/refresh first")
    return ws


def whole_number(request: HttpRequest, name: str, *, default: int, most: int, least: int = 1) -> int:
    """A number in the query, from `least` to `most`."""
    value = request.GET.get(name, str(default))
    if not value.isdecimal() or len(value) > len(str(most)) or not least <= int(value) <= most:
        raise ApiError(422, f"{name}: {value[:40]!r} is not a number from {least} to {most}")
    return int(value)
