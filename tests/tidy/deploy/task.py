"""Judges a task of Task Scheduler and a job of launchd: prints one problem a line, nothing where there is none.

The vendor's schema of tasks comes in no package: names, order and forms are those that its protocol description lists, as
far as the file uses them.
"""

import plistlib
import re
import sys
import xml.etree.ElementTree as tree

NAMESPACE = "{http://schemas.microsoft.com/windows/2004/02/mit/task}"
BOOLEAN = re.compile("true|false")
DURATION = re.compile(r"P(\d+D)?(T(\d+H)?(\d+M)?(\d+S)?)?")
NUMBER = re.compile(r"\d+")
TEXT = re.compile(r".+", re.S)
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)?")
DAYS = {day: None for day in "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()}

# Element: its children, or the form of its text. A list holds children whose order counts.
TASK = {
    "RegistrationInfo": {"URI": TEXT, "Description": TEXT, "Author": TEXT, "Version": TEXT},
    "Triggers": {
        "CalendarTrigger": [
            ("Enabled", BOOLEAN),
            ("StartBoundary", MOMENT),
            ("EndBoundary", MOMENT),
            ("ExecutionTimeLimit", DURATION),
            ("RandomDelay", DURATION),
            ("ScheduleByWeek", {"WeeksInterval": NUMBER, "DaysOfWeek": DAYS}),
        ]
    },
    "Principals": {
        "Principal": {
            "UserId": re.compile(r"S-1-5-(18|19|20)|S-1-5-21-[-0-9]+"),
            "LogonType": re.compile("Password|S4U|InteractiveToken"),
            "RunLevel": re.compile("LeastPrivilege"),
        }
    },
    "Settings": {
        "MultipleInstancesPolicy": re.compile("IgnoreNew|Queue|Parallel|StopExisting"),
        "DisallowStartIfOnBatteries": BOOLEAN,
        "StopIfGoingOnBatteries": BOOLEAN,
        "AllowHardTerminate": BOOLEAN,
        "StartWhenAvailable": BOOLEAN,
        "RunOnlyIfNetworkAvailable": BOOLEAN,
        "AllowStartOnDemand": BOOLEAN,
        "Enabled": BOOLEAN,
        "Hidden": BOOLEAN,
        "RunOnlyIfIdle": BOOLEAN,
        "WakeToRun": BOOLEAN,
        "ExecutionTimeLimit": DURATION,
        "Priority": re.compile(r"10|\d"),
        "RestartOnFailure": {"Interval": DURATION, "Count": NUMBER},
    },
    "Actions": {"Exec": {"Command": TEXT, "Arguments": TEXT, "WorkingDirectory": TEXT}},
}


def judge(element, form, place):
    if form is None or isinstance(form, re.Pattern):
        if form and not form.fullmatch((element.text or "").strip()):
            yield f"{place}: `{element.text}` is not of the form {form.pattern}"
        return
    names = [child.tag.removeprefix(NAMESPACE) for child in element]
    if isinstance(form, list):
        order = [name for name, _ in form]
        positions = [order.index(name) for name in names if name in order]
        if positions != sorted(positions):
            yield f"{place}: the order is {', '.join(order)}"
        form = dict(form)
    for name, child in zip(names, element):
        if name not in form:
            yield f"{place}: no {name} can stand here"
        else:
            yield from judge(child, form[name], f"{place}/{name}")


def task(path):
    root = tree.parse(path).getroot()
    if root.tag != NAMESPACE + "Task":
        yield f"{path}: the root is {root.tag}"
    yield from judge(root, TASK, path)
    reader = root.find(f"{NAMESPACE}Principals/{NAMESPACE}Principal").get("id")
    if root.find(NAMESPACE + "Actions").get("Context") != reader:
        yield f"{path}: the actions run as nobody who is there"


def job(path):
    told = plistlib.load(open(path, "rb"))
    for key in ("Label", "ProgramArguments", "StartCalendarInterval"):
        if key not in told:
            yield f"{path}: {key} is missing"
    if told.get("Umask") != 0o077:
        yield f"{path}: others could read what is written"


for one in sys.argv[1:]:
    for problem in job(one) if one.endswith(".plist") else task(one):
        print(problem)
