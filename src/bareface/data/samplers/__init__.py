"""Which training pictures come when."""
