"""What identity answers over HTTP."""
