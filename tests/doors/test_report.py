"""The monthly report: figures counted by hand, the same at every door, and a mail that nobody gets twice."""

from __future__ import annotations

import email
import email.policy
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings as DjangoSettings

from lianyi import report as reports
from lianyi.action.channels import accounts
from lianyi.action.channels.contract import Fate, File, Outcome
from lianyi.action.channels.email.composing import compose
from lianyi.action.reports import composing, scheduling, sending
from lianyi.action.reports.models import Delivery, Recipient, Schedule
from lianyi.action.team.models import Act, User
from lianyi.action.work import queue
from lianyi.action.work.models import Job
from lianyi.doors.cli.commands import lianyi as command
from lianyi.doors.console.pages.report.showing import as_file
from lianyi.errors import InputError, NotFound
from lianyi.insight import refresh as refreshing
from lianyi.insight.tables import catalogue
from lianyi.memory.events import Event
from lianyi.report.months import Month
from lianyi.settings import Settings
from lianyi.workspace import Workspace
from tests.action.channels.servers import Server, smtp
from tests.doors.standing import Standing, copy_brand, stand_up

SPRING, APRIL = "<b>spring</b> [x](http://e.vil)", reports.month("2026-04")
AS_OF = datetime(2026, 5, 6, tzinfo=UTC)
START = datetime(2026, 4, 3, 4, tzinfo=UTC)
TREATED = range(0, 60, 2)
BUYERS = [person for person in range(60) if (person % 10 != 0 if person in TREATED else person % 10 == 1)]


def april() -> list[Event]:
    """Sixty people who looked in in March; half of them treated on 3 April, who bought more; a cost; a late refund; a
    campaign without holdout; two shares of which one brings somebody."""
    events = [
        Event(
            id=f"v{who}", at=datetime(2026, 3, 10, 4, tzinfo=UTC), kind="view", source="site", actor_key=f"user:{who}"
        )
        for who in range(60)
    ]
    for who in range(60):
        arm = "treatment" if who in TREATED else "control"
        told = {"experiment": f"campaign/{SPRING}", "of": "campaign", "arm": arm, "share": 0.5}
        events.append(
            Event(id=f"a{who}", at=START, kind="assigned", source="lianyi", target_key=f"user:{who}", props=told)
        )
    events += [
        *(_money(f"o{who}", "order", START + timedelta(days=3), "50", actor_key=f"user:{who}") for who in BUYERS),
        _money("r1", "refund", datetime(2026, 5, 2, 4, tzinfo=UTC), "20", actor_key="user:2", parent_id="o2"),
        _money("c1", "cost", START, "100", campaign=SPRING, props={"what": "media"}),
        _money("c2", "cost", START, "30", campaign="fair", props={"what": "media"}),
        Event(id="s1", at=START, kind="share", source="t", actor_key="user:1", campaign="fair", object_key="item:1"),
        Event(id="s2", at=START + timedelta(hours=2), kind="arrive", source="t", actor_key="user:new", campaign="fair",
              object_key="item:1", parent_id="s1"),
    ]  # fmt: skip
    return events


def _money(name: str, kind: str, at: datetime, value: str, *, currency: str = "CNY", **more: Any) -> Event:
    source = "entered" if kind == "cost" else "shop"
    return Event(id=name, at=at, kind=kind, source=source, value=Decimal(value), currency=currency, **more)


