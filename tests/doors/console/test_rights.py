"""Every address of the console says which right it needs, and holds to it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from lianyi.action.team.rights import RIGHTS, ROLES, allowed
from lianyi.workspace import Workspace
from tests.doors.standing import ANNA, Standing

OPEN = {"first_run", "login", "join", "theme", "set_language", "unsubscribe", "api_document", "api_nothing"}


def patterns(resolver: URLResolver | None = None) -> Iterator[URLPattern]:
    for pattern in (resolver or get_resolver()).url_patterns:
        if isinstance(pattern, URLResolver):
            yield from patterns(pattern)
        else:
            yield pattern


PAGES = [pattern for pattern in patterns() if pattern.name and not pattern.name.startswith("api")]


def test_every_page_names_its_right_or_is_open() -> None:
    unguarded = {str(page.name) for page in PAGES if not hasattr(page.callback, "right")}
    assert unguarded == OPEN - {"api_document", "api_nothing"}


def test_every_right_that_a_page_names_exists() -> None:
    named = {page.callback.right for page in PAGES if getattr(page.callback, "right", "")}  # type: ignore[attr-defined]
    assert named <= set(RIGHTS)


def test_an_unknown_right_is_an_error_not_a_yes() -> None:
    with pytest.raises(KeyError):
        allowed("owner", "people.everything")


def test_only_owners_manage_team_keys_and_erasure() -> None:
    for right in ("team.edit", "keys.edit", "people.erase", "brand.edit"):
        assert [name for name in ROLES if allowed(name, right)] == ["owner"]


def address(page: URLPattern, ws: Workspace) -> str:
    values: dict[str, Any] = {
        "person_id": ws.person(ANNA).person_id, "plan_id": 1,
        "name": "people", "job_id": 1, "user_id": 1, "key_id": 1, "token_id": 1,
        "upload_id": "00000000-0000-4000-8000-000000000000", "number": 0, "tag": "buyer", "token": "x",
        "journey": "tea", "campaign": 1, "task_id": 1,
        "community_id": "c0", "group_key": "group:wecom/茶友群", "ripple_id": "r0", "channel": "mail", "kind": "email",
        "content_id": 1, "rule_id": 1, "draw_id": 1, "offer_id": 1, "audience_id": 1,
        "case_id": 1, "sop_id": 1, "signup_id": 1, "item_id": 1, "month": "2026-10",
    }  # fmt: skip
    return reverse(str(page.name), kwargs={name: values[name] for name in page.pattern.converters})


@pytest.mark.parametrize("name", sorted({str(page.name) for page in PAGES} - OPEN))
def test_strangers_are_led_to_the_login_and_members_see_what_their_role_allows(
    name: str, standing: Standing, brand: Workspace
) -> None:
    page = next(page for page in PAGES if page.name == name)
    right, where = page.callback.right, address(page, brand)  # type: ignore[attr-defined]
    answer = standing.stranger.get(where)
    assert (answer.status_code, answer.headers["Location"].startswith("/login?next=")) == (302, True)
    if right and not allowed("analyst", right):
        assert standing.analyst.get(where).status_code == 403
        assert standing.analyst.post(where).status_code == 403
    else:
        assert standing.analyst.get(where).status_code in {200, 302, 404, 405}
    assert standing.owner.get(where).status_code in {200, 302, 404, 405}
