"""How large a ripple will become, told early, with a range that keeps its promise; stored and scored later."""
