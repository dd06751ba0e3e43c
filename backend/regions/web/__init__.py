"""What regions answers over HTTP."""
