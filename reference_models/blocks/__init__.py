"""What several models are built from: networks, losses, steps."""
