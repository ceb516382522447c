"""Links that people open, asked over HTTP of a real server: the chain from one to the next, and who is no person."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

import lianyi
from lianyi.action.contacts import clicks
from lianyi.memory.draining import land
from lianyi.settings import Settings
from lianyi.workspace import Workspace
from tests.doors.collector.server import Running, serving, wait_for

PHONE = {
    "user-agent": "Mozilla/5.0 (Linux; Android 14; M2102) AppleWebKit/537.36 Chrome/126.0 Mobile MicroMessenger/8.0.50",
    "accept": "text/html,application/xhtml+xml", "accept-language": "zh-CN,zh;q=0.9",
}  # fmt: skip
ISSUE = """
import json, sys, pathlib
from datetime import UTC, datetime
from lianyi.doors.console.start import prepare
folder = pathlib.Path(sys.argv[1]); prepare(folder)
from lianyi.action.codes import issuing, landing
from lianyi.action.codes.models import Code
now = datetime.now(UTC)
asked = json.loads(sys.argv[2])
for campaign in asked.pop("asks_first", []):
    landing.save(campaign=campaign, version=None, disclosure={"en": "Rewards <b>only</b> for purchases"},
                 asks_first=True, by="t", now=now)
made = {name: issuing.issue(**each, by="t", now=now).token for name, each in asked.items()}
issuing.retire(Code.objects.filter(campaign="gone"), now=now)
print(json.dumps(made))
"""
TARGET = "https://shop.example/tea?x=1"


def code(campaign: str, **more: Any) -> dict[str, Any]:
    return {"campaign": campaign, "channel": "wechat", "sharer": None, "target": TARGET, **more}


@dataclass
class Site:
    """A server with codes."""

    running: Running
    tokens: dict[str, str]
    opened: list[httpx.Client] = field(default_factory=list)

    def client(self, **headers: str) -> httpx.Client:
        """A browser with an empty profile at an address of its own, as a proxy tells it. Underscores in names of
        headers stand for hyphens."""
        more = {name.replace("_", "-"): value for name, value in headers.items()}
        number = len(self.opened)
        more.setdefault("x-forwarded-for", f"203.0.{number // 250}.{number % 250}")
        self.opened.append(httpx.Client(base_url=self.running.url, headers=PHONE | more, timeout=20))
        return self.opened[-1]

    def events(self, campaign: str) -> list[dict[str, Any]]:
        """What the log knows of a campaign, landed. An answer may go out before its event is on the disk, so one more
        link is opened behind it: events are kept in their order."""
        ws = lianyi.open(self.running.folder)
        behind = self.client()
        behind.get(f"/r/{self.tokens['behind']}")
        key = f"anon:{behind.cookies['lianyi_v']}"

        def kept() -> bool:
            while land(ws.inbox, ws.lake, datetime.now(UTC), wait=20).events:
                pass
            return bool(ws.look_up("events", [key], columns=["id"]).num_rows)

        wait_for(kept, what="the last link to be kept")
        found = ws.sql('SELECT * FROM events WHERE campaign = ? ORDER BY "at"', [campaign]).to_arrow_table()
        return [{**row, "props": json.loads(row["props"] or "{}")} for row in found.to_pylist()]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("links") / "tea"
    Workspace.create(folder, Settings(name="Link Tea", language="en", memory_mb=1024, threads=1))
    asked = {
        "behind": code("behind", landing=False), "chain": code("chain"), "robots": code("robots"),
        "asks": code("asks"), "dnt": code("dnt"),
        "direct": code("direct", landing=False), "carry": code("carry", landing=False, carry=True),
        "gone": code("gone"), "asks_first": ["asks"],
        "sharer": code("direct", landing=False, sharer="p1", sharer_key="user:ann"),
        **{f"many{n}": code("many", landing=False, target=f"{TARGET}&n={n}") for n in range(15)},
    }  # fmt: skip
    out = subprocess.run(
        [sys.executable, "-c", ISSUE, str(folder), json.dumps(asked)], capture_output=True, text=True, check=True
    )
    with serving(folder) as running:
        site = Site(running, json.loads(out.stdout))
        yield site
        for client in site.opened:
            client.close()
    said = running.said()
    assert "Traceback" not in said, said


def mine(client: httpx.Client, token: str) -> str:
    """Open a link, press the button: the visitor's own token."""
    page = client.get(f"/s/{token}")
    assert page.status_code == 200
    found = re.search(r'name="v" value="([0-9a-f]{32})"', page.text)
    answer = client.post(f"/s/{token}/mine", data={"v": found[1]} if found else {})
    assert answer.status_code == 303
    return answer.headers["location"].removeprefix("/s/")


