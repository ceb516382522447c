# ruff: noqa: E501  the lines of the exports are as long as they are
"""One small export per shop platform, written by hand: no real shop, no real person."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Sample:
    """A file of one format. rows: data rows in it."""

    source: str
    name: str
    content: bytes
    rows: int


TAOBAO = """\
订单编号,买家会员名,买家支付宝账号,买家应付货款,买家应付邮费,买家支付积分,总金额,返点积分,买家实际支付金额,买家实际支付积分,订单状态,买家留言,收货人姓名,收货地址,运送方式,联系电话,联系手机,订单创建时间,订单付款时间,宝贝标题,宝贝种类,物流单号,物流公司,订单备注,宝贝总数量,店铺Id,店铺名称,订单关闭原因,备注,备注
="1001",小鱼_2020,138****0000,￥1099.00,0.00,0,"1,099.00",0,"￥1,099.00",0,交易成功,,张*,浙江省 杭州市,快递,,'13800001111,2026-03-01 10:11:12,2026-03-01 10:12:00,婴儿奶粉 3段,1,="75",顺丰,null,2,1,小店,订单未关闭,a,b
="1002",t*****3,--,50,0,0,50,0,0.00,0,等待买家付款,,李四,上海,快递,,13900002222,2026-03-02 10:11:12,,尿布,1,,,,1,1,小店,订单未关闭,,
="1003",小鱼_2020,--,50,0,0,50,0,0.00,0,交易关闭,,李四,上海,快递,,13900002222,2026-03-02 10:11:12,2026-03-02 10:12:12,尿布,1,,,,1,1,小店,退款,,
="1004",阿宁,--,50,0,0,50,0,0.00,0,交易关闭,,宁宁,上海,快递,,null,2026-03-02 11:11:12,,尿布,1,,,,1,1,小店,买家不想要,,
="1005",阿宁,--,50,0,0,50,0,50元,0,状态不明,,宁宁,上海,快递,,,2026-03-02 12:11:12,,尿布,1,,,,1,1,小店,,,
="1006",阿宁,--,50,0,0,50,0,五十,0,交易成功,,宁宁,上海,快递,,,2026-03-02 13:11:12,,尿布,1,,,,1,1,小店,,,
"""

# The same shop a few years on: other headers, another order, one more column.
TAOBAO_NEWER = """\
店铺名称,订单编号,买家昵称,总金额,买家实付金额,订单状态,商品标题,订单创建时间,订单付款时间,新的一列
小店,2001,阿宁,88.00,80.00,"买家已付款，等待卖家发货",湿巾,2026-04-01 08:00:00,2026-04-01 08:00:30,x
"""

TAOBAO_ITEMS = """\
子订单编号,主订单编号,标题,价格,购买数量,外部系统编号,商品属性,套餐信息,备注,订单状态,商家编码,支付单号,买家应付货款,买家实际支付金额,退款状态,退款金额,订单创建时间,订单付款时间
="1001",="1001",婴儿奶粉 3段,549.50,2,,颜色:白,,,交易成功,NF-3,1,1099,1099.00,退款成功,100.00,2026-03-01 10:11:12,2026-03-01 10:12:00
="1003",="1003",尿布,50,1,,,,,交易关闭,NB-1,1,50,0.00,退款成功,50.00,2026-03-02 10:11:12,2026-03-02 10:12:12
"""

JD = """\
订单号,商品ID,商品名称,订购数量,支付方式,下单时间,京东价,订单金额,结算金额,余额支付,应付金额,订单状态,订单类型,下单帐号,客户姓名,客户地址,联系电话,订单备注,付款确认时间,货号
="300001",="100001",奶粉A,2,在线支付,2026-04-01 09:00:00,100.00,250.00,250.00,0,230.00,已完成,SOP,jd_anna,王女士,北京市朝阳区,138****1234,,2026-04-01 09:01:00,A1
="300001",="100002",尿布B,1,在线支付,2026-04-01 09:00:00,50.00,250.00,250.00,0,230.00,已完成,SOP,jd_anna,王女士,北京市朝阳区,138****1234,,2026-04-01 09:01:00,B1
="300002",="100001",奶粉A,1,在线支付,2026-04-02 09:00:00,100.00,100.00,100.00,0,100.00,等待付款,SOP,j***b,李**,上海,,,,A1
="300003",="100001",奶粉A,1,在线支付,2026-04-03 09:00:00,100.00,100.00,100.00,0,100.00,已取消,SOP,jd_ben,李先生,上海,13811112222,,2026-04-03 09:05:00,A1
"""

YOUZAN = """\
订单号,订单状态,全部商品名称,商品种类数,订单实付金额,订单创建时间,买家付款时间,买家昵称,买家手机号,收货人/提货人,收货人手机号/提货人手机号,收货人省份,收货人城市,收货人地区,详细收货地址/提货地址,优惠券码名称,分销员
E20260301001,交易完成,奶粉,1,88.00,2026-03-01 08:00:00,2026-03-01 08:01:00,小云,13712345678,云女士,13712345678,浙江省,杭州市,西湖区,某路1号,新客券,阿红
E20260301002,待付款,奶粉,1,88.00,2026-03-01 09:00:00,,小雨,137****5678,雨,137****5678,浙江省,杭州市,西湖区,某路1号,,13912340000
E20260301003,已发货,奶粉,1,88.00,2026-03-01 09:00:00,2026-03-01 09:01:00,小雨,13698765432,雨,13698765432,浙江省,杭州市,西湖区,某路1号,,13912340000
"""

PINDUODUO = """\
商品,订单号,订单状态,商品总价(元),邮费(元),店铺优惠折扣(元),平台优惠折扣(元),多多支付立减金额(元),用户实付金额(元),商家实收金额(元),商品数量(件),发货时间,确认收货时间,商品id,商品规格,样式ID,商家编码-规格维度,商家编码-商品维度,商家备注,售后状态,快递单号,快递公司,订单成交时间
\t纸巾,\t260301-1,\t已收货,29.9,0,1,0,0,28.9,28.9,3,\t2026-03-02 08:00:00,\t,\t777,\t大包,\t88,\tZJ-1,\t,\t,\t无售后或售后取消,\t,\t,\t2026-03-01 20:00:00
\t纸巾,\t260301-2,\t已发货，退款成功,29.9,0,1,0,0,28.9,28.9,3,\t2026-03-02 08:00:00,\t,\t777,\t大包,\t88,\tZJ-1,\t,\t,\t退款成功,\t,\t,\t2026-03-01 21:00:00
"""

DOUYIN = """\
主订单编号,子订单编号,选购商品,商品规格,商品数量,商家编码,订单应付金额,运费,收件人,收件人手机号,详细地址,订单提交时间,商家备注,订单完成时间,订单状态,售后状态,取消原因,达人ID,达人昵称,支付完成时间
\t6900001,\t6900001,\t洗衣液,\t2kg,2,\tXY-1,\t39.80,0,\t##AbC==##,\t##密文1,\t##密文2,\t2026-03-01 21:00:00,\t,\t,\t已完成,\t-,\t,\t9988,\t达人小王,\t2026-03-01 21:00:30
\t6900001,\t6900002,\t柔顺剂,\t1kg,1,\tRS-1,\t19.90,0,\t##AbC==##,\t##密文1,\t##密文2,\t2026-03-01 21:00:00,\t,\t,\t已完成,\t-,\t,\t9988,\t达人小王,\t2026-03-01 21:00:30
"""

SHOPIFY = """\
Name,Email,Financial Status,Paid at,Fulfillment Status,Accepts Marketing,Currency,Subtotal,Shipping,Taxes,Total,Discount Code,Created at,Lineitem quantity,Lineitem name,Lineitem price,Lineitem sku,Billing Name,Billing City,Billing Country,Refunded Amount,Id,Phone,Vendor
#1001,ann@example.com,paid,2026-03-01 10:00:00 -0500,fulfilled,yes,USD,90.00,5.00,4.50,99.50,WELCOME,2026-03-01 09:59:00 -0500,2,Mug,20.00,MUG-1,Ann Lee,Boston,US,10.00,5001,+1 617 555 0100,Acme
#1001,ann@example.com,,,,,,,,,,,,1,Teapot,50.00,POT-1,,,,,,,Acme
#1002,bob@example.com,pending,,unfulfilled,no,USD,20.00,0.00,0.00,20.00,,2026-03-02 09:59:00 -0500,1,Mug,20.00,MUG-1,Bob,Austin,US,0.00,5002,,Acme
#1003,,refunded,2026-03-03 10:00:00 -0500,unfulfilled,no,USD,20.00,0.00,0.00,20.00,,2026-03-03 09:59:00 -0500,1,Mug,20.00,MUG-1,Cy,Austin,US,20.00,5003,,Acme
"""

WOOCOMMERCE = """\
order_id,order_number,order_date,paid_date,status,shipping_total,order_total,order_currency,payment_method_title,customer_id,billing_first_name,billing_last_name,billing_email,billing_phone,billing_city,billing_country,customer_note,line_item_1
11,11,2026-05-01 12:00:00,2026-05-01 12:01:00,completed,5,45.00,EUR,Card,7,Eva,Maier,Eva@Example.com,+49 30 1234567,Berlin,DE,,name:Tea
12,12,2026-05-02 12:00:00,,cancelled,5,45.00,EUR,Card,0,Tom,Ott,tom@example.com,,Bonn,DE,,name:Tea
13,13,2026-05-03 12:00:00,2026-05-03 12:01:00,refunded,5,30.00,EUR,Card,0,Tom,Ott,tom@example.com,,Bonn,DE,,name:Tea
"""

WECOM = """\
客户列表
客户名称,添加人,添加时间,来源,标签,手机,企业,客户备注
老王,小美,2026-01-05 10:00:00,扫码,"高意向,奶粉、VIP;老客",13812345678,某公司,王总
张三,小美,,扫码,,139****0000,,
李四,小美,,扫码,新客,13700001111,,
"""

MEMBERS = """\
Customer ID,Full Name,E-mail,Phone,City,Tags,Created At,Shoe size
17,Ann Lee,ann@example.com,+1 617 555 0100,Boston,"vip;early bird",2025-05-06 07:08:09,38
18,Bob,BOB@example.com,,Austin,,2025-05-07 07:08:09,44
"""

SAMPLES: tuple[Sample, ...] = (
    Sample("taobao_orders", "ExportOrderList.csv", TAOBAO.encode("gb18030"), 6),
    Sample("taobao_orders", "ExportOrderList2026.csv", TAOBAO_NEWER.encode("utf-8-sig"), 1),
    Sample("taobao_items", "ExportOrderDetailList.csv", TAOBAO_ITEMS.encode("gb18030"), 2),
    Sample("jd_orders", "jd.csv", JD.encode("gb18030"), 4),
    Sample("youzan_orders", "youzan.csv", YOUZAN.encode("utf-8-sig"), 3),
    Sample("pinduoduo_orders", "pdd.csv", PINDUODUO.encode("utf-8-sig"), 2),
    Sample("douyin_orders", "douyin.csv", DOUYIN.encode("utf-8-sig"), 2),
    Sample("shopify_orders", "orders_export_1.csv", SHOPIFY.encode(), 4),
    Sample("woocommerce_orders", "orders.csv", WOOCOMMERCE.encode(), 3),
    Sample("members", "客户列表.csv", WECOM.encode("gb18030"), 3),
    Sample("members", "members.csv", MEMBERS.encode(), 2),
)
