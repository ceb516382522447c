"""Channels: accounts at providers of messages. Listed with their state, set up, checked, tried, turned off.

Secrets go in and never come out: a field of one that is set is empty, and left empty it stays.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from lianyi.action.channels import accounts, checking, comparing
from lianyi.action.channels.contract import Fate
from lianyi.action.channels.kinds import Kind, Setting, kind_of, kinds
from lianyi.action.channels.models import Account
from lianyi.doors.console.rights import member, needs, open_to_members
from lianyi.doors.console.titles import CHANNEL_STATES, CHANNEL_STEPS
from lianyi.errors import Busy, InputError, NotFound

LOOKS = {"working": "good", "failing": "bad", "new": "", "off": ""}
PACE = ("per_second", "at_once")


class ChannelForm(forms.Form):
    """The settings of one kind, as it declares them. What they may be is judged by the kind alone, when it is saved."""

    def __init__(self, kind: Kind, account: Account | None, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.kind = kind
        here = accounts.secrets_set(account) if account else set()
        if account is None:
            self.fields["name"] = forms.CharField(
                label=_("Name"), max_length=50, initial=kind.name.replace("_", "-"),
                help_text=_("What audiences and campaigns call it; stays for good. Small letters, digits, - and _."),
            )  # fmt: skip
        for setting in kind.settings:
            self.fields[setting.name] = _field(setting, account, is_set=setting.name in here)
        self.fields["per_second"] = forms.FloatField(
            label=_("At most so many a second"), required=False, min_value=0.01, initial=account and account.per_second,
            help_text=_("Empty: {number}.").format(number=kind.per_second or _("no limit")),
        )  # fmt: skip
        self.fields["at_once"] = forms.IntegerField(
            label=_("At most so many at once"), required=False, min_value=1, initial=account and account.at_once,
            help_text=_("Empty: {number}.").format(number=kind.at_once),
        )  # fmt: skip

    def _named(self, *, more: bool) -> list[forms.BoundField]:
        return [self[setting.name] for setting in self.kind.settings if setting.more is more]

    @property
    def first(self) -> list[forms.BoundField]:
        """What nearly everybody sets."""
        return [*([self["name"]] if "name" in self.fields else []), *self._named(more=False)]

    @property
    def more(self) -> list[forms.BoundField]:
        """What few need."""
        return [*self._named(more=True), self["per_second"], self["at_once"]]

    @property
    def more_is_wrong(self) -> bool:
        """Whether a part that is closed by default holds an error."""
        return any(field.errors for field in self.more)

    def settings(self) -> dict[str, Any]:
        """What was entered, without the name and the pace."""
        return {setting.name: self.cleaned_data[setting.name] for setting in self.kind.settings}

    def pace(self) -> dict[str, Any]:
        """per_second and at_once, None where they are empty."""
        return {name: self.cleaned_data[name] for name in PACE}

    def refuse(self, error: InputError) -> None:
        """Show an error of the kind beside its field."""
        name, colon, says = str(error).partition(": ")
        self.add_error(name if colon and name in self.fields else None, says if colon else str(error))


def _field(setting: Setting, account: Account | None, *, is_set: bool) -> forms.Field:
    initial = (account.settings if account else {}).get(setting.name, setting.default)
    common: dict[str, Any] = {
        "label": setting.title, "help_text": setting.help, "required": setting.required and not is_set,
        "initial": initial,
    }  # fmt: skip
    if setting.type == "secret":
        hint = _("It is set and never shown. Leave it empty to keep it.") if is_set else setting.help
        widget = forms.PasswordInput(attrs={"autocomplete": "new-password"})
        return forms.CharField(**{**common, "help_text": hint, "initial": ""}, widget=widget, max_length=4000)
    if setting.type == "number":
        return forms.IntegerField(**common)
    if setting.type == "switch":
        return forms.BooleanField(**{**common, "required": False})
    if setting.type == "choice":
        return forms.ChoiceField(**common, choices=setting.choices)
    widgets = forms.Textarea(attrs={"rows": 6, "class": "mono", "spellcheck": "false"})
    return forms.CharField(**common, max_length=4000, widget=widgets if setting.type == "long" else forms.TextInput)


@open_to_members
@require_safe
def channels(request: HttpRequest) -> HttpResponse:
    """All accounts with their state, and the kinds of which one can be made."""
    rows = [_row(account) for account in Account.objects.all()]
    return render(request, "settings/channels.html", {"rows": rows, "kinds": kinds().values(), "here": "channels"})


def _row(account: Account) -> dict[str, Any]:
    now = timezone.now()
    state = accounts.state(account, now)
    sent, failed = accounts.this_hour(account, now)
    return {
        "account": account, "kind": kind_of(account.kind), "state": CHANNEL_STATES[state], "look": LOOKS[state],
        "sent": sent, "failed": failed, "limits": accounts.limits(account.name),
    }  # fmt: skip


@needs("channels.edit")
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest, kind: str) -> HttpResponse:
    """Set up an account of a kind."""
    try:
        said = kind_of(kind)
    except NotFound as error:
        raise Http404(str(error)) from error
    form = ChannelForm(said, None, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = accounts.add(form.cleaned_data["name"], kind, form.settings(), by=member(request),
                                now=timezone.now(), **form.pace())  # fmt: skip
        except InputError as error:
            form.refuse(error)
        else:
            messages.success(request, _("Saved. Check it, then send a test message."))
            return redirect("channel", channel=made.name)
    context = {"form": form, "kind": said, "here": "channels"}
    return render(request, "settings/channel.html", context, status=422 if form.errors else 200)


@needs("channels.edit")
@require_http_methods(["GET", "HEAD", "POST"])
def channel(request: HttpRequest, channel: str) -> HttpResponse:
    """One account: state, what the check found, settings."""
    account = get_object_or_404(Account, name=channel)
    kind = kind_of(account.kind)
    form = ChannelForm(kind, account, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            accounts.change(account, form.settings(), by=member(request), now=timezone.now(), pace=form.pace())
        except InputError as error:
            form.refuse(error)
        else:
            messages.success(request, _("Saved."))
            return redirect("channel", channel=account.name)
    context = {
        "form": form, "kind": kind, "row": _row(account), "account": account, "here": "channels",
        "found": _found(account), "listening": _listening(account), "comparing": _comparing(account),
    }  # fmt: skip
    return render(request, "settings/channel.html", context, status=422 if form.errors else 200)


def _listening(account: Account) -> dict[str, Any] | None:
    found = accounts.listening(account)
    if found is not None:
        for name in ("last_read", "error_at"):
            found[name] = datetime.fromisoformat(found[name]) if found[name] else None
        for room in found["rooms"]:
            last = room["last_event"]
            room["last_event"] = datetime.fromtimestamp(last / 1000, UTC) if last else None
    return found


# What a comparison mends, by the code that is kept.
MENDED = {
    "follow": gettext_lazy("customers added"), "unfollow": gettext_lazy("customers gone"),
    "people": gettext_lazy("profiles"), "tags": gettext_lazy("tags"), "join": gettext_lazy("came into groups"),
    "leave": gettext_lazy("left groups"), "groups": gettext_lazy("groups"),
    "doubtful": gettext_lazy("left for the next run: too fresh"), "unnamed": gettext_lazy("tags without a name"),
}  # fmt: skip


def _comparing(account: Account) -> dict[str, Any] | None:
    found = accounts.comparing(account)
    if found is not None:
        for name in ("began", "ended", "error_at"):
            found[name] = datetime.fromisoformat(found[name]) if found[name] else None
        found["mended"] = [(MENDED.get(name, name), count) for name, count in found["mended"].items() if count]
    return found


@needs("channels.edit")
@require_POST
def compare(request: HttpRequest, channel: str) -> HttpResponse:
    """Ask for a comparison with the platform's own lists."""
    account = get_object_or_404(Account, name=channel)
    try:
        comparing.ask_for(account, by=member(request), now=timezone.now())
    except (InputError, Busy) as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("The comparison begins within seconds."))
    return redirect("channel", channel=account.name)


