"""Overview, data, tags, settings, errors: what they say and do."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings as DjangoSettings

from lianyi import settings as workspace_settings
from lianyi.action.team.models import Act, User, WriteKey, digest
from lianyi.action.work.models import Job
from lianyi.doors.console.headers import HEADERS
from lianyi.doors.console.pages.overview.growth import SPANS, at_step, by_step, growth
from lianyi.doors.console.pages.tags import own
from lianyi.errors import BadRule, SensitiveTag
from lianyi.insight.people.tags import read_rules
from lianyi.workspace import Workspace
from tests.doors.console.test_person import run_jobs, text
from tests.doors.standing import Standing


def test_the_overview_adds_up_to_the_table_of_days(standing: Standing, brand: Workspace) -> None:
    page = text(standing.owner.get("/?days=90"))
    days = brand.sql("SELECT * FROM days ORDER BY day").to_arrow_table().to_pylist()
    last = days[-90:]
    found = growth(brand, 90)
    assert found.totals["orders"].now == sum(row["orders"] for row in last) == 6
    assert found.stock.now == days[-1]["stock"]
    assert "¥599.40" in page
    assert "no earlier span to compare" in page, "the log is shorter than two spans: no comparison is invented"


def test_a_comparison_needs_a_whole_earlier_span(brand: Workspace) -> None:
    assert growth(brand, 7).totals["orders"].before is not None
    assert growth(brand, 90).totals["orders"].before is None


@pytest.mark.parametrize("span", SPANS)
def test_weeks_and_days_count_the_same_people(span: int) -> None:
    days: list[dict[str, Any]] = [
        {"day": date(2026, 1, 5) + timedelta(days=number), "new": number, "stock": number} for number in range(span)
    ]
    x, sums = by_step(days, ("new",))
    assert len(x) == len(sums["new"])
    whole = [day for day in days if day["day"] >= x[0]]
    assert sum(sums["new"]) == sum(row["new"] for row in whole)
    assert at_step(days, "stock")[1][-1] == span - 1


def test_every_table_is_explained_with_its_columns_and_sql(standing: Standing, brand: Workspace) -> None:
    for name, table in brand.tables().items():
        page = text(standing.analyst.get(f"/data/{name}"))
        assert table.en.split("<")[0] in page.replace("&#x27;", "'").replace("&quot;", '"')
        for column in table.columns:
            assert f">{column}<" in page
    assert standing.analyst.get("/data/events").status_code == 200
    assert standing.analyst.get("/data/nothing").status_code == 404


def test_a_refresh_is_one_job_however_often_one_asks(standing: Standing) -> None:
    first = standing.analyst.post("/data/refresh").headers["Location"]
    assert standing.owner.post("/data/refresh").headers["Location"] == first
    run_jobs()
    assert "Done" in text(standing.owner.get(first))
    part = standing.owner.get(f"{first}/part", HTTP_HX_REQUEST="true")
    assert part.headers["HX-Refresh"] == "true"


def test_a_waiting_job_can_be_cancelled(standing: Standing) -> None:
    where = standing.owner.post("/data/refresh").headers["Location"]
    assert standing.owner.post(f"{where}/cancel", {"next": "//evil.example"}).headers["Location"] == "/"
    assert Job.objects.get().state == "cancelled"


# --- tags
# --------------------------------------------------------------------------------------------------------------


def test_a_rule_of_ones_own_is_checked_counted_and_kept(standing: Standing, brand: Workspace) -> None:
    checked = text(standing.owner.post("/tags/check", {"when": "orders >= 2"}))
    assert "1 of 4 people" in checked
    assert "林安娜" in checked
    answer = standing.owner.post(
        "/tags/new", {"tag": "regulars", "zh": "常客", "en": "Regulars", "when": "orders >= 2"}
    )
    assert answer.status_code == 302
    run_jobs()
    page = text(standing.owner.get("/tags"))
    assert "Regulars" in page
    assert "林安娜" in text(standing.owner.get("/people?tag=regulars"))
    standing.owner.post("/tags/rules/regulars/turn")
    assert own.entries(brand.folder) == []


def test_a_shipped_rule_can_be_turned_off_and_on(standing: Standing, brand: Workspace) -> None:
    standing.owner.post("/tags/rules/buyer/turn", {"off": "1"})
    assert "buyer" not in {rule.tag for rule in read_rules(brand.folder / "tags")}
    standing.owner.post("/tags/rules/buyer/turn")
    assert "buyer" in {rule.tag for rule in read_rules(brand.folder / "tags")}


@pytest.mark.parametrize("when", ["orders >>> 2", "", 'says("糖尿病")'])
def test_a_bad_rule_changes_nothing_and_says_why(standing: Standing, brand: Workspace, when: str) -> None:
    assert standing.owner.post("/tags/new", {"tag": "bad", "when": when}).status_code == 422
    assert own.entries(brand.folder) == []
    with pytest.raises((BadRule, SensitiveTag)):
        own.put(brand.folder, {"tag": "bad", "when": when})


def test_a_broken_file_of_the_brand_does_not_break_the_console(standing: Standing, brand: Workspace) -> None:
    (brand.folder / "tags").mkdir(exist_ok=True)
    (brand.folder / "tags" / "mine.yaml").write_text("- tag: [", encoding="utf-8")
    assert "mine.yaml" in text(standing.owner.get("/tags"))
    assert standing.owner.get("/people").status_code == 200


# --- settings
# ----------------------------------------------------------------------------------------------------------


def test_brand_settings_are_written_to_the_workspace(standing: Standing, brand: Workspace) -> None:
    data = {"name": '茶 "Tea"', "language": "zh-hans", "currency": "EUR", "timezone": "Europe/Berlin"}
    assert standing.owner.post("/settings/brand", data).status_code == 302
    kept = workspace_settings.read(brand.folder)
    assert (kept.name, kept.language, kept.currency, kept.timezone, kept.memory_mb) == (
        '茶 "Tea"',
        "zh-hans",
        "EUR",
        "Europe/Berlin",
        1024,
    )
    assert standing.owner.post("/settings/brand", {**data, "timezone": "Mars/Base"}).status_code == 422


def test_a_write_key_is_shown_once_and_kept_as_hash(standing: Standing) -> None:
    page = text(standing.owner.post("/settings/keys", {"name": "Site", "source": "site"}, follow=True))
    found = re.search(r"wk_[\w-]{40,}", page)
    assert found
    key = WriteKey.objects.get()
    assert key.key_hash == digest(found[0])
    assert found[0] not in text(standing.owner.get("/settings/keys"))
    standing.owner.post(f"/settings/keys/{key.pk}/revoke")
    key.refresh_from_db()
    assert key.revoked_at


def test_each_member_chooses_language_and_colours(standing: Standing) -> None:
    assert "Overview" in text(standing.analyst.get("/"))
    standing.analyst.post("/language", {"language": "zh-hans", "next": "/"})
    page = text(standing.analyst.get("/"))
    assert 'lang="zh-hans"' in page
    assert "总览" in page
    assert "Overview" in text(standing.owner.get("/"))
    standing.owner.post("/account/theme", {"theme": "dark", "next": "/"})
    assert 'data-theme="dark"' in text(standing.owner.get("/"))
    standing.owner.post("/account/theme", {"theme": "<script>", "next": "/"})
    assert 'data-theme="dark"' in text(standing.owner.get("/"))


def test_the_password_changes_only_with_the_old_one(standing: Standing) -> None:
    new = {"form": "password", "password": "a-quite-other-one-9"}
    assert standing.owner.post("/account", {**new, "old": "wrong"}).status_code == 422
    assert standing.owner.post("/account", {**new, "old": "wade-in-calm-water"}).status_code == 302
    assert standing.owner.get("/").status_code == 200, "this session stays"


def test_the_log_says_who_did_what_and_can_be_filtered(standing: Standing) -> None:
    standing.owner.post("/settings/keys", {"name": "Site", "source": "site"})
    assert "created a write key" in text(standing.owner.get("/settings/log?by=olga&what=keys.create"))
    assert "created a write key</td>" not in text(standing.owner.get("/settings/log?by=ann"))


# --- errors and headers
# ------------------------------------------------------------------------------------------------


def test_every_answer_carries_the_headers(standing: Standing) -> None:
    for path in ("/", "/nothing-here", "/login", "/api/v1/people", "/people/export"):
        answer = standing.owner.get(path)
        for name, value in HEADERS.items():
            assert answer.headers[name] == value, path
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "no-store"


def test_no_page_has_inline_script_or_style(standing: Standing, brand: Workspace) -> None:
    from tests.doors.console.test_rights import OPEN, PAGES, address

    for page in PAGES:
        answer: Any = (
            standing.owner.get(address(page, brand)) if page.name not in OPEN else standing.stranger.get("/login")
        )
        if answer.streaming or "text/html" not in answer.headers.get("Content-Type", ""):
            continue
        html = text(answer)
        assert not re.search(r"<script(?![^>]*\bsrc=)(?![^>]*application/json)", html), page.name
        assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:", html), page.name


def test_errors_are_pages_that_say_what_to_do(standing: Standing, settings: DjangoSettings) -> None:
    assert "Nothing here" in text(standing.owner.get("/nothing-here"))
    assert "Not allowed for your role" in text(standing.analyst.get("/settings/team"))
    assert "Manage the team" in text(standing.analyst.get("/settings/team"))


def test_our_own_mistake_is_a_page_too(standing: Standing, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_self: Workspace) -> Any:
        raise RuntimeError("wires crossed")

    monkeypatch.setattr(Workspace, "states", broken)
    client = Client(raise_request_exception=False)
    client.force_login(User.objects.get(name="olga"))
    answer = client.get("/")
    assert answer.status_code == 500
    assert "Something broke" in text(answer)
    assert "wires crossed" not in text(answer)


def test_what_the_team_did_is_in_order(standing: Standing) -> None:
    standing.owner.post("/data/refresh")
    assert Act.objects.filter(what="data.refresh", by="olga").count() == 1


ODD_NUMBERS = ("9" * 5_000, "9" * 30, "٣", "²", "-1", "1e9", "")
ASKED = (
    "/?days={}", "/people?seen={}", "/people?page={}", "/stages/rules?version={}", "/planner?of={}", "/ripples?page={}",
    "/policy/edit?version={}", "/lookalikes?people={}", "/lookalikes?audience={}", "/ledger?page={}",
)  # fmt: skip


@pytest.mark.parametrize("address", ASKED)
def test_odd_numbers_in_an_address_are_no_mistake_of_ours(standing: Standing, address: str) -> None:
    for odd in ODD_NUMBERS:
        answer = standing.owner.get(address.format(odd))
        assert answer.status_code in {200, 302, 400, 404, 422}, (address, odd[:40], answer.status_code)
