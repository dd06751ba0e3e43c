"""资源清单: what partners offer to markets, and when."""
