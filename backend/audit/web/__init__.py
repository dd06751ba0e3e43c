"""What audit answers over HTTP."""
