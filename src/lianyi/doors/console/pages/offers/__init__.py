"""Offers: the planner, published rules, whom they entitle."""
