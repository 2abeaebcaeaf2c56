"""A photo's way on AWS: granted, uploaded, told, made into renditions, listed, looked at, taken away and brought back."""

import json
import time

import pytest
from support import caller as callers
from support.caller import Caller, photo_bytes, send_form, send_put, time_of, unique
from support.s3 import all_keys

PHOTO = photo_bytes("aws", 4_000)
BUCKET = "qdn-uploads"


def by_name(photos, name):
    (photo,) = [photo for photo in photos if photo["name"] == name]
    return photo


def within(seconds, check):
    """Waits until a check gives something, and gives that."""
    until = time.monotonic() + seconds
    while True:
        if found := check():
            return found
        assert time.monotonic() < until, "this did not come about"
        time.sleep(0.2)


def test_a_photo_goes_from_a_phone_to_staff_and_customer(cloud, edge, site, staff, store, job):
    grant = staff.grant(job, "truck.jpg", size=len(PHOTO), phase="before")
    assert grant["key"] == f"jobs/{job}/photos/{grant['photo_id']}-truck.jpg"
    answer = send_form(grant, PHOTO)
    assert answer.status_code == 201, answer.text
    listed = by_name(staff.photos(job), "truck.jpg")
    assert listed["status"] in ("processing", "ready"), "an upload that has returned is listed"
    (photo,) = staff.settled(job)
    assert (photo["status"], photo["photo_id"], photo["phase"]) == ("ready", grant["photo_id"], "before")
    assert (photo["width"], photo["height"], photo["size"]) == (8, 8, len(PHOTO))

    for url in (photo["url"], photo["thumb_url"], photo["display_url"]):
        assert url.startswith(cloud.outputs["PhotosUrl"] + "/")
    assert edge.fetch(photo["url"]).content == PHOTO
    for url in (photo["thumb_url"], photo["display_url"]):
        shown = edge.fetch(url)
        assert (shown.status_code, shown.headers["Content-Type"]) == (200, "image/jpeg")
        assert shown.content.startswith(b"\xff\xd8")
        assert shown.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert len(all_keys(store, BUCKET, f"renditions/{job}/")) == 2

    link = staff.new_link(job)
    assert link["url"].startswith(f"{cloud.outputs['SiteUrl']}/track/#t=")
    (seen,) = Caller(site, site.application_key, link["token"]).photos(job)
    assert seen["url"] == seen["display_url"] and "/renditions/" in seen["url"]
    assert edge.fetch(seen["url"]).status_code == 200


