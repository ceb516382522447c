"""The JSON API at /api/v1/: what the console does, by the same functions underneath.

Not here but in the console only: changing roles, shutting members out, tokens, downloading rejected rows, discarding an
uploaded file, exporting a list of people as CSV.
"""
