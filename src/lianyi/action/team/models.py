"""The people who use the console, what they did, and the keys they gave out."""

from __future__ import annotations

import hashlib
import secrets
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.core.validators import RegexValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from lianyi.action.team.rights import ROLES, allowed

ROLE_CHOICES = [(role.name, role.title) for role in ROLES.values()]
LANGUAGE_CHOICES = [("", _("As set for the brand")), ("zh-hans", "简体中文"), ("en", "English")]


class Users(BaseUserManager["User"]):
    """Makes users."""

    def enrol(self, name: str, *, role: str, password: str | None = None, full_name: str = "") -> User:
        """A new user; without a password they set one through their invitation link."""
        user = self.model(name=name.strip(), role=role, full_name=full_name.strip())
        user.set_password(password)  # None gives an unusable password
        user.full_clean(exclude=["password"])
        user.save(using=self._db)
        return user


class User(AbstractBaseUser):
    """One member of the team. `name` is what they sign in with: an e-mail address or any short name."""

    name = models.CharField(
        _("Sign-in name"),
        max_length=100,
        unique=True,
        validators=[RegexValidator(r"^\S+$", _("A sign-in name has no spaces."))],
    )
    full_name = models.CharField(_("Name shown to others"), max_length=100, blank=True)
    role = models.CharField(_("Role"), max_length=20, choices=ROLE_CHOICES)
    language = models.CharField(_("Language"), max_length=10, blank=True, choices=LANGUAGE_CHOICES)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=timezone.now)

    USERNAME_FIELD = "name"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects = Users()

    def __str__(self) -> str:
        return self.full_name or self.name

    @property
    def is_last_owner(self) -> bool:
        """Whether the team would have no owner without this one."""
        others = User.objects.filter(role="owner", is_active=True).exclude(pk=self.pk)
        return self.role == "owner" and not others.exists()

    def may(self, right: str) -> bool:
        """Whether this user has the right."""
        return self.is_active and allowed(self.role, right)


class Act(models.Model):
    """Who did what: one row = one act of a person or program. Rows are never changed nor deleted (triggers see to
    it)."""

    at = models.DateTimeField(default=timezone.now, db_index=True)
    by = models.CharField(max_length=100)
    what = models.CharField(max_length=60)
    on = models.CharField(max_length=200, blank=True)
    detail = models.JSONField(default=dict)

    class Meta:
        ordering: ClassVar[list[str]] = ["-id"]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.by} {self.what} {self.on}"


class SignInAttempt(models.Model):
    """One try to sign in; kept for a day to slow down guessing."""

    name = models.CharField(max_length=100)
    address = models.CharField(max_length=64)
    at = models.DateTimeField(default=timezone.now)
    ok = models.BooleanField()

    class Meta:
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["at", "address"])]

    def __str__(self) -> str:
        return f"{self.name} {self.at:%Y-%m-%d %H:%M:%S}"


def digest(secret: str) -> str:
    """SHA-256 of a key, as hex. Keys are 256 random bits, so a slow hash would add nothing but delay."""
    return hashlib.sha256(secret.encode()).hexdigest()


class Secret(models.Model):
    """A key of which only the hash is kept; it is shown once, when it is made."""

    name = models.CharField(_("Name"), max_length=100)
    key_hash = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(default=timezone.now)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True
        ordering: ClassVar[list[str]] = ["revoked_at", "-created_at"]

    @classmethod
    def give_out(cls, prefix: str, **fields: Any) -> tuple[Any, str]:
        """A new row and its key in clear, which is never seen again."""
        secret = f"{prefix}_{secrets.token_urlsafe(32)}"
        return cls._default_manager.create(key_hash=digest(secret), **fields), secret


class WriteKey(Secret):
    """A key by which a site or program may send events to the collector. `source` names them in the log."""

    source = models.CharField(
        _("Source"),
        max_length=100,
        validators=[RegexValidator(r"^[a-z0-9][a-z0-9_.-]*$", _("Small letters, digits, dots, - and _ only."))],
    )

    class Meta(Secret.Meta):
        abstract = False

    def __str__(self) -> str:
        return self.name


class Token(Secret):
    """A key by which a program uses the API in the name of a user, with that user's rights."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="tokens")
    last_used_at = models.DateTimeField(null=True, blank=True)

    class Meta(Secret.Meta):
        abstract = False

    def __str__(self) -> str:
        return self.name
