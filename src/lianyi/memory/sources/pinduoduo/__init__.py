"""拼多多: the order export. It names no buyer: its orders have no actor and count for the shop only."""

from lianyi.memory.sources.orders.report import Report, order_source

ORDERS = Report(
    name="pinduoduo_orders",
    en="Pinduoduo orders (without buyers)",
    zh="拼多多订单导出（无买家信息）",
    prefix="pinduoduo",
    grain="order",
    channel="pinduoduo",
    columns={
        "order_no": ("订单号", "订单编号"),
        "status": ("订单状态",),
        "paid": ("用户实付金额(元)", "用户实付金额", "买家实付金额"),
        "due": ("商品总价(元)", "商品总价"),
        "created": ("订单成交时间", "成交时间", "下单时间", "拼单成功时间"),
        "paid_at": ("支付时间", "订单支付时间"),
        "product": ("商品id", "商品ID"),
        "sku": ("商家编码-规格维度", "商家编码-SKU维度", "样式ID"),
        "title": ("商品", "商品名称"),
        "variant": ("商品规格",),
        "quantity": ("商品数量(件)", "商品数量"),
        "refund_status": ("售后状态",),
        "seller_note": ("商家备注",),
    },
    required=("order_no", "status", "paid", "created"),
    marks=(
        "用户实付金额(元)", "商家实收金额(元)", "多多支付立减金额(元)", "店铺优惠折扣(元)", "平台优惠折扣(元)",
        "样式ID", "商家编码-规格维度", "订单成交时间",
    ),
    paid=(
        "待发货", "已发货，待签收", "已发货,待签收", "已签收", "已收货", "已发货", "待收货", "已成团，待发货",
        "交易成功",
        "已发货，售后处理中", "待发货，售后处理中",
    ),
    given_back=(
        "已发货，退款成功", "未发货，退款成功", "已收货，退款成功", "已签收，退款成功", "退款成功", "已取消，退款成功",
    ),
    unpaid=("待支付", "待付款"),
    closed=("已取消", "交易已取消"),
)  # fmt: skip

SOURCES = (order_source(ORDERS),)
