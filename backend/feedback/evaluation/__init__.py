"""An activity's evaluation: its checklist, what is counted for it, and the lists of them."""
