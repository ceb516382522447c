"""Pages of communities: the map, the list, one community."""
