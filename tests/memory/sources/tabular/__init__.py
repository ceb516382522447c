"""Tables and their mappings."""
