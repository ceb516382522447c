"""Pages of value: worth and next order, retention, stages."""
