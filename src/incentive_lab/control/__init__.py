"""After approval: what was paid against what the rules say, and what it costs against what was forecast."""
