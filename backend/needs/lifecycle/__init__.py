"""What becomes of a need: accepted or declined, merged, planned, served, judged."""
