"""Long work in the background: a table of jobs, claimed by conditional UPDATE with a lease. No broker."""
