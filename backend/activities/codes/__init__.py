"""An activity's check-in code: the word that is printed, what changes with it, and its pictures."""
