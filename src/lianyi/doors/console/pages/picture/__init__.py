"""Funnel and ripple in one picture, and the people in its cells."""
