"""Pages of journeys, campaigns and tasks: drawn, checked, applied, started; and what a role may not do."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from lianyi.action.audiences import counting, defining
from lianyi.action.campaigns.models import Campaign
from lianyi.action.content import keeping as contents
from lianyi.action.journeys import reading, versions
from lianyi.action.journeys.models import Journey, Task
from lianyi.action.work import queue
from lianyi.workspace import Workspace
from tests.doors.standing import ANNA, Standing

SECRET = f"whsec_{base64.b64encode(bytes(24)).decode()}"
TEXT = """journey: tea
title: 茶友
triggers:
  - by: api
steps:
  - do: branch
    id: which
    ways:
      - when: orders >= 2
        steps:
          - {do: task, id: ring, title: Ring them, to: owner}
    otherwise:
      - {do: tag, id: mark, add: [<b>new</b>]}
  - {do: wait, id: day, for: 1 day}
"""


def applied(standing: Standing) -> Journey:
    answer = standing.owner.post("/journeys/new", {"yaml": TEXT, "act": "apply", "show": "yaml"})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/journeys/tea")
    return Journey.objects.get(name="tea")


def test_a_journey_is_drawn_checked_and_applied(standing: Standing, brand: Workspace) -> None:
    assert "No journey yet" in standing.owner.get("/journeys").content.decode()
    page = standing.owner.get("/journeys/new").content.decode()
    assert "journey-schema" in page
    data = {"journey": "tea", "triggers": [{"by": "api"}], "steps": [{"do": "send", "id": "a", "content": "x"}]}
    wrong = standing.owner.post("/journeys/check", {"data": json.dumps(data)}).content.decode()
    assert "steps[0].channel" in wrong
    right = standing.owner.post("/journeys/check", {"yaml": TEXT}).content.decode()
    assert "This will be the first version." in right
    applied(standing)
    page = standing.owner.get("/journeys/tea").content.decode()
    assert "orders &gt;= 2" in page
    assert "+&lt;b&gt;new&lt;/b&gt;" in page
    assert "0 went through" in page
    assert "茶友" in standing.owner.get("/journeys").content.decode()


def test_a_draft_is_kept_and_shown_in_both_ways(standing: Standing, brand: Workspace) -> None:
    made, _none = reading.from_yaml(TEXT)
    assert made is not None
    from lianyi.action.journeys.document import builtins

    sent = {"data": json.dumps(builtins(made)), "act": "draft"}
    assert standing.owner.post("/journeys/new", sent).headers["Location"] == "/journeys/tea/edit"
    assert reading.must_read(Journey.objects.get().draft) == made
    as_yaml = standing.owner.get("/journeys/tea/edit?show=yaml").content.decode()
    assert "when: orders &gt;= 2" in as_yaml
    assert "journey-data" in standing.owner.get("/journeys/tea/edit").content.decode()


def test_figures_people_and_trying(standing: Standing, brand: Workspace) -> None:
    from lianyi.action.journeys.engine import Engine

    journey, now = applied(standing), queue.clock()
    assert standing.owner.post("/journeys/tea/turn", {"act": "start"}).status_code == 302
    journey.refresh_from_db()
    anna = brand.person(ANNA).person_id
    assert versions.enrol_by_hand(brand, journey, {anna: {}}, cause="x", now=now) == 1
    engine = Engine(workspace=brand)
    while engine.step(queue.clock()).people:
        pass
    page = standing.owner.get("/journeys/tea").content.decode()
    assert "1 waiting" in page
    assert "1 went through" in page
    people = standing.owner.get("/journeys/tea/people?step=day").content.decode()
    assert "林安娜" in people
    assert "which=ways[0] → ring" in people
    walked = standing.owner.get(f"/journeys/tea/try?person={ANNA}&hours=30").content.decode()
    assert "is through" in walked
    assert "Ring them" in standing.owner.get("/tasks").content.decode()
    task = Task.objects.get()
    assert standing.owner.post(f"/tasks/{task.pk}/close", {"act": "done", "note": "rang"}).status_code == 302
    task.refresh_from_db()
    assert (task.state, task.done_by, task.note) == ("done", "olga", "rang")
    assert standing.owner.post("/journeys/tea/turn", {"act": "stop"}).status_code == 302
    journey.refresh_from_db()
    assert journey.state == "over"


def test_a_dry_run_shows_the_last_month(standing: Standing, brand: Workspace) -> None:
    text = TEXT.replace("- by: api", "- {by: event, event: order}").replace("title: 茶友", "again: always")
    standing.owner.post("/journeys/new", {"yaml": text, "act": "apply", "show": "yaml"})
    page = standing.owner.get("/journeys/tea/try?dry=1").content.decode()
    assert "Would have come" in page
    assert "林安娜" in page


@pytest.fixture
def ready(brand: Workspace) -> dict[str, Any]:
    """An audience, a content and a channel account."""
    from lianyi.action.channels import accounts

    now = queue.clock()
    made = defining.define(brand, "everybody", "events >= 1", by="olga", now=now)
    counting.recount(brand, made, now=now)
    contents.create(name="hello", kind="text", bodies={"en": {"text": "Hello"}}, fallback="en", by="olga", now=now)
    accounts.add("hook", "webhook", {"url": "https://example.org/hook", "secret": SECRET}, by="olga", now=now)
    return {"name": "spring", "audience": "everybody", "content": "hello", "channel": "hook", "purpose": "marketing",
            "holdout": "0.2", "window": "", "at": ""}  # fmt: skip


def test_a_campaign_from_draft_to_running(standing: Standing, brand: Workspace, ready: dict[str, Any]) -> None:
    answer = standing.owner.post("/campaigns/new", ready)
    campaign = Campaign.objects.get()
    assert answer.headers["Location"] == f"/campaigns/{campaign.pk}"
    page = standing.owner.get(f"/campaigns/{campaign.pk}").content.decode()
    assert "Check it" in page
    assert standing.owner.post(f"/campaigns/{campaign.pk}/check").status_code == 302
    campaign.refresh_from_db()
    assert (campaign.state, campaign.people) == ("checked", 4)
    assert standing.owner.post(f"/campaigns/{campaign.pk}/turn", {"act": "start"}).status_code == 302
    page = standing.owner.get(f"/campaigns/{campaign.pk}").content.decode()
    assert "Bought, held out" in page
    assert "spring" in standing.owner.get("/campaigns").content.decode()
    again = standing.owner.post("/campaigns/new", ready)
    assert (again.status_code, "already" in again.content.decode()) == (422, True)


def test_an_analyst_looks_and_changes_nothing(standing: Standing, brand: Workspace) -> None:
    applied(standing)
    assert standing.analyst.get("/journeys/tea").status_code == 200
    assert standing.analyst.get("/journeys/tea/edit").status_code == 403
    assert standing.analyst.post("/journeys/tea/turn", {"act": "start"}).status_code == 403
    assert standing.analyst.post("/campaigns/1/turn", {"act": "start"}).status_code == 403
    assert standing.analyst.post("/tasks/new", {"title": "x"}).status_code == 403


def test_refusals_are_shown_on_their_step(standing: Standing, brand: Workspace) -> None:
    from lianyi.action.contacts.models import Contact

    applied(standing)
    Contact.objects.create(key="k", person_id="p", channel="hook", purpose="marketing", body={}, journey="tea",
                           step="day", state="refused", rule="consent", by="journey:tea")  # fmt: skip
    page = standing.owner.get("/journeys/tea").content.decode()
    assert "refused by rule 1" in page
    assert "consent 1" in page
