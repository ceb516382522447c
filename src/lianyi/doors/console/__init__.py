"""The web console: Django, server-rendered pages, HTMX for parts of a page."""
