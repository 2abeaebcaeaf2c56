"""Calls to the API as staff, or as whoever holds a token."""

import json

from rig.wire import Wire, as_json


class Office:
    """Calls on one connection."""

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

    def call(self, method, path, params=None):
        """Gives the status and the response."""
        body = None if params is None else json.dumps(params).encode()
        status, response = self.wire.ask(method, path, body, self.headers)
        return status, as_json(response)

    def good(self, method, path, params=None):
        status, response = self.call(method, path, params)
        assert status < 300, f"{method} {path}: {status} {response}"
        return response

    def all_pages(self, path, name):
        """All entries of a list, page after page; none of a job that is gone, which is found elsewhere."""
        entries, cursor = [], ""
        joint = "&" if "?" in path else "?"
        while True:
            status, page = self.call("GET", f"{path}{joint}limit=200{cursor}")
            if status == 404:
                return []
            assert status == 200, f"{path}: {status} {page}"
            entries += page[name]
            if not page.get("next_cursor"):
                return entries
            cursor = f"&cursor={page['next_cursor']}"

    def listed(self, job_id):
        """All photos of a job by their id."""
        return {photo["photo_id"]: photo for photo in self.all_pages(f"/list_photos?job_id={job_id}", "photos")}

    def links(self, job_id):
        """All links to a job by their id, revoked ones too."""
        status, response = self.call("GET", f"/jobs/{job_id}/links")
        if status == 404:
            return {}
        assert status == 200, f"/jobs/{job_id}/links: {status} {response}"
        return {link["link_id"]: link for link in response["links"]}
