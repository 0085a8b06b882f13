"""The whole journey of a new user, in a real Chromium: `make journey`. No part of `make test`."""
