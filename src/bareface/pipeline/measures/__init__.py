"""From what became of every photo to what a study found."""
