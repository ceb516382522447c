"""Coming in: the first owner, signing in and out, joining by invitation."""

from __future__ import annotations

import math
import secrets
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth import login as start_session
from django.contrib.auth import logout as end_session
from django.contrib.auth import password_validation
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from lianyi.action.team import audit, invitations
from lianyi.action.team.models import User
from lianyi.action.team.signing_in import sign_in
from lianyi.doors.console.pages.errors import not_found
from lianyi.doors.console.start import first_run_code


class LoginForm(forms.Form):
    """Name and password."""

    name = forms.CharField(
        label=gettext_lazy("Sign-in name"),
        max_length=100,
        widget=forms.TextInput(
            attrs={"autocomplete": "username", "autofocus": True, "autocapitalize": "none", "spellcheck": "false"}
        ),
    )
    password = forms.CharField(
        label=gettext_lazy("Password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )


class PasswordForm(forms.Form):
    """A new password for a user who is known."""

    password = forms.CharField(
        label=gettext_lazy("Password"),
        strip=False,
        help_text=gettext_lazy("At least 10 characters."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_password(self) -> str:
        """Long enough, not a common one, not the name."""
        password: str = self.cleaned_data["password"]
        password_validation.validate_password(password, self.user)
        return password


class OwnerForm(forms.Form):
    """The first user."""

    full_name = forms.CharField(
        label=gettext_lazy("Your name"),
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "name", "autofocus": True}),
    )
    name = forms.RegexField(
        r"^\S+$",
        label=gettext_lazy("Sign-in name"),
        max_length=100,
        help_text=gettext_lazy("An e-mail address or any short name without spaces."),
        error_messages={"invalid": gettext_lazy("A sign-in name has no spaces.")},
        widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}),
    )
    password = forms.CharField(
        label=gettext_lazy("Password"),
        strip=False,
        help_text=gettext_lazy("At least 10 characters."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    code = forms.CharField(
        label=gettext_lazy("First-run code"),
        help_text=gettext_lazy("Shown in the terminal where the server was started."),
    )

    def __init__(self, *args: Any, code: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.expected = code

    def clean_code(self) -> str:
        """Right, or an error; compared in constant time."""
        code: str = self.cleaned_data["code"]
        if not secrets.compare_digest(code.strip().encode(), self.expected.encode()):
            raise forms.ValidationError(_("This is not the code from the terminal."))
        return code

    def clean(self) -> dict[str, Any]:
        """Check the password against the names given."""
        data = super().clean() or {}
        if "password" in data:
            try:
                password_validation.validate_password(
                    data["password"], User(name=data.get("name", ""), full_name=data.get("full_name", ""))
                )
            except forms.ValidationError as error:
                self.add_error("password", error)
        return data


@login_not_required
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def first_run(request: HttpRequest) -> HttpResponse:
    """Make the owner. The code in the terminal is needed, so that no stranger can be first; what seems to come from
    this machine may have come through a proxy."""
    code = first_run_code(settings.WORKSPACE)
    if code is None:
        return redirect("login")
    form = OwnerForm(request.POST or None, code=code, initial={"code": request.GET.get("code", "")})
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        user = User.objects.enrol(data["name"], role="owner", password=data["password"], full_name=data["full_name"])
        first_run_code(settings.WORKSPACE)  # there is an owner now: the code goes
        audit.note(user, "team.first_run")
        start_session(request, user)
        return redirect("overview")
    return render(request, "signing/first_run.html", {"form": form}, status=422 if form.errors else 200)


@login_not_required
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def login(request: HttpRequest) -> HttpResponse:
    """Sign in; too many failures make one wait."""
    if request.user.is_authenticated:
        return redirect("overview")
    form = LoginForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        address = str(request.META.get("REMOTE_ADDR", ""))
        outcome = sign_in(**form.cleaned_data, address=address, now=timezone.now())
        if outcome.user:
            start_session(request, outcome.user)
            audit.note(outcome.user, "sign_in", address)
            return redirect(_next(request))
        form.add_error(
            None, _wait_text(outcome.wait.total_seconds()) if outcome.wait else _("Name or password is wrong.")
        )
    return render(
        request, "signing/login.html", {"form": form, "next": _next(request)}, status=422 if form.errors else 200
    )


def _wait_text(seconds: float) -> str:
    minutes = max(1, math.ceil(seconds / 60))
    said = ngettext(
        "Too many failed tries. Try again in %(n)d minute.",
        "Too many failed tries. Try again in %(n)d minutes.",
        minutes,
    )
    return said % {"n": minutes}


def _next(request: HttpRequest) -> str:
    """Where to go after signing in: only ever an address of our own."""
    wanted = request.POST.get("next") or request.GET.get("next") or "/"
    return wanted if url_has_allowed_host_and_scheme(wanted, allowed_hosts=None) else "/"


@require_POST
def logout(request: HttpRequest) -> HttpResponse:
    """Sign out."""
    end_session(request)
    return redirect("login")


logout.right = ""  # type: ignore[attr-defined]


@login_not_required
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def join(request: HttpRequest, user_id: int, token: str) -> HttpResponse:
    """Set one's password through an invitation link, and be signed in."""
    user = invitations.invited(user_id, token)
    if user is None:
        return not_found(
            request, Exception(_("This invitation was used or is older than three days. Ask for a new one."))
        )
    form = PasswordForm(request.POST or None, user=user)
    if request.method == "POST" and form.is_valid():
        user.set_password(form.cleaned_data["password"])
        user.save(update_fields=["password"])
        audit.note(user, "team.joined")
        start_session(request, user)
        return redirect("overview")
    return render(request, "signing/join.html", {"form": form, "user_to_be": user}, status=422 if form.errors else 200)
