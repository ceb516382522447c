"""One person: what is shown, and what one may do."""

from __future__ import annotations

import html
import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from lianyi.action.team.models import Act
from lianyi.action.work import doing
from lianyi.action.work.models import Job
from lianyi.doors.console.pages.person import timeline
from lianyi.doors.console.pages.person.timeline import LIMIT, stretch
from lianyi.memory.events import Event
from lianyi.workspace import Workspace
from tests.doors.standing import ANNA, BO, CAI, DAN, NOW, Standing


def text(answer: Any) -> str:
    content: bytes = answer.content
    return content.decode()


@pytest.fixture
def anna(brand: Workspace) -> str:
    return brand.person(ANNA).person_id


def run_jobs() -> None:
    """What the worker would do, here and now; without heartbeats, for the test's database is in one transaction."""
    doing.HEARTBEAT = 3600.0
    for job in Job.objects.filter(state="waiting").order_by("id"):
        Job.objects.filter(pk=job.pk).update(state="running", worker="test", attempts=1)
        doing.do(job.pk, worker="test")
        job.refresh_from_db()
        assert job.state == "done", job.error


def test_a_person_is_found_by_id_by_key_and_by_nobody_elses(standing: Standing, anna: str) -> None:
    page = text(standing.owner.get(f"/people/{anna}"))
    assert "林安娜" in page
    assert "¥599.40" in page
    assert standing.owner.get(f"/people/{ANNA}").headers["Location"] == f"/people/{anna}"
    assert standing.owner.get("/people/p0000000000000000").status_code == 404
    assert standing.owner.get("/people/nonsense").status_code == 404


def test_what_people_said_is_text_never_markup(standing: Standing, anna: str) -> None:
    page = text(standing.owner.get(f"/people/{anna}?kind=talk"))
    assert "&lt;script&gt;alert(" in page
    assert "<script>alert(" not in page


def test_the_timeline_pages_through_every_event_once(brand: Workspace, anna: str) -> None:
    expected = [event["id"] for event in brand.timeline(anna, limit=1000)]
    seen: list[str] = []
    older: tuple[Any, Any] = (None, None)
    while True:
        part = stretch(brand, brand.past(anna), group="", before=older[0], before_id=older[1])
        seen += [one.event["id"] for _day, of in part.days for one in of]
        if part.older is None:
            break
        older = part.older
    assert len(expected) > LIMIT
    assert seen == expected


def test_many_events_of_one_moment_come_in_parts_too(
    standing: Standing, brand: Workspace, monkeypatch: pytest.MonkeyPatch, anna: str
) -> None:
    monkeypatch.setattr(timeline, "LIMIT", 3)  # the replies come five a minute
    seen = 0
    address = f"/people/{anna}/timeline?kind=talk"
    while True:
        page = text(standing.owner.get(address))
        count = page.count('class="happening"')
        assert count <= 3
        seen += count
        found = re.search(r'hx-get="([^"]+)"', page)
        if found is None:
            break
        address = html.unescape(found[1])
    assert seen == 70


def test_unknown_is_a_dash_and_not_zero(standing: Standing, brand: Workspace) -> None:
    page = text(standing.owner.get(f"/people/{brand.person(DAN).person_id}"))
    cycle = re.search(r"<dt>Purchase cycle</dt><dd>(.*?)</dd>", page, re.DOTALL)
    assert cycle
    assert "—" in cycle[1]
    assert "0" not in cycle[1]


def test_a_tag_is_set_shown_with_evidence_and_taken_back(standing: Standing, anna: str) -> None:
    where = f"/people/{anna}/tags"
    part = text(standing.owner.post(where, {"tag": "  tea   lover "}, HTTP_HX_REQUEST="true"))
    assert "tea lover" in part
    assert "set by olga" in part
    assert "tea lover" in text(standing.owner.get(f"/people/{anna}"))
    part = text(standing.owner.post(where, {"tag": "tea lover", "remove": "1"}, HTTP_HX_REQUEST="true"))
    assert "tea lover" not in part
    assert list(Act.objects.filter(by="olga").values_list("what", flat=True))[:2] == ["person.untag", "person.tag"]


def test_sensitive_tags_are_refused_with_the_reason(standing: Standing, anna: str) -> None:
    answer = standing.owner.post(f"/people/{anna}/tags", {"tag": "糖尿病"}, HTTP_HX_REQUEST="true")
    assert answer.status_code == 422
    assert "refused by law" in text(answer)
    assert "糖尿病</summary>" not in text(standing.owner.get(f"/people/{anna}"))


def test_operators_stay_out_of_the_people(standing: Standing, brand: Workspace, anna: str) -> None:
    standing.owner.post(f"/people/{anna}/tags", {"tag": "vip"})
    standing.owner.post(f"/people/{anna}/notes", {"text": "called today"})
    before = brand.states()["people"].rows
    brand.refresh()
    assert brand.states()["people"].rows == before


