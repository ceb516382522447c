"""Links by which a new member, or one who forgot it, sets their own password. Valid three days, and once."""

from __future__ import annotations

from django.contrib.auth.tokens import PasswordResetTokenGenerator

from lianyi.action.team.models import User


class _Invitations(PasswordResetTokenGenerator):
    """Django's reset tokens: signed, dated, and void as soon as the password or the last sign-in changes."""

    key_salt = "lianyi.action.team.invitations"

    def _make_hash_value(self, user: User, timestamp: int) -> str:
        last = "" if user.last_login is None else user.last_login.replace(microsecond=0, tzinfo=None)
        return f"{user.pk}{user.password}{last}{timestamp}{user.is_active}"


_invitations = _Invitations()


def invite(user: User) -> str:
    """The token for the link. Giving out a new one does not void an older one; setting the password voids all."""
    return _invitations.make_token(user)


def invited(user_id: int, token: str) -> User | None:
    """The active user whom the link invites; None where it is wrong, used or too old."""
    user = User.objects.filter(pk=user_id, is_active=True).first()
    return user if user and _invitations.check_token(user, token) else None