READ = ("days", "stock_flow", "experiments", "effects", "ledger_splits", "ripples", "communities", "picture_people",
        "picture_cells", "picture_money")  # fmt: skip


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The brand with the tables that a report reads, and those they are made of; no others."""
    folder = tmp_path_factory.mktemp("month") / "tea"
    ws = Workspace.create(folder, Settings(name="Month Tea", language="en", memory_mb=1024, threads=1))
    ws.record(april())
    with pytest.MonkeyPatch.context() as patch:
        needed(patch, *READ)
        ws.refresh(as_of=AS_OF)
    return folder


def needed(patch: pytest.MonkeyPatch, *names: str) -> None:
    """Have refreshes make these tables, and those they are made of; no others."""
    every, wanted, waiting = catalogue(), set(), [*names]
    while waiting:
        name = waiting.pop()
        if name in every and name not in wanted:
            wanted.add(name)
            waiting += every[name].inputs
    patch.setattr(refreshing, "catalogue", lambda: {name: every[name] for name in every if name in wanted})


@pytest.fixture
def ws(template: Path, compiled_catalogues: Path, tmp_path: Path, settings: DjangoSettings, db: None) -> Workspace:
    made = copy_brand(template, tmp_path / "tea")
    settings.WORKSPACE, settings.LOCALE_PATHS = made.folder, [compiled_catalogues]
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    return made


@pytest.fixture
def team(ws: Workspace) -> Standing:
    return stand_up()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with smtp(tmp_path_factory.mktemp("smtp")) as running:
        yield running


def test_the_figures_are_those_of_the_log(ws: Workspace) -> None:
    found = reports.report(ws, APRIL)
    figures = {one.name: one for section in found.sections.values() for one in section.figures}
    sold = 50 * len(BUYERS)
    money = {name: figures[name].value for name in ("revenue", "orders", "corrected", "spent", "result", "after_goods")}
    assert money == {"revenue": sold, "orders": len(BUYERS), "corrected": sold - 20, "spent": 130, "result": sold - 130,
                     "after_goods": None}  # fmt: skip
    # in stock since 10 March: whoever did nothing for 30 days has evaporated on 9 April
    gone = 60 - len({*BUYERS, 1})
    flow = {name: figures[name].value for name in ("newcomers", "inflow", "evaporation", "stock")}
    assert flow == {"newcomers": 1, "inflow": 1, "evaporation": gone, "stock": 61 - gone}
    assert found.sections["people"].more["start"] == 60
    assert figures["stock"].before is None, "the log begins within March: no whole month to compare with"
    assert (found.complete, reports.report(ws, APRIL.next).complete) == (True, False)
    assert found.sections["effects"].as_of == AS_OF

    tried = {row["member"]: row for row in found.sections["tried"].rows}
    bought = [sum(who in BUYERS for who in group) / 30 for group in (TREATED, range(1, 60, 2))]
    returns = tried[SPRING]["row"].returns
    assert returns is not None
    # the late refund counts in the effect: it is of an order within the window
    assert returns.incremental.estimate == pytest.approx(30 * 50 * (bought[0] - bought[1]) - 20)
    assert returns.roi is not None
    assert returns.roi.low is not None
    assert returns.roi.low < returns.roi.estimate
    assert (tried["fair"]["spent"], tried["fair"]["row"].returns) == (30, None)
    effects = {row["metric"]: row for row in found.sections["effects"].rows}
    assert effects["buyers"]["mean_treated"] - effects["buyers"]["mean_control"] == pytest.approx(bought[0] - bought[1])
    ripple = found.sections["ripples"].rows[0]
    assert (ripple["name"], ripple["reached"]) == ("fair", 1)
    assert ripple["r_low"] <= ripple["r"] <= ripple["r_high"]
    assert [one.kind for one in found.next] == ["unknown", "hold_out", "stock", "repeat"]


def test_page_api_command_and_file_say_the_same(ws: Workspace, team: Standing, tmp_path: Path) -> None:
    page = team.analyst.get("/report/2026-04").content.decode()
    assert "¥1,500.00" in page
    assert SPRING not in page
    assert "&lt;b&gt;spring" in page
    told = team.analyst.get("/api/v1/reports/2026-04").json()
    path = tmp_path / "april.html"
    arguments = ["-w", str(ws.folder), "report", "--json", "--html", str(path), "--language", "zh-hans"]
    run = CliRunner().invoke(command, arguments)
    assert run.exit_code == 0, run.output
    assert json.loads(run.stdout)["sections"]["money"]["figures"] == told["sections"]["money"]["figures"], (
        "April is over"
    )
    assert [one["kind"] for one in told["next"]] == ["unknown", "hold_out", "stock", "repeat"]
    file = path.read_text(encoding="utf-8")
    assert 'lang="zh-hans"' in file
    assert "¥1,500.00" in file
    assert SPRING not in file
    assert not any(word in file for word in ('href="/', "<script", "<link"))
    assert team.owner.get("/report/2026-04", {"file": "1"}).headers["Content-Disposition"].endswith('2026-04.html"')
    assert team.owner.get("/api/v1/reports/2026-04", {"html": "en"}).headers["Content-Type"].startswith("text/html")
    assert team.owner.get("/api/v1/reports").json()["latest"] == "2026-04"
    text = CliRunner().invoke(command, ["-w", str(ws.folder), "report", "2026-05"])
    assert "not over yet" in text.output
    assert "2026-03" in CliRunner().invoke(command, ["-w", str(ws.folder), "reports"]).output


def test_what_is_not_there_is_said(ws: Workspace, team: Standing) -> None:
    for path, status in (("/report/2026-4", 404), ("/report/1999-01", 404), ("/api/v1/reports/x", 422),
                         ("/api/v1/reports/1999-01", 404), ("/api/v1/reports/2026-04?html=fr", 422)):  # fmt: skip
        assert team.owner.get(path).status_code == status
    with pytest.raises(NotFound, match="2026-03 to 2026-05"):
        reports.report(ws, reports.month("2027-01"))


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)))
def test_a_month_ends_where_the_next_begins(day: date) -> None:
    month = Month(begins=day.replace(day=1))
    assert month.begins <= day <= month.ends
    assert month.next.before == month
    assert month.next.begins - month.ends == timedelta(days=1)


@given(
    st.integers(1, 28), st.integers(0, 23), st.sampled_from(["Asia/Shanghai", "Europe/Berlin", "America/New_York"]),
    st.integers(0, 10 * 365 * 24 * 60),
)  # fmt: skip
def test_the_next_day_is_ahead_and_within_a_month(day: int, hour: int, zone: str, minutes: int) -> None:
    now = datetime(2020, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    then = scheduling.next_time(day, hour, zone, now)
    assert (then.day, then.hour) == (day, hour)
    assert timedelta(0) < then.astimezone(UTC) - now <= timedelta(days=31, hours=2)


def test_a_month_is_compared_only_where_both_are_whole(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    running = {
        one.name: one for name in ("money", "people") for one in reports.report(ws, APRIL.next).sections[name].figures
    }
    assert (running["revenue"].before, running["revenue"].change) == (1500, None), "six days beside a month say nothing"
    assert running["inflow"].change is None
    assert running["stock"].change is not None, "a level, not a sum over the month"

    ws.record([
        _money("u1", "order", START, "10", currency="USD", actor_key="user:3"),
        _money("u2", "cost", START, "10", currency="USD", props={"what": "media"}),
        _money("early", "order", datetime(2026, 3, 12, 4, tzinfo=UTC), "50", actor_key="user:3"),
        _money("late", "order", datetime(2026, 5, 4, 4, tzinfo=UTC), "50", actor_key="user:3"),
    ])  # fmt: skip
    needed(monkeypatch, "days", "ledger_splits")
    ws.refresh(as_of=datetime(2026, 6, 2, tzinfo=UTC))
    april, may = (reports.report(ws, month) for month in (APRIL, APRIL.next))
    money = {one.name: one for one in april.sections["money"].figures}
    lacking = {name: one.unknown for name, one in money.items()}
    assert lacking == {"revenue": 1, "orders": 0, "refunded": 1, "corrected": 1, "spent": 1, "result": 2,
                       "after_goods": 2}  # fmt: skip
    assert (money["revenue"].value, money["result"].value) == (1500, None)
    assert money["orders"].before is None, "the log begins within March"
    after = {one.name: one for one in may.sections["money"].figures}
    assert (after["revenue"].unknown_before, after["revenue"].before, after["revenue"].change) == (1, 1500, None)
    assert after["orders"].change == pytest.approx(1 / (len(BUYERS) + 1) - 1), "orders are counted without a price too"

    def mail(found: reports.Report, language: str) -> str:
        return composing.message(found, to="a@b.cn", language=language, key="k", settings=ws.settings).text

    english = mail(april, "en")
    assert "Net revenue: CNY 1,500.00 (and 1 unknown amounts)" in english
    assert "Revenue less spent: unknown (as 2 amounts in it are unknown)" in english
    assert "CNY 1,500.00（另有 1 笔" in mail(april, "zh-hans").replace(" (", "（")
    assert "Net revenue: CNY 30.00\n" in mail(may, "en"), "no change on a month that lacks an amount"
    tile = as_file(april, "en").partition("<section")[0]
    assert "and 1 unknown amounts" in tile
    assert "and 2 unknown amounts" in tile
    assert "另有 2 笔金额未知" in as_file(april, "zh-hans").partition("<section")[0]
    assert "not compared: 1 amounts of the month before are unknown" in as_file(may, "en").partition("<section")[0]


def scheduled(ws: Workspace, server: Server, *names: str, now: datetime = AS_OF) -> None:
    if not accounts.names():
        said = {"host": "127.0.0.1", "port": server.port, "encryption": "none", "from_address": "lianyi@tea.test",
                "bounce_address": "bounces@tea.test"}  # fmt: skip
        accounts.add("mail", "email", said, by="olga", now=now)
    for name in names:
        User.objects.enrol(name, role="owner")
    scheduling.change(ws, on=True, day=3, hour=8, channel="mail", to=dict.fromkeys(names, ""), by="olga", now=now)


def rounds(ws: Workspace, now: datetime) -> None:
    work = sending.Reports()
    assert work.due(now)
    while work.work(ws, now, lambda: False):
        pass


def mails(server: Server, to: str) -> list[EmailMessage]:
    kept = [one for one in server.kept() if one.to == to]
    return [email.message_from_bytes(one.raw, policy=email.policy.default) for one in kept]


def state(name: str) -> str:
    return str(Delivery.objects.get(user__name=name).state)


def test_on_its_day_everybody_gets_it_once_in_their_language(ws: Workspace, server: Server) -> None:
    scheduled(ws, server, "zhou@tea.test", "eve@tea.test", now=datetime(2026, 4, 20, tzinfo=UTC))
    User.objects.filter(name="zhou@tea.test").update(language="zh-hans")
    due = Schedule.objects.get().due_at
    assert due == datetime(2026, 5, 3, 0, tzinfo=UTC), "8 o'clock in Shanghai"
    assert not sending.Reports().due(due - timedelta(minutes=1))
    rounds(ws, AS_OF)
    assert (state("zhou@tea.test"), state("eve@tea.test")) == ("sent", "sent")
    assert Schedule.objects.get().due_at == datetime(2026, 6, 3, 0, tzinfo=UTC)
    assert not sending.Reports().due(AS_OF + timedelta(days=9))
    # a worker that found the day due before the other had moved on makes no second row
    Schedule.objects.update(due_at=due)
    rounds(ws, AS_OF)
    (english,), (chinese,) = mails(server, "eve@tea.test"), mails(server, "zhou@tea.test")
    assert english["Subject"] == "Month Tea: Monthly report 2026-04"
    assert "2026-04" in chinese["Subject"]
    assert "Monthly" not in chinese["Subject"]
    plain, html = english.get_body(("plain",)), english.get_body(("html",))
    assert plain is not None
    assert html is not None
    assert "Net revenue: CNY 1,500.00" in plain.get_content()
    assert SPRING in plain.get_content(), "as it is, for a plain text runs nothing"
    assert "<b>spring" not in html.get_content()
    assert "e.vil" not in "".join(part for part in html.get_content().split('"') if part.startswith("http"))
    (file,) = list(english.iter_attachments())
    assert file.get_filename() == "lianyi-2026-04.html"
    assert "¥1,500.00" in file.get_content()


def test_after_an_outage_the_report_of_every_month_goes_out(ws: Workspace, server: Server) -> None:
    scheduled(ws, server, "long@tea.test", now=datetime(2026, 3, 20, tzinfo=UTC))
    rounds(ws, AS_OF)
    sent = list(Delivery.objects.order_by("month").values_list("month", "state"))
    assert sent == [(date(2026, 3, 1), "sent"), (date(2026, 4, 1), "sent")]
    assert [mail["Subject"][-7:] for mail in mails(server, "long@tea.test")] == ["2026-03", "2026-04"]
    assert Schedule.objects.get().due_at == datetime(2026, 6, 3, 0, tzinfo=UTC)


def test_saving_the_schedule_loses_no_month(ws: Workspace, server: Server, team: Standing) -> None:
    scheduled(ws, server, "form@tea.test", now=datetime(2026, 4, 20, tzinfo=UTC))

    def saved(day: int, now: datetime = AS_OF) -> datetime | None:
        to = {"form@tea.test": ""}
        return scheduling.change(ws, on=True, day=day, hour=8, channel="mail", to=to, by="olga", now=now).due_at

    assert saved(3) == datetime(2026, 5, 3, 0, tzinfo=UTC), "due for three days: saving it leaves it due"
    assert "One is due" in team.owner.get("/report").content.decode()
    assert saved(10) == datetime(2026, 5, 10, 0, tzinfo=UTC)
    assert saved(4) == datetime(2026, 5, 4, 0, tzinfo=UTC), "moved into the past: April's goes out at once"
    rounds(ws, AS_OF)
    assert Delivery.objects.get().month == APRIL.begins
    assert saved(9) == datetime(2026, 6, 9, 0, tzinfo=UTC), "April's went out: the next one is May's"


def test_what_was_claimed_is_never_claimed_again_by_itself(
    ws: Workspace, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    scheduled(ws, server, "crash@tea.test")
    scheduling.send_now(ws, APRIL, by="olga", now=AS_OF)
    waiting = Delivery.objects.get()

    def die(*_given: Any) -> None:
        raise RuntimeError("the power goes out after the server has taken it")

    with monkeypatch.context() as broken:
        broken.setattr(sending, "end", die)
        with pytest.raises(RuntimeError, match="power"):
            sending.Reports().work(ws, AS_OF, lambda: False)
    assert state("crash@tea.test") == "sending"
    sending.send(ws, waiting, AS_OF)  # another worker, which read the row before it was claimed
    assert not sending.Reports().due(AS_OF + timedelta(days=1))
    assert len(mails(server, "crash@tea.test")) == 1
    with pytest.raises(NotFound, match="at this moment"):
        scheduling.again(waiting.pk, by="olga", now=AS_OF + timedelta(minutes=1))
    assert scheduling.deliveries(AS_OF + timedelta(hours=1))[0]["stuck"]
    scheduling.again(waiting.pk, by="olga", now=AS_OF + timedelta(hours=1))
    rounds(ws, AS_OF + timedelta(hours=1))
    assert len(mails(server, "crash@tea.test")) == 2, "somebody said so"
    assert state("crash@tea.test") == "sent"


def test_refusals_are_tried_again_where_that_helps_and_the_unknown_is_not(ws: Workspace, server: Server) -> None:
    scheduled(ws, server, "busy@tea.test", "nobody@tea.test", "hush@tea.test", "left@tea.test")
    scheduling.send_now(ws, APRIL, by="olga", now=AS_OF)
    User.objects.filter(name="left@tea.test").update(is_active=False)
    rounds(ws, AS_OF)
    assert (state("busy@tea.test"), state("nobody@tea.test"), state("hush@tea.test"), state("left@tea.test")) == (
        "waiting", "failed", "unknown", "failed",
    )  # fmt: skip
    busy = Delivery.objects.get(user__name="busy@tea.test")
    assert (busy.next_at - AS_OF, "450" in busy.reason) == (sending.PAUSE, True)
    for _try in range(sending.TRIES):
        busy.refresh_from_db()
        if sending.Reports().due(busy.next_at):
            rounds(ws, busy.next_at)
    assert (state("busy@tea.test"), Delivery.objects.get(user__name="busy@tea.test").tries) == ("failed", sending.TRIES)
    assert len(mails(server, "hush@tea.test")) == 1
    accounts.turn(accounts.by_name("mail"), on=False, by="olga", now=AS_OF)
    scheduling.again(busy.pk, by="olga", now=AS_OF)
    rounds(ws, AS_OF)
    assert "turned off" in Delivery.objects.get(pk=busy.pk).reason
    assert scheduling.send_now(ws, APRIL, by="olga", now=AS_OF) == 1, "who was refused did not get it yet"
    assert (state("nobody@tea.test"), state("hush@tea.test"), state("left@tea.test")) == (
        "waiting",
        "unknown",
        "failed",
    )


def test_a_month_that_the_tables_do_not_know_whole_waits_for_a_refresh(ws: Workspace, server: Server) -> None:
    scheduled(ws, server, "may@tea.test")
    june = datetime(2026, 6, 1, tzinfo=ZoneInfo("Asia/Shanghai"))
    scheduling.send_now(ws, APRIL.next, by="olga", now=june)
    rounds(ws, june)
    assert Job.objects.get().kind == "refresh"
    found = Delivery.objects.get()
    assert (found.state, found.next_at, found.tries) == ("waiting", june + sending.REFRESHING, 0)
    assert mails(server, "may@tea.test") == []


def test_a_month_that_is_not_over_is_sent_by_no_door_and_asks_for_no_refresh(
    ws: Workspace, team: Standing, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    scheduled(ws, server, "early@tea.test")
    last = datetime(2026, 5, 31, 15, 59, tzinfo=UTC)  # a minute to midnight in Shanghai
    monkeypatch.setattr(queue, "clock", lambda: last)
    page = team.owner.post("/report/2026-05/send")
    assert (page.status_code, "2026-05 is not over yet" in page.content.decode()) == (422, True)
    told = team.owner.post("/api/v1/reports/2026-05/send")
    assert (told.status_code, "2026-05 is not over yet" in told.json()["error"]["message"]) == (422, True)
    run = CliRunner().invoke(command, ["-w", str(ws.folder), "reports", "send", "2026-05"])
    assert (run.exit_code != 0, "2026-05 is not over yet" in run.output) == (True, True)
    assert "Send 2026-04 now" in team.owner.get("/report").content.decode()
    assert not Delivery.objects.exists()
    # rows that stand there nevertheless wait for its end, once
    scheduling.wanted(APRIL.next, last)
    rounds(ws, last)
    assert Delivery.objects.get().next_at == last + timedelta(minutes=1)
    assert not Job.objects.exists()
    assert scheduling.send_now(ws, APRIL.next, by="olga", now=last + timedelta(minutes=1)) == 0, "over, and it waits"
    monkeypatch.setattr(queue, "clock", lambda: datetime(2026, 4, 30, tzinfo=UTC))
    assert "Send 2026-04 now" not in team.owner.get("/report").content.decode(), "no button for what is refused"


def test_an_answer_for_a_claim_that_is_not_ours_any_more_changes_nothing(ws: Workspace, server: Server) -> None:
    scheduled(ws, server, "old@tea.test")
    scheduling.send_now(ws, APRIL, by="olga", now=AS_OF)
    old = Delivery.objects.get()
    Delivery.objects.update(state="sending", tries=2)
    sending.end(old, Outcome(fate=Fate.FAILED, permanent=True), AS_OF)
    assert state("old@tea.test") == "sending"


def test_the_schedule_at_its_doors(ws: Workspace, team: Standing, server: Server) -> None:
    refused = team.owner.post("/report/schedule", {"on": "1", "day": "3", "hour": "8", "channel": "", "to": []})
    assert refused.status_code == 422
    accounts.add("mail", "email", {"host": "127.0.0.1", "port": server.port, "encryption": "none",
                                   "from_address": "lianyi@tea.test"}, by="olga", now=AS_OF)  # fmt: skip
    olga = User.objects.get(name="olga")
    asked = {"on": "1", "day": "5", "hour": "7", "channel": "mail", "to": [str(olga.pk)]}
    assert "is no e-mail address" in team.owner.post("/report/schedule", asked).content.decode()
    assert team.analyst.post("/report/schedule", asked).status_code == 403
    kept = team.owner.post("/report/schedule", {**asked, f"address.{olga.pk}": "olga@tea.test"})
    assert kept.headers["Location"] == "/report"
    page = team.owner.get("/report").content.decode()
    assert "olga@tea.test" in page
    assert "mail" in page
    told = team.owner.get("/api/v1/report-schedule").json()
    assert (told["on"], told["day"], told["hour"], told["to"]) == (
        True, 5, 7, [{"member": "olga", "address": "olga@tea.test", "active": True}],
    )  # fmt: skip
    put = team.owner.put("/api/v1/report-schedule", {"on": False}, content_type="application/json")
    assert (put.json()["on"], put.json()["due_at"], Recipient.objects.count()) == (False, None, 1)
    bad = team.owner.put("/api/v1/report-schedule", {"on": True, "to": ["eve"]}, content_type="application/json")
    assert "signs in as 'eve'" in bad.json()["error"]["message"]
    assert team.owner.post("/report/2026-04/send").headers["Location"] == "/report"
    assert "waits" in team.owner.get("/report").content.decode()
    assert team.owner.post("/api/v1/reports/2026-04/send").json() == {"sending": 0}, "one a month"
    number = Delivery.objects.get().pk
    assert team.owner.post(f"/report/deliveries/{number}/again").status_code == 422
    Delivery.objects.update(state="failed")
    assert team.owner.post(f"/report/deliveries/{number}/again").headers["Location"] == "/report"
    Delivery.objects.update(state="unknown")
    assert team.owner.post(f"/api/v1/report-deliveries/{number}/again").json()["state"] == "waiting"
    acts = set(Act.objects.filter(by="olga").values_list("what", flat=True))
    assert {"report.schedule", "report.send", "report.again"} <= acts
    run = CliRunner().invoke(command, ["-w", str(ws.folder), "reports", "schedule", "--day", "9", "--json"])
    assert json.loads(run.output)["day"] == 9
    Delivery.objects.update(state="failed")
    assert CliRunner().invoke(command, ["-w", str(ws.folder), "reports", "again", str(number)]).exit_code == 0


def test_a_member_whose_name_is_an_address_gets_it_there_and_nowhere_else(ws: Workspace) -> None:
    User.objects.enrol("eve@tea.test", role="owner")
    with pytest.raises(InputError, match="nowhere else"):
        scheduling.change(
            ws, on=False, day=3, hour=8, channel="", to={"eve@tea.test": "x@evil.test"}, by="o", now=AS_OF
        )
    with pytest.raises(InputError, match="1 to 28"):
        scheduling.change(ws, on=False, day=31, hour=8, channel="", to={}, by="o", now=AS_OF)


def test_a_file_can_not_bring_headers_along() -> None:
    told = {"sender": "a@b.cn", "sender_name": "", "to": "c@d.cn", "subject": "s", "text": "t", "html": "",
            "message_id": "1@b.cn", "at": AS_OF}  # fmt: skip
    with pytest.raises(InputError, match="file name"):
        compose(**told, files=[File(name='x"\r\nBcc: e@f.cn', kind="text/html", body=b"")])  # type: ignore[arg-type]
    made = email.message_from_bytes(
        compose(**told, files=[File(name="a.bin", kind="image/png", body=bytes(range(256)))]),  # type: ignore[arg-type]
        policy=email.policy.default,
    )
    (file,) = list(made.iter_attachments())
    assert file.get_content() == bytes(range(256))
