"""A library: books, who wrote them, who borrows them."""

from astra_data.worlds.domain import Column, Domain, Table

LIBRARY = Domain(
    "library",
    (
        Table(
            "authors", "author", "AUT",
            (
                Column("full_name", "name", of="person"),
                Column("birthplace", "name", of="place"),
                Column("award_count", "quantity", least=12, most=99),
            ),
        ),
        Table(
            "branches", "branch", "BRA",
            (
                Column("district", "name", of="place"),
                Column("shelf_length", "quantity", least=200, most=4000, unit="m"),
                Column("yearly_budget", "money", least=4000, most=90000),
                Column("opening_date", "date"),
            ),
            moves="yearly_budget",
        ),
        Table(
            "books", "book", "BOK",
            (
                Column("title", "name", of="thing"),
                Column("author", "reference", of="authors"),
                Column("branch", "reference", of="branches"),
                Column("page_count", "quantity", least=80, most=990),
                Column("replacement_value", "money", least=8, most=120),
                Column("purchase_date", "date"),
                Column("genre", "category", of=("history", "novel", "poetry", "science")),
            ),
        ),
        Table(
            "loans", "loan", "LOA",
            (
                Column("book", "reference", of="books"),
                Column("reader", "name", of="person"),
                Column("due_date", "date"),
                Column("loan_period", "quantity", least=11, most=90),
                Column("fee", "money", least=1, most=40),
                Column("status", "category", of=("active", "overdue", "returned")),
            ),
            states=("active", "overdue", "returned", "cancelled"),
            final=("returned", "cancelled"),
        ),
    ),
)
