"""Opens a report set in LibreOffice: the workbook calculates to what it says, and the CSV for spreadsheets is read as meant.

    check.py SET PROFILE WORK PICTURES

It knows the sheets by their names and the columns by their order, which is that of the CSV.
"""

import csv
import datetime
import io
import re
import subprocess
import sys
import warnings
from decimal import Decimal
from pathlib import Path

import openpyxl

# It knows no data bars, which are only drawn.
warnings.filterwarnings("ignore", module="openpyxl")

# Sheets have a line with totals, an empty one and the header above their rows.
HEADER_ROW = 3
TABLES = {"Chargeback": "chargeback.csv", "Caps": "caps.csv", "Removed": "removed.csv"}
NUMBER = re.compile(r"-?\d+(\.\d+)?")
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
DAY = re.compile(r"\d{4}-\d\d-\d\d")
TEXT_COLUMN = re.compile(r"(_id|name|_center|capture|counted_\w+|_until|gone_at|level_since|sha256|file)$")
DATE_COLUMN = re.compile(r"^(owned_from|owned_until)$")
# Digits that a spreadsheet keeps of a number.
DIGITS = 15
# Separator, quotes, UTF-8, first line, columns, language, quoted fields as text, detect dates: as a double click would.
PROFILES = {"excel": "CSV:44,34,76,1,,1033,false,true", "excel-eu": "CSV:59,34,76,1,,1031,false,true"}


def office(profile, out, kind, source, infilter=None):
    out.mkdir(parents=True, exist_ok=True)
    made = out / (source.stem + "." + kind)
    made.unlink(missing_ok=True)
    command = ["soffice", f"-env:UserInstallation={profile.as_uri()}", "--headless", "--norestore"]
    command += [f"--infilter={infilter}"] if infilter else []
    command += ["--convert-to", kind, "--outdir", str(out), str(source)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=600)
    assert made.exists(), f"LibreOffice made no {made.name} of {source}"
    return made


def plain(path):
    header, *rows = csv.reader(io.StringIO(path.read_bytes().decode("utf-8"), newline=""), strict=True)
    return header, rows


def unguarded(text):
    """A guard stands in front of a text, and after each delimiter within it, where a spreadsheet would run what follows."""
    return "".join(piece.removeprefix("'") for piece in re.split(r"(?<=[,;\t\r\n])", text))


def digits(value):
    """A double as the decimal that it stands for."""
    return Decimal(repr(value)) if isinstance(value, float) else Decimal(value)


def significant(number):
    return len(str(abs(number)).replace(".", "").lstrip("0"))


def is_text(name):
    return bool(TEXT_COLUMN.search(name)) and not DATE_COLUMN.match(name)


def same(name, text, value, percent, is_guarded):
    """Whether a spreadsheet's cell is what the plain CSV says, in value and in type. Only cells from CSV have guards."""
    unguard = unguarded if is_guarded else str
    if text == "":
        return value in (None, "")
    if is_text(name) or not (NUMBER.fullmatch(text) or INSTANT.fullmatch(text) or DAY.fullmatch(text)):
        return isinstance(value, str) and shown(unguard(value)) == shown(unguarded(text))
    if INSTANT.fullmatch(text):
        expected = datetime.datetime.fromisoformat(text.removesuffix("Z"))
        return isinstance(value, datetime.datetime) and abs(value - expected) < datetime.timedelta(milliseconds=2)
    if DAY.fullmatch(text):
        return isinstance(value, (datetime.datetime, datetime.date)) and str(value)[:10] == text
    expected = Decimal(text) / (100 if percent else 1)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return isinstance(value, str) and significant(expected) > DIGITS and unguard(value) == text
    if significant(expected) <= DIGITS:
        return digits(value) == expected
    return abs(digits(value) - expected) <= abs(expected) / 10 ** (DIGITS - 1)


def shown(text):
    """The workbook writes hidden characters out, and the CSV keeps them."""
    hidden = re.compile("[\x00-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u180e\u200b-\u200f\u2028-\u202e\u2060-\u2069\u2800\u3164\ufeff\uffa0]")
    return hidden.sub(lambda found: "\\u{%x}" % ord(found.group()), text)


