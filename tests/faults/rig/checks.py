"""Compares what is there with what was requested: what was acknowledged is there, and nothing is there by half."""

import hashlib
import sqlite3
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from rig.office import Office
from rig.records import Expected
from rig.wire import Wire

# So many records of a kind are read one by one: the latest, and as many of the others.
SAMPLE = 15


def findings(program, witness, jobs=None, notes=True):
    """Everything that is not as it was acknowledged, or is there by half, as sentences. None is what it should be.

    With `jobs`, only their photos and links are looked at, and fewer of the records are read one by one.
    Without `notes`, the store may have written itself notes for its next start.
    """
    problems = [f"debris: {name}" for name in program.debris(notes)]
    thorough = jobs is None
    with Office(program) as office:
        for job_id in sorted(set(witness.photos) | {link.job_id for link in witness.links}) if thorough else jobs:
            problems += photo_findings(program, office, witness, job_id)
        problems += record_findings(program, office, witness, thorough)
        problems += link_findings(program, office, witness, jobs, thorough)
    return problems


def kinds_of(problems):
    """The kinds of findings: what stands before the colon."""
    return {sentence.split(":")[0] for sentence in problems}


def compare(request, is_done, what, name):
    """Notes what is seen of a request, and tells where it is not as it must be."""
    request.observed = is_done
    expected = request.expected
    if expected is Expected.DONE and not is_done:
        yield f"{what} lost: {name}"
    if expected is Expected.NOT_DONE and is_done:
        yield f"{what} appeared: {name}"


def sample(witness, records, thorough, requests=lambda record: [record.creation]):
    """All records that may be done or not, the latest, and some of the others."""
    count = 10 * SAMPLE if thorough else SAMPLE
    latest, older = records[-count:], records[:-count]
    unsure = [record for record in older if any(each.expected is Expected.EITHER for each in requests(record))]
    chosen = witness.random.sample(older, min(count, len(older)))
    return list({id(record): record for record in unsure + chosen + latest}.values())


def photo_findings(program, office, witness, job_id):
    """A photo is listed with its size and served whole, or it is neither listed nor stored."""
    # What the list calls missing is not there: it is lost, or was never promised.
    entries = office.listed(job_id).items()
    listed = {photo_id: photo for photo_id, photo in entries if photo["status"] != "missing"}
    granted = {photo.photo_id: photo for photo in witness.of_job(job_id)}
    for photo_id in listed.keys() - granted.keys():
        yield f"unknown: {photo_id} is listed and was never granted"
    for photo in granted.values():
        yield from one_photo_findings(program, photo, photo.photo_id in listed)
    known = [(granted[photo_id], entry) for photo_id, entry in listed.items() if photo_id in granted]
    yield from grant_findings(known)
    with ThreadPoolExecutor(4) as pool:
        for result in pool.map(lambda share: list(byte_findings(program, share)), [known[n::4] for n in range(4)]):
            yield from result


def one_photo_findings(program, photo, is_listed):
    was_deleted = photo.deletion.expected
    if is_listed and not photo.sent:
        yield f"unknown: {photo.photo_id} is listed and was never sent"
    elif is_listed:
        photo.upload.observed, photo.deletion.observed = True, False
        if was_deleted is Expected.DONE:
            yield f"came back: {photo.photo_id}"
        if photo.upload.expected is Expected.NOT_DONE:
            yield f"appeared: {photo.photo_id}"
    elif was_deleted is Expected.EITHER:
        # Whether it was deleted or never arrived cannot be told; from now on it stays away.
        photo.deletion.observed = True
    elif was_deleted is Expected.NOT_DONE and photo.sent:
        photo.upload.observed = False
        is_stored = object_path(program, photo).exists()
        if photo.upload.expected is Expected.DONE:
            yield f"{'unlisted' if is_stored else 'lost'}: {photo.photo_id}"
        elif is_stored:
            yield f"half: {photo.photo_id} is stored and not listed"


def grant_findings(entries):
    """The records that one grant made of its photos are all there, or none is; a photo without one has no caption."""
    seen = defaultdict(set)
    for photo, entry in entries:
        if entry["caption"] not in (None, photo.caption):
            yield f"half: {photo.photo_id} is listed as {entry['caption']!r}, not as {photo.caption!r}"
        seen[photo.granting].add((entry["caption"] is not None, photo.caption))
    for granting, photos in seen.items():
        captions = sorted(caption for _, caption in photos)
        if len({is_there for is_there, _ in photos}) > 1:
            yield f"half: of {captions}, granted together, some have a record"
        else:
            yield from compare(granting, next(iter(photos))[0], "grant", captions)


def deletion_findings(program, witness, seconds=10):
    """A deleted photo leaves no bytes: what a fault has left of it is removed once the job has been listed."""
    deleted = [photo for photos in witness.photos.values() for photo in photos if photo.deleted]
    until = time.monotonic() + seconds
    while stored := [photo for photo in deleted if object_path(program, photo).exists()]:
        if time.monotonic() > until:
            return [f"half: {photo.photo_id} is deleted and still stored" for photo in stored]
        time.sleep(0.05)
    return []


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


