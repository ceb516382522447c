"""Providers as their documentation describes them, in a process of their own: `python -m … FOLDER`.

Aliyun and Tencent Cloud SMS check the signature of each call with code of their own here (not with ours); WeCom and the
official account hand out tokens, refuse dead ones, keep tasks and wait for staff. FOLDER/state.json is what a test sets
(see `Rules`); FOLDER/kept holds what was taken.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import sys
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, parse_qsl, quote, urlsplit

from lianyi.world.wecom.messages import Messages

FOLDER = Path(sys.argv[1]) if len(sys.argv) > 1 else Path()
LOCK = threading.RLock()
KEY, SECRET = "AKIDtest", "s3cret-of-sms"
CORP, APP_SECRET, APP_ID = "wwcorp", "app-secret", "wxapp"

# The token in force, and how many were fetched.
PLATFORM: dict[str, Any] = {"token": "", "fetched": 0}
# Two lines a page, so that cursors are used.
MESSAGES = Messages(page=2)


def rules() -> dict[str, Any]:
    """What the test wants: answers by phone (sms), busy (how many calls get -1), die (the token is dead once), contacts
    (customer → member), gone, capped (customers)."""
    path = FOLDER / "state.json"
    return json.loads(path.read_text()) if path.exists() else {}


def used(name: str) -> bool:
    """Take one of a number that the test allowed, e.g. of busy answers."""
    said = rules()
    if said.get(name, 0) <= 0:
        return False
    said[name] -= 1
    (FOLDER / "state.json").write_text(json.dumps(said))
    return True


def keep(what: str, data: Any) -> None:
    number = len(list((FOLDER / "kept").iterdir())) + 1
    (FOLDER / "kept" / f"{number:06}.json").write_text(json.dumps({"what": what, "data": data}))


class Platforms(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        with LOCK:
            status, answer = self._answer(urlsplit(self.path), body)
        if answer is None:
            self.close_connection = True
            self.connection.close()
            return
        raw = json.dumps(answer, ensure_ascii=False).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    do_GET = do_POST  # noqa: N815

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Says nothing."""

    def _answer(self, url: Any, body: bytes) -> tuple[int, dict[str, Any] | None]:
        if self.headers.get("x-acs-action"):
            return self._aliyun(url, body)
        if self.headers.get("X-TC-Action"):
            return self._tencent(body)
        if url.path.startswith("/cgi-bin/"):
            return 200, self._platform(url, body)
        keep(
            url.path,
            {"query": dict(parse_qsl(url.query)), "body": body.decode(), "headers": dict(self.headers.items())},
        )
        return 200, rules().get(url.path, {"code": 0, "id": "own-1"})

    # --- SMS ----------------------------------------------------------------------------------------------------

    def _aliyun(self, url: Any, body: bytes) -> tuple[int, dict[str, Any] | None]:
        said = self.headers["Authorization"]
        names = said.split("SignedHeaders=")[1].split(",")[0].split(";")
        query = "&".join(f"{quote(k, safe='-_.~')}={quote(v, safe='-_.~')}"
                         for k, v in sorted(parse_qsl(url.query, keep_blank_values=True)))  # fmt: skip
        lines = "".join(f"{name}:{self.headers[name].strip()}\n" for name in names)
        request = "\n".join(
            [self.command, url.path or "/", query, lines, ";".join(names), hashlib.sha256(body).hexdigest()]
        )
        text = "ACS3-HMAC-SHA256\n" + hashlib.sha256(request.encode()).hexdigest()
        right = hmac.new(SECRET.encode(), text.encode(), hashlib.sha256).hexdigest()
        if f"Credential={KEY}," not in said or not said.endswith(f"Signature={right}"):
            return 400, {"Code": "SignatureDoesNotMatch", "Message": "Specified signature is not matched"}
        if {
            "host",
            "x-acs-action",
            "x-acs-content-sha256",
            "x-acs-date",
            "x-acs-signature-nonce",
            "x-acs-version",
        } - set(names):
            return 400, {"Code": "IncompleteSignature", "Message": "headers are missing"}
        given = dict(parse_qsl(url.query))
        code = rules().get("sms", {}).get(given.get("PhoneNumbers"), "OK")
        if code == "cut":
            return 200, None
        if code == "OK":
            keep("aliyun", given)
            return 200, {"Code": "OK", "Message": "OK", "BizId": "9006197469364984400", "RequestId": "F655"}
        return (503 if code.startswith("Throttling") else 200), {
            "Code": code,
            "Message": f"no: {given['PhoneNumbers']}",
        }

    def _tencent(self, body: bytes) -> tuple[int, dict[str, Any] | None]:
        said, stamp = self.headers["Authorization"], self.headers["X-TC-Timestamp"]
        names = said.split("SignedHeaders=")[1].split(",")[0].split(";")
        day = time.strftime("%Y-%m-%d", time.gmtime(int(stamp)))
        lines = ""
        for name in names:
            value = self.headers[name].strip()
            lines += f"{name}:{value.lower() if name == 'x-tc-action' else value}\n"
        request = "\n".join([self.command, "/", "", lines, ";".join(names), hashlib.sha256(body).hexdigest()])
        text = f"TC3-HMAC-SHA256\n{stamp}\n{day}/sms/tc3_request\n" + hashlib.sha256(request.encode()).hexdigest()
        key = ("TC3" + SECRET).encode()
        for word in (day, "sms", "tc3_request"):
            key = hmac.new(key, word.encode(), hashlib.sha256).digest()
        right = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()

        def no(code: str, message: str = "refused") -> tuple[int, dict[str, Any]]:
            return 200, {"Response": {"Error": {"Code": code, "Message": message}, "RequestId": "1"}}

        if abs(time.time() - int(stamp)) > 300:
            return no("AuthFailure.SignatureExpire")
        if f"Credential={KEY}/{day}/sms/tc3_request" not in said or not said.endswith(f"Signature={right}"):
            return no("AuthFailure.SignatureFailure")
        if not self.headers.get("X-TC-Version") or not self.headers.get("X-TC-Region"):
            return no("MissingParameter")
        given = json.loads(body)
        phone = given["PhoneNumberSet"][0]
        code = rules().get("sms", {}).get(phone, "Ok")
        if code == "Ok":
            keep("tencent", given)
        elif code.startswith("RequestLimit"):
            return no(code)
        status = {"SerialNo": "5000:1045", "PhoneNumber": phone, "Fee": 1, "Code": code, "Message": f"about {phone}"}
        return 200, {"Response": {"SendStatusSet": [status], "RequestId": "1"}}

    # --- WeCom, official account --------------------------------------------------------------------------------

    def _platform(self, url: Any, body: bytes) -> dict[str, Any] | None:
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        data = json.loads(body) if body else {}
        path = url.path.removeprefix("/cgi-bin/")
        if path == "gettoken":
            return self._token(right=(query.get("corpid"), query.get("corpsecret")) == (CORP, APP_SECRET))
        if path == "stable_token":
            right = (data.get("appid"), data.get("secret"), data.get("grant_type"))
            return self._token(right=right == (APP_ID, APP_SECRET, "client_credential"))
        if used("busy"):
            return {"errcode": -1, "errmsg": "system busy"}
        if used("die"):
            PLATFORM["token"] = ""
        if not PLATFORM["token"] or query.get("access_token") != PLATFORM["token"]:
            return {"errcode": 42001, "errmsg": "access_token expired"}
        if used("broken"):
            return None
        code = rules().get("errcode", 0)
        if code:
            return {"errcode": code, "errmsg": f"not allowed, hint: [1700000000], more info at {url.path}"}
        return _CALLS[path](data)

    def _token(self, *, right: bool) -> dict[str, Any]:
        if not right:
            return {"errcode": 40001, "errmsg": "invalid credential"}
        PLATFORM["fetched"] += 1
        PLATFORM["token"] = PLATFORM["token"] or f"token-{PLATFORM['fetched']}"
        (FOLDER / "fetched").write_text(str(PLATFORM["fetched"]))
        return {"errcode": 0, "errmsg": "ok", "access_token": PLATFORM["token"], "expires_in": 7200}


