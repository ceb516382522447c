"""Laws of effects: estimators against other libraries, closed forms and worlds whose truth is known."""
