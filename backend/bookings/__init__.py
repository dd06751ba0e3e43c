"""报名、取号、叫号: one row from sign-up or walk-in to served."""