@dataclass
class Person:
    """Somebody in the chain of a test, with a browser of their own."""

    client: httpx.Client
    token: str
    parent: str
    generation: int
    key: str = field(default="")


def spread(site: Site, token: str, widths: Sequence[int]) -> list[Person]:
    """People bring people: the first of each generation brings the whole next one. All share."""
    everybody: list[Person] = []
    parent = Person(client=site.client(), token=token, parent="", generation=0)
    for generation, width in enumerate(widths, start=1):
        here = []
        for _ in range(width):
            client = site.client()
            own = mine(client, parent.token)
            assert client.get(f"/s/{own}").status_code == 200
            client.post(f"/s/{own}/seen")
            client.post(f"/s/{own}/shared")
            here.append(Person(client, own, parent.token, generation, f"anon:{client.cookies['lianyi_v']}"))
        everybody += here
        parent = here[0]
    return everybody


def test_the_chain_is_kept_through_eight_generations_and_the_ripple_counts_the_same(site: Site) -> None:
    widths = (3, 2, 4, 1, 3, 2, 2, 5)
    people = spread(site, site.tokens["chain"], widths)
    for robot in ("Slackbot 1.0", "curl/8", "Mozilla/5.0 (compatible; Baiduspider/2.0)"):
        site.client(user_agent=robot).get(f"/s/{people[0].token}")
    events = site.events("chain")
    arrivals = [event for event in events if event["kind"] == "arrive" and not event["props"].get("bot")]
    by_token = {person.token: person for person in people}
    assert len(arrivals) == len(people) == sum(widths)
    for person in people:
        (event,) = (event for event in arrivals if event["actor_key"] == person.key)
        if person.parent in by_token:
            assert event["target_key"] == by_token[person.parent].key
            assert event["parent_id"] == f"share:{person.parent}"
    ws = lianyi.open(site.running.folder)
    ws.refresh()
    found = (
        ws.sql(
            "SELECT generation, count(*) AS people, bool_and(how = 'code') AS exact FROM arrivals "
            "WHERE stone = 'campaign chain' AND len(flags) = 0 GROUP BY 1 ORDER BY 1"
        )
        .to_arrow_table()
        .to_pylist()
    )
    # The brand threw the stone: who came by its own code is where the ripple begins.
    expected = Counter(person.generation - 1 for person in people)
    assert {row["generation"]: row["people"] for row in found} == expected
    assert {row["generation"] for row in found if not row["exact"]} == {0}
    parents = (
        ws.sql("SELECT person_id, parent_person_id FROM arrivals WHERE stone = 'campaign chain' AND generation > 0")
        .to_arrow_table()
        .to_pylist()
    )
    keys = {
        row["key"]: row["person_id"] for row in ws.sql("SELECT key, person_id FROM keys").to_arrow_table().to_pylist()
    }
    truth = {keys[p.key]: keys[by_token[p.parent].key] for p in people if p.parent in by_token}
    assert {row["person_id"]: row["parent_person_id"] for row in parents} == truth


