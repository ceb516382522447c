"""The team: names, roles, audit, secrets."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, transaction
from django.utils import timezone

from lianyi.action.team import audit, invitations
from lianyi.action.team.models import Act, Token, User, WriteKey, digest
from lianyi.action.team.rights import RIGHTS, ROLES


def test_the_audit_log_can_be_written_but_never_changed_or_deleted() -> None:
    act = audit.note("ann", "person.tag", "p1", tag="vip")
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        Act.objects.filter(pk=act.pk).update(by="somebody else")
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        Act.objects.filter(pk=act.pk).delete()
    assert Act.objects.get().by == "ann"


@pytest.mark.parametrize("name", ["", "two words", "x" * 101])
def test_impossible_names_are_refused(name: str) -> None:
    with pytest.raises(ValidationError):
        User.objects.enrol(name, role="operator")


def test_a_name_is_taken_once() -> None:
    User.objects.enrol("ann", role="operator")
    with pytest.raises(ValidationError):
        User.objects.enrol("ann", role="owner")


def test_an_unknown_role_is_refused() -> None:
    with pytest.raises(ValidationError):
        User.objects.enrol("ann", role="king")


def test_roles_hold_only_rights_that_exist() -> None:
    for role in ROLES.values():
        assert role.rights <= set(RIGHTS)


def test_who_is_shut_out_may_nothing() -> None:
    user = User.objects.enrol("ann", role="owner")
    assert all(user.may(right) for right in RIGHTS)
    user.is_active = False
    assert not any(user.may(right) for right in RIGHTS)


def test_of_a_key_only_the_hash_is_kept() -> None:
    key, secret = WriteKey.give_out("wk", name="Site", source="site")
    _other, other_secret = WriteKey.give_out("wk", name="Site", source="site")
    assert secret.startswith("wk_")
    assert len(secret) >= 46
    assert secret != other_secret
    assert key.key_hash == digest(secret)
    stored = [str(value) for row in WriteKey.objects.values_list() for value in row]
    assert not any(secret in value for value in stored)


def test_an_invitation_is_void_after_use_after_three_days_and_for_others(monkeypatch: pytest.MonkeyPatch) -> None:
    ann, bob = User.objects.enrol("ann", role="operator"), User.objects.enrol("bob", role="operator")
    token = invitations.invite(ann)
    assert invitations.invited(ann.pk, token) == ann
    assert invitations.invited(bob.pk, token) is None
    assert invitations.invited(ann.pk, token + "x") is None
    later = timezone.now().replace(tzinfo=None) + timedelta(days=3, minutes=1)
    with monkeypatch.context() as patch:
        patch.setattr(type(invitations._invitations), "_now", lambda _self: later)
        assert invitations.invited(ann.pk, token) is None
    ann.set_password("a-new-password-7")
    ann.save()
    assert invitations.invited(ann.pk, token) is None


def test_tokens_go_with_their_user() -> None:
    ann = User.objects.enrol("ann", role="operator")
    Token.give_out("ly", user=ann, name="script")
    ann.delete()
    assert not Token.objects.exists()
