"""The /_fake/ URLs, with which tests and people steer the stand-in."""

from collections.abc import Callable
from typing import Any

from backend.gateways.fake_wechat.apis import APIS, WITH_TOKEN
from backend.gateways.fake_wechat.faults import Faults, Mode
from backend.gateways.fake_wechat.messages import Answer, Request, answer
from backend.gateways.fake_wechat.push import Pusher
from backend.gateways.fake_wechat.world import World

PREFIX = "/_fake/"
_LONGEST_WAIT_S = 10.0


class Control:
    """Steers one stand-in."""

    def __init__(self, world: World, faults: Faults) -> None:
        self._world = world
        self._faults = faults
        self._actions: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
            "reset": self._reset,
            "mode": self._mode,
            "clock": self._clock,
            "code": self._code,
            "grant": self._grant,
            "push": self._push,
        }

    def call(self, request: Request) -> Answer:
        """Answer a /_fake/ request; HTTP 400 with a sentence where it makes no sense."""
        name = request.path.removeprefix(PREFIX)
        try:
            if request.method == "GET" and name == "calls":
                return answer(self._calls(request.query))
            action = self._actions.get(name)
            if request.method != "POST" or action is None:
                return answer({"error": f"no {request.method} {request.path}"}, 404)
            body = request.json() if request.body else {}
            if body is None:
                raise ValueError("the body is no JSON object")
            return answer(action(body))
        except (ValueError, TypeError, KeyError) as error:
            return answer({"error": f"{type(error).__name__}: {error}"}, 400)

    def _calls(self, query: dict[str, str]) -> dict[str, Any]:
        timeout_s = min(float(query.get("timeout_s", _LONGEST_WAIT_S)), _LONGEST_WAIT_S)
        return self._world.calls(
            query.get("path"), wait_for=int(query.get("wait_for", 0)), timeout_s=timeout_s
        )

    def _reset(self, body: dict[str, Any]) -> dict[str, Any]:
        self._faults.reset()
        self._world.reset()
        return {"ok": True}

    def _mode(self, body: dict[str, Any]) -> dict[str, Any]:
        if body == {"always_40001": True}:
            for path in WITH_TOKEN:
                self._faults.set(path, Mode(errcode=40001))
            return {"ok": True}
        path, times = body.pop("path"), body.pop("times", None)
        if path not in APIS:
            raise ValueError(f"path is one of {sorted(APIS)}")
        if times is not None and not (isinstance(times, int) and times >= 1):
            raise ValueError("times is 1 or more")
        self._faults.set(path, Mode.parse(body) if body else None, times)
        return {"ok": True}

    def _clock(self, body: dict[str, Any]) -> dict[str, Any]:
        return {"now": self._world.advance(float(body["advance_s"]))}

    def _code(self, body: dict[str, Any]) -> dict[str, Any]:
        name = str(body["name"])
        return {"code": self._world.issue_code(name), "openid": self._world.openid(name)}

    def _grant(self, body: dict[str, Any]) -> dict[str, Any]:
        openid, template = str(body["openid"]), str(body["template"])
        return {"credits": self._world.grant(openid, template, int(body["n"]))}

    def _push(self, body: dict[str, Any]) -> dict[str, Any]:
        mode = body.get("mode", "plain")
        if mode not in {"plain", "aes", "verify"}:
            raise ValueError("mode is plain, aes or verify")
        settings = self._world.push
        pusher = Pusher(
            self._world.appid,
            str(body.get("token", settings.token)),
            str(body.get("aes_key", settings.aes_key)),
        )
        answers = [
            pusher.send(
                str(body["target"]),
                dict(body.get("event", {})),
                mode=mode,
                bad_signature=bool(body.get("bad_signature", False)),
                now=self._world.now(),
            )
            for _ in range(int(body.get("repeat", 1)))
        ]
        return {"answers": answers}
