"""Addresses of the API."""

from __future__ import annotations

from django.http import HttpRequest, JsonResponse
from django.urls import path


def document(_request: HttpRequest) -> JsonResponse:
    return JsonResponse({})


urlpatterns = [path("openapi.json", document, name="api_document")]