def test_a_note_stands_in_the_timeline(standing: Standing, anna: str) -> None:
    standing.owner.post(f"/people/{anna}/notes", {"text": "likes <b>green</b> tea"})
    assert "likes &lt;b&gt;green&lt;/b&gt; tea" in text(standing.owner.get(f"/people/{anna}?kind=team"))


def test_a_merge_shows_a_preview_warns_of_clashes_and_can_be_taken_back(
    standing: Standing, brand: Workspace, anna: str
) -> None:
    bo = brand.person(BO).person_id
    preview = text(standing.owner.get(f"/people/{anna}/merge?with={bo}"))
    assert "They look like two people" in preview
    standing.owner.post(f"/people/{anna}/merge", {"with": bo, "why": "same shop card"})
    run_jobs()
    merged = brand.person(ANNA).person_id
    assert merged == brand.person(BO).person_id
    assert standing.owner.get(f"/people/{bo}", follow=True).status_code == 200, "old ids still lead somewhere"
    assert "same shop card" in text(standing.owner.get(f"/people/{merged}"))
    keys = [key for key in brand.person(merged).key_names if key in brand_keys(BO)]
    standing.owner.post(f"/people/{merged}/split", {"key": keys, "why": "was a mistake"})
    run_jobs()
    assert brand.person(ANNA).person_id != brand.person(BO).person_id


def brand_keys(key: str) -> set[str]:
    return {key, "phone:8613912345601"}


def test_a_split_needs_a_key_to_take_and_a_key_to_leave(standing: Standing, brand: Workspace, anna: str) -> None:
    assert standing.owner.post(f"/people/{anna}/split", {}).status_code == 422
    assert standing.owner.post(f"/people/{anna}/split", {"key": brand.person(anna).key_names}).status_code == 422


def test_everything_held_can_be_had_as_a_file(standing: Standing, anna: str) -> None:
    data = json.loads(text(standing.analyst.get(f"/people/{anna}/export")))
    assert data["person_id"] == anna
    assert len(data["events"]) > 70


def test_erasure_needs_the_id_typed_and_leaves_nobody(standing: Standing, brand: Workspace) -> None:
    cai = brand.person(CAI).person_id
    assert standing.owner.post(f"/people/{cai}/erase", {"confirm": "p1"}).status_code == 422
    standing.owner.post(f"/people/{cai}/erase", {"confirm": cai, "why": "letter of 3 March"})
    run_jobs()
    assert standing.owner.get(f"/people/{cai}").status_code == 404
    assert not Job.objects.filter(arguments__key=cai).exists(), "the job's row must not keep whom it erased"


@pytest.mark.parametrize("before", ["yesterday", "2026-01-01", "2026-01-01T00:00:00"])
def test_broken_addresses_of_the_timeline_are_404(standing: Standing, anna: str, before: str) -> None:
    assert standing.owner.get(f"/people/{anna}/timeline", {"before": before}).status_code == 404


def test_analysts_see_but_do_not_touch(standing: Standing, anna: str) -> None:
    client: Client = standing.analyst
    assert client.get(f"/people/{anna}").status_code == 200
    assert "Add a tag by hand" not in text(client.get(f"/people/{anna}"))
    for what in ("tags", "notes", "merge", "split", "erase"):
        assert client.post(f"/people/{anna}/{what}", {"tag": "x", "text": "x"}).status_code == 403


def test_consents_are_shown_with_their_proof_and_silence_is_no_consent(standing: Standing, brand: Workspace) -> None:
    silent = text(standing.owner.get(f"/people/{brand.person(DAN).person_id}"))
    assert "That is no consent." in silent
    said = (("c1", True, "email"), ("c2", False, "email"), ("c3", True, "sms"))
    brand.record(
        [
            Event(id=f"t:{name}", at=NOW - timedelta(days=9 - number), kind="consent", source="members",
                  actor_key=DAN, props={"purpose": "news <b>", "channel": channel, "granted": granted})
            for number, (name, granted, channel) in enumerate(said)
        ]
    )  # fmt: skip
    brand.refresh("profiles")
    page = text(standing.owner.get(f"/people/{brand.person(DAN).person_id}"))
    card = page.partition('id="consents"')[2].partition("</section>")[0]
    assert card.count("news &lt;b&gt;") == 2
    assert card.count('badge good">granted') == 1
    assert card.count('badge bad">refused or withdrawn') == 1
    assert "t:c2" in card
    assert "t:c3" in card
    assert "t:c1" not in card
    assert "members" in card


def test_a_thing_is_called_by_its_title_where_another_event_tells_it(standing: Standing, brand: Workspace) -> None:
    for thing in ("item:3", "item:99"):
        cart = Event(id=f"t:cart/{thing}", at=NOW, kind="cart", source="shop", actor_key=ANNA, object_key=thing)
        brand.record([cart])
    page = text(standing.owner.get(f"/people/{brand.person(ANNA).person_id}?kind=money"))
    carts = [part[:400] for part in page.split("Cart")[1:]]
    assert any("绿茶 3" in part for part in carts)
    assert any("item:99" in part for part in carts)
    assert not any("item:3<" in part for part in carts)