def is_percent(name):
    return name in ("cap_utilisation", "markup_percent")


def column_of(sheet, head):
    heads = [cell.value for cell in sheet[HEADER_ROW]]
    return heads.index(head) + 1


def rows_of(sheet, width):
    """The cells of a sheet below its header."""
    rows = sheet.iter_rows(min_row=HEADER_ROW + 1, max_col=width, values_only=True)
    return [list(row) for row in rows if any(value is not None for value in row)]


def check_tables(folder, book):
    checked = 0
    for name, file in TABLES.items():
        header, expected = plain(folder / file)
        found = rows_of(book[name], len(header))
        assert len(found) == len(expected), f"{name}: {len(found)} rows, the CSV has {len(expected)}"
        for column, head in enumerate(header):
            for row, (cells, texts) in enumerate(zip(found, expected)):
                ok = same(head, texts[column], cells[column], is_percent(head), False)
                assert ok, f"{name}: {head} in row {row + 1} is {cells[column]!r}, the CSV has {texts[column]!r}"
                checked += 1
            numbers = [texts[column] for texts in expected if NUMBER.fullmatch(texts[column])]
            cells = [digits(cell[column]) for cell in found if isinstance(cell[column], (int, float))]
            if numbers and len(cells) == len(numbers):
                total = sum(map(Decimal, numbers), Decimal(0)) / (100 if is_percent(head) else 1)
                assert sum(cells, Decimal(0)) == total, f"{name}: {head} sums to {sum(cells)}, the CSV to {total}"
    return checked


def differences(book):
    """What the control sheet shows: differences by row, those of the sums, and the last one."""
    sheet = book["Control"]
    code = sheet.cell(HEADER_ROW + 1, column_of(sheet, "Currency")).value
    number, name = column_of(sheet, "Number"), column_of(sheet, "Name")
    cost, readded = column_of(sheet, f"Cost ({code})"), column_of(sheet, f"Cost re-added ({code})")
    of_rows, of_sums, last = {}, [], []
    for head in ("Cost difference", "Charge difference"):
        column = column_of(sheet, f"{head} ({code})")
        for row in range(HEADER_ROW + 1, sheet.max_row + 1):
            value = sheet.cell(row, column).value
            if sheet.cell(row, number).value is not None:
                of_rows[head, sheet.cell(row, number).value] = value
            elif sheet.cell(row, name).value == "Sum, by formula":
                of_sums.append(value)
    for row in range(HEADER_ROW + 1, sheet.max_row + 1):
        if sheet.cell(row, name).value in ("Difference, by formula", "Difference, our own figure"):
            last.append((sheet.cell(row, cost).value, sheet.cell(row, readded).value))
    return of_rows, of_sums, last


def check_balance(book, what):
    of_rows, of_sums, last = differences(book)
    assert of_rows and all(value == 0 for value in of_rows.values()), f"{what}: {of_rows}"
    assert of_sums == [0, 0], f"{what}: {of_sums}"
    assert last == [(0, None), (0, 0)], f"{what}: {last}"
    return len(of_rows)


def formulas_of(book):
    found = {}
    for sheet in book:
        cells = [cell for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]
        if cells:
            found[sheet.title] = len(cells)
    return found


def changed(original, made, change):
    """A copy of the workbook with something changed; charts are lost, cells are not."""
    book = openpyxl.load_workbook(original)
    change(book["Chargeback"])
    made.parent.mkdir(parents=True, exist_ok=True)
    book.save(made)
    return made


def raise_cost(sheet):
    heads = [cell.value for cell in sheet[HEADER_ROW]]
    cost = next(index for index, head in enumerate(heads) if head.startswith("Cost ("))
    cell = sheet.cell(HEADER_ROW + 1, cost + 1)
    cell.value = cell.value + 1


def turn_around(sheet):
    """The rows in the other order, as if somebody had sorted them."""
    rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=HEADER_ROW + 1)]
    for row, values in enumerate(reversed(rows), HEADER_ROW + 1):
        for column, value in enumerate(values, 1):
            sheet.cell(row, column).value = value


