"""Words that people's headers use, in Chinese and English, and what they mean. Matched after `plain`."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping

# Event field (or a word of our own) -> headers, best first.
FIELDS: Mapping[str, tuple[str, ...]] = {
    "id": (
        "event_id", "message_id", "log_id", "record_id", "transaction_id", "事件id", "事件编号", "流水号", "记录编号",
        "uuid", "id",
    ),
    "at": (
        "at", "event_time", "timestamp", "event_timestamp", "occurred_at", "created_at", "create_time", "datetime",
        "date_time", "time", "date", "order_date", "purchase_date", "invoicedate", "ts", "day", "visit_time",
        "时间", "事件时间", "发生时间", "创建时间", "日期", "时间戳", "下单时间", "购买时间", "消费时间", "浏览时间",
        "操作时间", "提交时间",
    ),
    "kind": (
        "kind", "event", "event_type", "event_name", "action", "behavior", "behaviour", "behavior_type", "action_type",
        "activity", "type", "事件", "事件类型", "行为", "行为类型", "动作", "操作", "类型",
    ),
    "user": (
        "user_id", "userid", "customer_id", "customerid", "member_id", "client_id", "buyer_id", "account_id", "uid",
        "visitor_id", "user", "customer", "member", "用户id", "用户编号", "用户", "会员id", "会员号", "会员编号",
        "会员卡号", "客户id", "客户编号",
        "买家id", "顾客id", "顾客编号",
    ),
    "email": ("email", "e-mail", "email_address", "mail", "邮箱", "电子邮箱", "邮件", "电子邮件"),
    "phone": (
        "phone", "mobile", "phone_number", "mobile_phone", "telephone", "tel", "cellphone", "手机", "手机号",
        "手机号码", "联系电话",
        "电话", "联系方式", "联系手机", "电话号码",
    ),
    "target": (
        "target_id", "target_user_id", "to_user", "to_id", "to", "receiver_id", "invitee_id", "invited_id",
        "followed_id",
        "对象", "被邀请人", "接收人", "目标用户",
    ),
    "group": ("group_id", "room_id", "chat_id", "channel_id", "群id", "群号", "群名", "群名称", "群聊"),
    "item": (
        "item_id", "product_id", "sku", "sku_id", "goods_id", "stockcode", "product_code", "item", "product",
        "page_url",
        "url", "page", "content_id", "article_id", "商品id", "商品编号", "商品编码", "货号", "页面", "网址", "内容id",
        "商品",
    ),
    "title": (
        "title", "item_name", "product_name", "goods_name", "description", "商品名称", "商品标题", "标题", "品名",
    ),
    "order": ("order_id", "order_no", "order_number", "invoice_no", "invoiceno", "订单号", "订单编号", "单号"),
    "line": (
        "line_no", "line_number", "line_id", "line_item_id", "order_item_id", "order_line", "line_item", "sub_order_id",
        "子订单号", "子订单编号", "订单行号", "行号", "明细编号",
    ),
    "category": ("category", "category_name", "category_id", "product_category", "类目", "品类", "分类", "商品分类"),
    "amount": (
        "value", "amount", "total", "total_amount", "order_amount", "paid_amount", "payment", "revenue", "sales",
        "spend",
        "dollar_value", "price_total", "金额", "实付金额", "付款金额", "支付金额", "消费金额", "订单金额", "总金额",
        "成交金额", "交易金额", "实收金额",
    ),
    "price": ("price", "unit_price", "unitprice", "单价", "价格", "售价"),
    "quantity": ("quantity", "qty", "count", "number", "数量", "购买数量", "件数"),
    "currency": ("currency", "currency_code", "币种", "货币"),
    "campaign": ("campaign", "campaign_id", "utm_campaign", "活动", "活动名称", "活动id"),
    "channel": ("channel", "utm_source", "source_channel", "medium", "渠道", "来源渠道", "来源"),
    "text": (
        "text", "content", "message", "comment", "body", "review", "feedback", "内容", "消息内容", "消息", "评论",
        "评论内容", "评价", "留言", "反馈",
    ),
    "keyword": ("keyword", "query", "search_term", "关键词", "搜索词"),
}  # fmt: skip

# Traits of a person -> headers. The first that a file has is taken.
TRAITS: Mapping[str, tuple[str, ...]] = {
    "name": (
        "name", "full_name", "customer_name", "display_name", "nickname", "客户名称", "客户姓名", "姓名", "会员姓名",
        "会员名称", "昵称", "客户昵称",
        "微信昵称", "用户名", "用户昵称", "名称",
    ),
    "remark": ("remark", "客户备注名", "备注名", "客户备注"),
    "note": ("note", "notes", "客户系统备注", "描述", "描述信息", "备注"),
    "gender": ("gender", "sex", "性别"),
    "birthday": ("birthday", "birth_date", "date_of_birth", "dob", "生日", "出生日期", "出生年月"),
    "city": ("city", "town", "城市", "所在城市", "市"),
    "province": ("province", "state", "region", "province_code", "省份", "所在省份", "省", "地区"),
    "country": ("country", "country_code", "国家"),
    "address": ("address", "address1", "street", "地址", "详细地址", "收货地址"),
    "postcode": ("postcode", "zip", "zip_code", "postal_code", "邮编", "邮政编码"),
    "company": ("company", "company_name", "organization", "所属企业", "客户企业", "企业", "公司", "企业名称", "单位"),
    "position": ("position", "job_title", "职务", "职位"),
    "language": ("language", "lang", "locale", "语言"),
    "timezone": ("timezone", "time_zone", "时区"),
    "avatar": ("avatar", "avatar_url", "头像"),
    "level": ("level", "tier", "vip_level", "membership", "等级", "会员等级", "会员级别", "客户等级"),
    "points": ("points", "积分", "可用积分", "会员积分"),
    "balance": ("balance", "余额", "账户余额", "储值余额"),
    "owner": ("owner", "所属员工", "添加人", "跟进人", "所属企微号", "客户负责人", "负责人", "所属导购", "导购"),
    "origin": ("source", "origin", "来源", "添加方式", "添加渠道", "注册来源", "渠道", "来源渠道"),
}  # fmt: skip

# Namespace of a key -> headers, in order of trust. The first that a row fills is the person's own key.
KEYS: Mapping[str, tuple[str, ...]] = {
    "user": FIELDS["user"][:9] + FIELDS["user"][13:] + ("customer id", "id"),
    "unionid": ("unionid", "union_id"),
    "wecom": ("external_userid", "external_user_id", "客户userid", "外部联系人id", "外部联系人userid"),
    "openid": ("openid", "open_id"),
    "wechat": ("wechat", "wechat_id", "微信号", "微信", "微信id"),
    "qq": ("qq", "qq号"),
    "phone": (*FIELDS["phone"], "企微手机号", "系统手机", "客户手机号", "会员手机号", "注册手机号"),
    "email": FIELDS["email"],
}

JOINED: tuple[str, ...] = (
    "created_at", "customer_since", "registered_at", "join_date", "signup_date", "date_registered", "sign_up",
    "注册时间", "注册日期",
    "入会时间", "添加时间", "加入时间", "开卡时间", "成为会员时间", "创建时间", "添加日期", "首次添加时间",
)  # fmt: skip
TAGS: tuple[str, ...] = (
    "tags", "tag", "labels", "标签", "客户标签", "企业标签", "个人标签", "会员标签", "标签名称", "群标签", "人群标签",
)  # fmt: skip

# Words for what happened, in people's logs -> kinds of ours.
KIND_WORDS: Mapping[str, tuple[str, ...]] = {
    "view": ("view", "pv", "page_view", "pageview", "browse", "visit", "impression", "浏览", "访问", "查看"),
    "click": ("click", "clk", "tap", "点击"),
    "search": ("search", "搜索"),
    "collect": ("collect", "fav", "favorite", "favourite", "wishlist", "收藏"),
    "cart": ("cart", "add_to_cart", "addtocart", "add_cart", "basket", "加购", "加入购物车", "加购物车"),
    "checkout": ("checkout", "begin_checkout", "下单"),
    "order": (
        "order", "buy", "purchase", "purchased", "pay", "paid", "transaction", "购买", "支付", "付款", "成交", "消费",
    ),
    "refund": ("refund", "return", "退款", "退货"),
    "share": ("share", "forward", "repost", "retweet", "分享", "转发"),
    "invite": ("invite", "邀请"),
    "follow": ("follow", "subscribe", "关注", "订阅"),
    "unfollow": ("unfollow", "unsubscribe", "取关", "取消关注"),
    "review": ("review", "rate", "rating", "评价"),
    "message": ("message", "post", "comment", "发言", "留言", "评论"),
    "reaction": ("like", "reaction", "点赞", "赞"),
    "join": ("join", "入群", "加群"),
    "leave": ("leave", "退群"),
    "check_in": ("check_in", "checkin", "attend", "签到", "打卡"),
}  # fmt: skip


def plain(header: str) -> str:
    """A header without what spellings differ in: width, case, blanks, underscores, units in brackets."""
    text = unicodedata.normalize("NFKC", header).lower().strip()
    text = re.sub(r"\((元|件|¥|rmb|cny|￥)\)", "", text)
    return re.sub(r"[\s_\-./:*#]+", "", text)


def find(columns: Iterable[str], headers: Iterable[str], *, taken: Iterable[str] = ()) -> str | None:
    """The first column that is called by one of these headers, in the headers' order."""
    there: dict[str, str] = {}
    used = set(taken)
    for column in columns:
        if column not in used:
            there.setdefault(plain(column), column)
    return next((there[word] for word in map(plain, headers) if word in there), None)
