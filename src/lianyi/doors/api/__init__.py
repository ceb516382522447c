"""The JSON API at /api/v1/: everything that the console does, by the same functions underneath."""
