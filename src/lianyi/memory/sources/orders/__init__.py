"""What all order reports share: a report is declared as data (`report.Report`) and becomes a table mapping.

How money is counted once, whoever sums. Every order carries its money in one place only:

- `order`: a row is an order; the event has the money paid.
- `line`: a row is an item with money of its own, and there is no other report: the lines have the money, the order's
  id is their parent.
- `total_on_lines`: a row is an item, the order's total stands on each or on the first: one event for the order with the
  money, lines without.
- `line_of_whole`: an item report beside an order report (Taobao): lines without money (it is in props as `paid`), since
  the order report has it. Whichever is added first, the sum is right; the item report only enriches.

So sum(value) of `order` events is what was paid, and count(distinct coalesce(parent_id, id)) the number of orders.
Lines and refunds of an item report often name no buyer: theirs is the buyer of the order that is their parent. A
closed order went back as a whole; the order report says so, and the item report then tells of partial refunds of
other orders only.
"""
