"""Discord: a bot writes to people and channels, and reads channels."""