def check_workbook(folder, profile, work):
    original = folder / "chargeback.xlsx"
    formulas = formulas_of(openpyxl.load_workbook(original))
    cached = openpyxl.load_workbook(original, data_only=True)
    cells = check_tables(folder, cached)
    if not formulas:
        print(f"workbook: {cells} cells are those of the CSV; amounts as large as these have no formulas")
        return
    assert set(formulas) == {"Control"}, f"formulas in {formulas}"
    calculated = openpyxl.load_workbook(office(profile, work / "calculated", "xlsx", original), data_only=True)
    balance = check_balance(calculated, "calculated anew")
    check_balance(cached, "as written")
    assert check_tables(folder, calculated) == cells

    sorted_ = changed(original, work / "sorted.xlsx", turn_around)
    check_balance(openpyxl.load_workbook(office(profile, work / "calculated", "xlsx", sorted_), data_only=True), "sorted")
    spoilt = changed(original, work / "spoilt.xlsx", raise_cost)
    spoilt = openpyxl.load_workbook(office(profile, work / "calculated", "xlsx", spoilt), data_only=True)
    of_rows, of_sums, last = differences(spoilt)
    wrong = {key: value for key, value in of_rows.items() if value != 0}
    assert wrong == {("Cost difference", 1): 1}, f"a cost that was changed shows as {wrong}"
    assert (of_sums, last) == ([1, 0], [(0, None), (0, 1)]), f"a cost that was changed: {of_sums}, {last}"
    print(f"workbook: {formulas['Control']} formulas, all on Control; {balance} differences calculate to 0, as the last one does")
    print(f"workbook: {cells} cells and the sums of their columns are those of the CSV; dates are dates")
    print("workbook: sorted the other way round all differences are still 0; one cost changed by 1 shows in its row and at the end")


def check_profiles(folder, profile, work):
    for name, infilter in PROFILES.items():
        files = sorted(folder.rglob(f"*-{name}.csv"))
        cells = 0
        for file in files:
            made = office(profile, work / "csv", "xlsx", file, infilter)
            assert formulas_of(openpyxl.load_workbook(made)) == {}, f"{file}: a cell is a formula"
            header, expected = plain(file.with_name(file.name.removesuffix(f"-{name}.csv") + ".csv"))
            sheet = openpyxl.load_workbook(made, data_only=True).worksheets[0]
            head, *found = [list(row) for row in sheet.iter_rows(max_col=len(header), values_only=True)]
            assert head == header and len(found) == len(expected), f"{file}: {head}"
            for row, (values, texts) in enumerate(zip(found, expected)):
                for column, value, text in zip(header, values, texts):
                    assert same(column, text, value, False, True), f"{file}: {column} in row {row + 1}: {value!r}, not {text!r}"
                    cells += 1
        if files:
            print(f"csv {name}: {len(files)} files, {cells} cells read as meant, none of them a formula")


def check_delimiters(folder, profile, work):
    """No cell is a formula, whichever delimiters a spreadsheet is told of."""
    files = [file for name in ("chargeback", "control") for file in sorted(folder.glob(f"{name}*.csv"))]
    files += sorted(folder.glob("customers/*/chargeback*.csv"))[:6]
    for file in files:
        for delimiters in ("44", "59", "44/59/9"):
            made = office(profile, work / "delimiters", "xlsx", file, f"CSV:{delimiters},34,76,1,,1031,false,true")
            assert formulas_of(openpyxl.load_workbook(made)) == {}, f"{file} with {delimiters}: a cell is a formula"
    print(f"csv: {len(files)} files opened with commas, semicolons and all delimiters: no cell is a formula")


def picture(folder, profile, work, pictures):
    made = office(profile, work / "pdf", "pdf", folder / "chargeback.xlsx")
    name = pictures / f"{folder.parent.name}-{folder.name}"
    subprocess.run(["pdftoppm", "-r", "90", "-png", str(made), str(name)], check=True)


def main():
    folder, profile, work, pictures = map(Path, sys.argv[1:])
    print(folder.name)
    check_workbook(folder, profile, work)
    check_profiles(folder, profile, work)
    check_delimiters(folder, profile, work)
    picture(folder, profile, work, pictures)


if __name__ == "__main__":
    main()
