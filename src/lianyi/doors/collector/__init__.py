"""The collector: the small ASGI app that takes events in. Compatible with the Segment specification's HTTP API."""
