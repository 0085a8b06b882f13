"""The scheme document: declared numbers, reading, checks, differences and identity."""
