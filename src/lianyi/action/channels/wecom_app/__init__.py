"""WeCom application messages: to members of the corporation, by an app of it."""
