"""Telegram: a bot writes to people and groups, and tells what is said where it is."""
