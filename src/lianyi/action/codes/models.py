"""Codes and the pages that they lead to."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone


class Code(models.Model):
    """One row = one code: who passes what on, in which campaign, by which channel. Its token means nothing by itself.

    sharer: person id, "" for the brand itself and for visitors who are not known yet. sharer_key: the key under which
    the log knows the sharer (`anon:…` for a visitor), "" for the brand. target: where it leads in the end; landing:
    through the campaign's page, where visitors get codes of their own. carry: the visitor's number goes along to the
    target (`ajs_aid`), whose page has our snippet. parent: token of the code through which a visitor came to this one;
    depth: how many such steps lead to it. same: hash of what makes two codes the same one.
    """

    token = models.CharField(max_length=30, primary_key=True)
    campaign = models.CharField(max_length=200, db_index=True)
    channel = models.CharField(max_length=50)
    sharer = models.CharField(max_length=64, blank=True, db_index=True)
    sharer_key = models.CharField(max_length=512, blank=True, db_index=True)
    target = models.CharField(max_length=2000)
    landing = models.BooleanField(default=False)
    carry = models.BooleanField(default=False)
    parent = models.CharField(max_length=30, blank=True)
    depth = models.PositiveIntegerField(default=0)
    same = models.CharField(max_length=64, unique=True)
    by = models.CharField(max_length=100)
    created_at = models.DateTimeField(default=timezone.now)
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-created_at", "token"]

    def __str__(self) -> str:
        return f"{self.token} ({self.campaign})"


class PlatformCode(models.Model):
    """One row = one code as WeCom made it of ours (联系我活码, 群活码): who comes through it comes back with its token.
    It names nobody. account: the channel in whose name it was made. carrier: see carriers. config_id: WeCom's number,
    without which it can't be removed. gone_at: removed there."""

    token = models.CharField(max_length=30, db_index=True)
    account = models.CharField(max_length=50)
    carrier = models.CharField(max_length=40)
    config_id = models.CharField(max_length=200)
    qr_code = models.CharField(max_length=1000)
    made_at = models.DateTimeField(default=timezone.now)
    gone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["account", "carrier", "token"], condition=models.Q(gone_at=None), name="codes_one_at_platform"
            )
        ]

    def __str__(self) -> str:
        return f"{self.carrier} {self.token}"


class Landing(models.Model):
    """One row = the page of one campaign, as it is shown to whoever opens its links.

    version: of a content of kind `link` or `poster`. page: by language its title, text and picture, filled in when it
    was saved. disclosure: by language what is said of rewards before anybody shares. asks_first: nothing is kept in a
    visitor's browser before a button was pressed.
    """

    campaign = models.CharField(max_length=200, unique=True)
    version = models.BigIntegerField(null=True, blank=True)
    page = models.JSONField(default=dict)
    disclosure = models.JSONField(default=dict)
    asks_first = models.BooleanField(default=False)
    by = models.CharField(max_length=100)
    changed_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.campaign
