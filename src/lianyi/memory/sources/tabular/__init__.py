"""Tables of any make: delimited text, XLSX, JSON lines, Parquet; their mapping to events; compiled to SQL."""
