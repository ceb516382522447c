"""Experiments: what was tried, what it truly brought, how many people the next one needs."""
