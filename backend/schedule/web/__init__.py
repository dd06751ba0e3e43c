"""What schedule answers over HTTP."""
