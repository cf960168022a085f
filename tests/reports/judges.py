"""Lets programs of other makers read the reports of a folder, and prints what they object to.

Usage: judges.py <folder> [<SARIF validator>]
A program that is not installed is named on a line that starts with `skipped`; a problem on one that starts
with `wrong`.
"""

import csv
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as xml

folder = pathlib.Path(sys.argv[1])


def wrong(what):
    print(f"wrong: {what}")


def junit():
    root = xml.parse(folder / "report.junit.xml").getroot()
    cases = root.findall(".//testcase")
    if root.tag != "testsuites" or int(root.get("tests")) != len(cases):
        wrong("junit: the number of tests is not the number of cases")
    try:
        import junitparser
    except ImportError:
        print("skipped: JUnit by junitparser, which is not installed")
        return
    read = junitparser.JUnitXml.fromfile(str(folder / "report.junit.xml"))
    failed = sum(1 for suite in read for case in suite if any(isinstance(it, junitparser.Failure) for it in case.result))
    if failed != read.failures:
        wrong(f"junit: {read.failures} failures are announced, {failed} are there")


def tables():
    for path in sorted(folder.glob("*.csv")):
        with open(path, newline="", encoding="utf-8") as file:
            rows = list(csv.reader(file, strict=True))
        if len({len(row) for row in rows}) != 1:
            wrong(f"{path.name}: rows of different length")
        for row in rows:
            for cell in row:
                if cell.lstrip()[:1] in ("=", "+", "-", "@") and cell:
                    wrong(f"{path.name}: a formula: {cell[:60]!r}")


def workbook():
    try:
        import openpyxl
    except ImportError:
        print("skipped: XLSX by openpyxl, which is not installed")
        return
    book = openpyxl.load_workbook(folder / "report.xlsx")
    if book.sheetnames != ["Profile", "Action plan", "Indicators", "Findings", "Evidence", "Gaps", "Statements"]:
        wrong(f"xlsx: the sheets are {book.sheetnames}")
    for sheet in book:
        if sheet.freeze_panes != "A2" or not sheet.auto_filter.ref:
            wrong(f"xlsx: {sheet.title} has no frozen heading or no filter")
        for row in sheet.iter_rows():
            for cell in row:
                if cell.data_type == "f" or cell.hyperlink:
                    wrong(f"xlsx: {sheet.title}!{cell.coordinate} is a formula or a link")


def oscal():
    try:
        from trestle.oscal.assessment_results import AssessmentResults
    except ImportError:
        print("skipped: OSCAL by compliance-trestle, which is not installed")
        return
    try:
        read = AssessmentResults.oscal_read(folder / "report.oscal.json")
        if not read.results[0].observations:
            wrong("oscal: no observations")
    except Exception as error:  # the library raises many kinds
        wrong(f"oscal: {error}")


def scorecard():
    try:
        import jsonschema
    except ImportError:
        print("skipped: the scorecard by jsonschema, which is not installed")
        return
    schema = pathlib.Path(__file__).parents[2] / "docs/scorecard.schema.json"
    document = json.loads((folder / "scorecard.json").read_text())
    for error in jsonschema.Draft202012Validator(json.loads(schema.read_text())).iter_errors(document):
        wrong(f"scorecard: {error.message[:200]}")


def sarif():
    if len(sys.argv) < 3:
        print("skipped: SARIF by its validator, which is not installed")
        return
    with tempfile.TemporaryDirectory() as made:
        log = pathlib.Path(made) / "judged.sarif"
        environment = dict(os.environ, DOTNET_SYSTEM_GLOBALIZATION_INVARIANT="1")
        # A package manager may have lost the bit that makes it a program.
        os.chmod(sys.argv[2], 0o755)
        subprocess.run(
            [sys.argv[2], "validate", str(folder / "report.sarif"), "--output", str(log), "--level", "Error;Warning"],
            env=environment, stdout=subprocess.DEVNULL, check=False,
        )
        for result in json.loads(log.read_text(encoding="utf-8-sig"))["runs"][0].get("results", []):
            if result.get("level", "warning") in ("error", "warning"):
                wrong(f"sarif: {result['ruleId']}: {result['message']}")


for judge in (junit, tables, workbook, oscal, scorecard, sarif):
    judge()
