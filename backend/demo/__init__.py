"""Demo data: a district with a market on. For development and tests alone."""
