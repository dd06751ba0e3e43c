"""What becomes of bookings on news from elsewhere, where that is more than a line of receivers.py."""
