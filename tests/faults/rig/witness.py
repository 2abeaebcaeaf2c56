"""The workload model: what was requested of one data folder, and the load that requests it."""

import random
import threading
import time
from collections import Counter, defaultdict

# The tests take the checks from here too.
from rig.checks import findings, object_path  # noqa: F401
from rig.office import Office
from rig.records import Customer, Expected, Job, Link, Photo, Request
from rig.wire import BROKEN, Wire

GRANTS_AT_ONCE = 10


class Witness:
    """Everything that was requested over the life of one data folder."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.photos = defaultdict(list)
        self.customers = []
        self.jobs = []
        self.links = []
        # What was requested since the last restart that was settled.
        self.recent = []
        # What was requested earlier and could not be seen so far.
        self.unsettled = []
        # By kind, how many requests were acknowledged, in flight at a cut, answered late, and lost of the late ones.
        self.counts = defaultdict(Counter)
        self.late_lost_seconds_max = 0.0
        self.counter = 0
        self.lock = threading.Lock()

    def next_number(self):
        with self.lock:
            self.counter += 1
            return self.counter

    def send(self, request):
        request.send()
        self.recent.append(request)
        return request

    def new_customer(self, office):
        number = self.next_number()
        customer = Customer(f"Customer {number}", f"+1 555 {number:07}", self.send(Request("customer")))
        self.customers.append(customer)
        response = office.good("POST", "/customers", {"name": customer.name, "phone": customer.phone})
        customer.customer_id = response["customer_id"]
        customer.creation.succeed()
        return customer

    def new_job_for(self, office, customer):
        job = Job(f"Job {self.next_number()}", customer, self.send(Request("job")))
        self.jobs.append(job)
        params = {"customer_id": customer.customer_id, "title": job.title}
        job.job_id = office.good("POST", "/jobs", params)["job_id"]
        job.creation.succeed()
        return job

    def new_job(self, office):
        """A customer and a job; gives the job's id."""
        return self.new_job_for(office, self.new_customer(office)).job_id

    def new_link(self, office, job_id):
        link = Link(job_id, self.send(Request("link")))
        self.links.append(link)
        response = office.good("POST", f"/jobs/{job_id}/links", {"role": "crew"})
        link.link_id, link.token = response["link_id"], response["token"]
        link.creation.succeed()
        return link

    def revoke(self, office, link):
        self.send(link.revocation)
        office.good("DELETE", f"/links/{link.link_id}")
        link.revocation.succeed()

    def new_token(self, office, job_id):
        """A crew link, and another that is revoked."""
        self.new_link(office, job_id)
        self.revoke(office, self.new_link(office, job_id))

    def grants(self, office, job_id, count=GRANTS_AT_ONCE, size=None):
        """Requests grants, and makes up the photos they are for."""
        captions = [f"Photo {self.next_number()}" for _ in range(count)]
        photos = [{"photo_name": "image.jpg", "caption": caption} for caption in captions]
        granting = self.send(Request("grant"))
        response = office.good("POST", "/upload-url", {"job_id": job_id, "photos": photos})
        granting.succeed()
        photos = []
        for caption, grant in zip(captions, response["uploads"], strict=True):
            photo = Photo(job_id, grant, caption, size or self.any_size(), granting)
            self.photos[job_id].append(photo)
            photos.append(photo)
        return photos

    def any_size(self):
        """Mostly small, so that there are many; now and then one of several blocks."""
        sizes = [(4, 4_000), (4_000, 40_000), (80_000, 800_000)]
        return self.random.randint(*self.random.choices(sizes, [40, 57, 3])[0])

    def upload(self, wire, photo):
        """Sends a photo and notes the response; gives the status."""
        self.send(photo.upload)
        status, response = wire.submit(photo.grant, photo.body())
        if status == 201:
            photo.upload.succeed()
        else:
            photo.refused = status
        return status, response

    def upload_some(self, program, job_id, count, size=None):
        """Uploads that must succeed."""
        with Office(program) as office, Wire(program.store) as wire:
            photos = []
            while len(photos) < count:
                photos += self.grants(office, job_id, min(50, count - len(photos)), size)
            for photo in photos:
                status, response = self.upload(wire, photo)
                assert status == 201, f"{status} {response[:300]}"
        return photos

    def delete(self, office, photo):
        self.send(photo.deletion)
        status, response = office.call("DELETE", f"/jobs/{photo.job_id}/photos/{photo.photo_id}")
        if status in (200, 204):
            photo.deletion.succeed()
        return status, response

    def of_job(self, job_id):
        # A copy: others may be adding to it.
        return list(self.photos[job_id])

    def count_acknowledged(self):
        return sum(photo.acknowledged for photos in self.photos.values() for photo in photos)

    def note_cut(self, cut):
        """Tells what was acknowledged from what was answered after a power cut began.

        Gives what was answered with success though it was sent when there was no disk any more.
        """
        problems = []
        for request in self.recent:
            counts = self.counts[request.kind]
            if request.was_in_flight(cut.began):
                counts["in flight"] += 1
            if request.responded_at is None:
                continue
            if request.responded_at > cut.began:
                request.late_seconds = request.responded_at - cut.began
            counts["acknowledged" if request.is_acknowledged else "late"] += 1
            if request.sent_at > cut.ended:
                after = 1000 * (request.sent_at - cut.ended)
                problems.append(f"answered without a disk: {request.kind} sent {after:.1f} ms after the power was gone")
        return problems

    def settle(self):
        """After a restart and a check: what may be done or not stays from now on as it was seen."""
        requests, self.recent = self.unsettled + self.recent, []
        # A grant shows only once a photo of it is listed.
        self.unsettled = [each for each in requests if each.expected is Expected.EITHER and each.observed is None]
        for request in requests:
            if request.expected is not Expected.EITHER or request.observed is None:
                continue
            request.settled = request.observed
            if request.late_seconds is not None and not request.observed:
                self.counts[request.kind]["lost of these"] += 1
                self.late_lost_seconds_max = max(self.late_lost_seconds_max, request.late_seconds)


