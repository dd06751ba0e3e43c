"""WeChat's own URLs: what they take and what they answer."""

import base64
import hashlib
import io
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

import segno

from backend.gateways.fake_wechat.fields import wrong_field
from backend.gateways.fake_wechat.messages import Answer, Request, answer, error
from backend.gateways.fake_wechat.world import CodeUse, World

_SCENE = re.compile(r"[0-9A-Za-z!#$&'()*+,/:;=?@\-._~]{1,32}")
_OPENID = re.compile(r"o[0-9A-Za-z_\-]{27}")
_PHONE_CODE = re.compile(r"phone:(?:(\d{1,3})-)?(\d{5,14}):.+")
_RISKY, _DOUBTFUL = "违规", "疑似"


def _app_error(world: World, given: dict[str, Any]) -> Answer | None:
    for name, missing in (("appid", 41002), ("secret", 41004)):
        if not given.get(name):
            return error(missing, f"{name} missing")
    if given["appid"] != world.appid:
        return error(40013, "invalid appid")
    if given["secret"] != world.secret:
        return error(40125, "invalid appsecret")
    return None


def jscode2session(world: World, request: Request) -> Answer:
    if wrong := _app_error(world, request.query):
        return wrong
    if request.query.get("grant_type") != "authorization_code":
        return error(40002, "invalid grant_type")
    code = request.query.get("js_code", "")
    kind, _, rest = code.partition(":")
    if kind == "blocked":
        return error(40226, "code blocked")
    if kind == "freq":
        return error(45011, "api minute-quota reach limit, mustslower, retry next minute")
    if kind == "busy":
        if world.busy_for_the_first_time(code):
            return error(-1, "system error")
        return _session(world, "busy")
    if kind == "once":
        name, _, nonce = rest.rpartition(":")
        if name and nonce:
            return _single_use(world, code, name)
    if kind in {"ok", "union"} and rest:
        return _session(world, rest, union=kind == "union")
    return error(40029, "invalid code")


def _single_use(world: World, code: str, name: str) -> Answer:
    match world.use_code(code):
        case CodeUse.FIRST:
            return _session(world, name)
        case CodeUse.REPEATED:
            return error(40163, "code been used")
        case CodeUse.EXPIRED:
            return error(40029, "invalid code")


def _session(world: World, name: str, *, union: bool = False) -> Answer:
    openid = world.openid(name)
    world.seen(openid)
    key = hashlib.sha256(f"session:{openid}".encode()).digest()[:16]
    value = {"openid": openid, "session_key": base64.b64encode(key).decode()}
    if union:
        value["unionid"] = "u" + openid[1:]
    return answer(value)  # like WeChat: no errcode when all is well


def stable_token(world: World, request: Request) -> Answer:
    body = request.json()
    if body is None:
        return error(47001, "data format error")
    if wrong := _app_error(world, body):
        return wrong
    if body.get("grant_type") != "client_credential":
        return error(40002, "invalid grant_type")
    token = world.forced_token() if body.get("force_refresh") is True else world.stable_token()
    if isinstance(token, int):
        return error(token, "force_refresh: over the limit")
    left = max(1, int(token.expires_at - world.now()))
    return answer({"access_token": token.value, "expires_in": left})


def code_image(world: World, body: dict[str, Any]) -> Answer:
    scene, page = body.get("scene"), body.get("page", "")
    if not isinstance(scene, str) or not _SCENE.fullmatch(scene):
        return error(40169, "invalid length for scene, or the data is not json string")
    if body.get("env_version", "release") not in {"release", "trial", "develop"}:
        return error(40097, "invalid args: env_version")
    if page.startswith("/") or "?" in page:
        return error(41030, "invalid page")
    if body.get("check_path", True) and page.startswith("pages/unpublished"):
        return error(41030, "invalid page")
    if not world.count_code_image():
        return error(45009, "reach max api minute quota limit")
    return Answer(draw(scene), "image/png")


