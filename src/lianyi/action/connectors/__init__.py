"""Every way in and out on one page: what came by it last, what is wrong with it, and a self-check of each."""
