"""Documents and workflows for services, judged by the tools of these services."""
