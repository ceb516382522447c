"""The import wizard: upload, recognise or map, check (dry run), import, rejects."""
