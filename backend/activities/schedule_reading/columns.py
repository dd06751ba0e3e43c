"""The columns of a schedule: what each of ours is called, whatever an office calls its own."""

PROGRAMME, TITLE, COMMUNITY, DAY = "品牌项目", "活动名称", "社区", "日期"
STARTS, ENDS, VENUE, ADDRESS = "开始时间", "结束时间", "场地", "地址"
ORGANISER, CONTACT, FIELD, KIND = "主办单位", "咨询电话", "服务领域", "类别"
ABOUT, MODEL = "活动介绍", "参照活动"
REQUIRED = (PROGRAMME, TITLE, COMMUNITY, DAY, STARTS, ENDS, VENUE)
OPTIONAL = (ADDRESS, ORGANISER, CONTACT, FIELD, KIND, ABOUT, MODEL)
COLUMNS = (*REQUIRED, *OPTIONAL)