@pytest.mark.parametrize(
    ("method", "headers", "reason"),
    [
        ("HEAD", {}, "head"), ("GET", {"user_agent": "facebookexternalhit/1.1"}, "agent"),
        ("GET", {"user_agent": ""}, "no agent"), ("GET", {"sec_purpose": "prefetch;prerender"}, "prefetch"),
        ("GET", {"x_moz": "prefetch"}, "prefetch"), ("GET", {"user_agent": "python-requests/2.32"}, "agent"),
        ("GET", {"accept": "image/*"}, "takes no page"),
    ],
)  # fmt: skip
def test_programs_see_the_page_and_count_for_nobody(
    site: Site, method: str, headers: dict[str, str], reason: str
) -> None:
    before = len(site.events("robots"))
    answer = site.client(**headers).request(method, f"/s/{site.tokens['robots']}")
    assert answer.status_code == 200
    assert "lianyi_v" not in answer.cookies
    events = site.events("robots")
    assert len(events) == before + 1
    (event,) = (one for one in events[before:] if one["props"]["bot"] == reason)
    assert (event["kind"], event["actor_key"]) == ("arrive", None)
    assert re.search(r"(?i)bot\b", event["props"]["agent"])


def test_a_script_that_borrows_a_browsers_name_is_none(site: Site) -> None:
    headers = {name: value for name, value in PHONE.items() if name != "accept-language"}
    httpx.get(f"{site.running.url}/s/{site.tokens['robots']}", headers=headers)
    assert site.events("robots")[-1]["props"]["bot"] == "no language"


def test_whoever_opens_many_codes_at_once_is_a_scanner(site: Site) -> None:
    client = site.client(user_agent="Mozilla/5.0 Gecko/20100101 Firefox/128.0")
    for number in range(15):
        client.get(f"/r/{site.tokens[f'many{number}']}")
    assert [event["props"].get("bot") for event in site.events("many")][-4:] == ["many codes"] * 4


def test_a_redirect_leads_to_the_target_and_tells_the_arrival(site: Site) -> None:
    client = site.client()
    answer = client.get(f"/r/{site.tokens['sharer']}")
    assert (answer.status_code, answer.headers["location"]) == (302, TARGET)
    client.get(f"/r/{site.tokens['sharer']}")
    (event,) = (one for one in site.events("direct") if one["target_key"])
    assert (event["kind"], event["target_key"], event["channel"]) == ("arrive", "user:ann", "wechat")
    assert event["actor_key"] == f"anon:{client.cookies['lianyi_v']}"
    assert event["at"] > datetime.now(UTC) - timedelta(minutes=5)


def test_the_visitors_number_goes_along_where_the_code_says_so(site: Site) -> None:
    client = site.client()
    answer = client.get(f"/r/{site.tokens['carry']}")
    assert answer.headers["location"] == f"{TARGET}&ajs_aid={client.cookies['lianyi_v']}"
    objecting = site.client(sec_gpc="1").get(f"/r/{site.tokens['carry']}")
    assert objecting.headers["location"] == TARGET


@pytest.mark.parametrize(("campaign", "headers"), [("asks", {}), ("dnt", {"dnt": "1"})])
def test_nothing_is_kept_before_the_button_where_the_browser_objects_or_the_campaign_asks(
    site: Site, campaign: str, headers: dict[str, str]
) -> None:
    client = site.client(**headers)
    assert "set-cookie" not in client.get(f"/s/{site.tokens[campaign]}").headers
    own = mine(client, site.tokens[campaign])
    visitor = client.cookies["lianyi_v"]
    arrived = [event["actor_key"] for event in site.events(campaign)]
    assert f"anon:{visitor}" in arrived  # whoever pressed the button is who had arrived
    assert mine(site.client(), own) != own
    assert [e["target_key"] for e in site.events(campaign)][-1] == f"anon:{visitor}"


def test_a_visitor_has_one_link_whichever_way_they_come_again(site: Site) -> None:
    client = site.client()
    own = mine(client, site.tokens["chain"])
    assert own in client.get(f"/s/{site.tokens['chain']}").text
    assert client.post(f"/s/{own}/mine").headers["location"] == f"/s/{own}"
    other = mine(site.client(), own)
    assert client.post(f"/s/{other}/mine").headers["location"] == f"/s/{own}"


def test_opening_ones_own_link_is_no_arrival_and_nobody_shares_for_another(site: Site) -> None:
    client, stranger = site.client(), site.client()
    own = mine(client, site.tokens["chain"])
    client.get(f"/s/{own}")
    stranger.get(f"/s/{own}")
    stranger.post(f"/s/{own}/shared")
    events = [event for event in site.events("chain") if event["props"].get("code") == own]
    assert [(event["kind"], event["actor_key"]) for event in events] == [
        ("arrive", f"anon:{stranger.cookies['lianyi_v']}")
    ]


