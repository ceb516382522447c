"""All addresses of the console."""

from __future__ import annotations

from django.urls import include, path

from lianyi.doors.console.pages import account, components, errors, signing
from lianyi.doors.console.pages.overview.views import overview
from lianyi.doors.console.pages.people.views import export, people

urlpatterns = [
    path("", overview, name="overview"),
    path("start", signing.first_run, name="first_run"),
    path("login", signing.login, name="login"),
    path("logout", signing.logout, name="logout"),
    path("join/<int:user_id>/<str:token>", signing.join, name="join"),
    path("account", account.account, name="account"),
    path("account/theme", account.theme, name="theme"),
    path("language", account.set_language, name="set_language"),
    path("components", components.components, name="components"),
]
handler400 = errors.bad_request
handler403 = errors.forbidden
handler404 = errors.not_found
handler500 = errors.broken