class Load:
    """While this is open, requests of every kind are made as fast as they are served.

    They go on through every error, since what is answered after a fault counts as well. An error before the fault is
    one that nothing explains.
    """

    def __init__(self, program, witness):
        self.program = program
        self.witness = witness
        with Office(program) as office:
            self.job_id = witness.new_job(office)
        self.stopping = threading.Event()
        work = [self.upload] * 4 + [self.register] * 2 + [self.link] * 2 + [self.delete]
        self.threads = [threading.Thread(target=self.go_on, args=(step,), daemon=True) for step in work]
        # When each request failed, and how.
        self.errors = []
        # When the fault began.
        self.fault_at = None
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
            early = [cause for at, cause in self.errors if at < self.fault_at]
            assert not self.surprises + early, (self.surprises + early)[:3]

    def go_on(self, step):
        while not self.stopping.is_set():
            try:
                with Office(self.program) as office, Wire(self.program.store) as wire:
                    step(office, wire)
            except (*BROKEN, AssertionError) as cause:
                # The server is gone, or says that it failed. That is what these tests are about.
                self.errors.append((time.monotonic(), repr(cause)))
                time.sleep(0.01)
            except Exception as cause:  # noqa: BLE001 - a fault of the test's own must not pass for silence
                self.surprises.append(repr(cause))
                return

    def upload(self, office, wire):
        while not self.stopping.is_set():
            for photo in self.witness.grants(office, self.job_id):
                if self.stopping.is_set():
                    return
                status, response = self.witness.upload(wire, photo)
                assert status == 201, f"an upload: {status} {response[:300]}"

    def register(self, office, _wire):
        while not self.stopping.is_set():
            self.witness.new_job(office)

    def link(self, office, _wire):
        while not self.stopping.is_set():
            link = self.witness.new_link(office, self.job_id)
            if self.witness.random.random() < 0.75:
                self.witness.revoke(office, link)

    def delete(self, office, _wire):
        """Deletes photos, and always leaves some."""
        there = []
        while not self.stopping.is_set():
            if len(there) <= 5:
                there = [photo for photo in self.witness.of_job(self.job_id) if photo.must_be_listed()]
                self.witness.random.shuffle(there)
            if len(there) > 5:
                status, response = self.witness.delete(office, there.pop())
                assert status == 204, f"a deletion: {status} {response}"
            self.stopping.wait(0.005)


def send_again(program, witness, job_id, count=5):
    """Sends forms again whose answer never came, as a phone does: they must succeed now, whatever became of them."""
    unsure = [
        photo for photo in witness.of_job(job_id)
        if photo.sent and not photo.acknowledged and photo.deletion.sent_at is None
    ]
    with Wire(program.store) as wire:
        for photo in unsure[:count]:
            status, response = witness.upload(wire, photo)
            assert status == 201, f"a form sent again: {status} {response[:300]}"
    return len(unsure[:count])
