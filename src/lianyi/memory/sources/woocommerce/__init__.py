"""WooCommerce: order exports of the shop's analytics page and of the usual export plug-ins."""

from lianyi.memory.sources.orders.report import Report, order_source

ORDERS = Report(
    name="woocommerce_orders",
    en="WooCommerce orders export",
    zh="WooCommerce 订单导出",
    prefix="woocommerce",
    grain="order",
    channel="woocommerce",
    columns={
        "order_no": ("order_number", "Order Number", "Order #", "order_id", "Order ID"),
        "status": ("status", "order_status", "Order Status"),
        "created": ("order_date", "Order Date", "date_created", "Date"),
        "paid_at": ("paid_date", "date_paid", "Paid Date"),
        "paid": ("order_total", "Order Total Amount", "Order Total", "total", "Net Sales", "N. Revenue"),
        "currency": ("order_currency", "currency", "Currency"),
        "refund": ("refunded_total", "Order Refund Amount", "order_refund", "Total Refunded"),
        "buyer": ("customer_id", "customer_user", "Customer User ID", "user_id"),
        "email": ("billing_email", "Email (Billing)", "customer_email"),
        "phone": ("billing_phone", "Phone (Billing)"),
        "name": ("billing_name", "Customer", "billing_full_name"),
        "first_name": ("billing_first_name", "First Name (Billing)"),
        "last_name": ("billing_last_name", "Last Name (Billing)"),
        "company": ("billing_company", "Company (Billing)"),
        "city": ("billing_city", "City (Billing)"),
        "province": ("billing_state", "State Code (Billing)"),
        "country": ("billing_country", "Country Code (Billing)"),
        "address": ("billing_address_1", "Address 1&2 (Billing)"),
        "coupon": ("coupon_items", "Coupon Code", "Coupon(s)", "coupons"),
        "title": ("Product(s)", "Item Name", "line_items", "line_item_1"),
        "buyer_note": ("customer_note", "Customer Note"),
    },
    required=("order_no", "status", "created", "paid"),
    marks=(
        "order_total", "billing_email", "Order Total Amount", "Email (Billing)", "order_currency", "Items Sold",
        "Coupon(s)", "customer_note",
        "payment_method_title", "billing_first_name", "shipping_total",
    ),
    keys={"buyer": "woocommerce", "email": "email", "phone": "phone"},
    paid=(
        "processing", "completed", "wc-processing", "wc-completed", "Processing", "Completed",
    ),
    given_back=("refunded", "wc-refunded", "Refunded"),
    nobody=("0", "Guest", "guest"),
    unpaid=("pending", "on-hold", "wc-pending", "wc-on-hold", "checkout-draft", "Pending payment", "On hold"),
    closed=("cancelled", "failed", "trash", "wc-cancelled", "wc-failed", "Cancelled", "Failed"),
    timezone=None,
    currency=None,
)  # fmt: skip

SOURCES = (order_source(ORDERS),)
