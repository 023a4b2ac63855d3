"""Is the answer true? Studies of data whose truth is known."""