def record_findings(program, office, witness, thorough):
    """A customer or a job is listed, and reads, as it was requested; or it does neither."""
    jobs = {entry["job_id"]: entry for entry in office.all_pages("/jobs", "jobs")}
    customers = {entry["customer_id"]: entry for entry in office.all_pages("/customers", "customers")}
    # What the first start makes itself.
    example = jobs.pop(program.ready["sample_job_id"], None)
    if example:
        customers.pop(example["customer"]["customer_id"], None)

    yield from customer_findings(witness, customers)
    yield from job_findings(witness, jobs)
    some = sample(witness, witness.customers, thorough)
    yield from single_findings(office, some, "customer_id", "/customers/{}", "name")
    some = sample(witness, witness.jobs, thorough)
    yield from single_findings(office, some, "job_id", "/jobs/{}", "title")
    for job in some:
        if job.job_id and not job.creation.observed:
            for path in (f"/list_photos?job_id={job.job_id}", f"/jobs/{job.job_id}/links"):
                status, response = office.call("GET", path)
                if status != 404:
                    yield f"half: job {job.title} is not there, and {path} answers {status} {response}"


def customer_findings(witness, listed):
    ids_by_name = {entry["name"]: customer_id for customer_id, entry in listed.items()}
    for customer in witness.customers:
        customer.customer_id = customer.customer_id or ids_by_name.get(customer.name)
        entry = listed.pop(customer.customer_id, None)
        yield from compare(customer.creation, entry is not None, "customer", customer.name)
        if entry and (entry["name"], entry["phone"]) != (customer.name, customer.phone):
            yield f"half: customer {customer.name} is {entry}"
    for customer_id in listed:
        yield f"unknown: customer {customer_id} was never requested"


def job_findings(witness, listed):
    ids_by_title = {entry["title"]: job_id for job_id, entry in listed.items()}
    for job in witness.jobs:
        job.job_id = job.job_id or ids_by_title.get(job.title)
        entry = listed.pop(job.job_id, None)
        yield from compare(job.creation, entry is not None, "job", job.title)
        if entry and (entry["title"], entry["customer"]["customer_id"]) != (job.title, job.customer.customer_id):
            yield f"half: job {job.title} is {entry}"
        if entry and not job.customer.creation.observed:
            yield f"half: job {job.title} is there without its customer"
    for job_id in listed:
        yield f"unknown: job {job_id} was never requested"


def single_findings(office, records, id_name, path, field):
    """Read by its id a record is what the list said of it."""
    for record in records:
        record_id, name = getattr(record, id_name), getattr(record, field)
        if record_id is None:
            continue
        status, entry = office.call("GET", path.format(record_id))
        seen = entry[field] if status == 200 else status
        if seen != (name if record.creation.observed else 404):
            yield f"half: {name} is {'listed' if record.creation.observed else 'not listed'} and reads as {seen}"


def link_findings(program, office, witness, jobs, thorough):
    """A link is listed and opens its job, or it does neither. Revoked, it is listed as that and opens nothing."""
    by_job = defaultdict(list)
    for link in witness.links:
        by_job[link.job_id].append(link)
    for job_id in by_job if jobs is None else jobs:
        listed = office.links(job_id)
        for link in by_job[job_id]:
            if link.link_id:
                yield from one_link_findings(link, listed.pop(link.link_id, None))
        # Those whose response never came: no more than were requested, and whole.
        unanswered = [link for link in by_job[job_id] if link.link_id is None]
        for link, (link_id, entry) in zip(unanswered, list(listed.items()), strict=False):
            link.link_id = link_id
            yield from one_link_findings(link, listed.pop(link_id))
        for link in unanswered:
            link.creation.observed = link.link_id is not None
        for link_id in listed:
            yield f"unknown: link {link_id} was never requested"

    issued = [link for link in witness.links if link.token and (jobs is None or link.job_id in jobs)]
    for link in sample(witness, issued, thorough, lambda link: [link.creation, link.revocation]):
        yield from token_findings(program, link)


def one_link_findings(link, entry):
    is_revoked = entry is not None and entry["revoked_at"] is not None
    yield from compare(link.creation, entry is not None, "link", link.link_id)
    if entry is None:
        return
    yield from compare(link.revocation, is_revoked, "revocation", link.link_id)
    if (entry["role"], entry["may_upload"]) != ("crew", True):
        yield f"half: link {link.link_id} is {entry}"


def token_findings(program, link):
    """A token opens its job, and only while its link is listed and not revoked."""
    is_open = link.creation.observed and not link.revocation.observed
    with Office(program, link.token) as holder:
        status, response = holder.call("GET", "/jobs?limit=1")
    if status != (200 if is_open else 401):
        yield f"half: link {link.link_id} is {'open' if is_open else 'gone or revoked'} and answers {status}"
    elif is_open and [job["job_id"] for job in response["jobs"]] != [link.job_id]:
        yield f"half: link {link.link_id} opens {response}"


def database_findings(program):
    """What SQLite itself says of a database that nobody has open."""
    database = sqlite3.connect(program.data / "qdn.sqlite")
    try:
        problems = [line for (line,) in database.execute("PRAGMA integrity_check") if line != "ok"]
        problems += [f"a reference to nothing: {row}" for row in database.execute("PRAGMA foreign_key_check")]
    finally:
        database.close()
    return [f"broken database: {line}" for line in problems]


def object_path(program, photo):
    """Where the store keeps a photo (docs/adr/0002): by the hash of its key."""
    name = hashlib.sha256(photo.grant["key"].encode()).hexdigest()
    return Path(program.data) / "store" / "buckets" / program.bucket / name[:2] / name
