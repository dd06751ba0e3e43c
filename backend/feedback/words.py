"""What evaluation and rectification are called: on pages and in the audit log."""

from backend.core.feature import AuditWords
from backend.feedback.evaluation.checklist import EvaluationState, EvaluationVerdict
from backend.feedback.models import RectificationState

RECTIFICATION_STATES = {
    RectificationState.OPEN: "待回复", RectificationState.REPLIED: "待回访",
    RectificationState.CALLED_BACK: "待办结", RectificationState.CLOSED: "已办结",
}  # fmt: skip
VERDICTS = {
    EvaluationVerdict.MET: "达标", EvaluationVerdict.TO_IMPROVE: "待改进",
    EvaluationVerdict.INSUFFICIENT_DATA: "评价太少",
}  # fmt: skip
VERDICT_COLOURS = {
    EvaluationVerdict.MET: "good", EvaluationVerdict.TO_IMPROVE: "bad",
    EvaluationVerdict.INSUFFICIENT_DATA: "secondary",
}  # fmt: skip
AUDIT = AuditWords(
    actions={
        "freeze_evaluation": "评价清单定稿",
        "drop_second_rating": "删除重复评价",
        "rating_changed": "居民修改评价",
        "open_rectification": "差评转整改",
        "name_owner": "指定责任人",
        "reply": "回复整改",
        "call_back": "回访",
        "see_contact": "查看评价人电话",
        "close_unsolved": "未解决而办结整改",
        "reopen": "居民说「还没解决」，重新办理",
    },
    of={
        ("rectification", "close"): "办结整改",
        ("rectification", "close_unsolved"): "未解决而办结整改",
    },
    objects={"rating": "评价", "evaluation_checklist": "评价清单", "rectification": "整改"},
    states={
        "rectification": RECTIFICATION_STATES,
        "evaluation_checklist": {EvaluationState.LIVE: "进行中", EvaluationState.FROZEN: "已定稿"},
    },
    details={
        "score": "评分",
        "score_before": "原评分",
        "resident_satisfied": "居民是否认可",
        "verdict": "结论",
        "rated": "评价份数",
    },
    values={
        "resident_satisfied": {True: "认可", False: "仍不满意"},
        "verdict": {verdict.value: words for verdict, words in VERDICTS.items()},
    },
)
