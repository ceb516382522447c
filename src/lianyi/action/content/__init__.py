"""The library of what is sent and published: contents, their versions and languages, how they read for one person."""
