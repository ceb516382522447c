"""What kinds, ends and steps of the inbox are called, and how much time is left."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from lianyi.action.team.rights import Text

KINDS: Mapping[str, Text] = {
    "message": _("Message to us"), "complaint": _("Complaint"), "question": _("Question"), "burst": _("Burst"),
    "sensitive": _("Sensitive word"), "moderation": pgettext_lazy("inbox", "Moderation"),
}  # fmt: skip
STATES: Mapping[str, Text] = {
    "open": _("Waiting"), "snoozed": _("Put off"), "closed": pgettext_lazy("inbox", "Finished"),
}  # fmt: skip
HOWS: Mapping[str, Text] = {
    "answered": pgettext_lazy("inbox", "answered"), "done": pgettext_lazy("inbox", "finished"),
    "decided": _("decided"), "gone": pgettext_lazy("inbox", "taken back"), "over": _("over by itself"),
}  # fmt: skip
STEPS: Mapping[str, Text] = {
    "said": _("said further"), "reply": pgettext_lazy("inbox", "Answer"), "note": _("Note for the team"),
    "assign": _("given to"), "snooze": _("put off until"), "close": pgettext_lazy("inbox", "finished"),
    "reopen": _("opened again"),
}  # fmt: skip
FATES: Mapping[str, Text] = {
    "sent": _("sent"), "dry": _("kept only: the group is not live"), "failed": _("failed"),
    "unknown": _("unknown whether it went"), "sending": _("is being sent"),
}  # fmt: skip
DAYS: Mapping[int, Text] = {
    1: _("Mon"), 2: _("Tue"), 3: _("Wed"), 4: _("Thu"), 5: _("Fri"), 6: _("Sat"), 7: _("Sun"),
}  # fmt: skip
HOUR, DAY = 120, 2_880


def left(minutes: int | None) -> str:
    """ "25 min left", "3 h late"; "" without a target."""
    if minutes is None:
        return ""
    much = abs(minutes)
    if much < HOUR:
        words = gettext("%(n)d min late") if minutes < 0 else gettext("%(n)d min left")
        return words % {"n": much}
    if much < DAY:
        words = gettext("%(n)d h late") if minutes < 0 else gettext("%(n)d h left")
        return words % {"n": much // 60}
    words = gettext("%(n)d days late") if minutes < 0 else gettext("%(n)d days left")
    return words % {"n": much // 1_440}
