"""有赞: the order export. The distributor (分销员) of an order is an edge of word of mouth."""

from lianyi.memory.sources.orders.report import Report, order_source

ORDERS = Report(
    name="youzan_orders",
    en="Youzan orders",
    zh="有赞订单导出",
    prefix="youzan",
    grain="order",
    channel="youzan",
    columns={
        "order_no": ("订单号", "订单编号"),
        "status": ("订单状态",),
        "paid": ("订单实付金额", "实付金额", "买家实付金额"),
        "created": ("订单创建时间", "下单时间"),
        "paid_at": ("买家付款时间", "付款时间"),
        "title": ("全部商品名称", "商品名称"),
        "quantity": ("商品总数量", "商品种类数"),
        "buyer": ("买家ID", "买家yzopenid", "有赞用户ID"),
        "phone": ("买家手机号", "买家手机", "客户手机号"),
        "receiver_phone": ("收货人手机号/提货人手机号", "收货人手机号"),
        "nickname": ("买家昵称", "买家姓名", "买家"),
        "name": ("收货人/提货人", "收货人"),
        "province": ("收货人省份", "省份"),
        "city": ("收货人城市", "城市"),
        "district": ("收货人地区", "地区"),
        "address": ("详细收货地址/提货地址", "详细收货地址", "收货地址"),
        "coupon": ("优惠券码名称", "优惠券名称"),
        "refund": ("订单已退款金额", "退款金额", "已退款金额"),
        "distributor": ("分销员", "分销员昵称", "销售员"),
        "buyer_note": ("买家备注", "买家留言"),
        "seller_note": ("商家备注", "卖家备注", "订单商家备注"),
        "shop": ("归属店铺", "店铺名称"),
    },
    required=("order_no", "status", "paid", "created"),
    marks=(
        "全部商品名称", "商品种类数", "订单实付金额", "买家付款时间", "收货人/提货人", "收货人手机号/提货人手机号",
        "详细收货地址/提货地址", "优惠券码名称",
        "分销员",
    ),
    keys={"buyer": "youzan", "phone": "phone", "receiver_phone": "phone"},
    paid=(
        "待发货", "已发货", "已完成", "交易完成", "待成团", "待接单", "商家已发货", "等待商家发货", "等待买家收货",
        "部分发货",
    ),
    unpaid=("待付款", "等待买家付款"),
    closed=("已关闭", "交易关闭", "订单关闭"),
)  # fmt: skip

SOURCES = (order_source(ORDERS),)
