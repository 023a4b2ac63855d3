"""Where the faces of a picture are, and how they are cut out of it."""
