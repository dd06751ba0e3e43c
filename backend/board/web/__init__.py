"""What board answers over HTTP."""
