"""One's own account: name, language, theme, password."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from lianyi.action.team import audit
from lianyi.action.team.models import User
from lianyi.doors.console.frame import THEMES
from lianyi.doors.console.language import COOKIE
from lianyi.doors.console.pages.signing import PasswordForm
from lianyi.doors.console.rights import member, open_to_members

YEAR = 365 * 24 * 3600


class AccountForm(forms.ModelForm):  # type: ignore[type-arg]  # generic in the stubs only
    """What members change themselves."""

    class Meta:
        model = User
        fields = ("full_name", "language")


class ChangePasswordForm(PasswordForm):
    """A new password, for somebody who knows the old one."""

    old = forms.CharField(
        label=gettext_lazy("Current password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    field_order = ("old", "password")

    def clean_old(self) -> str:
        """The right one."""
        old: str = self.cleaned_data["old"]
        if not self.user.check_password(old):
            raise forms.ValidationError(_("This is not your current password."))
        return old


@open_to_members
@sensitive_post_parameters("old", "password")
@require_http_methods(["GET", "POST"])
def account(request: HttpRequest) -> HttpResponse:
    """Two forms: who I am, and my password."""
    user = member(request)
    which = request.POST.get("form")
    about = AccountForm(request.POST if which == "about" else None, instance=user)
    password = ChangePasswordForm(request.POST if which == "password" else None, user=user)
    if which == "about" and about.is_valid():
        about.save()
        with translation.override(user.language or translation.get_language()):
            messages.success(request, _("Saved."))
        return redirect("account")
    if which == "password" and password.is_valid():
        user.set_password(password.cleaned_data["password"])
        user.save(update_fields=["password"])
        update_session_auth_hash(request, user)  # this session stays; all others end
        audit.note(user, "team.password")
        messages.success(request, _("Your password is changed. Other devices are signed out."))
        return redirect("account")
    context: dict[str, Any] = {"about": about, "password": password}
    return render(request, "account/page.html", context, status=422 if about.errors or password.errors else 200)


def _back(request: HttpRequest) -> HttpResponse:
    wanted = request.POST.get("next", "/")
    return redirect(wanted if url_has_allowed_host_and_scheme(wanted, allowed_hosts=None) else "/")


@login_not_required
@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Keep light, dark or auto in a cookie; the page is drawn right from the first byte."""
    response = _back(request)
    wanted = request.POST.get("theme", "auto")
    if wanted in THEMES:
        response.set_cookie(
            "theme", wanted, max_age=YEAR, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE, httponly=True
        )
    return response


@login_not_required
@require_POST
def set_language(request: HttpRequest) -> HttpResponse:
    """Keep the language, in a cookie for strangers and with the user for members."""
    response = _back(request)
    wanted = request.POST.get("language", "")
    if wanted in dict(settings.LANGUAGES):
        response.set_cookie(
            COOKIE, wanted, max_age=YEAR, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE, httponly=True
        )
        if isinstance(request.user, User):
            User.objects.filter(pk=request.user.pk).update(language=wanted)
    return response
