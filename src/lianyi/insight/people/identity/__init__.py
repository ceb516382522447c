"""Keys to people: links with confidence, people by keys, suggestions. Method: docs/methods/identity.md."""

from __future__ import annotations

from lianyi.insight.people.identity.keys import KEYS
from lianyi.insight.people.identity.links import IDENTITY_LINKS
from lianyi.insight.people.identity.suggestions import MERGE_SUGGESTIONS

TABLES = (IDENTITY_LINKS, KEYS, MERGE_SUGGESTIONS)
