"""Matrix: messages to people and rooms, through the client-server API of a homeserver."""
