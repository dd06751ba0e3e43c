"""What reports answers over HTTP."""
