"""The columns of a schedule: what each of ours is called, and what offices call theirs."""

import re

from backend.core.spreadsheets.values import narrowed

PROGRAMME, TITLE, COMMUNITY, DAY = "品牌项目", "活动名称", "社区", "日期"
STARTS, ENDS, VENUE, ADDRESS = "开始时间", "结束时间", "场地", "地址"
ORGANISER, CONTACT, FIELD, KIND = "主办单位", "咨询电话", "服务领域", "类别"
ABOUT, MODEL, SLOTS = "活动介绍", "参照活动", "照搬时段"
TOWN, LAST_DAY = "镇、街道", "结束日期"
REQUIRED = (PROGRAMME, TITLE, COMMUNITY, DAY, STARTS, ENDS, VENUE)
OPTIONAL = (ADDRESS, ORGANISER, CONTACT, FIELD, KIND, ABOUT, MODEL, SLOTS, TOWN, LAST_DAY)
COLUMNS = (*REQUIRED, *OPTIONAL)
# In place of an activity to copy: nobody's stalls and services, whatever is chosen above.
NO_MODEL = "不照搬"
# What says something of a row and is none of its values.
WEEKDAY, STATE, REMARK = "星期", "状态", "备注"

_BEFORE = (
    "(?:活动|集市|市集|场次|举办|举行|开展|开始|拟|计划|预计|安排|拟定|集中|申报|所在|所属|具体"
    "|详细)*"
)
_PLACE = (
    "(?:地区|社区|村社区|行政村|社区村|村居|居村|村|村委|村委会|村居委|居委|居委会|区域|辖区|片区"
    "|属地)"
)
_TOWN = "(?:镇街道?|街道镇?|街镇|乡镇街道?|乡镇|镇|板块)"
# Whose number. None of these words begins another, so that a long heading is soon read.
_WHOSE = (
    "(?:咨询|联系|活动|服务|报名|预约|对外|公开|社区|村|负责|主办|承办|对接|经办|带队|现场|项目"
    "|集市|单位|部门|人|员|方|同志|姓名|的)"
)
_PHONE = "(?:电话|手机|座机|固话|热线)(?:号码?)?"
# Compared without spaces, marks and what stands in brackets; of several that fit the first counts.
_MEANINGS: dict[str, str] = {
    LAST_DAY: f"{_BEFORE}(?:结束|截止)(?:日期|日)",
    DAY: f"{_BEFORE}(?:起止|起始)?(?:日期|日期时间|时间日期|日子|年月日|月日|日)(?:安排)?",
    ENDS: f"{_BEFORE}(?:结束|终止|截止|散场|收摊|时间结束|止)(?:时间|时刻|时)?",
    STARTS: f"开始|{_BEFORE}(?:(?:起止)?时间|时间(?:段|安排|开始)|时段|时刻|起|始"
            "|(?:起始|开场)(?:时间)?)",
    WEEKDAY: "星期|周几|星期几",
    TITLE: f"{_BEFORE}(?:名称?|主题|标题|题目)|活动|集市|市集|场次",
    PROGRAMME: f"{_BEFORE}(?:品牌)?(?:项目|品牌|系列)(?:品牌|名称|类型|类别)?|活动类型|活动类别",
    COMMUNITY: f"{_BEFORE}{_TOWN}?{_PLACE}(?:名称)?|(?:承办|主办|实施)(?:社区|村社区)",
    TOWN: f"{_BEFORE}{_TOWN}(?:名称)?",
    VENUE: f"{_BEFORE}(?:地点|场地|场所|地方|位置|会场|点位)(?:名称)?",
    ADDRESS: f"{_BEFORE}(?:地点|场地)?地址",
    ORGANISER: "(?:主办|承办|组织|举办|实施|牵头|责任)(?:单位|方|部门)?",
    CONTACT: f"{_WHOSE}*(?:{_PHONE})+|{_WHOSE}*(?:联系|咨询)方式",
    FIELD: "(?:服务)?领域",
    KIND: "(?:交流)?(?:类别|类型)",
    ABOUT: "(?:活动|主要|服务)*(?:介绍|简介|内容|说明)",
    MODEL: "(?:参照|照搬|模板)(?:的)?活动",
    SLOTS: "(?:参照|照搬)(?:的)?时段",
    STATE: "(?:活动)?状态|进度",
    REMARK: "(?:其他|其它|情况|变更|变动|调整|特殊|补充)*(?:备注|说明|附注|情况)(?:说明)?\\d*",
}  # fmt: skip
_COMPILED = {column: re.compile(pattern) for column, pattern in _MEANINGS.items()}
_BRACKETS = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|【[^【】]*】")
_MARKS = re.compile(r"[\s*、/,.:;&+·|_()\[\]【】-]|和|及|与|或")
# Other words for the same, where a sheet has both: then it is the narrower one that counts.
PREFERRED = {
    COMMUNITY: ("社区", "村社区", "社区村", "村居", "村"),
    ORGANISER: ("主办单位", "主办", "主办方"),
    CONTACT: ("咨询电话",),
    VENUE: ("场地", "地点"),
    PROGRAMME: ("品牌项目",),
}


def bare(heading: str) -> str:
    """A heading without what does not matter: width, spaces, marks."""
    return _MARKS.sub("", narrowed(heading))


def meant(heading: str) -> str | None:
    """Which column a heading means; None where it is none of ours."""
    narrow = narrowed(heading)
    # With what is in brackets, as in 「时间（结束）」, and without, as in 「日期（必填）」.
    for plain in (bare(narrow), bare(_BRACKETS.sub("", narrow))):
        for column, pattern in _COMPILED.items():
            if pattern.fullmatch(plain):
                return column
    return None
