"""Journeys: what happens to each person over time, from a trigger to the end.

`document` is the definition, `reading` reads and writes it, `checking` says all that is wrong with it, `versions` plans
and applies it; `enrolling`, `following` and `timers` let people in, `engine` moves them on in pages, `trying` shows
what would happen.
"""
