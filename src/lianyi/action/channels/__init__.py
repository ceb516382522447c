"""Channels: one folder each, which delivers one message to one address and says what became of it."""
