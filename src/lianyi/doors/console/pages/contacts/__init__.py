"""Pages on what is sent: the queue with its reasons, the calendar, the policy, the suppression list, unsubscribing."""
