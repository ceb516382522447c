"""The OpenAPI document, made from the endpoints themselves, so that it can't lag behind them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import lianyi
from lianyi.doors.api.endpoint import Endpoint, Parameter

_TYPES = {"int": "integer", "str": "string", "path": "string", "uuid": "string"}


def document(endpoints: Sequence[Endpoint]) -> dict[str, Any]:
    """OpenAPI 3.1."""
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in endpoints:
        route = "/" + re.sub(r"<\w+:(\w+)>", r"{\1}", endpoint.path)
        paths.setdefault(route, {})[endpoint.method.lower()] = _operation(endpoint)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Lianyi",
            "version": lianyi.__version__,
            "description": "What the console does, by the same functions underneath.",
        },
        "servers": [{"url": "/api/v1"}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": {"Error": _ERROR},
        },
    }


_ERROR = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {"type": "object", "properties": {"status": {"type": "integer"}, "message": {"type": "string"}}}
    },
}


def _operation(endpoint: Endpoint) -> dict[str, Any]:
    error = {
        "description": "what was wrong and what to do",
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
    }
    said: dict[str, Any] = {
        "operationId": f"{endpoint.method.lower()}_{endpoint.view.__name__}",
        "summary": endpoint.says,
        "description": (endpoint.view.__doc__ or "")
        + (f" Needs the right {endpoint.right}." if endpoint.right else ""),
        "parameters": [*_in_path(endpoint.path), *(_in_query(one) for one in endpoint.query)],
        "responses": {
            str(endpoint.status): {
                "description": "success",
                "content": {"application/json": {"schema": {"type": "object"}}},
            },
            "default": error,
        },
    }
    if endpoint.body or endpoint.upload:
        kind = "multipart/form-data" if endpoint.upload else "application/json"
        said["requestBody"] = {"content": {kind: {"schema": _object(endpoint)}}}
    return said


def _in_path(route: str) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": _TYPES[kind]}}
        for kind, name in re.findall(r"<(\w+):(\w+)>", route)
    ]


def _in_query(one: Parameter) -> dict[str, Any]:
    return {"name": one.name, "in": "query", "required": one.required, "description": one.says, "schema": _schema(one)}


def _schema(one: Parameter) -> dict[str, Any]:
    return {"type": "array", "items": {}} if one.type == "array" else {"type": one.type}


def _object(endpoint: Endpoint) -> dict[str, Any]:
    fields = {one.name: {**_schema(one), "description": one.says} for one in endpoint.body}
    if endpoint.upload:
        fields["file"] = {"type": "string", "format": "binary"}
    needed = [one.name for one in endpoint.body if one.required] + (["file"] if endpoint.upload else [])
    return {"type": "object", "properties": fields, "required": needed}
