"""What lies on the disk: files written whole or not at all, the cache, typed JSON, records of runs."""
