"""What dashboard answers over HTTP."""
