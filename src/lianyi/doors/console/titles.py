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
