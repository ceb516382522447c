"""Webhooks: each message as a signed call of an address of the brand's own systems."""
