"""What follows a bad rating: who sees to it, the call back, and the list of what is open."""
