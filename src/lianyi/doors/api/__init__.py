"""The JSON API at /api/v1/: what the console does, by the same functions underneath."""