def test_the_page_discloses_escapes_and_forgets(site: Site) -> None:
    client = site.client(accept_language="en")
    page = client.get(f"/s/{site.tokens['asks']}")
    assert "Rewards &lt;b&gt;only&lt;/b&gt; for purchases" in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]
    mine(client, site.tokens["asks"])
    client.post(f"/s/{site.tokens['asks']}/forget")
    assert "lianyi_v" not in client.cookies


@pytest.mark.parametrize(
    ("path", "status"),
    [("/s/0123456789abc", 404), ("/r/0123456789abc", 404), ("/s/x", 404), ("/s/", 404), ("/r/%00", 404),
     ("/pictures/../ops.sqlite3", 404), ("/pictures/" + "a" * 40 + ".png", 404), ("/s/a/b/c", 404),
     ("/s/page.css", 200), ("/s/page.js", 200)],
)  # fmt: skip
def test_addresses_that_lead_nowhere(site: Site, path: str, status: int) -> None:
    assert site.client().get(path).status_code == status


def test_a_code_that_is_retired_leads_nowhere(site: Site) -> None:
    assert site.client().get(f"/s/{site.tokens['gone']}").status_code == 410
    assert site.client().post(f"/s/{site.tokens['gone']}/mine").status_code == 410
    assert site.events("gone") == []


def test_a_form_of_another_site_gives_no_code(site: Site) -> None:
    assert site.client(sec_fetch_site="cross-site").post(f"/s/{site.tokens['chain']}/mine").status_code == 403
    assert site.client(user_agent="curl/8").post(f"/s/{site.tokens['chain']}/mine").status_code == 403


def test_a_workspace_without_codes_knows_none(tmp_path: Path) -> None:
    Workspace.create(tmp_path / "w", Settings(memory_mb=1024))
    with serving(tmp_path / "w") as running:
        assert httpx.get(f"{running.url}/s/0123456789abc", headers=PHONE).status_code == 404


def test_a_link_in_an_e_mail_leads_on_and_tells_who_opened_it(site: Site) -> None:
    seal = clicks.Seal(site.running.folder)
    opened = clicks.Opened(
        contact="letter/7", key="user:ann", url="https://shop.example/茶?x=1#a", campaign="letter", content=12
    )
    token = seal.close(opened)
    assert "ann" not in token
    assert seal.open(token) == opened
    ann = site.client()
    for _ in range(2):
        answer = ann.get(f"/m/{token}", follow_redirects=False)
        assert answer.status_code == 302
        assert answer.headers["location"].startswith("https://shop.example/")
        assert "set-cookie" not in answer.headers, "she is known by the link"
    [click] = site.events("letter")
    assert (click["kind"], click["actor_key"], click["parent_id"]) == ("click", "user:ann", "contact:letter/7/sent")
    assert (click["object_key"], click["props"]["contact"]) == ("content:12", "letter/7")


def test_a_link_in_an_e_mail_tells_nothing_of_scanners_and_of_who_objects(site: Site) -> None:
    seal = clicks.Seal(site.running.folder)
    token = seal.close(clicks.Opened(contact="quiet/1", key="user:bo", url=TARGET, campaign="quiet"))
    for headers in ({"dnt": "1"}, {"sec_gpc": "1"}, {"user_agent": "Barracuda Sentinel"}):
        assert site.client(**headers).get(f"/m/{token}", follow_redirects=False).headers["location"] == TARGET
    assert site.client().head(f"/m/{token}", follow_redirects=False).status_code == 302
    assert site.events("quiet") == []
    other = clicks.Seal(site.running.folder.parent)  # sealed by another workspace
    forged = other.close(clicks.Opened(contact="x", key="user:x", url="https://evil.example/", campaign="quiet"))
    for wrong in (forged, token[:-2], "x", "", "..%2f"):
        assert site.client().get(f"/m/{wrong}", follow_redirects=False).status_code == 404
    assert site.events("quiet") == []
