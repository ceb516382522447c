"""Who may do what, as data. A view names the right it needs; a role is the set of rights it has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Text = str | Promise


@dataclass(frozen=True, kw_only=True)
class Right:
    """One thing that one may be allowed to do."""

    name: str
    says: Text


@dataclass(frozen=True, kw_only=True)
class Role:
    """A job in the team and the rights that go with it."""

    name: str
    title: Text
    says: Text
    rights: frozenset[str]


RIGHTS: Mapping[str, Right] = {
    right.name: right
    for right in (
        Right(name="people.see", says=_("See people and their timelines")),
        Right(name="people.tag", says=_("Add and remove manual tags")),
        Right(name="people.merge", says=_("Merge and split people")),
        Right(name="people.export", says=_("Export people to a file")),
        Right(name="people.erase", says=_("Erase a person for good")),
        Right(name="tags.edit", says=_("Write tag rules")),
        Right(name="plans.make", says=_("Plan ripples and start campaigns")),
        Right(name="communities.edit", says=_("Name and place communities")),
        Right(name="groups.moderate", says=_("Moderate groups: rules, cases")),
        Right(name="inbox.answer", says=_("Answer and settle what waits in the inbox")),
        Right(name="duty.edit", says=_("Say who is on duty, and how soon is soon enough")),
        Right(name="audiences.edit", says=_("Define audiences")),
        Right(name="content.edit", says=_("Write content")),
        Right(name="codes.edit", says=_("Issue codes and links")),
        Right(name="journeys.edit", says=_("Draw journeys and campaigns")),
        Right(name="contacts.send", says=_("Start campaigns and journeys, confirm and stop what is sent")),
        Right(name="policy.edit", says=_("Change the contact policy")),
        Right(name="channels.edit", says=_("Set up channels")),
        Right(name="ledger.edit", says=_("Enter costs, prices and rates")),
        Right(name="reports.send", says=_("Say who gets the monthly report by e-mail, and when")),
        Right(name="rewards.edit", says=_("Set up and pay rewards")),
        Right(name="data.see", says=_("See sources and tables")),
        Right(name="data.import", says=_("Import files")),
        Right(name="data.refresh", says=_("Refresh tables")),
        Right(name="brand.edit", says=_("Change brand settings")),
        Right(name="team.edit", says=_("Manage the team")),
        Right(name="keys.edit", says=_("Create and revoke write keys")),
        Right(name="audit.see", says=_("See who did what")),
    )
}

_SEE = frozenset({"people.see", "data.see"})

ROLES: Mapping[str, Role] = {
    role.name: role
    for role in (
        Role(name="owner", title=_("Owner"), says=_("Everything, including team and keys"), rights=frozenset(RIGHTS)),
        Role(
            name="strategist",
            title=_("Strategist"),
            says=_("Chooses audiences and rules, imports and exports"),
            rights=_SEE
            | {
                "people.tag",
                "people.merge",
                "people.export",
                "tags.edit",
                "plans.make",
                "data.import",
                "data.refresh",
                "communities.edit",
                "groups.moderate",
                "inbox.answer",
                "duty.edit",
                "audiences.edit",
                "content.edit",
                "codes.edit",
                "journeys.edit",
                "contacts.send",
                "policy.edit",
                "rewards.edit",
                "reports.send",
                "ledger.edit",
            },
        ),
        Role(
            name="operator",
            title=_("Operator"),
            says=_("Works with people day by day"),
            rights=_SEE
            | {
                "people.tag",
                "people.merge",
                "data.import",
                "data.refresh",
                "communities.edit",
                "groups.moderate",
                "inbox.answer",
                "audiences.edit",
                "content.edit",
                "codes.edit",
                "journeys.edit",
                "reports.send",
            },
        ),
        Role(
            name="analyst",
            title=_("Analyst"),
            says=_("Reads and exports, changes nothing about people"),
            rights=_SEE | {"people.export", "data.refresh"},
        ),
    )
}


def allowed(role: str, right: str) -> bool:
    """Whether the role has the right. KeyError where there is no such right: a typing error must not open a door."""
    return RIGHTS[right].name in ROLES[role].rights
