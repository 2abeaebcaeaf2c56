"""What the tests share: a running server, somebody who calls it, S3 clients."""
