"""What activities answers over HTTP."""
