"""Between a request and a feature: endpoints, pages and forms, and what each goes through."""
