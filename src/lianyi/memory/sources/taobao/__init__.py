"""淘宝 and 天猫: the order report (ExportOrderList) and the item report (ExportOrderDetailList)."""

from lianyi.memory.sources.orders.report import Report, order_source

PAID = (
    "买家已付款，等待卖家发货", "买家已付款,等待卖家发货", "买家已付款", "等待卖家发货", "卖家部分发货",
    "卖家已发货，等待买家确认", "卖家已发货,等待买家确认",
    "卖家已发货", "等待买家确认收货", "买家已签收", "交易成功", "退款中的订单", "退款中",
)  # fmt: skip
UNPAID = ("等待买家付款", "没有创建支付宝交易")
CLOSED = ("交易关闭", "付款以后用户退款成功，交易自动关闭", "付款以前，卖家或买家主动关闭交易", "交易被淘宝关闭")

ORDERS = Report(
    name="taobao_orders",
    en="Taobao / Tmall orders (one row per order)",
    zh="淘宝/天猫订单报表（每行一单）",
    prefix="taobao",
    grain="order",
    channel="taobao",
    columns={
        "order_no": ("订单编号", "主订单编号", "订单号"),
        "buyer": ("买家会员名", "买家昵称", "买家用户名"),
        "paid": ("买家实付金额", "买家实际支付金额", "实付金额"),
        "due": ("总金额", "买家应付货款", "应付金额"),
        "status": ("订单状态",),
        "created": ("订单创建时间", "创建时间", "下单时间"),
        "paid_at": ("订单付款时间", "付款时间"),
        "title": ("商品标题", "宝贝标题", "宝贝名称"),
        "quantity": ("宝贝总数量", "商品总数量", "购买数量"),
        "name": ("收货人姓名", "收货人"),
        "phone": ("联系手机", "收货人手机", "手机"),
        "address": ("收货地址", "收货详细地址"),
        "closed_reason": ("订单关闭原因", "关闭原因"),
        "buyer_note": ("买家留言",),
        "seller_note": ("订单备注", "卖家备注", "商家备注"),
        "shop": ("店铺名称",),
    },
    required=("order_no", "paid", "status", "created"),
    marks=(
        "买家会员名",
        "买家应付货款",
        "宝贝标题",
        "宝贝总数量",
        "店铺Id",
        "买家支付宝账号",
        "返点积分",
        "买家实际支付积分",
        "商品标题",
        "买家实付金额",
    ),
    keys={"buyer": "taobao"},
    paid=PAID,
    unpaid=UNPAID,
    closed=CLOSED,
)

ITEMS = Report(
    name="taobao_items",
    en="Taobao / Tmall items (one row per item; enriches the order report)",
    zh="淘宝/天猫宝贝报表（每行一件，补充订单报表）",
    prefix="taobao",
    grain="line_of_whole",
    channel="taobao",
    columns={
        "order_no": ("主订单编号", "订单编号", "订单号"),
        "line_no": ("子订单编号",),
        "title": ("标题", "商品标题", "宝贝标题"),
        "price": ("价格", "商品价格", "单价"),
        "quantity": ("购买数量", "数量"),
        "sku": ("商家编码", "外部系统编号", "商品编码"),
        "status": ("订单状态",),
        "paid": ("买家实际支付金额", "买家实付金额"),
        "refund_status": ("退款状态",),
        "refund": ("退款金额",),
        "created": ("订单创建时间", "创建时间"),
        "paid_at": ("订单付款时间", "付款时间"),
        "buyer": ("买家会员名", "买家昵称"),
    },
    required=("order_no", "line_no", "title", "paid", "created"),
    marks=("子订单编号", "主订单编号", "外部系统编号", "套餐信息", "商品属性", "退款状态"),
    keys={"buyer": "taobao"},
    paid=PAID,
    unpaid=UNPAID,
    closed=CLOSED,
    refunded=("退款成功", "退款完成", "已退款"),
)

SOURCES = (order_source(ORDERS), order_source(ITEMS))
