"""A stand-in for WeChat's server: `python -m backend.gateways.fake_wechat --help`.

A process of its own on loopback, for development, demo and tests. It speaks the URLs that
`backend.gateways.wechat` calls, answers errors as WeChat does (HTTP 200 and an errcode),
logs every request for assertions, takes its time with `--realistic` as WeChat does (100–400 ms,
one answer in a hundred 2 s), and misbehaves on demand:

    POST /_fake/reset                 forget everything, let go of hanging requests
    POST /_fake/mode                  {path, times?, delay_s?, errcode | http_status | drop |
                                      malformed | drip_s}; {path} alone ends the mode;
                                      {always_40001: true} for all that need a token
    POST /_fake/clock                 {advance_s}
    POST /_fake/code                  {name} → a login code `once:…`, issued now
    POST /_fake/grant                 {openid, template, n}: credits for messages
    POST /_fake/push                  {target, event, mode: plain | aes | verify,
                                      bad_signature?, repeat?, token?, aes_key?}
    GET  /_fake/calls?path=&wait_for= the last requests, and how many there were; with
                                      wait_for it answers when there are that many

Login codes: `ok:<name>` as often as asked; `once:<name>:<nonce>` a single time, within 300 s
of its issue (or first use); `union:<name>` with a unionid; `blocked`, `freq`, `busy`,
`busy:<nonce>`. Phone codes: `phone:<11 digits>:<nonce>` a single time,
`phone:<country>-<number>:<nonce>` for a number of another country.

`world.py` is what it remembers, `apis.py` what it answers, `faults.py` how it misbehaves,
`control.py` the /_fake/ URLs, `push.py` what it sends, `server.py` the HTTP.
"""
