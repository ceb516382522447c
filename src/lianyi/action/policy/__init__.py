"""One gate before every contact: rules as data, and the decision whether, when and why not."""
