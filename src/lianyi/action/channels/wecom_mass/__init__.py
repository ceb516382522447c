"""WeCom mass messages to customers: a task that a member of staff must confirm by hand."""
