"""What was requested of the server, when each response arrived, and what may be there after a power cut.

A sync that is under way while the file system is shut down can return success although its journal transaction is
dropped (test_disks.py shows it for a plain append). A machine without power sends no response, so that success is an
artefact of the shutdown: only what was answered before the cut began counts as acknowledged.
"""

import dataclasses
import enum
import hashlib
import time


class Expected(enum.Enum):
    """What the next check must see of a request."""

    DONE = enum.auto()
    NOT_DONE = enum.auto()
    EITHER = enum.auto()


@dataclasses.dataclass(eq=False)
class Request:
    """One requested change. Times are those of time.monotonic(), taken in the client."""

    kind: str
    sent_at: float | None = None
    # When the response had arrived, which was a success. None without one, and after an error.
    responded_at: float | None = None
    # How long after the beginning of a power cut the response arrived. None for one that counts.
    late_seconds: float | None = None
    # What the last check saw; None where it could not tell.
    observed: bool | None = None
    # What a restart has decided. From then on a request that may be done or not stays as it was seen.
    settled: bool | None = None

    def send(self):
        self.sent_at, self.responded_at = time.monotonic(), None
        self.late_seconds = self.observed = self.settled = None

    def succeed(self):
        self.responded_at = time.monotonic()

    @property
    def is_acknowledged(self):
        return self.responded_at is not None and self.late_seconds is None

    @property
    def expected(self):
        if self.settled is not None:
            return Expected.DONE if self.settled else Expected.NOT_DONE
        if self.sent_at is None:
            return Expected.NOT_DONE
        return Expected.DONE if self.is_acknowledged else Expected.EITHER

    def was_in_flight(self, began):
        """Whether it was sent before this time and not answered with success until then."""
        return self.sent_at <= began and (self.responded_at is None or self.responded_at > began)


@dataclasses.dataclass(eq=False)
class Photo:
    """A photo whose upload was granted."""

    job_id: str
    grant: dict
    # In the database, while the bytes are in the store.
    caption: str
    size: int
    # The request for the grant, perhaps together with those of other photos.
    granting: Request
    upload: Request = dataclasses.field(default_factory=lambda: Request("photo"))
    deletion: Request = dataclasses.field(default_factory=lambda: Request("deletion"))
    # What the store answered, when it was not 201.
    refused: int | None = None

    @property
    def photo_id(self):
        return self.grant["photo_id"]

    @property
    def sent(self):
        return self.upload.sent_at is not None

    @property
    def acknowledged(self):
        return self.upload.is_acknowledged

    @property
    def deleted(self):
        return self.deletion.expected is Expected.DONE

    def body(self):
        return b"\xff\xd8\xff\xe0" + hashlib.shake_256(self.caption.encode()).digest(self.size - 4)

    def must_be_listed(self):
        return self.upload.expected is Expected.DONE and self.deletion.expected is Expected.NOT_DONE


@dataclasses.dataclass(eq=False)
class Customer:
    """A customer with a name of its own, by which a check finds it when the response with the id never came."""

    name: str
    phone: str
    creation: Request
    customer_id: str | None = None


@dataclasses.dataclass(eq=False)
class Job:
    """A job with a title of its own."""

    title: str
    customer: Customer
    creation: Request
    job_id: str | None = None


@dataclasses.dataclass(eq=False)
class Link:
    """A crew link to a job, and its revocation."""

    job_id: str
    creation: Request
    revocation: Request = dataclasses.field(default_factory=lambda: Request("revocation"))
    link_id: str | None = None
    token: str | None = None
