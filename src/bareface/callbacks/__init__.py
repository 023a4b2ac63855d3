"""What happens beside training: progress, checkpoints, figures, lists of what was skipped."""
