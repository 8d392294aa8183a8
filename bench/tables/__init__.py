"""Tables of values, and their renderers: terminal, markdown, CSV, HTML, plots."""
