"""Somebody who uploads, remembers what was promised, and compares it with what is there."""

import dataclasses
import hashlib
import http.client
import json
import random
import threading
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from rig.wire import Wire, as_json

GRANTS_AT_ONCE = 10
BROKEN = (OSError, http.client.HTTPException)


@dataclasses.dataclass
class Photo:
    """A photo we were granted, and how far we know it got."""

    job_id: str
    grant: dict
    seed: str
    size: int
    sent: bool = False
    # The store said 201.
    acknowledged: bool = False
    # We asked for its deletion; whether that was done is known once `deleted`.
    delete_asked: bool = False
    deleted: bool = False
    # What the store answered, when it was not 201.
    refused: int | None = None

    @property
    def photo_id(self):
        return self.grant["photo_id"]

    def body(self):
        return b"\xff\xd8\xff\xe0" + hashlib.shake_256(self.seed.encode()).digest(self.size - 4)

    def must_be_listed(self):
        return self.acknowledged and not self.delete_asked


class Office:
    """Calls to the API as staff, on one connection."""

    def __init__(self, program, token=None):
        self.wire = Wire(program.api)
        self.headers = {
            "x-api-key": program.application_key,
            "Authorization": f"Bearer {token or program.tokens['staff']}",
            "Content-Type": "application/json",
        }

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.wire.connection.close()

    def call(self, method, path, wish=None):
        """Gives the status and the answer."""
        body = None if wish is None else json.dumps(wish).encode()
        status, answer = self.wire.ask(method, path, body, self.headers)
        return status, as_json(answer)

    def good(self, method, path, wish=None):
        status, answer = self.call(method, path, wish)
        assert status < 300, f"{method} {path}: {status} {answer}"
        return answer

    def listed(self, job_id):
        """All photos of a job by their id, page after page; none when the job is gone, which is found elsewhere."""
        photos, cursor = {}, ""
        while True:
            status, page = self.call("GET", f"/list_photos?job_id={job_id}&limit=200{cursor}")
            if status == 404:
                return {}
            assert status == 200, f"/list_photos: {status} {page}"
            photos |= {photo["photo_id"]: photo for photo in page["photos"]}
            if not page.get("next_cursor"):
                return photos
            cursor = f"&cursor={page['next_cursor']}"


