"""A small shop's purchases: its customers buy either tea things or tools."""

from __future__ import annotations

import csv
from datetime import UTC, datetime, timedelta
from pathlib import Path

from inference.training.readers import Purchase

START = datetime(2026, 1, 5, tzinfo=UTC)
TITLES = {
    f"{kind}-{number}": f"{colour} {kind}"
    for kind in ("teapot", "hammer")
    for number, colour in enumerate(("red", "blue", "green", "white"))
}


def purchases(customers: int = 40, visits: int = 5) -> list[Purchase]:
    """Return them by time, a product every few days of each customer."""
    lines = []
    for customer in range(customers):
        kind = ("teapot", "hammer")[customer % 2]
        for visit in range(visits):
            day = START + timedelta(days=visit * 7 + customer / customers)
            product = f"{kind}-{(customer // 2 + visit) % 4}"
            lines.append(Purchase(f"c{customer}", day.isoformat(), product, TITLES[product]))
    return sorted(lines, key=lambda line: line.day)


def write_files(folder: Path) -> tuple[Path, Path]:
    """Write all of them, beside some lines that are no purchases, and the catalogue."""
    orders, catalogue = folder / "orders.csv", folder / "products.csv"
    with orders.open("w", newline="", encoding="utf-8") as file:
        lines = csv.writer(file)
        lines.writerow(["who", "sku", "quantity", "when"])
        lines.writerows([line.customer, line.product, 1, line.day] for line in purchases())
        lines.writerow(["c1", "teapot-1", -1, START.isoformat()])
        lines.writerow(["c1", "unknown", 1, START.isoformat()])
        lines.writerow(["", "teapot-1", 1, START.isoformat()])
        lines.writerow(["c1", "teapot-1", 1, "some day"])
    with catalogue.open("w", newline="", encoding="utf-8") as file:
        lines = csv.writer(file)
        lines.writerow(["product_id", "name"])
        lines.writerows(TITLES.items())
    return orders, catalogue
