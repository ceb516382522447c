"""The console as an ASGI app. `doors/serve.py` puts the collector before it; `prepare` must have run once."""

from __future__ import annotations

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lianyi.doors.console.settings")
_django = get_asgi_application()

from lianyi.doors.console.assets import Assets  # noqa: E402  # needs Django set up

application = Assets(_django)