def _wecom(path: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """What `lianyi simulate wecom` answers, with what the test set; what it takes is kept for the test."""

    def answer(data: dict[str, Any]) -> dict[str, Any]:
        said = rules()
        MESSAGES.confirmed = said.get("confirmed", {})
        MESSAGES.gone, MESSAGES.capped = set(said.get("gone", [])), set(said.get("capped", []))
        contacts = [(member, customer) for customer, member in said.get("contacts", {}).items()]
        taken = MESSAGES.answer(path, data, now=int(time.time()), contacts=contacts)
        assert taken["errcode"] not in {40058, 40066}, taken
        for what, one in MESSAGES.taken:
            keep(what, one)
        MESSAGES.taken.clear()
        return taken

    return answer


def _custom(data: dict[str, Any]) -> dict[str, Any]:
    assert data[data["msgtype"]]
    if data["touser"] in rules().get("closed", []):
        return {"errcode": 45015, "errmsg": "response out of time limit or subscription is canceled"}
    keep("custom", data)
    return {"errcode": 0, "errmsg": "ok"}


_CALLS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    **{path: _wecom(path) for path in (
        "agent/get", "message/send", "externalcontact/add_msg_template", "externalcontact/get_groupmsg_task",
        "externalcontact/get_groupmsg_send_result", "externalcontact/get_groupmsg_list_v2",
        "externalcontact/send_welcome_msg",
    )},
    "message/custom/send": _custom,
    "openapi/quota/get": lambda _data: {"errcode": 0, "errmsg": "ok"},
    "externalcontact/get_follow_user_list": lambda _data: {"errcode": 0, "errmsg": "ok", "follow_user": ["zhang"]},
    "externalcontact/groupchat/list": lambda _data: {"errcode": 0, "errmsg": "ok", "group_chat_list": []},
}  # fmt: skip


if __name__ == "__main__":
    (FOLDER / "kept").mkdir(exist_ok=True)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Platforms)
    server.daemon_threads = True
    print(server.server_address[1], flush=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.read()
