"""A shop: who buys what from whom."""

from astra_data.worlds.domain import Column, Domain, Table

SHOP = Domain(
    "shop",
    (
        Table(
            "suppliers", "supplier", "SUP",
            (
                Column("trade_name", "name", of="thing"),
                Column("city", "name", of="place"),
                Column("rating", "quantity", least=10, most=99),
                Column("contract_end", "date"),
            ),
        ),
        Table(
            "products", "product", "PRD",
            (
                Column("title", "name", of="thing"),
                Column("category", "category", of=("garden", "kitchen", "office", "sport")),
                Column("price", "money", least=4, most=480),
                Column("stock", "quantity", least=12, most=900),
                Column("supplier", "reference", of="suppliers"),
                Column("launch_date", "date"),
            ),
            moves="stock",
        ),
        Table(
            "customers", "customer", "CUS",
            (
                Column("full_name", "name", of="person"),
                Column("home_town", "name", of="place"),
                Column("credit", "money", least=20, most=2000),
                Column("joining_date", "date"),
            ),
            moves="credit",
        ),
        Table(
            "orders", "order", "ORD",
            (
                Column("customer", "reference", of="customers"),
                Column("product", "reference", of="products"),
                Column("piece_count", "quantity", least=2, most=60),
                Column("shipping_cost", "money", least=3, most=60),
                Column("order_date", "date"),
                Column("status", "category", of=("open", "paid", "shipped")),
            ),
            states=("open", "paid", "shipped", "cancelled"),
            final=("shipped", "cancelled"),
        ),
    ),
)
