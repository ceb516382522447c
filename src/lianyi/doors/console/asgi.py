"""The console as an ASGI app. `doors/serve.py` puts the collector before it; `prepare` must have run once."""

from __future__ import annotations

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lianyi.doors.console.settings")
_django = get_asgi_application()

from django.urls import get_resolver  # noqa: E402  # needs Django set up

from lianyi.doors.console.assets import Assets, assets  # noqa: E402
from lianyi.doors.console.bodies import Bounded, limit_of  # noqa: E402
from lianyi.doors.console.start import warm_up  # noqa: E402

get_resolver().check()  # imports all pages now rather than with the first visitor
assets()
warm_up()
application = Bounded(app=Assets(_django), limit=limit_of)