def _found(account: Account) -> list[Mapping[str, Any]]:
    kind = kind_of(account.kind)
    return [
        {"ok": one.ok, "says": str(one), "title": CHANNEL_STEPS.get(one.step, one.step), "mend": one.mending,
         "setting": checking.setting_title(kind, one) if one.setting else ""}
        for one in accounts.check_of(account) or ()
    ]  # fmt: skip


@needs("channels.edit")
@require_POST
def check(request: HttpRequest, channel: str) -> HttpResponse:
    """Try the account without sending anything."""
    account = get_object_or_404(Account, name=channel)
    if checking.worked(checking.check(account, by=member(request), now=timezone.now())):
        messages.success(request, _("Everything that can be checked without sending is right."))
    else:
        messages.error(request, _("Something is wrong; the check says what."))
    return redirect("channel", channel=account.name)


@needs("channels.edit")
@require_POST
def test(request: HttpRequest, channel: str) -> HttpResponse:
    """Send one message to an address that the member names."""
    account = get_object_or_404(Account, name=channel)
    to = request.POST.get("to", "").strip()
    if not to:
        messages.error(request, _("Say to whom the test message goes."))
        return redirect("channel", channel=account.name)
    try:
        outcome = checking.send_test(
            account, to, by=member(request), now=timezone.now(), text=request.POST.get("text", "")[:2000]
        )
    except InputError as error:
        messages.error(request, str(error))
        return redirect("channel", channel=account.name)
    if outcome.fate is Fate.SENT:
        messages.success(request, _("The provider has taken the test message."))
    elif outcome.fate is Fate.UNKNOWN:
        messages.warning(request, _("Nobody can say yet whether it goes out: {reason}").format(reason=outcome.reason))
    else:
        messages.error(request, _("It was not sent: {reason}").format(reason=outcome.reason))
    return redirect("channel", channel=account.name)


@needs("channels.edit")
@require_POST
def turn(request: HttpRequest, channel: str) -> HttpResponse:
    """Turn off or on."""
    account = get_object_or_404(Account, name=channel)
    accounts.turn(account, on=request.POST.get("on") == "1", by=member(request), now=timezone.now())
    return redirect("channels")


@needs("channels.edit")
@require_POST
def remove(request: HttpRequest, channel: str) -> HttpResponse:
    """Forget an account and its secrets."""
    accounts.remove(get_object_or_404(Account, name=channel), by=member(request))
    messages.success(request, _("The channel is removed."))
    return redirect("channels")


@needs("channels.edit")
@require_POST
def rotate(request: HttpRequest) -> HttpResponse:
    """Encrypt all secrets anew with a new key."""
    count = accounts.rotate(by=member(request))
    messages.success(request, _("The secrets of {count} channels are encrypted with a new key.").format(count=count))
    return redirect("channels")
