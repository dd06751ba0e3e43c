"""What is looked at before an activity is changed or announced: who and what would be affected."""
