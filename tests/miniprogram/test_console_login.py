"""The organiser lets a PC into the console with their phone."""

import re
from http.cookiejar import CookieJar
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, build_opener

from backend.local.system import LocalSystem
from tests.miniprogram.phones import OpenPhone
from tests.miniprogram.town import Caller

PAGE = "packages/staff/pages/console-login/console-login"


class Computer:
    """A browser at the login page, as far as the phone needs one."""

    def __init__(self, web: str) -> None:
        self._web = web
        self._http = build_opener(HTTPCookieProcessor(CookieJar()))

    def qr(self) -> str:
        """What the QR code on its screen says."""
        (token,) = re.findall(r'name="csrf_token" value="([^"]+)"', self._read("/login"))[:1]
        (text,) = re.findall(r"wushe-login:[\w-]+", self._read("/login/qr", csrf_token=token))
        return str(text)

    def is_let_in(self) -> bool:
        return "已确认" in self._read("/login/qr")

    def _read(self, path: str, **form: str) -> str:
        data = urlencode(form).encode() if form else None
        with self._http.open(f"{self._web}/console{path}", data, timeout=10) as answer:
            return str(answer.read().decode())


def test_who_confirms_sees_which_computer_and_lets_it_in(
    phone: OpenPhone, system: LocalSystem, organiser: Caller
) -> None:
    computer = Computer(system.web)
    clerk = phone("organiser", path=PAGE, kept=organiser.kept)
    clerk.scan(computer.qr())
    clerk.tap("扫一扫")
    clerk.sees("要让这台电脑以您的身份进入工作台吗")
    clerk.screenshot("console-login-confirm")
    clerk.axe()
    assert not computer.is_let_in()
    clerk.tap("确认登录")
    clerk.sees("已确认")
    clerk.axe()
    assert computer.is_let_in()


def test_a_code_of_something_else_is_told(phone: OpenPhone, organiser: Caller) -> None:
    clerk = phone("organiser", path=PAGE, kept=organiser.kept)
    clerk.scan("https://example.org/")
    clerk.tap("扫一扫")
    clerk.sees("这不是电脑登录的二维码")


def test_a_code_that_another_has_confirmed_is_refused(
    phone: OpenPhone, system: LocalSystem, organiser: Caller
) -> None:
    text = Computer(system.web).qr()
    code = text.removeprefix("wushe-login:")
    Caller(system.web, "admin").post(f"/console-logins/{code}/confirm")
    clerk = phone("organiser", path=PAGE, kept=organiser.kept)
    clerk.allow(409, f"/console-logins/{code}")
    clerk.scan(text)
    clerk.tap("扫一扫")
    clerk.sees("二维码已过期")
