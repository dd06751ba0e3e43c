"""Which passwords are good enough for the console."""

from functools import cache

from backend.core.config import CONFIG_DIR

LONGEST = 128
_SHORTEST, _CLASSES = 8, 3
# So long a one may be of any characters.
_LONG = 12


@cache
def _common() -> frozenset[str]:
    """What people who guess try first: config/common_passwords.txt, one a line, case-folded."""
    text = (CONFIG_DIR / "common_passwords.txt").read_text(encoding="utf-8")
    return frozenset(text.casefold().split())


def weakness(username: str, password: str) -> str | None:
    """Why this user should not have this password, in words; None where it will do."""
    if len(password) > LONGEST:
        return f"最多 {LONGEST} 个字符"
    if len(password) < _LONG and (len(password) < _SHORTEST or _classes(password) < _CLASSES):
        return (
            f"太简单：应有 {_LONG} 个字符以上；或 {_SHORTEST} 个以上，"
            f"大写字母、小写字母、数字、符号里至少有 {_CLASSES} 种"
        )
    folded = password.casefold()
    if folded in _common():
        return "这个密码很常见，容易被猜到，请换一个"
    if username.casefold() in folded:
        return "密码里不能有用户名，请换一个"
    return None


def _classes(password: str) -> int:
    """How many of the four kinds of character there are."""
    kinds = {
        "upper" if one.isupper() else "lower" if one.islower() else "digit" if one.isdigit()
        else "other" for one in password
    }  # fmt: skip
    return len(kinds)
