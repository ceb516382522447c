"""What states of contacts are called and how they look."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from lianyi.action.team.rights import Text

STATES: Mapping[str, Text] = {
    "waiting": pgettext_lazy("contact", "Waiting"), "held": _("Held for confirmation"), "claimed": _("About to go"),
    "delivering": _("Being sent"), "sent": pgettext_lazy("contact", "Sent"),
    "failed": pgettext_lazy("contact", "Failed"),
    "refused": _("Not sent"), "expired": _("Too late"), "cancelled": pgettext_lazy("contact", "Cancelled"),
    "unknown": _("Outcome unknown"),
}  # fmt: skip
LOOKS: Mapping[str, str] = {
    "waiting": "", "held": "warn", "claimed": "", "delivering": "", "sent": "good", "failed": "bad", "refused": "",
    "expired": "", "cancelled": "", "unknown": "warn",
}  # fmt: skip
