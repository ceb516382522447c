"""What an e-mail account is made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from lianyi.action.channels.kinds import Kind, Setting, is_host, is_mail, within


def _address(key: str, _settings: Mapping[str, Any]) -> str | None:
    address = key.partition(":")[2]
    return None if is_mail(address) else address


KIND = Kind(
    name="email",
    title=_("E-mail (SMTP)"),
    says=_("Through your mail server or a sending service. Bounces and complaints come back by a mailbox or a folder."),
    word="email",
    namespaces=("email",),
    module="lianyi.action.channels.email.channel",
    address=_address,
    # The process that reads it ends in between.
    reads_every=300,
    reads=lambda settings: bool(settings["imap_host"] or settings["drop_folder"]),
    at_once=8,
    test_hint="you@example.cn",
    settings=(
        Setting(name="host", title=_("SMTP server"), required=True, check=is_host, help=_("Like smtp.example.cn")),
        Setting(name="port", title=_("Port"), type="number", default=587, check=within(1, 65535)),
        Setting(
            name="encryption", title=_("Encryption"), type="choice", default="starttls",
            choices=(("starttls", _("STARTTLS (port 587)")), ("tls", _("TLS from the start (port 465)")),
                     ("none", _("none (only inside your own network)"))),
        ),
        Setting(name="user", title=_("User name"), help=_("Empty where the server wants no login.")),
        Setting(name="password", title=_("Password"), type="secret"),
        Setting(name="from_address", title=_("Sender address"), required=True, check=is_mail,
                help=_("The address that people see, like hello@example.cn")),
        Setting(name="from_name", title=_("Name of the sender")),
        Setting(name="reply_to", more=True, title=_("Answers go to"), check=is_mail,
                help=_("Empty: to the address above.")),
        Setting(
            name="bounce_address", title=_("Bounces go to"), check=is_mail,
            help=_("Like bounces@example.cn. Each message gets its own form of it, bounces+…@example.cn, so the server "
                   "must deliver those as well."),
        ),
        Setting(name="imap_host", more=True, title=_("IMAP server of the bounce mailbox"), check=is_host,
                help=_("Bounces and complaints are read from it every five minutes.")),
        Setting(name="imap_user", more=True, title=_("User name there")),
        Setting(name="imap_password", more=True, title=_("Password there"), type="secret"),
        Setting(name="imap_port", more=True, title=_("IMAP port"), type="number", default=993, check=within(1, 65535)),
        Setting(
            name="drop_folder", more=True, title=_("Or a folder of the workspace"),
            check=lambda value: "" if value.replace("-", "").isalnum() else _("write small letters, digits and -"),
            help=_("A mail server on this machine puts each bounce there as a file, see the how-to."),
        ),
        Setting(name="messages_per_connection", more=True, title=_("Messages per connection"),
                type="number", default=100,
                check=within(1, 10_000)),
        Setting(name="ca", more=True, title=_("Certificate authority of your own (PEM)"), type="long",
                help=_("Only where the server's certificate is not signed by a public one.")),
    ),
)  # fmt: skip
