"""A market's day as it runs: board, calling display, walls, summary."""
