"""Who people are: users, WeChat login, sessions, roles, residents and families, consents."""
