"""Ways out of the house: everything that talks to a service we don't run.

`link.py` is the only module of the project that imports wechatpy; `fake_wechat/` is a
stand-in for WeChat's server, a process of its own, for development and tests.
"""
