"""The inbox: the queue, one thing in it, duty and response times."""
