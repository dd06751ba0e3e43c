"""What has happened to an activity, in words, from the audit log."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Uuid, literal, select, union_all
from sqlalchemy.orm import Session

from backend.activities.history.parts import origin_in_words, part_in_words, with_parts
from backend.activities.models import Activity
from backend.activities.questions import told_in_history
from backend.activities.words import EXCHANGE_KINDS
from backend.core.audit import AuditEntry
from backend.core.config import titles
from backend.core.dates import dated
from backend.core.pagination import Page, paginate
from backend.identity.models import Resident
from backend.identity.names import own_name

# The names of an activity's facts, in its form and wherever a change of them is told.
FACTS: dict[str, str] = {
    "programme": "品牌项目", "region_id": "地区", "title": "名称", "starts_at": "开始时间",
    "ends_at": "结束时间", "venue": "场地", "venue_name": "场地", "venue_address": "地址",
    "venue_latitude": "纬度", "venue_longitude": "经度", "venue_wheelchair": "无障碍通道",
    "description": "活动介绍", "organiser_name": "主办单位", "contact_phone": "咨询电话",
    "checkin_opens_minutes": "提前签到", "code_rotates_seconds": "签到码更换",
    "field": "服务领域", "kind": "交流类别", "capacity": "名额",
}  # fmt: skip
_RECORD = {
    "volunteers": "志愿者人数", "volunteer_minutes": "服务总时长", "funds_yuan": "使用资金",
    "problems": "存在问题",
}  # fmt: skip
# Of stalls, services and slots.
_PARTS = {
    "organisation_name": "单位名称", "organisation_id": "服务单位",
    "number": "摊位号", "name": "摊位名称",
    "spot_row": "第几排", "spot_column": "第几位", "place_note": "位置补充",
    "service_kind": "服务类别", "mode": "服务方式", "minutes_per_person": "每人分钟数",
    "walk_in_share": "现场保留比例", "min_age": "最小年龄", "daily_cap_per_person": "每人每天次数",
    "sign_up_opens_at": "开始报名", "sign_up_closes_at": "截止报名",
    "letter": "服务编号", "service": "服务", "slots": "时段数", "slots_from": "时段从",
    "slots_to": "时段到",
}  # fmt: skip
# Of what partners offer.
_OFFERED = {
    "people": "来几个人", "stations": "同时服务", "region_ids": "服务地区", "weekdays": "星期几",
    "from_time": "最早几点", "to_time": "最晚几点", "days_off": "不能来的日子",
    "lead_days": "提前几天约", "most_per_month": "每月最多几场", "requires": "场地要准备",
    "credential_ids": "所附资质",
}  # fmt: skip
_WORDS: dict[str, str] = {
    "open": "随到随办", "queue": "现场取号", "slots": "预约时段",
    **{kind.value: words for kind, words in EXCHANGE_KINDS.items()},
}  # fmt: skip
_TYPED = "已改（文字内容不记入记录）"
ACTIONS: dict[str, str] = {
    "create": "新建草稿", "edit": "修改信息", "reschedule": "改期",
    "submit": "提交审核", "return": "退回修改", "publish": "发布",
    "open": "开始活动", "undo_open": "撤回开始",
    "close": "结束活动", "cancel": "取消活动", "withdraw": "随导入撤销",
    "freeze": "评价定稿", "freeze_evaluation": "评价定稿", "revoke_code": "更换签到码",
    "add_stall": "增加摊位", "edit_stall": "修改摊位", "delete_stall": "删除摊位",
    "place_stall": "移动摊位", "arrange_stalls": "自动排列摊位", "add_offering": "增加服务",
    "edit_offering": "修改服务", "delete_offering": "删除服务",
    "drop_offering": "取消服务，预约随之取消", "add_slots": "增加时段",
    "edit_slot": "修改时段", "delete_slot": "删除时段", "assign": "安排人员",
    "unassign": "移除人员", "write_record": "填写活动登记", "load_demo": "载入演示数据",
    "find_limit_reached": "查找居民到达上限", "see_number": "查看电话",
    "see_call_list": "打印电话名单",
    "export_call_list": "导出电话名单", "see_sign_ups": "打印报名名单",
    "export_sign_ups": "导出报名名单",
    "mark_told": "电话通知：已通知", "mark_no_answer": "电话通知：没打通",
    "undo_call": "撤销电话通知的标记", "announce": "写公告", "announcement_sent": "公告已发送",
    "announcement_held": "公告等同事核对", "announcement_rejected": "公告没有通过检查",
    "announcement_withdrawn": "公告撤下",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Event:
    """One line of an activity's history.

    Attributes:
        who: the colleague's name; 「系统」 where nobody did it.
        words: what was done.
        more: which part it was about, the reason, the fields, the number; empty where there is
            nothing more to say.
    """

    at: datetime
    who: str
    words: str
    more: str


def history_of(
    session: Session, activity_id: UUID, *, limit: int, cursor: str | None = None
) -> Page:
    """A page of what has happened to an activity and to what features above keep of it, the newest
    first; items are `Event`s. One statement."""
    others = told_in_history(activity_id)
    # The ids in one list, so that each is looked up by the log's index of objects.
    ids = union_all(select(literal(activity_id, Uuid)), *others.values())
    statement = (
        select(AuditEntry, Resident.name.label("actor_name"))
        .outerjoin(Resident, Resident.user_id == AuditEntry.actor_user_id)
        .where(
            AuditEntry.object_type.in_([Activity.__tablename__, *others]),
            AuditEntry.object_id.in_(ids),
            # Looking somebody up at the entrance changes nothing of the activity.
            AuditEntry.action != "find_residents",
        )
    )
    page = paginate(
        session,
        with_parts(statement),
        [(AuditEntry.id.expression, UUID)],
        cursor=cursor,
        limit=limit,
        key_of=lambda row: (str(row[0].id),),
        descending=True,
        scalars=False,
    )
    return Page([_event(row) for row in page.items], page.next_cursor)


def _event(row: Any) -> Event:
    entry: AuditEntry = row.AuditEntry
    who = own_name(row.actor_name) if entry.actor_user_id else "系统"
    part = part_in_words(row, own_name) or origin_in_words(row)
    said = (part, more_of(entry.details, entry.reason_in_words))
    # An action of a newer version is named as it is kept; nothing is hidden.
    return Event(
        entry.at, who, ACTIONS.get(entry.action, "其他操作"), "：".join(filter(None, said))
    )


def more_of(details: Mapping[str, Any], reason: str | None = None) -> str:
    """An entry's details in words: the reason, which fields, how many."""
    if reason:
        return f"{details['rows']} 行；原因：{reason}" if "rows" in details else f"原因：{reason}"
    if details.get("changes"):
        return "；".join(f"{label}：{words}" for label, words in changes_in_words(details))
    if was := was_in_words(details):
        return "；".join(f"{label}：{words}" for label, words in was)
    names = [word for key in details.get("fields", []) if (word := (FACTS | _RECORD).get(key))]
    if names:
        return "、".join(names)
    return f"{details['count']} 个" if "count" in details else ""


