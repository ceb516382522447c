"""Campaigns: one content to one audience by one channel, with a holdout beside it to tell what it did."""
