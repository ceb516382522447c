"""The team: who is in it, with which role; invitations; who did what."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.core.exceptions import BadRequest
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from lianyi.action.team import audit, invitations, members
from lianyi.action.team.models import Act, User
from lianyi.action.team.rights import RIGHTS, ROLES
from lianyi.doors.console.rights import member, needs, open_to_members
from lianyi.doors.console.titles import ACTS
from lianyi.errors import InputError, RefusedError

LINK = "team.link"


class MemberForm(forms.ModelForm):  # type: ignore[type-arg]  # generic in the stubs only
    """A new member."""

    class Meta:
        model = User
        fields = ("name", "full_name", "role")


@needs("team.edit")
@require_http_methods(["GET", "HEAD", "POST"])
def team(request: HttpRequest) -> HttpResponse:
    """All members; below, a form for a new one, who gets a link to set their own password."""
    form = MemberForm(request.POST or None, initial={"role": "operator"})
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        user = members.invite(data["name"], role=data["role"], full_name=data["full_name"], by=member(request))
        return _with_link(request, user)
    context = {
        "members": User.objects.order_by("-is_active", "created_at"),
        "form": form,
        "roles": ROLES.values(),
        "link": request.session.pop(LINK, None),
        "here": "team",
    }
    return render(request, "settings/team.html", context, status=422 if form.errors else 200)


def _with_link(request: HttpRequest, user: User) -> HttpResponse:
    """Show the invitation link once, on the next page."""
    address = request.build_absolute_uri(reverse("join", args=[user.pk, invitations.invite(user)]))
    request.session[LINK] = {"name": str(user), "address": address}
    return redirect("team")


@needs("team.edit")
@require_POST
def change(request: HttpRequest, user_id: int) -> HttpResponse:
    """Change the role of a member, shut out or let in again, or give a new link."""
    user, act = get_object_or_404(User, pk=user_id), request.POST.get("act", "role")
    if act == "link":
        audit.note(member(request), "team.link", user.name)
        return _with_link(request, user)
    is_active = {"out": False, "in": True}.get(act)
    try:
        members.change(user, by=member(request), role=request.POST.get("role"), is_active=is_active)
    except RefusedError:
        messages.error(request, _("The team needs at least one owner."))
        return redirect("team")
    except InputError as error:
        raise BadRequest from error
    messages.success(request, _("Saved."))
    return redirect("team")


@open_to_members
@require_safe
def roles(request: HttpRequest) -> HttpResponse:
    """Which role may do what: the matrix as it is enforced."""
    matrix = [(right, [right.name in role.rights for role in ROLES.values()]) for right in RIGHTS.values()]
    return render(request, "settings/roles.html", {"roles": ROLES.values(), "matrix": matrix, "here": "roles"})


@needs("audit.see")
@require_safe
def log(request: HttpRequest) -> HttpResponse:
    """Who did what, newest first."""
    acts = Act.objects.all()
    by, what = request.GET.get("by", ""), request.GET.get("what", "")
    acts = acts.filter(by=by) if by else acts
    acts = acts.filter(what=what) if what else acts
    page = Paginator(acts, 50).get_page(request.GET.get("page"))
    names = User.objects.order_by("name").values_list("name", flat=True)
    return render(
        request,
        "settings/log.html",
        {"page": page, "names": names, "acts": ACTS, "by": by, "what": what, "here": "log"},
    )
