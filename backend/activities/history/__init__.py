"""What has been done with an activity, from the audit log, and which of its parts that was about."""
