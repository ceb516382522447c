"""抖音小店: the order export (one row per item with its own money). Receivers are encrypted (`##…`): no keys."""

from lianyi.memory.sources.orders.report import Report, order_source

ORDERS = Report(
    name="douyin_orders",
    en="Douyin shop orders",
    zh="抖音小店订单导出",
    prefix="douyin",
    grain="line",
    channel="douyin",
    columns={
        "order_no": ("主订单编号", "订单编号"),
        "line_no": ("子订单编号",),
        "title": ("选购商品", "商品名称"),
        "variant": ("商品规格",),
        "quantity": ("商品数量",),
        "sku": ("商家编码", "商品ID"),
        "price": ("商品单价", "商品金额"),
        "paid": ("订单应付金额", "实付款", "订单实付金额"),
        "status": ("订单状态",),
        "refund_status": ("售后状态",),
        "created": ("订单提交时间", "下单时间"),
        "paid_at": ("支付完成时间", "支付时间"),
        "closed_reason": ("取消原因",),
        "name": ("收件人", "收货人"),
        "phone": ("收件人手机号", "收货人手机号"),
        "province": ("省", "省份"),
        "city": ("市", "城市"),
        "address": ("详细地址", "收货地址"),
        "buyer": ("用户ID", "买家ID", "openid"),
        "distributor": ("达人ID", "达人id"),
        "seller_note": ("商家备注",),
    },
    required=("order_no", "line_no", "paid", "status", "created"),
    marks=(
        "选购商品", "订单应付金额", "订单提交时间", "收件人手机号", "达人ID", "达人昵称", "支付完成时间",
        "达人实际承担优惠金额", "平台实际承担优惠金额",
    ),
    keys={"buyer": "douyin", "phone": "phone"},
    paid=("待发货", "备货中", "已发货", "已完成", "已签收", "部分发货", "已支付"),
    unpaid=("待支付", "待付款", "待确认"),
    given_back=("已退款",),
    closed=("已关闭", "已取消"),
)  # fmt: skip

SOURCES = (order_source(ORDERS),)
