"""What WeChat sends beside a notice: templates, credits, messages from being owed to their end."""
