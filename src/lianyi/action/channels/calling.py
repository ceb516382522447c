"""Calls of providers over HTTP: what was answered, or whether a call that broke may have been heard."""

from __future__ import annotations

import email.utils
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx

from lianyi.action.channels.contract import Fate, Outcome

TIMEOUT = httpx.Timeout(20.0, connect=10.0, pool=60.0)
# No answer of a provider that we have to understand is longer.
LARGEST = 1 << 20
# Whether trying the same call again can help. 401 and 403 can be mended in the account, so they are not here.
HOPELESS = frozenset({400, 404, 405, 406, 410, 411, 413, 414, 415, 422})


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the other side said."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def data(self) -> Any:
        """The body as JSON; None where it is none."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None

    @property
    def fields(self) -> dict[str, Any]:
        """The body's object; empty where it is none."""
        data = self.data
        return data if isinstance(data, dict) else {}

    @property
    def retry_after(self) -> float | None:
        """Seconds that a Retry-After header asks for (a number, or a date)."""
        value = self.headers.get("retry-after", "").strip()
        if value.isdecimal():
            return float(value[:9])
        try:
            return max(0.0, (email.utils.parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
        except (ValueError, TypeError):
            return None


class Broken(Exception):
    """No answer came. given: the call may have been heard."""

    def __init__(self, reason: str, *, given: bool) -> None:
        super().__init__(reason)
        self.given = given

    def outcome(self) -> Outcome:
        """Of the message that the call was about."""
        return Outcome(fate=Fate.UNKNOWN if self.given else Fate.FAILED, reason=str(self))


def client(*, at_once: int = 100, **more: Any) -> httpx.AsyncClient:
    """For one provider: connections are kept, redirects are not followed. A proxy of the environment is used."""
    limits = httpx.Limits(max_connections=at_once, max_keepalive_connections=at_once)
    return httpx.AsyncClient(timeout=TIMEOUT, limits=limits, follow_redirects=False, **more)


async def call(
    http: httpx.AsyncClient, method: str, url: str, *, content: bytes | None = None,
    headers: Mapping[str, str] | None = None, data: Any = None, extensions: Mapping[str, Any] | None = None,
) -> Answer:  # fmt: skip
    """One call. Broken where no answer came. data: sent as JSON."""
    said = dict(headers or {})
    if data is not None:
        content = json.dumps(data, ensure_ascii=False).encode("utf-8", "replace")
        said.setdefault("Content-Type", "application/json; charset=utf-8")
    try:
        async with http.stream(method, url, content=content, headers=said, extensions=extensions) as response:
            body = b""
            async for part in response.aiter_bytes():
                body += part
                if len(body) > LARGEST:
                    break
            return Answer(status=response.status_code, headers=response.headers, body=body)
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError) as error:
        raise Broken(f"no connection: {error or type(error).__name__}", given=False) from error
    except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
        raise Broken(f"{url.partition('?')[0][:80]!r} can't be called: {error}", given=False) from error
    except httpx.RequestError as error:  # also an answer that can't be unpacked
        raise Broken(f"the connection broke: {error or type(error).__name__}", given=True) from error


def failed(reason: str, *, permanent: bool = False, retry_after: float | None = None) -> Outcome:
    """A refusal in the provider's words."""
    return Outcome(fate=Fate.FAILED, reason=reason[:300], permanent=permanent, retry_after=retry_after)
