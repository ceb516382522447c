"""Write keys for sites and programs that send events, and API tokens for programs that ask."""

from __future__ import annotations

from typing import ClassVar

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from lianyi.action.team import members
from lianyi.action.team.models import Token, WriteKey
from lianyi.doors.console.rights import member, needs, open_to_members

SHOWN_ONCE = "keys.shown_once"


class WriteKeyForm(forms.ModelForm):  # type: ignore[type-arg]  # generic in the stubs only
    """A new write key."""

    class Meta:
        model = WriteKey
        fields = ("name", "source")
        help_texts: ClassVar = {
            "name": gettext_lazy("For you: which site or program uses it."),
            "source": gettext_lazy("Kept with every event that comes in by this key."),
        }  # Django's form


class TokenForm(forms.Form):
    """A new API token."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=100, help_text=gettext_lazy("Which program uses it."))


@needs("keys.edit")
@require_http_methods(["GET", "HEAD", "POST"])
def write_keys(request: HttpRequest) -> HttpResponse:
    """All write keys; a new one is shown once, with a snippet that holds it."""
    form = WriteKeyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        _key, secret = members.write_key(
            form.cleaned_data["name"], source=form.cleaned_data["source"], by=member(request)
        )
        request.session[SHOWN_ONCE] = secret
        return redirect("write_keys")
    context = {
        "keys": WriteKey.objects.all(),
        "form": form,
        "secret": request.session.pop(SHOWN_ONCE, None),
        "url": _url(request),
        "here": "keys",
    }
    return render(request, "settings/keys.html", context, status=422 if form.errors else 200)


def _url(request: HttpRequest) -> str:
    """The address of the collector as sites reach it."""
    return settings.PUBLIC_URL or request.build_absolute_uri("/").rstrip("/")


@needs("keys.edit")
@require_POST
def revoke(request: HttpRequest, key_id: int) -> HttpResponse:
    """A revoked key is refused from the next request on."""
    key = get_object_or_404(WriteKey, pk=key_id, revoked_at=None)
    members.revoke(key, by=member(request))
    messages.success(request, _("The key is revoked."))
    return redirect("write_keys")


@open_to_members
@require_http_methods(["GET", "HEAD", "POST"])
def tokens(request: HttpRequest) -> HttpResponse:
    """One's own API tokens; each acts with one's own rights."""
    form, user = TokenForm(request.POST or None), member(request)
    if request.method == "POST" and form.is_valid():
        _token, secret = members.token(user, name=form.cleaned_data["name"], by=user)
        request.session[SHOWN_ONCE] = secret
        return redirect("tokens")
    context = {
        "tokens": user.tokens.all(),
        "form": form,
        "secret": request.session.pop(SHOWN_ONCE, None),
        "url": _url(request),
        "here": "tokens",
    }
    return render(request, "settings/tokens.html", context, status=422 if form.errors else 200)


@open_to_members
@require_POST
def revoke_token(request: HttpRequest, token_id: int) -> HttpResponse:
    """Only one's own."""
    token = get_object_or_404(Token, pk=token_id, user=member(request), revoked_at=None)
    members.revoke(token, by=member(request))
    messages.success(request, _("The token is revoked."))
    return redirect("tokens")
