"""Tags: statements on people with source, evidence, weight and time: shipped rules, the brand's own, manual ones."""

from __future__ import annotations

from lianyi.insight.people.tags.rules import Rule, read_rules, shipped_rules
from lianyi.insight.people.tags.sensitive import refuse_sensitive

__all__ = ["Rule", "read_rules", "refuse_sensitive", "shipped_rules"]
