"""What checkin answers over HTTP."""
