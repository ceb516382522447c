"""A person's rights to a copy and to erasure, over the workspace's files and what the rooms of this floor keep."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from lianyi.forgetting import Certificate
from lianyi.workspace import Workspace


def erase(workspace: Workspace, key_or_id: str) -> Certificate:
    """Erase a person everywhere. What rooms keep goes before, so that nothing more is done with the person, and once
    more afterwards, for what came in between. Stopped anywhere, it can be called again."""
    person = workspace.person(key_or_id)
    names = {person.person_id, *(row["key_id"] for row in person.keys if row.get("key_id"))}
    keys = set(person.key_names)
    _forget(workspace, names, keys)
    certificate = workspace.erase(key_or_id)
    _forget(workspace, names, keys)
    return certificate


def export(workspace: Workspace, key_or_id: str) -> dict[str, Any]:
    """Everything held on a person: what the workspace has (profile, keys, tags, events), and what is kept for work on
    them: contacts, words on consent, journeys, tasks, codes, rewards, draws, audiences they entered and left, seats in
    groups and what was said against their messages, what of theirs waited in the inbox."""
    from lianyi.action.audiences import forgetting as audiences
    from lianyi.action.codes import issuing as codes
    from lianyi.action.contacts import forgetting as contacts
    from lianyi.action.inbox import forgetting as inbox
    from lianyi.action.journeys import forgetting as journeys
    from lianyi.action.operation import forgetting as operation
    from lianyi.action.rewards import forgetting as rewards

    person = workspace.person(key_or_id)
    names = {person.person_id, *(row["key_id"] for row in person.keys if row.get("key_id"))}
    keys = set(person.key_names)
    parts = (
        audiences.held(names),
        contacts.held(names),
        journeys.held(names),
        codes.held(names, keys),
        rewards.held(names),
        operation.held(keys),
        inbox.held(names, keys),
    )
    ours = {name: rows for part in parts for name, rows in part.items()}
    return {**workspace.export(key_or_id), **ours}


def _forget(workspace: Workspace, person_ids: Collection[str], keys: Collection[str]) -> None:
    """Each room deletes what it keeps of a person, by all ids ever given out and all keys."""
    from lianyi.action.audiences import forgetting as audiences
    from lianyi.action.campaigns import keeping as campaigns
    from lianyi.action.codes import issuing as codes
    from lianyi.action.contacts import forgetting as contacts
    from lianyi.action.inbox import forgetting as inbox
    from lianyi.action.journeys import forgetting as journeys
    from lianyi.action.operation import forgetting as operation
    from lianyi.action.rewards import forgetting as rewards

    audiences.forget(workspace, person_ids)
    journeys.forget(person_ids, keys)
    contacts.forget(workspace, person_ids, keys, now=workspace.clock())
    campaigns.forget(workspace, set(person_ids))
    codes.forget(person_ids, keys, now=workspace.clock())
    rewards.forget(person_ids)
    operation.forget(keys)
    inbox.forget(person_ids, keys)
