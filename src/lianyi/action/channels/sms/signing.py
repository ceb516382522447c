"""How providers want calls to be signed.

acs3: Aliyun's "V3 版本请求体&签名机制". tc3: Tencent Cloud's "签名方法 v3". Both are hashes over a canonical form of
the call; the tests check them with the examples that the providers print.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import quote


def query_text(query: Mapping[str, object]) -> str:
    """Sorted and escaped as RFC 3986 says, which is how it is signed and how it must be sent."""
    return "&".join(f"{_escaped(name)}={_escaped(str(value))}" for name, value in sorted(query.items()))


def acs3(
    *, access_key: str, secret: str, method: str, host: str, path: str, query: Mapping[str, object], body: bytes,
    action: str, version: str, at: datetime, nonce: str,
) -> dict[str, str]:  # fmt: skip
    """Headers of a call to Aliyun (RPC style: parameters in the query)."""
    headers = {
        "host": host,
        "x-acs-action": action,
        "x-acs-content-sha256": _hash(body),
        "x-acs-date": at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "x-acs-signature-nonce": nonce,
        "x-acs-version": version,
    }
    request, names = _canonical(method, path, query_text(query), headers, body)
    signature = hmac.new(secret.encode(), f"ACS3-HMAC-SHA256\n{_hash(request)}".encode(), hashlib.sha256).hexdigest()
    said = f"ACS3-HMAC-SHA256 Credential={access_key},SignedHeaders={names},Signature={signature}"
    return {**headers, "Authorization": said}


def tc3(
    *, access_key: str, secret: str, method: str, host: str, path: str, query: Mapping[str, object], body: bytes,
    action: str, version: str, service: str, region: str, at: datetime,
) -> dict[str, str]:  # fmt: skip
    """Headers of a call to Tencent Cloud with a body of JSON."""
    signed = {"content-type": "application/json; charset=utf-8", "host": host, "x-tc-action": action.lower()}
    request, names = _canonical(method, path, query_text(query), signed, body)
    day = at.astimezone(UTC).strftime("%Y-%m-%d")
    scope = f"{day}/{service}/tc3_request"
    stamp = str(int(at.timestamp()))
    key = f"TC3{secret}".encode()
    for word in (day, service, "tc3_request"):
        key = hmac.new(key, word.encode(), hashlib.sha256).digest()
    text = "\n".join(("TC3-HMAC-SHA256", stamp, scope, _hash(request)))
    signature = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
    return {
        "Content-Type": signed["content-type"], "Host": host, "X-TC-Action": action, "X-TC-Timestamp": stamp,
        "X-TC-Version": version, "X-TC-Region": region,
        "Authorization": f"TC3-HMAC-SHA256 Credential={access_key}/{scope}, SignedHeaders={names}, "
                         f"Signature={signature}",
    }  # fmt: skip


def _canonical(
    method: str, path: str, query: str, headers: Mapping[str, str], body: bytes
) -> tuple[bytes, str]:  # fmt: skip
    names = ";".join(sorted(headers))
    lines = "".join(f"{name}:{headers[name].strip()}\n" for name in sorted(headers))
    return "\n".join((method, path or "/", query, lines, names, _hash(body))).encode(), names


def _hash(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()


def _escaped(text: str) -> str:
    return quote(text, safe="-_.~")
