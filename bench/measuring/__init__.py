"""From sets of images to numbers: features, statistics, scores, a run's evaluation."""