def test_a_page_signs_in_under_the_site_and_sees_an_unchanged_list_as_unchanged(cloud, site, staff, job):
    staff.upload(job, "one.jpg", PHOTO)
    staff.settled(job)
    token, url = staff.new_link(job)["token"], cloud.outputs["SiteUrl"]
    page = {"x-api-key": site.application_key, "Origin": url, "x-qdn-role": "customer"}
    signed_in = cloud.through(f"{url}/session", "POST", headers=page | {"Authorization": f"Bearer {token}"})
    assert signed_in.status_code == 200, signed_in.text
    cookie = signed_in.headers["Set-Cookie"]
    assert cookie.startswith("__Host-qdn-customer=") and "HttpOnly" in cookie and "SameSite=Strict" in cookie
    page["Cookie"] = cookie.split(";")[0]
    first = cloud.through(f"{url}/list_photos?job_id={job}", headers=page)
    assert [photo["name"] for photo in first.json()["photos"]] == ["one.jpg"]
    again = cloud.through(f"{url}/list_photos?job_id={job}", headers=page | {"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_a_photo_is_put_by_clients_that_send_no_forms(edge, staff, job):
    grant = staff.grant(job, "put.jpg", method="PUT", size=len(PHOTO))
    assert send_put(grant, PHOTO).status_code == 200
    assert send_put(grant, photo_bytes("other", len(PHOTO))).status_code == 412, "a key is written once"
    (photo,) = staff.settled(job)
    assert photo["status"] == "ready" and edge.fetch(photo["url"]).content == PHOTO


def test_many_photos_are_granted_at_once_and_all_become_ready(staff, job):
    wish = [{"photo_name": f"{number}.jpg", "size": len(PHOTO)} for number in range(20)]
    uploads = staff.good("POST", "/upload-url", json={"job_id": job, "photos": wish})["uploads"]
    assert all(send_form(grant, PHOTO).status_code == 201 for grant in uploads)
    photos = staff.settled(job)
    assert {photo["photo_id"] for photo in photos} == {grant["photo_id"] for grant in uploads}
    assert {photo["status"] for photo in photos} == {"ready"}


def test_what_is_no_photo_is_rejected_and_holds_nobody_up(cloud, staff, job):
    staff.upload(job, "lie.jpg", b"this is no photo")
    staff.upload(job, "good.jpg", PHOTO)
    photos = staff.settled(job)
    assert by_name(photos, "lie.jpg")["status"] == "rejected"
    assert by_name(photos, "good.jpg")["status"] == "ready"
    dead = cloud.client("sqs").get_queue_attributes(QueueUrl=cloud.outputs["DeadPhotoQueueUrl"], AttributeNames=["All"])
    assert dead["Attributes"]["ApproximateNumberOfMessages"] == "0"


def test_a_photo_of_an_older_tool_that_is_too_large_to_fetch_is_rejected(staff, store, job):
    store.put_object(Bucket=BUCKET, Key=f"jobs/{job}/photos/huge.jpg", Body=PHOTO + bytes(9 << 20))
    (photo,) = staff.settled(job)
    assert (photo["status"], photo["rejection"]) == ("rejected", "too_many_bytes")


def test_an_event_that_comes_twice_or_late_changes_nothing(cloud, staff, job):
    grant = staff.upload(job, "twice.jpg", PHOTO)
    (ready,) = staff.settled(job)
    record = {
        "eventSource": "aws:s3", "eventName": "ObjectCreated:Post", "awsRegion": "us-east-1",
        "s3": {"bucket": {"name": BUCKET}, "object": {"key": grant["key"], "size": len(PHOTO)}},
    }
    sqs = cloud.client("sqs")
    for _ in range(2):
        sqs.send_message(QueueUrl=cloud.outputs["PhotoQueueUrl"], MessageBody=json.dumps({"Records": [record]}))
    within(30, lambda: is_quiet(cloud))
    (after,) = staff.photos(job)
    assert {**after, "url": 0, "thumb_url": 0, "display_url": 0} == {**ready, "url": 0, "thumb_url": 0, "display_url": 0}


def is_quiet(cloud):
    """Whether nothing is queued or worked on."""
    queue = cloud.client("sqs").get_queue_attributes(QueueUrl=cloud.outputs["PhotoQueueUrl"], AttributeNames=["All"])
    names = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
    return all(queue["Attributes"][name] == "0" for name in names)


@pytest.fixture
def deaf(cloud, store):
    """A bucket that tells nobody of uploads."""
    told = store.get_bucket_notification_configuration(Bucket=BUCKET)
    told.pop("ResponseMetadata")
    store.put_bucket_notification_configuration(Bucket=BUCKET, NotificationConfiguration={})
    yield
    store.put_bucket_notification_configuration(Bucket=BUCKET, NotificationConfiguration=told)


def test_a_listing_heals_what_no_event_told_of(deaf, staff, job):
    staff.upload(job, "unheard.jpg", PHOTO)
    assert [photo["status"] for photo in staff.settled(job)] == ["ready"]


def test_a_photo_of_an_older_tool_is_listed_by_its_file_name_and_gets_renditions(edge, staff, store, job):
    store.put_object(Bucket=BUCKET, Key=f"jobs/{job}/photos/IMG_0001.JPG", Body=PHOTO, ContentType="image/jpeg")
    (photo,) = staff.settled(job)
    assert (photo["photo_id"], photo["status"]) == ("IMG_0001.JPG", "ready")
    assert edge.fetch(photo["thumb_url"]).status_code == 200
    assert staff.delete(f"/jobs/{job}/photos/IMG_0001.JPG").status_code == 204
    assert staff.photos(job) == []


def test_a_deleted_photo_is_gone_and_can_be_brought_back(edge, staff, store, job):
    grant = staff.upload(job, "back.jpg", PHOTO)
    (photo,) = staff.settled(job)
    assert staff.delete(f"/jobs/{job}/photos/{grant['photo_id']}").status_code == 204
    assert staff.photos(job) == []
    assert all_keys(store, BUCKET, f"jobs/{job}/") == [] == all_keys(store, BUCKET, f"renditions/{job}/")
    assert edge.fetch(photo["display_url"]).status_code in (403, 404)
    # As docs/operations.md says.
    versions = store.list_object_versions(Bucket=BUCKET, Prefix=grant["key"])["Versions"]
    source = {"Bucket": BUCKET, "Key": grant["key"], "VersionId": versions[0]["VersionId"]}
    store.copy_object(Bucket=BUCKET, Key=f"jobs/{job}/photos/restored-back.jpg", CopySource=source)
    (back,) = staff.settled(job)
    assert (back["photo_id"], back["status"]) == ("restored-back.jpg", "ready")
    assert edge.fetch(back["url"]).content == PHOTO


def long_ago(cloud, partition, found):
    """Lets one item of an index have come about when everything began."""
    table = cloud.client("dynamodb")
    items = table.query(
        TableName="qdn", IndexName="gsi2", KeyConditionExpression="gsi2pk = :p", ExpressionAttributeValues={":p": {"S": partition}}
    )["Items"]
    (item,) = [item for item in items if found(item)]
    table.update_item(
        TableName="qdn", Key={name: item[name] for name in ("pk", "sk")}, UpdateExpression="SET gsi2sk = :t",
        ExpressionAttributeValues={":t": {"S": "0" * 16}},
    )


def test_what_came_after_a_photo_was_deleted_is_swept(cloud, site, staff, store, job):
    grant = staff.upload(job, "swept.jpg", PHOTO)
    staff.settled(job)
    assert staff.delete(f"/jobs/{job}/photos/{grant['photo_id']}").status_code == 204
    # A form that was under way, and a processor that was at work.
    late = [grant["key"], f"renditions/{job}/{grant['photo_id']}/late/thumb"]
    for key in late:
        store.put_object(Bucket=BUCKET, Key=key, Body=PHOTO, ContentType="image/jpeg")
    assert staff.photos(job) == []
    within(30, lambda: is_quiet(cloud))
    long_ago(cloud, "sweep", lambda item: grant["photo_id"] in item["sk"]["S"])
    site.tell({"qdn": "sweep"})
    assert all_keys(store, BUCKET, f"jobs/{job}/") == [] == all_keys(store, BUCKET, f"renditions/{job}/")


def test_links_that_died_long_ago_are_forgotten(cloud, site, staff, job):
    link = staff.new_link(job)
    assert staff.delete(f"/links/{link['link_id']}").status_code == 204
    long_ago(cloud, "links", lambda item: link["link_id"] in str(item))
    site.tell({"qdn": "sweep"})
    assert staff.good("GET", f"/jobs/{job}/links")["links"] == []


def test_a_hidden_photo_is_not_shown_to_customers(site, staff, job):
    grant = staff.upload(job, "hidden.jpg", PHOTO)
    staff.settled(job)
    customer = Caller(site, site.application_key, staff.new_link(job)["token"])
    assert len(customer.photos(job)) == 1
    assert staff.patch(f"/jobs/{job}/photos/{grant['photo_id']}", json={"hidden": True}).status_code == 204
    assert customer.photos(job) == []


def test_jobs_and_customers_are_found_changed_and_paged(staff):
    customer, word = staff.new_customer("Ada Palmer", phone="+1 555 0100"), unique("dumpster")
    jobs = [staff.new_job(customer, title=word) for _ in range(3)]
    assert staff.patch(f"/jobs/{jobs[0]}", json={"title": f"{word}, 20 yards"}).status_code == 200
    assert staff.good("GET", f"/jobs/{jobs[0]}")["title"] == f"{word}, 20 yards"
    assert staff.patch(f"/customers/{customer}", json={"name": "Ada P."}).status_code == 200
    assert staff.good("GET", f"/customers/{customer}")["name"] == "Ada P."
    seen, cursor = [], None
    while True:
        page = staff.good("GET", "/jobs", params={"q": word, "limit": 2} | ({"cursor": cursor} if cursor else {}))
        seen += [job["job_id"] for job in page["jobs"]]
        if not (cursor := page.get("next_cursor")):
            break
    assert sorted(seen) == sorted(jobs)


def test_a_link_that_was_taken_back_opens_nothing(site, staff, job):
    link = staff.new_link(job)
    customer = Caller(site, site.application_key, link["token"])
    assert customer.get("/list_photos", params={"job_id": job}).status_code == 200
    assert any(entry["link_id"] == link["link_id"] for entry in staff.good("GET", f"/jobs/{job}/links")["links"])
    assert staff.delete(f"/links/{link['link_id']}").status_code == 204
    assert customer.get("/list_photos", params={"job_id": job}).json()["code"] == "token_invalid"


def test_all_photos_come_in_one_archive(site, staff, job):
    for name in ("a.jpg", "b.jpg"):
        staff.upload(job, name, PHOTO)
    staff.settled(job)
    answer = staff.get(f"/jobs/{job}/photos.zip")
    assert (answer.status_code, answer.content[:4]) == (200, b"PK\x03\x04")
    assert answer.content.count(PHOTO) == 2
    customer = Caller(site, site.application_key, staff.new_link(job)["token"])
    answer = customer.get(f"/jobs/{job}/photos.zip")
    assert (answer.status_code, answer.content[:4]) == (200, b"PK\x03\x04")
    assert PHOTO not in answer.content, "customers get renditions"


def test_the_same_url_is_handed_out_for_a_window_and_lives_for_two(staff, job):
    staff.upload(job, "stable.jpg", PHOTO)
    staff.settled(job)

    def url():
        return staff.photos(job)[0]["url"]

    callers.within_one_window()
    assert url() == url()
    expires = int(url().split("Expires=")[1].split("&")[0])
    assert 890 <= expires - time.time() <= 1_800


def test_the_sweep_and_the_setup_may_be_told_again(site, staff, job):
    site.tell({"qdn": "sweep"})
    # Every deployment asks for it; one link for staff is enough.
    assert json.loads(site.tell({"qdn": "setup"})) == {"known": True}
    staff.good("GET", f"/jobs/{job}")


def test_a_secret_key_works_once_both_sides_know_it_and_no_longer_when_it_is_taken_back(cloud, site, staff, job):
    """As docs/operations.md says."""
    made = json.loads(site.tell({"qdn": "add_key", "name": "truck 7", "role": "crew", "job": job}))
    truck = Caller(site, made["key"])
    assert truck.get("/list_photos", params={"job_id": job}).json()["code"] == "application_key_unknown"
    gateway = cloud.client("apigateway")
    key_id = gateway.create_api_key(name="truck-7", value=made["key"], enabled=True)["id"]
    gateway.create_usage_plan_key(usagePlanId=cloud.outputs["UsagePlanId"], keyId=key_id, keyType="API_KEY")
    truck.upload(job, "truck.jpg", PHOTO)
    assert [photo["name"] for photo in staff.settled(job)] == ["truck.jpg"]
    known = json.loads(site.tell({"qdn": "list_keys"}))["applications"]
    (application_id,) = [entry["application_id"] for entry in known if entry["name"] == "truck 7"]
    site.tell({"qdn": "revoke_key", "application_id": application_id})
    assert truck.get("/list_photos", params={"job_id": job}).status_code == 401


def test_an_operator_makes_links_and_takes_them_back(site, job):
    made = json.loads(site.tell({"qdn": "add_link", "role": "crew", "job": job}))
    crew = Caller(site, site.application_key, made["url"].split("#t=")[1])
    assert crew.get("/list_photos", params={"job_id": job}).status_code == 200
    site.tell({"qdn": "revoke_link", "link_id": made["link_id"]})
    assert crew.get("/list_photos", params={"job_id": job}).json()["code"] == "token_invalid"


def test_machines_see_that_it_is_alive_and_ready(cloud, site, staff, job):
    for path in ("/healthz", "/readyz", "/openapi.json"):
        assert cloud.through(cloud.outputs["SiteUrl"] + path).status_code == 200, path
    config = cloud.through(cloud.outputs["SiteUrl"] + "/config.json").json()
    assert config["application_key"] == site.application_key
    assert time_of(staff.grant(job)["expires_at"]).timestamp() > time.time()
