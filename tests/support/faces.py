"""The two faces of the API: `qdn serve`, and the functions in Lambda. `QDN_FACE` says which one the tests are held to."""

import os

from support.function import FunctionServer
from support.server import EmbeddedServer

FUNCTION = os.environ.get("QDN_FACE") == "function"
Server = FunctionServer if FUNCTION else EmbeddedServer
