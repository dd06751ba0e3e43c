"""What was told, over HTTP and in the console."""
