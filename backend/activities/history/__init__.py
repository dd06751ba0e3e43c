"""What has been done with an activity, from the audit log, and to which of its parts."""
