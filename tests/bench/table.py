"""The table that people read."""

VERDICTS = {True: "met", False: "MISSED", None: ""}
HEADINGS = ("", "", "tlsa-update", "against", "", "ratio", "limit", "")


def quantity_text(quantity, figure):
    if figure is None:
        return ""
    if quantity == "memory":
        return f"{figure:.1f} MiB"
    return f"{figure * 1000:.1f} ms" if figure >= 1e-4 else f"{figure * 1e6:.3f} us"


def ratio_text(ratio):
    return "" if ratio is None else f"{ratio:.3g}"


def row(result):
    quantity = result["quantity"]
    return (
        result["what"],
        quantity,
        quantity_text(quantity, result["median"]),
        result["against"],
        quantity_text(quantity, result["against_median"]),
        ratio_text(result["ratio"]),
        ratio_text(result["limit"]),
        VERDICTS[result["met"]],
    )


def print_table(report):
    rows = [HEADINGS, *map(row, report["results"])]
    widths = [max(map(len, column)) for column in zip(*rows)]
    for cells in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(cells, widths)).rstrip())
    print(
        f"\nmedians of {report['runs']} runs, scale {report['scale']:g}; {report['processors']} processors, "
        f"load {report['load_before']} before and {report['load_after']} after"
    )
