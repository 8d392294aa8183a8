"""Feature extractors: uint8 images in, float32 features out. One file per extractor."""
