"""Second opinions: what several extractors and metrics say of one generator, beside what they say of real images."""
