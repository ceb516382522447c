"""The bridge to Apprise's services, by the one that calls an address with JSON."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from lianyi.action.channels import accounts, checking
from lianyi.action.channels.contract import Fate, Message
from lianyi.errors import InputError
from tests.action.channels.servers import Receiver, delivered

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
# Apprise looks whether the standard library still has what it once used.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def test_a_message_goes_through_the_bridge(http: Receiver) -> None:
    url = http.url.replace("http://", "json://")
    made = accounts.add("team", "apprise", {"service": f"{url}/in"}, by="olga", now=NOW)
    message = Message(key="k", to="team", subject="Alert", text="你好")
    assert delivered("apprise", "team", message)[0].fate is Fate.SENT
    call = json.loads(http.calls("/in")[0].body)
    assert (call["title"], call["message"]) == ("Alert", "你好")
    assert [one.ok for one in checking.check(made, by="olga", now=NOW)] == [True]
    assert accounts.address_of("team", ["user:1"]) == "team"
    accounts.change(made, {"service": f"{url}/status/500"}, by="olga", now=NOW)
    outcome = delivered("apprise", "team", message)[0]
    assert (outcome.fate, outcome.permanent) == (Fate.FAILED, False)
    assert "500" in outcome.reason


def test_an_address_that_apprise_does_not_know(http: Receiver) -> None:
    with pytest.raises(InputError, match="service: write an address of Apprise"):
        accounts.add("team", "apprise", {"service": "hello"}, by="olga", now=NOW)
    made = accounts.add("team", "apprise", {"service": "pigeon://roof"}, by="olga", now=NOW)
    found = checking.check(made, by="olga", now=NOW)
    assert [(one.step, one.ok) for one in found] == [("settings", False)]
    assert "knows no service" in str(found[0])
