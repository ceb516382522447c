"""Ties: whom a person knows, and which ties are worth a push."""
