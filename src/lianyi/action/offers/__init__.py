"""Offers: coupons and tiers as published rules. The same rule gives the same price to everybody whom it entitles."""
