"""Pages on ripples: the list, one ripple, whom to pass something on to."""
