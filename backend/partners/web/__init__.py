"""What partners answers over HTTP."""