class Witness:
    """Everything that was promised over the life of one data folder."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.photos = defaultdict(list)
        self.jobs = {}
        self.customers = {}
        self.tokens = []
        self.revoked = []
        self.counter = 0
        self.lock = threading.Lock()

    def next_number(self):
        with self.lock:
            self.counter += 1
            return self.counter

    def new_job(self, office):
        """A customer and a job; remembered only once both are promised."""
        number = self.next_number()
        name, title = f"Customer {number}", f"Job {number}"
        customer_id = office.good("POST", "/customers", {"name": name})["customer_id"]
        self.customers[customer_id] = name
        job_id = office.good("POST", "/jobs", {"customer_id": customer_id, "title": title})["job_id"]
        self.jobs[job_id] = title
        return job_id

    def new_token(self, office, job_id):
        """A crew link, and another that is taken back."""
        kept, lost = (office.good("POST", f"/jobs/{job_id}/links", {"role": "crew"}) for _ in range(2))
        self.tokens.append(kept["token"])
        office.good("DELETE", f"/links/{lost['link_id']}")
        self.revoked.append(lost["token"])

    def grants(self, office, job_id, count=GRANTS_AT_ONCE, size=None):
        """Asks for grants, and makes up the photos they are for."""
        wish = {"job_id": job_id, "photos": [{"photo_name": "image.jpg"}] * count}
        answer = office.good("POST", "/upload-url", wish)
        photos = []
        for grant in answer["uploads"]:
            seed = f"photo-{self.next_number()}"
            photo = Photo(job_id, grant, seed, size or self.any_size())
            self.photos[job_id].append(photo)
            photos.append(photo)
        return photos

    def any_size(self):
        """Mostly small, so that there are many; now and then one of several blocks."""
        sizes = [(4, 4_000), (4_000, 40_000), (80_000, 800_000)]
        return self.random.randint(*self.random.choices(sizes, [40, 57, 3])[0])

    def upload(self, wire, photo):
        """Sends a photo and notes the answer; gives the status."""
        photo.sent = True
        status, answer = wire.submit(photo.grant, photo.body())
        if status == 201:
            photo.acknowledged = True
        else:
            photo.refused = status
        return status, answer

    def upload_some(self, program, job_id, count, size=None):
        """Uploads that must succeed."""
        with Office(program) as office, Wire(program.store) as wire:
            photos = []
            while len(photos) < count:
                photos += self.grants(office, job_id, min(50, count - len(photos)), size)
            for photo in photos:
                status, answer = self.upload(wire, photo)
                assert status == 201, f"{status} {answer[:300]}"
        return photos

    def delete(self, office, photo):
        photo.delete_asked = True
        status, answer = office.call("DELETE", f"/jobs/{photo.job_id}/photos/{photo.photo_id}")
        if status in (200, 204):
            photo.deleted = True
        return status, answer

    def of_job(self, job_id):
        # A copy: others may be adding to it.
        return list(self.photos[job_id])

    def count_acknowledged(self):
        return sum(photo.acknowledged for photos in self.photos.values() for photo in photos)


class Load:
    """While this is open, uploaders upload and a clerk makes jobs, tokens and deletions, as fast as they are served.

    They go on through every error, since what is answered after a fault counts as well.
    """

    def __init__(self, program, witness, uploaders=4, clerk=True):
        self.program = program
        self.witness = witness
        with Office(program) as office:
            self.job_id = witness.new_job(office)
        self.stopping = threading.Event()
        work = [self.upload] * uploaders + ([self.keep_books] if clerk else [])
        self.threads = [threading.Thread(target=self.go_on, args=(step,), daemon=True) for step in work]
        self.surprises = []

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, kind, *_):
        self.stopping.set()
        for thread in self.threads:
            thread.join()
        if kind is None:
            assert not self.surprises, self.surprises[:3]

    def go_on(self, step):
        while not self.stopping.is_set():
            try:
                with Office(self.program) as office, Wire(self.program.store) as wire:
                    step(office, wire)
            except (*BROKEN, AssertionError):
                # The server is gone, or says that it failed. That is what these tests are about.
                time.sleep(0.01)
            except Exception as cause:  # noqa: BLE001 - a fault of the test's own must not pass for silence
                self.surprises.append(repr(cause))
                return

    def upload(self, office, wire):
        while not self.stopping.is_set():
            for photo in self.witness.grants(office, self.job_id):
                if self.stopping.is_set():
                    return
                self.witness.upload(wire, photo)

    def keep_books(self, office, _wire):
        while not self.stopping.is_set():
            job_id = self.witness.new_job(office)
            self.witness.new_token(office, job_id)
            there = [photo for photo in self.witness.of_job(self.job_id) if photo.must_be_listed()]
            if len(there) > 5:
                self.witness.delete(office, self.witness.random.choice(there))


def findings(program, witness, jobs=None, notes=True):
    """Everything that is not as it was promised, as sentences. None is what it should be.

    With `jobs`, only their photos are looked at, and of the database the latest records and some of the older ones.
    Without `notes`, the store may have written itself notes for its next start.
    """
    found = [f"debris: {name}" for name in program.debris(notes)]
    with Office(program) as office:
        for job_id in witness.jobs if jobs is None else jobs:
            found += photo_findings(program, office, witness, job_id)
        found += database_findings(program, office, witness, thorough=jobs is None)
    return found


def photo_findings(program, office, witness, job_id):
    listed = office.listed(job_id)
    granted = {photo.photo_id: photo for photo in witness.of_job(job_id)}
    for photo_id in listed.keys() - granted.keys():
        yield f"unknown: {photo_id} is listed and was never granted"
    for photo in granted.values():
        is_listed = photo.photo_id in listed
        if photo.must_be_listed() and not is_listed:
            yield f"{'unlisted' if object_path(program, photo).exists() else 'lost'}: {photo.photo_id}"
        if photo.deleted and is_listed:
            yield f"came back: {photo.photo_id}"
        if is_listed and not photo.sent:
            yield f"unknown: {photo.photo_id} is listed and was never sent"
    known = [(granted[photo_id], entry) for photo_id, entry in listed.items() if photo_id in granted]
    with ThreadPoolExecutor(4) as pool:
        for result in pool.map(lambda share: list(byte_findings(program, share)), [known[n::4] for n in range(4)]):
            yield from result


def byte_findings(program, entries):
    with Wire(program.store) as wire:
        for photo, entry in entries:
            status, body = wire.ask("GET", entry["url"])
            if status != 200:
                yield f"unreadable: {photo.photo_id} answers {status}"
            elif hashlib.sha256(body).digest() != hashlib.sha256(photo.body()).digest():
                yield f"corrupt: {photo.photo_id} has {len(body)} bytes of {photo.size}"
            if entry["size"] != photo.size:
                yield f"corrupt: {photo.photo_id} is listed with {entry['size']} bytes, it has {photo.size}"


def database_findings(program, office, witness, thorough):
    def some(records):
        records = list(records)
        if thorough or len(records) <= 40:
            return records
        return records[-20:] + witness.random.sample(records[:-20], 20)

    for job_id, title in some(witness.jobs.items()):
        status, job = office.call("GET", f"/jobs/{job_id}")
        if status != 200 or job["title"] != title:
            yield f"job lost: {job_id} {status}"
    for customer_id, name in some(witness.customers.items()):
        status, customer = office.call("GET", f"/customers/{customer_id}")
        if status != 200 or customer["name"] != name:
            yield f"customer lost: {customer_id} {status}"
    # Not all that were taken back: an address that fails to sign in too often in a minute is held off.
    for tokens, wanted, what in (
        (some(witness.tokens), 200, "token lost"),
        (witness.revoked[-20:], 401, "token came back"),
    ):
        for token in tokens:
            with Office(program, token) as holder:
                status, _ = holder.call("GET", "/jobs?limit=1")
            if status != wanted:
                yield f"{what}: {status}"


def object_path(program, photo):
    """Where the store keeps a photo (docs/adr/0002): by the hash of its key."""
    name = hashlib.sha256(photo.grant["key"].encode()).hexdigest()
    return Path(program.data) / "store" / "buckets" / program.bucket / name[:2] / name


def send_again(program, witness, job_id, count=5):
    """Sends forms again whose answer never came, as a phone does: they must succeed now, whatever became of them."""
    unsure = [photo for photo in witness.of_job(job_id) if photo.sent and not photo.acknowledged]
    with Wire(program.store) as wire:
        for photo in unsure[:count]:
            status, answer = witness.upload(wire, photo)
            assert status == 201, f"a form sent again: {status} {answer[:300]}"
    return len(unsure[:count])
