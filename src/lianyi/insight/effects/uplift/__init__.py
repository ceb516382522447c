"""Whom it helps: learners of individual effects with honest cross-fitting, their curves and the value of a policy."""
