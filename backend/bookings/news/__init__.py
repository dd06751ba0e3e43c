"""What becomes of bookings on news from elsewhere, where it is more than a line of receivers."""
