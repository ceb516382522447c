"""Addresses of the API."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.urls import path, re_path

from lianyi.doors.api import (
    audiences,
    campaigns,
    channels,
    codes,
    communities,
    connectors,
    contacts,
    content,
    data,
    demand,
    experiments,
    forecasts,
    groups,
    inbox,
    influence,
    jobs,
    journeys,
    ledger,
    listening,
    offers,
    operation,
    people,
    picture,
    plans,
    reports,
    rewards,
    ripples,
    signups,
    sops,
    team,
    touches,
    value,
)
from lianyi.doors.api.document import document
from lianyi.doors.api.endpoint import answered

APIS = (
    people.api, audiences.api,
    communities.api, groups.api, listening.api, operation.api, sops.api, signups.api, inbox.api,
    jobs.api, data.api, demand.api, forecasts.api, influence.api, plans.api, ripples.api,
    team.api,
    content.api, codes.api, rewards.api, offers.api, channels.api, connectors.api,
    journeys.api, campaigns.api, contacts.api,
    ledger.api, picture.api, reports.api,
    value.api, experiments.api, touches.api,
)  # fmt: skip


@login_not_required
def openapi(_request: HttpRequest) -> HttpResponse:
    """The OpenAPI document; open to all, for it holds nothing of the brand."""
    return answered(document([endpoint for api in APIS for endpoint in api.endpoints]))


@login_not_required
def nothing(_request: HttpRequest) -> HttpResponse:
    """404 as JSON for any other address."""
    message = "there is no such endpoint; /api/v1/openapi.json lists all"
    return answered({"error": {"status": 404, "message": message}}, status=404)


urlpatterns = [
    path("openapi.json", openapi, name="api_document"),
    *(pattern for api in APIS for pattern in api.urls()),
    re_path("", nothing, name="api_nothing"),
]
