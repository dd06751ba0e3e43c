"""What was told about each activity, and what became of it (消息发送)."""
