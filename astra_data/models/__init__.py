"""Models that others made: their folders looked through, tried out in a child, and only then opened."""