def changes_in_words(details: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What an edit has changed: each field's name, and 「30 → 45」. Of text that was not public
    the log knows only that it was changed (core/audit.py)."""
    names = FACTS | _RECORD | _PARTS | _OFFERED
    return [
        (
            names.get(change["field"], "其他"),
            f"{_said(change['field'], change['old'])} → {_said(change['field'], change['new'])}"
            if "old" in change
            else _TYPED,
        )
        for change in details.get("changes", [])
    ]


def was_in_words(details: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What was deleted: each of its fields' names, and what stood there."""
    names = FACTS | _RECORD | _PARTS | _OFFERED
    was = details.get("was", {})
    return [(names[name], _said(name, value)) for name, value in was.items() if name in names]


def _said(name: str, value: Any) -> str:
    if value is None:
        return "未填写"
    if isinstance(value, bool):
        return "有" if value else "没有"
    if name == "organisation_id":
        return "一个单位"
    if name.endswith("_at") or name in ("slots_from", "slots_to"):
        return dated(datetime.fromisoformat(value))
    if name in ("field", "service_kind"):
        return str(titles(f"{name}s").get(value, value))
    if name in ("mode", "kind"):
        return _WORDS[value]
    if name == "volunteer_minutes":
        return f"{value / 60:g} 小时"
    return str(value)
