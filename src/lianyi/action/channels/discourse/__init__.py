"""Discourse: a forum tells by webhooks what is written; answers and private messages go out by its API."""
