"""What people type, made one before it is judged or kept: lines, paragraphs, phone numbers, names
of files. Bodies, forms, Excel files and the command line all come through here, so that what one of
them takes no other refuses."""

import re
import unicodedata

# What shows nothing and is no space: controls, zero-width and bidirectional marks (they come along
# in a paste, and can make a name read backwards on a list), lone surrogates, no characters, and
# letters that are drawn empty (Hangul fillers, the empty Braille cell).
_INVISIBLE = {"Cc", "Cf", "Cs"}
_EMPTY = frozenset("\u034f\u115f\u1160\u2800\u3164\uffa0\ufffe\uffff")
_BLANK_LINES = re.compile(r"\n{3,}")
# How the digits of a number are grouped where it is copied from.
_SEPARATORS = re.compile(r"[\s.()\u00b7\u2010-\u2015\u2212-]+")
_LEADING_ZEROS = re.compile(r"(?<![0-9])0+(?=[0-9])")
_MOBILE = re.compile(r"(?:\+?(?:00)?86)?(1[3-9][0-9]{9})", re.ASCII)
# One within other text, also in groups and with the country's; and an identity card's number.
_MOBILE_WITHIN = re.compile(
    r"(?<!\d)(?:(?:00)?86[\s\u2010-\u2015-]*)?1[3-9]\d(?:[\s\u2010-\u2015-]?\d){8}(?!\d)"
)
# Somebody's name at WeChat, said to be one: letters with a digit, 「_」 or 「-」 among them.
_WECHAT_NAME = re.compile(r"微信号?[\s:是为]*(?=[a-z]*[0-9_-])[a-z][a-z0-9_-]{5,19}", re.IGNORECASE)
_PERSONAL = re.compile(rf"{_MOBILE_WITHIN.pattern}|(?<!\d)\d{{17}}[\dXx](?!\d)")
# What a sentence ends with, also before a closing quotation mark; and what it does not.
_ENDS = tuple("。！？…!?.")
_CLOSING, _UNFINISHED = "」』”", "，、；：,;: "
# What file systems refuse in a name, and what they all take in length.
_NOT_IN_FILE_NAMES = re.compile(r'[\\/:*?"<>|]+')
_FILE_NAME_LENGTH = 100


def _visible(text: str) -> str:
    """The text without what shows nothing; white space of every kind stays."""
    if text.isprintable() and _EMPTY.isdisjoint(text):
        return text
    return "".join(
        char
        for char in text
        if char.isspace() or (unicodedata.category(char) not in _INVISIBLE and char not in _EMPTY)
    )


def one_line(text: str) -> str:
    """Text of one line: NFC, without what shows nothing, each stretch of white space one space."""
    return " ".join(unicodedata.normalize("NFC", _visible(text)).split())


def paragraphs(text: str) -> str:
    """Text of several lines: each as `one_line` has it, at most one empty one between two."""
    lines = "\n".join(one_line(line) for line in text.splitlines())
    return _BLANK_LINES.sub("\n\n", lines).strip("\n")


def trimmed(text: str) -> str:
    """Text of which each space within counts, as a password's."""
    return unicodedata.normalize("NFC", text).strip()


def dialled(text: str) -> str:
    """A number as it is dialled, however it was written: in groups, full-width, or wrapped in the
    marks that a contact list puts around it."""
    return _SEPARATORS.sub("", unicodedata.normalize("NFKC", _visible(text)))


def mobile_number(text: str) -> str | None:
    """The eleven digits of a mainland mobile number, written with or without +86; None for what is
    none."""
    match = _MOBILE.fullmatch(dialled(text))
    return match[1] if match else None


def has_mobile_number(text: str) -> bool:
    """Whether somebody's mobile number stands in a text: alone, however it is written, or among
    other words."""
    plain = unicodedata.normalize("NFKC", _visible(text))
    return mobile_number(plain) is not None or _MOBILE_WITHIN.search(plain) is not None


def has_personal_number(text: str) -> bool:
    """Whether a mobile number, one that may be an identity card's, or somebody's name at WeChat
    stands in a text."""
    plain = unicodedata.normalize("NFKC", text)
    return any(pattern.search(plain) for pattern in (_PERSONAL, _WECHAT_NAME))


def sentence(text: str) -> str:
    """What people have typed, as a sentence among others: with 。 unless it has an end."""
    plain = text.rstrip(_UNFINISHED)
    return plain if plain.rstrip(_CLOSING).endswith(_ENDS) else f"{plain}。"


def masked_numbers(text: str) -> str:
    """The text with the middle of each mobile number starred out, and of each number that may be
    an identity card's."""
    for plain in (text, unicodedata.normalize("NFKC", _visible(text)), mobile_number(text) or text):
        masked = _PERSONAL.sub(_masked, plain)
        if masked != plain:
            return masked
    return text


def _masked(found: re.Match[str]) -> str:
    signs = "".join(filter(str.isalnum, found[0]))
    return f"{signs[:3]}****{signs[-4:]}"


def compared(name: str) -> str:
    """A name as it is compared with others: two that differ by width, spaces or case alone are told
    apart by nobody."""
    return "".join(unicodedata.normalize("NFKC", _visible(name)).casefold().split())


def compared_number(number: str) -> str:
    """A number as it is called out: 1, １ and 01 are one."""
    return _LEADING_ZEROS.sub("", compared(number))


def words(text: str) -> list[str]:
    """The words of a search, each of which is to be found."""
    return one_line(text).split()


def file_name(name: str) -> str:
    """A name under which a file can be sent and kept: one line, bounded, its ending kept."""
    plain = one_line(_NOT_IN_FILE_NAMES.sub(" ", name))
    stem, dot, ending = plain.rpartition(".")
    room = max(_FILE_NAME_LENGTH - len(dot + ending), 0)
    return f"{stem[:room]}{dot}{ending}"[:_FILE_NAME_LENGTH]
