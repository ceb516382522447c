"""What parts, roles and kinds of links are called on the pages of groups."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from lianyi.action.team.rights import Text
from lianyi.doors.console.pages.communities.words import PARTS as SHARED
from lianyi.doors.console.pages.communities.words import PARTS_SAY, VERDICTS

__all__ = ["FIXES", "HOWS", "PARTS_SAY", "ROLES", "SORTS", "VERDICTS"]

FIXES: Mapping[str, Text] = {**SHARED, "quiet": _("Hardly anybody speaks"), "churn": _("People leave")}
ROLES: Mapping[str, Text] = {
    "staff": _("Staff"),
    "core": _("Core"),
    "answerer": _("Answerer"),
    "newcomer": _("Newcomer"),
    "member": _("Member"),
    "silent": _("Silent"),
}
SORTS: Mapping[str, Text] = {
    "fix": _("What to fix first"),
    "members": _("Members"),
    "messages": _("Messages"),
    "unanswered": _("Unanswered questions"),
    "churn": _("Who leaves"),
    "value": _("Net spend"),
}
HOWS: Mapping[str, Text] = {
    "declared": pgettext_lazy("reply", "declared"),
    "guessed": pgettext_lazy("reply", "guessed"),
    "opens": pgettext_lazy("reply", "opens"),
}
