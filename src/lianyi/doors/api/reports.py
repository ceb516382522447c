"""The owner's monthly report by API: months, one report as data or as one HTML file, who gets it by e-mail."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse

from lianyi import report as reports
from lianyi.action.reports import scheduling
from lianyi.action.work import queue
from lianyi.doors.api.endpoint import Api, ApiError, Parameter, body_of, built, text_of, user_of
from lianyi.doors.console.brand import workspace
from lianyi.doors.console.pages.report.showing import LANGUAGES, as_file

api = Api()


@api.add("GET", "reports", right="people.see", says="Months of which there is a report, the latest first.")
def months(_request: HttpRequest) -> dict[str, Any]:
    """The last may still run; `latest` is the last that is over."""
    ws = built("days")
    return {
        "as_of": ws.states()["days"].as_of, "latest": str(reports.latest(ws)),
        "months": [str(month) for month in reports.months(ws)],
    }  # fmt: skip


@api.add("GET", "reports/<str:month>", right="people.see", query=(
    Parameter(name="html", says="a language, zh-hans or en: one HTML file that can be kept and printed"),
), says="One month: money, people, what campaigns truly brought, effects, communities, ripples, what to do next; each "
        "part with its moment and how it is made.")  # fmt: skip
def one_month(request: HttpRequest, month: str) -> Any:
    """Amounts are texts; what is not known is null."""
    language = request.GET.get("html", "")
    if language and language not in LANGUAGES:
        raise ApiError(422, f"html: {language[:40]!r} is none of {', '.join(LANGUAGES)}")
    found = reports.report(built("days"), reports.month(month))
    if language:
        return HttpResponse(as_file(found, language), content_type="text/html; charset=utf-8")
    return found.data()


@api.add(
    "GET",
    "report-schedule",
    right="people.see",
    says="Who gets the monthly report by e-mail and when, and what was sent.",
)
def schedule(_request: HttpRequest) -> dict[str, Any]:
    """`stuck`: claimed by a process that is gone, so nobody knows whether it went; it is not sent again by itself."""
    return {**scheduling.described(workspace()), "deliveries": scheduling.deliveries(queue.clock())}


@api.add("PUT", "report-schedule", right="reports.send", says="Set who gets the monthly report and when.", body=(
    Parameter(name="on", says="whether it is sent", type="boolean", required=True),
    Parameter(name="day", says="of the month after, 1 to 28", type="integer"),
    Parameter(name="hour", says="0 to 23, in the brand's time zone", type="integer"),
    Parameter(name="channel", says="an e-mail channel"),
    Parameter(name="to", says="sign-in names of members, or name=address", type="array"),
))  # fmt: skip
def set_schedule(request: HttpRequest) -> dict[str, Any]:
    """What is left out stays as it is."""
    data, kept = body_of(request), scheduling.schedule()
    if not isinstance(data.get("on"), bool):
        raise ApiError(422, "on: write true or false")
    day, hour, to = data.get("day", kept.day), data.get("hour", kept.hour), data.get("to")
    if not all(isinstance(one, int) and not isinstance(one, bool) for one in (day, hour)):
        raise ApiError(422, "day, hour: write whole numbers")
    if to is not None and not (isinstance(to, list) and all(isinstance(one, str) for one in to)):
        raise ApiError(422, "to: write a list of sign-in names, or name=address")
    scheduling.change(
        workspace(), on=data["on"], day=day, hour=hour,
        channel=text_of(data, "channel") if "channel" in data else kept.channel,
        to=scheduling.kept() if to is None else scheduling.parted(to), by=user_of(request), now=queue.clock(),
    )  # fmt: skip
    return {**scheduling.described(workspace()), "deliveries": scheduling.deliveries(queue.clock())}


@api.add("POST", "reports/<str:month>/send", right="reports.send",
         says="Send a month that is over to all who get it and did not get this one yet.")  # fmt: skip
def send(request: HttpRequest, month: str) -> dict[str, Any]:
    """They go out within seconds where the server runs."""
    ws = built("days")
    found = reports.report(ws, reports.month(month))
    return {"sending": scheduling.send_now(ws, found.month, by=user_of(request), now=queue.clock())}


@api.add("POST", "report-deliveries/<int:number>/again", right="reports.send",
         says="Have one tried again that failed, or of which nobody knows whether it went.")  # fmt: skip
def again(request: HttpRequest, number: int) -> dict[str, Any]:
    """Who asks says that a second mail does no harm."""
    found = scheduling.again(number, by=user_of(request), now=queue.clock())
    return {"id": found.pk, "month": f"{found.month:%Y-%m}", "member": found.user.name, "state": found.state}
