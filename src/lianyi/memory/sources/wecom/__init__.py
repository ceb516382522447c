"""WeCom's full lists compared with what the log knows: what is missing, and what is no more, becomes events."""
