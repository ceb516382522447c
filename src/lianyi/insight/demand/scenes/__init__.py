"""In which scenes a weak need turns strong: hours, weekdays, seasons, festivals, places."""
