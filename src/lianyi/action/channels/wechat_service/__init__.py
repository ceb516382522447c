"""Customer-service messages of an official account, within 48 hours after the person wrote."""
