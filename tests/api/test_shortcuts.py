"""Shortcuts of phones: the file for Android and the recipe for iOS, performed as the phone would."""

import json
import re
import uuid
from pathlib import Path

import pytest
import requests
from support.caller import Caller, photo_bytes, unique

RECIPES = Path(__file__).parents[2] / "docs" / "shortcuts.md"
PHOTO = photo_bytes("shortcuts", 50_000)


@pytest.fixture
def crew(server, staff, job):
    link = staff.new_link(job, "crew")
    caller = Caller(server, server.application_key, link["token"])
    caller.token, caller.link_id = link["token"], link["link_id"]
    return caller


# Android.


class Phone:
    """The app HTTP Shortcuts, as far as its documentation and source say what it does with such a file."""

    def __init__(self, file):
        self.validate(file)
        self.shortcuts = {shortcut["id"]: shortcut for category in file["categories"] for shortcut in category["shortcuts"]}
        self.variables = {variable["key"]: variable["id"] for variable in file["variables"]}
        self.toasts, self.requests = [], []

    def validate(self, file):
        """What the app's import checks."""
        assert file["version"] >= file["compatibilityVersion"] > 0
        ids = [file["categories"][0]["id"]]
        for category in file["categories"]:
            assert category["name"].strip()
            for shortcut in category["shortcuts"]:
                ids.append(shortcut["id"])
                assert shortcut["name"].strip() and 250 <= shortcut["timeout"] <= 86_400_000
                assert all(re.fullmatch(r"[!-~]+", header["key"]) and header["value"].isascii() for header in shortcut["headers"])
        for variable in file["variables"]:
            ids.append(variable["id"])
            assert re.fullmatch(r"[A-Za-z0-9_]{1,30}", variable["key"])
        assert len(set(ids)) == len(ids) and all(uuid.UUID(id).version == 4 for id in ids)

    def run(self, name, photo):
        (shortcut,) = [one for one in self.shortcuts.values() if one["name"] == name and not one.get("hidden")]
        queued = self.execute(shortcut, {}, photo)
        if queued:
            id, given = queued
            assert self.execute(self.shortcuts[id], {self.variables[key]: value for key, value in given.items()}, photo) is None

    def execute(self, shortcut, variables, photo):
        def resolved(text):
            return re.sub(r"\{\{([0-9a-f-]{36})\}\}", lambda found: variables[found[1]], text)

        body = {"custom_text": shortcut.get("bodyContent", "").encode(), "file": photo}[shortcut["requestBodyType"]]
        assert shortcut["requestBodyType"] != "file" or shortcut["fileUploadOptions"] == {"fileUploadType": "camera"}
        headers = {"Content-Type": shortcut["contentType"], "Connection": "close"}
        headers |= {header["key"]: resolved(header["value"]) for header in shortcut["headers"]}
        if shortcut.get("authentication") == "bearer":
            headers["Authorization"] = f"Bearer {resolved(shortcut['authToken'])}"
        answer = requests.request(shortcut["method"], resolved(shortcut["url"]), headers=headers, data=body, timeout=30)
        self.requests.append((shortcut["method"], answer.status_code))
        if not answer.ok:
            self.toasts.append(answer.status_code)
            return None
        if shortcut["responseHandling"]["successOutput"] == "message":
            self.toasts.append(shortcut["responseHandling"]["successMessage"])
        return self.script(shortcut["codeOnSuccess"], answer.text) if "codeOnSuccess" in shortcut else None

    def script(self, code, body):
        """The one line of script that these shortcuts use."""
        line = re.fullmatch(r'enqueueShortcut\("([0-9a-f-]{36})", \{"(\w+)": JSON\.parse\(response\.body\)\.url\}\);', code)
        return line[1], {line[2]: json.loads(body)["url"]}


def test_the_android_shortcuts_send_photos_as_the_app_performs_them(server, staff, job, crew):
    answer = crew.get("/shortcuts/android.json")
    assert answer.headers["Content-Disposition"].startswith("attachment") and answer.headers["Cache-Control"] == "no-store"
    phone = Phone(answer.json())
    for number, (name, phase) in enumerate((("Take a before photo", "before"), ("Take an after photo", "after"))):
        phone.run(name, PHOTO + bytes([number]))
        photo = staff.photos(job)[-1]
        assert (photo["phase"], photo["name"], photo["size"]) == (phase, f"{phase}.jpg", len(PHOTO) + 1)
        assert requests.get(photo["url"], timeout=10).content == PHOTO + bytes([number])
    assert phone.requests == [("POST", 200), ("PUT", 200)] * 2
    assert phone.toasts == ["The photo is safe on the server"] * 2
    assert {photo["status"] for photo in staff.settled(job)} == {"ready"}


