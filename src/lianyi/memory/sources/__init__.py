"""Ways in: one folder per format. `registry.sources()` lists them; `source.py` says what a source is."""
