"""What kinds of topics, orders and reasons are called."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from lianyi.action.team.rights import Text

KINDS: Mapping[str, Text] = {
    "theme": _("Themes and needs"),
    "category": _("Categories"),
    "good": _("Goods"),
    "word": _("Rising words"),
}
BURSTS: Mapping[str, Text] = {"group": _("Group"), "theme": _("Theme"), "good": _("Good"), "word": _("Word")}
SORTS: Mapping[str, Text] = {
    "messages": _("Most spoken of"),
    "rising": _("Rising"),
    "bad": _("Bad tone"),
    "complaints": _("Complaints"),
    "diverse": _("Most diverse"),
}
WHYS: Mapping[str, Text] = {
    "advert": _("Advert"),
    "copied": _("Copied"),
    "flood": _("Flood"),
    "sensitive": pgettext_lazy("words", "Sensitive word"),
}
