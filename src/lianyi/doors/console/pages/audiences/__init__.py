"""Audiences: the list, the builder, one audience with its people, and taking it out."""
