"""The whole product on one machine: private PostgreSQL, stand-in WeChat, worker and web.

Used by `make run`, `make demo`, `make bench` and the tests. Nothing here runs in production and
nothing in the application imports it.
"""
