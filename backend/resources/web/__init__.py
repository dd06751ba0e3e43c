"""What resources answers over HTTP."""
