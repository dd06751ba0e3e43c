"""What needs answers over HTTP."""
