"""What resources are called: on pages and in the audit log."""

from backend.core.feature import AuditWords
from backend.resources.credentials.models import CredentialState
from backend.resources.models import ResourceState

RESOURCE_STATES = {
    ResourceState.DRAFT: "草稿", ResourceState.SUBMITTED: "待审核",
    ResourceState.APPROVED: "可安排", ResourceState.SUSPENDED: "已暂停",
    ResourceState.RETIRED: "已停用",
}  # fmt: skip
RESOURCE_COLOURS = {
    ResourceState.DRAFT: "secondary", ResourceState.SUBMITTED: "warn",
    ResourceState.APPROVED: "good", ResourceState.SUSPENDED: "bad",
    ResourceState.RETIRED: "secondary",
}  # fmt: skip
# As a resource's own page says them, beside its name.
RESOURCE_ACTIONS = {
    "draft_resource": "登记", "edit_resource": "修改", "submit_resource": "提交审核",
    "approve_resource": "审核通过", "return_resource": "退回", "suspend_resource": "暂停",
    "retire_resource": "停用",
}  # fmt: skip
CREDENTIAL_STATES = {
    CredentialState.SUBMITTED: "待审核", CredentialState.APPROVED: "有效",
    CredentialState.REJECTED: "不通过",
}  # fmt: skip
CREDENTIAL_COLOURS = {
    CredentialState.SUBMITTED: "warn", CredentialState.APPROVED: "good",
    CredentialState.REJECTED: "bad",
}  # fmt: skip
AUDIT = AuditWords(
    actions={
        "draft_resource": "登记资源",
        "edit_resource": "修改资源",
        "submit_resource": "提交资源",
        "approve_resource": "通过资源",
        "return_resource": "退回资源",
        "suspend_resource": "暂停资源",
        "retire_resource": "停用资源",
        "export_resources": "导出资源",
        "hand_in_credential": "登记资质",
        "approve_credential": "通过资质",
        "reject_credential": "不通过资质",
    },
    objects={"resource": "资源", "credential": "资质"},
    states={"resource": RESOURCE_STATES, "credential": CREDENTIAL_STATES},
)
