"""What feedback answers over HTTP."""
