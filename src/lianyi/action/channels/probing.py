"""The self-check of WeCom and the official account: is the platform reached, does it know us, may we ask, is it right.

A probe asks something that changes nothing. An answer that says no is looked up in the table of the platform's faults.
"""

from __future__ import annotations

import email.utils
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any

from django.utils.translation import gettext_noop as _

from lianyi.action.channels import reaching
from lianyi.action.channels.faults import CLOCK, Fault
from lianyi.action.channels.kinds import Finding
from lianyi.action.channels.wechat_platform import Platform, Said

# A clock that is off by more makes signatures and windows of platforms fail.
SKEW_SECONDS = 120
ADDRESS = re.compile(r"from ip:? ?([0-9a-fA-F.:]{7,45})")
RIGHT = {
    "login": _("The platform knows the account and lets this server call."),
    "mass": _("The app may make mass messages."),
    "groups": _("The app may read customer groups."),
}


@dataclass(frozen=True, kw_only=True)
class Probe:
    """One question. judge: what an answer without error shows to be wrong all the same."""

    path: str
    data: dict[str, Any] = field(default_factory=dict)
    method: str = "POST"
    step: str = "login"
    judge: Callable[[Mapping[str, Any]], Sequence[Finding]] = lambda _said: ()


async def examined(platform: Platform, probes: Sequence[Probe], faults: Mapping[int, Fault]) -> list[Finding]:
    """All that is wrong, as far as one can ask; the platform is closed."""
    return await reaching.looked(platform.url, partial(_probed, platform, probes, faults), platform.close)


async def _probed(
    platform: Platform, probes: Sequence[Probe], faults: Mapping[int, Fault], found: list[Finding]
) -> None:
    for number, probe in enumerate(probes):
        said = await platform.ask(probe.method, probe.path, probe.data)
        if number == 0:
            found += skewed(said.date)
        if said.code:
            found.append(refused(said, probe.step, faults))
            if found[-1].setting != "permission":  # what is asked next would be refused alike
                return
        else:
            found.append(Finding(step=probe.step, ok=True, says=RIGHT[probe.step]))
            found += probe.judge(said.data)


def refused(said: Said, step: str, faults: Mapping[int, Fault]) -> Finding:
    """What an error code means."""
    error = f"{said.code} {said.text}".partition(", hint:")[0][:200]
    fault = faults.get(said.code)
    if fault is None:
        return Finding(step=step, ok=False, says=_("The platform refuses: {error}."), values={"error": error})
    address = ADDRESS.search(said.text)
    return fault.finding(step, {"error": error, "address": address[1] if address else "—"})


def skewed(date: str) -> list[Finding]:
    """Whether this server's clock and the other side's, by its header Date, differ too much; [] where it says none."""
    try:
        there = email.utils.parsedate_to_datetime(date)
    except (ValueError, TypeError):
        return []
    seconds = abs(round((datetime.now(UTC) - there).total_seconds()))
    return [CLOCK.finding("clock", {"seconds": str(seconds)})] if seconds > SKEW_SECONDS else []