@lru_cache(maxsize=512)
def draw(scene: str) -> bytes:
    """A picture that holds the scene: a QR code, as we can't draw WeChat's own."""
    png = io.BytesIO()
    segno.make(scene, micro=False).save(png, kind="png", scale=6, border=4)
    return png.getvalue()


def send_message(world: World, body: dict[str, Any]) -> Answer:
    openid, template = body.get("touser"), body.get("template_id")
    if not isinstance(openid, str) or not _OPENID.fullmatch(openid):
        return error(40003, "invalid openid")
    if not isinstance(template, str) or not world.knows_template(template):
        return error(40037, "invalid template_id")
    if str(body.get("page", "")).startswith("/"):
        return error(41030, "invalid page")
    if field := wrong_field(body.get("data")):
        return error(47003, f"argument invalid! {field} invalid")
    if not world.spend_credit(openid, template):
        return error(43101, "user refuse to accept the msg")
    return answer({"errcode": 0, "errmsg": "ok", "msgid": int(world.now() * 1000)})


def check_text(world: World, body: dict[str, Any]) -> Answer:
    openid, content = body.get("openid"), body.get("content")
    if body.get("version") != 2 or not isinstance(content, str) or not 1 <= len(content) <= 2500:
        return error(47001, "data format error")
    if body.get("scene") not in {1, 2, 3, 4}:
        return error(40129, "invalid scene")
    if not isinstance(openid, str) or not _OPENID.fullmatch(openid):
        return error(40003, "invalid openid")
    if not world.seen_lately(openid):
        return error(61010, "code is expired")
    suggest, label = "pass", 100
    if _RISKY in content:
        suggest, label = "risky", 20001
    elif _DOUBTFUL in content:
        suggest, label = "review", 21000
    trace_id = hashlib.sha256(content.encode()).hexdigest()[:24]
    result = {"suggest": suggest, "label": label}
    return answer({"errcode": 0, "errmsg": "ok", "result": result, "trace_id": trace_id})


def phone_number(world: World, body: dict[str, Any]) -> Answer:
    code = body.get("code")
    match = _PHONE_CODE.fullmatch(code) if isinstance(code, str) else None
    if match is None or world.use_code(match.string) is not CodeUse.FIRST:
        return error(40029, "invalid code")
    country, number = match[1] or "86", match[2]
    info = {
        "phoneNumber": number if country == "86" else f"+{country} {number}",
        "purePhoneNumber": number,
        "countryCode": country,
        "watermark": {"timestamp": int(world.now()), "appid": world.appid},
    }
    return answer({"errcode": 0, "errmsg": "ok", "phone_info": info})


def _with_token(api: Callable[[World, dict[str, Any]], Answer]) -> Callable[..., Answer]:
    """An API that wants a good access token in its URL and a JSON object as its body."""

    def checked(world: World, request: Request) -> Answer:
        if errcode := world.token_error(request.query.get("access_token", "")):
            return error(errcode, "invalid credential, access_token is invalid or not latest")
        body = request.json()
        return error(47001, "data format error") if body is None else api(world, body)

    return checked


class Api(NamedTuple):
    method: str
    run: Callable[[World, Request], Answer]


WITHOUT_TOKEN = {
    "/sns/jscode2session": Api("GET", jscode2session),
    "/cgi-bin/stable_token": Api("POST", stable_token),
}
WITH_TOKEN = {
    "/wxa/getwxacodeunlimit": Api("POST", _with_token(code_image)),
    "/cgi-bin/message/subscribe/send": Api("POST", _with_token(send_message)),
    "/wxa/msg_sec_check": Api("POST", _with_token(check_text)),
    "/wxa/business/getuserphonenumber": Api("POST", _with_token(phone_number)),
}
APIS = WITHOUT_TOKEN | WITH_TOKEN


def call(world: World, request: Request) -> Answer:
    """Answer a request for one of WeChat's URLs."""
    api = APIS.get(request.path)
    if api is None:
        return error(40066, "invalid url")
    if request.method != api.method:
        return error(43001 if api.method == "GET" else 43002, f"require {api.method} method")
    return api.run(world, request)
