"""The audit log in words: what was done, to what, and what else is known of it.

Each feature says its own (`AuditWords` in its manifest); what no single one records stands here.
tests/domain/test_audit_words.py fails for an action that the code records and nobody says. Names
and phone numbers stand in no entry (core/audit.py), so none can come out here.
"""

from collections.abc import Mapping
from typing import Any

from backend.activities.history.entries import changes_in_words, was_in_words
from backend.core.feature import AuditWords

AUDIT = AuditWords(
    actions={"refuse": "拒绝越权操作"},
    objects={"form": "表单", "page": "页面", "api_call": "手机端操作"},
    details={
        "title": "名称",
        "kind": "种类",
        "fields": "改了哪些项",
        "count": "数量",
        "rows": "行数",
        "made": "新建",
        "added": "新增",
        "changed": "更新",
        "bytes": "文件大小（字节）",
        "route": "页面地址",
        "path": "要操作的对象",
        "code": "拒绝原因",
    },
    values={
        "code": {
            "forged_form": "表单不是本系统页面发出的", "forbidden": "没有权限",
            "not_found": "不在管辖范围或不存在",
        },
    },
)  # fmt: skip
_UNKNOWN = "其他"
# How much an entry was about, by the names of its details.
_AMOUNTS = ("made", "added", "changed", "count", "rows")


def action_in_words(words: AuditWords, action: str, object_type: str) -> str:
    """取消活动"""
    return words.of.get((object_type, action)) or words.actions.get(action, f"{_UNKNOWN}操作")


def object_in_words(words: AuditWords, object_type: str) -> str:
    """活动"""
    return words.objects.get(object_type, _UNKNOWN)


def state_in_words(words: AuditWords, object_type: str, state: str | None) -> str | None:
    """An object's state as its own pages say it; a user's may be a role."""
    if state is None:
        return None
    known = words.states.get(object_type, {})
    return {str(key): said for key, said in known.items()}.get(state, _UNKNOWN)


def change_in_words(words: AuditWords, entry: Any) -> str:
    """草稿 → 已发布; empty where nothing moved."""
    before = state_in_words(words, entry.object_type, entry.from_state)
    after = state_in_words(words, entry.object_type, entry.to_state)
    if before and after:
        return before if before == after else f"{before} → {after}"
    if before:
        return f"{before} → 无"
    return f"新：{after}" if after else ""


def main_change(words: AuditWords, details: Mapping[str, Any]) -> str:
    """What an entry that moves no state has changed, in one line: 「名额：5 → 8，等 3 项」."""
    known = changes_in_words(details) or [
        (label, _value(words, name, details[name]))
        for name, label in words.details.items()
        if name in _AMOUNTS and details.get(name)
    ]
    if not known:
        return ""
    (label, value), more = known[0], len(known) - 1
    return f"{label}：{value}" + (f"，等 {more + 1} 项" if more else "")


def details_in_words(words: AuditWords, details: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What else is known, with a label each; what has none stands in the raw record alone."""
    changes = changes_in_words(details) + was_in_words(details)
    return changes + [
        (label, _value(words, name, details[name]))
        for name, label in words.details.items()
        if details.get(name) not in (None, "", []) and not (changes and name == "fields")
    ]


def _value(words: AuditWords, name: str, value: Any) -> str:
    known = words.values.get(name, {})
    if not isinstance(value, list | dict) and value in known:
        return known[value]
    if name == "found":
        return f"{len(value)} 人"
    if isinstance(value, list):
        return f"{len(value)} 项"
    return str(value)
