"""Words for what code calls by short names: kinds of jobs, acts in the audit log, states."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from lianyi.action.team.rights import Text

JOBS: Mapping[str, Text] = {
    "check": _("Checking a file"),
    "import": _("Importing a file"),
    "refresh": _("Refreshing tables"),
    "erase": _("Erasing a person"),
}
JOB_STATES: Mapping[str, Text] = {
    "waiting": _("Waiting"),
    "running": _("Running"),
    "done": _("Done"),
    "failed": _("Failed"),
    "cancelled": _("Cancelled"),
}
LEVELS: Mapping[str, Text] = {
    "none": _("has not bought"),
    "low": _("low consumption"),
    "mid": _("medium consumption"),
    "high": _("high consumption"),
    "top": _("top consumption"),
}
STRENGTHS: Mapping[str, Text] = {
    "strong": _("account"),
    "contact": _("contact"),
    "device": _("device"),
    "name": _("display name"),
}
TAG_SOURCES: Mapping[str, Text] = {
    "rule": _("by a rule"),
    "keyword": _("by what they say"),
    "compound": _("by a combination of tags"),
    "manual": _("by hand"),
}
