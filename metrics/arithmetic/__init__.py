"""What several metrics share: distances, neighbours, Gaussians, intervals."""
