"""Keys to people: links with confidence, people by keys, suggestions. Method: docs/methods/identity.md."""

from __future__ import annotations

from lianyi.insight.people.identity.keys import KEYS
from lianyi.insight.people.identity.links import IDENTITY_LINKS

TABLES = (IDENTITY_LINKS, KEYS)
