"""Codes: short opaque tokens per campaign, channel and sharer, by which every arrival names whom it came through."""
