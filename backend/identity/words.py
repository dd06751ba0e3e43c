"""What people, roles and logins are called: on pages and in the audit log."""

from backend.core.feature import AuditWords
from backend.core.permissions import Role
from backend.identity.models import PhoneState, UserState

ROLES = {
    Role.VOLUNTEER: "志愿者", Role.PARTNER: "合伙人", Role.ORGANISER: "组织者",
    Role.ADMIN: "管理员", Role.AUDITOR: "督查员",
}  # fmt: skip
USER_STATES = {
    UserState.ACTIVE: "正常", UserState.BLOCKED: "停用", UserState.CLOSED: "已注销",
}  # fmt: skip
AUDIT = AuditWords(
    actions={
        "confirm_phone": "当面核实电话",
        "merge_guest": "合并来宾",
        "write_in_guest": "登记来宾",
        "look_up_resident": "查询居民",
        "close_account": "注销账号",
        "erase_guest": "到期删除来宾资料",
        "grant_role": "授予角色",
        "revoke_role": "收回角色",
        "console_login": "登录工作台",
        "console_login_failed": "登录失败",
        "console_logout": "退出工作台",
        "confirm_console_login": "确认扫码登录",
        "end_console_sessions": "结束工作台登录",
        "create_password_account": "建立密码账号",
        "reset_password_account": "重置密码账号",
        "end_own_session": "结束自己的登录",
        "end_other_sessions": "结束自己的其他登录",
        "change_password": "修改密码",
    },
    objects={"resident": "居民", "user_account": "用户", "console_session": "工作台登录"},
    states={
        "resident": {
            PhoneState.NONE: "未留电话", PhoneState.TYPED: "自己填写",
            PhoneState.VERIFIED: "微信核实", PhoneState.CONFIRMED: "当面核实",
        },
        # The entry of a role that was given or taken has roles for states.
        "user_account": USER_STATES | ROLES,
    },
    details={"by": "按什么查", "how": "登录方式", "failures": "连续失败次数"},
    values={
        "by": {"phone": "电话", "name": "姓名", "code": "个人码"},
        "how": {"scan": "扫码", "password": "密码", "demo": "演示登录"},
    },
)  # fmt: skip
