"""The data in `src/aws`, made anew by hand."""
