"""People: search, filter, sort, choose columns, export."""
