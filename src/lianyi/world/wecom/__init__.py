"""WeCom as its documentation describes it, made up: to try Lianyi without an account, and to test against."""