def test_a_dead_link_makes_the_shortcut_say_so_and_send_nothing(staff, job, crew):
    phone = Phone(crew.good("GET", "/shortcuts/android.json"))
    staff.good("DELETE", f"/links/{crew.link_id}")
    phone.run("Take a before photo", PHOTO)
    assert (phone.requests, phone.toasts) == ([("POST", 401)], [401])
    assert staff.photos(job) == []


def test_the_same_job_has_the_same_ids_and_another_has_others(server, staff, job, crew):
    def ids(caller):
        return re.findall(r'"id": ?"([0-9a-f-]{36})"', caller.get("/shortcuts/android.json").text)

    again = Caller(server, server.application_key, staff.new_link(job, "crew")["token"])
    other = Caller(server, server.application_key, staff.new_link(staff.new_job(), "crew")["token"])
    assert len(ids(crew)) == 5 and ids(crew) == ids(again) and not set(ids(crew)) & set(ids(other))


def test_the_file_is_made_for_a_crews_token_of_one_job_and_kept_nowhere(server, staff, job, crew):
    before = server.census()
    assert crew.token in crew.get("/shortcuts/android.json").text
    assert server.census() == before and crew.token not in server.log()
    all_jobs, _ = server.add_link("crew")
    answer = Caller(server, server.application_key, all_jobs).get("/shortcuts/android.json")
    assert (answer.status_code, answer.json()["code"]) == (409, "link_of_many_jobs")
    by_key = Caller(server, server.add_key(unique("key"), "--role", "crew", "--job", job)).get("/shortcuts/android.json")
    assert (by_key.status_code, by_key.json()["code"]) == (401, "token_missing")


def test_a_title_of_any_characters_stays_within_its_text(server, staff):
    title = '"}]} {{x}} \\ \u2028 📷 </script>'
    job = staff.new_job(title=title)
    file = Caller(server, server.application_key, staff.new_link(job, "crew")["token"]).good("GET", "/shortcuts/android.json")
    assert file["categories"][0]["name"] == title.strip()


# iOS.


def recipe(heading):
    """A table of the recipe: its rows as pairs."""
    text = RECIPES.read_text(encoding="utf-8")
    table = re.search(rf"^ *\| {re.escape(heading)} \| \|\n *\|[-|]+\|\n((?: *\|.*\|\n)+)", text, re.MULTILINE)
    rows = re.findall(r"^ *\| (.+?) \| `(.+?)` \|$", table[1], re.MULTILINE)
    assert len(rows) == table[1].count("\n"), heading
    return dict(rows)


def perform(rows, filled):
    """One "Get Contents of URL", as iOS does it."""
    def value(text):
        return re.sub(r"\{([^}]+)\}", lambda found: filled[found[1]], text)

    headers = {name[len("Header `") : -1]: value(text) for name, text in rows.items() if name.startswith("Header")}
    if rows["Request Body"] == "JSON":
        body = json.dumps({name[len("JSON `") : -1]: value(text) for name, text in rows.items() if name.startswith("JSON")})
        headers["Content-Type"] = "application/json"
    else:
        assert rows["Request Body"] == "File"
        body = filled[rows["File"].strip("{}")]
    return requests.request(rows["Method"], value(rows["URL"]), headers=headers, data=body, timeout=30)


def test_the_recipe_for_ios_sends_a_photo_as_it_is_written(server, staff, job, crew):
    filled = {
        "server": server.api, "application key": requests.get(server.api + "/config.json", timeout=10).json()["application_key"],
        "token": crew.token, "job": job, "Converted Image": PHOTO,
    }
    answer = perform(recipe("iOS, first request"), filled)
    assert answer.status_code == 200, answer.text
    filled["Dictionary Value"] = answer.json()["url"]
    assert perform(recipe("iOS, second request"), filled).status_code == 200
    (photo,) = staff.settled(job)
    assert (photo["phase"], photo["status"], photo["name"]) == ("before", "ready", "photo.jpg")
    assert requests.get(photo["url"], timeout=10).content == PHOTO
    # The same address a second time, with another photo, is refused.
    filled["Converted Image"] = PHOTO + b"other"
    assert perform(recipe("iOS, second request"), filled).status_code == 412


def test_the_recipe_for_android_names_the_address_of_the_file(server, crew):
    command = re.search(r"^curl (.+)$", RECIPES.read_text(encoding="utf-8"), re.MULTILINE)[1]
    headers = dict(re.findall(r'-H "([\w-]+): ([^"]+)"', command))
    assert headers == {"x-api-key": "{application key}", "Authorization": "Bearer {token}"}
    assert "{server}/shortcuts/android.json" in command
