"""What bookings answers over HTTP."""
